"""What is written in the box of a layer, and how much room text takes.

This room owns the short form of a layer's arguments (`64, 3x3, /2, relu`), the shapes beside it,
the tone by which boxes of one kind look alike, and the estimate of text widths. It knows nothing
of positions. A tone follows from the look of a class name alone: it colors a box and decides
nothing, so that a class nobody has heard of is drawn as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from kerasgen.ir.graph import Call, ModelGraph
from kerasgen.ir.model import Constant, ModelDef, Operand, TensorRef
from kerasgen.ir.values import ObjectDef, TensorSpec, Value
from kerasgen.ir.walks import output_refs
from kerasgen.passes.shapes import shown_shape

Tone: TypeAlias = Literal[
    "end",
    "dense",
    "convolution",
    "pooling",
    "normalization",
    "activation",
    "regularization",
    "recurrent",
    "attention",
    "merging",
    "reshaping",
    "plain",
]
"""What boxes of one look have in common; `end` is an input or an output."""

_TONES: tuple[tuple[str, Tone], ...] = (
    ("Attention", "attention"),
    ("LSTM|GRU|RNN|Bidirectional|TimeDistributed", "recurrent"),
    ("Conv", "convolution"),
    ("Pool", "pooling"),
    ("Norm", "normalization"),
    ("Dropout|Noise|ActivityRegularization", "regularization"),
    ("Dense|Embedding", "dense"),
    (r"(Add|Average|Concatenate|Dot|Maximum|Minimum|Multiply|Subtract)\Z", "merging"),
    (r"ops\.(add|subtract|multiply|divide|concatenate|stack|maximum|minimum|matmul)\Z", "merging"),
    (r"Activation|Softmax|LU\Z|sigmoid|tanh|softmax|relu", "activation"),
    ("Flatten|Reshape|Permute|Padding|Cropping|UpSampling|RepeatVector|reshape", "reshaping"),
)
"""Patterns of class names, the first that is found decides."""

_BARE = {"filters", "units", "rate", "activation", "target_shape", "dims"}
"""Arguments whose value says enough without the argument's name."""

_SIZES = {"kernel_size", "pool_size", "size"}
"""Arguments that hold one size for all axes or one for each: `3x3`."""

_QUIET = {"name", "dtype", "seed", "data_format", "padding", "use_bias", "trainable", "autocast"}
_QUIET_ENDINGS = ("_initializer", "_regularizer", "_constraint")
"""Arguments that do not change what a person sees in the flow of the data."""

SUMMARY_LENGTH = 42
"""Characters of an argument summary, beyond which it is cut."""

NAME_LENGTH = 36
"""Characters of a name, beyond which its middle is cut; the end of a name tells most."""


def summarize_call(definition: ObjectDef | ModelGraph, call: Call) -> str:
    """The arguments of a layer and of one of its calls in short.

    Args:
        definition: what is called; a nested model has no arguments to show.
        call: the call, for its constants and plain arguments.

    Returns:
        For example `64, 3x3, /2, relu`; empty for none.
    """
    parts = [] if isinstance(definition, ModelGraph) else list(_arguments(definition))
    parts += [_value(constant.value) for constant in _constants(call.operands)]
    for name, operand in call.keyword_operands.items():
        parts += [f"{name}={_value(constant.value)}" for constant in _constants((operand,))]
    parts += [f"{name}={_value(value)}" for name, value in call.arguments.items()]
    return shortened(", ".join(parts), SUMMARY_LENGTH)


def shown_spec(spec: TensorSpec) -> str:
    """A shape as Keras prints it, with the type where it is not the usual one."""
    shape = shown_shape(spec.shape)
    return shape if spec.dtype == "float32" else f"{shape} {spec.dtype}"


def named_outputs(graph: ModelGraph) -> list[tuple[str, TensorRef]]:
    """The outputs of a model and what to call them, in order."""
    if isinstance(graph.outputs, Mapping):
        return list(graph.outputs.items())
    return [(reference.written, reference) for reference in output_refs(graph.outputs)]


def tone_of(definition: ObjectDef | ModelGraph) -> Tone:
    """The tone of a layer's box."""
    if isinstance(definition, ObjectDef):
        for pattern, tone in _TONES:
            if re.search(pattern, definition.cls):
                return tone
    return "plain"


def shortened(text: str, length: int) -> str:
    """A text of at most `length` characters on one line; what is cut at its end is marked."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def shortened_name(name: str) -> str:
    """A name of at most `NAME_LENGTH` characters on one line, with beginning and end."""
    line = " ".join(name.split())
    if len(line) <= NAME_LENGTH:
        return line
    head = NAME_LENGTH // 3
    return f"{line[:head]}…{line[head + 1 - NAME_LENGTH :]}"


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Room that a line of text takes, in the unit of `size`.

    Estimated for DejaVu Sans, the widest of the fonts that a viewer is likely to put in.

    Args:
        text: one line.
        size: font size.
        bold: whether it is set in bold.
    """
    width = sum(_character_width(character) for character in text)
    return size * width * (1.1 if bold else 1.0)


def _character_width(character: str) -> float:
    if character in "fijlrtI.,:;|'!()[]/ -":
        return 0.40
    if character in "mwMW@%":
        return 0.95
    if unicodedata.east_asian_width(character) in "WF":
        return 1.1
    return 0.72 if character.isupper() else 0.64


def _arguments(definition: ObjectDef) -> Iterator[str]:
    axes = re.search(r"([123])D", definition.cls)
    for name, value in definition.arguments.items():
        if name in _QUIET or name.endswith(_QUIET_ENDINGS) or value is None:
            continue
        if name in _SIZES:
            yield _size(value, int(axes[1]) if axes else 1)
        elif name == "strides":
            if (size := _size(value, 1)) not in ("1", "1x1", "1x1x1"):
                yield f"/{size}"
        elif name in _BARE:
            yield _value(value)
        elif isinstance(value, ObjectDef):
            yield _value(value) if name in ("layer", "cell") else f"{name}={value.cls}"
        else:
            yield f"{name}={_value(value)}"


def _size(value: Value, axes: int) -> str:
    if isinstance(value, tuple):
        sizes = [_value(size) for size in value]
        # Strides that are the same on all axes are told once, like the scalar form.
        return sizes[0] if axes == 1 and len(set(sizes)) == 1 else "x".join(sizes)
    return "x".join([_value(value)] * axes)


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, ObjectDef):
        inside = ", ".join(_arguments(value))
        return f"{value.cls}({inside})" if inside else value.cls
    if isinstance(value, ModelDef):
        return value.name
    if isinstance(value, tuple):
        return "(" + ", ".join(_value(item) for item in value) + ")"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_value(item)}" for key, item in value.items()) + "}"
    return str(value)


def _constants(operand: Operand) -> Iterator[Constant]:
    if isinstance(operand, Constant):
        yield operand
    elif isinstance(operand, tuple):
        for item in operand:
            yield from _constants(item)
