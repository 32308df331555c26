"""The layers of a built model that own weights, each with what it was in the file.

This room owns the way through a model inside a model, a wrapper or a recurrent layer, in the order
of the file, down to the objects whose variables are to be filled. It must not know where weights
lie. The built model is one that `decompile` made, so its names are those of entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import keras
from keras.src.saving import saving_lib
from keras.src.saving.keras_saveable import KerasSaveable
from keras.src.utils.naming import to_snake_case

from kerasgen.engines.keras3.model_files.layer_forms import Layer, Slot
from kerasgen.engines.keras3.model_files.weights.order import MisfitError, Top

_GATES = {"LSTM": 4, "GRU": 3, "ConvLSTM1D": 4, "ConvLSTM2D": 4, "ConvLSTM3D": 4}
"""Recurrent layers whose kernels divide into gates; of the last one, what goes in is made."""

_STEEP_GATES = {4: frozenset({0, 1, 3}), 3: frozenset({0, 1})}
"""The gates that `recurrent_activation` is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A layer with the variables that are to be filled.

    Attributes:
        layer: what it is, and was.
        variables: its variables, in the order of `layer.trained` and `layer.kept`.
    """

    layer: Layer
    variables: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltModel:
    """A model as it is built, with what leads from its serialized form to it.

    Attributes:
        topology: the serialized form in which it was read, each layer with what was `written`.
        built: the Keras model.
        entries: names of layers, the outermost model's left out, to names in the built model.
        generation: the major version of Keras that wrote the file.
    """

    topology: Mapping[str, Any]
    built: keras.layers.Layer
    entries: Mapping[tuple[str, ...], str]
    generation: Literal[1, 2, 3]


@dataclass(frozen=True, slots=True)
class BuiltLayer:
    """A layer in the model: its serialized form, the object, and the names that lead to it.

    Attributes:
        serialized: the serialized form of Keras 3.
        written: that of the file; None for a layer that the translation added.
        built: the object.
        names: names in the file, from the outermost in.
        keys: names in the form of Keras 3, likewise.
        trainable: whether nothing around it was frozen.
    """

    serialized: Mapping[str, Any]
    written: Mapping[str, Any] | None
    built: keras.layers.Layer
    names: tuple[str, ...]
    keys: tuple[str, ...]
    trainable: bool


def top_places(view: BuiltModel) -> list[BuiltLayer]:
    """The layers of the outermost model, in the order of the file."""
    start = BuiltLayer(view.topology, view.topology, view.built, (), (), True)
    return list(_inside(start, view))


def owners_of(place: BuiltLayer, view: BuiltModel) -> list[Owner]:
    """The owners of weights in a layer of the outermost model, in the order of the file."""
    return [owner for owner in _owners(place, view) if owner.variables]


def top_of(place: BuiltLayer, owners: Sequence[Owner]) -> Top:
    """A layer of the outermost model, for whoever looks for its weights."""
    return Top(place.names[-1], tuple(owner.layer for owner in owners))


def stored_paths(view: BuiltModel) -> Iterator[tuple[str, Any]]:
    """The paths under which a `.keras` file of this model keeps its variables, with them."""
    start = BuiltLayer(view.topology, view.topology, view.built, (), (), True)
    yield from _paths_in(start, view, "layers")


def _paths_in(model: BuiltLayer, view: BuiltModel, path: str) -> Iterator[tuple[str, Any]]:
    """The same for the layers of a model: they are called after their classes, and numbered."""
    places = {place.keys[-1]: place for place in _inside(model, view)}
    counts: dict[str, int] = {}
    for serialized in model.serialized["config"]["layers"]:
        written = serialized if view.generation == 3 else serialized.get("written")
        if written is None:
            continue
        cls = str(written["class_name"])
        name = _numbered(to_snake_case("Functional" if cls == "Model" else cls), counts)
        place = places.get(str(serialized.get("name") or serialized["config"]["name"]))
        if place is None:
            continue
        if isinstance(place.built, keras.Model):
            yield from _paths_in(place, view, f"{path}/{name}/layers")
        else:
            yield from variables_below(place.built, f"{path}/{name}")


def _numbered(name: str, counts: dict[str, int]) -> str:
    counts[name] = counts.get(name, -1) + 1
    return f"{name}_{counts[name]}" if counts[name] else name


def _inside(model: BuiltLayer, view: BuiltModel) -> Iterator[BuiltLayer]:
    """The layers of a model; its inputs, and what only the translation knows, are left out."""
    config = model.serialized["config"]
    layers = config["layers"]
    trainable = model.trainable and _flag(model.written)
    for serialized in layers:
        if serialized["class_name"] == "InputLayer":
            continue
        key = str(serialized.get("name") or serialized["config"]["name"])
        keys = (*model.keys, key)
        entry = view.entries.get(keys)
        written = serialized if view.generation == 3 else serialized.get("written")
        if entry is None or written is None:
            continue
        names = (*model.names, _name(written, key))
        yield BuiltLayer(serialized, written, model.built.get_layer(entry), names, keys, trainable)


def _flag(written: Mapping[str, Any] | None) -> bool:
    config = (written or {}).get("config")
    return not isinstance(config, Mapping) or config.get("trainable", True) is not False


def _name(written: Mapping[str, Any], key: str) -> str:
    config = written.get("config")
    named = config.get("name") if isinstance(config, Mapping) else None
    return str(named or written.get("name") or key)


def _owners(place: BuiltLayer, view: BuiltModel) -> Iterator[Owner]:
    built = place.built
    if isinstance(built, keras.Model):
        for inner in _inside(place, view):
            yield from _owners(inner, view)
        return
    place = replace(place, trainable=place.trainable and _flag(place.written))
    if isinstance(built, keras.layers.Bidirectional):
        config = place.serialized["config"]
        forward = config["layer"]
        yield from _argument(place, forward, built.forward_layer, view)
        backward = config.get("backward_layer") or forward
        yield from _argument(place, backward, built.backward_layer, view)
    elif isinstance(built, keras.layers.Wrapper) and not built._trainable_variables:
        yield from _argument(place, place.serialized["config"]["layer"], built.layer, view)
    elif isinstance(built, keras.layers.RNN):
        yield from _recurrent(place, view)
    else:
        yield _owner(place, built, type(built).__name__, view)


def _argument(
    place: BuiltLayer, serialized: Mapping[str, Any], built: keras.layers.Layer, view: BuiltModel
) -> Iterator[Owner]:
    """The owners in a layer that stands as an argument of another."""
    written = serialized if view.generation == 3 else serialized.get("written")
    names = (*place.names, _name(written or {}, str(serialized["config"].get("name"))))
    inner = replace(place, serialized=serialized, written=written, built=built, names=names)
    if not isinstance(built, keras.Model):
        yield from _owners(inner, view)
        return
    # A model as an argument is a chain, whose layers stand in one order everywhere.
    layers = [one for one in serialized["config"]["layers"] if one["class_name"] != "InputLayer"]
    objects = [one for one in built.layers if not isinstance(one, keras.layers.InputLayer)]
    frozen = replace(inner, trainable=inner.trainable and _flag(written))
    for one, layer in zip(layers, objects, strict=True):
        yield from _argument(frozen, one, layer, view)


def _recurrent(place: BuiltLayer, view: BuiltModel) -> Iterator[Owner]:
    built = place.built
    cell = built.cell
    if type(built) is not keras.layers.RNN:
        yield _owner(place, cell, type(built).__name__, view)
        return
    serialized = place.serialized["config"]["cell"]
    if not isinstance(cell, keras.layers.StackedRNNCells):
        yield from _cell(place, serialized, cell, view)
        return
    for one, single in zip(serialized["config"]["cells"], cell.cells, strict=True):
        yield from _cell(place, one, single, view)


def _cell(
    place: BuiltLayer, serialized: Mapping[str, Any], cell: keras.layers.Layer, view: BuiltModel
) -> Iterator[Owner]:
    written = serialized if view.generation == 3 else serialized.get("written") or serialized
    inner = replace(place, serialized=serialized, written=written, built=cell)
    yield _owner(inner, cell, type(cell).__name__.removesuffix("Cell"), view)


def _owner(place: BuiltLayer, built: keras.layers.Layer, cls: str, view: BuiltModel) -> Owner:
    parts = [built, *(part for part in built._flatten_layers(include_self=False))]
    trained = [weight for part in parts for weight in part._trainable_variables]
    kept = [weight for part in parts for weight in part._non_trainable_variables]
    written = place.written or {}
    config = written.get("config")
    steep, gates = _steep(place, built, cls, view.generation)
    layer = Layer(
        names=place.names,
        old_class=str(written.get("class_name")),
        old_config=config if isinstance(config, Mapping) else {},
        new_class=cls,
        trained=tuple(Slot(str(weight.name), tuple(weight.shape)) for weight in trained),
        kept=tuple(Slot(str(weight.name), tuple(weight.shape)) for weight in kept),
        trainable=place.trainable and _flag(written),
        steep=steep,
        gates=gates,
    )
    return Owner(layer=layer, variables=(*trained, *kept))


def _steep(
    place: BuiltLayer, built: keras.layers.Layer, cls: str, generation: int
) -> tuple[frozenset[int], int]:
    """The gates that have the `hard_sigmoid` of an older Keras, and how many gates there are."""
    gates = _GATES.get(cls, 1)
    if generation == 3:
        return frozenset(), gates
    steep: frozenset[int] = frozenset()
    if getattr(built, "recurrent_activation", None) is keras.activations.hard_sigmoid:
        steep = _STEEP_GATES[gates]
    if getattr(built, "activation", None) is keras.activations.hard_sigmoid:
        if gates == 4:
            raise MisfitError(
                f"`{'/'.join(place.names)}` has the activation `hard_sigmoid` of older Keras, "
                "which Keras 3 does not have, and its weights cannot make up for it",
                code="KG619",
            )
        steep |= {gates - 1}
    return steep, gates


_DEEPEST = 6
"""Objects inside one another in a layer that is no model."""


def variables_below(built: keras.layers.Layer, path: str) -> Iterator[tuple[str, Any]]:
    """The variables in a layer by the paths that Keras 3 may give them below that of the layer.

    One object may stand at several attributes, of which versions of Keras chose different ones.
    """
    waiting: list[tuple[str, Any, int]] = [(path, built, 0)]
    while waiting:
        at, item, depth = waiting.pop(0)
        if isinstance(item, list | tuple | dict):
            counts: dict[str, int] = {}
            for one in item.values() if isinstance(item, dict) else item:
                if isinstance(one, KerasSaveable):
                    name = _numbered(to_snake_case(type(one).__name__), counts)
                    waiting.append((f"{at}/{name}", one, depth + 1))
        elif isinstance(item, keras.Layer) and depth < _DEEPEST:
            own = [*item._trainable_variables, *item._non_trainable_variables]
            yield from ((f"{at}/vars/{i}", variable) for i, variable in enumerate(own))
            children = saving_lib._walk_saveable(item)
            waiting += [(f"{at}/{name}", child, depth + 1) for name, child in children]
