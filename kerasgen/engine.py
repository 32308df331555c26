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

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from kerasgen.catalog.entries import Catalog, ClassEntry, Kind, ShapeOracle
from kerasgen.diagnostics import Sink
from kerasgen.ir.graph import Call
from kerasgen.ir.program import BackendDef, CompileDef, FitDef, Loss
from kerasgen.ir.training import (
    Array,
    Arrays,
    KeptWeights,
    Samples,
    TrainingData,
    TrainingState,
)
from kerasgen.ir.values import ObjectDef, TensorSpec

if TYPE_CHECKING:
    from kerasgen.passes.compiled import CompiledProgram
    from kerasgen.passes.held_preparation import RawInputs
    from kerasgen.process.machine_memory import Memory

Learned: TypeAlias = "Mapping[str, Array]"
"""What a step of `data.prepare` has learned, by the argument that says it; weights of one's own as
`weight 0`, …. Empty for a step that learns nothing."""


def _forget(state: TrainingState) -> None:
    """Keeps no state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingListener:
    """Who hears of a training while it goes on.

    Attributes:
        epoch_ended: called after each epoch with its number from 0 and its figures.
        followers: names of callbacks that only follow the training; one that fails is left out.
        follower_failed: called with the name of such a callback and what it raised.
        state_due: called with the state of the training, where it is to be kept.
    """

    epoch_ended: Callable[[int, dict[str, float]], None]
    followers: frozenset[str]
    follower_failed: Callable[[str, Exception], None]
    state_due: Callable[[TrainingState], None] = _forget


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedStep:
    """A step of `data.prepare` that can be applied.

    Attributes:
        learned: what it has learned.
        apply: makes a tensor of the backend, of as many rows, out of some rows of the tensors that
            it takes.
        of_training: what it makes of the rows that it was fitted on, where that is something else.
    """

    learned: Learned
    apply: Callable[[Mapping[str, Array]], Any] = field(repr=False)
    of_training: Array | None = field(default=None, repr=False)


class Preprocessing(Protocol):
    """Makes the steps of `data.prepare` that work on arrays."""

    def fit(
        self, definition: ObjectDef, call: Call, batches: Iterable[Mapping[str, Array]]
    ) -> FittedStep:
        """Makes one step and fits it.

        Args:
            definition: a preprocessing layer or an op.
            call: the call of it, for its operands and plain arguments.
            batches: the tensors that it takes, some training rows at a time; one batch at least.

        Raises:
            ShapeError: it refuses its arguments or the arrays, draws at random, or has weights
                that only training could set.
        """

    def restore(self, definition: ObjectDef, call: Call, learned: Learned) -> FittedStep:
        """Makes a step that was fitted before, out of what it has learned.

        Raises:
            ShapeError: it refuses its arguments.
        """


class Rehearsal(Protocol):
    """Made-up epochs in which callbacks act before anything is trained.

    Attributes:
        figures: the names that an epoch gives, those of validation included.
    """

    @property
    def figures(self) -> tuple[str, ...]:
        """The names that an epoch gives, those of validation included."""

    def act(self, callback: ObjectDef) -> None:
        """Lets a callback act.

        Raises:
            ShapeError: it raises, with the argument without which it does not.
        """


class Probe(Protocol):
    """Tries objects of a program out, before anything is trained."""

    def optimizer_slots(self, optimizer: ObjectDef) -> float:
        """Numbers that an optimizer keeps for each trainable weight.

        Raises:
            ShapeError: it refuses its arguments.
        """

    def loss(self, value: Loss, kind: Kind, outputs: Array, targets: Array) -> None:
        """Computes one loss or metric on a few made-up samples.

        Args:
            value: the loss or metric.
            kind: `loss` or `metric`.
            outputs: what the model might give, batch axis first.
            targets: targets as training would pass them.

        Raises:
            ShapeError: it refuses its arguments, or outputs and targets of these shapes.
        """

    def augmentation(
        self,
        definition: ObjectDef,
        samples: TensorSpec,
        targets: TensorSpec | None,
        masks: bool,
    ) -> str | None:
        """Augments a few made-up samples.

        Args:
            definition: a layer.
            samples: shape and type of the samples, batch axis first.
            targets: those of the targets that change with them, or None.
            masks: whether these are masks.

        Returns:
            Why it is no augmentation, None if it is one.

        Raises:
            ShapeError: it refuses its arguments, or the samples.
        """

    def callback(self, callback: ObjectDef) -> None:
        """Makes a callback, which does not act yet.

        Raises:
            ShapeError: it refuses its arguments.
        """

    def rehearsal(
        self, metrics: Mapping[str, Sequence[Loss]], optimizer: ObjectDef, *, validated: bool
    ) -> Rehearsal:
        """Sets made-up epochs up.

        Args:
            metrics: output name to its metrics, weighted ones included.
            optimizer: the optimizer as written.
            validated: whether there is a validation part.
        """


class Oracles(Protocol):
    """What the compiler asks of an engine."""

    def shape_oracle(self, catalog: Catalog, seed: int) -> AbstractContextManager[ShapeOracle]:
        """The scope in which it is answered what comes out of the calls of one model.

        What was answered can be asked for costs afterwards too.

        Args:
            catalog: where class names are found.
            seed: the model's seed, should something be drawn while a layer is made.
        """

    def preparation_oracle(self, catalog: Catalog) -> ShapeOracle:
        """Answers what comes out of the steps of one `data.prepare`."""

    def probe(self, catalog: Catalog) -> Probe:
        """Tries objects out."""

    def memory(self, device: str | None) -> Memory | None:
        """The memory of a device, None if it cannot be asked.

        Args:
            device: the engine's name of it (`gpu:0`), None for what it takes by itself.
        """


class Model(Protocol):
    """A model of the engine."""

    def summary(self) -> str:
        """A table of its layers, as the engine prints it."""

    def config(self) -> dict[str, Any]:
        """Its configuration in the engine's own form, as plain data."""

    def weight_table(self) -> list[dict[str, Any]]:
        """Its weight tensors: path, shape, type, whether trained, smallest, largest, mean."""

    def predict(self, x: Arrays, batch_size: int) -> Arrays:
        """What it gives for some inputs, in the form of its outputs."""

    def call(self, x: Arrays) -> Arrays:
        """What one call of it gives for a few inputs: `predict` without what makes many fast."""

    def evaluate(self, samples: Samples, batch_size: int) -> dict[str, float]:
        """Loss and metrics on some samples; it must have some."""

    def inner(self, name: str) -> Model:
        """The model inside it that is called so.

        Raises:
            KeyError: there is none.
        """

    def served(self, sizes: Sequence[int]) -> Model:
        """The same model for whoever asks it for a few rows again and again.

        Args:
            sizes: how many rows may go in at once, in rising order; what it is asked for is filled
                up to one of them. The first call of each is slow.
        """


