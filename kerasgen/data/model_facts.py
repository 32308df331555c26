"""What the data says of the two ends of a model that is written by it: its inputs and its outputs.

This room owns that knowledge, by which `passes.automatic_model` writes layers.

Decisions:
- An input is told by the rank of its rows, unless `prepare: auto` has made it and knows better.
- Mean and deviation of a target are those of the training rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasgen.data.table import Array
from kerasgen.ir.data import DataDef
from kerasgen.passes.columns import column_steps

_KINDS = {1: "numbers", 2: "sequence", 3: "image"}
"""Axes of a row to what such an input is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEnds:
    """What a model takes and gives.

    Attributes:
        inputs: model input to what it is, as `automatic_model.write_model` takes it.
        outputs: output to what is learned there.
    """

    inputs: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Mapping[str, Any]]


def input_facts(
    shapes: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Model input to what it is.

    Args:
        shapes: model input to the shape of its rows before `data.prepare`, None where not known.
        known: what `prepare: auto` knows of the inputs that it has made.
    """
    facts = {
        name: {"kind": _KINDS.get(len(shape), "numbers")}
        for name, shape in shapes.items()
        if shape is not None
    }
    return {**facts, **{name: dict(found) for name, found in known.items()}}


def output_facts(
    definition: DataDef,
    columns: Mapping[str, Array],
    class_names: Mapping[str, tuple[str, ...]],
    training: Array,
) -> dict[str, dict[str, Any]]:
    """Output to what is learned there: `task`, `units`, and for numbers `mean` and `deviation`.

    Args:
        definition: the data group, settled.
        columns: the columns, labels as class indices.
        class_names: label column to the names of its classes.
        training: the rows of the training part.
    """
    made = {entry.name for entry in column_steps(definition)}
    facts: dict[str, dict[str, Any]] = {}
    for output, column in definition.target.items():
        task = definition.task.get(output, "")
        found: dict[str, Any] = {"task": task}
        if column in class_names:
            found["units"] = len(class_names[column])
        elif column in columns:
            values = columns[column][training]
            found["units"] = int(values.shape[-1]) if values.ndim > 1 else 1
            if column not in made and values.dtype.kind in "iuf":
                found["mean"] = float(np.mean(values, dtype="float64"))
                found["deviation"] = float(np.std(values, dtype="float64")) or 1.0
        facts[output] = found
    return facts
