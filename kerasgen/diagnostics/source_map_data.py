"""Source maps as plain data, and back.

This room owns the form in which a source map is written into a job or a record: mappings, lists,
strings, numbers, booleans and None, as JSON has them. What the map says is not known here.

Decisions:
- Files, overrides and remarks stand once in a list each and are called by number: a map of a
  thousand layers names ten files.
- A map may come from a stranger. What is read has the form that is written, within bounds; the
  smallest departure refuses the whole. A key path is short enough to be walked step by step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from kerasgen.diagnostics.diagnostic import Anchor, SourceLocation
from kerasgen.diagnostics.source_map import (
    Expansion,
    Mark,
    Original,
    Remark,
    Replacement,
    SourceMap,
    Step,
)
from kerasgen.foreign.regular_files import TOO_MUCH, ForeignFileError

Plain = Mapping[str, "Plain"] | Sequence["Plain"] | str | int | bool | None
"""Data as JSON has it, without fractions."""

Item = TypeVar("Item")

VERSION = 1
"""Of the form; a map of another one is refused."""

_MOST_ENTRIES = 500_000
"""Marks, entries, values and references of a map."""

_MOST_STEPS = 8
"""Steps of a map; four stages give one each."""

_LONGEST_KEY = 10_000
"""Characters of a key path or remark."""

_LONGEST_SOURCE = 1_000_000
"""Characters of a file's name or an override."""

_LARGEST = 2**31
"""The largest line, column or length."""

_KEYS = ("version", "sources", "remarks", "defaults", "marks", "references", "steps")


def to_plain(source_map: SourceMap) -> dict[str, Plain]:
    """A source map as plain data, which `from_plain` reads again."""
    writer = _Writer()
    body: dict[str, Plain] = {
        "defaults": None if source_map.defaults is None else writer.place(source_map.defaults),
        "marks": writer.marks(source_map.marks),
        "references": writer.remarks_by_key(source_map.references),
        "steps": [writer.step(step) for step in source_map.steps],
    }
    return {
        "version": VERSION,
        "sources": [list(source) for source in writer.sources],
        "remarks": [[remark.message, remark.key, remark.at] for remark in writer.remarks],
        **body,
    }


def from_plain(data: object) -> SourceMap:
    """The source map of plain data, perhaps a stranger's.

    Args:
        data: what `to_plain` gave, after JSON or without it.

    Raises:
        ForeignFileError: it has another form, or holds more than a map may.
    """
    fields = _fields(data, _KEYS)
    if fields["version"] != VERSION or isinstance(fields["version"], bool):
        raise _refused(f"its version is not {VERSION}")
    reader = _Reader()
    reader.sources = [_source(item) for item in _items(fields["sources"])]
    reader.remarks = [_remark(item) for item in _items(fields["remarks"])]
    steps = _items(fields["steps"])
    if len(steps) > _MOST_STEPS:
        raise _refused(f"it has {len(steps):,} steps, expected at most {_MOST_STEPS}", TOO_MUCH)
    defaults = fields["defaults"]
    return SourceMap(
        marks=reader.marks(fields["marks"]),
        defaults=None if defaults is None else reader.place(defaults),
        references=reader.remarks_by_key(fields["references"]),
        steps=tuple(reader.step(step) for step in steps),
    )


@dataclass(slots=True)
class _Writer:
    """Writes places and remarks, and notes what they call by number.

    Attributes:
        sources: file and override of the places so far, to their numbers.
        remarks: the remarks so far, to their numbers.
    """

    sources: dict[tuple[str | None, str | None], int] = field(default_factory=dict)
    remarks: dict[Remark, int] = field(default_factory=dict)

    def place(self, place: SourceLocation) -> list[Plain]:
        source = (place.file, place.override)
        number = self.sources.setdefault(source, len(self.sources))
        written: list[Plain] = [number, place.line, place.column, place.length]
        return [*written, place.key] if place.key else written

    def marks(self, marks: Mapping[str, Mark]) -> dict[str, Plain]:
        return {
            key: [self.place(mark.key)]
            if mark.key == mark.value
            else [self.place(mark.key), self.place(mark.value)]
            for key, mark in marks.items()
        }

    def numbers(self, remarks: Iterable[Remark]) -> list[Plain]:
        return [self.remarks.setdefault(remark, len(self.remarks)) for remark in remarks]

    def remarks_by_key(self, remarks: Mapping[str, tuple[Remark, ...]]) -> dict[str, Plain]:
        return {key: self.numbers(items) for key, items in remarks.items()}

    def step(self, step: Step) -> dict[str, Plain]:
        if isinstance(step, Replacement):
            return {"marks": self.marks(step.marks)}
        return {
            "entries": {
                key: [original.key, *self.numbers(original.remarks)]
                for key, original in step.entries.items()
            },
            "values": self.remarks_by_key(step.values),
            "copied": step.copied,
        }


