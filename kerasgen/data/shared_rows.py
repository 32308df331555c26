"""Rows of another part that stand in the training part too: they measure memory.

This room owns which rows count as equal: those whose features are, as the source has them, before
anything is prepared. What is said of them stands in `passes.lint.arrays`.

Decisions:
- A row is compared by a hash of 64 bits, so that it takes 8 bytes however wide it is; of many
  rows the hashes lie in a file, and some of them are compared at a time.
- Rows of so few different values must repeat by themselves: such a table is `crowded`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kerasgen.data.large_arrays import ArraySpace, pieces_of
from kerasgen.data.split import PartRows
from kerasgen.data.table import Array
from kerasgen.ir.schema import Schema
from kerasgen.runtime.different_words import PRIME, hash_words

_AT_ONCE = 4_000_000
"""Training rows whose hashes are held at once."""

_LOOK = 1000
_KEY_COLUMNS = 64
"""Numbers of a row by which it is judged whether rows must repeat."""

_WIDEST_WORD = 64
"""Letters up to which words are looked at letter by letter, all rows at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedRows:
    """What one part shares with the training part.

    Attributes:
        rows: how many of its rows are rows of the training part too.
        share: the same as a share of its rows.
        first: the first of them and its equal in the training part, as row numbers of the source
            from 1.
        crowded: whether rows of so few values must repeat by themselves.
    """

    rows: int
    share: float
    first: tuple[int, int]
    crowded: bool


def find_shared(
    columns: Mapping[str, Array], schema: Schema, parts: PartRows, space: ArraySpace
) -> dict[str, SharedRows]:
    """Part to what it shares with the training part; parts that share nothing are left out.

    Args:
        columns: the columns of the source.
        schema: which of them are features.
        parts: the rows of each part.
        space: where arrays of all rows have their place.

    Raises:
        NoRoomError: the disk has no room for a hash of each row.
    """
    names = [n for n, c in schema.columns.items() if "feature" in c.roles and n in columns]
    others = {"validation": parts.validation, "test": parts.test}
    asked = {part: rows for part, rows in others.items() if rows is not None}
    if not names or not asked:
        return {}
    features = [columns[name] for name in names]
    hashes = space.applied(_hashes, features)
    found = {}
    for part, rows in _again(hashes, parts.training, asked).items():
        if rows.count:
            equal = _first_equal(hashes, parts.training, hashes[rows.first])
            found[part] = SharedRows(
                rows=rows.count,
                share=rows.count / len(asked[part]),
                first=(rows.first + 1, equal + 1),
                crowded=_is_crowded(features, parts.training),
            )
    return found


@dataclass(slots=True)
class _Again:
    """Rows of a part that stand in the training part: how many, and the first."""

    count: int = 0
    first: int = 0

    def add(self, rows: Array) -> None:
        """Counts some more rows."""
        if rows.size:
            self.first = min(self.first, int(rows[0])) if self.count else int(rows[0])
            self.count += int(rows.size)


def _again(hashes: Array, training: Array, asked: Mapping[str, Array]) -> dict[str, _Again]:
    """Part to its rows whose hashes are those of training rows; a share of the hashes at a time."""
    found = {part: _Again() for part in asked}
    shares = np.uint64(-(-len(training) // _AT_ONCE))
    for share in range(int(shares)):
        pieces = (hashes[rows] for (rows,) in pieces_of(training))
        known = np.concatenate([piece[piece % shares == share] for piece in pieces])
        known.sort()
        for part, rows in asked.items() if known.size else ():
            for (piece,) in pieces_of(rows):
                order = np.argsort(hashes[piece])  # those in order are found the faster
                wanted = hashes[piece][order]
                places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
                found[part].add(np.sort(piece[order[known[places] == wanted]]))
    return found


def _first_equal(hashes: Array, training: Array, wanted: np.uint64) -> int:
    """The first training row of a hash, which is there."""
    equal = (rows[hashes[rows] == wanted] for (rows,) in pieces_of(training))
    return next(int(rows[0]) for rows in equal if rows.size)


def _hashes(*columns: Array) -> Array:
    """A number for each row that is equal for equal rows."""
    hashes = np.zeros(len(columns[0]), dtype="uint64")
    for piece, *values in pieces_of(hashes, *columns):
        for column in values:
            mixed = (piece ^ _numbers(column)) * PRIME
            piece[:] = mixed ^ (mixed >> np.uint64(29))
    return hashes


def _numbers(values: Array) -> Array:
    """A whole number for each row of a column."""
    if values.ndim > 1:
        rows = np.ascontiguousarray(values)
        return _whole(hash(row.tobytes()) for row in rows)
    if values.dtype.kind == "f":
        return (values.astype("float64") + 0.0).view("uint64")  # 0 is equal to -0
    if values.dtype.kind in "iub":
        return values.astype("int64").view("uint64")
    width = values.dtype.itemsize // 4
    if width > _WIDEST_WORD:
        return _whole(map(hash, values.tolist()))
    return hash_words(values)


def _whole(numbers: Iterable[int]) -> Array:
    return np.fromiter(numbers, dtype="int64").view("uint64")


def _is_crowded(columns: Sequence[Array], training: Array) -> bool:
    """Whether rows of so few different values must repeat by themselves."""
    room = 0.0
    for column in columns:
        some = np.asarray(column[training[:_LOOK]])
        flat = some.reshape(len(some), -1)
        step = max(1, flat.shape[1] // _KEY_COLUMNS)
        room += sum(np.log(len(np.unique(flat[:, i]))) for i in range(0, flat.shape[1], step))
    return bool(room < np.log(len(training)) + np.log(100))
