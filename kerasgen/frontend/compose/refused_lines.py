"""Where in a file the mistake stands for which a library refuses it.

PyYAML stops where it cannot go on, which is often lines behind the bracket or the quote that has
no end; OmegaConf and Hydra name no line at all. This room looks for the line; it must not compose
anything, and knows nothing of what a key means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from kerasgen.diagnostics import SourceLocation
from kerasgen.foreign.regular_files import ForeignFileError, read_bytes
from kerasgen.frontend.compose.origins import shown_path

_HIDDEN_BREAK = re.compile("[\x85\u2028\u2029]")
"""Characters that end a line for YAML, and that no editor shows as such."""


def place_of_yaml_error(error: yaml.YAMLError) -> SourceLocation | None:
    """Where a file is no YAML.

    Args:
        error: what PyYAML raised.

    Returns:
        The place where a person has to mend it: the bracket, the quote or the key that has no
        end, rather than what was read last; None if the error has no place at all.
    """
    opening = getattr(error, "context_mark", None)
    mark = getattr(error, "problem_mark", None) or opening
    if mark is None:
        if isinstance(error, yaml.reader.ReaderError):
            return _position(Path(str(error.name)), int(error.position))
        return None
    text, problem = _text(Path(mark.name)), str(getattr(error, "problem", "") or "")
    if hidden := _HIDDEN_BREAK.search(text):
        return _position(Path(mark.name), hidden.start())
    ended = mark.line >= len(text.splitlines())
    in_key = "could not find expected ':'" in problem
    in_brackets = re.search(r"expected ',' or", problem) and opening and opening.line < mark.line
    start = _open_quote(text, mark)
    if start is not None:
        mark = start
    elif opening is not None and (ended or in_key or in_brackets):
        mark = opening
    elif "<document start>" in problem and mark.column == 0:
        return _first_line(text, Path(mark.name))
    file = shown_path(Path(mark.name))
    return SourceLocation(file=file, line=mark.line + 1, column=mark.column + 1)


def _open_quote(text: str, mark: yaml.Mark) -> yaml.Mark | None:
    """The start of a quoted text over several lines that ends right before a place.

    A quote without an end goes on to the next one, which was to begin another text.
    """
    last: yaml.Token | None = None
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if (token.start_mark.line, token.start_mark.column) >= (mark.line, mark.column):
                break
            last = token
    except yaml.YAMLError:
        pass
    if not isinstance(last, yaml.ScalarToken) or last.style not in ("'", '"'):
        return None
    if last.start_mark.line == last.end_mark.line:
        return None
    start = last.start_mark
    return yaml.Mark(mark.name, start.index, start.line, start.column, None, 0)


def _first_line(text: str, file: Path) -> SourceLocation:
    """The first line that says something: what follows fits only below a key that is not there."""
    lines = text.splitlines()
    spoken = (
        (number, line)
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith(("#", "---"))
    )
    number, line = next(spoken, (1, ""))
    column = len(line) - len(line.lstrip()) + 1
    return SourceLocation(
        file=shown_path(file), line=number, column=column, length=max(1, len(line.strip()))
    )


def place_of_interpolation(error: BaseException, files: Iterable[Path]) -> SourceLocation | None:
    """Where the interpolation stands that OmegaConf cannot read.

    Args:
        error: what was raised for it.
        files: the files that may hold it.

    Returns:
        The first value that is refused in the same words, or None.
    """
    for file in files:
        for node in _scalars(_tree(file)):
            if "${" not in node.value:
                continue
            try:
                OmegaConf.create({"value": node.value})
            except OmegaConfBaseException as found:
                if str(found).split("\n")[0] in str(error):
                    return _place(node, file)
    return None


def place_of_default(files: Iterable[Path]) -> SourceLocation | None:
    """Where a defaults list holds what no defaults list can hold, or None."""
    for file in files:
        for key, value in _defaults(file):
            if not isinstance(value, yaml.SequenceNode):
                return _place(key, file)
            for item in value.value:
                if (wrong := _wrong_default(item)) is not None:
                    return _place(wrong, file)
    return None


def place_of_choice(group: str, option: str | None, files: Iterable[Path]) -> SourceLocation | None:
    """Where a defaults list asks for an option of a group, or for a config; None if none does.

    Args:
        group: name of the group, empty for a config outside of all groups.
        option: name of the option or of the config, None for any.
        files: the files that may ask for it. One that names the group, and for the option
            something that is only found out by composing (`${…}`), counts where none is plainer.
    """
    likely = None
    for file in files:
        for _, value in _defaults(file):
            for item in value.value if isinstance(value, yaml.SequenceNode) else ():
                for name, chosen, node in _choices(item):
                    # A group may be named as seen from the group of the file.
                    if name != group and not group.endswith(f"/{name}"):
                        continue
                    if option is None or chosen == option:
                        return _place(node, file)
                    if "${" in chosen and likely is None:
                        likely = _place(node, file)
    return likely


def place_of_defaults(files: Iterable[Path]) -> SourceLocation | None:
    """Where the first defaults list stands, or None."""
    return next((_place(key, file) for file in files for key, _ in _defaults(file)), None)


def _choices(item: yaml.Node) -> Iterator[tuple[str, str, yaml.ScalarNode]]:
    """Each choice in an item of a defaults list: group, option, and where the option stands."""
    if isinstance(item, yaml.ScalarNode):
        path = item.value.partition("@")[0].strip("/")
        group, _, option = ("", "", path) if "${" in path else path.rpartition("/")
        yield group, option, item
    elif isinstance(item, yaml.MappingNode):
        for key, value in item.value:
            words = str(key.value).split(" ")
            for node in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if isinstance(node, yaml.ScalarNode):
                    yield words[-1].partition("@")[0].strip("/"), node.value, node


def _defaults(file: Path) -> list[tuple[yaml.Node, yaml.Node]]:
    """The key and the value of a file's defaults list."""
    tree = _tree(file)
    pairs = tree.value if isinstance(tree, yaml.MappingNode) else []
    return [pair for pair in pairs if pair[0].value == "defaults"]


