"""Walks through the IR: what stands in a value, an operand or the outputs of a model.

This room owns the one way in which each of them is looked through. It must not know what for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kerasgen.ir.model import ModelDef, Operand, Outputs, TensorRef
from kerasgen.ir.values import ObjectDef, Value


def objects_in(value: Value) -> Iterator[ObjectDef]:
    """Every object in a value, outermost first; objects inside nested models are not visited."""
    if isinstance(value, ObjectDef):
        yield value
        for argument in value.arguments.values():
            yield from objects_in(argument)
    elif isinstance(value, tuple):
        for item in value:
            yield from objects_in(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from objects_in(item)


def models_in(value: Value) -> Iterator[ModelDef]:
    """Every model in a value, in order; models inside these models are not visited."""
    if isinstance(value, ModelDef):
        yield value
    elif isinstance(value, ObjectDef | Mapping):
        arguments = value.arguments if isinstance(value, ObjectDef) else value
        for item in arguments.values():
            yield from models_in(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from models_in(item)


def references_in(operand: Operand | Mapping[str, Operand] | None) -> Iterator[TensorRef]:
    """Every tensor reference in an operand, in order."""
    if isinstance(operand, TensorRef):
        yield operand
    elif isinstance(operand, tuple):
        for item in operand:
            yield from references_in(item)
    elif isinstance(operand, Mapping):
        for item in operand.values():
            yield from references_in(item)


def output_refs(outputs: Outputs) -> tuple[TensorRef, ...]:
    """The outputs of a model as a plain tuple, in order; empty for None."""
    if outputs is None:
        return ()
    if isinstance(outputs, TensorRef):
        return (outputs,)
    return tuple(outputs.values()) if isinstance(outputs, Mapping) else outputs
