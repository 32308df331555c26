"""Rows of another part that stand in the training part too: they measure memory.

This room owns which rows count as equal: those whose features are, as the source has them, before
anything is prepared. What is said of them stands in `passes.lint.arrays`.

Decisions:
- A row is compared by a hash of 64 bits, so that memory is 8 bytes a row however wide it is.
- Rows of so few different values must repeat by themselves: such a table is `crowded`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kerasgen.data.split import PartRows
from kerasgen.data.table import Array
from kerasgen.ir.schema import Schema

_PIECE = 65_536
_LOOK = 1000
_KEY_COLUMNS = 64
"""Numbers of a row by which it is judged whether rows must repeat."""

_WIDEST_WORD = 64
"""Letters up to which words are looked at letter by letter, all rows at once."""

_PRIME = np.uint64(0x9E3779B97F4A7C15)


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
    columns: Mapping[str, Array], schema: Schema, parts: PartRows
) -> dict[str, SharedRows]:
    """Part to what it shares with the training part; parts that share nothing are left out.

    Args:
        columns: the columns of the source.
        schema: which of them are features.
        parts: the rows of each part.
    """
    names = [n for n, c in schema.columns.items() if "feature" in c.roles and n in columns]
    others = {"validation": parts.validation, "test": parts.test}
    asked = {part: rows for part, rows in others.items() if rows is not None}
    if not names or not asked:
        return {}
    features = [columns[name] for name in names]
    hashes = _hashes(features)
    known, places = np.unique(hashes[parts.training], return_index=True)
    found = {}
    for part, rows in asked.items():
        shared = rows[np.isin(hashes[rows], known)]
        if shared.size:
            equal = parts.training[places[np.searchsorted(known, hashes[shared[0]])]]
            found[part] = SharedRows(
                rows=int(shared.size),
                share=shared.size / len(rows),
                first=(int(shared[0]) + 1, int(equal) + 1),
                crowded=_is_crowded(features, parts.training),
            )
    return found


def _hashes(columns: Sequence[Array]) -> Array:
    """A number for each row that is equal for equal rows."""
    count = len(columns[0])
    hashes = np.zeros(count, dtype="uint64")
    for start in range(0, count, _PIECE):
        piece = hashes[start : start + _PIECE]
        for column in columns:
            mixed = (piece ^ _numbers(column[start : start + _PIECE])) * _PRIME
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
    found = np.zeros(len(values), dtype="uint64")
    for letters in np.ascontiguousarray(values).view("uint32").reshape(len(values), -1).T:
        found = (found ^ letters) * _PRIME
        found ^= found >> np.uint64(29)
    return found


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
