"""Planning: a composed config becomes a compiled program, with the engine in force.

This room owns the question whether the model can be compiled before the data is opened, which is
so where the config declares the facts of the data. It must not train or write anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kerasgen.bridge.environment import start_engine
from kerasgen.data.sources import source_entries
from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.frontend.composition import Composition, resolve, resolve_groups
from kerasgen.frontend.parse import parse_program
from kerasgen.frontend.parse_backend import parse_backend
from kerasgen.frontend.parse_data import parse_data
from kerasgen.ir import BackendDef, DataDef, Program
from kerasgen.passes.check import check_source

if TYPE_CHECKING:
    from kerasgen.catalog import Catalog
    from kerasgen.compiler import CompiledProgram


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A config that was read far enough to open its data.

    Attributes:
        backend: the engine's settings, in force.
        data: the data group.
        catalog: every class that the config may name.
        compiled: the compiled program, or None where the facts of the data must be found first.
        config: the resolved config as plain data, or None as long as facts are missing.
        sink: everything reported so far.
    """

    backend: BackendDef
    data: DataDef
    catalog: Catalog
    compiled: CompiledProgram | None
    config: Mapping[str, Any] | None
    sink: Sink


def plan_run(composition: Composition) -> Plan:
    """Reads a config, starts the engine, and compiles the model if the data's facts are declared.

    Args:
        composition: what was composed.

    Returns:
        The plan.

    Raises:
        CompileError: the config has mistakes.
    """
    backend, data, refused = _declared(composition)
    if backend is None or data is None or facts_suffice(data):
        try:
            compiled, config, catalog, sink = _compile_whole(composition)
        except CompileError as error:
            raise _with_groups(error, refused) from None
        return Plan(
            backend=compiled.program.backend,
            data=compiled.program.data,
            catalog=catalog,
            compiled=compiled,
            config=config,
            sink=sink,
        )
    sink = located_sink(composition)
    catalog = start(backend, sink)
    check_source(data, catalog, sink)
    sink.stop_on_errors()
    return Plan(backend=backend, data=data, catalog=catalog, compiled=None, config=None, sink=sink)


def compile_declared(composition: Composition) -> tuple[CompiledProgram, Sink]:
    """Compiles a config with what it declares of its data, which is not opened.

    Args:
        composition: what was composed; where the data lies may be left to be given.

    Returns:
        The compiled program, and a sink with everything reported.

    Raises:
        CompileError: the config has mistakes, or lacks a fact of the data.
    """
    try:
        compiled, _, _, sink = _compile_whole(composition, ungiven="data.source.")
    except CompileError as error:
        raise _with_groups(error, _declared(composition)[2]) from None
    return compiled, sink


def complete_plan(
    plan: Plan, composition: Composition, facts: Mapping[str, Any]
) -> tuple[CompiledProgram, Mapping[str, Any], Sink]:
    """Compiles the program of a plan with the facts of the opened data.

    Args:
        plan: a plan that is not compiled yet.
        composition: what was composed.
        facts: the facts of the data.

    Returns:
        The compiled program, the resolved config, and a sink with everything reported.

    Raises:
        CompileError: the config has mistakes.
    """
    config, sink = resolve(composition, facts)
    sink.add(plan.sink.diagnostics)
    program = parse_program(config, sink, name=title_of(composition))
    return _compile(program, plan.catalog, sink), config, sink


def start(backend: BackendDef, sink: Sink) -> Catalog:
    """Starts the engine, and asks it for the classes that a config may name."""
    start_engine(backend, sink)
    from kerasgen.bridge.introspection import keras_catalog

    return keras_catalog().extended(source_entries())


def facts_suffice(data: DataDef) -> bool:
    """Whether the declared facts are all that compiling needs to know of the data."""
    shape = data.facts.get("shape")
    shaped = isinstance(shape, tuple) or (
        isinstance(shape, Mapping) and all(name in shape for name in data.features)
    )
    classes = data.facts.get("classes")
    classified = [name for name, task in data.task.items() if task == "classification"]
    return shaped and all(
        isinstance(classes, int) or (isinstance(classes, Mapping) and name in classes)
        for name in classified
    )


def title_of(composition: Composition) -> str | None:
    """The name of an experiment that gives itself none: its recipe's, or its model's."""
    choice = composition.choices.get("experiment") or composition.choices.get("model")
    return str(choice).rpartition("/")[2] if choice else None


def located_sink(composition: Composition) -> Sink:
    """A sink that finds the places of a composition's keys."""
    sink = Sink(locate=composition.origins.locate)
    sink.add(composition.diagnostics)
    return sink


def _declared(
    composition: Composition,
) -> tuple[BackendDef | None, DataDef | None, tuple[Diagnostic, ...]]:
    """The two groups that come before all others, None if one cannot be read; their mistakes."""
    try:
        groups, sink = resolve_groups(composition, ("backend", "data"))
    except CompileError:
        return None, None, ()  # Resolving the whole config finds it again, with all else.
    backend = parse_backend(groups.get("backend"), sink) if "backend" in groups else None
    data = parse_data(groups.get("data"), sink) if "data" in groups else None
    return (None, None, tuple(sink.diagnostics)) if sink.errors else (backend, data, ())


def _with_groups(error: CompileError, refused: Sequence[Diagnostic]) -> CompileError:
    """An error with the mistakes of the groups that come first, where it stopped before them.

    With such a mistake the data is never opened, so that all its facts are missing: what refers
    to them is no mistake of its own.
    """
    if not refused or set(refused) <= set(error.diagnostics):
        return error
    sink = Sink()
    sink.add(refused)
    sink.add(d for d in error.diagnostics if d.code != "KG105")
    return CompileError(tuple(sink.diagnostics))


def _compile_whole(
    composition: Composition, *, ungiven: str | None = None
) -> tuple[CompiledProgram, Mapping[str, Any], Catalog, Sink]:
    config, sink = resolve(composition, ungiven=ungiven)
    program = parse_program(config, sink, name=title_of(composition))
    catalog = start(program.backend, sink)
    return _compile(program, catalog, sink), config, catalog, sink


def _compile(program: Program, catalog: Catalog, sink: Sink) -> CompiledProgram:
    from kerasgen.compiler import compile_program

    return compile_program(program, catalog, sink)
