"""What the data says of the two ends of a model that is written by it: its inputs and its outputs.

This room owns that knowledge, by which `passes.automatic.model_layers` writes layers.

Decisions:
- An input is told by the rank of its rows, unless `prepare: auto` has made it and knows better.
- Mean and deviation of a target are those of the training rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasgen.data.own_steps import is_own
from kerasgen.data.table import Array
from kerasgen.ir.data import ColumnDef, WindowsDef
from kerasgen.ir.model import Entry
from kerasgen.ir.values import ObjectDef, Shape
from kerasgen.passes.automatic.forecaster import series_kinds
from kerasgen.passes.columns import column_steps, source_column, taken_columns
from kerasgen.passes.known_ahead import window_rows
from kerasgen.passes.step_shapes import own_shape

if TYPE_CHECKING:
    from kerasgen.data.opened import OpenedData

RARE = 0.25
"""Share of a class below which accuracy alone says little of it."""

_KINDS = {1: "numbers", 2: "sequence", 3: "image"}
"""Axes of a row to what such an input is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEnds:
    """What a model takes and gives.

    Attributes:
        inputs: model input to what it is, as `model_layers.write_model` takes it.
        outputs: output to what is learned there.
    """

    inputs: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Mapping[str, Any]]


def model_ends(opened: OpenedData) -> ModelEnds:
    """What a model takes and gives, by what the opened data is.

    Args:
        opened: the data, with nothing left open.
    """
    shapes, features = opened.facts.get("shape"), opened.schema.features
    by_name = shapes if isinstance(shapes, Mapping) else dict.fromkeys(features, shapes)
    inputs: dict[str, Mapping[str, Any]] = {
        name: {"kind": _KINDS.get(len(shape), "numbers")}
        for name, shape in by_name.items()
        if shape is not None
    }
    windows = opened.definition.windows
    if windows is not None:
        inputs = dict(series_kinds(inputs, windows, window_rows(opened.definition, features)))
    outputs = {
        output: _output(opened, column, opened.definition.task.get(output, ""))
        for output, column in opened.definition.target.items()
    }
    return ModelEnds(inputs={**inputs, **opened.facts.get("inputs", {})}, outputs=outputs)


def _output(opened: OpenedData, column: str, task: str) -> dict[str, Any]:
    """What is learned of a target: `task`, `units`, and for numbers `mean` and `deviation`."""
    if opened.definition.windows is not None:
        return _forecast(opened, column, opened.definition.windows)
    definition, training = opened.definition, opened.parts.training
    found: dict[str, Any] = {"task": task}
    class_names = opened.schema.class_names
    made = {entry.name for entry in column_steps(definition)}
    several = definition.joined.get(column)
    if column in class_names:
        found["units"] = len(class_names[column])
        return found | _rarest(opened.columns[column][training], found["units"])
    names = several or (column,)
    if any(name not in opened.columns for name in names):
        return found
    values = [opened.columns[name][training] for name in names]
    found["units"] = len(names) if several else _numbers_a_row(values[0])
    known = not any(name in made or v.dtype.kind not in "iuf" for name, v in _each(names, values))
    if task == "regression" and known:
        said = {definition.columns.get(name, ColumnDef()).scale for name in names}
        found |= _scales(values, log=said == {"log"}, single=not several)
    return found


def _each(names: Sequence[str], values: Sequence[Array]) -> Iterable[tuple[str, Array]]:
    return zip(names, values, strict=True)


def _numbers_a_row(values: Array) -> int:
    return int(values.shape[-1]) if values.ndim > 1 else 1


def _scales(values: Sequence[Array], *, log: bool, single: bool) -> dict[str, Any]:
    """Mean and deviation of numbers, or of their logarithms where none is negative."""
    grown = log and all(bool((column >= 0).all()) for column in values)
    plain = [column.astype("float64") for column in values]
    plain = [np.log1p(column) for column in plain] if grown else plain
    means = [float(column.mean()) for column in plain]
    deviations = [float(column.std()) or 1.0 for column in plain]
    scales = (means[0], deviations[0]) if single else (means, deviations)
    found: dict[str, Any] = {"mean": scales[0], "deviation": scales[1]}
    return found | ({"log": True} if grown else {})


def _rarest(indices: Array, classes: int) -> dict[str, Any]:
    """The share of the second of two classes, where it is rare."""
    if classes != 2 or indices.ndim != 1 or not len(indices):
        return {}
    share = float(np.mean(indices == 1))
    return {"rarest": share} if 0 < share < RARE else {}


def _forecast(opened: OpenedData, column: str, windows: WindowsDef) -> dict[str, Any]:
    """What is forecast of a target, as `forecaster.write_forecaster` takes it."""
    definition = opened.definition
    several = definition.joined.get(column)
    found: dict[str, Any] = {"task": definition.task.get("", ""), "horizon": windows.horizon}
    if several is not None:
        found["targets"] = len(several)
    names = several or (column,)
    made = {entry.name for entry in column_steps(definition)}
    if any(name in made or name not in opened.columns for name in names):
        return found
    values = np.stack([opened.columns[name] for name in names], axis=-1).astype("float64")
    training = values[opened.parts.training]
    said = [definition.columns.get(name, ColumnDef()).scale for name in names]
    found["log"] = set(said) == {"log"} and bool((training >= 0).all())
    training = np.log1p(training) if found["log"] else training
    mean, deviation = training.mean(axis=0), training.std(axis=0)
    deviation[deviation == 0] = 1.0
    found["mean"] = mean.tolist() if several is not None else float(mean[0])
    found["deviation"] = deviation.tolist() if several is not None else float(deviation[0])
    if (past := _past_of(opened, names)) is not None:
        found["past"] = {**past, "step": windows.length - 1}
    return found


def _past_of(opened: OpenedData, names: Sequence[str]) -> dict[str, Any] | None:
    """The input in which the past of targets stands, scaled as they are, and their places in it.

    None where one of them does not go in, or is scaled in another way.
    """
    steps = {entry.name: entry for entry in column_steps(opened.definition)}
    for title, columns in opened.schema.features.items():
        places: dict[str, int] = {}
        place = 0
        for column in columns:
            entry, width = steps.get(column), _width(column, steps, opened)
            if width is None:
                break
            made = entry.definition if entry is not None else None
            if isinstance(made, ObjectDef) and made.cls == "Normalization":
                places[source_column(column, opened.definition)] = place
            place += width
        said = [opened.definition.columns.get(name, ColumnDef()) for name in names]
        plain = all(one.scale in (None, "standard", "log") for one in said)
        if (
            plain
            and len({one.scale or "standard" for one in said}) == 1
            and set(names) <= {*places}
        ):
            return {"input": title, "places": [places[name] for name in names]}
    return None


def _width(column: str, steps: Mapping[str, Entry], opened: OpenedData) -> int | None:
    """How many numbers of a row a column has; None where that is not known."""
    entry = steps.get(column)
    if entry is None:
        shape: Shape | None = opened.columns[column].shape[1:] if column in opened.columns else None
    else:
        made, taken = entry.definition, taken_columns(entry)
        if not isinstance(made, ObjectDef) or len(taken) != 1:
            return None
        inside = _width(taken[0], steps, opened)
        if made.cls in ("Normalization", "Rescaling"):
            return inside
        known = is_own(made) and inside is not None
        shape = own_shape(made, [() if inside == 1 else (inside,)]) if known else None
    if shape is None or None in shape or len(shape) > 1:
        return None
    return shape[0] if shape else 1
