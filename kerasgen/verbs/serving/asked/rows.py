"""The rows of a request: what a client sends becomes what a run is asked.

This room owns which JSON is rows, and which requests may be computed together. It must not know how
bodies come in, nor what becomes of the answers.

Decisions:
- A mapping is a row, a list is rows: mappings, or, for a model of a single column, what its rows
  hold. Cells mean what they mean in JSON lines.
- An image or a sound is its numbers, or its file in base64: a client names no file of the server.
- An answer must not depend on who else asks. Cells of words alone are read otherwise than cells
  among which are numbers, so that columns of one kind alone are joined.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kerasgen.diagnostics import Sink
from kerasgen.foreign.json_data import Bounds, parse_json
from kerasgen.verbs.answers.path_cells import file_columns, with_written_files
from kerasgen.verbs.answers.pieces import Cells, Piece
from kerasgen.verbs.answers.python_rows import whole_piece
from kerasgen.verbs.answers.row_places import RowPlaces
from kerasgen.verbs.trained_run import Bad, TrainedRun

LEVELS = 16
"""Mappings and lists inside one another that a request may have."""

VALUES = 2_000_000
"""Values that the JSON of a request may hold."""


class TooManyRowsError(Exception):
    """A request asks for more rows than one may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an answer is to hold.

    Attributes:
        top: how many classes are named.
        scores: whether each class has its probability.
        bad: what becomes of rows without an answer.
    """

    top: int = 1
    scores: bool = False
    bad: Bad = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The rows of a request.

    Attributes:
        piece: the rows.
        wanted: what the answer is to hold.
        key: requests of one key may be computed together; None for one that is computed alone.
        names: what the rows are called in the answer; empty where they have no names.
        single: whether one row is asked, and the answer is no list.
    """

    piece: Piece
    wanted: Wanted
    key: Hashable | None
    names: Sequence[str] = ()
    single: bool = False


def asked_by_json(run: TrainedRun, content: bytes, wanted: Wanted, most: int) -> Asked:
    """The rows of a JSON text.

    Args:
        run: the run.
        content: the text.
        wanted: what the answer is to hold.
        most: rows that it may have.

    Raises:
        ForeignFileError: it is no JSON, or holds too much.
        TooManyRowsError: it has more rows.
        CompileError: it has no rows, or not those that the run takes.
    """
    value = parse_json(content, Bounds(size=len(content), levels=LEVELS, values=VALUES))
    sink = Sink()
    single = isinstance(value, Mapping)
    rows: Any = [value] if single else value
    if not isinstance(rows, list):
        told = f"the request is `{json.dumps(value)[:40]}`, expected a row or a list of rows"
        raise sink.fail("KG503", told)
    if len(rows) > most:
        raise TooManyRowsError(f"the request has {len(rows):,} rows, expected at most {most:,}")
    places = RowPlaces(sink=sink)
    piece = _plain_piece(run, rows, places) if _is_plain(run, rows) else None
    if piece is None:
        piece = with_written_files(run, whole_piece(run, rows, places))
    return replace(asked_by_piece(run, piece, wanted), single=single)


def asked_by_piece(run: TrainedRun, piece: Piece, wanted: Wanted) -> Asked:
    """Rows that are read already; they have names where they come from files."""
    key = None if run.data.windows is not None else _key(piece, wanted)
    return Asked(piece=piece, wanted=wanted, key=key, names=_names(run, piece))


def _names(run: TrainedRun, piece: Piece) -> Sequence[str]:
    """The names of files that became rows, unless the model takes a column of that name."""
    return () if "file" in run.needed else piece.cells.get("file", ())


def _is_plain(run: TrainedRun, rows: Sequence[Any]) -> bool:
    """Whether rows are mappings of cells that stand for themselves."""
    if run.data.windows is not None or file_columns(run):
        return False
    columns = [run.schema.columns.get(name) for name in run.needed]
    nested = any(len(column.shape or ()) > 1 for column in columns if column is not None)
    return not nested and bool(rows) and all(isinstance(row, Mapping) for row in rows)


def _plain_piece(run: TrainedRun, rows: Sequence[Mapping[str, Any]], places: RowPlaces) -> Piece:
    """Rows as those of JSON lines; of columns that the model does not take nothing is kept.

    Raises:
        CompileError: KG504, a column is not there.
    """
    first = rows[0]
    if not all(name in first for name in run.needed):
        run.check_columns(list(dict.fromkeys(name for row in rows for name in row)), places)
    cells = {name: [_plain(row.get(name)) for row in rows] for name in run.needed}
    return Piece(cells=cells, first=1, rows=len(rows))


def _plain(cell: Any) -> Any:
    return json.dumps(cell) if isinstance(cell, dict) else cell


def _key(piece: Piece, wanted: Wanted) -> Hashable | None:
    kinds = []
    for name, cells in (*piece.cells.items(), *piece.arrays.items()):
        kind = _kind(cells)
        if kind is None:
            return None
        kinds.append((name, kind))
    return wanted, tuple(kinds)


def _kind(cells: Cells) -> Hashable | None:
    """What cells have in common that are read alike; None for cells that are read on their own."""
    if isinstance(cells, np.ndarray):
        return (cells.dtype.kind, cells.dtype.itemsize * (cells.dtype.kind != "U"), cells.shape[1:])
    words = numbers = 0
    for cell in cells:
        if isinstance(cell, str):
            words += 1
        elif isinstance(cell, int | float):
            numbers += 1
        elif cell is not None:
            return None
    if words and numbers:
        return None
    return "numbers" if numbers else "words"