class Trainable(Model, Protocol):
    """A model that was made of a compiled program, and can be trained."""

    def initialize(self) -> None:
        """Seeds every random generator, and gives the weights memory and their first values.

        Raises:
            Exception: weights that it starts from cannot be downloaded or read.
        """

    def compile(self, optimizer: ObjectDef, objective: CompileDef) -> None:
        """Gives it an optimizer, and losses and metrics that are settled for every output.

        Raises:
            ShapeError: a constructor refused its arguments.
        """

    def fit(
        self,
        data: TrainingData,
        fit: FitDef,
        listener: TrainingListener,
        begun: TrainingState | None = None,
    ) -> KeptWeights | None:
        """Seeds every random generator again, and trains.

        Args:
            data: what to fit on.
            fit: epochs, batch size and the like, `verbose` as a number; callbacks as they act.
            listener: hears of each finished epoch, of a follower that failed, and of states.
            begun: the state that the training goes on from, None for its beginning.

        Returns:
            Which weights the model has now, None if no epoch was finished.
        """

    def save(self, path: Path, raw: RawInputs | None = None) -> None:
        """Saves it; the file appears whole or not at all.

        Args:
            path: the file.
            raw: the steps that go into the file before it, None for itself alone.
        """


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

    def in_force(self, settings: BackendDef) -> bool | None:
        """Whether it runs in this process with these settings; None if it does not run yet."""

    def observed(self) -> dict[str, object]:
        """The settings that are in force, as its own file of settings says them."""

    def settings_file(self, settings: BackendDef) -> str:
        """The text of its file of settings."""

    def devices(self) -> list[str]:
        """The devices that it can use, by its own names (`cpu:0`, `gpu:0`)."""

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
