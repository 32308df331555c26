"""The topology of an older Keras in the form of Keras 3: chains, graphs and models inside models.

This room owns the shape of a model: where its inputs stand, how a call names its tensors, and the
models of Keras 1 that begin with several branches. Single layers are translated in `layers`, and
TensorFlow's operations in `tensorflow_ops`. What comes in has passed `topology_form`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Severity, Sink
from kerasgen.engines.keras3.model_files.functional_calls import MODELS, histories, is_history
from kerasgen.engines.keras3.model_files.inbound_nodes import Calls, tensor
from kerasgen.engines.keras3.model_files.inputs import (
    chain_input,
    class_of,
    config_of,
    input_of,
    inputs_of,
)
from kerasgen.engines.keras3.model_files.layers import STEEP, Layer, LayerTranslator, input_layer
from kerasgen.engines.keras3.model_files.model_file import KeyPath, ModelFile
from kerasgen.engines.keras3.model_files.modules import with_modules
from kerasgen.engines.keras3.model_files.refusals import Refusals, UntranslatableError
from kerasgen.engines.keras3.model_files.tensorflow_ops import OPERATIONS, operation
from kerasgen.engines.keras3.model_files.version import image_format
from kerasgen.ir.names import free_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Modern:
    """A model in the form of Keras 3.

    Attributes:
        topology: its serialized form; each layer that stood in the file has, under `written`, what
            stood there.
    """

    topology: Mapping[str, Any]


def modernize(file: ModelFile, catalog: Catalog, sink: Sink) -> Modern:
    """Translates a topology; that of Keras 3 stays as it is.

    Args:
        file: what was read, after `require_form`.
        catalog: where classes and arguments are found.
        sink: gets every mistake.

    Raises:
        CompileError: KG609, KG615, KG616: something in it has no form in Keras 3.
    """
    if file.generation == 3:
        return Modern(topology=with_modules(file.topology, catalog))
    refusals = Refusals(writer=file.writer)
    translator = _Translator(file, catalog, refusals)
    topology = translator.model(_with_class(file.topology))
    refusals.report(sink)
    sink.stop_on_errors()
    return Modern(topology=topology)


def layer_paths(file: ModelFile) -> dict[int, KeyPath]:
    """The key path of each layer's mapping in a file, by the mapping's identity."""
    found: dict[int, KeyPath] = {}
    waiting: list[tuple[Any, KeyPath]] = [(file.topology, ())]
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, Mapping):
            if "class_name" in value or "config" in value:
                found.setdefault(id(value), path)
            waiting += [(item, (*path, key)) for key, item in value.items()]
        elif isinstance(value, list):
            waiting += [(item, (*path, number)) for number, item in enumerate(value)]
    return found


def _with_class(topology: Mapping[str, Any]) -> Mapping[str, Any]:
    """A topology with its class, where the file has the config alone."""
    if "class_name" in topology:
        return topology
    if topology.get("name") == "Sequential":  # Keras 0.
        return {"class_name": "Sequential", "config": topology["layers"]}
    kind = "Functional" if "input_layers" in topology else "Sequential"
    return {"class_name": kind, "config": topology}


class _Translator:
    """Translates models, nested ones included; faults are gathered, one layer after the other."""

    def __init__(self, file: ModelFile, catalog: Catalog, refusals: Refusals) -> None:
        self._file, self._catalog, self._refusals = file, catalog, refusals
        self._paths = layer_paths(file)
        usual = image_format(file.topology) if file.generation == 1 else None
        self._layers = LayerTranslator(file, catalog, self.model, self._steep, usual)

    def model(self, model: Mapping[str, Any]) -> Layer:
        """A model in the form of Keras 3."""
        config: Any = model.get("config")
        cls = model["class_name"]
        named = config.get("name") if isinstance(config, Mapping) else None
        name = str(named or model.get("name") or cls.lower())
        if cls not in MODELS:
            self._refuse(
                model,
                UntranslatableError(
                    f"is a `{cls}`, expected a Functional or Sequential model", code="KG609"
                ),
            )
            return self._model("Sequential", {"name": name, "layers": []}, model)
        layers = config if isinstance(config, list) else config["layers"]
        if isinstance(config, Mapping) and "input_layers" in config:
            modern = self._functional(config)
            return self._model("Functional", {"name": name, **modern}, model)
        if layers and "layers" in config_of(layers[0]) and class_of(layers[0]) == "Merge":
            modern = self._branched(layers)
            return self._model("Functional", {"name": name, **modern}, model)
        modern = {"layers": self._chain(layers, config)}
        return self._model("Sequential", {"name": name, **modern}, model)

    def _model(self, cls: str, config: dict[str, Any], model: Mapping[str, Any]) -> Layer:
        inner = model.get("config")
        if isinstance(inner, Mapping) and inner.get("trainable") is False:
            config["trainable"] = False
        return {
            "module": "keras.src.models.functional" if cls == "Functional" else "keras",
            "class_name": cls,
            "config": config,
            "registered_name": cls,
            "name": config["name"],
            "written": model,
        }

    def _steep(self, layer: Mapping[str, Any]) -> None:
        self._refusals.add(
            "KG617",
            _shown_name(layer),
            STEEP,
            "`kerasgen import --save` scales the weights by 1.2, which makes up for it",
            lambda: self._place(layer),
            Severity.WARNING,
        )

    def _refuse(self, layer: Mapping[str, Any], error: UntranslatableError) -> None:
        self._refusals.add(
            error.code, _shown_name(layer), str(error), error.hint, lambda: self._place(layer)
        )

    def _place(self, layer: Mapping[str, Any]) -> Any:
        path = self._paths.get(id(layer))
        return None if path is None else self._file.place(path)

    def _one(self, layer: Mapping[str, Any]) -> list[Layer]:
        """The layers that one becomes; none where it is refused."""
        try:
            if class_of(layer) in MODELS:
                return [self.model(layer)]
            return self._layers.chain(layer)
        except UntranslatableError as error:
            self._refuse(layer, error)
            return []

    def _chain(self, layers: Sequence[Mapping[str, Any]], config: object) -> list[Layer]:
        """The layers of a Sequential model, its input first where that is known."""
        modern: list[Layer] = []
        start = chain_input(layers)
        shape = config.get("build_input_shape") if isinstance(config, Mapping) else None
        flat = isinstance(shape, list) and not any(isinstance(item, list) for item in shape)
        if start is None and flat:
            start = input_layer("input", shape, None)
        if start is not None:
            modern.append(start)
        for layer in layers:
            if class_of(layer) != "InputLayer":
                modern += self._one(layer)
        taken: set[str] = set()
        for layer in modern:  # Keras 0 gave no names.
            layer["name"] = layer["config"]["name"] = free_name(layer["config"]["name"], taken)
            taken.add(layer["name"])
        return modern

    def _branched(self, layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """A Sequential model of Keras 1 that begins by merging others, as a functional one."""
        merge, *others = layers
        modern: list[Layer] = []
        starts: list[list[Any]] = []
        ends: list[Any] = []
        taken: set[str] = set()
        for branch in config_of(merge)["layers"]:
            if not isinstance(branch, Mapping) or not isinstance(branch.get("config"), dict | list):
                self._refuse(merge, UntranslatableError("has a branch that is no layer"))
                continue
            inputs = [*inputs_of(branch)]
            alone = class_of(branch) not in MODELS
            model = self.model(
                {"class_name": "Sequential", "config": [branch]} if alone else branch
            )
            if not inputs:
                self._refuse(merge, UntranslatableError("has a branch whose input is not known"))
                continue
            for start in inputs:
                start["name"] = start["config"]["name"] = free_name(start["name"], taken)
                taken.add(start["name"])
                modern.append(start)
                starts.append([start["name"], 0, 0])
            tensors = [tensor(start["name"], 0, 0) for start in inputs]
            model["name"] = model["config"]["name"] = free_name(model["name"], taken)
            taken.add(model["name"])
            args = [tensors[0] if len(tensors) == 1 else tensors]
            modern.append(model | {"inbound_nodes": [{"args": args, "kwargs": {}}]})
            ends.append(tensor(model["name"], 0, 0))
        current: Any = ends
        for layer in (merge, *others):
            for piece in self._one(layer):
                piece["name"] = piece["config"]["name"] = free_name(piece["name"], taken)
                taken.add(piece["name"])
                modern.append(piece | {"inbound_nodes": [{"args": [current], "kwargs": {}}]})
                current = tensor(piece["name"], 0, 0)
        last = modern[-1]["name"] if modern else ""
        shift = int(bool(modern) and "input_layers" in modern[-1]["config"])
        return {"layers": modern, "input_layers": starts, "output_layers": [last, shift, 0]}

    def _functional(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The layers, inputs and outputs of a functional model."""
        layers = config["layers"]
        everything = [*histories(config["output_layers"])]
        for layer in layers:
            everything += histories(layer["inbound_nodes"])
        calls = Calls(layers, everything, self._catalog)
        modern: list[Layer] = []
        for layer in layers:
            try:
                modern += self._called(layer, calls)
            except UntranslatableError as error:
                self._refuse(layer, error)
        models = {one["name"] for one in modern if "input_layers" in one["config"]}
        return {
            "layers": modern,
            "input_layers": _structure(config["input_layers"], lambda h: [h[0], 0, h[2]]),
            # Keras 3 counts the calls of a functional model from 1 here, and nowhere else.
            "output_layers": _structure(
                config["output_layers"],
                lambda h: [h[0], calls.number(h) + (h[0] in models), h[2]],
            ),
        }

    def _called(self, layer: Mapping[str, Any], calls: Calls) -> list[Layer]:
        """One layer of a functional model with its calls."""
        name, cls = layer["name"], class_of(layer)
        if cls == "InputLayer":
            return [input_of(layer, name)]
        if cls in OPERATIONS:
            return operation(layer, calls.structure, self._catalog)
        chain = self._one(layer)
        if not chain:
            return []
        chain[-1]["name"] = name
        cls = chain[-1]["class_name"]
        nodes = [calls.node(node, cls) for node in layer["inbound_nodes"]]
        found: list[Layer] = []
        for number, piece in enumerate(chain):
            if number:
                above = chain[number - 1]["name"]
                nodes = [{"args": [tensor(above, at, 0)], "kwargs": {}} for at in range(len(nodes))]
            found.append(piece | {"inbound_nodes": nodes})
        return found


def _structure(written: Any, tensor: Any) -> object:
    """A structure of inputs or outputs; a list of one becomes that one, as Keras 3 writes it."""
    if is_history(written):
        return tensor(written)
    if isinstance(written, Mapping):
        return {key: _structure(item, tensor) for key, item in written.items()}
    items = [_structure(item, tensor) for item in written]
    return items[0] if len(items) == 1 else items


def _shown_name(layer: Mapping[str, Any]) -> str:
    return str(config_of(layer).get("name") or layer.get("name") or layer.get("class_name"))
