"""Preprocessing: Keras's own preprocessing layers and ops, on arrays, fitted on training rows.

This room owns how one step is made, fitted and applied. It must not know which columns there are
or how rows are divided. Arrays are always channels last, whatever `image_data_format` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import keras
import numpy as np

from kerasgen.catalog.entries import Catalog, ShapeError
from kerasgen.diagnostics import Sink
from kerasgen.engines.keras3.objects import make_object, make_value, public_object, shorten
from kerasgen.ir.model import Entry, InputDef, ModelDef, TensorRef
from kerasgen.ir.values import ObjectDef, Shape, Value
from kerasgen.passes.wire import ENTRY_KINDS, wire

BATCH = 4096
"""Rows that one step works on at a time."""

_STATISTICS = ("mean", "variance", "vocabulary", "bin_boundaries")
"""Arguments that give a layer what it would learn from data; its `adapt` then refuses to work,
and nothing but the exception says so."""

Array: TypeAlias = np.ndarray[Any, Any]

Step = Callable[[Sequence[Any]], Array]
"""A fitted step: takes the operands' arrays (or numbers), gives one array of as many rows."""


class KerasPreparation:
    """Answers what preprocessing makes of a shape (`catalog.PreparationOracle`)."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def prepared(self, made: ObjectDef, *operands: Shape | float) -> Shape:
        """The shape that a preprocessing layer or op makes, batch axis included."""
        function = _make(made, len(operands), {}, self._catalog)
        tensors = [
            keras.KerasTensor(operand) if isinstance(operand, tuple) else operand
            for operand in operands
        ]
        with keras.StatelessScope(initialize_variables=False):
            outcome = _attempt(lambda: function(tensors))
        if not isinstance(outcome, keras.KerasTensor):
            raise ShapeError("it gives no tensor")
        return tuple(outcome.shape)


def fit_step(
    made: ObjectDef,
    catalog: Catalog,
    training: Sequence[Any],
    call_arguments: Mapping[str, Value] | None = None,
) -> Step:
    """Makes one preprocessing step and fits it.

    Args:
        made: a preprocessing layer or an op.
        catalog: where class names are found.
        training: the operands on the training rows: arrays of equal length, or numbers.
        call_arguments: plain arguments of the call.

    Returns:
        The fitted step.

    Raises:
        ShapeError: it refuses its arguments or the arrays, draws at random, or has weights that
            only training could set.
    """
    function = _make(made, len(training), call_arguments or {}, catalog)
    given = any(made.arguments.get(name) is not None for name in _STATISTICS)
    if hasattr(function.definition, "adapt") and not given:
        _attempt(lambda: function.definition.adapt(*training))
    return lambda operands: _in_batches(function, operands)


class _Function:
    """A layer or op with everything but its tensors."""

    def __init__(self, made: Any, arguments: Mapping[str, Any], *, as_list: bool) -> None:
        self.definition = made
        self._arguments = arguments
        self._as_list = as_list

    def __call__(self, operands: Sequence[Any]) -> Any:
        if self._as_list:
            return self.definition(list(operands), **self._arguments)
        return self.definition(*operands, **self._arguments)


def _make(
    made: ObjectDef, operands: int, call_arguments: Mapping[str, Value], catalog: Catalog
) -> _Function:
    made = _channels_last(made, catalog)
    as_list = operands > 1 and _takes_list(made, catalog)
    arguments = {key: make_value(value, (), catalog) for key, value in call_arguments.items()}
    if made.cls.startswith("ops."):
        arguments |= {key: make_value(value, (), catalog) for key, value in made.arguments.items()}
        op = public_object(made.cls, ("op",), catalog)
        return _Function(op, arguments, as_list=as_list)
    with _full_precision():
        layer = make_object(made, ENTRY_KINDS, catalog)
    if _draws_at_random(layer):
        raise ShapeError(
            "it draws at random, once for all epochs; among `model.layers` it works in training",
            refused=True,
        )
    return _Function(layer, arguments, as_list=as_list)


@contextmanager
def _full_precision() -> Iterator[None]:
    """Makes layers compute in floatx: a mixed policy is for the model, not for its data."""
    policy, floatx = keras.config.dtype_policy(), keras.config.floatx()
    keras.config.set_dtype_policy(floatx)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)


def _channels_last(made: ObjectDef, catalog: Catalog) -> ObjectDef:
    entry = catalog.find(made.cls, ENTRY_KINDS)
    if entry is None or "data_format" not in entry.parameters:
        return made
    if made.arguments.get("data_format") is not None:
        return made
    return replace(made, arguments={**made.arguments, "data_format": "channels_last"})


def _takes_list(made: ObjectDef, catalog: Catalog) -> bool:
    """Whether several operands go in as one list: what `wire` makes of a `from` list."""
    names = ("first", "second")
    takes = tuple(TensorRef(name=name) for name in names)
    model = ModelDef(
        name="step",
        inputs=tuple(InputDef(name=name) for name in names),
        entries=(Entry(name="step", definition=made, takes=takes),),
    )
    graph = wire(model, catalog, Sink())
    return graph is not None and len(graph.calls[0].operands) == 1


def _draws_at_random(layer: Any) -> bool:
    generators = (getattr(layer, name, None) for name in ("generator", "seed_generator"))
    return any(isinstance(found, keras.random.SeedGenerator) for found in generators)


def _attempt(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except Exception as error:
        # Backends raise errors of types of their own (`tf.errors.InvalidArgumentError`).
        raise ShapeError(shorten(error)) from error


def _on_batch(function: _Function, batch: Sequence[Any]) -> Array:
    outcome: Array = keras.ops.convert_to_numpy(function(batch))
    # NumPy has no bfloat16 of its own, and shows it as bytes without a meaning.
    return outcome.astype("float32") if outcome.dtype.kind == "V" else outcome


def _in_batches(function: _Function, operands: Sequence[Any]) -> Array:
    rows = max((len(operand) for operand in operands if isinstance(operand, np.ndarray)), default=0)
    parts: list[Array] = []
    for start in range(0, max(rows, 1), BATCH):
        batch = [
            operand[start : start + BATCH] if isinstance(operand, np.ndarray) else operand
            for operand in operands
        ]
        parts.append(_attempt(partial(_on_batch, function, batch)))
        if start == 0 and getattr(function.definition, "trainable_weights", None):
            raise ShapeError(
                "it has weights that only training could set; its place is among `model.layers`",
                refused=True,
            )
    whole = np.concatenate(parts) if parts[0].ndim else np.asarray(parts[0])
    if whole.ndim == 0 or len(whole) != rows:
        raise ShapeError(f"it makes {len(whole) if whole.ndim else 1} rows of {rows}")
    return whole
