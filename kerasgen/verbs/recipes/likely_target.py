"""The column that is likely to be what people want to know of a table.

This room owns which names of columns say so, and what cannot be learned.
"""

from __future__ import annotations

from collections.abc import Mapping

from kerasgen.diagnostics import Sink
from kerasgen.ir.column_figures import ColumnFigures

_TARGETS = (
    *("target", "label", "labels", "class", "classes", "outcome", "output", "result", "response"),
    *("survived", "churn", "fraud", "spam", "default", "diagnosis", "species", "income", "sold"),
    *("quality", "price", "y"),
)
"""Names of columns that are what people want to know, the surest first."""


def likely_target(columns: Mapping[str, ColumnFigures], sink: Sink) -> tuple[str, str]:
    """The column that is likely to be the target, and why.

    Args:
        columns: the columns that may be it.
        sink: gets that none can.

    Raises:
        CompileError: KG526, there is none.
    """
    usable = {
        name: column
        for name, column in columns.items()
        if not column.shape
        and column.type not in ("text", "date", "image", "audio")
        and column.distinct != 1
        and column.known
        and not (column.unique and (column.whole or column.type == "category"))
    }
    if not usable:
        raise sink.fail(
            "KG526",
            "no column can be the target: all are texts, dates, identifiers or constants",
            help="name one with `--target COLUMN`",
        )
    lower = {name.lower(): name for name in usable}
    for word in _TARGETS:
        if word in lower:
            return lower[word], "its name says so"
    *_, last = usable
    first = next(iter(usable))
    if last != list(columns)[-1] and first == next(iter(columns)):
        return first, "it is the first column"
    return last, "it is the last column that can be one"
