"""Planning: a composed config becomes a compiled program, with the engine in force.

This room owns the question whether the model can be compiled before the data is opened, which is
so where the config declares the facts of the data, and what is checked before the engine starts,
which takes seconds. It must not train or write anything but the cache of the catalog.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kerasgen.data.column_names import check_known_columns
from kerasgen.diagnostics import CompileError, Diagnostic, Severity, Sink
from kerasgen.engines.keras3.environment import start_engine
from kerasgen.frontend.compose.composition import (
    Composition,
    resolve,
    resolve_groups,
    title_of,
)
from kerasgen.frontend.parse.backend import parse_backend
from kerasgen.frontend.parse.data import parse_data, refuse_absent
from kerasgen.ir.data import DataDef
from kerasgen.ir.program import BackendDef, Program
from kerasgen.passes.check import check
from kerasgen.passes.outline import outline
from kerasgen.registry import NOBODY, Trust, parts
from kerasgen.session.catalog import engine_catalog, stored_catalog
from kerasgen.session.custom_parts import (
    installed_points,
    names_unknown,
    with_installed,
    with_parts,
)
from kerasgen.session.early_checks import facts_suffice, told_of
from kerasgen.session.light_engine import engine_at_hand, light_start
from kerasgen.session.reading import read_program
from kerasgen.session.unopened import ANY_SOURCE, check_unopened, check_without_facts

if TYPE_CHECKING:
    from kerasgen.catalog.entries import Catalog
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

    Returns: the plan.

    Raises:
        CompileError: the config has mistakes.
    """
    backend, data, refused = _declared(composition)
    refuse_absent(data, composition.sink())
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
    sink = composition.sink()
    known = stored_catalog()
    told = known is not None and _told_early(
        lambda trial: check_unopened(composition, data, known, trial, needed=True),
        composition,
        sink,
    )
    catalog = start(backend, sink, composition.trust)

    def find(asked: Catalog) -> Sequence[Diagnostic]:
        return _found_by(lambda trial: check_unopened(composition, data, asked, trial, needed=True))

    catalog = with_installed(catalog, find, sink)
    if not told:
        check_unopened(composition, data, catalog, sink, needed=True)
    return Plan(backend=backend, data=data, catalog=catalog, compiled=None, config=None, sink=sink)


class EngineDoubtError(Exception):
    """A light engine refused a program, which its own may not do, or in other words."""


def compile_declared(
    composition: Composition, *, light: bool = False
) -> tuple[CompiledProgram, Sink]:
    """Compiles a config with what it declares of its data, which is not opened.

    Args:
        composition: what was composed; where the data lies may be left to be given.
        light: whether another backend may be started than the config's, where that is imported
            faster and gives the same report. With its model nothing can be computed.

    Returns:
        The compiled program, and a sink with everything reported.

    Raises:
        CompileError: the config has mistakes, or lacks a fact of the data.
        EngineDoubtError: the light backend refused it; only a new process can start another one.
    """
    try:
        compiled, _, _, sink = _compile_whole(composition, ungiven=ANY_SOURCE, light=light)
    except CompileError as error:
        raise _explained(error, composition) from None
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
    program, sink = read_program(config, sink, name=title_of(composition))
    return _compile(program, plan.catalog, sink, composition.trust), config, sink


def start(backend: BackendDef, sink: Sink, trust: Trust = NOBODY) -> Catalog:
    """Starts the engine; gives the classes that a config may name.

    Args:
        backend: the engine's settings.
        sink: gets what is wrong with them, and with modules and parts of one's own.
        trust: the modules to import once the engine is started.

    Raises:
        CompileError: the engine cannot be started, or a module or part cannot be used.
    """
    start_engine(backend, sink)
    return with_parts(trust, sink)


def start_for(program: Program, sink: Sink, trust: Trust = NOBODY) -> Catalog:
    """Starts the engine of a program; gives the classes that it may name.

    Parts of installed packages are loaded where the program names something that is unknown else.

    Args:
        program: the program.
        sink: gets what is wrong with its engine, and with modules and parts of one's own.
        trust: the modules to import once the engine is started.

    Raises:
        CompileError: the engine cannot be started, or a module or part cannot be used.
    """
    catalog = start(program.backend, sink, trust)
    return with_installed(
        catalog, lambda asked: _found_by(lambda trial: check(program, asked, trial, trust)), sink
    )


def parts_catalog(composition: Composition) -> Catalog:
    """The catalog with parts of one's own, for a check that needs no engine but for these.

    Raises:
        CompileError: the config's engine cannot be started, or a module or part cannot be used.
    """
    sink = composition.sink()
    backend, _, refused = _declared(composition)
    if backend is None:
        sink.add(refused)
        sink.stop_on_errors()
        resolve(composition, ungiven=ANY_SOURCE)
    assert backend is not None, "what cannot be resolved was reported"
    catalog = start(backend, sink, composition.trust)
    return with_installed(
        catalog, lambda asked: _found_by(lambda _: outline_declared(composition, asked)), sink
    )


