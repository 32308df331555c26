"""What a run has predicted for its test part, beside the truth, an outcome for each output.

This room owns what an archive of predictions must be to be believed: arrays of numbers that fit one
another and what the record says of the outputs. How an outcome is told stands beside it.

Decisions:
- A run of folds has predicted each row once, by the model of one of them: its outcome is theirs,
  one behind the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kerasgen.foreign.numpy_data import read_npz
from kerasgen.foreign.regular_files import ForeignFileError, is_there
from kerasgen.ir.training import Array
from kerasgen.record.file_names import PREDICTIONS
from kerasgen.record.read import prediction_names, require_written
from kerasgen.run.page.material import Material
from kerasgen.run.page.wording import word

MOST_OUTPUTS = 8
"""Outputs of which is told."""

MOST_BYTES = 512 * 2**20
"""Bytes of an archive of predictions, above which it is not read."""

MOST_NAMES = 2_000
"""Classes whose names are read."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What a model said of the test part for one of its outputs.

    Attributes:
        name: the output.
        title: what is added to titles, where there are several outputs.
        coding: how its target is to be read; see `passes.label_form`.
        predicted: what it said, rows first.
        true: what it should have said.
        rows: the row numbers in the source, of a forecast those of each window; None if unknown.
        classes: the names of its classes; empty where it has none.
        target: the column that is predicted; empty if unknown.
    """

    name: str
    title: str
    coding: str
    predicted: Array
    true: Array
    rows: Array | None
    classes: tuple[str, ...]
    target: str


def read_outcomes(material: Material, folds: Sequence[Material]) -> tuple[list[Outcome], str]:
    """The outcomes of a run.

    Args:
        material: the run.
        folds: its folds, empty for a single run.

    Returns:
        The outcomes, and what is left out of them, in words; empty for nothing.
    """
    sources = list(folds) or [material]
    if not any(is_there(source.run.folder / PREDICTIONS) for source in sources):
        return [], ""
    try:
        read = [_read(source) for source in sources]
    except ForeignFileError as error:
        return [], f"`{PREDICTIONS}` {error.reason}"
    names = list(read[0])
    try:
        return [_joined([outcomes[name] for outcomes in read]) for name in names], ""
    except (KeyError, ValueError):
        return [], "the predictions of the folds do not fit one another"


def _read(material: Material) -> dict[str, Outcome]:
    folder = material.run.folder
    require_written(folder, PREDICTIONS, material.fields)
    size = (folder / PREDICTIONS).lstat().st_size
    if size > MOST_BYTES:
        raise ForeignFileError(f"is of {size:,} bytes, expected at most {MOST_BYTES:,}")
    names = prediction_names(folder)
    labels = material.group("objective").get("labels")
    told = labels if isinstance(labels, Mapping) else {}
    outputs = [str(name) for name in told] or ["predicted"]
    found = {}
    for output in outputs[:MOST_OUTPUTS]:
        suffix = f"_{output}" if len(outputs) > 1 else ""
        wanted = (f"predicted{suffix}", f"true{suffix}")
        if any(name not in names for name in wanted):
            raise ForeignFileError(f"holds no `{word(wanted[0])}` and `{word(wanted[1])}`")
        rows = ("rows",) if "rows" in names else ()
        arrays = read_npz(folder / PREDICTIONS, (*wanted, *rows), within=folder)
        form = told.get(output)
        coding = form.get("coding") if isinstance(form, Mapping) else None
        predicted, true = (arrays[name] for name in wanted)
        found[output] = _outcome(
            output,
            f" of `{word(output)}`" if suffix else "",
            _coding(coding, predicted, true),
            (predicted, true, arrays.get("rows")),
            material,
        )
    return found


def _outcome(
    name: str,
    title: str,
    coding: str,
    arrays: tuple[Array, Array, Array | None],
    material: Material,
) -> Outcome:
    predicted, true, rows = arrays
    if predicted.dtype.kind not in "fiu" or true.dtype.kind not in "fiub" or not predicted.ndim:
        raise ForeignFileError("holds no numbers, expected those of a model")
    if not true.ndim or len(true) != len(predicted) or not predicted.size:
        raise ForeignFileError("holds predictions that do not fit the true values")
    if rows is not None and (rows.dtype.kind not in "iu" or len(rows) != len(predicted)):
        rows = None
    schema = material.schema
    target = "" if schema is None else schema.target.get(name, schema.target.get("", ""))
    column = None if schema is None else schema.columns.get(target)
    known = () if column is None or column.vocabulary is None else column.vocabulary
    classes: tuple[str, ...] = ()
    if coding == "amounts":
        if true.size != predicted.size:
            raise ForeignFileError("holds predictions that do not fit the true values")
        true = true.reshape(predicted.shape)
    else:
        predicted, true = _labels(coding, predicted, true)
        count = max(2, predicted.shape[-1])
        classes = tuple(word(label) for label in known[:MOST_NAMES])
        if len(classes) != count:
            classes = tuple(map(str, range(count)))
    return Outcome(
        name=name,
        title=title,
        coding=coding,
        predicted=predicted,
        true=true,
        rows=rows,
        classes=classes,
        target=target,
    )


def _labels(coding: str, predicted: Array, true: Array) -> tuple[Array, Array]:
    """Scores with an axis of classes, and labels in the form that the coding tells."""
    if predicted.ndim == 1:
        predicted = predicted[:, np.newaxis]
    if coding == "multi_hot":
        if true.shape != predicted.shape:
            raise ForeignFileError("holds predictions that do not fit the true values")
        return predicted, true != 0
    if true.shape == predicted.shape and true.shape[-1] > 1:
        true = true.argmax(axis=-1)
    places = predicted.shape[:-1]
    if true.size != int(np.prod(places)):
        raise ForeignFileError("holds predictions that do not fit the true values")
    return predicted, true.reshape(places).astype("int64")


def _coding(told: object, predicted: Array, true: Array) -> str:
    """How a target is to be read; a record of before that was told leaves it to the arrays."""
    if told in ("indices", "one_hot", "multi_hot", "binary", "amounts"):
        return str(told)
    whole = true.dtype.kind in "iub" and true.size and int(true.min()) >= 0
    if not whole or predicted.dtype.kind != "f" or predicted.ndim < 2:
        return "amounts"
    if predicted.shape[-1] == 1:
        return "binary" if int(true.max()) <= 1 else "amounts"
    return "indices" if true.ndim == predicted.ndim - 1 else "amounts"


def _joined(outcomes: Sequence[Outcome]) -> Outcome:
    first = outcomes[0]
    if len(outcomes) == 1:
        return first
    rows = [outcome.rows for outcome in outcomes]
    return Outcome(
        name=first.name,
        title=first.title,
        coding=first.coding,
        predicted=np.concatenate([outcome.predicted for outcome in outcomes]),
        true=np.concatenate([outcome.true for outcome in outcomes]),
        rows=None
        if any(each is None for each in rows)
        else np.concatenate([each for each in rows if each is not None]),
        classes=first.classes,
        target=first.target,
    )
