"""What a layer stored in each version of Keras, and the way from there to Keras 3.

This room owns the shapes and orders of single layers' weights, old and new. It must not know
files, models or Keras: a layer is a class name, its old config and the shapes of its variables
today. The rules are those of Keras 2's own loader of old files (`preprocess_weights_for_loading`,
`_convert_rnn_weights`), and the measured ones of what it leaves out.

Decisions:
- A layer may have stored its weights in several ways in one version; the shapes in the file say
  which. Each way is a `Form`.
- Theano convolves with kernels that are turned round. Every kernel of a convolution is turned
  when it comes from there, but for depthwise and separable ones, which Keras turns itself.
- `hard_sigmoid` was clip(0.2 x + 0.5) before Keras 3 and is clip(x / 6 + 0.5) in it. So the gates
  of recurrent layers get weights that are 1.2 times as large, which gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

from kerasgen.engines.keras3.model_files.array_records import Values

Convert: TypeAlias = Callable[[list[Values]], list[Values]]
"""Makes today's arrays of a layer of those in the file."""

STEEPER = 1.2
"""How much steeper the old `hard_sigmoid` is."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for one array: what it is for (`kernel`), and its shape."""

    role: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer that owns weights, in the model of today.

    Attributes:
        names: the names of the models and wrappers around it in the file, and its own.
        old_class: its class in the file.
        old_config: its config in the file.
        new_class: its class in Keras 3.
        trained: the places for what is trained, in the order of Keras 3.
        kept: those for the rest, such as moving averages.
        trainable: whether it was to be trained, as the file says it.
        steep: which of its gates have the old `hard_sigmoid`, by number; see `steepened`.
        gates: into how many gates its kernels divide.
    """

    names: tuple[str, ...]
    old_class: str
    old_config: Mapping[str, Any]
    new_class: str
    trained: tuple[Slot, ...]
    kept: tuple[Slot, ...] = ()
    trainable: bool = True
    steep: frozenset[int] = frozenset()
    gates: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """What wrote a file.

    Attributes:
        generation: the major version of Keras.
        theano: whether its kernels are turned round.
    """

    generation: Literal[1, 2, 3]
    theano: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One way in which a layer stored its weights.

    Attributes:
        trained: the places for what is trained, in the order of the file.
        kept: those for the rest.
        convert: makes arrays for the places of Keras 3 of the ones in the file.
    """

    trained: tuple[Slot, ...]
    kept: tuple[Slot, ...] = ()
    convert: Convert = field(default=lambda arrays: arrays)


def forms_of(layer: Layer, writer: Writer) -> list[Form]:
    """The ways in which a layer may have stored its weights, the likeliest first."""
    if layer.new_class in _KERNELS:
        return _convolution(layer, writer)
    if layer.new_class in _RECURRENT:
        return _recurrent(layer, writer)
    if layer.new_class == "Normalization":
        return [_plain(layer), _uncounted(layer)]
    if layer.new_class == "SeparableConv2D" and writer.generation == 1:
        return [_plain(layer), *_separable(layer)]
    return [_plain(layer)]


def steepened(layer: Layer, arrays: Sequence[Values]) -> list[Values]:
    """The weights of a layer whose gates are to have the old `hard_sigmoid`.

    The last axis of its arrays divides into the gates, of which some are scaled.
    """
    if not layer.steep:
        return list(arrays)
    factors = [STEEPER if gate in layer.steep else 1.0 for gate in range(layer.gates)]
    scaled = []
    slots = (*layer.trained, *layer.kept)
    twice = any(slot.role == "pointwise_kernel" for slot in slots)
    for slot, array in zip(slots, arrays, strict=True):
        if twice and slot.role == "depthwise_kernel":
            scaled.append(array)  # What it gives is multiplied by the other kernel.
            continue
        units = array.shape[-1] // layer.gates
        scaled.append((array * np.repeat(factors, units)).astype(array.dtype))
    return scaled


_KERNELS = {
    "Conv1D": 1, "Conv2D": 2, "Conv3D": 3,
    "Conv1DTranspose": 1, "Conv2DTranspose": 2, "Conv3DTranspose": 3,
}  # fmt: skip
"""Layers that convolve, with the number of axes of their images."""

_RECURRENT = {
    "LSTM": 4, "LSTMCell": 4, "GRU": 3, "GRUCell": 3,
    "ConvLSTM1D": 4, "ConvLSTM2D": 4, "ConvLSTM3D": 4,
}  # fmt: skip
"""Recurrent layers with gates, and how many."""


def _plain(layer: Layer) -> Form:
    """Stored as Keras 3 has it."""
    return Form(trained=layer.trained, kept=layer.kept)


def _uncounted(layer: Layer) -> Form:
    """Without the number of rows that mean and variance are of, which SavedModels leave out."""
    return Form(
        trained=layer.trained,
        kept=layer.kept[:-1],
        convert=lambda arrays: [*arrays, np.zeros(layer.kept[-1].shape, "int32")],
    )


def _first_converted(convert: Callable[[Values], Values]) -> Convert:
    return lambda arrays: [convert(arrays[0]), *arrays[1:]]


def _turned(kernel: Values, axes: int) -> Values:
    """A kernel turned round in space, whose axes come first."""
    return np.flip(kernel, axis=tuple(range(axes)))


