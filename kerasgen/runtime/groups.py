"""Groups of rows that stay together: patients, customers, recordings.

A part takes whole groups, and as near as these allow the wanted number of rows of each
class.
"""

from __future__ import annotations

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array


def draw_groups(
    part: str,
    rows: Array,
    count: int,
    seeds: list[int],
    groups: Array,
    labels: Array | None = None,
) -> Array:
    """Draws groups at random, each that brings the part nearer to its number of rows.

    Raises:
        DataError: all rows are of one group.
    """
    numbers, classes, counts, starts = count_classes(groups[rows], labels, rows)
    number = len(starts) - 1
    if number < 2:
        raise DataError(
            f"`{part}` needs a group of its own, and there is one", about="group"
        )
    totals = np.bincount(classes, counts)
    wanted = totals * (count / len(rows))
    taken, chosen = np.zeros(len(totals)), np.zeros(number, dtype=bool)
    free = number - 1
    for group in np.random.default_rng(seeds).permutation(number):
        here = slice(starts[group], starts[group + 1])
        kind, size = classes[here], counts[here]
        change = (size * (size + 2 * (taken[kind] - wanted[kind])) / totals[kind]).sum()
        if change < 0 and free:
            chosen[group] = True
            free -= 1
            taken[kind] += size
    if not chosen.any():
        chosen[np.bincount(numbers).argmin()] = True
    return rows[chosen[numbers]]


def deal_groups(
    rows: Array,
    folds: int,
    seeds: list[int],
    groups: Array,
    labels: Array | None = None,
) -> Array:
    """Deals whole groups out, large ones first, each to the fold it suits best.

    Raises:
        DataError: there are fewer groups than folds.
    """
    numbers, classes, counts, starts = count_classes(groups[rows], labels, rows)
    number = len(starts) - 1
    if number < folds:
        raise DataError(
            f"there are {number} groups, too few for {folds} folds", about="group"
        )
    totals, sizes = np.bincount(classes, counts), np.bincount(numbers)
    taken, fold_of = np.zeros((folds, len(totals))), np.zeros(number, dtype="int64")
    drawn = np.random.default_rng(seeds).permutation(number)
    for group in drawn[np.argsort(-sizes[drawn], kind="stable")]:
        here = slice(starts[group], starts[group + 1])
        kind, size = classes[here], counts[here]
        change = (size * (size + 2 * taken[:, kind]) / totals[kind]).sum(axis=1)
        fold = np.lexsort((taken.sum(axis=1), change))[0]
        fold_of[group] = fold
        taken[fold, kind] += size
    return fold_of[numbers]


def count_classes(
    groups: Array, labels: Array | None, rows: Array
) -> tuple[Array, Array, Array, Array]:
    """Counts the rows of each class in each group; without labels there is one class.

    Returns:
        The number of each row's group; for one group after the other its classes and
        how many rows these have; and where each group begins among them.
    """
    _, numbers = np.unique(groups, return_inverse=True)
    kinds = np.zeros(len(rows), dtype="int64")
    if labels is not None:
        _, kinds = np.unique(labels[rows], return_inverse=True)
    width = int(kinds.max()) + 1
    pairs, counts = np.unique(numbers * width + kinds, return_counts=True)
    starts = np.searchsorted(pairs, np.arange(int(numbers.max()) + 2) * width)
    return numbers, pairs % width, counts, starts
