"""Preprocessing: Keras's own preprocessing layers and ops, on arrays, fitted on training rows.

This room owns how one step is made, fitted and applied, and what is kept of what it has learned.
It must not know which columns there are or how rows are divided. Arrays are always channels last,
whatever `image_data_format` says.

Decisions:
- A step is fitted over batches of rows. A single batch goes to `adapt` as one array, as in a
  script; several go in one after the other. Means, variances and vocabularies come out the same
  but for rounding. The boundaries of `Discretization` are quantiles of a sketch, whose error
  (`epsilon`) is of every batch anew: they come out near each other.
- What a layer has learned is what its constructor takes in place of it (`LEARNED`), so that a
  fitted step is the same step with these arguments. Layers of one's own have weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any

import keras
import numpy as np

from kerasgen.catalog.entries import Catalog, LayerCost, ShapeError, ShapeOracle
from kerasgen.engine import FittedStep, Learned, Preprocessing
from kerasgen.engines.keras3.build import layer_cost
from kerasgen.engines.keras3.error_text import shorten
from kerasgen.engines.keras3.generators import undisturbed
from kerasgen.engines.keras3.objects import make_object, make_value, public_object
from kerasgen.ir.graph import Call, LayerDef, ModelGraph
from kerasgen.ir.model import Constant, Operand, TensorRef
from kerasgen.ir.training import Array
from kerasgen.ir.values import ObjectDef, TensorSpec
from kerasgen.passes.preparation import channels_last, learned_definition, learns
from kerasgen.passes.wire import ENTRY_KINDS

_WEIGHT = "weight {}"


class KerasPreparation(ShapeOracle):
    """Answers what preprocessing makes of a shape, without fitting it.

    Args:
        catalog: where class names are found.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._tensors: dict[str, Any] = {}
        self._layers: dict[str, Any] = {}

    def enter(self, name: str, spec: TensorSpec) -> None:
        """Declares a tensor."""
        self._tensors[name] = keras.KerasTensor(spec.shape, dtype=spec.dtype)

    def call(self, call: Call, layer: LayerDef) -> tuple[TensorSpec, ...]:
        """Makes a preprocessing layer or op and calls it; what comes out is not named.

        Raises:
            ShapeError: it refuses its arguments or what goes in, or gives no tensor.
        """
        assert isinstance(layer.definition, ObjectDef)
        with undisturbed():
            function = StepFunction(layer.definition, call, self._catalog)
            self._layers[layer.name] = function.made
            with keras.StatelessScope(initialize_variables=False):
                outcome = _attempt(lambda: function(self._tensors))
        if not isinstance(outcome, keras.KerasTensor):
            raise ShapeError("it gives no tensor")
        dtype = str(keras.backend.standardize_dtype(outcome.dtype))
        return (TensorSpec(shape=tuple(outcome.shape), dtype=dtype),)

    def chain(self, graph: ModelGraph) -> None:
        """Makes no calls at once."""

    def make(self, layer: LayerDef) -> None:
        """Makes a layer without calling it."""
        assert isinstance(layer.definition, ObjectDef)
        with undisturbed():
            self._layers[layer.name] = _made(layer.definition, self._catalog)

    def has(self, layer: str) -> bool:
        """Whether a layer was made."""
        return layer in self._layers

    def child(self) -> ShapeOracle:
        """There are no models inside a preparation.

        Raises:
            AssertionError: always.
        """
        raise AssertionError("a preparation holds no model")

    def adopt(self, layer: str, graph: ModelGraph, inside: ShapeOracle) -> None:
        """There are no models inside a preparation.

        Raises:
            AssertionError: always.
        """
        raise AssertionError("a preparation holds no model")

    def inside(self, layer: str) -> None:
        """There are no models inside a preparation."""

    def cost(self, layer: str) -> LayerCost:
        """What a layer costs that was called before."""
        return layer_cost(self._layers[layer])