@dataclass(slots=True)
class _Reader:
    """Reads places and remarks that call others by number.

    Attributes:
        sources: file and override by number.
        remarks: remarks by number.
        entries: how many entries were read.
    """

    sources: list[tuple[str | None, str | None]] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    entries: int = 0

    def place(self, data: object) -> SourceLocation:
        items = _items(data)
        if len(items) not in (4, 5):
            raise _refused("a place has not four or five items")
        file, override = _numbered(self.sources, items[0])
        return SourceLocation(
            file=file,
            override=override,
            line=None if items[1] is None else _count(items[1]),
            column=None if items[2] is None else _count(items[2]),
            length=_count(items[3]),
            key=_text(items[4]) if len(items) == 5 else "",
        )

    def marks(self, data: object) -> dict[str, Mark]:
        return {key: self._mark(item) for key, item in self._pairs(data)}

    def _mark(self, data: object) -> Mark:
        places = [self.place(item) for item in _items(data)]
        if len(places) not in (1, 2):
            raise _refused("a mark has not one or two places")
        return Mark(key=places[0], value=places[-1])

    def remarks_by_key(self, data: object) -> dict[str, tuple[Remark, ...]]:
        return {key: self._numbers(_items(item)) for key, item in self._pairs(data)}

    def step(self, data: object) -> Step:
        if isinstance(data, Mapping) and "marks" in data:
            return Replacement(marks=self.marks(_fields(data, ("marks",))["marks"]))
        fields = _fields(data, ("entries", "values", "copied"))
        if not isinstance(fields["copied"], bool):
            raise _refused("`copied` is neither true nor false")
        return Expansion(
            entries={key: self._original(item) for key, item in self._pairs(fields["entries"])},
            values=self.remarks_by_key(fields["values"]),
            copied=fields["copied"],
        )

    def _original(self, data: object) -> Original:
        items = _items(data)
        if not items:
            raise _refused("an entry has no key path")
        return Original(key=_text(items[0]), remarks=self._numbers(items[1:]))

    def _numbers(self, items: Sequence[object]) -> tuple[Remark, ...]:
        self._count_entries(len(items))
        return tuple(_numbered(self.remarks, item) for item in items)

    def _pairs(self, data: object) -> list[tuple[str, object]]:
        if not isinstance(data, Mapping):
            raise _refused("a list stands where key paths are expected")
        self._count_entries(len(data))
        return [(_text(key), item) for key, item in data.items()]

    def _count_entries(self, count: int) -> None:
        self.entries += count
        if self.entries > _MOST_ENTRIES:
            raise _refused(f"it has more than {_MOST_ENTRIES:,} entries", TOO_MUCH)


def _source(data: object) -> tuple[str | None, str | None]:
    items = _items(data)
    if len(items) != 2:
        raise _refused("a source is not a file and an override")
    file, override = (None if item is None else _text(item, _LONGEST_SOURCE) for item in items)
    return file, override


def _remark(data: object) -> Remark:
    items = _items(data)
    if len(items) != 3:
        raise _refused("a remark has not three items")
    return Remark(message=_text(items[0]), key=_text(items[1]), at=_anchor(items[2]))


def _anchor(data: object) -> Anchor:
    if data == "key":
        return "key"
    if data == "value":
        return "value"
    raise _refused("a remark points neither at a key nor at a value")


def _fields(data: object, keys: Sequence[str]) -> Mapping[str, object]:
    if not isinstance(data, Mapping) or set(data) != set(keys):
        raise _refused("expected a mapping with " + ", ".join(f"`{key}`" for key in keys))
    return data


def _items(data: object) -> Sequence[object]:
    if not isinstance(data, list | tuple):
        raise _refused("no list stands where one is expected")
    if len(data) > _MOST_ENTRIES:
        raise _refused(f"it has more than {_MOST_ENTRIES:,} entries", TOO_MUCH)
    return data


def _text(data: object, longest: int = _LONGEST_KEY) -> str:
    if not isinstance(data, str):
        raise _refused("no text stands where one is expected")
    if len(data) > longest:
        raise _refused(f"it has a text of {len(data):,} characters", TOO_MUCH)
    return data


def _count(data: object) -> int:
    if isinstance(data, bool) or not isinstance(data, int) or not 0 < data <= _LARGEST:
        raise _refused("a line, column or length is no positive number")
    return data


def _numbered(items: Sequence[Item], number: object) -> Item:
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(items):
        raise _refused("a number calls nothing")
    return items[number]


def _refused(reason: str, code: str | None = None) -> ForeignFileError:
    return ForeignFileError(f"is no source map: {reason}", code=code)
