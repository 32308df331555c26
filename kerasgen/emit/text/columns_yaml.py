"""`data.columns` as a config writes it: an entry a line, with what was found beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml

from kerasgen.diagnostics import as_yaml
from kerasgen.ir.column_figures import ColumnFigures

WRITTEN = ("number", "boolean", "category", "date", "text", "audio")
"""Types of cells; what is an array has no entry."""

_PLAIN = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)


def yaml_key(name: str) -> str:
    """A name as a key that YAML reads as that name, and nothing else."""
    if _PLAIN.fullmatch(name) and yaml.safe_load(name) == name:
        return name
    return as_yaml(name) if as_yaml(name).startswith('"') else f'"{name}"'


def columns_lines(
    columns: Mapping[str, ColumnFigures],
    ignored: Mapping[str, str],
    *,
    dropped: str | None = None,
    indent: str = "  ",
) -> list[str]:
    """An entry for each column of cells.

    Args:
        columns: name to figures.
        ignored: columns that are left out, to the reason.
        dropped: a column whose rows without a value are left out, None for none.
        indent: what stands before each entry.
    """
    entries = []
    for name, column in columns.items():
        if column.type not in WRITTEN and not column.form:
            continue
        said = "ignore" if name in ignored else str(column.type)
        form = "" if name in ignored else "".join(f", {k}: {v}" for k, v in column.form.items())
        form += ", missing: drop" if name == dropped else ""
        said = f"{{type: {said}{form}}}" if form else said
        entries.append((f"{indent}{yaml_key(name)}: {said}", _remark(column, ignored.get(name))))
    width = max((len(entry) for entry, _ in entries), default=0)
    return [f"{entry:<{min(width, 40)}}  # {remark}" for entry, remark in entries]


def _remark(column: ColumnFigures, ignored: str | None) -> str:
    """What was found, in a line."""
    parts = [ignored] if ignored else []
    if column.missing:
        parts.append(f"{column.missing:,} missing")
    if column.type == "number" and column.low is not None and column.high is not None:
        parts.append(f"{column.low:.6g} to {column.high:.6g}")
    elif column.distinct is not None:
        parts.append(f"{column.distinct:,} different")
    return " ".join(", ".join(parts).split())
