"""What preparing gives: the arrays of each part, of a forecast as windows over rows.

This room owns the form of prepared data. How it comes about stands in `preparation`.

Decisions:
- The steps of a forecast work on rows as all others do; windows are views over what they made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kerasgen.data.fitted_preparation import FittedPreparation
from kerasgen.data.split import PartRows
from kerasgen.data.table import Array
from kerasgen.ir.data import DataDef
from kerasgen.passes.known_ahead import window_rows
from kerasgen.runtime.columns import as_targets
from kerasgen.runtime.series import windows

EVERY = "series"
"""What stands for the rows of all parts, over which windows look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPart:
    """The arrays of one part, rows first.

    Attributes:
        x: input name to array.
        y: output name to array; the name is empty for one unnamed target.
    """

    x: Mapping[str, Array]
    y: Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedData:
    """The arrays of all parts; None for a part that was not asked for.

    Attributes:
        training: what the model is fitted on, as the steps were.
        validation: what each epoch is measured on.
        test: what the trained model is measured on.
        fitted: what the steps have learned of the training part.
        rows: for a forecast, the rows of all parts, over which their windows look.
    """

    training: PreparedPart
    validation: PreparedPart | None
    test: PreparedPart | None
    fitted: FittedPreparation
    rows: PreparedPart | None = None


def rows_to_prepare(parts: PartRows, definition: DataDef, samples: int) -> dict[str, Array]:
    """The parts that there are, and their rows; for a forecast those of training, and all."""
    if definition.windows is not None:
        return {"training": parts.training, EVERY: np.arange(samples)}
    rows = {"training": parts.training, "validation": parts.validation, "test": parts.test}
    return {part: index for part, index in rows.items() if index is not None}


def in_windows(rows: PreparedPart, parts: PartRows, definition: DataDef) -> dict[str, PreparedPart]:
    """The windows of each part: what goes in, and the rows behind it, which are forecast.

    Args:
        rows: all rows.
        parts: the first row of each window, by part.
        definition: the data group, a forecast.
    """
    form, starts = definition.windows, parts.starts
    sizes = window_rows(definition, {name: definition.features[name] for name in rows.x})
    assert form is not None
    assert starts is not None
    return {
        part: PreparedPart(
            x={name: windows(values, begins, sizes[name]) for name, values in rows.x.items()},
            y={
                output: windows(as_targets(values), begins + form.length, form.horizon)
                for output, values in rows.y.items()
            },
        )
        for part, begins in starts.items()
    }
