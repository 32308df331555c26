"""Weights before they exist: whether what stands at them can work on their shapes.

This room owns the trying out of initializers, regularizers and constraints on the shapes of a
layer's weights, without memory. Keras calls them late: an initializer when a weight gets memory,
the others in the first step of training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from inspect import isfunction
from math import prod
from typing import Any

import keras

from kerasgen.catalog.entries import ShapeError
from kerasgen.ir.values import ObjectDef, Value

_ANY_SHAPE = (
    keras.initializers.Zeros,
    keras.initializers.Ones,
    keras.initializers.RandomNormal,
    keras.initializers.RandomUniform,
    keras.initializers.TruncatedNormal,
    keras.initializers.VarianceScaling,
    keras.regularizers.L1L2,
)
"""Classes that work on every shape: a large model would take seconds to try them all."""


_TRIED = 10**8
"""Numbers in a weight up to which it is tried: PyTorch may compute what it cannot trace."""


def try_weights(
    layer: Any, arguments: Mapping[str, Value], tell: Callable[[BaseException], str]
) -> None:
    """Tries what stands at the weights of a built layer.

    Args:
        layer: a Keras layer whose weights have shapes.
        arguments: what was written for it, among which the one at fault is looked for.
        tell: puts into words what Keras raises.

    Raises:
        ShapeError: an initializer, a regularizer or a constraint does not fit its weight.
    """
    for weight in getattr(layer, "weights", ()):
        shape = tuple(weight.shape)
        if prod(shape) > _TRIED:
            continue
        tensor = keras.KerasTensor(shape, dtype=weight.dtype)
        for role, tried in (
            ("initializer", getattr(weight, "_initializer", None)),
            ("regularizer", getattr(weight, "regularizer", None)),
            ("constraint", getattr(weight, "constraint", None)),
        ):
            if not callable(tried) or isinstance(tried, _ANY_SHAPE):
                continue
            try:
                problem = _misfit(tried, role, tensor)
            except Exception as error:  # backends raise some of their own
                problem = tell(error)
            if problem is not None:
                told = f"{problem} (`{weight.name}` has the shape {shape})"
                raise _error(tried, role, told, arguments)


def _misfit(tried: Any, role: str, tensor: Any) -> str | None:
    """What is wrong with what it gives, None for nothing; it raises what it refuses."""
    shape = tuple(tensor.shape)
    if role == "initializer":
        found = _abstract(lambda: tried(shape, dtype=tensor.dtype))
    else:
        found = _abstract(lambda values: tried(values), tensor)
    if role != "regularizer" and tuple(found.shape) != shape:
        return f"it gives the shape {tuple(found.shape)}"
    return None


def _abstract(action: Callable[..., Any], *tensors: Any) -> Any:
    with keras.StatelessScope(initialize_variables=False):
        return keras.src.backend.compute_output_spec(action, *tensors)


def _error(tried: Any, role: str, problem: str, arguments: Mapping[str, Value]) -> ShapeError:
    """The refusal, at the argument that brought it about where that was written."""
    # A layer may have put a function of its own around what was written (LSTM's forget bias).
    name = role if isfunction(tried) else type(tried).__name__
    for argument, value in _written(arguments):
        if argument.endswith(role) and isinstance(value, ObjectDef) and value.cls.endswith(name):
            inside = next(iter(value.arguments), None)
            return ShapeError(problem, argument=inside, definition=value, refused=True)
    named = next((a for a, v in _written(arguments) if a.endswith(role) and v is not None), None)
    return ShapeError(f"`{name}`: {problem}", argument=named, refused=True)


def _written(arguments: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    """Every argument of a layer and of the layers inside it."""
    for name, value in arguments.items():
        yield name, value
        if isinstance(value, ObjectDef):
            yield from _written(value.arguments)