def _wrong_default(item: yaml.Node) -> yaml.Node | None:
    if isinstance(item, yaml.ScalarNode):
        return None if _is_name(item) else item
    if not isinstance(item, yaml.MappingNode) or len(item.value) != 1:
        return item
    value = item.value[0][1]
    if isinstance(value, yaml.SequenceNode) and all(map(_is_name, value.value)):
        return None
    return None if _is_name(value) or value.tag.endswith(":null") else value


def _is_name(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag.endswith(":str")


def place_of_word(word: str, files: Iterable[Path]) -> SourceLocation | None:
    """Where a value or an item of a list is just this word, or None."""
    for file in files:
        for node in _scalars(_tree(file)):
            if node.value == word:
                return _place(node, file)
    return None


def _tree(file: Path) -> yaml.Node | None:
    try:
        found: yaml.Node | None = yaml.compose(_text(file), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return None
    return found


def _scalars(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    waiting: list[yaml.Node] = [] if node is None else [node]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, yaml.ScalarNode):
            yield found
        elif isinstance(found, yaml.MappingNode):
            waiting += [part for pair in reversed(found.value) for part in reversed(pair)]
        elif isinstance(found, yaml.SequenceNode):
            waiting += reversed(found.value)


def _place(node: yaml.Node, file: Path) -> SourceLocation:
    start, end = node.start_mark, node.end_mark
    length = end.column - start.column if end.line == start.line else 1
    return SourceLocation(
        file=shown_path(file), line=start.line + 1, column=start.column + 1, length=max(1, length)
    )


def _position(file: Path, position: int) -> SourceLocation:
    """The place of a character that is counted from the file's beginning."""
    before = file.read_bytes().decode("utf-8", "replace")[:position]
    return SourceLocation(
        file=shown_path(file), line=before.count("\n") + 1, column=position - before.rfind("\n")
    )


def _text(file: Path) -> str:
    try:
        return read_bytes(file).decode("utf-8", "replace")
    except ForeignFileError:
        return ""


def said_of(error: Any) -> str:
    """What PyYAML says of a file, without the place."""
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    if problem.startswith("but found"):
        problem = f"{getattr(error, 'context', '')}, {problem}"
    return problem


def hides_break(error: Any) -> bool:
    """Whether the file that PyYAML refuses has the end of a line in it that nobody sees."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return mark is not None and _HIDDEN_BREAK.search(_text(Path(mark.name))) is not None
