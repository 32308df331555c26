"""Answers of a run for new rows, written some rows at a time.

This room owns what may be asked, and the order of the columns of an answer. Which inputs there are
stands in `answers.inputs`, the forms of an answer in `answers.writing`, what a run answers in
`trained_run`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.registry import NOBODY, Trust
from kerasgen.runtime.tabular.table_files import FORMATS
from kerasgen.verbs.answers.answer_columns import nested_outputs
from kerasgen.verbs.answers.inputs import Input, asked_form, input_pieces, text_table
from kerasgen.verbs.answers.json_cells import json_cells
from kerasgen.verbs.answers.mask_folder import is_folder, mask_folder
from kerasgen.verbs.answers.pieces import Piece, regrouped
from kerasgen.verbs.answers.row_places import RowPlaces, asking_sink
from kerasgen.verbs.answers.writing import (
    KINDS,
    Columns,
    Write,
    answer_file,
    is_json,
    text_form,
)
from kerasgen.verbs.load import load_run
from kerasgen.verbs.trained_run import Bad, TrainedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a run.

    Attributes:
        rows: a file, a folder or `-`; None where texts are given.
        texts: texts, for a model that takes nothing else.
        output: where the answer is written; None for the standard output.
        top: how many classes are named.
        scores: whether each class has a column of its probability.
        bad: what becomes of rows without an answer; None for what the run's source says of its own.
        option: how whoever asks says this, with `{}` for it.
    """

    rows: str | None = None
    texts: tuple[str, ...] = ()
    output: Path | None = None
    top: int = 1
    scores: bool = False
    bad: Bad | None = None
    option: str = "--bad {}"


@dataclass(slots=True, kw_only=True)
class Counted:
    """How many rows were answered for.

    Attributes:
        rows: rows that were asked.
        without: those that have no answer.
    """

    rows: int = 0
    without: int = 0


def predict_rows(
    folder: Path, question: Question, say: Callable[[str], object], trust: Trust = NOBODY
) -> Counted:
    """Answers for the rows of an input.

    Args:
        folder: the folder of the run.
        question: what is asked.
        say: takes the answer as CSV, some rows at a time, where no file is named.
        trust: modules whose parts the run may hold.

    Raises:
        CompileError: the run or the rows cannot be read, or a row has no answer.
        OSError: the answer cannot be written.
    """
    sink = asking_sink(question.rows, Input(path=question.rows).title)
    _check_question(question, sink)
    run = load_run(folder, trust)
    run.check_asked(
        top=question.top,
        scores=question.scores,
        bad=question.bad,
        places=RowPlaces(sink=sink),
        typed="--",
    )
    _check_form(run, question, sink)
    if question.output is None:
        return _answer(run, question, text_form("csv", say), sink)
    if is_folder(question.output):
        with mask_folder(question.output, run) as write:
            return _answer(run, question, write, sink)
    with answer_file(question.output, sink) as write:
        return _answer(run, question, write, sink)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """What is asked of a run, settled.

    Attributes:
        run: the run.
        question: what is asked.
        bad: what becomes of rows without an answer.
        places: where the rows stand, and how they are written there.
        numbers: columns whose cells are written as numbers; none where words stay words.
    """

    run: TrainedRun
    question: Question
    bad: Bad
    places: RowPlaces
    numbers: tuple[str, ...] = ()


def _answer(run: TrainedRun, question: Question, write: Write, sink: Sink) -> Counted:
    counted = Counted()
    for columns in answers_of(run, question, sink, counted, run.piece_rows):
        write(columns)
    return counted


def answers_of(
    run: TrainedRun, question: Question, sink: Sink, counted: Counted, size: int
) -> Iterator[Columns]:
    """The answers for the rows of an input, some at a time.

    Args:
        run: the run.
        question: what is asked, and can be.
        sink: gets what is wrong with the rows.
        counted: counts them as they are read.
        size: rows that are answered for at a time.

    Raises:
        CompileError: the rows cannot be read, or one has no answer.
    """
    asked = Input(path=question.rows, texts=question.texts, size=size)
    form = asked_form(run, asked)
    to_json = question.output is not None and is_json(question.output)
    asking = _Asking(
        run=run,
        question=question,
        bad=question.bad or _said_bad(run),
        places=RowPlaces(
            sink=sink,
            title=asked.title,
            lines=text_table(run, asked),
            form=form,
            option=question.option,
        ),
        numbers=_number_columns(run) if to_json else (),
    )
    pieces = input_pieces(run, asked, form, sink)
    if run.data.windows is not None:
        yield _forecast(asking, pieces, counted)
        return
    for piece in pieces:
        if piece.first == 1:
            run.check_columns((*piece.cells, *piece.arrays), asking.places)
        if not piece.rows:
            continue
        counted.rows += piece.rows
        found, without = _columns(asking, _whole(piece, run))
        counted.without += without
        if found:
            yield found
    _check_rows(counted, asking.places)


def _forecast(asking: _Asking, pieces: Iterator[Piece], counted: Counted) -> Columns:
    """What follows the rows of all pieces: the newest of them may stand anywhere."""
    run, places = asking.run, asking.places
    columns: Columns = {}
    for piece in regrouped(pieces, sys.maxsize):
        run.check_columns((*piece.cells, *piece.arrays), places)
        answered = run.forecast(_whole(piece, run), places)
        if answered.problems and asking.bad == "error":
            run.refuse(piece, answered, places)
        counted.rows, counted.without = piece.rows, len(answered.problems)
        columns = answered.columns
    _check_rows(counted, places)
    return columns


