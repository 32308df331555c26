"""Columns of lists in a table: what they are, as the types of its columns say.

This room owns what a list of words or of numbers is. The columns themselves are read elsewhere, as
cells of words or as rows of equally many numbers.

Decisions:
- Lists of words are labels; lists of numbers that are not equally many are a sequence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerasgen.data.table import Array
from kerasgen.ir.schema import ColumnType
from kerasgen.runtime.tabular.nested_tables import json_frame
from kerasgen.runtime.tabular.table_files import format_of

_ROWS = 1_000
"""Lines of JSON that tell the types of its columns."""


def lists_of_file(file: str, columns: Mapping[str, Array]) -> dict[str, ColumnType]:
    """Column of lists to what it is, by the types that a file has.

    Args:
        file: a file that was read, or the address of a database.
        columns: its columns.
    """
    import polars

    kind = format_of(file)
    words = any(values.dtype.kind == "U" for values in columns.values())
    if kind not in ("parquet", "arrow", "json") or not words:
        return {}
    try:
        if kind == "parquet":
            return lists_of_types(polars.read_parquet_schema(file), columns)
        if kind == "arrow":
            return lists_of_types(polars.read_ipc_schema(file), columns)
        if file.lower().endswith(".json"):
            return lists_of_types(json_frame(file).schema, columns)
        lines = polars.scan_ndjson(file, infer_schema_length=_ROWS)
        return lists_of_types(lines.collect_schema(), columns)
    except polars.exceptions.PolarsError:  # lines that are no JSON were left out
        return {}


def lists_of_types(types: Mapping[str, Any], columns: Mapping[str, Array]) -> dict[str, ColumnType]:
    """Column of lists to what it is, by the types of Polars.

    Args:
        types: column to its type.
        columns: the columns as they were read; those of equally many numbers are no words.
    """
    found: dict[str, ColumnType] = {}
    for name, kind in types.items():
        words = name in columns and columns[name].dtype.kind == "U"
        if words and (said := list_type(kind)) is not None:
            found[name] = said
    return found


def list_type(kind: Any) -> ColumnType | None:
    """What a column of a type of Polars is, if it holds lists that are read as words."""
    import polars

    if kind not in (polars.List, polars.Array):
        return None
    if kind.inner == polars.String:
        return "labels"
    return "sequence" if kind.inner.is_numeric() else None
