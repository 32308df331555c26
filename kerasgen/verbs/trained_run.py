"""A finished run that answers for new rows: the door of `kerasgen predict` and `kerasgen.load`.

This room owns the way from rows as they lie to answers in their own words: class names, numbers in
their own units. A run may come from a stranger: its model is loaded in Keras's safe mode, and what
its preparation has learned is arrays and words.

Decisions:
- Rows are columns by name. The target is not needed, and not looked at.
- A row that the preparation refuses refuses all: what becomes of missing values and unknown words
  is said in the config of the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerasgen.catalog.entries import ShapeError
from kerasgen.data.columns.rows import stripped
from kerasgen.data.fitted_preparation import FittedPreparation, read_columns, read_fitted
from kerasgen.data.kept_preparation import KeptPreparation, apply_fitted
from kerasgen.data.table import Array
from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.engine import Model, StartedEngine
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.ir.data import DataDef
from kerasgen.ir.schema import Schema
from kerasgen.passes.columns import column_steps, taken_columns
from kerasgen.passes.compiled import CompiledProgram
from kerasgen.passes.ends import OutputSpec
from kerasgen.passes.objective import last_activation
from kerasgen.record.file_names import PREPARE
from kerasgen.registry import NOBODY, Trust
from kerasgen.run.samples import model_inputs, outputs_by_name
from kerasgen.runtime.arrays_of_rows import rows_as_columns
from kerasgen.runtime.category_steps import as_words
from kerasgen.session.recorded import open_run
from kerasgen.verbs.finished_run import load_run_model


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model says of one output.

    Attributes:
        output: its name; empty where the model has one.
        predicted: class names, numbers, or lists of labels, one a row.
        scores: probability of each class, `(rows, classes)`; None where there are no classes.
        class_names: the names of the classes, in the order of the scores.
    """

    output: str
    predicted: Array
    scores: Array | None = None
    class_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedRun:
    """A run with its model.

    Attributes:
        compiled: its program.
        schema: the columns of its data.
        fitted: what its preparation has learned.
        model: the trained model.
        started: the engine that it was trained with.
    """

    compiled: CompiledProgram
    schema: Schema
    fitted: FittedPreparation
    model: Model
    started: StartedEngine

    def predict(self, rows: Any) -> dict[str, Array]:
        """Answers for some rows.

        Args:
            rows: columns by name, a list of mappings, a data frame of pandas or Polars, or a NumPy
                array for a model of a single column.

        Returns:
            `predicted` and `probability`, or `predicted_OUTPUT` and so on for several outputs.

        Raises:
            CompileError: a column is not there, or a row cannot be prepared.
        """
        return answer_columns(self.answers(rows_as_columns(rows, self.needed)))

    @property
    def data(self) -> DataDef:
        """The data group."""
        return self.compiled.program.data

    @property
    def kept(self) -> KeptPreparation:
        """What its preparation has learned, ready to be applied."""
        return KeptPreparation(
            fitted=self.fitted, schema=self.schema, definition=self.data, started=self.started
        )

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns without which there is no answer."""
        made = {entry.name for entry in column_steps(self.data)}
        waiting = [name for names in self.schema.features.values() for name in names]
        takes = {entry.name: taken_columns(entry) for entry in column_steps(self.data)}
        found: dict[str, None] = {}
        while waiting:
            name = waiting.pop(0)
            if name in made and takes[name] != (name,):
                waiting += takes[name]
            else:
                found[name] = None
        known = [name for name in self.schema.columns if name in found]
        return tuple(dict.fromkeys([*known, *found]))

    def answers(self, columns: Mapping[str, Array], batch_size: int | None = None) -> list[Answer]:
        """Answers for columns, one answer for each output.

        Args:
            columns: the columns of the source by name, rows first.
            batch_size: rows that go through the model at once, None for that of the training.

        Raises:
            CompileError: KG504, a column is not there; KG506, a row cannot be prepared.
        """
        sink = Sink()
        for name in self.needed:
            if name not in columns:
                sink.report(
                    "KG504",
                    f"the rows have no column `{name}`",
                    key="data.features",
                    help=did_you_mean(name, list(columns), listed=40),
                )
        sink.stop_on_errors()
        if not len(columns[self.needed[0]]):
            raise sink.fail("KG503", "there are no rows to answer for", key="data.source")
        used = {name: self._typed(name, columns[name], sink) for name in self.needed}
        sink.stop_on_errors()
        try:
            x = apply_fitted(self.kept, used)
        except ShapeError as error:
            raise sink.fail("KG506", str(error), key="data.prepare") from error
        _check_finite(x, used, sink)
        size = batch_size or self.compiled.program.fit.batch_size
        outcome = self.model.predict(model_inputs(self.compiled, x), size)
        found = outputs_by_name(outcome, self.compiled)
        several = len(self.compiled.outputs) > 1
        return [
            self._answer(output, found[output.name], output.name if several else "")
            for output in self.compiled.outputs
        ]

    def _typed(self, name: str, values: Array, sink: Sink) -> Array:
        """A column in the form in which it was trained on; reports numbers that are none."""
        known = self.schema.columns.get(name)
        values = stripped(values, self.data.columns.get(name))
        if known is None or known.dtype in (None, "text"):
            if values.dtype.kind == "b":
                return np.where(values, "true", "false")
            return as_words(values)
        if values.dtype.kind == "U":
            values = _numbers(name, values, sink)
        return values.astype(known.dtype) if values.dtype.kind in "iub" else values

    def _answer(self, output: OutputSpec, values: Array, title: str) -> Answer:
        names = _class_names(output, self.data)
        if output.task == "classification" and values.ndim == 2:
            scores = _chances(values, output, self.compiled)
            chosen = np.asarray(names or range(scores.shape[1]), dtype="str")
            return Answer(
                output=title,
                predicted=chosen[scores.argmax(axis=1)],
                scores=scores,
                class_names=tuple(chosen.tolist()),
            )
        single = values.ndim == 2 and values.shape[1] == 1
        return Answer(output=title, predicted=values[:, 0] if single else values)


def load_run(folder: Path | str, trust: Trust = NOBODY) -> TrainedRun:
    """Opens a finished run, to ask its model.

    Args:
        folder: the folder of the run.
        trust: modules whose parts its config or its model may hold.

    Raises:
        CompileError: KG606 or a code of its own, the run has no model, or cannot be read.
    """
    place = Path(folder)
    session = open_run(place, trust)
    model = load_run_model(place, trust)
    try:
        schema = read_columns(place / PREPARE)
        fitted = read_fitted(place / PREPARE)
    except ForeignFileError as error:
        hint = "runs made by earlier versions kept nothing of it; train again to ask for new rows"
        raise Sink().fail_file("KG606", place / PREPARE, error, help=hint) from error
    except (OSError, ValueError) as error:
        raise Sink().fail("KG606", f"`{place / PREPARE}` cannot be read: {error}") from error
    return TrainedRun(
        compiled=session.compiled.program,
        schema=schema,
        fitted=fitted,
        model=model,
        started=session.engine,
    )


def answer_columns(
    answers: Sequence[Answer], *, top: int = 1, scores: bool = False
) -> dict[str, Array]:
    """Answers as columns.

    Args:
        answers: the answers.
        top: how many classes are named, the likeliest first.
        scores: whether each class has a column of its probability.

    Returns:
        `predicted` and `probability` (`predicted_2`, … for further classes), behind `_OUTPUT`
        where there are several outputs.
    """
    columns: dict[str, Array] = {}
    for answer in answers:
        end = f"_{answer.output}" if answer.output else ""
        if answer.scores is None:
            columns |= _value_columns(answer.predicted, end)
            continue
        names = np.asarray(answer.class_names, dtype="str")
        order = np.argsort(-answer.scores, axis=1, kind="stable")
        for place in range(min(top, len(names))):
            more = f"_{place + 1}" if place else ""
            columns[f"predicted{end}{more}"] = names[order[:, place]]
            chance = np.take_along_axis(answer.scores, order[:, place : place + 1], axis=1)
            columns[f"probability{end}{more}"] = chance[:, 0]
        if scores:
            columns |= {
                f"score{end}_{name}": answer.scores[:, index] for index, name in enumerate(names)
            }
    return columns


def _value_columns(values: Array, end: str) -> dict[str, Array]:
    flat = values.reshape(len(values), -1)
    if flat.shape[1] == 1:
        return {f"predicted{end}": flat[:, 0]}
    return {f"predicted{end}_{index}": flat[:, index] for index in range(flat.shape[1])}


def _numbers(name: str, words: Array, sink: Sink) -> Array:
    """Words as numbers; reports the first that is none."""
    found = np.full(len(words), np.nan, dtype="float32")
    for row, word in enumerate(words.tolist()):
        try:
            found[row] = float(word) if word else np.nan
        except ValueError:
            sink.report(
                "KG509",
                f'the column `{name}` holds "{word[:40]}" in row {row + 1}, expected a number',
                key="data.features",
            )
            break
    return found


def _check_finite(x: Mapping[str, Array], columns: Mapping[str, Array], sink: Sink) -> None:
    """Refuses rows that the preparation leaves without a number: there is no answer for them.

    Raises:
        CompileError: KG506, there is one.
    """
    for values in x.values():
        if values.dtype.kind != "f":
            continue
        wrong = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
        if not wrong.size:
            continue
        row = int(wrong[0])
        odd = [
            name
            for name, column in columns.items()
            if column.dtype.kind == "f" and not np.isfinite(column[row]).all()
        ]
        named = ", ".join(f"`{name}`" for name in odd) or "a column"
        raise sink.fail(
            "KG506",
            f"{named} has no finite value in row {row + 1}, and the training had none without one",
            key="data.features",
            help="train with `missing` for that column under `data.columns`, or leave the row out",
        )


def _class_names(output: OutputSpec, data: DataDef) -> tuple[str, ...] | None:
    known: Any = data.facts.get("class_names")
    if isinstance(known, Mapping):
        known = known.get(output.name, known.get(""))
    return tuple(map(str, known)) if isinstance(known, tuple) else None


def _chances(values: Array, output: OutputSpec, compiled: CompiledProgram) -> Array:
    """The probability of each class, whatever the last layer gives."""
    plain = values.astype("float64")
    logits = last_activation(output, compiled.graph) == "linear"
    if plain.shape[1] == 1:
        chance = 1 / (1 + np.exp(-plain)) if logits else plain
        return np.concatenate([1 - chance, chance], axis=1)
    if not logits:
        return plain
    grown = np.exp(plain - plain.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))
