"""What a config leaves to its data, and how it is read again once the data is opened.

This room owns the order of that: facts first, then what the data group left open, then a model that
is written by the data. What comes out is a config as a person would have written it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Sink
from kerasgen.frontend.compose.composition import Composition, UnresolvedError, title_of
from kerasgen.frontend.grammar import SELECTORS
from kerasgen.frontend.parse.data import frozen_facts
from kerasgen.frontend.parse.program import FirstGroups
from kerasgen.ir.data import AUTO
from kerasgen.ir.values import Tree
from kerasgen.passes.outline import outline
from kerasgen.session.frontend_stages import expanded, parsed, resolved, selected, with_sections
from kerasgen.session.states import Findings, Opened, Parsed, ReadConfig, Settled

if TYPE_CHECKING:
    from kerasgen.data.opened import OpenedData


def leaves_model(config: Mapping[str, Any]) -> bool:
    """Whether the layers of a config's model are left to its data (`layers: auto`)."""
    model = config.get("model")
    return isinstance(model, Mapping) and model.get("layers") == AUTO


def with_stand_in(state: ReadConfig) -> ReadConfig:
    """A config whose model is written for a stand-in of its data: numbers go in and come out.

    Every model has what this one has, and the parameters that it names. Selectors are left out:
    what they select is not known.
    """
    from kerasgen.passes.automatic.forecaster import (
        write_forecaster,  # few configs leave their model
    )
    from kerasgen.passes.automatic.model_layers import write_model

    data = state.config.get("data")
    windows = data.get("windows") if isinstance(data, Mapping) else None
    if isinstance(windows, Mapping):
        found = write_forecaster({"input": {"kind": "sequence"}}, {"": {"horizon": 1}})
    else:
        found = write_model({"input": {"kind": "numbers"}}, {"": {"units": 1}})
    model = {"outputs": found.outputs, **state.config["model"], "layers": found.layers}
    config = {**state.config, "model": model}
    config.pop(SELECTORS, None)
    return state._replace(config=config)


def model_unknown(sink: Sink) -> UnresolvedError:
    """What is said of a model that is left to its data, where the data is not opened."""
    sink.report(
        "KG105",
        "`layers: auto` is left to the data",
        key="model.layers",
        help="let the data be opened (`run.py`, or `kerasgen check --open-data`)",
    )
    return UnresolvedError(sink.errors, sink.errors)


def settled_by_data(
    composition: Composition, first: FirstGroups, opened: Opened, catalog: Catalog
) -> Settled:
    """Outlines a config with what its data tells: facts, and what was left to the data.

    Args:
        composition: the config.
        first: the groups that were read before the data was opened.
        opened: the data.
        catalog: every class that the config may name.

    Raises:
        CompileError: the config has mistakes.
    """
    again = _read_again(composition, first, opened.data)
    sink = again.findings.sink()
    sink.add(opened.findings.found)
    found = outline(again.program, catalog, sink, composition.trust)
    return Settled(outline=found, config=again.config, findings=Findings.of(sink))


def _read_again(composition: Composition, first: FirstGroups, opened: OpenedData) -> Parsed:
    data = replace(opened.definition, facts=frozen_facts(opened.facts))
    state = _with_written(resolved(composition, opened.facts), opened)
    if leaves_model(state.config):
        from kerasgen.data.model_facts import model_ends  # few configs leave their model
        from kerasgen.passes.automatic.forecaster import write_forecaster
        from kerasgen.passes.automatic.model_layers import write_model, written_objective

        ends = model_ends(opened)
        write = write_model if data.windows is None else write_forecaster
        found = write(ends.inputs, ends.outputs)
        model = {**state.config["model"], "layers": found.layers}
        model.setdefault("outputs", found.outputs)
        config = {**state.config, "model": model}
        state = state._replace(config=_with_objective(config, written_objective(ends.outputs)))
    state = selected(expanded(with_sections(state)))
    return parsed(state, name=title_of(composition), first=replace(first, data=data))


def _with_objective(config: Mapping[str, Tree], asked: Mapping[str, Tree]) -> Mapping[str, Tree]:
    """A config with what its data asks of losses and metrics, where it says nothing of them."""
    compiled = config.get("compile")
    if not asked or not isinstance(compiled, Mapping) or compiled.get("loss") is not None:
        return config
    open_keys = {key: value for key, value in asked.items() if compiled.get(key) is None}
    return {**config, "compile": {**compiled, **open_keys}}


def _with_written(state: ReadConfig, opened: OpenedData) -> ReadConfig:
    """A config with what its data has settled in the place of what left it open.

    Steps that the config writes come after those of `prepare: auto`, or stand in the place of one.
    """
    data = dict(state.config["data"])
    steps = data.get("prepare")
    data |= opened.written
    if isinstance(steps, Mapping):
        written = opened.written.get("prepare")
        data["prepare"] = {
            **(written if isinstance(written, Mapping) else {}),
            **{
                name: _with_learned(step, opened.learned.get(name))
                for name, step in steps.items()
                if name != AUTO
            },
        }
    return state._replace(config={**state.config, "data": data})


def _with_learned(step: Tree, learned: Mapping[str, Tree] | None) -> Tree:
    return {**step, **learned} if learned and isinstance(step, Mapping) else step
