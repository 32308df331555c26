"""Models of an engine: what a run does with one, and who hears of its training.

This room owns the protocols of a model that is asked and of one that is trained. How one comes
about is told by the engine that makes or loads it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from kerasgen.ir.program import CompileDef, FitDef
from kerasgen.ir.training import (
    Array,
    Arrays,
    Fault,
    FeedPosition,
    KeptWeights,
    Samples,
    TakenWeights,
    TrainingData,
    TrainingProgress,
    TrainingState,
)
from kerasgen.ir.values import ObjectDef

if TYPE_CHECKING:
    from kerasgen.passes.held_preparation import RawInputs


def _unheard(told: object) -> None:
    """What is told to nobody."""


Watched: TypeAlias = Literal["training", "validation"]
"""What of an epoch is measured by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialWeights:
    """The weights that a model begins with, where every engine draws the same.

    Attributes:
        layers: name of each layer that has some, `outer.inner` inside a model, to their hash.
        own: weights that code of one's own has drawn, which may differ between engines.
    """

    layers: Mapping[str, str]
    own: tuple[str, ...] = ()


class StepWatch(Protocol):
    """Who measures the steps of a training, and may end it early."""

    def began(self, part: Watched) -> None:
        """Hears that the steps of a part of an epoch begin."""

    def due(self, part: Watched, steps: int) -> bool:
        """Whether it wants to hear of the moment when so many steps of the part are done.

        It is asked after each step, whose figures may still be computed; where it says yes, they
        are waited for.
        """

    def done(self, part: Watched, steps: int) -> bool:
        """Hears that so many steps are done; gives whether the part is to end with them."""

    def ended(self, part: Watched) -> None:
        """Hears that a part of an epoch has ended; of its training, with the validation in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineTold:
    """What an engine that trains in a process of its own says of itself.

    Attributes:
        name: what it is about: `engine`, `probe`, `compiled` or `trained`.
        facts: plain data, by the names that the record has for it.
    """

    name: Literal["engine", "probe", "compiled", "trained"]
    facts: Mapping[str, Any]


class EngineDiffersError(ArithmeticError):
    """An engine computes something else than its twin.

    Attributes:
        difference: the largest difference.
        tolerance: the one that is allowed.
        layer: the first layer that gives something else, None if none does alone.
    """

    def __init__(self, difference: float, tolerance: float, layer: str | None) -> None:
        self.difference, self.tolerance, self.layer = difference, tolerance, layer
        where = "" if layer is None else f", first in the layer `{layer}`"
        super().__init__(f"the engine differs from Keras 3 by {difference:.1e}{where}")


class EngineLostError(RuntimeError):
    """The process of an engine is gone, or cannot do what was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingListener:
    """Who hears of a training while it goes on.

    Attributes:
        epoch_ended: called after each epoch with its number from 0 and its figures.
        followers: names of callbacks that only follow the training; one that fails is left out.
        follower_failed: called with the name of such a callback and what it raised.
        state_due: called with the state of the training, where it is to be kept.
        progressed: called a few times a second with where the training is.
        watch: measures the steps, None where nobody does.
        told: called with what an engine of its own has to say of itself.
    """

    epoch_ended: Callable[[int, dict[str, float]], None]
    followers: frozenset[str]
    follower_failed: Callable[[str, Exception], None]
    state_due: Callable[[TrainingState], None] = _unheard
    progressed: Callable[[TrainingProgress], None] = _unheard
    watch: StepWatch | None = None
    told: Callable[[EngineTold], None] = _unheard


class DivergedError(ArithmeticError):
    """A training whose loss, or whose weights, are no finite numbers any more.

    Attributes:
        epoch: the epoch, from 0.
        batch: the batch behind which that was seen, from 0.
        value: what the loss is, None where the weights are not finite.
    """

    def __init__(self, epoch: int, batch: int, value: str | None) -> None:
        self.epoch, self.batch, self.value = epoch, batch, value
        super().__init__(f"the loss is {value} in batch {batch + 1} of epoch {epoch + 1}")


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

    def initialize(self) -> InitialWeights | None:
        """Seeds every random generator, and gives the weights memory and their first values.

        Returns:
            What they are, where every engine draws the same.

        Raises:
            Exception: weights that it starts from cannot be downloaded or read.
        """

    def take_weights(self, source: Path | TrainingState, inside: str | None) -> TakenWeights:
        """Gives layers the weights that a file or a state has under their names.

        Args:
            source: a file of a model or of weights, which anybody may have written, or a state.
            inside: the name of the model in the file that is meant, None for all of it.

        Raises:
            ForeignFileError: it cannot be read, or holds no weights.
        """

    def train_only(self, layers: Collection[str] | None) -> None:
        """Freezes all but some layers from the next `compile` on; None for what each says itself.

        Args:
            layers: their names, `outer.inner` inside a model.
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
        start: FeedPosition | TrainingState,
    ) -> KeptWeights | None:
        """Trains through one phase; before the first one it seeds every random generator again.

        Args:
            data: what to fit on.
            fit: how, `verbose` as a number; callbacks, those of the first phase, as they act.
            listener: hears of each finished epoch, of a follower that failed, and of states.
            start: where the phase begins, or the state that it goes on from.

        Returns:
            Which weights the model has now, None if no epoch was finished.

        Raises:
            DivergedError: the loss is not finite, and such a training is to end.
        """

    def find_fault(
        self,
        data: TrainingData,
        fit: FitDef,
        start: FeedPosition | TrainingState,
        error: DivergedError,
    ) -> Fault | None:
        """Trains again as far as a batch, and finds what is not finite there.

        Args:
            data: what the model was fitted on.
            fit: how; no callback acts.
            start: where the model is, as for `fit`.
            error: the batch.

        Returns:
            The fault, None if the training does not come to it again.
        """

    def weight_arrays(self) -> dict[str, Array]:
        """Its weights by the path of their layer and their number there, as on all engines."""

    def lay_weight_arrays(self, arrays: Mapping[str, Array]) -> None:
        """Gives it weights of those names.

        Raises:
            KeyError: one is missing.
            ValueError: one has another shape.
        """

    def layer_outputs(self, x: Arrays) -> dict[str, Array]:
        """What the engine gives for a few rows at each layer, by its name, in order."""

    def silence(self) -> list[str]:
        """Lets layers draw nothing in training, as dropout does; gives those that still do."""

    def save(self, path: Path, raw: RawInputs | None = None) -> None:
        """Saves it; the file appears whole or not at all.

        Args:
            path: the file.
            raw: the steps that go into the file before it, None for itself alone.
        """
