"""YAML of a stranger as plain data: bounded in size, levels, values and digits, without aliases.

This room owns reading YAML within bounds. It must not know what the data means. Config files that
are composed are not read here: OmegaConf's own loader reads them, after
`frontend.compose.config_limits`.

Decisions:
- Data is built from the events as they come, so that a bound ends the work where it is passed.
- No alias is followed. A file that the program wrote has none, and a few nested ones can stand
  for more values than fit into memory.
- Only what JSON knows is built: strings, numbers, booleans, null, lists, mappings. A date is text,
  as for OmegaConf; any other tag is refused, since a config could not have held its value.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from kerasgen.foreign.json_data import Bounds
from kerasgen.foreign.regular_files import (
    MOST_BYTES,
    TOO_MUCH,
    ForeignFileError,
    decoded,
    read_bytes,
)

if TYPE_CHECKING:
    from yaml._yaml import Mark as CMark

BOUNDS = Bounds(size=MOST_BYTES, levels=64, values=120_000)
"""How much a YAML file may hold; more values than a config may have."""

_TAG = "tag:yaml.org,2002:"

_TEXT = ("str", "value")
"""Tags of plain text; a lone `=` is what the second means."""


def read_yaml(path: str | Path, *, bounds: Bounds = BOUNDS, within: Path | None = None) -> object:
    """The data in a YAML file of one document.

    Args:
        path: the file.
        bounds: how much it may hold.
        within: a folder that a link must not lead out of, or None.

    Returns:
        Mappings, lists, strings, numbers, booleans and None; None for an empty file.

    Raises:
        ForeignFileError: it cannot be read, is not YAML, or holds more than it may.
    """
    return parse_yaml(read_bytes(path, most=bounds.size, within=within), bounds)


def parse_yaml(content: bytes, bounds: Bounds = BOUNDS) -> object:
    """The data of a YAML text in UTF-8.

    Args:
        content: the text.
        bounds: how much it may hold; its size in bytes is not looked at again.

    Raises:
        ForeignFileError: it is not YAML, or holds more than it may.
    """
    builder = _Builder(bounds)
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(decoded(content), Loader=loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        if "nesting depth" in str(error):  # libyaml's own limit, met before any event came
            told = f"is nested too deeply: more than {bounds.levels} levels"
            raise _fault(told, None, True) from None
        told = error.problem or "it cannot be read"
        raise _fault(f"is not YAML: {told}", error.problem_mark) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise _fault(f"is not YAML: {' '.join(str(error).split())}", None) from None
    return builder.document


class _Holder:
    """A mapping or a list that is being read, and the key that waits for its value."""

    __slots__ = ("container", "key", "keyed")

    def __init__(self, container: dict[Any, Any] | list[Any]) -> None:
        self.container = container
        self.key: object = None
        self.keyed = False


class _Builder:
    """Plain data out of the events of a YAML file, one after the other."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.document: object = None
        self._documents = 0
        self._values = 0
        self._open: list[_Holder] = []

    def take(self, event: yaml.Event) -> None:
        """Takes the next event.

        Raises:
            ForeignFileError: the file holds more than it may, or what is no plain data.
        """
        if isinstance(event, yaml.ScalarEvent):
            self._count(event)
            self._put(_scalar(event, self.bounds.digits), event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._open.pop()
        elif isinstance(event, yaml.AliasEvent):
            shown = str(event.anchor)[:40]
            raise _fault(f"has aliases (`*{shown}`), expected none", event.start_mark, True)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise _fault("holds more than one document", event.start_mark)

    def _begin(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        self._count(event)
        mapping = isinstance(event, yaml.MappingStartEvent)
        _require_tag(event, "map" if mapping else "seq")
        made: dict[Any, Any] | list[Any] = {} if mapping else []
        self._put(made, event)
        self._open.append(_Holder(made))
        if len(self._open) > self.bounds.levels:
            told = f"is nested too deeply: more than {self.bounds.levels} levels"
            raise _fault(told, event.start_mark, True)

    def _count(self, event: yaml.Event) -> None:
        self._values += 1
        if self._values > self.bounds.values:
            told = f"holds more than {self.bounds.values:,} keys and values"
            raise _fault(told, event.start_mark, True)

    def _put(self, value: object, event: yaml.Event) -> None:
        if not self._open:
            self.document = value
            return
        holder = self._open[-1]
        if isinstance(holder.container, list):
            holder.container.append(value)
        elif holder.keyed:
            holder.container[holder.key] = value
            holder.keyed = False
        elif isinstance(value, dict | list):
            raise _fault("is not YAML of a config: a key is a list or a mapping", event.start_mark)
        elif value in holder.container:
            raise _fault(
                f"is not YAML of a config: the key `{str(value)[:60]}` stands twice",
                event.start_mark,
            )
        else:
            holder.key, holder.keyed = value, True


def _require_tag(event: yaml.CollectionStartEvent, usual: str) -> None:
    if event.tag not in (None, "!", _TAG + usual):
        raise _fault(_strange(event.tag), event.start_mark)


def _strange(tag: str) -> str:
    return f"is not YAML of a config: it holds the tag `{_short_tag(tag)}`"


def _short_tag(tag: str) -> str:
    return ("!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag)[:60]


def _scalar(event: yaml.ScalarEvent, digits: int) -> object:
    text: str = event.value
    tag = event.tag
    if tag is None or tag == "!":
        if not event.implicit[0]:  # Between quotes, or after a lone `!`.
            return text
        tag = str(_resolver().resolve(yaml.ScalarNode, text, (True, False)))
    kind = tag.removeprefix(_TAG)
    if kind in _TEXT:
        return text
    if kind not in ("null", "bool", "int", "float", "timestamp"):
        raise _fault(_strange(tag), event.start_mark)
    if len(text) > digits:
        told = f"holds a number of {len(text):,} characters, expected at most {digits}"
        raise _fault(told, event.start_mark, True)
    # Each constructor of PyYAML raises its own for what is none: `!!bool x`, `!!int ""`.
    try:
        value: object = getattr(_constructor(), f"construct_yaml_{kind}")(
            yaml.ScalarNode(tag, text)
        )
    except (ValueError, LookupError, OverflowError, AttributeError, yaml.YAMLError):
        told = f"is not YAML: it holds `{text[:40]}` as `{_short_tag(tag)}`, which it is not"
        raise _fault(told, event.start_mark) from None
    return text if kind == "timestamp" else value


@cache
def _resolver() -> Any:
    return yaml.resolver.Resolver()


@cache
def _constructor() -> object:
    return yaml.constructor.SafeConstructor()


def _fault(reason: str, mark: yaml.Mark | CMark | None, too_much: bool = False) -> ForeignFileError:
    return ForeignFileError(
        reason,
        code=TOO_MUCH if too_much else None,
        line=mark.line + 1 if mark else None,
        column=mark.column + 1 if mark else None,
    )
