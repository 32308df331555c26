"""The states of a session: what is known of a config after each of its stages.

This room owns these values, each frozen: a stage makes one of the one before. What a stage does
stands in `frontend_stages`, `unopened` and `session`.

Decisions:
- They are named tuples: every command imports them, and a dataclass takes five times as long to
  define.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import CompileError, Diagnostic, Sink, SourceMap
from kerasgen.frontend.compose.composition import Composition, UnresolvedError
from kerasgen.frontend.parse.program import FirstGroups
from kerasgen.ir.program import Program
from kerasgen.passes.outline import Outline
from kerasgen.registry import NOBODY, Trust

if TYPE_CHECKING:
    from kerasgen.data.opened import OpenedData
    from kerasgen.engine import Engine
    from kerasgen.passes.compiled import CompiledProgram
    from kerasgen.session.initial_weights import WeightsSource

ANY_SOURCE = "data.source."
"""Below it, values may be left to be given: what is not opened need not be known."""


class EngineDoubtError(Exception):
    """A light engine refused a program, which its own may not do, or cannot speak for it."""


class Aim(NamedTuple):
    """What a verb wants of a config.

    Attributes:
        data: `opened` where the rows are needed; `closed` where the config alone is looked at;
            `where lacking` where the data is opened for facts that the config does not declare;
            `unread` where the config's text is shown, in which any value may be left to be given.
        engine: `own` for the config's; `light` where one that is imported faster may do, with
            whose model nothing can be computed; `none` where no engine is started, but for parts
            of one's own.
    """

    data: Literal["opened", "closed", "where lacking", "unread"] = "opened"
    engine: Literal["own", "light", "none"] = "own"


OPENED = Aim()
"""The aim of a run."""

CLOSED = Aim(data="closed")
"""The aim of who looks at a config without its data."""

UNREAD = Aim(data="unread")
"""The aim of who looks at the text of a config alone."""


class Findings(NamedTuple):
    """What was found so far, and where the config was written.

    Attributes:
        source_map: where the key paths of the state were written.
        found: errors and warnings, in order.
    """

    source_map: SourceMap
    found: tuple[Diagnostic, ...] = ()

    @classmethod
    def of(cls, sink: Sink) -> Findings:
        """What a sink holds."""
        return cls(source_map=sink.source_map, found=tuple(sink.diagnostics))

    def sink(self) -> Sink:
        """A sink for the next stage, with all of it."""
        sink = Sink(self.source_map)
        sink.add(self.found)
        return sink


class ReadConfig(NamedTuple):
    """A config after resolving, expanding or selecting.

    Attributes:
        config: plain data; after mistakes in expanding or selecting its model is None.
        findings: what was found so far.
    """

    config: Mapping[str, Any]
    findings: Findings


class RecordedConfig(NamedTuple):
    """The resolved config of a run.

    Attributes:
        folder: the folder of the run.
        resolved: the config, and where it was written.
        trust: whose code may run for it.
    """

    folder: Path
    resolved: ReadConfig
    trust: Trust = NOBODY

    def untrained(self, program: Program) -> Program:
        """Its program as it is looked at: nobody acts or follows, as nothing is trained.

        A program that it names to be run is none of this machine's.
        """
        tracking = replace(program.tracking, tensorboard=None, mlflow=None, wandb=None)
        fit = replace(program.fit, callbacks={}, initial_weights=None)
        runtime = replace(program.backend.runtime, python=None)
        backend = replace(program.backend, runtime=runtime)
        return replace(program, backend=backend, fit=fit, tracking=tracking)


class Groups(NamedTuple):
    """The groups that come before all others, read alone.

    Attributes:
        first: the groups; None if one cannot be read.
        refused: the mistakes in them.
    """

    first: FirstGroups | None
    refused: tuple[Diagnostic, ...] = ()


class Parsed(NamedTuple):
    """A config that was read.

    Attributes:
        program: the program as written.
        config: the config behind it, expanded and selected; it compiles to the same program.
        findings: what was found so far.
    """

    program: Program
    config: Mapping[str, Any]
    findings: Findings

    @property
    def seed(self) -> int:
        """The seed by which rows are divided."""
        return self.program.seed


class Lacking(NamedTuple):
    """A config that cannot be resolved as long as the facts of its data are not known.

    Attributes:
        composition: what was composed.
        groups: the groups that can be read all the same; None where the data cannot.
        error: what is lacking.
        findings: what composing has found.
        left: whether the model or the data group is left to the data, so that no declared fact
            would do.
    """

    composition: Composition
    groups: FirstGroups | None
    error: UnresolvedError
    findings: Findings
    left: bool

    @property
    def seed(self) -> int:
        """The seed by which rows are divided."""
        seed = self.composition.config.get("seed")
        return seed if isinstance(seed, int) else 0

    def first(self) -> FirstGroups:
        """The groups, where nothing can be done without them.

        Raises:
            UnresolvedError: they cannot be read.
        """
        if self.groups is None:
            raise self.error
        return self.groups


class Outlined(NamedTuple):
    """A config in which everything is in order that can be told without shapes.

    Attributes:
        read: the config.
        outline: the program and its wiring.
        catalog: the classes by which it was outlined.
        findings: what was found so far.
    """

    read: Parsed
    outline: Outline
    catalog: Catalog
    findings: Findings


class Presumed(NamedTuple):
    """A config in which everything is in order that is certain without the facts of its data.

    Attributes:
        read: the config.
        program: the program with stand-ins for what is left to the data; None where it cannot be
            read with them.
        catalog: the classes by which it was checked.
        findings: what was found so far.
    """

    read: Lacking
    program: Program | None
    catalog: Catalog
    findings: Findings


class Settled(NamedTuple):
    """An outlined program with the facts of its data: all that compiling needs.

    Attributes:
        outline: the program and its wiring.
        config: the config behind it, expanded and selected.
        findings: what was found so far.
    """

    outline: Outline
    config: Mapping[str, Any]
    findings: Findings


class Started(NamedTuple):
    """An engine in force.

    Attributes:
        engine: the engine.
        catalog: every class that the config may name.
        instead_of: the backend in whose place another one was started; None for the config's own.
        found: what was found while it was started.
    """

    engine: Engine
    catalog: Catalog
    instead_of: str | None = None
    found: tuple[Diagnostic, ...] = ()

    @contextmanager
    def doubting(self) -> Iterator[None]:
        """Inside, what an engine refuses that is not the config's own is no certain mistake.

        Raises:
            EngineDoubtError: such an engine refused something.
        """
        try:
            yield
        except CompileError:
            if self.instead_of is not None:
                raise EngineDoubtError(self.instead_of) from None
            raise


class Opened(NamedTuple):
    """The opened data.

    Attributes:
        data: columns, facts and description.
        findings: what was found so far.
    """

    data: OpenedData
    findings: Findings


class Compiled(NamedTuple):
    """A compiled config.

    Attributes:
        program: the compiled program.
        config: the config behind it, expanded and selected.
        findings: what was found so far.
        weights: where the weights are that it starts from, None where they are drawn.
    """

    program: CompiledProgram
    config: Mapping[str, Any]
    findings: Findings
    weights: WeightsSource | None = None
