"""What a model says, as columns of an answer: class names, chances, numbers.

This room owns how the outputs of a model become answers in their own words, and what the columns of
an answer are called.

Decisions:
- Several labels a row are those whose chance is one half or more, with the separator of their
  column between them.
- A model that gives a class for each place of a row names them place by place. Pixels have the
  numbers that their masks have.
- What has more axes than places is one value a row: a column for each pixel helps nobody.
- Several numbers a row are called as the columns of their target.
- Where a column of the run has the name of one of the answer, all of these get others.
- Chances are told in the floats that the model computes in: further digits say nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasgen.ir.data import DataDef
from kerasgen.passes.compiled import CompiledProgram
from kerasgen.passes.ends import OutputSpec
from kerasgen.passes.objective import last_activation
from kerasgen.runtime.values import Array

PROBLEM = "problem"
"""The column that says why a row has no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model says of one output.

    Attributes:
        output: its name; empty where the model has one.
        predicted: class names, numbers, or labels, one a row.
        scores: probability of each class, `(rows, classes)`; None where there are no classes.
        class_names: the names of the classes, in the order of the scores.
        several: whether a row may have several of them.
        targets: the columns that a row of several numbers answers for; empty where they have no
            names.
        floats: the dtype in which scores are told.
    """

    output: str
    predicted: Array
    scores: Array | None = None
    class_names: tuple[str, ...] = ()
    several: bool = False
    targets: tuple[str, ...] = ()
    floats: str = "float32"


def answer_of(
    output: OutputSpec,
    values: Array,
    compiled: CompiledProgram,
    names: tuple[str, ...],
    *,
    title: str,
) -> Answer:
    """What a model says of an output.

    Args:
        output: the output.
        values: what the model gave, rows first.
        compiled: its program.
        names: the names of its classes, empty where none are known.
        title: what the answer is called.
    """
    logits = last_activation(output, compiled.graph) == "linear"
    floats = "float64" if values.dtype == np.float64 else "float32"
    if output.task == "multilabel" and values.ndim == 2:
        chances = _sigmoid(values) if logits else values.astype("float64")
        known = _all_named(names, values.shape[1])
        between = _separator(output, compiled.program.data)
        labels = [between.join(known[row].tolist()) for row in chances >= 0.5]
        return Answer(
            output=title,
            predicted=np.asarray(labels, dtype="str"),
            scores=chances,
            class_names=tuple(known.tolist()),
            several=True,
            floats=floats,
        )
    if output.task != "classification" or values.ndim < 2:
        single = values.ndim == 2 and values.shape[1] == 1
        data = compiled.program.data
        return Answer(
            output=title,
            predicted=values[:, 0] if single else values,
            targets=data.joined.get(_target(output, data), ()),
        )
    if values.ndim > 3:
        known = _all_named(names, max(2, values.shape[-1]))
        return Answer(output=title, predicted=_pixel_classes(values, known, logits=logits))
    scores = _chances(values, logits=logits)
    chosen = _all_named(names, scores.shape[-1])
    return Answer(
        output=title,
        predicted=chosen[scores.argmax(axis=-1)],
        scores=scores if values.ndim == 2 else None,
        class_names=tuple(chosen.tolist()),
        floats=floats,
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
        where there are several outputs; `predicted_COLUMN` for several numbers of a row.
    """
    columns: dict[str, Array] = {}
    for answer in answers:
        end = f"_{answer.output}" if answer.output else ""
        if answer.scores is None:
            columns |= _value_columns(answer.predicted, end, answer.targets)
            continue
        names = np.asarray(answer.class_names, dtype="str")
        if answer.several:
            columns[f"predicted{end}"] = answer.predicted
        else:
            columns |= _likeliest(answer, names, end, top)
        if scores:
            told = answer.scores.astype(answer.floats)
            columns |= {f"score{end}_{name}": told[:, index] for index, name in enumerate(names)}
    return columns


def is_nested(shape: Sequence[int | None]) -> bool:
    """Whether values of a shape, rows first, are one value a row instead of a column for each."""
    return len(shape) > 3 or (len(shape) == 3 and shape[-1] != 1)


def nested_outputs(compiled: CompiledProgram) -> tuple[tuple[OutputSpec, ...], bool]:
    """The outputs of which an answer is one nested value, and whether these are masks.

    A forecast has rows of its own, and columns for what it forecasts.
    """
    if compiled.program.data.windows is not None:
        return (), False
    found = tuple(
        output
        for output in compiled.outputs
        if is_nested(output.spec.shape[:-1] if _at_places(output) else output.spec.shape)
    )
    return found, bool(found) and all(map(_at_places, found))


def _at_places(output: OutputSpec) -> bool:
    return output.task == "classification" and len(output.spec.shape) > 2


def named_apart(columns: Mapping[str, Array], taken: Collection[str]) -> dict[str, Array]:
    """Columns of an answer under names that the run's own columns do not have.

    Args:
        columns: the columns of the answer.
        taken: the names of the run's columns.
    """
    start = ""
    while any(start + name in taken for name in columns):
        start += "answer_"
    return {start + name: values for name, values in columns.items()}


