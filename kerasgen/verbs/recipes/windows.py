"""The recipe of a forecast: rows in the order of a time become windows.

This room owns how long the windows of a first recipe are. What a series is stands in `data.series`.
"""

from __future__ import annotations

from collections.abc import Mapping

from kerasgen.diagnostics import Sink, as_yaml, did_you_mean
from kerasgen.ir.column_figures import ColumnFigures

_LONGEST, _FARTHEST = 24, 12
"""Rows that a window holds, and rows that are forecast, where there are enough of them."""

_ROWS_A_WINDOW, _ROWS_A_STEP = 6, 12
"""Of how many rows of a series one is in a window, and one in a horizon."""


def check_times(
    time: str, series: str | None, columns: Mapping[str, ColumnFigures], sink: Sink
) -> None:
    """Refuses columns that are not there.

    Raises:
        CompileError: KG504, there is no such column.
    """
    for name in (time, *([series] if series is not None else [])):
        if name not in columns:
            sink.report(
                "KG504", f"there is no column `{name}`", help=did_you_mean(name, list(columns))
            )
    sink.stop_on_errors()


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
