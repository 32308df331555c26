"""Parsing of `data.columns`: what the columns are said to be.

This room owns the syntax of that key. It must not know which columns a source has.

Decisions:
- A bare word under `columns` is a type: `age: number` is `age: {type: number}`.
- A word of a vocabulary that YAML reads as a number or a truth value is meant as it is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerasgen.diagnostics import Sink, describe, did_you_mean
from kerasgen.frontend.grammar import join
from kerasgen.frontend.sections import read_record
from kerasgen.ir.data import ColumnDef
from kerasgen.ir.values import Tree

IGNORE = "ignore"
"""The type of a column that is not read."""

COLUMN_TYPES: tuple[str, ...] = (
    *("number", "boolean", "category", "ordinal", "date", "text", "image", "audio", "labels"),
    *("sequence", IGNORE),
)
"""What a column may be said to be."""

MISSING_WORDS = ("error", "drop", "mean", "median", "mode", "indicator")
"""What may become of a value that is missing, beside a value in its place."""

DATE_PARTS = ("year", "quarter", "month", "week", "day", "weekday", "yearday", "hour", "minute")
"""What may be taken of a date."""

_OTHER_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("numeric", "numerical", "float", "int", "integer", "real"), "number"),
    **dict.fromkeys(("categorical", "string", "str", "factor", "enum", "nominal"), "category"),
    **dict.fromkeys(("bool", "binary", "flag"), "boolean"),
    **dict.fromkeys(("sound", "wav", "wave"), "audio"),
    **dict.fromkeys(("datetime", "timestamp", "time"), "date"),
    **dict.fromkeys(("drop", "skip", "ignored", "id"), IGNORE),
}
"""What other tools call a type, to its name here."""


def parse_columns(section: Tree, sink: Sink) -> dict[str, ColumnDef]:
    """Parses what is said of the columns.

    Args:
        section: column to its type, or to a mapping of what it is.
        sink: gets every mistake.
    """
    if not isinstance(section, Mapping):
        sink.report(
            "KG204",
            f"`data.columns` is {describe(section)}, expected a mapping of columns to types",
            key="data.columns",
        )
        return {}
    found: dict[str, ColumnDef] = {}
    for name, value in section.items():
        column = _parse_column(value, join("data.columns", name), sink)
        if column is not None:
            found[str(name)] = column
    return found


def _parse_column(value: Tree, path: str, sink: Sink) -> ColumnDef | None:
    if isinstance(value, str):
        value = {"type": value}
    elif not isinstance(value, Mapping):
        sink.report(
            "KG204",
            f"`{path}` is {describe(value)}, expected a type or a mapping",
            key=path,
            help=f"a type is one of {_listed(COLUMN_TYPES)}",
        )
        return None
    if not _is_type(value.get("type"), join(path, "type") if "type" in value else path, sink):
        return None
    column = read_record(
        ColumnDef,
        value,
        path,
        sink,
        converters={
            "type": lambda found, _path, _sink: found,
            "missing": _missing,
            "vocabulary": parse_words,
            "order": parse_words,
            "parts": _parts,
            "size": _size,
        },
    )
    if column is not None and column.type == "ordinal" and column.order is None:
        sink.report(
            "KG203",
            "an ordinal column needs its `order`",
            key=path,
            at="key",
            help="write its words, lowest first: `order: [low, middle, high]`",
        )
    return column


def _is_type(value: Tree, path: str, sink: Sink) -> bool:
    if value is None or value in COLUMN_TYPES:
        return True
    meant = _OTHER_TYPES.get(str(value).lower())
    sink.report(
        "KG205",
        f"the type is {describe(value)}, expected one of {_listed(COLUMN_TYPES)}",
        key=path,
        help=f"write `{meant}`" if meant else did_you_mean(str(value), COLUMN_TYPES),
    )
    return False


def _missing(value: Tree, path: str, sink: Sink) -> object:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, str):
        return value
    sink.report(
        "KG204",
        f"`missing` is {describe(value)}, expected one of {_listed(MISSING_WORDS)} or a value",
        key=path,
    )
    return None


def parse_words(value: Tree, path: str, sink: Sink) -> tuple[str, ...] | None:
    """Parses a list of words, each once; a single one stands for itself."""
    if value is None:
        return None
    items: Sequence[Tree] = value if isinstance(value, list) else [value]
    if not items:
        sink.report("KG204", f"`{path.rpartition('.')[2]}` is an empty list", key=path)
        return None
    if any(isinstance(item, Mapping | list) or item is None for item in items):
        name = path.rpartition(".")[2]
        sink.report("KG204", f"`{name}` is {describe(value)}, expected a list of words", key=path)
        return None
    words = tuple(item if isinstance(item, str) else _as_written(item) for item in items)
    if len(set(words)) < len(words):
        twice = next(word for word in words if words.count(word) > 1)
        sink.report("KG204", f"`{twice}` stands twice in the list", key=path)
        return None
    return words


def _as_written(value: Tree) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _parts(value: Tree, path: str, sink: Sink) -> tuple[str, ...] | None:
    parts = parse_words(value, path, sink)
    for part in parts or ():
        if part not in DATE_PARTS:
            sink.report(
                "KG205",
                f"a date has no part `{part}`",
                key=path,
                help=did_you_mean(part, DATE_PARTS, listed=20),
            )
            return None
    return parts


def _size(value: Tree, path: str, sink: Sink) -> tuple[int, ...] | None:
    if value is None:
        return None
    sizes = value if isinstance(value, list) else [value]
    if len(sizes) != 2 or not all(type(one) is int and one > 0 for one in sizes):
        message = f"`size` is {describe(value)}, expected height and width, as in `[64, 64]`"
        sink.report("KG204", message, key=path)
        return None
    return tuple(int(str(one)) for one in sizes)


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
