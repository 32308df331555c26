"""Expansion: parameters, expressions, `repeat`, `if`, `after` and blocks become plain entries.

This room owns the doors of the stage, and the expansion of a whole model, nested ones
included. It works on plain data, before parsing: what comes out is again a config, which can be
shown, recorded and selected from, and whose every number is in place when the parser checks it.
What becomes of one entry stands in `entries`, what is in force where in `scope`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kerasgen.diagnostics import Sink, SourceMap
from kerasgen.diagnostics.source_map import Expansion
from kerasgen.frontend.entry_names import named_entries
from kerasgen.frontend.expand.entries import expand_entries
from kerasgen.frontend.expand.expanded_entries import EntryList
from kerasgen.frontend.expand.expressions import is_expression
from kerasgen.frontend.expand.scope import (
    PathPair,
    Scope,
    evaluated,
    with_blocks,
    with_parameters,
)
from kerasgen.frontend.expand.state import ExpansionState
from kerasgen.frontend.expand.tensor_names import Binding, settle_outputs
from kerasgen.frontend.grammar import (
    ENTRY_KEYS,
    EXPANSION_KEYS,
    MODEL_KEYS,
    feature_names,
    is_model,
)
from kerasgen.frontend.sections import report_unknown_key
from kerasgen.ir.model import INPUT
from kerasgen.ir.values import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedConfig:
    """A config after a stage, and where what it holds was written.

    Attributes:
        config: plain data; its model is None after mistakes.
        source_map: finds its key paths.
    """

    config: Mapping[str, Tree]
    source_map: SourceMap


class ExpandedModel(NamedTuple):
    """A model section with its parameters, blocks and repetitions written out.

    Attributes:
        section: the section that was given if there was nothing to expand, a new one, or None
            after mistakes.
        step: the way back from its key paths, None where it is the section that was given.
    """

    section: Tree
    step: Expansion | None = None


def expand_config(config: Mapping[str, Tree], sink: Sink) -> LocatedConfig:
    """A resolved config with its model expanded.

    Args:
        config: plain data, as `composition.resolve` gives it.
        sink: gets every mistake, and knows where the config was written.

    Returns:
        The config, and where it was written now. It is again a config of the language: a literal
        `$` is still written `$$` in it.
    """
    if not isinstance(config.get("model"), Mapping):
        return LocatedConfig(config=config, source_map=sink.source_map)
    features = feature_names(config.get("data"))
    model = expand_model(config["model"], "model", sink, inputs=features)
    step, source_map = model.step, sink.source_map
    return LocatedConfig(
        config={**config, "model": model.section},
        source_map=source_map if step is None else source_map.through(step),
    )


def expand_model(
    section: Tree, path: str, sink: Sink, *, inputs: Sequence[str] = (INPUT,)
) -> ExpandedModel:
    """Writes out the parameters, blocks and repetitions of a model section.

    Args:
        section: the model as plain data.
        path: its key path.
        sink: gets every mistake, and knows where the section was written.
        inputs: names of the inputs where the section declares none.
    """
    if not isinstance(section, Mapping) or not _has_something(section):
        return ExpandedModel(section=section)
    known, first = len(sink.errors), len(sink.diagnostics)
    state = ExpansionState(sink=sink)
    expanded = _expand(section, PathPair(path, path), Scope(state=state), inputs)
    if len(sink.errors) > known:
        # The parser does not see this section any more, and `paramters` may be the whole fault.
        told = sink.diagnostics[first:]
        del sink.diagnostics[first:]
        _report_keys(section, path, MODEL_KEYS, sink)
        sink.diagnostics += told
        return ExpandedModel(section=None)
    return ExpandedModel(section=expanded, step=state.step())


def _report_keys(section: Mapping[str, Tree], path: str, known: Sequence[str], sink: Sink) -> None:
    """Reports the unknown keys of a model, and of the models inside it."""
    for key in section:
        if key not in known:
            report_unknown_key(str(key), known, path, sink, section)
    layers = section.get("layers")
    inside = named_entries(layers, f"{path}.layers") if isinstance(layers, Mapping | list) else []
    for _, value, where in inside:
        if isinstance(value, Mapping) and is_model(value) and "layers" in value:
            _report_keys(value, where, (*MODEL_KEYS, *ENTRY_KEYS), sink)


def _has_something(value: Tree) -> bool:
    if isinstance(value, str):
        return "$" in value
    if isinstance(value, Mapping):
        return any(key in EXPANSION_KEYS or _has_something(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_has_something, value))


def _expand(
    section: Mapping[str, Tree], paths: PathPair, scope: Scope, inputs: Sequence[str] = (INPUT,)
) -> dict[str, Tree]:
    """One model; the models inside it come through here again."""
    scope = with_parameters(section.get("parameters"), f"{paths.written}.parameters", scope)
    scope = with_blocks(section, paths.written, scope)
    expanded: dict[str, Tree] = {}
    for key, value in section.items():
        if key in ("parameters", "blocks"):
            continue
        if key != "layers" or not isinstance(value, Mapping | list):
            expanded[key] = evaluated(value, paths.step(key), scope)
    layers = section.get("layers")
    if isinstance(layers, Mapping | list):
        entries = EntryList(base=f"{paths.expanded}.layers", expand=_expand_value)
        declared = expanded.get("inputs")
        names = list(inputs)
        if isinstance(declared, Mapping | list):
            names = [str(name) for name in declared or inputs]
        known = expand_entries(
            layers,
            f"{paths.written}.layers",
            entries,
            scope,
            known={name: Binding(operand=name) for name in names},
        )
        outputs = settle_outputs(
            expanded.get("outputs"), known, entries.last, paths.step("outputs"), scope
        )
        if outputs is not None:
            expanded["outputs"] = outputs
        entries.prune(outputs)
        expanded["layers"] = entries.written_out(names)
    _warn_of_unused(section.get("blocks"), f"{paths.written}.blocks", scope.state)
    # In the order of the section, so that what is shown reads as it was written.
    order = [key for key in (*section, "outputs") if key in expanded]
    return {key: expanded[key] for key in dict.fromkeys(order)}


def _warn_of_unused(blocks: Tree, path: str, state: ExpansionState) -> None:
    """Tells of blocks that no entry uses: nothing in them was looked at."""
    for name in blocks if isinstance(blocks, Mapping) else ():
        if f"{path}.{name}" not in state.used and not state.sink.errors:
            state.sink.warn(
                "KG304",
                f"no entry uses the block `{name}`",
                key=f"{path}.{name}",
                at="key",
                help=f"use it, as in `{{block: {name}}}`, or take it out",
            )


def _expand_value(value: Tree, paths: PathPair, scope: Scope) -> Tree:
    """A value of an entry; a model in it is expanded as one, in the scope that it stands in."""
    if isinstance(value, Mapping):
        if is_model(value) and isinstance(value.get("layers"), Mapping | list):
            return _expand(value, paths, scope)
        return {
            key: item if _is_plain(item) else _expand_value(item, paths.step(key), scope)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [
            item if _is_plain(item) else _expand_value(item, paths.step(i), scope)
            for i, item in enumerate(value)
        ]
    if isinstance(value, str) and is_expression(value):
        found = evaluated(value, paths, scope)
        return found if is_expression(found) else _expand_value(found, paths, scope)
    return value


def _is_plain(value: Tree) -> bool:
    """Whether there is nothing to expand in a value: most are numbers and words."""
    if isinstance(value, str):
        return "$" not in value
    return not isinstance(value, Mapping | list)
