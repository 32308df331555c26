"""A whole program: what every group of a config comes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, TypeAlias

from kerasgen.ir.data import DataDef
from kerasgen.ir.model import ModelDef
from kerasgen.ir.trackers import MlflowDef, TensorBoardDef, WandbDef
from kerasgen.ir.values import ObjectDef


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeDef:
    """Where Theano or CNTK computes, outside Keras 3.

    Attributes:
        python: the interpreter; None for the one that `kerasgen engines install` has made.
        threads: threads in which it computes.
        probe: the largest difference to Keras 3, relative to the larger of 1 and the values, that
            does not end the run.
    """

    python: str | None = None
    threads: int = field(default=1, metadata={"minimum": 1})
    probe: float = field(default=1e-5, metadata={"minimum": 0})


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendDef:
    """The settings of keras.json and the few that are added to them.

    Attributes:
        backend: `tensorflow`, `jax` or `torch`, or `theano` or `cntk`, which run outside Keras 3.
        floatx: default element type of weights and inputs.
        epsilon: the small number that Keras adds against division by zero.
        image_data_format: `channels_last` or `channels_first`: what the model takes and returns.
        dtype_policy: default policy of the layers, None for floatx.
        device: device on which the run works (`cpu:0`, `gpu:0`), None for Keras's choice.
        deterministic: whether a run on the same machine is to be the same, bit for bit.
        initial_weights: who draws them: `keras`, or `portable`, the same on every engine.
        memory: bytes that training may take, `auto` for what the machine has, None for no limit.
        runtime: where `theano` and `cntk` compute.
    """

    backend: str = "tensorflow"
    floatx: str = "float32"
    epsilon: float = field(default=1e-7, metadata={"minimum": 0})
    image_data_format: str = "channels_last"
    dtype_policy: str | None = None
    device: str | None = None
    deterministic: bool = False
    initial_weights: str = "keras"
    memory: int | Literal["auto"] | None = "auto"
    runtime: RuntimeDef = RuntimeDef()


FIT = "fit"
"""The group that says how a model is trained."""

Loss: TypeAlias = str | ObjectDef
"""One loss or metric: a name of Keras's vocabulary, or an object."""


def loss_name(value: Loss) -> str:
    """The name of a loss or metric as written: its class or its word."""
    return value.cls if isinstance(value, ObjectDef) else value


def loss_word(value: Loss) -> str:
    """The name of a loss or metric without module, underscores and case."""
    return loss_name(value).rpartition(".")[2].replace("_", "").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileDef:
    """The arguments of `Model.compile`, the optimizer apart.

    Attributes:
        loss: one loss, or one by output name; None for what fits the task.
        metrics: the metrics, or the metrics by output name; None for what fits the task.
        weighted_metrics: the same, weighted by class or sample weights.
        loss_weights: output name to weight, or None.
        jit_compile: `auto`, True or False.
        steps_per_execution: batches run in one call of the compiled function, or `auto`.
    """

    loss: Loss | Mapping[str, Loss] | None = None
    metrics: tuple[Loss, ...] | Mapping[str, tuple[Loss, ...]] | None = None
    weighted_metrics: tuple[Loss, ...] | Mapping[str, tuple[Loss, ...]] | None = None
    loss_weights: Mapping[str, float] | None = None
    jit_compile: bool | Literal["auto"] = "auto"
    steps_per_execution: int | Literal["auto"] = field(default=1, metadata={"minimum": 1})


class LossUse(NamedTuple):
    """One loss or metric of an output.

    Attributes:
        path: its key path.
        kind: which of the two it is.
        value: the loss or metric.
    """

    path: str
    kind: Literal["loss", "metric"]
    value: Loss

    @property
    def name(self) -> str:
        """Its class or its word."""
        return loss_name(self.value)