def outline_declared(composition: Composition, catalog: Catalog) -> tuple[Sink, bool]:
    """Checks a config as far as that needs no engine.

    Args:
        composition: what was composed; where the data lies may be left to be given.
        catalog: every class that it may name.

    Returns:
        A sink with everything reported, and whether the facts of the data were declared; without
        them the names alone were checked.

    Raises:
        CompileError: the config has mistakes.
    """
    try:
        config, sink = resolve(composition, ungiven=ANY_SOURCE)
    except CompileError as error:
        refused = _declared(composition)[2]
        lacking = not refused and _lacks_values(error)
        found = check_without_facts(composition, catalog) if lacking else None
        if found is None:
            raise _with_groups(error, refused) from None
        found.stop_on_errors()
        return found, False
    try:
        program, sink = read_program(config, sink, name=title_of(composition))
        outline(program, catalog, sink, composition.trust)
        check_known_columns(program.data, sink)
        sink.stop_on_errors()
    except CompileError as error:
        raise _with_groups(error, _declared(composition)[2]) from None
    return sink, True


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


def _explained(error: CompileError, composition: Composition) -> CompileError:
    """An error of a check whose data stays closed, with what else is certain without its facts.

    A fact that is not there is told where nothing else is amiss: opening the data would find it.
    """
    _, data, refused = _declared(composition)
    if refused or not _lacks_values(error):
        return _with_groups(error, refused)

    def find(asked: Catalog, trial: Sink) -> None:
        if data is not None and not data.absent:
            check_unopened(composition, data, asked, trial, needed=False)
        elif (found := check_without_facts(composition, asked)) is not None:
            trial.add(found.diagnostics)

    known = None if _has_parts(composition) else stored_catalog()
    like = composition.sink()
    found = [] if known is None else _found_by(lambda trial: find(known, trial), like)
    if known is None or (names_unknown(found) and installed_points()):
        asked = parts_catalog(composition)
        found = _found_by(lambda trial: find(asked, trial), like)
    return CompileError(found) if any(d.severity is Severity.ERROR for d in found) else error


def _lacks_values(error: CompileError) -> bool:
    """Whether all that was found are values that could not be resolved, or are not given."""
    return {found.code for found in error.diagnostics} <= {"KG105", "KG106"}


def _with_groups(error: CompileError, refused: Sequence[Diagnostic]) -> CompileError:
    """An error with the mistakes of the groups that come first, where it stopped before them.

    The data is not opened then: what refers to its facts is no mistake of its own.
    """
    if not refused or set(refused) <= set(error.diagnostics):
        return error
    sink = Sink()
    sink.add(refused)
    sink.add(d for d in error.diagnostics if d.code != "KG105")
    return CompileError(tuple(sink.diagnostics))


def _compile_whole(
    composition: Composition, *, ungiven: str | None = None, light: bool = False
) -> tuple[CompiledProgram, Mapping[str, Any], Catalog, Sink]:
    config, sink = resolve(composition, ungiven=ungiven)
    program, sink = read_program(config, sink, name=title_of(composition))
    known = stored_catalog()
    told = known is not None and _told_early(
        lambda trial: told_of(program, known, composition.trust, trial, needed=ungiven is None),
        composition,
        sink,
    )
    if light and (told or not _has_parts(composition)):
        compiled = _compile_lightly(program, sink, composition.trust)
        return compiled, config, known or engine_catalog(), sink
    if told:
        catalog = start(program.backend, sink, composition.trust)
    else:
        catalog = start_for(program, sink, composition.trust)
    return _compile(program, catalog, sink, composition.trust), config, catalog, sink


def _has_parts(composition: Composition) -> bool:
    """Whether there are parts of one's own that only an engine can describe."""
    return bool(composition.trust.modules or parts())


def _told_early(
    check_names: Callable[[Sink], object], composition: Composition, sink: Sink
) -> bool:
    """Whether a check without an engine could tell everything: it knows no parts of one's own.

    Raises:
        CompileError: there are errors.
    """
    if _has_parts(composition):
        return False
    found = _found_by(check_names, sink)
    if names_unknown(found) and installed_points():
        return False
    sink.add(found)
    sink.stop_on_errors()
    return True


def _found_by(
    check_names: Callable[[Sink], object], like: Sink | None = None
) -> Sequence[Diagnostic]:
    """What a check finds, whether it stops or not; places are found as by another sink."""
    trial = Sink() if like is None else Sink(like.source_map)
    try:
        check_names(trial)
    except CompileError as error:
        trial.add(error.diagnostics)
    return trial.diagnostics


def _compile_lightly(program: Program, sink: Sink, trust: Trust) -> CompiledProgram:
    if (settings := engine_at_hand(program)) is None:
        raise EngineDoubtError(program.backend.backend)
    with light_start():
        catalog = start(settings, sink)
    known = len(sink.diagnostics)
    try:
        return _compile(program, catalog, sink, trust)
    except CompileError:
        if settings.backend == program.backend.backend:
            raise
        del sink.diagnostics[known:]
        raise EngineDoubtError(settings.backend) from None


def _compile(program: Program, catalog: Catalog, sink: Sink, trust: Trust) -> CompiledProgram:
    from kerasgen.compiler import compile_program

    return compile_program(outline(program, catalog, sink, trust), catalog, sink)