def _convolution(layer: Layer, writer: Writer) -> list[Form]:
    axes = _KERNELS[layer.new_class]
    kernel = layer.trained[0].shape
    orders: list[tuple[tuple[int, ...], Callable[[Values], Values]]] = [(kernel, lambda k: k)]
    if writer.generation == 1:
        first = layer.old_config.get("dim_ordering") == "th"
        older = _first_generation(layer.new_class, kernel)
        orders = [*older, *orders] if first or axes == 1 else [*orders, *older]

    def form(shape: tuple[int, ...], order: Callable[[Values], Values]) -> Form:
        def convert(array: Values) -> Values:
            ordered = order(array)
            return _turned(ordered, axes) if writer.theano else ordered

        slots = (Slot(layer.trained[0].role, shape), *layer.trained[1:])
        return Form(trained=slots, kept=layer.kept, convert=_first_converted(convert))

    return [form(shape, order) for shape, order in orders]


def _first_generation(
    cls: str, kernel: tuple[int, ...]
) -> list[tuple[tuple[int, ...], Callable[[Values], Values]]]:
    """How Keras 1 stored a kernel, besides the way of today: its shape, and the way to today's."""
    space = kernel[:-2]
    if cls == "Conv1D":
        length, taken, given = kernel
        return [
            ((length, 1, taken, given), lambda k: k[:, 0]),
            ((given, taken, length, 1), lambda k: k.transpose(2, 3, 1, 0)[:, 0]),
        ]
    axes = len(space)
    inside = tuple(range(2, 2 + axes))
    if cls == "Conv2DTranspose":
        given, taken = kernel[2:]
        return [
            ((given, taken, *space), lambda k: k.transpose(2, 3, 0, 1)),
            ((*space, taken, given), lambda k: k.transpose(0, 1, 3, 2)),
        ]
    taken, given = kernel[-2:]
    return [((given, taken, *space), lambda k: k.transpose(*inside, 1, 0))]


def _separable(layer: Layer) -> list[Form]:
    """Keras 1 with channels first."""
    depthwise, pointwise = (slot.shape for slot in layer.trained[:2])
    slots = (
        Slot("depthwise_kernel", (depthwise[3], depthwise[2], *depthwise[:2])),
        Slot("pointwise_kernel", (pointwise[3], pointwise[2], *pointwise[:2])),
        *layer.trained[2:],
    )

    def convert(arrays: list[Values]) -> list[Values]:
        return [*(array.transpose(2, 3, 1, 0) for array in arrays[:2]), *arrays[2:]]

    return [Form(trained=slots, kept=layer.kept, convert=convert)]


def _recurrent(layer: Layer, writer: Writer) -> list[Form]:
    convolves = layer.new_class.startswith("Conv")
    axes = len(layer.trained[0].shape) - 2 if convolves and writer.theano else 0

    def turned(arrays: list[Values]) -> list[Values]:
        return [_turned(kernel, axes) for kernel in arrays[:2]] + arrays[2:]

    if layer.old_class.startswith("CuDNN"):
        return [_cudnn(layer)]
    plain = _plain(layer)
    if writer.generation == 1:
        return [_single_gates(layer, turned), plain]
    if axes:
        return [Form(trained=layer.trained, kept=layer.kept, convert=turned)]
    return [plain]


_STORED_GATES = {4: ("i", "c", "f", "o"), 3: ("z", "r", "h")}
"""The gates in the order in which Keras 1 stored them one by one."""

_GATES = {4: ("i", "f", "c", "o"), 3: ("z", "r", "h")}
"""Their order in one array; Keras 1 itself had it where one product served all gates."""


def _single_gates(layer: Layer, turned: Convert) -> Form:
    """Keras 1 stored kernel, recurrent kernel and bias of each gate."""
    gates = _RECURRENT[layer.new_class]
    count = len(layer.trained)
    convolves = layer.new_class.startswith("Conv")
    first = convolves and layer.old_config.get("dim_ordering") == "th"

    def single(slot: Slot) -> tuple[int, ...]:
        shape = (*slot.shape[:-1], slot.shape[-1] // gates)
        return (shape[3], shape[2], *shape[:2]) if first and len(shape) == 4 else shape

    shapes = [single(slot) for slot in layer.trained]
    letters = ("W", "U", "b")
    slots = tuple(
        Slot(f"{letter}_{gate}", shape)
        for gate in _STORED_GATES[gates]
        for letter, shape in zip(letters, shapes, strict=False)
    )

    def convert(arrays: list[Values]) -> list[Values]:
        joined = []
        for at in range(count):
            by_gate = dict(zip(_STORED_GATES[gates], arrays[at::count], strict=True))
            pieces = [by_gate[gate] for gate in _GATES[gates]]
            if first and pieces[0].ndim == 4:
                pieces = [piece.transpose(2, 3, 1, 0) for piece in pieces]
            joined.append(np.concatenate(pieces, axis=-1))
        return turned(joined)

    return Form(trained=slots, kept=layer.kept, convert=convert)


def _cudnn(layer: Layer) -> Form:
    """The layers of cuDNN kept each gate's kernel turned over, and two biases."""
    gates = _RECURRENT[layer.new_class]
    kernel, recurrent, bias = layer.trained
    both = Slot("bias", (2 * gates * recurrent.shape[0],))

    def convert(arrays: list[Values]) -> list[Values]:
        joined = np.hstack([k.T.reshape(k.shape, order="F") for k in np.hsplit(arrays[0], gates)])
        again = np.hstack([k.T for k in np.hsplit(arrays[1], gates)])
        biases = arrays[2].reshape(2, -1)
        return [joined, again, biases if len(bias.shape) == 2 else biases.sum(axis=0)]

    return Form(trained=(kernel, recurrent, both), kept=layer.kept, convert=convert)
