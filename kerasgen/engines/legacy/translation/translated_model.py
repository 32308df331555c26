"""A whole model of Keras 3 in the form of Keras 2.3.1.

This room owns the wiring: nodes, nested models, wrappers, layers of zeros before others. What a
single layer becomes stands in `layers`. It knows configs alone, and no Keras.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerasgen.engines.legacy.translation import values
from kerasgen.engines.legacy.translation.layer_row import Asked, Row, Shape
from kerasgen.engines.legacy.translation.layer_table import translate_layer
from kerasgen.engines.legacy.translation.untranslated import Refusal, RefusedError
from kerasgen.engines.legacy.translation.values import Config

MODELS = ("Functional", "Model", "Sequential")
"""Classes of models, whose config is a graph."""

_NEUTRAL = ("training", "mask", "initial_state", "inputs", "sequences")


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A model for Keras 2.3.1.

    Attributes:
        model: its config, for `Model.from_config`.
        flipped: weight, as `layer/number`, to the axes along which it lies the other way round.
        refusals: what the engine cannot have; the config is of no use where there are some.
    """

    model: dict[str, Any]
    flipped: Mapping[str, tuple[int, ...]]
    refusals: tuple[Refusal, ...]


@dataclass(slots=True, kw_only=True)
class _Found:
    """What comes together while a model is walked through."""

    engine: str
    floatx: str
    flipped: dict[str, tuple[int, ...]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)


def translate(described: Config, engine: str, floatx: str) -> Translation:
    """Translates a model.

    Args:
        described: its functional config, where that of each nested model is functional too and
            each layer says in `masked` whether a mask comes with what it takes.
        engine: `theano` or `cntk`.
        floatx: the type in which it computes.
    """
    found = _Found(engine=engine, floatx=floatx)
    model = _graph(described, (), found)
    return Translation(model=model, flipped=found.flipped, refusals=tuple(found.refusals))


def _graph(config: Config, path: tuple[str, ...], found: _Found) -> dict[str, Any]:
    classes = {each["name"]: each["class_name"] for each in config["layers"]}

    def taken(history: Sequence[Any]) -> list[Any]:
        """A tensor that a layer takes; a nested model has a node before its first call."""
        name, node, tensor = history
        return [name, node + (classes[name] in MODELS), tensor]

    def end(history: Sequence[Any]) -> list[Any]:
        """A tensor at the ends of the model, where Keras 3 counts that node of all but one kind."""
        name, node, tensor = history
        return [name, node + (classes[name] == "Sequential"), tensor]

    layers: list[dict[str, Any]] = []
    kept = _without_masks(config)
    masks = classes.keys() - {each["name"] for each in kept}
    for each in kept:
        place = (*path, each["name"])
        try:
            calls = [_call(node, masks) for node in each["inbound_nodes"]]
            nodes = [[[*taken(history), {}] for history in call] for call in calls]
            layers += _layer(each, place, nodes, found)
        except RefusedError as error:
            found.refusals.append(Refusal(layer=place, reason=str(error)))
    return {
        "name": config["name"],
        "layers": layers,
        "input_layers": [end(history) for history in _histories(config["input_layers"])],
        "output_layers": [end(history) for history in _histories(config["output_layers"])],
    }


def _without_masks(config: Config) -> list[Config]:
    """The layers without the operations that do nothing but make masks: 2.3.1 makes its own."""
    layers = list(config["layers"])
    ends = {history[0] for history in _histories(config["output_layers"])}
    while True:
        used = ends | {
            tensor["keras_history"][0]
            for each in layers
            for node in each["inbound_nodes"]
            for tensor in _tensors([node["args"], {**node.get("kwargs", {}), "mask": None}])
        }
        left = [each for each in layers if _is_layer(each) or each["name"] in used]
        if len(left) == len(layers):
            return left
        layers = left


def _is_layer(each: Config) -> bool:
    module = str(each.get("module", "keras.layers"))
    return each["class_name"] in MODELS or module.startswith("keras.layers")


def _layer(
    each: Config, place: tuple[str, ...], nodes: list[Any], found: _Found
) -> Iterator[dict[str, Any]]:
    name, cls, config = each["name"], each["class_name"], each["config"]
    if cls == "InputLayer":
        yield _input(config, found)
        return
    if cls in MODELS:
        made: dict[str, Any] = {"class_name": "Model", "config": _graph(config, place, found)}
        made["config"]["name"] = name
        yield {**made, "name": name, "inbound_nodes": nodes}
        return
    if not _is_layer(each):
        if str(each["module"]).startswith("keras."):
            raise RefusedError(f"Keras 2.3.1 has no operations as layers, such as `{cls}`")
        raise RefusedError("a part of one's own is written for Keras 3")
    shapes = _shapes(each["inbound_nodes"])
    row = _row(cls, config, shapes, bool(each.get("masked")), found)
    for number, axes in row.flipped.items():
        found.flipped[f"{'/'.join(place)}/{number}"] = axes
    if row.padding is not None:
        padding, arguments = row.padding
        zeros = f"{name}_zeros"
        yield {
            "class_name": padding,
            "config": {**arguments, "name": zeros},
            "name": zeros,
            "inbound_nodes": nodes,
        }
        nodes = [[[zeros, number, 0, {}]] for number, _ in enumerate(nodes)]
    yield {
        "class_name": row.cls,
        "config": {**row.config, "name": name, "trainable": config.get("trainable", True)},
        "name": name,
        "inbound_nodes": nodes,
    }


