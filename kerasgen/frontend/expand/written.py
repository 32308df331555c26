"""Where the parts of an expanded model were written.

This room owns the way back from a key path of the expanded config to the place in the config as
written: the entry of a block, the entry that used the block, the parameter that gave a value. It
must not know how a model is expanded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kerasgen.diagnostics import Anchor, Background, Note, Sink, SourceLocation

_MOST_NOTES = 3
"""Uses of blocks inside blocks of which a diagnostic tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One use of a block.

    Attributes:
        name: expanded name of the entry that used it.
        block: name of the block.
        path: key path of that entry as written.
    """

    name: str
    block: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one entry of the expanded model was written.

    Attributes:
        written: its key path in the config as written.
        uses: the uses of blocks through which it came in, outermost first.
    """

    written: str
    uses: tuple[Use, ...] = ()


@dataclass(slots=True)
class Places:
    """Key paths of the expanded model to where they were written.

    Attributes:
        entries: key path of an expanded entry to its place.
        parameters: key path of an expanded value to the parameters it was computed from: name,
            and the key path under which the parameter got its value.
    """

    entries: dict[str, Place] = field(default_factory=dict)
    parameters: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def find(self, key: str) -> tuple[str, Place | None]:
        """The key path as written, and the place of the expanded entry around it, if any."""
        path, rest = key, ""
        while path:
            place = self.entries.get(path)
            if place is not None:
                return place.written + rest, place
            path, dot, last = path.rpartition(".")
            rest = f"{dot}{last}{rest}" if dot else rest
        return key, None

    def given(self, key: str) -> tuple[tuple[str, str], ...]:
        """The parameters behind the value at a key path, or behind the value around it."""
        path = key
        while path and path not in self.entries:
            if path in self.parameters:
                return self.parameters[path]
            path = path.rpartition(".")[0]
        return ()


def read_through(places: Places, sink: Sink) -> None:
    """Makes a sink find the keys of the expanded config where they were written.

    Args:
        places: what the expansion noted.
        sink: its locator finds the keys of the config as written; from now on it also finds those
            of the expanded one, and tells of the block and the parameters behind them.
    """
    locate, explain = sink.locate, sink.explain

    def located(key: str, at: Anchor) -> SourceLocation:
        written, place = places.find(key)
        return locate(written, at) if place is not None else locate(key, at)

    def explained(key: str) -> Background:
        written, place = places.find(key)
        if place is None:
            return explain(key)
        given = _given_notes(places.given(key), locate)
        notes = (*explain(written).notes, *given, *use_notes(place.uses, locate))
        return Background(notes=notes, repeated=True)

    sink.locate = located
    sink.explain = explained


def use_notes(
    uses: tuple[Use, ...], locate: Callable[[str, Anchor], SourceLocation]
) -> tuple[Note, ...]:
    """A note for each use of a block, innermost first."""
    return tuple(
        Note(message=f"`{use.name}` uses the block `{use.block}`", location=locate(use.path, "key"))
        for use in uses[::-1][:_MOST_NOTES]
    )


def _given_notes(
    given: tuple[tuple[str, str], ...], locate: Callable[[str, Anchor], SourceLocation]
) -> tuple[Note, ...]:
    return tuple(
        Note(message=f"`{name}` is given here", location=locate(path, "value"))
        for name, path in given
    )
