"""The intermediate representation: what a config means, as frozen data.

This room owns the record types that travel between the stages, and the rules for names. Data
only: what can be done with it stands in the room that does it. Every record that a user wrote
carries `path`, the dotted key path of its config entry, by which a diagnostic finds the place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Shape: TypeAlias = tuple[int | None, ...]
"""Sizes of the axes, channels last; None for an axis whose size is open."""

Plain: TypeAlias = bool | int | float | str | None
"""A value without parts."""

Value: TypeAlias = "Plain | ObjectDef | ModelDef | tuple[Value, ...] | Mapping[str, Value]"
"""What an argument may hold: a plain value, an object, or lists and mappings of these."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
"""What an entry, an input or an output may be called."""

FACTS = ("classes", "class_names", "shape", "target_shape", "samples")
"""The facts of the data that configs may refer to, as in `${data.classes}`."""

INPUT = "input"
"""The name of the only input of a model that declares none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSpec:
    """What is known of a tensor before it exists.

    Attributes:
        shape: sizes of all axes; the first is the batch, None unless an input fixes it.
        dtype: Keras's name of the element type.
    """

    shape: Shape
    dtype: str = "float32"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectDef:
    """One object of Keras or of a data source: a class and the arguments that were written.

    Attributes:
        cls: the class name as written, with or without its module (`Adam`, `losses.Huber`).
        arguments: argument name to value, in the order in which they were written.
        path: key path of the entry.
        bare: whether it was written as a bare string, without arguments.
    """

    cls: str
    arguments: Mapping[str, Value] = field(default_factory=dict)
    path: str = ""
    bare: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorRef:
    """A tensor by name: an input, or one output of a call.

    Attributes:
        name: name of the input or of the call.
        index: which of the call's outputs, None for its only one.
        path: key path of where the reference was written.
    """

    name: str
    index: int | None = None
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A number that stands where a tensor may stand."""

    value: float | int | bool
    path: str = ""


Operand: TypeAlias = "TensorRef | Constant | tuple[Operand, ...]"
"""What goes into a call: a tensor, a constant, or a list of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of `layers`, as written.

    Attributes:
        name: its name; also the name of the tensor that it makes.
        made: the layer, op or nested model, or None where `reuses` stands.
        reuses: name of the entry whose layer is called again (`is`).
        takes: what comes in (`from`): one operand, or a mapping from call arguments to operands;
            None for the entry above.
        call_arguments: plain arguments of the call (`with`).
        path: key path of the entry.
    """

    name: str
    made: ObjectDef | ModelDef | None = None
    reuses: str | None = None
    takes: Operand | Mapping[str, Operand] | None = None
    call_arguments: Mapping[str, Value] = field(default_factory=dict)
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputDef:
    """One input of a model.

    Attributes:
        name: its name.
        shape: sizes without the batch axis, channels last; None if it is taken from the data.
        dtype: Keras's name of the element type, None for floatx.
        batch_size: the size of every batch, which a stateful layer must know; None for any.
        path: key path of the entry.
    """

    name: str
    shape: Shape | None = None
    dtype: str | None = None
    batch_size: int | None = None
    path: str = ""


