"""A composed config as YAML text, plain or with the place where each value was written.

This room owns how plain data becomes YAML that PyYAML and OmegaConf both read back as the same
data. The two differ: `1e-3` without quotes is a string to the one and a number to the other, so
a string of that look is quoted, and a float is written with a point (`1.0e-07`). Where a value
was written is told by a locator; what it means is not known here.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from kerasgen.diagnostics import SourceLocation
from kerasgen.diagnostics.render import file_text
from kerasgen.foreign.passwords import without_passwords
from kerasgen.foreign.printable import shown, shown_lines

_COMMENT_COLUMN = 60
"""Where comments begin at the latest, unless a line is longer."""

_ORIGIN_LENGTH = 160
"""Characters of an origin, beyond which it is cut."""

_NO_FOLDING = 2**31 - 1
"""A line width that nothing reaches: a value that is folded has no line for its comment."""


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper without aliases, and with each string on one line."""

    def ignore_aliases(self, data: object) -> bool:
        """Says that equal parts are written out each time: an alias would hide an origin."""
        del data
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indents the items of a list below its key."""
        del indentless
        super().increase_indent(flow, False)


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # Between double quotes a character may stand as an escape.
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    # What OmegaConf reads as a float beyond what PyYAML does.
    re.compile(
        r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+\Z"
        r"|\.[0-9_]+([eE][-+][0-9]+)?\Z"
        r"|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*\Z"
    ),
    list("-+0123456789."),
)


def config_yaml(config: Mapping[Any, Any]) -> str:
    """A config as YAML, in the order of its keys.

    Args:
        config: mappings, lists, strings, numbers, None.

    Returns:
        The text, with a newline at its end; a list of plain values stands on one line.
    """
    return _dumped(_node(config, lambda node, path: _is_plain(node)))


def config_with_origins(config: Mapping[Any, Any], locate: Callable[[str], SourceLocation]) -> str:
    """A config as YAML with a comment behind each value that says where it was written.

    Args:
        config: mappings, lists, strings, numbers, None.
        locate: turns a dotted key path (`model.layers.0.units`) into a place.

    Returns:
        The text, with a newline at its end. Without its comments it is the data of `config`;
        a list of plain values that were written in one place stands on one line.
    """

    def written_at_once(node: yaml.SequenceNode, path: str) -> bool:
        origins = {_origin(locate(f"{path}.{index}")) for index in range(len(node.value))}
        return _is_plain(node) and len(origins) < 2

    text = _dumped(_node(config, written_at_once))
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    origins = {line: _origin(locate(path)) for path, line in _leaves(root, "")}
    lines = text.removesuffix("\n").split("\n")
    ends = [len(line) for number, line in enumerate(lines) if origins.get(number)]
    column = min(max(ends, default=0), _COMMENT_COLUMN)
    return "".join(
        f"{line:{column}}  # {origins[number]}\n" if origins.get(number) else f"{line}\n"
        for number, line in enumerate(lines)
    )


def _node(config: object, in_one_line: Callable[[yaml.SequenceNode, str], bool]) -> yaml.Node:
    dumper = _Dumper(io.StringIO(), sort_keys=False)
    node = dumper.represent_data(_plain(config))
    _set_styles(node, "", in_one_line)
    return node


def _dumped(node: yaml.Node) -> str:
    text = yaml.serialize(node, Dumper=_Dumper, width=_NO_FOLDING, allow_unicode=True)
    assert isinstance(text, str)
    # PyYAML takes marks that turn a line round, or have no width, for printable.
    return without_passwords(shown_lines(text))


def _plain(value: object) -> object:
    """The same data in dicts and lists, which is what PyYAML represents."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _is_plain(node: yaml.SequenceNode) -> bool:
    return all(isinstance(item, yaml.ScalarNode) for item in node.value)


def _set_styles(
    node: yaml.Node, path: str, in_one_line: Callable[[yaml.SequenceNode, str], bool]
) -> None:
    """Makes every collection a block, but for the lists that are to stand on one line."""
    if isinstance(node, yaml.MappingNode):
        node.flow_style = False
        for key, value in node.value:
            _set_styles(value, _joined(path, key.value), in_one_line)
    elif isinstance(node, yaml.SequenceNode):
        node.flow_style = in_one_line(node, path)
        for index, item in enumerate(node.value):
            _set_styles(item, _joined(path, str(index)), in_one_line)


def _leaves(node: yaml.Node | None, path: str) -> Iterator[tuple[str, int]]:
    """The key path of each value that stands on one line, and that line, counted from 0."""
    if isinstance(node, yaml.MappingNode) and node.value:
        for key, value in node.value:
            yield from _leaves(value, _joined(path, key.value))
    elif isinstance(node, yaml.SequenceNode) and node.value:
        # A list on one line was written in one place: that of its first value.
        for index, item in enumerate(node.value[:1] if node.flow_style else node.value):
            yield from _leaves(item, _joined(path, str(index)))
    elif node is not None and path:
        yield path, node.end_mark.line


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _origin(location: SourceLocation) -> str:
    """Where a value was written, on one line; empty where it was not written anywhere."""
    if location.override is not None:
        text = f"command line: {location.override}"
    elif location.file is not None:
        file = file_text(location.file)
        text = file if location.line is None else f"{file}:{location.line}"
    else:
        return ""
    # YAML forbids most characters that cannot be printed, in comments too.
    line = without_passwords(shown(text))
    return line if len(line) <= _ORIGIN_LENGTH else line[: _ORIGIN_LENGTH - 1] + "…"
