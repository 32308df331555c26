"""Forecasts beside what needs no model: the last value known, and that of a season ago.

This room owns the naive forecasts of the windows of a part, their errors, and the error by which
others are scaled. It takes rows in order, and must not know how a model is measured or drawn.

Decisions:
- A naive forecast sees what the model sees: the rows of the series before the horizon. That of a
  season ago may reach further back than the window does.
- The mean absolute scaled error (Hyndman and Koehler 2006) divides by the mean absolute error with
  which the training rows follow from those a season before; from the row before, where no season is
  known. Series and targets are taken together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from kerasgen.data.prepared_parts import PreparedPart
from kerasgen.data.split import PartRows
from kerasgen.data.times import spacing_of
from kerasgen.diagnostics import Sink, SourceMap
from kerasgen.diagnostics.diagnostic import Diagnostic
from kerasgen.ir.data import DataDef, WindowsDef
from kerasgen.ir.training import Array
from kerasgen.runtime.series import series_ends

ABSOLUTE, SQUARED = "mean_absolute_error", "root_mean_squared_error"
"""The errors of a forecast, as Keras calls these metrics."""

Baselines: TypeAlias = dict[str, dict[str, dict[str, float]]]
"""Part of the data to baseline to metric to number."""

SCALED = "mean_absolute_scaled_error"
"""The absolute error beside that of a naive forecast of the training rows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriesRows:
    """The rows of what is forecast.

    Attributes:
        times: their times, in order, series by series.
        ends: the row behind the last one of each series.
        names: the names of the series; one empty name for a single one.
        targets: output to what is forecast of it, for all rows, in the units of losses and metrics.
        parts: part to its rows.
        starts: part to the first row of each of its windows.
        windows: length and horizon.
        season: rows after which a series repeats itself, None where nobody knows.
    """

    times: Array
    ends: Array
    names: tuple[str, ...]
    targets: Mapping[str, Array]
    parts: Mapping[str, Array]
    starts: Mapping[str, Array]
    windows: WindowsDef
    season: int | None

    def aims(self, part: str) -> Array:
        """The rows that are forecast in each window of a part: `(windows, horizon)`."""
        first = self.starts[part] + self.windows.length
        return np.asarray(first[:, np.newaxis] + np.arange(self.windows.horizon))

    def series_of(self, rows: Array) -> Array:
        """The number of the series of each row."""
        return np.searchsorted(self.ends, rows, side="right")

    def begin_of(self, rows: Array) -> Array:
        """The first row of the series of each row."""
        return np.asarray(np.append(0, self.ends)[self.series_of(rows)])


def series_rows(
    data: DataDef,
    columns: Mapping[str, Array],
    prepared: PreparedPart | None,
    parts: PartRows,
) -> SeriesRows | None:
    """The rows of a forecast; None for other data.

    Args:
        data: the data group.
        columns: the columns of the source, their rows in order.
        prepared: what was made of all rows.
        parts: the parts of the rows and their windows.
    """
    if data.windows is None or prepared is None or parts.starts is None:
        return None
    series = columns[data.series] if data.series else None
    times = columns[data.time]
    ends = series_ends(len(times), series)
    rows = {"training": parts.training, "validation": parts.validation, "test": parts.test}
    return SeriesRows(
        times=times,
        ends=ends,
        names=("",) if series is None else tuple(map(str, series[ends - 1])),
        targets=prepared.y,
        parts={part: index for part, index in rows.items() if index is not None},
        starts=parts.starts,
        windows=data.windows,
        season=data.windows.season or spacing_of(times, ends).season,
    )


def naive_forecasts(rows: SeriesRows, part: str, output: str) -> dict[str, Array]:
    """What is forecast without a model, for the windows of a part.

    Args:
        rows: the rows.
        part: the part, which has windows.
        output: what is forecast.

    Returns:
        `naive`, the last value known; and `seasonal_naive`, the value of a season ago, where the
        season is known and all series reach back that far.
    """
    values, aims = rows.targets[output], rows.aims(part)
    last = np.broadcast_to(aims[:, :1] - 1, aims.shape)
    found = {"naive": values[last]}
    if rows.season is not None and rows.season > 1:
        steps = np.arange(rows.windows.horizon)
        before = aims - rows.season * (steps // rows.season + 1)
        if (before >= rows.begin_of(aims)).all():
            found["seasonal_naive"] = values[before]
    return found


def errors_of(predicted: Array, true: Array) -> dict[str, float]:
    """The errors of a forecast."""
    wrong = predicted.astype("float64") - true
    return {
        ABSOLUTE: float(np.abs(wrong).mean()),
        SQUARED: float(np.sqrt((wrong**2).mean())),
    }


def naive_errors(rows: SeriesRows) -> Baselines:
    """The errors of the naive forecasts, by output where there are several."""
    found: Baselines = {}
    for part in rows.starts:
        for output, values in rows.targets.items():
            true, before = values[rows.aims(part)], f"{output}_" if len(rows.targets) > 1 else ""
            for name, forecast in naive_forecasts(rows, part, output).items():
                errors = {f"{before}{key}": v for key, v in errors_of(forecast, true).items()}
                found.setdefault(part, {}).setdefault(name, {}).update(errors)
    return found


def scaled_errors(rows: SeriesRows, figures: Mapping[str, float]) -> dict[str, float]:
    """The mean absolute scaled errors that go with absolute ones.

    Args:
        rows: the rows.
        figures: the figures of a model on a part, by Keras's names.
    """
    found = {}
    for output in rows.targets:
        before = f"{output}_" if len(rows.targets) > 1 else ""
        unit = _naive_step(rows, output)
        if f"{before}{ABSOLUTE}" in figures and unit:
            found[f"{before}{SCALED}"] = figures[f"{before}{ABSOLUTE}"] / unit
    return found


def baseline_text(baselines: Baselines) -> str:
    """The absolute errors of the naive forecasts of the last part, in a line."""
    part, found = list(baselines.items())[-1]
    told = [
        f"{name} {' '.join(f'{v:.4g}' for key, v in errors.items() if key.endswith(ABSOLUTE))}"
        for name, errors in found.items()
    ]
    return f"{part}, {ABSOLUTE}: {', '.join(told)}"


def no_better(
    baselines: Baselines, figures: Mapping[str, Mapping[str, float]], source_map: SourceMap
) -> tuple[Diagnostic, ...]:
    """Warns of a model that is no better than a naive forecast of the last part."""
    sink = Sink(source_map)
    part, found = list(baselines.items())[-1]
    for key, value in figures.get(part, {}).items():
        errors = {name: one[key] for name, one in found.items() if key in one}
        if not key.endswith(ABSOLUTE) or not errors:
            continue
        best = min(errors, key=lambda name: errors[name])
        if value >= errors[best]:
            sink.warn(
                "KG549",
                f"the model is no better than the {best.replace('_', ' ')} forecast: {key} "
                f"{value:.4g} in the {part} part, and {errors[best]:.4g} without a model",
                key="model",
                at="key",
                help="train longer (`fit.epochs`), let windows reach back a whole season "
                "(`data.windows.length`), or take logarithms where growth is relative "
                "(`data.columns.NAME.scale=log`)",
            )
    return tuple(sink.diagnostics)


def _naive_step(rows: SeriesRows, output: str) -> float:
    """The mean absolute error with which training rows follow from earlier ones; 0 for none."""
    step, training = rows.season or 1, rows.parts["training"]
    before = training - step
    inside = before >= rows.begin_of(training)
    if not inside.any():
        return 0.0
    values = rows.targets[output].astype("float64")
    return float(np.abs(values[training[inside]] - values[before[inside]]).mean())
