"""Weights of a file carried into the Keras model that its config describes.

This room owns the filling of a built model, whole or not at all, and the proof that what was saved
is what was filled. It must not know how files store weights, nor in which order.

Decisions:
- The model that is filled is the one that is compiled of the config, so that the config and the
  saved model are the same. Layers are found by the names of its entries.
- No array is given to a variable before every variable has one: a half-filled model is never seen.
- Keras 1 does not write which engine it ran on. `dim_ordering: th` in a convolution is taken for
  Theano, whose default it was; the user can say otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np

from kerasgen.diagnostics import Sink
from kerasgen.engines.keras3.decompile.model import Decompiled, Topology
from kerasgen.engines.keras3.deferred_weights import allocate_weights
from kerasgen.engines.keras3.model_files.array_records import Grouped, Paths, Values
from kerasgen.engines.keras3.model_files.layer_forms import Writer, steepened
from kerasgen.engines.keras3.model_files.model_file import ModelFile, Weights
from kerasgen.engines.keras3.model_files.stored_arrays import open_weights
from kerasgen.engines.keras3.model_files.weights.order import MisfitError, fit_weights
from kerasgen.engines.keras3.model_files.weights.owners import (
    BuiltModel,
    Owner,
    owners_of,
    stored_paths,
    top_of,
    top_places,
)
from kerasgen.foreign.regular_files import ForeignFileError

_TINY = 2
"""Rows, and size of an axis that is not fixed, in what a saved model is tried with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightSource:
    """A model with the place of its weights.

    Attributes:
        topology: the serialized form that was decompiled.
        file: the model file, None for a model of another origin.
        decompiled: what decompiling made of it.
        weights: where the weights are.
        engine: the engine that the user says wrote them, or None.
    """

    topology: Topology
    file: ModelFile | None
    decompiled: Decompiled
    weights: Weights
    engine: str | None = None


def transfer_weights(source: WeightSource, sink: Sink) -> keras.Model:
    """Fills the model with the weights of its file.

    Args:
        source: the model, and where its weights are.
        sink: gets every mistake.

    Returns:
        The Keras model, with every weight set.

    Raises:
        CompileError: KG608, the weights cannot be read; KG618, they do not fit the model; KG619,
            there is nothing to fill.
    """
    built = source.decompiled.built
    if built is None:
        raise sink.fail(
            "KG619",
            "the model has weights whose shapes are not known, since its file gives no input shape",
            help="give its first layer an input shape, and save it again",
        )
    try:
        with open_weights(source.weights) as stored:
            values = _values(source, stored)
            _fill(built, values)
    except ForeignFileError as error:
        raise sink.fail_file("KG608", source.weights.path, error) from error
    except MisfitError as error:
        raise sink.fail(error.code, str(error)) from error
    return built


def _view(source: WeightSource) -> BuiltModel:
    topology = source.topology
    if isinstance(topology, keras.Model):
        topology = json.loads(topology.to_json())
    if "class_name" not in topology:
        topology = {"class_name": "Functional", "config": topology}
    return BuiltModel(
        topology=topology,
        built=source.decompiled.built,
        entries=source.decompiled.entries,
        generation=3 if source.file is None else source.file.generation,
    )


def _values(source: WeightSource, stored: Grouped | Paths) -> list[tuple[Any, Values]]:
    """Every variable with its array."""
    view = _view(source)
    places = top_places(view)
    owned = [(place, owners_of(place, view)) for place in places]
    owners = [owner for _, found in owned for owner in found]
    if isinstance(stored, Paths):
        return [*_by_path(view, owners, stored)]
    writer = Writer(generation=_generation(source, stored), theano=_theano(source, stored, owners))
    _require_equal_padding(owners, writer)
    tops = [top_of(place, found) for place, found in owned]
    variables = {id(owner.layer): owner.variables for owner in owners}
    found: list[tuple[Any, Values]] = []
    for fit in fit_weights(tops, stored, writer):
        found += zip(variables[id(fit.layer)], fit.values(), strict=True)
    return found


def _require_equal_padding(owners: Sequence[Owner], writer: Writer) -> None:
    """Refuses what Theano computes otherwise: it pads before an even kernel, others behind it."""
    for owner in owners:
        layer = owner.layer
        if not writer.theano or not layer.new_class.startswith("ConvLSTM"):
            continue
        if any(size % 2 == 0 for size in layer.trained[1].shape[:-2]):
            raise MisfitError(
                f"`{'/'.join(layer.names)}` (`{layer.old_class}`) has an even kernel, around whose "
                "states Theano pads otherwise than Keras 3 can",
                code="KG619",
            )