class KerasPreprocessing(Preprocessing):
    """Makes the steps of `data.prepare` of Keras's layers and ops.

    Args:
        catalog: where class names are found.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def fit(
        self, definition: ObjectDef, call: Call, batches: Iterable[Mapping[str, Array]]
    ) -> FittedStep:
        """Makes one step and fits it."""
        return fit_step(definition, call, batches, self._catalog)

    def restore(self, definition: ObjectDef, call: Call, learned: Learned) -> FittedStep:
        """Makes a step that was fitted before, out of what it has learned."""
        return restore_step(definition, call, learned, self._catalog)


def fit_step(
    definition: ObjectDef, call: Call, batches: Iterable[Mapping[str, Array]], catalog: Catalog
) -> FittedStep:
    """Makes one preprocessing step and fits it.

    Args:
        definition: a preprocessing layer or an op.
        call: the call of it, for its operands and plain arguments.
        batches: the tensors that it takes, some training rows at a time; one batch at least.
        catalog: where class names are found.

    Returns:
        The fitted step.

    Raises:
        ShapeError: it refuses its arguments or the arrays, draws at random, or has weights that
            only training could set.
    """
    function = StepFunction(definition, call, catalog)
    if not learns(definition, catalog):
        return FittedStep(learned={}, apply=partial(_on_batch, function))
    _attempt(lambda: _adapt(function.made, (list(_flat(call.operands, b)) for b in batches)))
    return FittedStep(learned=_learned(function.made), apply=partial(_on_batch, function))


def restore_step(
    definition: ObjectDef, call: Call, learned: Learned, catalog: Catalog
) -> FittedStep:
    """Makes a step that was fitted before, out of what it has learned.

    Args:
        definition: the layer or op as the config has it.
        call: the call of it.
        learned: what it has learned.
        catalog: where class names are found.

    Raises:
        ShapeError: it refuses its arguments.
    """
    weights = [learned[name] for name in learned if name.startswith(_WEIGHT.format(""))]
    arguments = {} if weights else {name: array.tolist() for name, array in learned.items()}
    written = learned_definition(definition, arguments)
    function = StepFunction(written, call, catalog)
    function.weights = weights
    return FittedStep(learned=learned, apply=partial(_on_batch, function))


class StepFunction:
    """A layer or op with everything but its tensors.

    Args:
        definition: the layer or op.
        call: the call of it, for its operands and plain arguments.
        catalog: where class names are found.

    Raises:
        ShapeError: it refuses its arguments, or draws at random.
    """

    def __init__(self, definition: ObjectDef, call: Call, catalog: Catalog) -> None:
        self.operands = call.operands
        self.weights: list[Array] = []
        self.made = _made(definition, catalog)
        plain = dict(call.arguments)
        if definition.cls.startswith("ops."):
            plain |= definition.arguments
        self._arguments = {key: make_value(value, (), catalog) for key, value in plain.items()}

    def __call__(self, tensors: Mapping[str, Any]) -> Any:
        """Calls it with tensors by name."""
        positional = [_value(operand, tensors) for operand in self.operands]
        if self.weights:
            self.made(*positional, **self._arguments)  # It gets its weights at its first call.
            self.made.set_weights(self.weights)
            self.weights = []
        return self.made(*positional, **self._arguments)


def _made(definition: ObjectDef, catalog: Catalog) -> Any:
    definition = channels_last(definition, catalog)
    if definition.cls.startswith("ops."):
        return public_object(definition.cls, ("op",), catalog)
    with full_precision():
        layer = make_object(definition, ENTRY_KINDS, catalog)
    if _draws_at_random(layer):
        raise ShapeError(
            "it draws at random, once for all epochs; among `model.layers` it works in training",
            refused=True,
        )
    return layer


def _value(operand: Operand, tensors: Mapping[str, Any]) -> Any:
    if isinstance(operand, TensorRef):
        return tensors[operand.name]
    if isinstance(operand, Constant):
        return operand.value
    return [_value(item, tensors) for item in operand]


def _flat(operands: Sequence[Operand], tensors: Mapping[str, Any]) -> Iterator[Any]:
    for operand in operands:
        if isinstance(operand, tuple):
            yield from _flat(operand, tensors)
        else:
            yield _value(operand, tensors)


def _adapt(layer: Any, batches: Iterable[Sequence[Any]]) -> None:
    rest = iter(batches)
    first, second = next(rest), next(rest, None)
    if second is None:
        layer.adapt(*first)
        return
    several = chain((first, second), rest)
    if len(first) == 1:
        layer.adapt(batch[0] for batch in several)
    else:
        layer.adapt(*(iter(column) for column in zip(*several, strict=True)))


def _learned(layer: Any) -> dict[str, Array]:
    """What a fitted layer has learned, by the arguments that say it."""
    if isinstance(layer, keras.layers.Normalization):
        return {
            "mean": keras.ops.convert_to_numpy(layer.adapt_mean),
            "variance": keras.ops.convert_to_numpy(layer.adapt_variance),
        }
    if isinstance(layer, keras.layers.Discretization):
        return {"bin_boundaries": np.asarray(layer.bin_boundaries)}
    if hasattr(layer, "get_vocabulary"):
        table = getattr(layer, "_lookup_layer", layer)
        if getattr(table, "output_mode", None) != "tf_idf":
            return {"vocabulary": np.asarray(table.get_vocabulary(include_special_tokens=False))}
        # With the unknown word and its weight, which Keras would average in another precision.
        words = np.asarray(table.get_vocabulary())
        weights = np.asarray(table.idf_weights_const)
        return {"vocabulary": words, "idf_weights": weights[: len(words)]}
    return {
        _WEIGHT.format(number): keras.ops.convert_to_numpy(weight)
        for number, weight in enumerate(layer.weights)
    }


@contextmanager
def full_precision() -> Iterator[None]:
    """Makes layers compute in floatx: a mixed policy is for the model, not for its data."""
    policy, floatx = keras.config.dtype_policy(), keras.config.floatx()
    keras.config.set_dtype_policy(floatx)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)


def _draws_at_random(layer: Any) -> bool:
    generators = (getattr(layer, name, None) for name in ("generator", "seed_generator"))
    return any(isinstance(found, keras.random.SeedGenerator) for found in generators)


def _attempt(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except Exception as error:
        # Backends raise errors of types of their own (`tf.errors.InvalidArgumentError`).
        raise ShapeError(shorten(error)) from error


def _on_batch(function: StepFunction, tensors: Mapping[str, Array]) -> Any:
    """What a step makes of some rows, as a tensor of the backend."""
    outcome = _attempt(lambda: function(tensors))
    if getattr(function.made, "trainable_weights", None):
        raise ShapeError(
            "it has weights that only training could set; its place is among `model.layers`",
            refused=True,
        )
    rows = len(next(iter(tensors.values())))
    shape = tuple(getattr(outcome, "shape", ()))
    if not shape or shape[0] != rows:
        raise ShapeError(f"it makes {shape[0] if shape else 1} rows of {rows}")
    return outcome
