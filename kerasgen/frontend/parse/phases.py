"""Parsing `fit.trainable` and `fit.phases`: which layers are trained, and when.

This room owns the form of patterns and phases, and what a phase's optimizer comes to. Which layers
a pattern means is known when the engine has made them.

Decisions:
- The optimizer of a phase is that of the config with other arguments, as an override of the group
  would make it: `{learning_rate: 1e-5}`. One that names another class begins from nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from kerasgen.diagnostics import Sink, describe
from kerasgen.frontend.grammar import join
from kerasgen.frontend.parse.model import parse_object
from kerasgen.frontend.sections import read_record
from kerasgen.ir.model import NAME
from kerasgen.ir.program import PhaseDef
from kerasgen.ir.values import ObjectDef, Tree


def parse_patterns(value: Tree, path: str, sink: Sink) -> tuple[str, ...] | None:
    """Parses the patterns of layers: a list, or a single one."""
    if value is None:
        return None
    patterns = [value] if isinstance(value, str) else value
    wrong = (path, describe(value))
    if isinstance(patterns, list):
        strange = [n for n, one in enumerate(patterns) if not isinstance(one, str) or not one]
        if not strange:
            return tuple(str(one) for one in patterns)
        wrong = (join(path, strange[0]), describe(patterns[strange[0]]))
    sink.report(
        "KG204",
        f"`trainable` has {wrong[1]}, expected patterns of layers",
        key=wrong[0],
        help='write the layers that are trained: `trainable: ["head*"]`; `"*"` is all of them',
    )
    return None


def parse_phases(value: Tree, path: str, sink: Sink, *, optimizer: Tree) -> dict[str, PhaseDef]:
    """Parses the phases of a training.

    Args:
        value: name to phase.
        path: their key path.
        sink: gets every mistake.
        optimizer: the optimizer of the config, as it was written.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        sink.report(
            "KG204",
            f"`phases` is {describe(value)}, expected a mapping of names",
            key=path,
            help="give each phase a name: "
            '`phases: {warm: {epochs: 3, trainable: ["head*"]}, fine: {epochs: 10}}`',
        )
        return {}
    found = {}
    for key, section in value.items():
        name, at = str(key), join(path, key)
        if not isinstance(key, str) or NAME.match(name) is None:
            sink.report(
                "KG204",
                f"`{name}` cannot be the name of a phase",
                key=at,
                at="key",
                help="a name has letters, digits, `_` and `-`, and begins with a letter",
            )
            continue
        read = read_record(
            PhaseDef,
            section,
            at,
            sink,
            converters={
                "trainable": parse_patterns,
                "optimizer": partial(_optimizer, whole=optimizer),
            },
        )
        if read is not None:
            found[name] = read
    return found


def _optimizer(value: Tree, path: str, sink: Sink, *, whole: Tree) -> ObjectDef | None:
    """The optimizer of a phase: what it says, over what the config says."""
    if value is None:
        return None
    if isinstance(value, Mapping) and isinstance(whole, Mapping):
        other = value.get("class", whole.get("class"))
        value = {**(whole if other == whole.get("class") else {}), **value}
    elif isinstance(value, Mapping) and isinstance(whole, str):
        value = {"class": whole, **value}
    return parse_object(value, path, sink)