def _by_path(
    view: BuiltModel, owners: Sequence[Owner], stored: Paths
) -> Iterator[tuple[Any, Values]]:
    paths: dict[int, str] = {}
    for path, variable in stored_paths(view):
        if path in stored.arrays:
            paths.setdefault(id(variable), path)
    for owner in owners:
        arrays = []
        for variable in owner.variables:
            path = paths.get(id(variable), "")
            array = stored.arrays.get(path)
            title = f"`{'/'.join(owner.layer.names)}` (`{owner.layer.old_class}`)"
            if array is None:
                raise MisfitError(f"the file holds no `{variable.name}` of {title}")
            if array.shape != tuple(variable.shape):
                raise MisfitError(
                    f"{title} takes a `{variable.name}` of the shape {tuple(variable.shape)}, and "
                    f"the file holds `{path}` of the shape {array.shape}"
                )
            arrays.append(array.read())
        yield from zip(owner.variables, steepened(owner.layer, arrays), strict=True)


def _generation(source: WeightSource, stored: Grouped) -> Literal[1, 2, 3]:
    """The major version that wrote the weights; a file of weights may be younger than its JSON."""
    if source.file is not None:
        return source.file.generation
    return 1 if (stored.keras_version or "2").startswith(("0", "1")) else 2


def _theano(source: WeightSource, stored: Grouped, owners: Sequence[Owner]) -> bool:
    said = source.engine or stored.backend or (source.file and source.file.backend)
    if said:
        return said == "theano"
    first = (owner.layer.old_config.get("dim_ordering") == "th" for owner in owners)
    return _generation(source, stored) == 1 and any(first)


def _fill(built: keras.layers.Layer, values: Sequence[tuple[keras.Variable, Values]]) -> None:
    filled = {id(variable) for variable, _ in values}
    missing = [weight.path for weight in built.weights if id(weight) not in filled]
    if missing:
        raise MisfitError(f"the file holds no weights for `{missing[0]}`")
    if keras.backend.backend() == "jax" and any("64" in str(v.dtype) for v, _ in values):
        import jax

        jax.config.update("jax_enable_x64", True)  # Else it would keep half of the digits.
    allocate_weights(built)
    for variable, array in values:
        variable.assign(array.reshape(variable.shape))
    for layer in built._flatten_layers():
        if isinstance(layer, keras.layers.Normalization):  # It works with copies.
            layer.finalize_state()


def write_verified(model: keras.Model, path: Path) -> str | None:
    """Writes a model, reads it again and compares the two.

    Args:
        model: a Keras model.
        path: the file, whose name ends in `.keras`.

    Returns:
        None, or why the predictions could not be compared on this engine.

    Raises:
        OSError: it cannot be written.
        AssertionError: what is read differs from what was written.
    """
    model.save(path)
    again = keras.saving.load_model(path, compile=False)
    for one, other in zip(model.weights, again.weights, strict=True):
        if not np.array_equal(_plain(one), _plain(other), equal_nan=True):
            raise AssertionError(f"`{one.path}` was saved and came back as something else")
    if any(tensor.dtype == "string" for tensor in model.inputs):
        return "it takes text"
    try:
        inputs = [_tried(tensor) for tensor in model.inputs]
        given = inputs[0] if len(inputs) == 1 else inputs
        predicted = [keras.ops.convert_to_numpy(y) for y in keras.tree.flatten(model(given))]
    except Exception as error:  # Engines raise some of their own for what they cannot compute.
        return " ".join(str(error).split())[:200]
    repeated = [keras.ops.convert_to_numpy(y) for y in keras.tree.flatten(again(given))]
    for one, other in zip(predicted, repeated, strict=True):
        if not np.allclose(one, other, rtol=1e-5, atol=1e-6, equal_nan=True):
            raise AssertionError("the saved model predicts something else")
    return None


def _plain(weight: keras.Variable) -> Values:
    found: Values = keras.ops.convert_to_numpy(weight)
    return found.astype("float32") if found.dtype.kind == "V" else found


def _tried(tensor: keras.KerasTensor) -> object:
    """Something that a model can be called with: ones, which every table of words has."""
    shape = [_TINY if size is None else size for size in tensor.shape]
    return keras.ops.ones(shape, dtype=tensor.dtype)
