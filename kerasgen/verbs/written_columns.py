"""`data.columns` written into a config: what each column is, for a load to be held against.

This room owns where the entries go. Lines are added and nothing else is changed, so that comments
and layout stay; what a config says of a column already is never touched.

Decisions:
- Only a file of the user's own is written, the one in which the source stands. Of a shipped config,
  of a file that was named alone, and of a group on one line the entries are shown, to be pasted.
- What was written must be read as the old config with the new entries, else nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from kerasgen.diagnostics import Sink
from kerasgen.emit.text.columns_yaml import WRITTEN, columns_lines, yaml_key
from kerasgen.frontend.compose.config_folders import config_folder
from kerasgen.frontend.fix import Mended
from kerasgen.ir.column_figures import ColumnFigures
from kerasgen.process.entry import reason_of
from kerasgen.verbs.describe import Description


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenColumns:
    """The entries of columns of which the config says nothing.

    Attributes:
        entries: them as YAML, to be pasted below `data` of a config; empty for none.
        mended: the file that takes them, None for none.
    """

    entries: str
    mended: Mended | None = None


def written_columns(found: Description) -> WrittenColumns:
    """The entries that a description gives, and the file that takes them."""
    said = found.definition.columns
    columns = {
        name: column
        for name, column in found.figures.columns.items()
        if name not in said and column.type in WRITTEN
    }
    entries = "\n".join(["columns:", *columns_lines(columns, {})]) + "\n" if columns else ""
    if not columns or found.file is None or _is_shipped(found.file):
        return WrittenColumns(entries=entries)
    with found.file.open(encoding="utf-8", newline="") as stream:
        before = stream.read()
    after = with_columns(before, columns)
    if after is None:
        return WrittenColumns(entries=entries)
    mended = Mended(file=str(found.file), before=before, after=after, edits=())
    return WrittenColumns(entries=entries, mended=mended)


def write_columns(mended: Mended, sink: Sink) -> None:
    """Writes the file at once.

    Raises:
        CompileError: KG605, it cannot be written, or was changed meanwhile.
    """
    try:
        if not mended.is_writable():
            raise PermissionError(13, "it is read-only")
        mended.write()
    except OSError as error:
        raise sink.fail(
            "KG605", f"`{mended.file}` cannot be written: {reason_of(error)}"
        ) from error


def with_columns(text: str, columns: dict[str, ColumnFigures]) -> str | None:
    """A config file with entries for columns; None where they have no place in it.

    Args:
        text: the file: a group `data`, or a config that has one.
        columns: name to figures of the columns that it says nothing of.
    """
    group = _group(text)
    if group is None or group.flow_style or not group.value:
        return None
    keys = {key.value: (key, value) for key, value in group.value}
    indent = " " * group.value[0][0].start_mark.column
    step = indent + "  "
    if "columns" not in keys:
        added = [f"{indent}columns:", *columns_lines(columns, {}, indent=step)]
        after = _with_lines(text, _last_line(keys["source"][1]) + 1, added)
    else:
        after = _with_entries(text, *keys["columns"], columns, step)
    return after if _is_same(text, after, columns) else None


def _with_entries(
    text: str,
    key: yaml.Node,
    value: yaml.Node,
    columns: dict[str, ColumnFigures],
    step: str,
) -> str:
    """The text with entries behind those that stand there."""
    mapping = value if isinstance(value, yaml.MappingNode) else None
    if mapping is not None and mapping.flow_style and mapping.value:
        end = value.end_mark.index - 1
        listed = ", ".join(f"{yaml_key(name)}: {c.type}" for name, c in columns.items())
        return f"{text[:end].rstrip()}, {listed}{text[end:]}"
    if mapping is not None and not mapping.flow_style:
        inner = " " * mapping.value[0][0].start_mark.column
        lines = columns_lines(columns, {}, indent=inner)
        return _with_lines(text, _last_line(value) + 1, lines)
    lines = columns_lines(columns, {}, indent=step)
    begin, end = value.start_mark.index, value.end_mark.index
    bare = text[:begin].rstrip(" ") + text[end:] if mapping is not None else text
    return _with_lines(bare, key.start_mark.line + 1, lines)


def _group(text: str) -> yaml.MappingNode | None:
    """The mapping of a file that has the source."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None
    for _ in range(2):
        if not isinstance(root, yaml.MappingNode):
            return None
        keys = {key.value: value for key, value in root.value}
        if "source" in keys:
            return root
        root = keys.get("data")
    return None


def _last_line(node: yaml.Node) -> int:
    """The last line on which something of a node stands; a block ends before what follows it."""
    is_block = isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value
    if not is_block:
        return int(node.end_mark.line)
    last = node.value[-1]
    return _last_line(last[1] if isinstance(last, tuple) else last)


def _with_lines(text: str, place: int, added: list[str]) -> str:
    lines = text.splitlines(keepends=True)
    end = "\r\n" if "\r\n" in text else "\n"
    if lines and place >= len(lines) and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += end
    return "".join([*lines[:place], *(f"{line}{end}" for line in added), *lines[place:]])


def _is_same(before: str, after: str, columns: dict[str, ColumnFigures]) -> bool:
    """Whether a text is read as the earlier one with the entries."""
    try:
        old, new = yaml.safe_load(before), yaml.safe_load(after)
    except yaml.YAMLError:
        return False
    group = old if "source" in old else old["data"]
    group["columns"] = {**(group.get("columns") or {}), **{n: c.type for n, c in columns.items()}}
    return bool(old == new)


def _is_shipped(file: Path) -> bool:
    return file.resolve().is_relative_to(config_folder().resolve())
