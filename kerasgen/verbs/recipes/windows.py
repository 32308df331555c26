"""The recipe of a forecast: rows in the order of a time become windows.

This room owns how long the windows of a first recipe are, and which column tells series apart. What
a series is stands in `data.series`, which is asked whether a run would take the rows.

Decisions:
- A time that stands twice is looked for in several series: their column is guessed only where a run
  takes it, and where most series have most of the times, as no measured value would.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kerasgen.data.series import in_time_order
from kerasgen.data.sources.source_list import known_sources, make_source
from kerasgen.data.table import Table
from kerasgen.diagnostics import CompileError, Sink, as_yaml, did_you_mean
from kerasgen.frontend.compose.origins import place_of_option
from kerasgen.ir.column_figures import ColumnFigures
from kerasgen.ir.data import DataDef, WindowsDef

_LONGEST, _FARTHEST = 24, 12
"""Rows that a window holds, and rows that are forecast, where there are enough of them."""

_ROWS_A_WINDOW, _ROWS_A_STEP = 6, 12
"""Of how many rows of a series one is in a window, and one in a horizon."""

_GAPS = 2
"""How many times the rows a table would have in which each series had each of the times."""

_MOST_GUESSES = 8
"""Columns of which it is asked whether they tell series apart."""


def checked_series(
    time: str,
    series: str | None,
    target: str | None,
    definition: DataDef,
    columns: Mapping[str, ColumnFigures],
) -> str | None:
    """The column that tells series apart: the one that is wished, or one that is guessed.

    Args:
        time: the column that orders the rows.
        series: the column that is wished, None for a guess.
        target: the target that is wished, which is no series; None for a guess.
        definition: how the data are read.
        columns: the figures of all columns.

    Returns:
        The column, None where the rows are of one series.

    Raises:
        CompileError: KG504, there is no such column; KG545, the times order nothing.
    """
    sink = Sink()
    for option, name in (("--time", time), ("--series", series)):
        if name is not None and name not in columns:
            sink.report_at(
                "KG504",
                f"there is no column `{name}`",
                place_of_option(option, name),
                help=did_you_mean(name, list(columns), listed=40),
            )
    sink.stop_on_errors()
    guesses = [] if series is not None else _may_be_series(time, target, columns)
    wanted = frozenset(name for name in (time, series, *guesses) if name is not None)
    table = make_source(definition.source, known_sources(), sink).read(wanted, sink)
    sink.stop_on_errors()
    refused = _refused(time, series, definition, table)
    if refused is None:
        return series
    for name in guesses:
        if _refused(time, name, definition, table) is None:
            return name
    for found in refused.diagnostics:
        # What is said of a key of the config is said by an option here.
        told = found.help and found.help.replace("`data.series`", "`--series COLUMN`")
        sink.report_at(found.code, found.message, place_of_option("--time", time), help=told)
    raise CompileError(sink.diagnostics)


def _refused(
    time: str, series: str | None, definition: DataDef, table: Table
) -> CompileError | None:
    """What a run would say against the order of the rows."""
    windows = WindowsDef(length=1, horizon=1, stride=1)
    try:
        in_time_order(
            replace(definition, time=time, series=series or "", windows=windows), table, Sink()
        )
    except CompileError as error:
        return error
    return None


def _may_be_series(
    time: str, target: str | None, columns: Mapping[str, ColumnFigures]
) -> list[str]:
    """Columns that may tell series apart: words first, the fewest different ones first."""
    if columns[time].unique or columns[time].shape:
        return []
    times = columns[time].distinct or 1
    found = [
        (column.type == "number", column.distinct, name)
        for name, column in columns.items()
        if name not in (time, target)
        and not column.shape
        and not column.missing
        and (column.type in ("category", "boolean", "ordinal") or column.whole)
        and column.distinct is not None
        and column.distinct > 1
        and times * column.distinct <= column.rows * _GAPS
    ]
    return [name for *_, name in sorted(found)][:_MOST_GUESSES]


def series_lines(time: str, series: str | None, columns: Mapping[str, ColumnFigures]) -> list[str]:
    """What stands in the group `data` of a forecast beside source, columns and target."""
    rows = columns[time].rows
    if series is not None:
        rows //= max(1, columns[series].distinct or 1)
    length = max(1, min(_LONGEST, rows // _ROWS_A_WINDOW))
    horizon = max(1, min(_FARTHEST, rows // _ROWS_A_STEP))
    lines = [f"time: {as_yaml(time)}    # the column that orders the rows"]
    if series is not None:
        lines += [f"series: {as_yaml(series)}    # the column that tells several series apart"]
    return [
        *lines,
        f"windows: {{length: {length}, horizon: {horizon}, stride: 1}}    # rows seen, forecast",
        "prepare: auto",
        "split: {test: 0.2, validation: 0.1}     # the newest rows of each series",
    ]
