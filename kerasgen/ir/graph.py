"""Models as they are wired: layers, and the calls of them in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from kerasgen.ir.model import InputDef, Operand, TensorRef
from kerasgen.ir.values import ObjectDef, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDef:
    """One layer, op or nested model, to be made once and called any number of times.

    Attributes:
        name: its name in the Keras model.
        definition: what it is.
        path: key path of the entry that defined it.
    """

    name: str
    definition: ObjectDef | ModelGraph
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


def inner_graphs(graph: ModelGraph) -> Iterator[str]:
    """Yields the models inside a model, `outer.inner` for one in another."""
    for name, layer in graph.layers.items():
        if isinstance(layer.definition, ModelGraph):
            yield name
            yield from (f"{name}.{inner}" for inner in inner_graphs(layer.definition))
