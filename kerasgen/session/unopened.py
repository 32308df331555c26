"""What is certain of a config before the facts of its data are known.

This room owns the question which mistakes hold whatever the facts turn out to be. Values stand in
for the facts, and what these could have brought about is left out. It must not open data or start
an engine.

Decisions:
- Each stage tells into a sink of its own, since what is certain differs from stage to stage.
- Names, and reaches too far, are the same whatever the facts are; so is what is wrong with a key.
- A value that has the wrong form has it in any case where no interpolation stands in what is
  written there: then it comes from no fact.
- A model whose entries hang on no interpolation (`repeat`, `if`) is expanded and wired in the same
  way in any case.
- A model that is left to the data (`layers: auto`) is written for stand-ins of it, so that its
  parameters and all groups beside it are read; how it is wired is not certain then.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from omegaconf import DictConfig

from kerasgen.catalog.entries import Catalog
from kerasgen.data.columns.names import check_known_columns
from kerasgen.diagnostics import CompileError, Diagnostic, Sink, SourceMap
from kerasgen.frontend.compose.composition import Composition, title_of
from kerasgen.frontend.compose.references import plain_node, references_of, value_at
from kerasgen.frontend.grammar import SELECTORS
from kerasgen.ir.data import DataDef
from kerasgen.ir.program import Program
from kerasgen.passes.catalog_check import check, check_source
from kerasgen.passes.outline import check_ends
from kerasgen.passes.preparation import check_preparation
from kerasgen.passes.unknown_names import UnknownNamesError
from kerasgen.passes.wire import wire
from kerasgen.session.frontend_stages import (
    expanded,
    parsed,
    resolved,
    selected,
    with_sections,
)
from kerasgen.session.left_to_data import leaves_model, with_stand_in
from kerasgen.session.states import ANY_SOURCE, Lacking, Parsed, ReadConfig

_STAND_INS: Mapping[str, Any] = {"classes": 2, "shape": [1]}
"""Facts of the data that a model may ask for."""

_COUNTING = ("repeat", "if", SELECTORS)
"""Keys that say which entries a model has."""


class Presumption(NamedTuple):
    """What is certain of a config without the facts of its data.

    Attributes:
        unknown: the names that the catalog does not have.
        program: the program with stand-ins in the place of what is left to the data; None where
            it cannot be read with them.
    """

    unknown: tuple[str, ...]
    program: Program | None


def presumed(
    lacking: Lacking, catalog: Catalog, sink: Sink, look: Callable[[DataDef, Sink], None] | None
) -> Presumption | None:
    """Checks a config without facts of its data, as far as that needs no engine.

    Args:
        lacking: the config.
        catalog: every class that it may name.
        sink: gets every mistake that is certain.
        look: looks at the files of the data, None to leave them alone.

    Returns:
        What is certain; None where nothing is, since a reference leads nowhere, whatever the facts
        are.

    Raises:
        UnknownNamesError: there are mistakes, and names that the catalog does not have.
        CompileError: there are other mistakes alone.
    """
    unknown: list[str] = []
    if lacking.groups is not None and not lacking.groups.data.absent:
        data = lacking.groups.data
        check_preparation(data, sink)
        if look is not None:
            unknown += check_source(data, catalog, sink, lacking.composition.trust)
            if not sink.errors:
                with contextlib.suppress(CompileError):  # It stands in the sink.
                    look(data, sink)
    found = _presumption(lacking, catalog, sink)
    unknown += () if found is None else found.unknown
    if sink.errors and unknown:
        raise UnknownNamesError(sink.diagnostics, unknown)
    sink.stop_on_errors()
    return found


def _presumption(lacking: Lacking, catalog: Catalog, kept: Sink) -> Presumption | None:
    """Reads and outlines a config with stand-ins for its facts; None if nothing is certain.

    Args:
        lacking: the config.
        catalog: every class that it may name.
        kept: gets what is certain.
    """
    composition = lacking.composition
    written = plain_node(composition.config)
    try:
        state = resolved(composition, _presumed_facts(composition), ungiven=ANY_SOURCE)
    except CompileError as error:
        certain = [found for found in error.diagnostics if not _hangs_on_facts(found, written)]
        kept.add(certain)
        return Presumption((), None) if certain else None
    reading = _Reading(written=written, kept=kept, counted=_counts(written))
    left = leaves_model(state.config)
    read = _read(with_stand_in(state) if left else state, lacking, reading)
    if read is None:
        return Presumption((), None)
    check_known_columns(read.program.data, kept)
    unknown = _outline(read, composition, catalog, reading, wired=not left)
    return Presumption(unknown, read.program)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """How what is found with stand-ins is sifted.

    Attributes:
        written: the config as composed, its interpolations as written.
        kept: gets what is certain.
        counted: whether no interpolation says which entries the model has.
    """

    written: Any
    kept: Sink
    counted: bool

    def keep(self, found: Iterable[Diagnostic], source_map: SourceMap) -> None:
        """Keeps what speaks of a key, or of a value in which no interpolation is written."""
        for diagnostic in found:
            place = diagnostic.location
            if place is None:
                continue
            value = value_at(self.written, place.key)
            of_key = place == source_map.locate(place.key, "key")
            if of_key or (value is not None and "$" not in str(value)):
                self.kept.add([diagnostic])


def _read(state: ReadConfig, lacking: Lacking, reading: _Reading) -> Parsed | None:
    """Reads the config with its stand-ins; None where it has mistakes, certain ones or not."""
    composition = lacking.composition
    try:
        state = selected(expanded(with_sections(state)))
    except CompileError as error:
        reading.keep(error.diagnostics, state.findings.source_map)
        return None
    if reading.counted:
        reading.keep(state.findings.found, composition.source_map)
    known = len(state.findings.found)
    try:
        read = parsed(state, name=title_of(composition), first=lacking.groups)
    except CompileError as error:
        reading.keep(error.diagnostics[known:], composition.source_map)
        return None
    reading.keep(read.findings.found[known:], composition.source_map)
    return read


def _outline(
    read: Parsed, composition: Composition, catalog: Catalog, reading: _Reading, *, wired: bool
) -> tuple[str, ...]:
    """Outlines the program with its stand-ins; gives the names that the catalog does not have."""
    source_map = read.findings.source_map
    values, names, wiring = Sink(source_map), Sink(source_map), Sink(source_map)
    unknown = check(read.program, catalog, values, composition.trust, names=names)
    reading.kept.add(names.diagnostics)
    reading.keep(values.diagnostics, composition.source_map)
    if not wired:
        return unknown
    graph = wire(read.program.model, catalog, wiring)
    if graph is not None and not (values.errors or names.errors or wiring.errors):
        check_ends(read.program, graph, wiring)
    if reading.counted:
        reading.kept.add(wiring.diagnostics)
    return unknown


def _presumed_facts(composition: Composition) -> dict[str, Any]:
    """The facts that the config declares, and stand-ins for others."""
    data = composition.config.get("data")
    declared = plain_node(data).get("facts") if isinstance(data, DictConfig) else None
    known = {key: value for key, value in (declared or {}).items() if value != "???"}
    return {**_STAND_INS, **known}


def _hangs_on_facts(found: Diagnostic, written: Any) -> bool:
    """Whether what cannot be resolved refers to a fact of the data, perhaps by way of others."""
    waiting = [found.location.key] if found.location is not None else []
    seen: set[str] = set()
    while waiting:
        key = waiting.pop()
        value = value_at(written, key)
        if key.startswith("data.") and value is None:
            return True
        seen.add(key)
        waiting += [reference for reference in references_of(str(value)) if reference not in seen]
    return False


def _counts(written: Any) -> bool:
    """Whether no interpolation says which entries the model of a config has."""
    return not any(
        "$" in str(value)
        for group in ("model", SELECTORS)
        for key, value in _pairs(written.get(group))
        if key in _COUNTING
    )


def _pairs(node: Any) -> Iterator[tuple[str, Any]]:
    """Every key of a config's part with its value, however deep; a list's items have no key."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield str(key), value
            yield from _pairs(value)
    elif isinstance(node, list):
        for item in node:
            yield "", item
            yield from _pairs(item)
