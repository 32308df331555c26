"""Where something was written: a map from key paths to files, overrides and what stands behind.

This room owns the map as a value: frozen, comparable, without a live object in it, so that it
travels with a config into a job and a record. It must not know what a key means, nor how a config
is composed, expanded or selected from: those stages each give a step, and `through` puts it on top.

Decisions:
- A step is looked through from the last one back: an expanded key path becomes the one before
  expansion, what a selector has set ends the search.
- What stands behind a value is remarked in words by the stage that knows it; the map adds places.
- Every command imports this module: named tuples are defined five times as fast as dataclasses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from kerasgen.diagnostics.diagnostic import Anchor, Note, SourceLocation

_LONGEST_TRAIL = 3
"""References that refer to references, of which a diagnostic tells."""

_MOST_NOTES = 200
"""Notes on what stands behind one value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where one entry stands: its key and its value.

    Attributes:
        key: place of the key.
        value: place of the value; the key's where the value spans several lines.
    """

    key: SourceLocation
    value: SourceLocation


class Remark(NamedTuple):
    """A note on a value whose place is the one of another entry.

    Attributes:
        message: the note.
        key: dotted key path of that entry, before the step that the remark belongs to.
        at: which end of it is meant.
    """

    message: str
    key: str
    at: Anchor = "value"


class Background(NamedTuple):
    """What stands behind the value of a config entry.

    Attributes:
        notes: what else had a part in it.
        repeated: whether it was written once and stands in many places, as in a block: what is
            wrong with it is reported once.
    """

    notes: tuple[Note, ...] = ()
    repeated: bool = False


class Original(NamedTuple):
    """The entry that another one was made of.

    Attributes:
        key: its key path.
        remarks: how it came to where it stands now.
    """

    key: str
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Expansion:
    """A step after which entries stand under other key paths than they were written.

    Attributes:
        entries: key path of an entry after the step to the one that it was made of.
        values: key path of a value that was computed to remarks on what it was computed from.
        copied: whether entries may have been made of one; what is wrong with such is told once.
    """

    entries: Mapping[str, Original] = field(default_factory=dict)
    values: Mapping[str, tuple[Remark, ...]] = field(default_factory=dict)
    copied: bool = True

    def find(self, key: str) -> tuple[str, Original | None]:
        """The key path before the step, and what the entry around it was made of, if any."""
        path, rest = key, ""
        while path:
            original = self.entries.get(path)
            if original is not None:
                return original.key + rest, original
            path, dot, last = path.rpartition(".")
            rest = f"{dot}{last}{rest}" if dot else rest
        return key, None

    def remarks_on(self, key: str) -> tuple[Remark, ...]:
        """The remarks on the value at a key path, or on the value around it."""
        path = key
        while path and path not in self.entries:
            if path in self.values:
                return self.values[path]
            path = path.rpartition(".")[0]
        return ()


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """A step in which values were set from elsewhere, several from one place.

    Attributes:
        marks: key path of what was set to where it was written. The `key` of such a place is the
            key path by which it is shown: one place may speak for several entries.
    """

    marks: Mapping[str, Mark]


Step = Expansion | Replacement
"""What one stage did to the key paths of a config."""


@dataclass(frozen=True, kw_only=True)
class SourceMap:
    """Key paths of a config to where they were written.

    Attributes:
        marks: dotted key path of the composed config to where the entry was last set.
        defaults: where the choice of what is in the config was written, or None.
        references: key path to remarks on the values that the one there refers to.
        steps: what was done to the config since then, in order.
    """

    marks: Mapping[str, Mark] = field(default_factory=dict)
    defaults: SourceLocation | None = None
    references: Mapping[str, tuple[Remark, ...]] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()

    def through(self, step: Step) -> SourceMap:
        """The map of the config after one more step."""
        return replace(self, steps=(*self.steps, step))

    def locate(self, key: str, at: Anchor = "value") -> SourceLocation:
        """The place of an entry, or of the nearest entry around it that was written.

        Args:
            key: dotted key path.
            at: whether the key or the value is meant. An entry that was not written itself
                (a missing argument) is placed at the key of the entry around it; a group that
                nobody chose at the root config's defaults list.
        """
        return self._locate(key, at, len(self.steps))

    def explain(self, key: str) -> Background:
        """What stands behind the value at a key path: references, uses of blocks, parameters."""
        return self._explain(key, len(self.steps))

    def _locate(self, key: str, at: Anchor, count: int) -> SourceLocation:
        """The place of a key path of the config after so many steps."""
        for step in self.steps[:count][::-1]:
            if isinstance(step, Expansion):
                key, _ = step.find(key)
            elif (path := _around(key, step.marks)) is not None:
                place = _end_of(step.marks[path], path, key, at)
                return replace(place, key=f"{place.key}{key[len(path) :]}")
        path = _around(key, self.marks)
        if path is None:
            return replace(self.defaults or SourceLocation(), key=key)
        return replace(_end_of(self.marks[path], path, key, at), key=key)

    def _explain(self, key: str, count: int) -> Background:
        """What stands behind a key path of the config after so many steps."""
        if not count:
            return Background(notes=tuple(islice(self._trail(key, 0), _MOST_NOTES)))
        step = self.steps[count - 1]
        if isinstance(step, Replacement):
            # One selector that sets something wrong in ten entries is one mistake.
            replaced = _around(key, step.marks) is not None
            return Background(repeated=True) if replaced else self._explain(key, count - 1)
        before, original = step.find(key)
        behind = self._explain(before, count - 1)
        if original is None:
            return behind
        notes = [
            Note(message=remark.message, location=self._locate(remark.key, remark.at, count - 1))
            for remark in (*step.remarks_on(key), *original.remarks)[:_MOST_NOTES]
        ]
        return Background(notes=(*behind.notes, *notes), repeated=step.copied or behind.repeated)

    def _trail(self, key: str, length: int) -> Iterator[Note]:
        """The values that the one at a key path refers to, and those that these refer to."""
        for remark in self.references.get(key, ()):
            place = self._locate(remark.key, remark.at, 0)
            if place.file is None and place.override is None:
                continue
            yield Note(message=remark.message, location=place)
            if length < _LONGEST_TRAIL:
                yield from self._trail(remark.key, length + 1)


NOWHERE = SourceMap()
"""The map of what was written nowhere: a key path stands for itself."""


def _around(key: str, marks: Mapping[str, Mark]) -> str | None:
    """The nearest key path that has a mark: the one that is given, or one around it."""
    path = key
    while path and path not in marks:
        path = path.rpartition(".")[0]
    return path or None


def _end_of(mark: Mark, path: str, key: str, at: Anchor) -> SourceLocation:
    """The place in a mark of `path` that is meant where one asks for `key`."""
    if key != path:
        # `flatten: Flatten` has no key `class`: its value is the class.
        return mark.value if key == f"{path}.class" else mark.key
    return mark.key if at == "key" else mark.value
