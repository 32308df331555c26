"""New rows, some at a time: their cells as they were written, and what is wrong with them.

This room owns the value that goes from whoever reads rows to whoever answers for them. It must not
know where they come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from kerasgen.runtime.values import Array

Cells: TypeAlias = Any
"""Some cells of a column: a series of Polars, a list, or an array."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some rows.

    Attributes:
        cells: column to its cells as they were written, for the answer.
        first: the number of its first row, from 1.
        rows: how many it has.
        problems: row of the piece, from 0, to what is wrong with it.
        arrays: columns that are no cells, such as the pixels of images.
    """

    cells: Mapping[str, Cells]
    first: int
    rows: int
    problems: Mapping[int, str] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)

    def kept(self, rows: Array) -> Piece:
        """Some of its rows, by their numbers in it; what is wrong with them is left out."""
        return Piece(
            cells={name: taken(cells, rows) for name, cells in self.cells.items()},
            first=self.first,
            rows=len(rows),
            arrays={name: values[rows] for name, values in self.arrays.items()},
        )


def taken(cells: Cells, rows: Array) -> Cells:
    """Some cells of a column."""
    return [cells[row] for row in rows.tolist()] if isinstance(cells, list) else cells[rows]


def regrouped(pieces: Iterable[Piece], size: int) -> Iterator[Piece]:
    """The same rows in pieces of one size; the last one may be smaller.

    Args:
        pieces: tables of the same columns, without arrays.
        size: rows in a piece.
    """
    waiting: list[Piece] = []
    rows = first = 0
    for piece in pieces:
        first = first or piece.first
        waiting.append(piece)
        rows += piece.rows
        while rows >= size:
            whole = _joined(waiting, first)
            yield _cut(whole, 0, size)
            rest = _cut(whole, size, rows)
            waiting, rows, first = ([rest] if rest.rows else []), rest.rows, rest.first
    if rows:
        yield _joined(waiting, first)


def _joined(pieces: Sequence[Piece], first: int) -> Piece:
    if len(pieces) == 1:
        return pieces[0]
    problems: dict[int, str] = {}
    before = 0
    for piece in pieces:
        problems |= {before + row: text for row, text in piece.problems.items()}
        before += piece.rows
    names = dict.fromkeys(name for piece in pieces for name in piece.cells)
    cells = {name: _one([_cells_of(piece, name) for piece in pieces]) for name in names}
    return Piece(cells=cells, first=first, rows=before, problems=problems)


def _cells_of(piece: Piece, name: str) -> Cells:
    return piece.cells[name] if name in piece.cells else [None] * piece.rows


def _one(parts: Sequence[Cells]) -> Cells:
    """Cells one after the other."""
    if all(hasattr(part, "to_frame") for part in parts):
        import polars

        if len({part.dtype for part in parts}) == 1:
            return polars.concat(parts)
    return [cell for part in parts for cell in part]


def _cut(piece: Piece, start: int, stop: int) -> Piece:
    return Piece(
        cells={name: cells[start:stop] for name, cells in piece.cells.items()},
        first=piece.first + start,
        rows=stop - start,
        problems={r - start: text for r, text in piece.problems.items() if start <= r < stop},
    )
