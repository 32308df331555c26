"""Folds: the rows in as many parts as there are runs, each tested on one of them.

Which rows a fold has depends on the seed, the data and the number of folds alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array

Deal: TypeAlias = "Callable[[Array, int, list[int]], Array]"
"""Takes rows, the number of folds, and seeds; gives the fold of each row, from 0."""


def take_fold(
    rows: Array, seeds: list[int], number: int, folds: int, deal: Deal
) -> tuple[Array, Array]:
    """Gives the rows of one fold, counted from 1, and all others.

    Raises:
        DataError: there are fewer rows than folds.
    """
    if len(rows) < folds:
        raise DataError(f"{len(rows)} rows are too few for {folds} folds", about="fold")
    chosen = deal(rows, folds, seeds) == number - 1
    return rows[chosen], rows[~chosen]


def take_next_rows(
    rows: Array, seeds: list[int], number: int, folds: int, times: Array
) -> tuple[Array, Array]:
    """Gives one of several stretches of time, and all older rows, without newer ones.

    Raises:
        DataError: there are fewer rows than stretches.
    """
    if len(rows) <= folds:
        raise DataError(
            f"{len(rows)} rows are too few for {folds} folds in time", about="fold"
        )
    order = rows[np.argsort(times[rows], kind="stable")]
    stretches = np.array_split(order, folds + 1)
    return np.sort(stretches[number]), np.sort(np.concatenate(stretches[:number]))


def deal_rows(rows: Array, folds: int, seeds: list[int]) -> Array:
    """Deals rows out at random."""
    return np.random.default_rng(seeds).permutation(len(rows)) % folds


def deal_in_order(rows: Array, folds: int, seeds: list[int]) -> Array:
    """Cuts the rows into stretches."""
    return np.arange(len(rows)) * folds // len(rows)


def deal_stratified(rows: Array, folds: int, seeds: list[int], labels: Array) -> Array:
    """Deals rows out at random so that each fold has each class's share."""
    drawn = np.random.default_rng(seeds).permutation(len(rows))
    numbers = np.empty(len(rows), dtype="int64")
    numbers[np.lexsort((drawn, labels[rows]))] = np.arange(len(rows)) % folds
    return numbers
