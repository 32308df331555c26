"""Models as they are written: entries by name, and what goes into each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from kerasgen.ir.values import ObjectDef, Shape, Value

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
"""What an entry, an input or an output may be called."""

INPUT = "input"
"""The name of the only input of a model that declares none."""


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

    @property
    def written(self) -> str:
        """The reference as a config has it: `name`, or `name.index`."""
        return self.name if self.index is None else f"{self.name}.{self.index}"


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
        definition: the layer, op or nested model, or None where `reuses` stands.
        reuses: name of the entry whose layer is called again (`is`).
        takes: what comes in (`from`): one operand, or a mapping from call arguments to operands;
            None for the entry above.
        call_arguments: plain arguments of the call (`with`).
        path: key path of the entry.
    """

    name: str
    definition: ObjectDef | ModelDef | None = None
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
