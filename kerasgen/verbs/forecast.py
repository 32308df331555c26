"""What a model forecasts behind the rows that are known.

This room owns how known rows become the newest window of each series, and how what the model says
of it becomes rows with times of their own. How rows are read and prepared it must not know.

Decisions:
- Of each series the newest rows count, as many as a window has; older ones say how far apart times
  are. So the forecast of a series needs no more rows than a window.
- An answer has the column of the time, that of the series where there are several, and `predicted`,
  `predicted_TARGET` for a list of targets, behind the name of the output where there are several.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kerasgen.data.times import Spacing, following, spacing_of
from kerasgen.diagnostics import Sink
from kerasgen.engine import Model
from kerasgen.foreign.printable import cut
from kerasgen.ir.data import DataDef
from kerasgen.ir.training import Array
from kerasgen.passes.compiled import CompiledProgram
from kerasgen.run.samples import model_inputs, outputs_by_name
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.series import series_ends, time_order, windows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownRows:
    """Rows that are known, in any order.

    Attributes:
        x: model input to what was prepared of it, a row each.
        times: their times.
        series: their series, None where there is one.
    """

    x: Mapping[str, Array]
    times: Array
    series: Array | None


def forecast(compiled: CompiledProgram, model: Model, known: KnownRows) -> dict[str, Array]:
    """Forecasts what follows the newest rows of each series.

    Args:
        compiled: the program of the model, a forecaster.
        model: the trained model.
        known: the rows.

    Returns:
        Columns: times, series, and what is predicted, a row for each step of each series.

    Raises:
        CompileError: KG545, the times order nothing; KG546, a series has too few rows.
    """
    sink, data = Sink(), compiled.program.data
    form = data.windows
    assert form is not None
    try:
        order = time_order(known.times, known.series)
    except DataError as error:
        raise sink.fail("KG545", f"the time `{data.time}`: {error}", key="data.time") from error
    times = known.times[order]
    series = None if known.series is None else known.series[order]
    ends = series_ends(len(order), series)
    spacing = spacing_of(times, ends)
    _check(data, times, (series, ends), spacing, sink)
    starts = ends - form.length
    x = {name: windows(values[order], starts, form.length) for name, values in known.x.items()}
    outcome = model.predict(model_inputs(compiled, x), compiled.program.fit.batch_size)
    found = outputs_by_name(outcome, compiled)
    columns: dict[str, Array] = {}
    if series is not None:
        columns[data.series] = np.repeat(series[ends - 1], form.horizon)
    columns[data.time] = following(times[ends - 1], form.horizon, spacing).reshape(-1)
    for name, values in found.items():
        title = f"predicted_{name}" if len(found) > 1 else "predicted"
        joined = data.joined.get(data.target.get(name, data.target.get("", "")))
        flat = values.reshape(len(ends) * form.horizon, -1)
        for number in range(flat.shape[1]):
            end = "" if joined is None else f"_{joined[number]}"
            columns[f"{title}{end}"] = flat[:, number]
    return columns


def _check(
    data: DataDef,
    times: Array,
    rows: tuple[Array | None, Array],
    spacing: Spacing,
    sink: Sink,
) -> None:
    """Reports series that are too short, and times that do not say what follows.

    Raises:
        CompileError: there is one.
    """
    assert data.windows is not None
    (series, ends), length = rows, data.windows.length
    sizes = np.diff(ends, prepend=0)
    short = np.flatnonzero(sizes < length)
    if short.size:
        number = int(short[0])
        title = "the series"
        if series is not None:
            title = f"the series `{cut(series[ends[number] - 1])}` of `{data.series}`"
        more = f" and {short.size - 1} further series" if short.size > 1 else ""
        raise sink.fail(
            "KG546",
            f"{title}{more} is too short: {sizes[number]} rows, and the model looks at {length}",
            key="data.windows.length",
            help=f"give the newest {length} rows of each series",
        )
    twice = np.flatnonzero(spacing.steps == 0)
    if twice.size:
        raise sink.fail(
            "KG545",
            f"the time `{times[int(twice[0])]}` stands twice in a series",
            key="data.time",
        )
    if not spacing.usual:
        raise sink.fail(
            "KG545",
            f"`{data.time}` of a single row does not say when the next one follows",
            key="data.time",
            help="give two rows or more",
        )
