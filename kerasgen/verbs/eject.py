"""Ejecting: a config becomes a script of its own.

This room owns what must be known of a config before it can be written as a script: its compiled
model, and the columns of sources that ship with a package. The data is opened only where the
config does not declare its facts.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kerasgen.data.opened import open_data
from kerasgen.data.sources.known import SOURCES, make_source
from kerasgen.diagnostics import Diagnostic, Sink
from kerasgen.emit.script.program import eject
from kerasgen.frontend.compose.composition import Composition, resolve_groups
from kerasgen.frontend.compose.config_folders import Folders
from kerasgen.frontend.parse.data import parse_data, refuse_absent
from kerasgen.ir.data import DataDef
from kerasgen.registry import NOBODY, Trust
from kerasgen.session.custom_parts import with_parts
from kerasgen.session.early_checks import facts_suffice
from kerasgen.session.planning import compile_declared, complete_plan, plan_run
from kerasgen.verbs.check import compose_config

if TYPE_CHECKING:
    from kerasgen.compiler import CompiledProgram


def eject_config(
    overrides: Sequence[str],
    config_dir: Folders = None,
    trust: Trust = NOBODY,
) -> tuple[str, tuple[Diagnostic, ...]]:
    """Writes a config as a script.

    Args:
        overrides: Hydra overrides; where the data lies may be left to be given to the script.
        config_dir: folders of configs that come before the shipped ones.
        trust: modules whose parts the config may name.

    Returns:
        The script, and the warnings about the config.

    Raises:
        CompileError: the config has mistakes, or cannot be written as a script.
    """
    composition = compose_config(overrides, config_dir, trust)
    compiled, sink = _compile(composition)
    text = eject(
        compiled.program,
        graph=compiled.graph,
        specs=compiled.specs,
        outputs=compiled.outputs,
        objective=compiled.objective,
        catalog=with_parts(trust, sink),
        columns=_known_columns(compiled.program.data),
        origin=shlex.join(["kerasgen", "eject", *overrides]),
        sink=sink,
    )
    return text, tuple(sink.diagnostics)


def _compile(composition: Composition) -> tuple[CompiledProgram, Sink]:
    data = _declared_data(composition)
    refuse_absent(data, composition.sink())
    if data is None or facts_suffice(data):
        return compile_declared(composition)
    plan = plan_run(composition)
    if plan.compiled is not None:
        return plan.compiled, plan.sink
    opened = open_data(plan.data, plan.sink)
    compiled, _, sink = complete_plan(plan, composition, opened.facts)
    return compiled, sink


def _declared_data(composition: Composition) -> DataDef | None:
    """The data group, None where it cannot be read alone: compiling finds out why."""
    from kerasgen.diagnostics import CompileError

    try:
        groups, sink = resolve_groups(composition, ("data",))
    except CompileError:
        return None
    return parse_data(groups.get("data"), sink)


def _known_columns(data: DataDef) -> tuple[str, ...]:
    """The columns of a data set that ships with scikit-learn; no other is opened for them."""
    if data.source.cls != "ScikitLearn":
        return ()
    sink = Sink()
    return make_source(data.source, SOURCES, sink).read(frozenset(), sink).names
