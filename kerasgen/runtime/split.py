"""The parts of the data: their names, and which rows belong to them.

Each part draws from a generator of its own, so that the rows of one depend on the seed
and the data alone, and not on the wish for another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
"""How folders, arrays and columns call the parts."""

TAKEN_ROWS = 2**18
"""Rows that are taken at a time: NumPy makes 64 bits of each of their numbers."""

FEW_CLASSES = 50
"""Classes up to which the rows are looked through for each."""

TRUTHS = {"true": "test", "false": "training", "1": "test", "0": "training"}
"""What a column that says whether a row is for the test says."""


Draw: TypeAlias = "Callable[[str, Array, int, list[int]], Array]"
"""Takes a part, the rows that are left, how many of them it gets, and seeds."""

Fold: TypeAlias = "Callable[[Array, list[int]], tuple[Array, Array]]"
"""Takes the rows that are left and seeds; gives the test part, and all others."""


def split_rows(
    count: int,
    seed: int,
    sizes: Mapping[str, Size],
    draw: Draw,
    given: Array | None = None,
    fold: Fold | None = None,
) -> dict[str, Array]:
    """Divides rows into parts; each draws for itself, so that none moves another.

    A fold is the test part, in the place of one that is drawn.

    Raises:
        DataError: no rows are left for training, or too few for a part.
    """
    rest = np.arange(count, dtype="int32" if count < 2**31 else "int64")
    parts: dict[str, Array] = {}
    for part, size in sizes.items():
        if size == "given":
            parts[part] = np.flatnonzero(given == PARTS.index(part))
            rest = without_rows(rest, parts[part])
    if fold is not None:
        parts["test"], rest = fold(rest, [len(sizes), abs(seed), int(seed < 0)])
    for number, (part, size) in enumerate(sizes.items()):
        if size and not isinstance(size, str):
            wanted = count_rows(part, size, len(rest))
            parts[part] = draw(part, rest, wanted, [number, abs(seed), int(seed < 0)])
            rest = without_rows(rest, parts[part])
    if len(rest) == 0:
        raise DataError(f"no rows of {count} are left for training", about="split")
    parts["training"] = rest
    return {part: parts[part] for part in PARTS if part in parts}


def parts_of(column: Array) -> Array:
    """The number of the part of each row, which a column says in words or as a truth.

    Raises:
        DataError: a row says something else.
    """
    found = named_parts(column)
    if (found < 0).any():
        row = int(found.argmin())
        raise DataError(
            f'"{column[row]}" in row {row + 1} is the name of no part', about="by"
        )
    return found


def named_parts(column: Array) -> Array:
    """The number of the part of each row, -1 where a column says something else."""
    words, numbers = np.unique(column, return_inverse=True)
    if words.dtype.kind == "f":
        words = np.array([f"{word:g}" for word in words])
    known = {**PART_NAMES, **TRUTHS}
    names = [known.get(str(word).strip().lower()) for word in words.tolist()]
    found = [-1 if name is None else PARTS.index(name) for name in names]
    return np.array(found, dtype="int64")[numbers]


def without_rows(rows: Array, taken: Array) -> Array:
    """The rows that are not taken, ascending as they are."""
    if not len(rows):
        return rows
    left = np.ones(max(rows[-1], taken.max(initial=-1)) + 1, dtype=bool)
    left[taken] = False
    pieces = range(0, len(rows), TAKEN_ROWS)
    kept = [left[rows[start : start + TAKEN_ROWS]] for start in pieces]
    return np.asarray(rows[np.concatenate(kept)])


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

    They are those that `StratifiedShuffleSplit` of scikit-learn draws.

    Raises:
        DataError: a class has a single row, or a side has fewer rows than there are
            classes.
    """
    classes, kinds, members = classes_of_rows(labels, rows)
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
    random = np.random.RandomState(int(np.random.default_rng(seeds).integers(2**32)))
    left = share_out(len(rows) - count, members, random)
    wanted = share_out(count, members - left, random)
    taken = []
    for place, of_class in enumerate(rows_by_class(rows, kinds, members)):
        random.shuffle(of_class)
        taken.append(of_class[left[place] : left[place] + wanted[place]])
    return np.sort(np.concatenate(taken))


def classes_of_rows(labels: Array, rows: Array) -> tuple[Array, Array, Array]:
    """The classes of rows, the number of each row's, and how many rows have each."""
    pieces = [
        rows[start : start + TAKEN_ROWS] for start in range(0, len(rows), TAKEN_ROWS)
    ]
    # With counts NumPy sorts, which takes a sixth of the time of its hashing.
    found = [np.unique(labels[piece], return_counts=True)[0] for piece in pieces]
    classes = np.unique(np.concatenate(found))
    kinds = np.empty(len(rows), "uint16" if len(classes) < 2**16 else "int64")
    members = np.zeros(len(classes), dtype="int64")
    for number, piece in enumerate(pieces):
        places = np.searchsorted(classes, labels[piece])
        kinds[number * TAKEN_ROWS : number * TAKEN_ROWS + len(piece)] = places
        members += np.bincount(places, minlength=len(classes))
    return classes, kinds, members


def rows_by_class(rows: Array, kinds: Array, members: Array) -> Iterator[Array]:
    """The rows of one class after the other, by the numbers of their classes."""
    if len(members) <= FEW_CLASSES:
        for place in range(len(members)):
            yield rows[kinds == place]
        return
    ordered = rows[np.argsort(kinds, kind="stable")]
    yield from np.split(ordered, np.cumsum(members)[:-1])


def share_out(count: int, members: Array, random: np.random.RandomState) -> Array:
    """How many of some rows each class gives, by its members; chance settles a tie."""
    exact = members / members.sum() * count
    shares = np.floor(exact)
    rest, lost = int(count - shares.sum()), exact - shares
    for value in np.unique(lost)[::-1]:
        if rest <= 0:
            break
        alike = np.flatnonzero(lost == value)
        given = random.choice(alike, size=min(len(alike), rest), replace=False)
        shares[given] += 1
        rest -= len(given)
    return np.asarray(shares, dtype="int64")
