"""A description of data: as text for a person, as plain data for machines.

This room owns the layout and the keys. The keys are a promise: none is renamed or left out. It must
not know how anything was counted.

Decisions:
- A column is two lines: what it is with its figures, then why it is that, with examples. Of very
  many columns only the first line is shown.
- A figure that is not exact has a `~` before it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from kerasgen.emit.text.alignment import aligned
from kerasgen.foreign.printable import cut, shown
from kerasgen.ir.column_figures import QUANTILES, ColumnFigures, TableFigures

SCHEMA = 1
"""Version of the keys; a reader refuses a higher one."""

_MANY = 60
"""Columns beyond which only one line is shown of each."""

_FEW = 5
"""Most frequent words that are shown."""


def figures_text(
    title: str,
    figures: TableFigures,
    targets: Mapping[str, str],
    roles: Mapping[str, str],
    width: int,
) -> str:
    """A description as text.

    Args:
        title: what was described.
        figures: the figures.
        targets: target column to its task.
        roles: column to `target` or `ignored`; others are left out.
        width: columns of the terminal.
    """
    count = len(figures.columns)
    lines = [
        f"{shown(title)}: {_counted(figures.rows, 'row')}, {_counted(count, 'column')}",
        "",
    ]
    heads = ("column", "type", "missing", "different", "values")
    cells = [_cells(name, column, roles) for name, column in figures.columns.items()]
    table = [heads, *cells]
    rows = aligned([row[:4] for row in table], right=(2, 3))
    room = max(map(len, rows)) + 2
    for number, (row, whole) in enumerate(zip(rows, table, strict=True)):
        lines.append(cut(f"{row:<{room}}{whole[4]}".rstrip(), max(width, room + 12)))
        if number and count <= _MANY:
            column = figures.columns[list(figures.columns)[number - 1]]
            lines.append(cut(f"  {_reason(column)}", width))
    for name, task in targets.items():
        lines += ["", _target_text(figures.columns[name], task)]
    if figures.sampled and figures.sampled < figures.rows:
        lines += ["", f"quantiles are those of {figures.sampled:,} rows drawn at random"]
    return "\n".join(lines)


def figures_tree(figures: TableFigures, targets: Mapping[str, str]) -> dict[str, Any]:
    """A description as JSON data: mappings, lists, strings, finite numbers, None."""
    return {
        "schema": SCHEMA,
        "rows": figures.rows,
        "sampled": figures.sampled,
        "repeated": figures.repeated,
        "columns": [_tree(column) for column in figures.columns.values()],
        "targets": {
            name: {
                "task": task,
                "classes": dict(figures.columns[name].frequent)
                if task == "classification"
                else None,
            }
            for name, task in targets.items()
        },
    }


def _tree(column: ColumnFigures) -> dict[str, Any]:
    found = dataclasses.asdict(column)
    found["shape"] = list(column.shape)
    found["frequent"] = [{"value": word, "rows": rows} for word, rows in column.frequent]
    found["examples"] = list(column.examples)
    found["quantiles"] = dict(
        zip((str(share) for share in QUANTILES), column.quantiles, strict=False)
    )
    for key in ("low", "high", "mean", "deviation"):
        value = found[key]
        found[key] = value if value is None or math.isfinite(value) else None
    return found


def _cells(name: str, column: ColumnFigures, roles: Mapping[str, str]) -> Sequence[str]:
    different = "" if column.distinct is None else f"{column.distinct:,}"
    share = column.missing / column.rows if column.rows else 0.0
    missing = "" if not column.missing else f"{column.missing:,} ({_percent(share)})"
    role = roles.get(name)
    return (
        cut(shown(name), 32),
        f"{column.type}, {role}" if role else column.type,
        missing,
        different if column.exact else f"~{different}",
        _values(column),
    )


def _values(column: ColumnFigures) -> str:
    if column.shape:
        size = " x ".join(map(str, column.shape))
        if column.low is None or column.high is None:
            return size
        return f"{size}, {_number(column.low)} to {_number(column.high)}"
    if column.low is not None and column.type in ("number", "sequence"):
        steps = [column.low, *column.quantiles[1:4], column.high or 0.0]
        mean = f", mean {_number(column.mean or 0.0)} ± {_number(column.deviation or 0.0)}"
        if column.low == column.high:
            return _number(column.low)
        return " … ".join(_number(step) for step in steps) + mean
    return ", ".join(
        f"{cut(shown(word), 24)} {_percent(rows / max(1, column.known))}"
        for word, rows in column.frequent[:_FEW]
        if column.type != "text"
    )


def _reason(column: ColumnFigures) -> str:
    examples = ", ".join(cut(shown(word), 30) for word in column.examples)
    return f"{column.why}; {examples}" if examples else column.why


def _target_text(column: ColumnFigures, task: str) -> str:
    text = f"target `{shown(column.name)}`: {task}"
    if task != "classification" or not column.frequent:
        return text
    classes = ", ".join(
        f"{cut(shown(word), 24)} {rows:,} ({_percent(rows / max(1, column.known))})"
        for word, rows in column.frequent
    )
    more = (column.distinct or 0) - len(column.frequent)
    count = _counted(column.distinct or 0, "class", "classes")
    return f"{text}, {count}: {classes}" + (f", {more:,} more" if more > 0 else "")


def _counted(number: int, what: str, many: str | None = None) -> str:
    return f"{number:,} {what if number == 1 else many or f'{what}s'}"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 or share == 0 else f"{share * 100:.2g}%"


def _number(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 1e4 or abs(value) >= 1e15 else f"{value:,.0f}"
