"""What a model forecasts behind the rows that are known.

This room owns how known rows become the newest window of each series, and how what the model says
of it becomes rows with times of their own. How rows are read and prepared it must not know.

Decisions:
- Of each series the newest rows count, as many as a window has; older ones say how far apart times
  are. So the forecast of a series needs no more rows than a window.
- Where something is known ahead, the newest rows of each series are those of the horizon, as many
  as the model forecasts, and the answer has their times.
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
from kerasgen.passes.known_ahead import window_rows
from kerasgen.run.samples import model_inputs, outputs_by_name
from kerasgen.runtime.date_steps import read_date
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.series import series_ends, time_order, windows
from kerasgen.verbs.answers.row_places import RowPlaces


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownRows:
    """Rows that are known, in any order.

    Attributes:
        x: model input to what was prepared of it, a row each.
        times: their times.
        series: their series, None where there is one.
        numbers: what each is called among the rows that were asked, from 1.
        coming: which of them are to come; None where nothing is known ahead.
    """

    x: Mapping[str, Array]
    times: Array
    series: Array | None
    numbers: Array
    coming: Array | None = None


def forecast(
    compiled: CompiledProgram, model: Model, known: KnownRows, places: RowPlaces
) -> dict[str, Array]:
    """Forecasts what follows the newest rows of each series.

    Args:
        compiled: the program of the model, a forecaster.
        model: the trained model.
        known: the rows.
        places: where they stand.

    Returns:
        Columns: times, series, and what is predicted, a row for each step of each series.

    Raises:
        CompileError: KG541, rows of the horizon are not there; KG545, the times order nothing;
            KG546, a series has too few rows.
    """
    sink, data = places.sink, compiled.program.data
    form = data.windows
    assert form is not None
    _check_times(data, known, places)
    order = time_order(known.times, known.series)
    times = known.times[order]
    series = None if known.series is None else known.series[order]
    ends = series_ends(len(order), series)
    spacing = spacing_of(times, ends)
    coming = None if known.coming is None else known.coming[order]
    if coming is not None:
        _check_coming(data, times, (series, ends), coming, sink)
    behind = 0 if coming is None else form.horizon
    _check(data, times, (series, ends), spacing, sink, behind=behind)
    _check_twice(times, known.numbers[order], spacing, places)
    starts = ends - behind - form.length
    sizes = window_rows(data)
    x = {name: windows(values[order], starts, sizes[name]) for name, values in known.x.items()}
    outcome = model.predict(model_inputs(compiled, x), compiled.program.fit.batch_size)
    found = outputs_by_name(outcome, compiled)
    columns: dict[str, Array] = {}
    if series is not None:
        columns[data.series] = np.repeat(series[ends - 1], form.horizon)
    columns[data.time] = (
        following(times[ends - 1], form.horizon, spacing).reshape(-1)
        if coming is None
        else times[coming]
    )
    for name, values in found.items():
        title = f"predicted_{name}" if len(found) > 1 else "predicted"
        joined = data.joined.get(data.target.get(name, data.target.get("", "")))
        flat = values.reshape(len(ends) * form.horizon, -1)
        for number in range(flat.shape[1]):
            end = "" if joined is None else f"_{joined[number]}"
            columns[f"{title}{end}"] = flat[:, number]
    return columns


def _check_times(data: DataDef, known: KnownRows, places: RowPlaces) -> None:
    """Refuses a row whose time is none: KG545.

    Raises:
        CompileError: there is one.
    """
    times = known.times
    if times.dtype.kind == "U":
        wrong = np.isin(times, [word for word in np.unique(times).tolist() if not _is_date(word)])
    else:
        wrong = ~np.isfinite(times)
    if not wrong.any():
        return
    row = int(np.argmax(wrong))
    number, cell = int(known.numbers[row]), str(times[row])
    told = "has no value" if cell in ("", "nan", "NaT") else f'is "{cut(cell)}"'
    raise places.sink.fail_at(
        "KG545",
        f"the time `{data.time}` {told} in row {number}",
        places.of_row(number),
        help="write dates as 2026-01-31, months as 2026-01" if times.dtype.kind == "U" else None,
    )


def _is_date(word: str) -> bool:
    try:
        read_date(word, 0)
    except DataError:
        return False
    return True


def _check(
    data: DataDef,
    times: Array,
    rows: tuple[Array | None, Array],
    spacing: Spacing,
    sink: Sink,
    *,
    behind: int,
) -> None:
    """Reports series that are too short, and times that do not say what follows.

    Args:
        data: the data group.
        times: the times, in order.
        rows: the series of each row, None for a single one, and where each ends.
        spacing: how far apart the times are.
        sink: gets the first of them.
        behind: rows of the horizon at the end of each series.

    Raises:
        CompileError: there is one.
    """
    assert data.windows is not None
    (series, ends), length = rows, data.windows.length
    sizes = np.diff(ends, prepend=0) - behind
    short = np.flatnonzero(sizes < length)
    if short.size:
        number = int(short[0])
        title = _titled(data, series, int(ends[number]) - 1)
        more = f" and {short.size - 1} further series" if short.size > 1 else ""
        raise sink.fail(
            "KG546",
            f"{title}{more} is too short: {sizes[number]} rows, and the model looks at {length}",
            key="data.windows.length",
            help=f"give the newest {length} rows of each series",
        )
    if not spacing.usual and not behind:
        raise sink.fail(
            "KG545",
            f"`{data.time}` of a single row does not say when the next one follows",
            key="data.time",
            help="give two rows or more",
        )


def _check_twice(times: Array, numbers: Array, spacing: Spacing, places: RowPlaces) -> None:
    """Refuses a time that stands twice in a series: KG545.

    Raises:
        CompileError: there is one.
    """
    twice = np.flatnonzero(spacing.steps == 0)
    if not twice.size:
        return
    one, other = sorted(numbers[int(twice[0]) : int(twice[0]) + 2].tolist())
    raise places.sink.fail_at(
        "KG545",
        f"the time `{times[int(twice[0])]}` stands twice in a series, in row {one} and row {other}",
        places.of_row(other),
    )


def _check_coming(
    data: DataDef,
    times: Array,
    rows: tuple[Array | None, Array],
    coming: Array,
    sink: Sink,
) -> None:
    """Reports series whose newest rows are not those of the horizon: KG541.

    Raises:
        CompileError: there is one.
    """
    assert data.windows is not None
    (series, ends), horizon = rows, data.windows.horizon
    told = ", ".join(f"`{name}`" for name in dict.fromkeys([data.time, *data.windows.known]))
    text = f"the rows of the horizon stand in the file with {told}; their other cells stay empty"
    begin = 0
    for end in ends.tolist():
        count = int(coming[begin:end].sum())
        if count != horizon:
            found = "1 row" if count == 1 else f"{count} rows"
            raise sink.fail(
                "KG541",
                f"{_titled(data, series, end - 1)} has {found} to come, and the model forecasts "
                f"{horizon}",
                key="data.windows.known",
                help=text,
            )
        if not coming[end - horizon : end].all():
            row = begin + int(np.argmax(coming[begin:end]))
            raise sink.fail(
                "KG541",
                f"the row of `{times[row]}` of {_titled(data, series, end - 1)} has no value but "
                "what is known ahead, and newer rows have",
                key="data.windows.known",
                help=text,
            )
        begin = end


def _titled(data: DataDef, series: Array | None, row: int) -> str:
    """A series as a message calls it, by one of its rows."""
    return "the series" if series is None else f"the series `{cut(series[row])}` of `{data.series}`"
