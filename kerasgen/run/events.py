"""What a run says while it goes on, as values.

This room owns the events of a run: frozen, plain, and complete, so that a listener needs nothing
but them. It must not know who listens. What is large (arrays, models, pictures) is a file by the
time an event names it.

Decisions:
- An event says what has happened, not what to do about it: what is printed and what is written
  stands with the listeners.
- Paths are texts relative to the folder of the run, which `RunStarted` names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from kerasgen.diagnostics import Diagnostic
from kerasgen.record.status import Closed

Plain: TypeAlias = Mapping[str, Any]
"""Plain data by name, as JSON knows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The folder of the run stands and the engine is in force; the first step comes next.

    Attributes:
        folder: the folder of the run.
        backend: the engine's settings as it tells them.
        devices: what it works on.
    """

    folder: str
    backend: Plain
    devices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step begins.

    Attributes:
        name: the step.
    """

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished:
    """A step ended well.

    Attributes:
        name: the step.
        text: what is to be said of it in a line.
        seconds: how long it took.
    """

    name: str
    text: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DataOpened:
    """The data is there, before it is split and prepared.

    Attributes:
        description: source, columns, classes and the like.
    """

    description: Plain


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramSettled:
    """The program is compiled and the data prepared: what is trained on what stands.

    Attributes:
        name: name of the program.
        config: the resolved config as YAML; it compiles again to this very model.
        source_map: where its keys were written, as `diagnostics.source_map_data` has it.
        parameters: weights of the model.
        objective: loss, metrics and labels as settled.
        data: fingerprint of the data, samples in each part.
        hashes: of all that the training depends on, as `run.content_hashes` has them.
    """

    name: str
    config: str
    source_map: object
    parameters: int
    objective: Plain
    data: Plain
    hashes: Plain = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDefined:
    """The model has its weights.

    Attributes:
        summary: the engine's table of its layers.
        drawn: each layer to the hash of its first weights, where every engine draws the same.
    """

    summary: str
    drawn: Plain = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineReported:
    """An engine that trains in a process of its own has said something of itself.

    Attributes:
        facts: versions, seconds of compiling, differences to Keras 3, by name.
        text: the same in a line.
    """

    facts: Plain
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsTaken:
    """The model starts from weights of another one.

    Attributes:
        source: the run or the file.
        sha256: the checksum of the file.
        layers: how many layers took theirs.
        drawn: the layers that did not.
    """

    source: str
    sha256: str
    layers: int
    drawn: tuple[str, ...]

    @property
    def text(self) -> str:
        """What was taken, in words."""
        of_all = f"{self.layers} of {self.layers + len(self.drawn)} layers from {self.source}"
        return of_all + (f"; drawn: {', '.join(self.drawn)}" if self.drawn else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseBegan:
    """A phase of the training begins, or goes on.

    Attributes:
        name: its name.
        epoch: the number of its first epoch, counted through all phases from 1.
        epochs: how many it has.
        weights: number of weights that it changes.
        total: the epochs of all phases together, if none ends early any more.
    """

    name: str
    epoch: int
    epochs: int
    weights: int
    total: int

    @property
    def text(self) -> str:
        """The phase in words."""
        last = self.epoch + self.epochs - 1
        span = f"epoch {self.epoch}" if self.epochs == 1 else f"epochs {self.epoch} to {last}"
        return f"{self.name}: {span}, {self.weights:,} weights trained"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingStarted:
    """The first epoch begins, or the one with which the training goes on.

    Attributes:
        epochs: epochs of the whole training.
        epoch: those that are finished.
        verbose: `fit.verbose`; what is not `auto` the engine prints itself.
    """

    epochs: int
    epoch: int
    verbose: int | Literal["auto"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingProgressed:
    """Some batches of an epoch are done: told a few times a second, and kept for nobody.

    Attributes:
        epochs: the epochs that are finished.
        batch: the batches of the next one that the model was trained on.
        batches: batches of an epoch.
        figures: loss and metrics so far, of the validation part while the model is validated.
        validating: whether the model is validated.
    """

    epochs: int
    batch: int
    batches: int
    figures: Mapping[str, float]
    validating: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochEnded:
    """An epoch of training is finished.

    Attributes:
        epoch: its number, from 1.
        seconds: how long it took.
        figures: loss, metrics and learning rate.
    """

    epoch: int
    seconds: float
    figures: Mapping[str, float]

    @property
    def row(self) -> dict[str, float]:
        """The epoch as a row of a history."""
        return {"epoch": self.epoch, "seconds": round(self.seconds, 4), **self.figures}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingResumed:
    """A training goes on where another process has left it.

    Attributes:
        epoch: the epochs that are finished.
        step: the steps of the next epoch that are done.
        history: the figures of the finished epochs, as rows of a history.
    """

    epoch: int
    step: int
    history: tuple[Mapping[str, float], ...]

    @property
    def text(self) -> str:
        """The place in words."""
        after = f"after epoch {self.epoch}" if self.epoch else "in epoch 1"
        if self.epoch and self.step:
            after += f", in epoch {self.epoch + 1}"
        return after + (f" after step {self.step}" if self.step else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class StateKept:
    """The state of the training is on the disk.

    Attributes:
        epoch: the epochs that are finished.
        step: the steps of the next epoch that are done.
    """

    epoch: int
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingEnded:
    """The model is trained.

    Attributes:
        epochs: epochs finished.
        weights: which weights it has now (`epoch`, `epochs`, `set_by`), None without an epoch.
    """

    epochs: int
    weights: Plain | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsComputed:
    """The trained model was measured.

    Attributes:
        figures: part of the data to metric to number.
        weights: which weights were measured, as in `TrainingEnded`.
        baselines: part to baseline to metric to number: what a trivial answer scores.
    """

    figures: Mapping[str, Mapping[str, float]]
    weights: Plain | None
    baselines: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactSaved:
    """A file of results is whole in the folder.

    Attributes:
        file: its path.
        facts: what is known of it.
    """

    file: str
    facts: Plain = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningsRaised:
    """Something is not as it should be, and the run goes on.

    Attributes:
        diagnostics: the warnings that belong together.
    """

    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """The run is over, and its record closed.

    Attributes:
        status: how it ended.
        seconds: from its start on, None where it has no record.
        error: why it did not complete.
        diagnostics: what is to be said of that; empty where somebody else says it.
        unrecorded: why the record could not be closed, None where it is.
    """

    status: Closed
    seconds: float | None = None
    error: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    unrecorded: str | None = None


Event: TypeAlias = (
    RunStarted
    | StepStarted
    | StepFinished
    | DataOpened
    | ProgramSettled
    | ModelDefined
    | EngineReported
    | WeightsTaken
    | PhaseBegan
    | TrainingStarted
    | TrainingProgressed
    | EpochEnded
    | TrainingResumed
    | StateKept
    | TrainingEnded
    | MetricsComputed
    | ArtifactSaved
    | WarningsRaised
    | RunEnded
)
