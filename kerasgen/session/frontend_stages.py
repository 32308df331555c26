"""The stages of the frontend: from a composed config to the program that it describes.

This room owns what each of these stages is given and gives: resolving, expanding, selecting,
parsing. What a stage does stands in the frontend; which facts a config is resolved with it must not
know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.frontend.compose.composition import Composition, resolve, resolve_groups
from kerasgen.frontend.expand.whole_model import expand_config
from kerasgen.frontend.parse.backend import parse_backend, places_of_settings
from kerasgen.frontend.parse.data import frozen_facts, parse_data
from kerasgen.frontend.parse.program import FirstGroups, check_sections, parse_program
from kerasgen.frontend.select.apply import select_config
from kerasgen.session.states import Findings, Groups, Parsed, ReadConfig


def read_groups(composition: Composition) -> Groups:
    """Reads the groups `backend` and `data` alone; facts that are not known do no harm there."""
    try:
        groups, sink = resolve_groups(composition, ("backend", "data"))
    except CompileError:
        return Groups(first=None)  # Resolving the whole config finds it again, with all else.
    return parse_groups(groups, sink)


def parse_groups(config: Mapping[str, Any], sink: Sink) -> Groups:
    """Parses the groups `backend` and `data` of a resolved config."""
    backend = parse_backend(config["backend"], sink) if "backend" in config else None
    data = parse_data(config["data"], sink) if "data" in config else None
    if sink.errors:
        return Groups(first=None, refused=tuple(sink.diagnostics))
    if backend is None or data is None:
        return Groups(first=None)
    return Groups(first=FirstGroups(backend=backend, data=data))


def resolved(
    composition: Composition,
    facts: Mapping[str, Any] | None = None,
    *,
    ungiven: str | None = None,
) -> ReadConfig:
    """Resolves every interpolation; see `composition.resolve`.

    Raises:
        UnresolvedError: an interpolation cannot be resolved, or a mandatory value is missing.
        CompileError: composing has found mistakes, or the config is too large.
    """
    config, sink = resolve(composition, facts, ungiven=ungiven)
    return ReadConfig(config=config, findings=Findings.of(sink))


def with_sections(state: ReadConfig) -> ReadConfig:
    """A resolved config that has its sections and no others.

    Raises:
        CompileError: a section is missing or unknown.
    """
    sink = state.findings.sink()
    check_sections(state.config, sink)
    return state._replace(findings=Findings.of(sink))


def expanded(state: ReadConfig) -> ReadConfig:
    """Writes out the parameters, blocks and repetitions of a resolved config's model."""
    sink = state.findings.sink()
    found = expand_config(state.config, sink)
    return ReadConfig(config=found.config, findings=Findings.of(sink.over(found.source_map)))


def selected(state: ReadConfig) -> ReadConfig:
    """Applies the selectors of an expanded config."""
    sink = state.findings.sink()
    found = select_config(state.config, sink)
    return ReadConfig(config=found.config, findings=Findings.of(sink.over(found.source_map)))


def parsed(state: ReadConfig, *, name: str | None, first: FirstGroups | None) -> Parsed:
    """Parses a selected config.

    Args:
        state: the config.
        name: name of the experiment where the config gives none.
        first: the groups that were read already, None for none.

    Raises:
        CompileError: the config has mistakes, those of expanding and selecting included.
    """
    sink = state.findings.sink()
    program = parse_program(state.config, sink, name=name, first=first)
    places = places_of_settings(state.config["backend"], sink.source_map)
    findings = Findings.of(sink.over(places))
    return Parsed(program=program, config=state.config, findings=findings)


def with_facts(read: Parsed, facts: Mapping[str, Any]) -> Parsed:
    """A config that refers to no fact of its data, with the facts that were found.

    Args:
        read: the config as it was read without them.
        facts: the facts.
    """
    program = read.program
    return read._replace(
        program=replace(program, data=replace(program.data, facts=frozen_facts(facts))),
        config={**read.config, "data": {**read.config["data"], "facts": dict(facts)}},
    )


def with_groups(found: Sequence[Diagnostic], refused: Sequence[Diagnostic]) -> CompileError:
    """The mistakes of the groups that come first, and behind them what else was found."""
    if set(refused) <= set(found):
        return CompileError(found)
    sink = Sink()
    sink.add(refused)
    sink.add(found)
    return CompileError(sink.diagnostics)