def _check_rows(counted: Counted, places: RowPlaces) -> None:
    if not counted.rows:
        told = "there are no rows to answer for"
        raise places.sink.fail_at("KG503", told, places.whole())


def _columns(asking: _Asking, piece: Piece) -> tuple[dict[str, Any], int]:
    """The columns of an answer for some rows, and how many rows have none."""
    run, question, bad, places = asking.run, asking.question, asking.bad, asking.places
    answered = run.answered(piece, places.form)
    if answered.problems and bad == "error":
        run.refuse(piece, answered, places)
    answers = run.columns_of(
        answered, piece, top=question.top, scores=question.scores, bad=asking.bad
    )
    if taken := [name for name in answers if name in piece.cells]:
        raise places.sink.fail_at(
            "KG305",
            f"the rows have a column `{taken[0]}`, which is what the answer is called",
            places.whole(),
            help="give the column another name, or leave it out",
        )
    without = len(answered.problems)
    kept = piece if not without or bad == "column" else piece.kept(answered.rows)
    cells = json_cells(kept.cells, asking.numbers, places.form)
    return ({**cells, **answers} if kept.rows else {}), without


def _whole(piece: Piece, run: TrainedRun) -> Piece:
    """A piece with all columns that are needed: what no row of it has is missing."""
    lacking = [n for n in run.needed if n not in piece.cells and n not in piece.arrays]
    if not lacking:
        return piece
    empty: Mapping[str, Any] = {name: [None] * piece.rows for name in lacking}
    return Piece(
        cells={**piece.cells, **empty},
        first=piece.first,
        rows=piece.rows,
        problems=piece.problems,
        arrays=piece.arrays,
    )


def _number_columns(run: TrainedRun) -> tuple[str, ...]:
    """The columns that hold numbers, among all that the run has read."""
    seen, said = run.schema.columns, run.data.columns
    types = {n: (said[n].type if n in said else None) or seen[n].type or "number" for n in seen}
    single = [name for name in seen if not seen[name].shape]
    numbers = [name for name in single if seen[name].dtype not in (None, "text")]
    return tuple(name for name in numbers if types[name] == "number")


def _said_bad(run: TrainedRun) -> Bad:
    """What the source of a run does with rows that it cannot use."""
    said = run.data.source.arguments.get("bad")
    return "skip" if said == "skip" else "error"


def _check_question(question: Question, sink: Sink) -> None:
    """Refuses what cannot be done before anything is computed."""
    if question.top < 1:
        place = SourceLocation(override=f"--top {question.top}")
        raise sink.fail_at("KG204", f"`--top` is {question.top}, expected 1 or more", place)
    if (question.rows is None) == (not question.texts):
        both = SourceLocation(override=f"{question.rows} --text") if question.rows else None
        raise sink.fail_at("KG204", "expected an input, or `--text`, and not both", both)
    if question.bad is not None and question.bad not in get_args(Bad):
        raise sink.fail("KG204", f"`--bad` is `{question.bad}`, expected error, skip or column")
    output = question.output
    if output is None:
        return
    if not is_folder(output):
        _check_file(output, sink)


def _check_file(output: Path, sink: Sink) -> None:
    place = SourceLocation(override=f"--output {output}")
    if FORMATS.get(output.suffix.lower(), "") not in KINDS:
        raise sink.fail_at(
            "KG605",
            f"answers are not written as `{output.suffix or output.name}`",
            place,
            help="let the file end in .csv, .tsv, .jsonl, .parquet or .arrow",
        )
    if output.is_dir():
        raise sink.fail_at("KG605", f"`{output}` is a folder, expected a file", place)
    if not output.parent.is_dir():
        raise sink.fail_at("KG605", f"there is no folder `{output.parent}`", place)


def _check_form(run: TrainedRun, question: Question, sink: Sink) -> None:
    """Refuses a form that cannot hold what the run answers with."""
    output = question.output
    nested, masks = nested_outputs(run.compiled)
    if output is not None and is_folder(output):
        place = SourceLocation(override=f"--output {output}")
        if not masks:
            _check_file(output, sink)
        elif output.is_dir() and any(output.iterdir()):
            told = f"the folder `{output}` is not empty"
            raise sink.fail_at("KG605", told, place, help="name one that is not there yet")
        elif output.exists() and not output.is_dir():
            raise sink.fail_at("KG605", f"`{output}` is a file, expected a folder", place)
        elif not output.resolve().parent.is_dir():
            raise sink.fail_at("KG605", f"there is no folder `{output.parent}`", place)
        return
    kind = "csv" if output is None else FORMATS.get(output.suffix.lower())
    if not nested or kind != "csv":
        return
    typed = question.rows or "--text" if output is None else f"--output {output}"
    size = " by ".join("any" if n is None else str(n) for n in nested[0].spec.shape[1:3])
    what = "a mask" if masks else "an array"
    folder = ", or `-o masks` for a folder of pictures" if masks else ""
    raise sink.fail_at(
        "KG605",
        f"the run answers with {what} of {size} for each row, which no cell of a CSV holds",
        SourceLocation(override=typed),
        help=f"write `-o answers.jsonl` (or .parquet, .arrow){folder}",
    )
