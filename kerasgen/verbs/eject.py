"""Ejecting: a config becomes a script of its own.

This room owns what must be known of a config before it can be written as a script: its compiled
model, and the plain function that reads its data. The data is opened only where the
config does not declare its facts.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kerasgen.data.opened import open_data
from kerasgen.data.sources.known import SOURCES, known_sources, make_source
from kerasgen.data.sources.own import OwnSource
from kerasgen.diagnostics import Diagnostic, Sink
from kerasgen.emit.script.program import eject
from kerasgen.frontend.compose.composition import Composition, resolve_groups
from kerasgen.frontend.compose.config_folders import Folders
from kerasgen.frontend.parse.data import parse_data, refuse_absent
from kerasgen.ir.data import DataDef
from kerasgen.registry import NOBODY, Trust
from kerasgen.runtime.reading import Reading
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
        compiled,
        script_reading(compiled.program.data, sink),
        with_parts(trust, sink),
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


def script_reading(data: DataDef, sink: Sink) -> Reading:
    """The function by which a script reads the data, and its arguments.

    Args:
        data: the data group.
        sink: gets the mistake.

    Raises:
        CompileError: KG611, it is a source of one's own of which a script can take no columns.
    """
    source = make_source(data.source, known_sources(), sink)
    reading = source.reading()
    given = "given" in (data.split.test, data.split.validation)
    if isinstance(source, OwnSource) and (given or isinstance(reading.function, type)):
        known = ", ".join(f"`{name}`" for name in SOURCES)
        raise sink.fail(
            "KG611",
            f"the data source `{data.source.cls}` has no form in a script, expected one of {known}",
            key=f"{data.source.path}.class",
            help="export the data to a file that `Arrays` or `Csv` reads",
        )
    return reading