def _row(cls: str, config: Config, shapes: Sequence[Shape], masked: bool, found: _Found) -> Row:
    if "dtype" in config and values.policy_name(config["dtype"]) != found.floatx:
        policy = values.policy_name(config["dtype"])
        raise RefusedError(f"it computes in {found.floatx} alone, not in `{policy}`")
    if cls == "TimeDistributed":
        return _time_distributed(config, shapes, found)
    if cls == "Bidirectional":
        return _bidirectional(config, shapes, masked, found)
    return translate_layer(
        cls, Asked(engine=found.engine, config=config, shapes=shapes, masked=masked)
    )


def _time_distributed(config: Config, shapes: Sequence[Shape], found: _Found) -> Row:
    inner = config["layer"]
    step = [[shapes[0][0], *shapes[0][2:]]]
    if inner["class_name"] not in ("Dense", "Conv2D", "Activation", "Dropout", "Flatten"):
        raise RefusedError(f"`{inner['class_name']}` step by step was never compared")
    row = _row(inner["class_name"], inner["config"], step, False, found)
    if row.padding is not None:
        raise RefusedError("padding `same` of this kind cannot stand inside of it")
    wrapped = {"class_name": row.cls, "config": {**row.config, "name": inner["config"]["name"]}}
    return Row(cls="TimeDistributed", config={"layer": wrapped}, flipped=row.flipped)


def _bidirectional(config: Config, shapes: Sequence[Shape], masked: bool, found: _Found) -> Row:
    forward, backward = config["layer"], config.get("backward_layer")
    if backward is not None and not _mirrored(forward, backward):
        raise RefusedError("Keras 2.3.1 has no `backward_layer` of other settings")
    row = _row(forward["class_name"], forward["config"], shapes, masked, found)
    wrapped = {"class_name": row.cls, "config": {**row.config, "name": forward["config"]["name"]}}
    merged = {"layer": wrapped, "merge_mode": config["merge_mode"]}
    return Row(cls="Bidirectional", config=merged)


def _mirrored(forward: Config, backward: Config) -> bool:
    def told(layer: Config) -> dict[str, Any]:
        free = ("name", "go_backwards", "seed")
        return {key: value for key, value in layer["config"].items() if key not in free}

    same = forward["class_name"] == backward["class_name"] and told(forward) == told(backward)
    turned = forward["config"]["go_backwards"] != backward["config"]["go_backwards"]
    return same and turned


def _input(config: Config, found: _Found) -> dict[str, Any]:
    if config.get("sparse") or config.get("ragged"):
        raise RefusedError("its tensors would be sparse")
    dtype = config["dtype"] if isinstance(config["dtype"], str) else "float32"
    if dtype == "string":
        raise RefusedError("Keras 2.3.1 takes no words")
    whole = found.engine == "theano" and dtype.startswith(("int", "uint"))
    return {
        "class_name": "InputLayer",
        "config": {
            "name": config["name"],
            "batch_input_shape": list(config["batch_shape"]),
            "dtype": "int32" if whole else found.floatx,
            "sparse": False,
        },
        "name": config["name"],
        "inbound_nodes": [],
    }


def _call(node: Config, masks: Container[str]) -> list[Sequence[Any]]:
    """The tensors that a call takes.

    What a call says of `training` does not count: Keras 3 tells it anew to each layer.

    Args:
        node: the call.
        masks: the operations that make masks.
    """
    kwargs = {key: value for key, value in node.get("kwargs", {}).items() if value is not None}
    if unknown := [key for key in kwargs if key not in _NEUTRAL]:
        raise RefusedError(f"Keras 2.3.1 calls it without `{unknown[0]}`")
    for mask in _tensors(kwargs.pop("mask", None)):
        if mask["keras_history"][0] not in masks:
            raise RefusedError("Keras 2.3.1 takes no tensor as `mask`")
    return [tensor["keras_history"] for tensor in _tensors([node["args"], kwargs])]


def _shapes(nodes: Sequence[Config]) -> list[Shape]:
    return [tensor["shape"] for tensor in _tensors(nodes[0]["args"])] if nodes else []


def _tensors(value: Any) -> Iterator[Config]:
    """The tensors in the arguments of a call, in order."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "__keras_tensor__":
            yield value["config"]
            return
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)


def _histories(value: Any) -> Iterator[Sequence[Any]]:
    """The ends of a model, in order: one, a list, or a mapping by name, which Keras sorts."""
    if isinstance(value, Mapping):
        for _, item in sorted(value.items()):
            yield from _histories(item)
    elif value and isinstance(value[0], str):
        yield value
    else:
        for item in value:
            yield from _histories(item)
