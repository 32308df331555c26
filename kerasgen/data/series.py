"""Series in time: the rows of a forecast in order, their parts, and the windows over them.

This room owns what is said of times that are not as they should be, and of series that are too
short. How rows are ordered, divided and windowed stands in `runtime.series`.

Decisions:
- Rows are held series by series, the oldest first, wherever they stood; messages and the record
  name them where they stand in the source.
- A time without a value, or twice in a series, is a mistake. A gap is told and passed over: the
  rows beside it are neighbours.
- The newest rows of each series are its test part, those before them its validation part. What is
  forecast in a window is of one part; the rows that go in may be older ones of another part, as
  they will be when the model is asked. So no row that training sees is forecast in a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from kerasgen.data.split import Divided, PartRows
from kerasgen.data.table import Array, Table
from kerasgen.data.times import Spacing, spacing_of
from kerasgen.diagnostics import Sink
from kerasgen.foreign.printable import cut
from kerasgen.ir.data import DataDef, SplitDef, WindowsDef
from kerasgen.runtime.category_steps import number_word
from kerasgen.runtime.cells import missing_in
from kerasgen.runtime.date_steps import read_date
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.series import newest_of_series, series_ends, time_order, window_starts
from kerasgen.runtime.split import PARTS


def in_time_order(definition: DataDef, table: Table, sink: Sink) -> Table:
    """Puts the rows of a forecast in order.

    Args:
        definition: the data group.
        table: what its source gave.
        sink: gets times that are none, that stand twice, gaps, and rows out of order.

    Returns:
        The table, series by series; as it was where it is no forecast.

    Raises:
        CompileError: KG545, the times order nothing.
    """
    columns = [name for name in (definition.time, definition.series) if name]
    if definition.windows is None or any(name not in table.columns for name in columns):
        return table  # Columns that are not there are told with the others.
    for name in columns:
        _check_cells(name, table, is_time=name == definition.time, sink=sink)
    sink.stop_on_errors()
    times = table.columns[definition.time]
    series = table.columns[definition.series] if definition.series else None
    order = time_order(times, series)
    moved = replace(
        table,
        columns={n: table.space.take(values, order) for n, values in table.columns.items()},
        given=None if table.given is None else table.given[order],
        order=order,
    )
    spacing = spacing_of(moved.columns[definition.time], _ends(definition, moved))
    _check_twice(definition, moved, spacing, sink)
    sink.stop_on_errors()
    _tell_disorder(definition, moved, sink)
    _tell_gaps(definition, moved, spacing, sink)
    return moved


def split_series(rows: Divided, definition: DataDef, sink: Sink) -> PartRows:
    """Divides the rows of series, and finds the windows of each part.

    Args:
        rows: the rows, in order.
        definition: the data group, a forecast.
        sink: gets series that are too short: KG546.

    Raises:
        CompileError: a part has no row, or no window.
    """
    windows, split = definition.windows, definition.split
    assert windows is not None
    series = rows.columns[definition.series] if definition.series else None
    ends = series_ends(rows.samples, series)
    try:
        sizes = {"test": split.test, "validation": split.validation}
        parts = newest_of_series(ends, sizes, rows.given)
    except DataError as error:
        number, _, part = error.about.partition(" ")
        raise sink.fail(
            "KG546",
            f"{_titled(definition, series, ends, int(number))} is too short: {error}",
            key=f"data.split.{part}",
        ) from error
    starts = window_starts(parts, ends, windows.length, windows.horizon, windows.stride)
    for part in parts:
        _check_windows(part, starts[part], (ends, series), definition, sink)
    sink.stop_on_errors()
    return PartRows(
        training=parts["training"],
        validation=parts.get("validation"),
        test=parts.get("test"),
        starts=starts,
    )


def every_window(
    part: str, columns: Mapping[str, Array], definition: DataDef, sink: Sink
) -> PartRows:
    """All rows of series as one part, and all windows over them.

    Args:
        part: what the part is called.
        columns: the columns, their rows in order.
        definition: the data group, a forecast.
        sink: gets series that are too short: KG546.

    Raises:
        CompileError: a series has no window.
    """
    windows = definition.windows
    assert windows is not None
    series = columns[definition.series] if definition.series else None
    every = np.arange(len(columns[definition.time]))
    ends = series_ends(len(every), series)
    length, horizon = windows.length, windows.horizon
    found = window_starts({PARTS[0]: every}, ends, length, horizon, windows.stride)
    sizes = np.diff(ends, prepend=0)
    short = np.flatnonzero(sizes < length + horizon)
    if short.size:
        number = int(short[0])
        more = f" and {short.size - 1} further series" if short.size > 1 else ""
        raise sink.fail(
            "KG546",
            f"{_titled(definition, series, ends, number)}{more} is too short: {sizes[number]} "
            f"rows, and a window is of {length} and {horizon}",
            key="data.source",
            help="leave the series out",
        )
    return PartRows(training=every, validation=None, test=None, starts={part: found[PARTS[0]]})


def _check_cells(name: str, table: Table, *, is_time: bool, sink: Sink) -> None:
    """Reports rows without a time or series, and words that are no dates."""
    values = table.columns[name]
    key = "data.time" if is_time else "data.series"
    what = "time" if is_time else "series"
    if values.ndim > 1:
        shape = list(values.shape[1:])
        sink.report("KG545", f"the {what} `{name}` has the shape {shape} a row", key=key)
        return
    absent = np.flatnonzero(missing_in(values))
    if absent.size:
        more = f" and {absent.size - 1} further rows" if absent.size > 1 else ""
        place = table.place(int(absent[0]))
        sink.report("KG545", f"the {what} `{name}` has no value in {place}{more}", key=key)
    elif is_time and values.dtype.kind == "U":
        for row, word in enumerate(values.tolist()):
            try:
                read_date(word, row)
            except DataError:
                sink.report(
                    "KG545",
                    f'the time `{name}` is "{cut(word)}" in {table.place(row)}, expected a number, '
                    "or a date as ISO 8601 writes it",
                    key=key,
                    help="write dates as 2026-01-31, months as 2026-01",
                )
                return
    elif is_time and not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values)))
        sink.report("KG545", f"the time `{name}` is `{values[row]}` in {table.place(row)}", key=key)


def _ends(definition: DataDef, table: Table) -> Array:
    series = table.columns[definition.series] if definition.series else None
    return series_ends(len(table.columns[definition.time]), series)


def _check_twice(definition: DataDef, table: Table, spacing: Spacing, sink: Sink) -> None:
    twice = np.flatnonzero(spacing.steps == 0)
    if not twice.size:
        return
    row = int(twice[0])
    times = table.columns[definition.time]
    time = number_word(times[row]) if times.dtype.kind == "f" else times[row]
    more = f", and {twice.size - 1} further rows are like that" if twice.size > 1 else ""
    title = f" of `{cut(table.columns[definition.series][row])}`" if definition.series else ""
    sink.report(
        "KG545",
        f"the time `{time}`{title} stands twice, in "
        f"{table.place(row)} and {table.place(row + 1)}{more}",
        key="data.time",
        help=None
        if definition.series
        else "if the rows are of several series, name the column that tells them apart: "
        "`data.series`",
    )


def _tell_disorder(definition: DataDef, table: Table, sink: Sink) -> None:
    """Warns of rows that stood before older ones of their series."""
    assert table.order is not None
    ends = _ends(definition, table)
    back = table.order[1:] < table.order[:-1]
    back[ends[:-1] - 1] = False
    late = np.flatnonzero(back)
    if late.size:
        sink.warn(
            "KG548",
            f"the rows are not in the order of `{definition.time}`: {table.place(int(late[0]))} "
            f"is older than {table.place(int(late[0]) + 1)}, which stands above it",
            key="data.time",
            help="they are put in order; sort the file to see it as the model does",
        )


def _tell_gaps(definition: DataDef, table: Table, spacing: Spacing, sink: Sink) -> None:
    """Warns of times that are further apart than the others."""
    gaps = np.flatnonzero(spacing.steps > spacing.usual) if spacing.usual else np.array([])
    if not gaps.size:
        return
    row, times = int(gaps[0]), table.columns[definition.time]
    count = "1 gap" if gaps.size == 1 else f"{gaps.size} gaps"
    series = f" of `{cut(table.columns[definition.series][row])}`" if definition.series else ""
    sink.warn(
        "KG547",
        f"`{definition.time}` has {count}: behind `{times[row]}`{series} in {table.place(row)} "
        f"follows `{times[row + 1]}`, expected {spacing.words}",
        key="data.time",
        help="windows pass over it as if the rows were neighbours; if that is wrong, put the rows "
        "in that are missing",
    )


def _titled(definition: DataDef, series: Array | None, ends: Array, number: int) -> str:
    """A series as a message calls it."""
    if series is None:
        return "the series"
    return f"the series `{cut(series[ends[number] - 1])}` of `{definition.series}`"


def _check_windows(
    part: str, starts: Array, rows: tuple[Array, Array | None], definition: DataDef, sink: Sink
) -> None:
    """Reports series that have no window in a part."""
    windows, split = definition.windows, definition.split
    assert windows is not None
    ends, series = rows
    held = np.isin(np.arange(len(ends)), np.searchsorted(ends, starts, side="right"))
    if getattr(split, part, None) == "given" and held.any():
        return  # The source may give rows of some series alone.
    short = np.flatnonzero(~held)
    if not short.size:
        return
    number = int(short[0])
    more = f" and {short.size - 1} further series" if short.size > 1 else ""
    size = int(ends[number] - (ends[number - 1] if number else 0))
    sink.report(
        "KG546",
        f"{_titled(definition, series, ends, number)}{more} is too short: of its {size} rows no "
        f"window of {_needed(part, windows)} is in the {part} part",
        key=_size_key(part, split),
        help="take a shorter `data.windows.length` or `horizon`, other sizes under `data.split`, "
        "or leave the series out",
    )


def _needed(part: str, windows: WindowsDef) -> str:
    if part == PARTS[0]:
        return f"{windows.length} and {windows.horizon} rows"
    return f"{windows.horizon} rows behind {windows.length} older ones"


def _size_key(part: str, split: SplitDef) -> str:
    return f"data.split.{part}" if getattr(split, part, None) else "data.windows"
