"""Where every value of a composed config was written.

This room owns how the source map of a composition is made: its files, lines and columns, and the
command-line overrides that set values. It reads the YAML files that Hydra composed a second time,
for their marks alone; it must not know what a key means.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from kerasgen.diagnostics import Sink, SourceLocation, SourceMap, Suggestion
from kerasgen.diagnostics.source_map import Mark
from kerasgen.foreign.regular_files import ForeignFileError, is_regular, read_text
from kerasgen.frontend.compose.yaml_traps import report_reading

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE_TAG = "tag:yaml.org,2002:merge"
_KEY_TAGS = {"tag:yaml.org,2002:str", "tag:yaml.org,2002:int", _MERGE_TAG}


_DEEPEST = 100
"""Steps in the longest key path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """One file that took part in a composition.

    Attributes:
        path: the file.
        package: dotted key path under which its content stands; empty for the root.
        primary: whether it is the root config.
    """

    path: Path
    package: str
    primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetByOverride:
    """One override of a value.

    Attributes:
        key: dotted key path that it sets.
        text: the override as written.
        value: what it sets, as plain data; only whether it is a mapping matters.
    """

    key: str
    text: str
    value: Any = None


def groups_taken_out(overrides: Iterable[str], config: Container[str]) -> Iterator[SetByOverride]:
    """The overrides that leave a config without a group, of which no file tells any more."""
    for text in overrides:
        key = text[1:].partition("=")[0].partition("@")[0]
        if text.startswith("~") and key not in config:
            yield SetByOverride(key=key, text=text)


def config_files(defaults: Sequence[Any], folders: Sequence[Path]) -> Iterator[ConfigFile]:
    """The files among what Hydra merges (its `ResultDefault`s), in order, without its own."""
    for default in defaults:
        if default.config_path is None or default.config_path.startswith("hydra/"):
            continue
        for folder in folders:
            file = folder / f"{default.config_path}.yaml"
            if is_regular(file):
                package = default.package or ""
                yield ConfigFile(
                    path=file,
                    package="" if package == "_global_" else package,
                    primary=bool(default.primary),
                )
                break


def trace_origins(
    files: Iterable[ConfigFile], overrides: Iterable[SetByOverride], sink: Sink
) -> SourceMap:
    """Builds the map for a composition; what values refer to is not in it.

    Args:
        files: the composed files in the order in which they were merged.
        overrides: the overrides of values, in order.
        sink: gets a diagnostic for each key that YAML does not read as text.
    """
    marks: dict[str, Mark] = {}
    defaults: SourceLocation | None = None
    inner: set[str] = set()  # looking below each of a thousand layers would take seconds
    for file in files:
        shown = shown_path(file.path)
        if file.package:
            whole = SourceLocation(file=shown)
            marks[file.package] = Mark(key=whole, value=whole)
            _note_around(inner, file.package)
        tree = _read_tree(file.path)
        if isinstance(tree, yaml.MappingNode):
            if file.primary:
                defaults = _defaults_of(tree, shown)
            for key_path, mark, replaces in _walk(tree, file.package, shown, sink, root=True):
                if replaces and key_path in inner:
                    _forget_below(marks, key_path)
                marks[key_path] = mark
                _note_around(inner, key_path)
    for override in overrides:
        if not isinstance(override.value, Mapping):
            _forget_below(marks, override.key)
        marks.update(override_marks(override))
        for path, mark in _added_around(override):
            marks.setdefault(path, mark)
    return SourceMap(marks=marks, defaults=defaults)


def marks_of_items(content: bytes, file: str) -> dict[str, SourceLocation]:
    """Where the entries of a list of mappings stand: their key paths, numbers first.

    Args:
        content: YAML that was read within bounds, without aliases.
        file: the file, as it is shown.
    """
    tree = yaml.compose(content, Loader=_LOADER)
    found: dict[str, SourceLocation] = {}
    for number, item in enumerate(tree.value if isinstance(tree, yaml.SequenceNode) else ()):
        found[str(number)] = _place(item, file)
        if isinstance(item, yaml.MappingNode):
            for path, mark, _ in _walk(item, str(number), file, Sink()):
                found[path] = replace(mark.value, key=path.partition(".")[2])
    return found


def _defaults_of(tree: yaml.MappingNode, file: str) -> SourceLocation | None:
    """The place of a file's defaults list; its first line where it has none."""
    keys = [key for key, _ in tree.value]
    named = [key for key in keys if key.value == "defaults"]
    return _place((named or keys)[0], file) if keys else None


def shown_path(path: Path) -> str:
    """A file's path as a person at this working directory would write it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def place_of_text(text: str, *, key: str = "", at: int = 0, length: int = 0) -> SourceLocation:
    """A place on the command line: `length` characters from `at`, or all from there."""
    return SourceLocation(
        key=key, override=text, column=at + 1, length=max(1, length or len(text) - at)
    )


def place_of_option(option: str, value: str) -> SourceLocation:
    """The place on the command line of an option's value."""
    return place_of_text(f"{option} {value}", at=len(option) + 1)


def _read_tree(path: Path) -> yaml.Node | None:
    try:
        node: yaml.Node | None = yaml.compose(read_text(path), Loader=_LOADER)
    except ForeignFileError:  # It was composed a moment ago: somebody changes it meanwhile.
        return None
    return node