def placed(
    columns: Mapping[str, Array], rows: int, answered: Array, problems: Mapping[int, str]
) -> dict[str, Array]:
    """Answers where their rows are, None for the others, and a column that says why.

    Args:
        columns: the columns of the answer, for the rows that have one.
        rows: how many rows there are.
        answered: the numbers of those that have an answer.
        problems: row to why it has none.
    """
    found: dict[str, Array] = {}
    for name, values in columns.items():
        whole = np.full(rows, None, dtype=object)
        if values.ndim > 1:
            for row, value in zip(answered.tolist(), values, strict=True):
                whole[row] = value
        elif values.dtype.kind == "f":
            whole = np.full(rows, np.nan, dtype=values.dtype)
            whole[answered] = values
        else:
            whole[answered] = values
        found[name] = whole
    told = np.full(rows, None, dtype=object)
    for row, problem in problems.items():
        told[row] = problem
    return {**found, PROBLEM: told}


def without_meaning(
    outputs: Sequence[OutputSpec], *, top: int, scores: bool, bad: str | None
) -> tuple[str, str] | None:
    """What is asked of a model that has no such answers: the option, and why it has none.

    Args:
        outputs: its outputs.
        top: how many classes are to be named.
        scores: whether each class is to have a column of its probability.
        bad: what is to become of rows without an answer.
    """
    tasks = {output.task for output in outputs}
    flat = {output.task for output in outputs if len(output.spec.shape) == 2}
    if tasks == {"forecasting"} and bad == "column":
        return "bad", "a forecast has rows of its own, not those that are asked"
    if scores and not flat & {"classification", "multilabel"}:
        return "scores", f"the run answers with {_kinds(tasks)}"
    if top > 1 and "classification" not in flat:
        if "multilabel" in flat:
            return "top", "the run tells all labels of a row, and `scores` the chance of each"
        return "top", f"the run answers with {_kinds(tasks)}"
    return None


def _kinds(tasks: Collection[str]) -> str:
    if "forecasting" in tasks:
        return "a forecast, which has no classes"
    if "classification" in tasks:
        return "a class for each place of a row"
    return "numbers, which have no classes"


def class_names_of(
    output: OutputSpec, data: DataDef, kept: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """The names of the classes of an output, empty where it has none or they are not known.

    Args:
        output: the output.
        data: the data group, whose facts may name them.
        kept: output to the names that the data had in the training: a config that declares how
            many classes there are need not name them.
    """
    declared: Any = data.facts.get("class_names")
    if isinstance(declared, Mapping):
        declared = declared.get(output.name, declared.get(""))
    if isinstance(declared, tuple):
        return tuple(map(str, declared))
    return kept.get(output.name, kept.get("", ()))


def _all_named(names: tuple[str, ...], classes: int) -> Array:
    """A name for each score of a model; one beyond the classes of the data is named by its number.

    A model may have more scores than its data has classes.
    """
    found = [*names[:classes], *map(str, range(len(names), classes))]
    return np.asarray(found, dtype="str")


def _likeliest(answer: Answer, names: Array, end: str, top: int) -> dict[str, Array]:
    scores = answer.scores
    assert scores is not None
    columns = {}
    order = np.argsort(-scores, axis=1, kind="stable")
    for place in range(min(top, len(names))):
        more = f"_{place + 1}" if place else ""
        columns[f"predicted{end}{more}"] = names[order[:, place]]
        chance = np.take_along_axis(scores, order[:, place : place + 1], axis=1)
        columns[f"probability{end}{more}"] = chance[:, 0].astype(answer.floats)
    return columns


def _value_columns(values: Array, end: str, targets: tuple[str, ...]) -> dict[str, Array]:
    if is_nested(values.shape):
        return {f"predicted{end}": values}
    flat = values.reshape(len(values), -1)
    if flat.shape[1] == 1:
        return {f"predicted{end}": flat[:, 0]}
    named = len(targets) == flat.shape[1]
    titles = targets if named else tuple(map(str, range(flat.shape[1])))
    return {f"predicted{end}_{name}": flat[:, index] for index, name in enumerate(titles)}


def _pixel_classes(values: Array, names: Array, *, logits: bool) -> Array:
    """The class of each pixel: the number that a mask has for it."""
    if values.shape[-1] == 1:
        chosen = (values[..., 0] > (0 if logits else 0.5)).astype("int64")
    else:
        chosen = values.argmax(axis=-1)
    numbers = np.arange(len(names))
    if all(name.isdecimal() for name in names.tolist()):
        numbers = names.astype("int64")
    return np.asarray(numbers.astype("uint8" if numbers.max() < 256 else "int32")[chosen])


def _target(output: OutputSpec, data: DataDef) -> str:
    """The column that an output is trained on, empty for none."""
    return data.target.get(output.name) or data.target.get("") or ""


def _separator(output: OutputSpec, data: DataDef) -> str:
    """What stands between the labels of a row, as in the cells of their column."""
    said = data.columns.get(_target(output, data))
    return " " if said is None or said.type != "labels" else said.separator or ","


def _chances(values: Array, *, logits: bool) -> Array:
    """The probability of each class, whatever the last layer gives."""
    if values.shape[-1] == 1:
        chance = _sigmoid(values) if logits else values.astype("float64")
        return np.concatenate([1 - chance, chance], axis=-1)
    plain = values.astype("float64")
    if not logits:
        return plain
    grown = np.exp(plain - plain.max(axis=-1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=-1, keepdims=True))


def _sigmoid(values: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-values.astype("float64"))))
