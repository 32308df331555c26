"""The engine: what the compiler asks of it, and what a run works with.

This room owns the protocols behind which an engine stands, and the values that cross that border.
It imports no engine, and knows none by name: one is chosen in `kerasgen.engines.choice`.

Decisions:
- The compiler needs the `Oracles` alone. They answer questions, and leave no trace: no random
  generator is seeded or moved, and nothing that they make is part of what is compiled.
- A model exists from `realize` on, and its weights have memory from `initialize` on. Both depend
  on the compiled program alone, whatever was asked or made before.
- Classes are looked up in a catalog that comes with each question, since it holds parts of one's
  own and data sources too.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from kerasgen.catalog.entries import Catalog, ClassEntry
from kerasgen.diagnostics import Sink
from kerasgen.engine.models import (
    DivergedError,
    EngineDiffersError,
    EngineLostError,
    EngineTold,
    InitialWeights,
    Model,
    StepWatch,
    Trainable,
    TrainingListener,
    Watched,
)
from kerasgen.engine.oracles import (
    FittedStep,
    Learned,
    Oracles,
    Preprocessing,
    Probe,
    Rehearsal,
)
from kerasgen.ir.program import BackendDef

if TYPE_CHECKING:
    from kerasgen.passes.compiled import CompiledProgram

__all__ = [
    "GIVEN_HOME",
    "DivergedError",
    "Engine",
    "EngineDiffersError",
    "EngineInForceError",
    "EngineLostError",
    "EngineTold",
    "FittedStep",
    "InitialWeights",
    "Learned",
    "Model",
    "NotAvailableError",
    "Oracles",
    "Preprocessing",
    "Probe",
    "Rehearsal",
    "StartedEngine",
    "StepWatch",
    "Trainable",
    "TrainingListener",
    "Watched",
]

GIVEN_HOME = "KERASGEN_ENGINE_HOME"
"""The environment variable that names an empty folder for what an engine is told by files.

Who has started the process has made it, and takes it away; without it an engine makes one itself.
"""


class EngineInForceError(RuntimeError):
    """This process has an engine with other settings, and a process has one for good.

    Attributes:
        keys: the settings that differ.
    """

    def __init__(self, message: str, keys: Sequence[str] = ()) -> None:
        self.keys = tuple(keys)
        super().__init__(message)


class NotAvailableError(Exception):
    """A data set of the engine's that is not in its cache and was not, or could not be, downloaded.

    Attributes:
        refused: whether a download would have been needed and was not wanted.
    """

    def __init__(self, message: str, *, refused: bool) -> None:
        self.refused = refused
        super().__init__(message)


class Engine(Oracles, Protocol):
    """One engine: how it is started, what it knows, and the models that it makes."""

    def start(self, settings: BackendDef, sink: Sink) -> None:
        """Puts settings in force in this process; what it needs is imported.

        Args:
            settings: what is to be in force.
            sink: gets a package that is not installed, or a setting that is refused.

        Raises:
            CompileError: the engine cannot be started with these settings.
            EngineInForceError: it was started before with others.
        """

    def preload(self, settings: BackendDef, sink: Sink) -> None:
        """Imports what it needs and computes nothing: this process may be forked afterwards.

        Args:
            settings: what is to be in force.
            sink: gets a package that is not installed, or a setting that is refused.

        Raises:
            CompileError: it cannot be imported with these settings.
        """

    def in_force(self, settings: BackendDef) -> bool | None:
        """Whether it runs in this process with these settings; None if it does not run yet."""

    def observed(self) -> dict[str, object]:
        """The settings that are in force, as its own file of settings says them."""

    def settings_file(self, settings: BackendDef) -> str:
        """The text of its file of settings."""

    def devices(self) -> list[str]:
        """The devices that it can use, by its own names (`cpu:0`, `gpu:0`)."""

    def peak_device_memory(self) -> int | None:
        """The most memory that this process had on a device of its own; None where it has none."""

    def working_on(self, device: str | None) -> AbstractContextManager[Any]:
        """The scope in which a run works on a device; None for the engine's choice."""

    def catalog(self) -> Catalog:
        """Every class of the engine that a config may name."""

    def custom_part_entries(self, catalog: Catalog, sink: Sink) -> Sequence[ClassEntry]:
        """The entries of what was registered: parts of one's own.

        Args:
            catalog: what is known already.
            sink: gets parts that cannot be used: KG610.
        """

    def preprocessing(self, catalog: Catalog) -> Preprocessing:
        """Makes the steps of `data.prepare`."""

    def realize(self, compiled: CompiledProgram, catalog: Catalog) -> Trainable:
        """Makes the model of a compiled program; its weights have no memory yet.

        Args:
            compiled: the compiled program.
            catalog: where class names are found.
        """

    def load(self, path: Path) -> Model:
        """Loads a model that `save` has written."""

    def load_foreign(self, path: Path, within: Path) -> Model:
        """Loads a file that anybody may have written; no code in it runs.

        Args:
            path: the file.
            within: a folder that a link must not lead out of.

        Raises:
            ForeignFileError: it is no sound file of its kind, or asks for more than it holds.
            Exception: the engine cannot make a model of it, in its own words.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedEngine:
    """An engine in force, with its catalog: classes, data sources and parts of one's own."""

    engine: Engine
    catalog: Catalog