def uses_of_output(name: str, objective: CompileDef, alone: bool) -> Iterator[LossUse]:
    """The losses and metrics of one output.

    Args:
        name: name of the output.
        objective: loss and metrics of all outputs.
        alone: whether the model has no other output, so that names may be left out.
    """

    def own(value: Any) -> Any:
        return value if alone and not isinstance(value, Mapping) else (value or {}).get(name)

    loss = own(objective.loss)
    keyed = "" if alone else f".{name}"
    if loss is not None:
        yield LossUse(f"compile.loss{keyed}", "loss", loss)
    for group in ("metrics", "weighted_metrics"):
        for index, metric in enumerate(own(getattr(objective, group)) or ()):
            yield LossUse(f"compile.{group}{keyed}.{index}", "metric", metric)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointDef:
    """How often the state of a training is kept, from which it can go on.

    Attributes:
        every: `1 epoch`, `500 steps`, `10 minutes`; besides that it is kept at the end, and when
            the run is asked to end.
        keep: how many states are kept; the last but one serves where the last is damaged.
    """

    every: str = "1 epoch"
    keep: int = field(default=2, metadata={"minimum": 1})

    @property
    def number(self) -> int:
        """How many of the unit."""
        return int(self.every.split()[0])

    @property
    def unit(self) -> Literal["epochs", "steps", "minutes"]:
        """What is counted."""
        word = self.every.split()[1].rstrip("s")
        return "epochs" if word == "epoch" else "steps" if word == "step" else "minutes"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseDef:
    """One phase of a training: what it does otherwise than the rest of the config says.

    Attributes:
        epochs: passes over the training part.
        batch_size: samples in one step.
        trainable: patterns of the layers that are trained; all others are frozen.
        optimizer: the optimizer, whole.
        path: key path of the phase.
    """

    epochs: int | None = field(default=None, metadata={"minimum": 1})
    batch_size: int | None = field(default=None, metadata={"minimum": 1})
    trainable: tuple[str, ...] | None = None
    optimizer: ObjectDef | None = None
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitDef:
    """The arguments of `Model.fit`, and how a training is kept.

    Attributes:
        epochs: passes over the training part.
        batch_size: samples in one step.
        shuffle: whether the training part is shuffled before each epoch.
        steps_per_epoch: steps after which an epoch ends, None for the whole part.
        validation_steps: the same for the validation part.
        validation_freq: epochs between two validations.
        class_weight: class index or name to weight, `balanced`, or None.
        folds: how many folds are run, each the test part of one run; None for a single run.
        callbacks: name to callback.
        verbose: `auto`, 0, 1 or 2, as in Keras; true is 1 and false 0.
        resume: `auto` goes on with what an interrupted run has left in the folder, `never` begins
            anew.
        checkpoint: how often the state is kept; null for never.
        initial_weights: the run or the file of weights that the training starts from, layer by
            layer; None for weights that are drawn.
        trainable: patterns of the layers that are trained, all others are frozen; None for what
            each layer says of itself.
        phases: name to phase, one trained after the other; empty for a single one.
        terminate_on_nan: whether a training ends whose loss is no finite number.
    """

    epochs: int = field(default=1, metadata={"minimum": 1})
    batch_size: int = field(default=32, metadata={"minimum": 1})
    shuffle: bool = True
    steps_per_epoch: int | None = field(default=None, metadata={"minimum": 1})
    validation_steps: int | None = field(default=None, metadata={"minimum": 1})
    validation_freq: int = field(default=1, metadata={"minimum": 1})
    class_weight: Mapping[int | str, float] | Literal["balanced"] | None = None
    folds: int | None = field(default=None, metadata={"minimum": 2})
    callbacks: Mapping[str, ObjectDef] = field(default_factory=dict)
    verbose: Literal["auto"] | bool | int = "auto"
    resume: Literal["auto", "never"] = "auto"
    checkpoint: CheckpointDef | None = CheckpointDef()
    initial_weights: str | None = None
    trainable: tuple[str, ...] | None = None
    phases: Mapping[str, PhaseDef] = field(default_factory=dict)
    terminate_on_nan: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingDef:
    """What a run leaves behind besides its record.

    Attributes:
        model: whether the trained model is saved.
        predictions: whether the predictions of the test part are saved.
        plots: whether learning curves and results are drawn.
        tensorboard: the event files for TensorBoard, None for none.
        mlflow: the run in MLflow, None for none.
        wandb: the run in Weights & Biases, None for none.
    """

    model: bool = True
    predictions: bool = True
    plots: bool = True
    tensorboard: TensorBoardDef | None = None
    mlflow: MlflowDef | None = None
    wandb: WandbDef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LintDef:
    """Which warnings are known and wanted.

    Attributes:
        ignore: codes of the warnings that are not shown.
    """

    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A whole experiment as written: what the frontend hands to the passes.

    Attributes:
        name: name of the experiment, for listings.
        seed: seed of every random generator.
        backend: the engine's settings.
        data: what to train on.
        model: the model as written.
        optimizer: the optimizer, a string or an object.
        compile: loss, metrics and the like.
        fit: how to train.
        tracking: what to leave behind.
        lint: which warnings are not shown.
    """

    name: str
    seed: int
    backend: BackendDef
    data: DataDef
    model: ModelDef
    optimizer: ObjectDef
    compile: CompileDef
    fit: FitDef
    tracking: TrackingDef
    lint: LintDef = field(default_factory=LintDef)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """What is trained, one after the other: a single phase where the config names none."""
        if not self.fit.phases:
            return (Phase(name=None, definition=PhaseDef(path=FIT), program=self),)
        return tuple(
            Phase(name=name, definition=phase, program=self._in(phase))
            for name, phase in self.fit.phases.items()
        )

    @property
    def epochs(self) -> int:
        """The epochs of all phases."""
        return sum(phase.program.fit.epochs for phase in self.phases)

    def _in(self, phase: PhaseDef) -> Program:
        told = {
            name: value
            for name in ("epochs", "batch_size", "trainable")
            if (value := getattr(phase, name)) is not None
        }
        fit = replace(self.fit, phases={}, **told)
        return replace(self, optimizer=phase.optimizer or self.optimizer, fit=fit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One phase of a training, as if there were no other.

    Attributes:
        name: its name, None where the config names no phases.
        definition: what it says itself.
        program: the program with what it says, and without phases.
    """

    name: str | None
    definition: PhaseDef
    program: Program

    def key(self, name: str) -> str:
        """The key path at which one of its settings is written.

        Args:
            name: a key of the group `fit` that a phase may set too.
        """
        own = self.name is not None and getattr(self.definition, name) is not None
        return f"{self.definition.path if own else FIT}.{name}"
