"""The rows of series in a script: put in order, divided, and looked at through windows.

This room owns the text of what `data.series` and `data.preparation` do with a forecast. It must not
know which columns go in.
"""

from __future__ import annotations

from kerasgen.emit.script.code import Code, call, literal, mapped, statement, string
from kerasgen.ir.data import DataDef, WindowsDef

EVERY = "every"
"""What stands for the rows of all parts, over which windows look."""

EVERY_ROW = f'    rows = {{"training": rows["training"], {string(EVERY)}: slice(None)}}'
"""The line from which on only training rows, and all rows, are stacked."""


def rows_of_series(data: DataDef, windows: WindowsDef, *, given: bool) -> list[str]:
    """The lines that put rows in order, and tell the rows and the windows of each part.

    Args:
        data: the data group.
        windows: its windows.
        given: whether parts are asked for that the source gives.
    """
    series = [f"columns[{string(data.series)}]"] if data.series else []
    lines = statement("order = ", call("time_order", f"columns[{string(data.time)}]", *series))
    lines.append("    columns = {name: column[order] for name, column in columns.items()}")
    sizes = {part: literal(getattr(data.split, part)) for part in ("test", "validation")}
    divided: list[Code] = ["ends", mapped(sizes)]
    if given:
        lines.append("    given = given[order]")
        divided.append("given")
    lines += statement("ends = ", call("series_ends", "len(order)", *series))
    lines += statement("rows = ", call("newest_of_series", *divided))
    sized = (str(windows.length), str(windows.horizon), str(windows.stride))
    lines += statement("starts = ", call("window_starts", "rows", "ends", *sized))
    return lines


def forecast_rows(column: str, windows: WindowsDef) -> str:
    """The code of what is forecast of a column in the windows of a part."""
    return f"windows(columns[{string(column)}], begins + {windows.length}, {windows.horizon})"
