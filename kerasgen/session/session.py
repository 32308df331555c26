"""A session: one config, from what was composed to what a verb needs of it.

This room owns the list of stages, the order in which they stand, and which of them a verb's aim
leaves out. Each is computed when it is asked for, from the states before it, and kept: nothing is
computed twice, and a verb stops where it wants. It must not train or write anything but the cache
of the catalog.

    compose -> resolve -> expand -> select -> parse -> outline -> [start engine] -> open data
            -> settle -> compile

Decisions:
- What can be told without an engine is told before one is started, which takes seconds, and what
  can be told without the data before that is opened.
- Where the facts of the data are declared, the data is not opened for them. Where they must be
  found, the config is resolved and read a second time with them, unless it refers to none: then
  they are put in.
- The groups `backend` and `data` come first in one respect: where something else stops a config
  before they are read, they are read alone, and their mistakes are told as well.
- Parts of one's own are known to the engine alone, so that a config whose names are known to nobody
  else is outlined when the engine is started.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

from kerasgen.catalog.entries import Catalog
from kerasgen.data.columns.names import check_known_columns
from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.engine import StartedEngine
from kerasgen.engines.choice import settings_to_look
from kerasgen.frontend.compose.composition import Composition, UnresolvedError, title_of
from kerasgen.frontend.compose.references import plain_node
from kerasgen.frontend.parse.backend import parse_backend
from kerasgen.frontend.parse.data import refuse_absent
from kerasgen.ir.data import DataDef
from kerasgen.ir.program import BackendDef
from kerasgen.passes.outline import outline
from kerasgen.passes.unknown_names import UnknownNamesError
from kerasgen.registry import Trust, registered_parts
from kerasgen.session.catalog import child_catalog, say_on_stderr, stored_catalog
from kerasgen.session.custom_parts import installed_points, loaded_files, with_installed
from kerasgen.session.early_checks import facts_suffice, look_at
from kerasgen.session.frontend_stages import (
    expanded,
    parse_groups,
    parsed,
    read_groups,
    resolved,
    selected,
    with_facts,
    with_groups,
    with_sections,
)
from kerasgen.session.initial_weights import weights_source
from kerasgen.session.left_to_data import leaves_model, model_unknown, settled_by_data
from kerasgen.session.states import (
    ANY_SOURCE,
    OPENED,
    Aim,
    Compiled,
    Findings,
    Groups,
    Lacking,
    Opened,
    Outlined,
    Parsed,
    Presumed,
    ReadConfig,
    RecordedConfig,
    Settled,
    Started,
)
from kerasgen.session.unopened import presumed


class Session:
    """One config on its way to what a verb needs; each stage is a property, computed once.

    Raises:
        CompileError: by a stage, and by those behind it: the config has mistakes, the engine cannot
            be started, or the data is not as it should be.
        EngineDoubtError: by a stage behind the start of a light engine, which refused a program or
            cannot serve for it.
    """

    def __init__(self, begun: Composition | RecordedConfig, aim: Aim = OPENED) -> None:
        """Begins with what was composed or recorded.

        Args:
            begun: the config before its first stage.
            aim: what is wanted of it.
        """
        self.begun = begun
        self.aim = aim

    @cached_property
    def resolved(self) -> ReadConfig:
        """The config with every interpolation resolved."""
        if isinstance(self.begun, RecordedConfig):
            return self.begun.resolved
        ungiven = "" if self.aim.data == "unread" else ANY_SOURCE
        return resolved(self.begun, ungiven=None if self.opens else ungiven)

    @cached_property
    def expanded(self) -> ReadConfig:
        """The config without blocks, repetitions and parameters."""
        whole = self.aim.data != "unread"
        return expanded(with_sections(self.resolved) if whole else self.resolved)

    @cached_property
    def selected(self) -> ReadConfig:
        """The config with its selectors applied."""
        return selected(self.expanded)

    @cached_property
    def parsed(self) -> Parsed | Lacking:
        """The program as written, or what is lacking without the facts of the data.

        Raises:
            UnresolvedError: it cannot be resolved, and for more than the facts of its data.
            CompileError: it has other mistakes, or no data where rows are needed.
        """
        first = self.groups.first if self.aim.data == "where lacking" else None
        try:
            if self.aim.data != "unread" and leaves_model(self.resolved.config):
                return self._lacking(model_unknown(self.resolved.findings.sink()))
            read = parsed(self.selected, name=self._title, first=first)
        except UnresolvedError as error:
            return self._lacking(error)
        except CompileError as error:
            self._refuse_absent()
            raise with_groups(error.diagnostics, self.groups.refused) from None
        if isinstance(self.begun, RecordedConfig):
            return read._replace(program=self.begun.untrained(read.program))
        if self._needs_rows:
            refuse_absent(read.program.data, self.begun.sink())
        return read

    @cached_property
    def told(self) -> Outlined | Presumed | None:
        """The outline as far as no engine is needed; None where only an engine knows all names.

        Raises:
            UnknownNamesError: there are names that no engine will know either.
            CompileError: there are other mistakes.
        """
        if self.known is None:
            return None
        try:
            return self._outlined_by(self.known)
        except UnknownNamesError:
            if not installed_points():
                raise
            return None

    @cached_property
    def started(self) -> Started:
        """The engine, in force."""
        from kerasgen.session.engine_start import start, start_light  # a fast check starts none

        read = self.parsed
        sink = (self.told or read).findings.sink()
        program = read.program if isinstance(read, Parsed) else None
        if isinstance(self.told, Presumed):
            program = self.told.program
        if program is not None and self._may_be_light:
            return start_light(program, sink, self.known)
        known, begun, own = len(sink.diagnostics), self.begun, self.backend
        settings = settings_to_look(own) if isinstance(begun, RecordedConfig) else own
        started = start(settings, sink, self.trust, known=self.known)
        found = tuple(sink.diagnostics[known:])
        return Started(engine=started.engine, catalog=started.catalog, found=found)

    @cached_property
    def outlined(self) -> Outlined | Presumed:
        """The outline, by the engine's catalog where that alone knows all names.

        Raises:
            UnknownNamesError: there are names that nobody knows.
            CompileError: there are other mistakes, or the engine cannot be started.
            EngineDoubtError: a light engine cannot serve, or found a mistake.
        """
        if self.told is not None:
            return self.told
        started = self.started
        with started.doubting():
            try:
                return self._outlined_by(started.catalog, started.found)
            except UnknownNamesError:
                if not installed_points():
                    raise
        sink = Sink()
        catalog = with_installed(started.engine, sink, self.known)
        return self._outlined_by(catalog, (*started.found, *sink.diagnostics))

    @cached_property
    def opened(self) -> Opened:
        """The data, opened with the engine in force."""
        sink = self.planned.sink()
        from kerasgen.data.opened import open_data  # NumPy takes its time

        data = open_data(self.data, sink, seed=self.parsed.seed)
        return Opened(data=data, findings=Findings.of(sink))

    @cached_property
    def settled(self) -> Settled:
        """The outlined program with the facts of its data."""
        outlined = self.outlined
        if isinstance(outlined, Presumed) or self.data.unsettled:
            first, begun = self.groups.first, self.begun
            assert isinstance(begun, Composition), "a recorded config leaves nothing open"
            assert first is not None, "its data was opened"
            return settled_by_data(begun, first, self.opened, self.catalog)
        if self.facts_declared:
            return Settled(
                outline=outlined.outline,
                config=outlined.read.config,
                findings=outlined.findings,
            )
        read = with_facts(outlined.read, self.opened.data.facts)
        return Settled(
            outline=replace(outlined.outline, program=read.program),
            config=read.config,
            findings=self.opened.findings,
        )

    @cached_property
    def compiled(self) -> Compiled:
        """The compiled program."""
        settled, started = self.settled, self.started
        from kerasgen.compiler import compile_program  # NumPy takes its time

        sink = settled.findings.sink()
        sink.add(started.found)
        with started.doubting():
            program = compile_program(settled.outline, started.engine, self.catalog, sink)
        weights = weights_source(program.program.fit, sink)
        return Compiled(program, settled.config, Findings.of(sink), weights)

    # What verbs, and the stages, ask beside them.

    @cached_property
    def planned(self) -> Findings:
        """What was found before the data is opened; all is done then that needs no data."""
        if self.facts_declared:
            return self.compiled.findings
        sink = self.outlined.findings.sink()
        sink.add(self.started.found)
        return Findings.of(sink)

    @property
    def findings(self) -> Findings:
        """What was found by compiling and by opening the data."""
        opened, compiled = self.opened, self.compiled
        return opened.findings if self.facts_declared else compiled.findings

    @property
    def engine(self) -> StartedEngine:
        """The engine in force, with every class that the config may name."""
        return StartedEngine(engine=self.started.engine, catalog=self.catalog)

    @property
    def catalog(self) -> Catalog:
        """Every class that the config may name, by the engine in force."""
        return self.started.catalog if self.told is not None else self.outlined.catalog

    @property
    def backend(self) -> BackendDef:
        """The settings of the config's own engine."""
        read = self.parsed
        return read.program.backend if isinstance(read, Parsed) else read.first().backend

    @property
    def data(self) -> DataDef:
        """The data group, with the facts that it declares."""
        read = self.parsed
        return read.program.data if isinstance(read, Parsed) else read.first().data

    @property
    def trust(self) -> Trust:
        """Whose code may run for it."""
        return self.begun.trust

    @property
    def facts_declared(self) -> bool:
        """Whether the program can be compiled with what the config says of its data."""
        read = self.parsed
        return isinstance(read, Parsed) and (not self.opens or facts_suffice(read.program.data))

    @cached_property
    def opens(self) -> bool:
        """Whether the data is opened."""
        if self.aim.data != "where lacking":
            return self.aim.data == "opened"
        first = self.groups.first
        return first is not None and not facts_suffice(first.data)

    @cached_property
    def groups(self) -> Groups:
        """The groups that come before all others, read alone."""
        if isinstance(self.begun, RecordedConfig):
            read = self.begun.resolved
            return parse_groups(read.config, read.findings.sink())
        return read_groups(self.begun)

    @cached_property
    def known(self) -> Catalog | None:
        """The catalog without an engine; None if there is none, or parts that it cannot know."""
        if self._has_custom_parts:
            return None
        stored = stored_catalog()
        if stored is None and self.aim.engine == "none":
            return child_catalog(Sink(), say_on_stderr)
        return stored

    def start_alone(self) -> StartedEngine:
        """Starts the engine for something else than the program, of which nothing is read.

        Raises:
            CompileError: the config cannot be resolved, its group `backend` has mistakes, or the
                engine cannot be started.
        """
        from kerasgen.session.engine_start import start

        sink = self.resolved.findings.sink()
        backend = parse_backend(self.resolved.config.get("backend"), sink)
        if backend is None:
            raise CompileError(sink.diagnostics)
        return start(backend, sink, self.trust, known=self.known)

    def loaded_files(self) -> list[dict[str, Any]]:
        """The files of one's own that were loaded for it, for the record."""
        return loaded_files(self.trust)

    @property
    def _title(self) -> str | None:
        return title_of(self.begun) if isinstance(self.begun, Composition) else None

    @property
    def _needs_rows(self) -> bool:
        return self.aim.data in ("opened", "where lacking")

    @property
    def _has_custom_parts(self) -> bool:
        """Whether there are parts of one's own, which only an engine can describe."""
        return bool(self.trust.modules or registered_parts())

    @property
    def _may_be_light(self) -> bool:
        """Whether another engine may serve: the names are known to all, or nobody was asked."""
        asked = self.aim.engine == "light" and not self._has_custom_parts
        return asked and (self.told is not None or self.known is None)

    def _refuse_absent(self) -> None:
        first = self.groups.first
        if self._needs_rows and first is not None and isinstance(self.begun, Composition):
            refuse_absent(first.data, self.begun.sink())

    def _lacking(self, error: UnresolvedError) -> Lacking:
        """What is left of a config that cannot be resolved; the error if more than facts lacks."""
        self._refuse_absent()
        groups = self.groups
        if groups.refused:
            # The data is not opened then: what refers to its facts is no mistake of its own.
            others = [found for found in error.diagnostics if found not in error.references]
            raise with_groups(others, groups.refused) from None
        known = groups.first is None or facts_suffice(groups.first.data)
        if not isinstance(self.begun, Composition):
            raise error
        unsettled = groups.first is not None and groups.first.data.unsettled
        left = unsettled or leaves_model(plain_node(self.begun.config))
        if self.opens and known and not left:
            raise error
        findings = Findings.of(self.begun.sink())
        return Lacking(self.begun, groups.first, error, findings=findings, left=left)

    def _outlined_by(
        self, catalog: Catalog, found: Sequence[Diagnostic] = ()
    ) -> Outlined | Presumed:
        """The outline by a catalog; `found` was found before."""
        read = self.parsed
        sink = read.findings.sink()
        sink.add(found)
        look = None if self.aim.engine == "none" else partial(look_at, needed=self.opens)
        if isinstance(read, Lacking):
            known = presumed(read, catalog, sink, look)
            if not self.opens and (known is None or not (self.aim.engine == "none" or read.left)):
                raise read.error
            program = None if known is None else known.program
            return Presumed(read, program, catalog, findings=Findings.of(sink))
        outlined = outline(read.program, catalog, sink, self.trust)
        if isinstance(self.begun, Composition):
            (look or check_known_columns)(read.program.data, sink)
        sink.stop_on_errors()
        return Outlined(read=read, outline=outlined, catalog=catalog, findings=Findings.of(sink))
