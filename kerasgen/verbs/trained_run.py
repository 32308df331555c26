"""A finished run that answers for new rows: what `kerasgen predict` asks, and Python.

This room owns the way from rows as they lie to answers in their own words: class names, numbers in
their own units. A run may come from a stranger: its model is loaded in Keras's safe mode, and what
its preparation has learned is arrays and words.

Decisions:
- Rows are columns by name. The target is not needed, and not looked at.
- A row that the preparation refuses has no answer; whether it ends all is for who asks to say.
- Batches are filled up with a row of their own: a model is compiled for one size of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any, Literal

import numpy as np

from kerasgen.data.facts import names_of_classes
from kerasgen.data.fitted_preparation import FittedPreparation
from kerasgen.data.kept_preparation import KeptPreparation
from kerasgen.diagnostics import Sink, SourceLocation, did_you_mean
from kerasgen.engine import FittedStep, Model, StartedEngine
from kerasgen.ir.data import DataDef
from kerasgen.ir.schema import Column, Schema
from kerasgen.passes.columns import column_steps, taken_columns
from kerasgen.passes.compiled import CompiledProgram
from kerasgen.registry import Trust
from kerasgen.run.samples import model_inputs, outputs_by_name
from kerasgen.runtime.tabular.text_tables import TableForm
from kerasgen.runtime.values import Array
from kerasgen.verbs.answers.answer_columns import (
    Answer,
    answer_columns,
    answer_of,
    class_names_of,
    named_apart,
    placed,
    without_meaning,
)
from kerasgen.verbs.answers.checked_rows import check_rows
from kerasgen.verbs.answers.pieces import Piece
from kerasgen.verbs.answers.python_rows import cut_piece, whole_piece
from kerasgen.verbs.answers.row_places import RowPlaces
from kerasgen.verbs.evaluate import Evaluation, evaluate_run
from kerasgen.verbs.forecast import KnownRows, forecast
from kerasgen.verbs.rows_to_come import rows_to_come

MOST_ROWS = 65_536
"""Rows that are answered for at a time."""

MOST_BYTES = 64 * 2**20
"""Bytes of prepared rows that are held at a time."""

Bad = Literal["error", "skip", "column"]
"""What becomes of rows without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredRows:
    """Answers for some rows.

    Attributes:
        rows: the numbers of the rows that have one, from 0.
        answers: one for each output.
        problems: row to why it has none.
    """

    rows: Array
    answers: Sequence[Answer]
    problems: Mapping[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRows:
    """What follows some rows.

    Attributes:
        columns: times, series and what is predicted.
        problems: row to why it could not be used.
    """

    columns: Mapping[str, Array]
    problems: Mapping[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedRun:
    """A run with its model.

    Attributes:
        folder: its folder.
        trust: whose code may run for it.
        compiled: its program.
        schema: the columns of its data.
        fitted: what its preparation has learned.
        model: the trained model.
        started: the engine that it was trained with.
        restored: the steps of its preparation that were applied before.
        needed: the columns without which there is no answer.
    """

    folder: Path
    trust: Trust
    compiled: CompiledProgram
    schema: Schema
    fitted: FittedPreparation
    model: Model
    started: StartedEngine
    restored: dict[str, FittedStep] = field(default_factory=dict, repr=False, compare=False)
    needed: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "needed", _needed(self.data, self.schema))

    def predict(
        self, rows: Any, *, top: int = 1, scores: bool = False, bad: Bad = "error"
    ) -> dict[str, Array]:
        """Answers for some rows.

        Args:
            rows: columns by name, a list of mappings, a data frame of pandas or Polars, or, for a
                model of a single column, a NumPy array, or a list of what its rows hold. Paths of
                images and sounds start from the current folder.
            top: how many classes are named, the likeliest first.
            scores: whether each class has a column of its probability.
            bad: what becomes of rows without an answer: an error, `skip`, or `column`: they are
                there, and the column `problem` says why they have none.

        Returns:
            `predicted` and `probability`, or `predicted_OUTPUT` and so on for several outputs; of a
            forecast the times and series that follow, and what is predicted of them.

        Raises:
            CompileError: a column is not there or has another shape than in the training, or a row
                has no answer and is not to be skipped.
        """
        sink = Sink()
        places = RowPlaces(sink=sink)
        self.check_asked(top=top, scores=scores, bad=bad, places=places)
        whole = whole_piece(self, rows, places)
        if self.data.windows is not None:
            whole = cut_piece(self, whole, 0, whole.rows)
            followed = self.forecast(whole, places)
            if bad == "error" and followed.problems:
                self.refuse(whole, followed, places)
            return dict(followed.columns)
        parts = []
        for start in range(0, whole.rows, self.piece_rows):
            piece = cut_piece(self, whole, start, self.piece_rows)
            answered = self.answered(piece, {})
            if bad == "error" and answered.problems:
                self.refuse(piece, answered, places)
            parts.append(self.columns_of(answered, piece, top=top, scores=scores, bad=bad))
        names = dict.fromkeys(name for part in parts for name in part)
        return {name: np.concatenate([p[name] for p in parts if name in p]) for name in names}

    def evaluate(self, overrides: Sequence[str] = ()) -> Evaluation:
        """Loss and metrics on the test part, or on other data.

        Args:
            overrides: what is said otherwise of the data, as `data.source.path=new.csv`.

        Raises:
            CompileError: the data is not there, or is not as it was.
        """
        return evaluate_run(self.folder, overrides, self.trust)

    @property
    def columns(self) -> dict[str, str]:
        """The columns without which there is no answer, each with its type."""
        said, seen = self.data.columns, self.schema.columns
        return {
            name: (said[name].type if name in said else None) or seen[name].type or "number"
            for name in self.needed
        }

    @property
    def classes(self) -> dict[str, tuple[str, ...]]:
        """The names of the classes of each output that has some, in the order of its scores."""
        kept = names_of_classes(self.data, self.schema)
        found = {o.name: class_names_of(o, self.data, kept) for o in self.compiled.outputs}
        return {name: classes for name, classes in found.items() if classes}

    @property
    def data(self) -> DataDef:
        """The data group."""
        return self.compiled.program.data

    @property
    def kept(self) -> KeptPreparation:
        """What its preparation has learned, ready to be applied."""
        return KeptPreparation(
            fitted=self.fitted,
            schema=self.schema,
            definition=self.data,
            started=self.started,
            restored=self.restored,
        )

    @property
    def piece_rows(self) -> int:
        """How many rows are answered for at a time: whole batches, of bounded size."""
        batch = self.compiled.program.fit.batch_size
        specs = [*self.compiled.inputs.values(), *(o.spec for o in self.compiled.outputs)]
        row = sum(4 * prod(size or 1 for size in spec.shape[1:]) for spec in specs)
        return max(1, min(MOST_ROWS, MOST_BYTES // max(1, row)) // batch) * batch

    @property
    def text_column(self) -> str | None:
        """The column of a model that takes a text and nothing else."""
        column = self._only_column
        return column.name if column is not None and column.dtype == "text" else None

    @property
    def image_column(self) -> Column | None:
        """The column of a model that takes an image and nothing else."""
        column = self._only_column
        return column if column is not None and len(column.shape or ()) in (2, 3) else None

    @property
    def _only_column(self) -> Column | None:
        return self.schema.columns.get(self.needed[0]) if len(self.needed) == 1 else None

    def check_asked(
        self, *, top: int, scores: bool, bad: str | None, places: RowPlaces, typed: str = ""
    ) -> None:
        """Refuses what has no meaning for the outputs of the model.

        Args:
            top: how many classes are to be named.
            scores: whether each class is to have a column of its probability.
            bad: what is to become of rows without an answer.
            places: whose sink gets it.
            typed: what stands before such a word on the command line, empty for Python.

        Raises:
            CompileError: KG204, one has none.
        """
        found = without_meaning(self.compiled.outputs, top=top, scores=scores, bad=bad)
        if found is None:
            return
        word, reason = found
        value = {"top": f" {top}", "scores": "", "bad": f" {bad}"}[word]
        place = SourceLocation(override=f"{typed}{word}{value}") if typed else None
        told = f"`{typed}{word}{value}` has no meaning for this run: {reason}"
        raise places.sink.fail_at("KG204", told, place)

    def check_columns(self, names: Sequence[str], places: RowPlaces) -> None:
        """Checks that rows have all columns that are needed.

        Args:
            names: the columns that they have.
            places: where they stand.

        Raises:
            CompileError: KG504, one is not there.
        """
        free = [name for name in names if name not in self.needed]
        known = "known: " + ", ".join(f"`{name}`" for name in sorted(names)[:40]) if names else None
        for name in self.needed:
            if name not in names:
                places.sink.report_at(
                    "KG504",
                    f"the rows have no column `{name}`",
                    places.whole(),
                    help=did_you_mean(name, free, listed=0) or known,
                )
        places.sink.stop_on_errors()

    def answered(self, piece: Piece, form: TableForm) -> AnsweredRows:
        """Answers for some rows, and which of them have none.

        Args:
            piece: the rows, with all columns that are needed.
            form: how missing cells and numbers are written.
        """
        checked = check_rows(self.kept, self.needed, piece, form)
        answers = [] if not len(checked.rows) else self._answers(checked.x, len(checked.rows))
        return AnsweredRows(rows=checked.rows, answers=answers, problems=checked.problems)

    def columns_of(
        self, answered: AnsweredRows, piece: Piece, *, top: int, scores: bool, bad: Bad
    ) -> dict[str, Array]:
        """Answers as columns; with the rows that have none where these stay.

        Args:
            answered: the answers.
            piece: the rows.
            top: how many classes are named.
            scores: whether each class has a column of its probability.
            bad: what becomes of rows without an answer.
        """
        found = answer_columns(answered.answers, top=top, scores=scores)
        if bad == "column":
            found = placed(found, piece.rows, answered.rows, answered.problems)
        return named_apart(found, self.schema.columns)

    def forecast(self, piece: Piece, places: RowPlaces) -> ForecastRows:
        """What follows the newest rows of each series, and which rows could not be used.

        Args:
            piece: the rows, in any order, with all columns that are needed.
            places: where they stand, and how they are written.

        Raises:
            CompileError: KG541, KG545 or KG546, there are too few rows, or their times order
                nothing.
        """
        told = rows_to_come(self.data, self.needed, piece, places.form)
        checked = check_rows(self.kept, self.needed, told.piece, places.form)
        known = KnownRows(
            x=checked.x,
            times=checked.columns.get(self.data.time, np.zeros(0)),
            series=checked.columns.get(self.data.series),
            numbers=checked.rows + piece.first,
            coming=None if told.coming is None else told.coming[checked.rows],
        )
        if not len(checked.rows):
            return ForecastRows(columns={}, problems=checked.problems)
        columns = forecast(self.compiled, self.model, known, places)
        return ForecastRows(columns=columns, problems=checked.problems)

    def refuse(
        self, piece: Piece, answered: AnsweredRows | ForecastRows, places: RowPlaces
    ) -> None:
        """Refuses rows of which one has no answer.

        Args:
            piece: the rows.
            answered: what was answered.
            places: where the rows stand.

        Raises:
            CompileError: KG624, always.
        """
        row = min(answered.problems)
        more = len(answered.problems) - 1
        skip, column = places.option.format("skip"), places.option.format("column")
        rest = f" (and of {more} more of {piece.rows})" if more else ""
        raise places.sink.fail_at(
            "KG624",
            f"row {piece.first + row} has no answer{rest}: {answered.problems[row]}",
            places.of_row(piece.first + row),
            help=f"leave such rows out with `{skip}`, or have them told with `{column}`; "
            "what becomes of missing values is said under `data.columns` before training",
        )

    def _answers(self, x: Mapping[str, Array], rows: int) -> list[Answer]:
        size = self.compiled.program.fit.batch_size
        fixed = any(item.batch_size for item in self.compiled.graph.inputs)
        lacking = -rows % size if fixed or rows > size else 0
        if lacking:
            filling = {n: np.repeat(values[-1:], lacking, axis=0) for n, values in x.items()}
            x = {name: np.concatenate([values, filling[name]]) for name, values in x.items()}
        outcome = self.model.predict(model_inputs(self.compiled, x), size)
        found = outputs_by_name(outcome, self.compiled)
        several, classes = len(self.compiled.outputs) > 1, self.classes
        return [
            answer_of(
                output,
                found[output.name][:rows],
                self.compiled,
                classes.get(output.name, ()),
                title=output.name if several else "",
            )
            for output in self.compiled.outputs
        ]


def _needed(data: DataDef, schema: Schema) -> tuple[str, ...]:
    """The columns without which there is no answer."""
    made = {entry.name for entry in column_steps(data)}
    waiting = [name for names in schema.features.values() for name in names]
    takes = {entry.name: taken_columns(entry) for entry in column_steps(data)}
    found: dict[str, None] = {}
    while waiting:
        name = waiting.pop(0)
        if name in made and takes[name] != (name,):
            waiting += takes[name]
        else:
            found[name] = None
    found |= dict.fromkeys(name for name in (data.time, data.series) if name)
    known = [name for name in schema.columns if name in found]
    return tuple(dict.fromkeys([*known, *found]))