Outputs: TypeAlias = TensorRef | tuple[TensorRef, ...] | Mapping[str, TensorRef] | None
"""What a model gives back: one tensor, a list, named ones, or None for the last entry's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDef:
    """A model as written: the surface form, before references are resolved.

    Attributes:
        name: name of the Keras model.
        kind: which kind was asked for, None for the plainest that serves.
        inputs: declared inputs; empty if they are taken from the data or the caller.
        entries: the entries of `layers`, in order.
        outputs: what comes out.
        arguments: further arguments of the model (`trainable`, …).
        path: key path of the model.
    """

    name: str
    kind: Literal["Sequential", "Functional"] | None = None
    inputs: tuple[InputDef, ...] = ()
    entries: tuple[Entry, ...] = ()
    outputs: Outputs = None
    arguments: Mapping[str, Value] = field(default_factory=dict)
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDef:
    """One layer, op or nested model, to be made once and called any number of times.

    Attributes:
        name: its name in the Keras model.
        made: what it is.
        path: key path of the entry that defined it.
    """

    name: str
    made: ObjectDef | ModelGraph
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a layer or op.

    Attributes:
        name: name of the call; other calls take its outputs by this name.
        layer: name of the `LayerDef` that is called.
        operands: positional arguments: tensors, constants, lists of these.
        keyword_operands: tensors that go in by argument name.
        arguments: plain call arguments.
        path: key path of the entry.
    """

    name: str
    layer: str
    operands: tuple[Operand, ...] = ()
    keyword_operands: Mapping[str, Operand] = field(default_factory=dict)
    arguments: Mapping[str, Value] = field(default_factory=dict)
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelGraph:
    """A model with its wiring resolved: definitions and calls, in an order that can be run.

    Attributes:
        name: name of the Keras model.
        kind: `Sequential` for a chain, else `Functional`.
        inputs: the inputs, in order.
        layers: name to definition; a shared layer is one definition with several calls.
        calls: the calls; each takes inputs and outputs of earlier calls only.
        outputs: what comes out, never None.
        arguments: further arguments of the Keras model (`trainable`, …).
        path: key path of the model.
    """

    name: str
    kind: Literal["Sequential", "Functional"]
    inputs: tuple[InputDef, ...]
    layers: Mapping[str, LayerDef]
    calls: tuple[Call, ...]
    outputs: TensorRef | tuple[TensorRef, ...] | Mapping[str, TensorRef]
    arguments: Mapping[str, Value] = field(default_factory=dict)
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendDef:
    """The settings of keras.json and the few that are added to them.

    Attributes:
        backend: `tensorflow`, `jax` or `torch`.
        floatx: default element type of weights and inputs.
        epsilon: the small number that Keras adds against division by zero.
        image_data_format: `channels_last` or `channels_first`: what the model takes and returns.
        dtype_policy: default policy of the layers, None for floatx.
        device: device on which the run works (`cpu:0`, `gpu:0`), None for Keras's choice.
        deterministic: whether the backend is asked for deterministic kernels.
        memory: bytes that training may take, `auto` for what the machine has, None for no limit.
    """

    backend: str = "tensorflow"
    floatx: str = "float32"
    epsilon: float = field(default=1e-7, metadata={"minimum": 0})
    image_data_format: str = "channels_last"
    dtype_policy: str | None = None
    device: str | None = None
    deterministic: bool = False
    memory: int | Literal["auto"] | None = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitDef:
    """How the rows are divided.

    Attributes:
        test: `given` (the source says), a fraction of the rows, a number of rows, or None.
        validation: the same; fractions and numbers are taken of what is not test.
        stratify: whether each part keeps the shares of the classes.
        shuffle: whether rows are drawn at random; False takes them from the end.
    """

    test: float | int | Literal["given"] | None = field(default=None, metadata={"minimum": 0})
    validation: float | int | Literal["given"] | None = field(default=None, metadata={"minimum": 0})
    stratify: bool = False
    shuffle: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDef:
    """What to train on.

    Attributes:
        source: the data source and its arguments.
        features: input name to the columns that it stacks.
        target: output name to column; the key is empty where one unnamed target was written;
            empty for none (an autoencoder's target is its input).
        task: `classification`, `multilabel`, `regression` or `autoencoding`; by output name where
            they differ.
        prepare: preprocessing entries, in order.
        split: how the rows are divided.
        facts: what is known without opening the data (`classes`, `shape`, …).
        path: key path of the group.
    """

    source: ObjectDef
    features: Mapping[str, tuple[str, ...]]
    target: Mapping[str, str]
    task: Mapping[str, str]
    prepare: tuple[Entry, ...] = ()
    split: SplitDef = field(default_factory=SplitDef)
    facts: Mapping[str, Value] = field(default_factory=dict)
    path: str = "data"

    @property
    def absent(self) -> bool:
        """Whether there is no data at all, and the model stands alone."""
        return not self.source.cls


Loss: TypeAlias = str | ObjectDef
"""One loss or metric: a name of Keras's vocabulary, or an object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileDef:
    """The arguments of `Model.compile`, the optimizer apart.

    Attributes:
        loss: one loss, or one by output name; None for what fits the task.
        metrics: the metrics, or the metrics by output name; None for what fits the task.
        weighted_metrics: the same, weighted by class or sample weights.
        loss_weights: output name to weight, or None.
        jit_compile: `auto`, True or False.
        steps_per_execution: batches run in one call of the compiled function.
    """

    loss: Loss | Mapping[str, Loss] | None = None
    metrics: tuple[Loss, ...] | Mapping[str, tuple[Loss, ...]] | None = None
    weighted_metrics: tuple[Loss, ...] | Mapping[str, tuple[Loss, ...]] | None = None
    loss_weights: Mapping[str, float] | None = None
    jit_compile: bool | Literal["auto"] = "auto"
    steps_per_execution: int = field(default=1, metadata={"minimum": 1})


@dataclass(frozen=True, slots=True, kw_only=True)
class FitDef:
    """The arguments of `Model.fit`.

    Attributes:
        epochs: passes over the training part.
        batch_size: samples in one step.
        shuffle: whether the training part is shuffled before each epoch.
        steps_per_epoch: steps after which an epoch ends, None for the whole part.
        validation_steps: the same for the validation part.
        validation_freq: epochs between two validations.
        class_weight: class index or name to weight, `balanced`, or None.
        callbacks: name to callback.
        verbose: `auto`, 0, 1 or 2, as in Keras; true is 1 and false 0.
    """

    epochs: int = field(default=1, metadata={"minimum": 1})
    batch_size: int = field(default=32, metadata={"minimum": 1})
    shuffle: bool = True
    steps_per_epoch: int | None = field(default=None, metadata={"minimum": 1})
    validation_steps: int | None = field(default=None, metadata={"minimum": 1})
    validation_freq: int = field(default=1, metadata={"minimum": 1})
    class_weight: Mapping[int | str, float] | Literal["balanced"] | None = None
    callbacks: Mapping[str, ObjectDef] = field(default_factory=dict)
    verbose: Literal["auto"] | bool | int = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingDef:
    """What a run leaves behind besides its record.

    Attributes:
        model: whether the trained model is saved.
        predictions: whether the predictions of the test part are saved.
        plots: whether learning curves and results are drawn.
        tensorboard: whether TensorBoard event files are written.
    """

    model: bool = True
    predictions: bool = True
    plots: bool = True
    tensorboard: bool = False


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
