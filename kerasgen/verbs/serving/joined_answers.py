"""The answers for several requests at once, each as it would be alone.

This room owns how the rows of requests become one batch, and how its answers are shared out again.
It must not know threads or HTTP.

Decisions:
- Rows are filled up to one of a few numbers before they are prepared: steps are compiled for each
  number of rows as the model is.
- A request that has a row without an answer is answered on its own: what is said of it names its
  own rows, and what made it fail cannot make others fail.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.verbs.answers.pieces import Cells, Piece, taken
from kerasgen.verbs.answers.row_places import RowPlaces
from kerasgen.verbs.answers.writing import Columns, json_text
from kerasgen.verbs.serving.asked.rows import Asked, Wanted
from kerasgen.verbs.trained_run import AnsweredRows, TrainedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answer for a request.

    Attributes:
        lines: each row of it as JSON.
    """

    lines: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A request that has rows without an answer.

    Attributes:
        diagnostics: why.
    """

    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A request that could not be answered, for no fault of its own.

    Attributes:
        error: what was raised.
    """

    error: Exception = field(repr=False)


Outcome: TypeAlias = "Answered | Refused | Failed"
"""What became of a request."""

OPTION = "bad={}"
"""How a client says what becomes of rows without an answer."""


def answer_all(run: TrainedRun, asked: Sequence[Asked], sizes: Sequence[int]) -> list[Outcome]:
    """Answers for requests of one key.

    Args:
        run: the run.
        asked: the requests, one at least.
        sizes: the numbers of rows that the model is asked for, in rising order.

    Returns:
        What became of each.
    """
    if asked[0].key is None:
        return [answer_alone(run, one) for one in asked]
    rows = sum(one.piece.rows for one in asked)
    try:
        piece = _joined([one.piece for one in asked], _size(rows, sizes))
        answered = run.answered(piece, {})
        lines = _lines(run, answered, piece, replace(asked[0].wanted, bad="skip"))
    except Exception:
        return [answer_alone(run, one) for one in asked]
    found: list[Outcome] = []
    start = 0
    for one in asked:
        end = start + one.piece.rows
        whole = not any(row in answered.problems for row in range(start, end))
        if whole:
            places = np.searchsorted(answered.rows, np.arange(start, end)).tolist()
            found.append(Answered(lines=_named([lines[place] for place in places], one.names)))
        else:
            found.append(answer_alone(run, one))
        start = end
    return found


def answer_alone(run: TrainedRun, asked: Asked) -> Outcome:
    """Answers for one request; nothing is raised."""
    places = RowPlaces(sink=Sink(), option=OPTION)
    piece, wanted = asked.piece, asked.wanted
    try:
        if run.data.windows is not None:
            followed = run.forecast(piece, places)
            if followed.problems and wanted.bad == "error":
                run.refuse(piece, followed, places)
            return Answered(lines=_json_lines(followed.columns))
        answered = run.answered(piece, {})
        if answered.problems and wanted.bad == "error":
            run.refuse(piece, answered, places)
        names = asked.names
        if names and wanted.bad == "skip":
            names = taken(list(names), answered.rows)
        return Answered(lines=_named(_lines(run, answered, piece, wanted), names))
    except Exception as error:  # Keras may raise anything; the server goes on.
        return outcome_of(error)


def outcome_of(error: Exception) -> Refused | Failed:
    """What became of a request that raised something."""
    if isinstance(error, CompileError):
        return Refused(diagnostics=tuple(error.diagnostics))
    return Failed(error=error)


def _size(rows: int, sizes: Sequence[int]) -> int:
    """Up to how many rows some are filled up."""
    most = sizes[-1]
    return next((size for size in sizes if size >= rows), -(-rows // most) * most)


def _joined(pieces: Sequence[Piece], size: int) -> Piece:
    """The rows of all pieces, filled up with the last row."""
    lacking = size - sum(piece.rows for piece in pieces)
    first = pieces[0]
    return Piece(
        cells={n: _one([piece.cells[n] for piece in pieces], lacking) for n in first.cells},
        first=1,
        rows=size,
        problems=_problems(pieces),
        arrays={n: _one([piece.arrays[n] for piece in pieces], lacking) for n in first.arrays},
    )


def _one(parts: Sequence[Cells], lacking: int) -> Cells:
    if isinstance(parts[0], np.ndarray):
        filling = np.repeat(parts[-1][-1:], lacking, axis=0)
        return np.concatenate([*parts, filling])
    return [cell for part in parts for cell in part] + list(parts[-1][-1:]) * lacking


def _problems(pieces: Sequence[Piece]) -> dict[int, str]:
    found: dict[int, str] = {}
    before = 0
    for piece in pieces:
        found |= {before + row: text for row, text in piece.problems.items()}
        before += piece.rows
    return found


def _lines(run: TrainedRun, answered: AnsweredRows, piece: Piece, wanted: Wanted) -> list[str]:
    columns = run.columns_of(answered, piece, top=wanted.top, scores=wanted.scores, bad=wanted.bad)
    return _json_lines(columns)


def _json_lines(columns: Columns) -> list[str]:
    return json_text(columns).splitlines() if columns else []


def _named(lines: list[str], names: Sequence[str]) -> list[str]:
    """Rows with the names of their files before all else."""
    if not names:
        return lines
    return [
        f'{{"file": {json.dumps(name)}, {line[1:]}' for name, line in zip(names, lines, strict=True)
    ]
