"""The parts of the data: their names, and which rows belong to them.

Each part draws from a generator of its own, so that the rows of one depend on the seed
and the data alone, and not on the wish for another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array

Size: TypeAlias = "int | float | Literal['given'] | None"
"""A number of rows, a share of those that are left, or those that the source gives."""

PARTS = ("training", "validation", "test")
"""The parts, in the order of the numbers by which sources give them."""

PART_NAMES = {
    "train": "training",
    "training": "training",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
"""How folders and arrays call the parts."""


Draw: TypeAlias = "Callable[[str, Array, int, list[int]], Array]"
"""Takes a part, the rows that are left, how many of them it gets, and seeds."""


def split_rows(
    count: int,
    seed: int,
    sizes: Mapping[str, Size],
    draw: Draw,
    given: Array | None = None,
) -> dict[str, Array]:
    """Divides rows into parts; each draws for itself, so that none moves another.

    Raises:
        DataError: no rows are left for training, or too few for a part.
    """
    rest = np.arange(count, dtype="int64")
    parts: dict[str, Array] = {}
    for part, size in sizes.items():
        if size == "given":
            parts[part] = np.flatnonzero(given == PARTS.index(part))
            rest = np.setdiff1d(rest, parts[part])
    for number, (part, size) in enumerate(sizes.items()):
        if size and not isinstance(size, str):
            wanted = count_rows(part, size, len(rest))
            parts[part] = draw(part, rest, wanted, [number, abs(seed), int(seed < 0)])
            rest = np.setdiff1d(rest, parts[part])
    if len(rest) == 0:
        raise DataError(f"no rows of {count} are left for training", about="split")
    parts["training"] = rest
    return {part: parts[part] for part in PARTS if part in parts}


def count_rows(part: str, size: int | float, rows: int) -> int:
    """The number of rows of a part, at least one, whose size may be a share.

    Raises:
        DataError: it would leave none for training.
    """
    count = max(1, round(size * rows)) if isinstance(size, float) else size
    if count >= rows:
        asked = f"{size} of {rows} rows" if isinstance(size, float) else f"{size} rows"
        problem = f"`{part}` asks for {asked}, and {rows} are there to share"
        raise DataError(f"{problem} with training", about=part)
    return count


def draw_rows(part: str, rows: Array, count: int, seeds: list[int]) -> Array:
    """Draws rows at random."""
    return np.sort(np.random.default_rng(seeds).permutation(rows)[:count])


def last_rows(part: str, rows: Array, count: int, seeds: list[int]) -> Array:
    """Takes the last rows."""
    return rows[len(rows) - count :]


def draw_stratified(
    part: str, rows: Array, count: int, seeds: list[int], labels: Array
) -> Array:
    """Draws rows at random so that each class keeps its share.

    Raises:
        DataError: a class has a single row, or a side has fewer rows than there are
            classes.
    """
    from sklearn.model_selection import StratifiedShuffleSplit

    classes, members = np.unique(labels[rows], return_counts=True)
    if members.min() < 2:
        problem = (
            f"class {classes[members.argmin()]} has one row, which cannot be divided"
        )
        raise DataError(f"{problem} in proportion", about="stratify")
    if min(count, len(rows) - count) < len(classes):
        problem = (
            f"`{part}` has {count} rows of {len(rows)}, and each side needs one for"
        )
        problem = f"{problem} each of the {len(classes)} classes"
        raise DataError(problem, about=f"stratified {part}")
    state = int(np.random.default_rng(seeds).integers(2**32))
    splitter = StratifiedShuffleSplit(n_splits=1, test_size=count, random_state=state)
    _, taken = next(splitter.split(rows[:, np.newaxis], labels[rows]))
    return np.sort(rows[taken])