def _walk(
    node: yaml.MappingNode, prefix: str, file: str, sink: Sink, *, root: bool = False
) -> Iterator[tuple[str, Mark, bool]]:
    """Every entry below a mapping: key path, mark, and whether it replaces what stood there."""
    # A key of the mapping itself wins over a merged one, wherever `<<` stands.
    for key, value in node.value:
        if key.tag == _MERGE_TAG:
            parts = value.value if isinstance(value, yaml.SequenceNode) else [value]
            for part in reversed(parts):
                yield from _walk(part, prefix, file, sink)
    for key, value in node.value:
        if key.tag == _MERGE_TAG or (root and key.value == "defaults"):
            continue
        path = f"{prefix}.{key.value}" if prefix else str(key.value)
        mark = _mark(key, value, file)
        if key.tag not in _KEY_TAGS:
            _refuse_key(key, path, mark, sink)
        yield path, mark, not isinstance(value, yaml.MappingNode)
        report_reading(value, path, mark.value, sink)
        yield from _below(value, path, file, sink)


def _below(value: yaml.Node, path: str, file: str, sink: Sink) -> Iterator[tuple[str, Mark, bool]]:
    if path.count(".") > _DEEPEST:
        return  # an alias that holds itself; Hydra refuses such a file
    if isinstance(value, yaml.MappingNode):
        yield from _walk(value, path, file, sink)
    elif isinstance(value, yaml.SequenceNode):
        for index, item in enumerate(value.value):
            item_path, mark = f"{path}.{index}", _mark(item, item, file)
            yield item_path, mark, True
            report_reading(item, item_path, mark.value, sink, value.value)
            yield from _below(item, item_path, file, sink)


def _mark(key: yaml.Node, value: yaml.Node, file: str) -> Mark:
    key_place = _place(key, file)
    one_line = value.start_mark.line == value.end_mark.line
    return Mark(key=key_place, value=_place(value, file) if one_line else key_place)


def _place(node: yaml.Node, file: str) -> SourceLocation:
    start, end = node.start_mark, node.end_mark
    length = end.column - start.column if end.line == start.line else 1
    return SourceLocation(
        file=file, line=start.line + 1, column=start.column + 1, length=max(1, length)
    )


def _refuse_key(key: yaml.Node, path: str, mark: Mark, sink: Sink) -> None:
    kind = key.tag.rpartition(":")[2]
    sink.report_at(
        "KG108",
        f"YAML reads the key `{key.value}` as a {kind}, expected a name",
        location=replace(mark.key, key=path),
        help=Suggestion(
            f'write it in quotes (`"{key.value}"`) or choose another name', f'"{key.value}"'
        ),
    )


def _forget_below(marks: dict[str, Mark], path: str) -> None:
    below = path + "."
    for key in [key for key in marks if key.startswith(below)]:
        del marks[key]


def _note_around(inner: set[str], path: str) -> None:
    """Notes the keys around a key: they have something below them."""
    around = path.rpartition(".")[0]
    while around and around not in inner:
        inner.add(around)
        around = around.rpartition(".")[0]


def override_marks(override: SetByOverride) -> Iterator[tuple[str, Mark]]:
    """The marks of an override: its key, its value, and what stands inside a mapping or list."""
    text = override.text
    equal = text.find("=")
    start = len(text) - len(text.lstrip("+~"))
    key = _span(text, start, len(text) if equal < 0 else equal)
    if equal < 0:  # `~key`
        yield override.key, Mark(key=key, value=key)
        return
    begin = _skip_blanks(text, equal + 1)
    yield override.key, Mark(key=key, value=_span(text, begin, len(text)))
    yield from _inside(text, begin, override.key)


def _added_around(override: SetByOverride) -> Iterator[tuple[str, Mark]]:
    """The marks of the entries around a key: `+fit.extra.x=1` may be the first word of `extra`."""
    text = override.text
    start = len(text) - len(text.lstrip("+~"))
    parts = override.key.split(".")
    for count in range(1, len(parts)):
        path = ".".join(parts[:count])
        place = _span(text, start, start + len(path))
        yield path, Mark(key=place, value=place)


def _inside(text: str, begin: int, path: str) -> Iterator[tuple[str, Mark]]:
    """What stands inside the mapping or list that begins at `begin` in an override."""
    if text[begin : begin + 1] not in ("{", "["):
        return
    named, index = text[begin] == "{", 0
    at = _skip_blanks(text, begin + 1)
    while at < len(text) and text[at] not in "}]":
        end = _end_of_element(text, at, ",}]")
        colon = _end_of_element(text, at, ":,}]") if named else end
        if named and colon < end:
            name, value = text[at:colon].strip(), _skip_blanks(text, colon + 1)
            key = _span(text, at, colon)
        else:
            name, value, key = str(index), at, _span(text, at, end)
        yield f"{path}.{name}", Mark(key=key, value=_span(text, value, end))
        yield from _inside(text, value, f"{path}.{name}")
        at, index = _skip_blanks(text, end + 1 if text[end : end + 1] == "," else end), index + 1


def _end_of_element(text: str, begin: int, ends: str) -> int:
    """Where an element that begins at `begin` ends: at the next of `ends` outside any nesting."""
    depth, at = 0, begin
    while at < len(text):
        char = text[at]
        if depth == 0 and char in ends:
            return at
        if char == "\\":
            at += 1
        elif char in "'\"":
            at = _end_of_quotes(text, at)
        elif char in "{[(":
            depth += 1
        elif char in "}])":
            depth -= 1
        at += 1
    return len(text)


def _end_of_quotes(text: str, begin: int) -> int:
    at = begin + 1
    while at < len(text) and text[at] != text[begin]:
        at += 2 if text[at] == "\\" else 1
    return at


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t":
        at += 1
    return at


def _span(text: str, begin: int, end: int) -> SourceLocation:
    length = len(text[begin:end].rstrip())
    return SourceLocation(override=text, column=begin + 1, length=max(1, length))
