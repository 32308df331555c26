"""Decompiling of a model: the serialized form of a Keras model becomes a `ModelDef`.

This room owns the way back from nodes to entries: their order, their names, what each takes. The
way there stands in `build`, apart from this, since it makes calls one by one for the sake of
shapes. Nothing of a file is run: a serialized form is data, and what is not a class of Keras's
own is refused by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import keras

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.engines.keras3.decompile.calls import read_call, tensors_in
from kerasgen.engines.keras3.decompile.graph import (
    CallGraph,
    Key,
    counted_from_zero,
    histories_of,
    in_order,
    is_history,
    usable_name,
)
from kerasgen.engines.keras3.decompile.ops import op_name, read_op
from kerasgen.engines.keras3.decompile.references import is_chain, settle_references, settled_chain
from kerasgen.engines.keras3.decompile.serialized_objects import (
    MODELS,
    ObjectReader,
    UnwritableError,
)
from kerasgen.engines.keras3.introspection import keras_catalog
from kerasgen.engines.keras3.model_files.argument_objects import policy_name
from kerasgen.engines.keras3.model_files.model_file import ModelFile
from kerasgen.engines.keras3.model_files.modernize import layer_paths
from kerasgen.engines.keras3.model_files.refusals import Refusals
from kerasgen.ir.model import INPUT, Entry, InputDef, ModelDef, Outputs, TensorRef
from kerasgen.ir.names import free_name
from kerasgen.ir.values import ObjectDef, Value

Topology: TypeAlias = keras.Model | Mapping[str, Any]
"""A model, or its serialized form: that of the whole, or what `get_config` gives."""


def decompile_model(
    model: Topology, catalog: Catalog | None = None, sink: Sink | None = None
) -> ModelDef:
    """Reads a Keras model, or its serialized form.

    Args:
        model: a Functional or Sequential model, what `json.loads(model.to_json())` gives, or what
            `model.get_config()` gives.
        catalog: where the names stand that a config may write; None asks Keras.
        sink: gets every mistake.

    Returns:
        The model; references carry an index wherever the layer gives several tensors.

    Raises:
        CompileError: KG609, something in it cannot be written as a config.
    """
    return decompile_built(model, catalog or keras_catalog(), sink or Sink()).model


@dataclass(frozen=True, slots=True, kw_only=True)
class Decompiled:
    """A model that was read, and what was learned on the way.

    Attributes:
        model: the model.
        built: the Keras model that is compiled of it, whose weights have no memory yet; None where
            the shape of an input is not known.
        entries: the names of a layer and of the models around it, the outermost left out, to the
            name of its entry.
    """

    model: ModelDef
    built: keras.Model
    entries: Mapping[tuple[str, ...], str]

    @property
    def parameters(self) -> int | None:
        """The number of weights; None where no shape is known."""
        return None if self.built is None else int(self.built.count_params())


def decompile_built(
    model: Topology, catalog: Catalog, sink: Sink, file: ModelFile | None = None
) -> Decompiled:
    """The same as `decompile_model`, with what was learned on the way.

    Args:
        model: a model, or its serialized form.
        catalog: where the names stand that a config may write.
        sink: gets every mistake.
        file: the file that it was read from, for the places of mistakes.
    """
    refusals = Refusals(writer="" if file is None or file.generation == 3 else file.writer)
    reader = _ModelReader(ObjectReader(catalog), sink, refusals, file)
    found = reader.model(_serialized(model, sink))
    refusals.report(sink)
    sink.stop_on_errors()
    assert found is not None
    settled, built = settle_references(found, catalog, sink)
    sink.stop_on_errors()
    return Decompiled(model=settled, built=built, entries=reader.entries)


def _serialized(model: Topology, sink: Sink) -> Mapping[str, Any]:
    if isinstance(model, keras.Model):
        if not isinstance(model, keras.Sequential | keras.src.models.functional.Functional):
            raise sink.fail(
                "KG609",
                f"`{model.name}` is a `{type(model).__name__}`, expected a Functional or "
                "Sequential model",
                help="a model with a `call` of its own is code, which no config can say",
            )
        model = json.loads(model.to_json())
    if "class_name" in model:
        return dict(model)
    kind = "Functional" if "input_layers" in model else "Sequential"
    return {"class_name": kind, "module": "keras", "config": model}


class _ModelReader:
    """Reads models, nested ones included; mistakes are gathered, one for each kind."""

    def __init__(
        self, objects: ObjectReader, sink: Sink, refusals: Refusals, file: ModelFile | None
    ) -> None:
        self._objects = objects
        self._sink = sink
        self._inside: tuple[str, ...] = ()
        self.entries: dict[tuple[str, ...], str] = {}
        self._refusals = refusals
        self._file = file
        self._paths = {} if file is None else layer_paths(file)

    def model(
        self, config: Mapping[str, Any], given: Sequence[Any] | None = None
    ) -> ModelDef | None:
        """Reads a model; `given` are the shapes that it is called with, None at the top."""
        cls, module = config.get("class_name"), str(config.get("module") or "keras")
        if cls not in MODELS or module.partition(".")[0] != "keras":
            self._sink.report(
                "KG609",
                f"the model is a `{config.get('registered_name') or cls}`, expected a Functional "
                "or Sequential model",
                help="a model of a class of one's own is code, which no config can say",
            )
            return None
        inner = config["config"]
        if all(layer["class_name"] == "InputLayer" for layer in inner["layers"]):
            reason = "is a model without layers, of which a config needs one"
            self._refusals.add("KG609", str(inner.get("name") or cls), reason)
            return None
        read = self._functional if "input_layers" in inner else self._sequential
        return read(inner, given)

    def _sequential(self, config: Mapping[str, Any], given: Sequence[Any] | None) -> ModelDef:
        layers = list(config["layers"])
        inputs: tuple[InputDef, ...] = ()
        if layers and layers[0]["class_name"] == "InputLayer":
            first = layers.pop(0)
            if given is None:
                inputs = (self._input(first, first["config"]["name"]),)
        taken = {item.name for item in inputs} or {INPUT}
        entries = []
        for layer in layers:
            name = free_name(usable_name(layer["config"]["name"]), taken)
            taken.add(name)
            self.entries[(*self._inside, layer["config"]["name"])] = name
            definition = self._definition(layer, [None])
            if definition is not None:
                entries.append(Entry(name=name, definition=definition))
        return ModelDef(
            name=str(config["name"]),
            inputs=_rename_single(inputs, entries) if given is None else (),
            entries=tuple(entries),
            arguments=_model_arguments(config),
        )

    def _functional(self, config: Mapping[str, Any], given: Sequence[Any] | None) -> ModelDef:
        graph = CallGraph(layers={layer["name"]: layer for layer in config["layers"]})
        for layer in config["layers"]:
            for number, node in enumerate(layer["inbound_nodes"]):
                graph.nodes[(layer["name"], number)] = node
        inputs = self._inputs(config["input_layers"], graph, given)
        ends = counted_from_zero(config["output_layers"], graph)
        order = list(in_order(histories_of(ends), graph))
        taken = set(graph.names.values())
        for key in order:
            graph.names[key] = free_name(usable_name(key[0]), taken)
            taken.add(graph.names[key])
        entries, makers = [], dict[str, str]()
        for key in order:
            entry = self._entry(key, graph, makers)
            if entry is not None:
                entries.append(entry)
        return ModelDef(
            name=str(config["name"]),
            kind="Functional",
            inputs=inputs,
            entries=tuple(entries),
            outputs=self._outputs(ends, graph),
            arguments=_model_arguments(config),
        )

    def _inputs(
        self, written: object, graph: CallGraph, given: Sequence[Any] | None
    ) -> tuple[InputDef, ...]:
        named = written if isinstance(written, Mapping) else {}
        histories = histories_of(written)
        titles = list(named) if len(named) == len(histories) else [h[0] for h in histories]
        alone = given is not None and len(histories) == 1
        found: list[InputDef] = []
        for title, (layer, node, _) in zip(titles, histories, strict=True):
            name = free_name(usable_name(title), {item.name for item in found})
            declared = self._input(graph.layers[layer], name)
            if given is not None and len(given) == len(histories):
                # What the caller gives need not be said again.
                coming = given[len(found)]
                if coming is not None and tuple(coming) == (
                    declared.batch_size,
                    *(declared.shape or ()),
                ):
                    declared = replace(declared, shape=None, dtype=None, batch_size=None)
            if alone and declared == InputDef(name=name):
                declared = InputDef(name=INPUT)
            graph.names[(layer, node)] = declared.name
            found.append(declared)
        return () if found == [InputDef(name=INPUT)] else tuple(found)

    def _input(self, layer: Mapping[str, Any], name: str) -> InputDef:
        config = layer["config"]
        for key in ("sparse", "ragged", "optional"):
            if config.get(key):
                self._refuse(layer, f"is an input with `{key}`, which a config cannot say")
        batch, *shape = config.get("batch_shape") or (None,)
        dtype = config.get("dtype")
        if isinstance(dtype, Mapping):
            dtype = policy_name(dtype)
        if dtype is not None and dtype not in keras.src.backend.common.dtypes.ALLOWED_DTYPES:
            self._refuse(
                layer, f"is an input of the type `{dtype!s:.40}`, which Keras does not have"
            )
        return InputDef(
            name=usable_name(name),
            shape=tuple(shape),
            dtype=None if dtype == keras.config.floatx() else dtype,
            batch_size=batch,
        )

    def _entry(self, key: Key, graph: CallGraph, makers: dict[str, str]) -> Entry | None:
        layer, node, name = graph.layers[key[0]], graph.nodes[key], graph.names[key]
        try:
            if (op := op_name(layer, self._objects.catalog)) is not None:
                called, takes = read_op(op, layer, node, graph.reference, self._objects)
                return Entry(name=name, definition=called, takes=takes)
            shared = makers.get(key[0])
            model = layer["class_name"] in MODELS
            shapes = [tensor["config"].get("shape") for tensor in tensors_in(node)]
            if shared is None:
                self.entries[(*self._inside, key[0])] = name
            definition = None if shared else self._definition(layer, shapes)
            if shared is None and definition is None:
                return None
            makers.setdefault(key[0], name)
            takes, plain = read_call(layer, node, model, graph.reference, self._objects)
            return Entry(
                name=name, definition=definition, reuses=shared, takes=takes, call_arguments=plain
            )
        except UnwritableError as error:
            self._refuse(layer, str(error), error.hint)
            return None

    def _definition(
        self, layer: Mapping[str, Any], shapes: Sequence[Any]
    ) -> ObjectDef | ModelDef | None:
        try:
            if layer["class_name"] in MODELS and str(layer.get("module")).startswith("keras"):
                return self._nested(layer, shapes)
            return self._objects.layer(layer, self._argument_model)
        except UnwritableError as error:
            self._refuse(layer, str(error), error.hint)
            return None

    def _nested(self, layer: Mapping[str, Any], shapes: Sequence[Any]) -> ModelDef | None:
        above = self._inside
        self._inside = (*above, str(layer.get("name") or layer["config"]["name"]))
        try:
            return self.model(layer, shapes)
        finally:
            self._inside = above

    def _argument_model(self, config: Mapping[str, Any]) -> ModelDef:
        """A model that stands as an argument, which must be a plain chain."""
        # Its layers are no entries of the model around it, whose names they may have.
        known, self.entries = self.entries, {}
        found = self.model(config, [None])
        self.entries = known
        if found is None:
            raise UnwritableError("holds a model that cannot be written")
        found = settled_chain(found)
        if not is_chain(found):
            raise UnwritableError("holds a model that is no plain chain of layers")
        return replace(found, kind=None, inputs=())

    def _outputs(self, written: Any, graph: CallGraph) -> Outputs:
        def reference(item: Any) -> TensorRef:
            if not is_history(item):
                raise UnwritableError("its outputs are lists or mappings inside one another")
            return graph.reference(item)

        try:
            if is_history(written):
                return reference(written)
            if isinstance(written, Mapping):
                return {usable_name(str(key)): reference(item) for key, item in written.items()}
            found = tuple(reference(item) for item in written)
            if len(set(found)) < len(found):
                raise UnwritableError("it gives one tensor twice in a list of outputs")
            return found
        except UnwritableError as error:
            self._sink.report("KG609", f"the model cannot be written as a config: {error}")
            return None

    def _refuse(self, layer: Mapping[str, Any], reason: str, hint: str | None = None) -> None:
        name = layer["config"].get("name") or layer.get("name")
        self._refusals.add("KG609", str(name), reason, hint, lambda: self._place(layer))

    def _place(self, layer: Mapping[str, Any]) -> SourceLocation | None:
        """Where a layer stands in the file, which for an older one is where it was written."""
        written = layer.get("written")
        path = self._paths.get(id(layer if written is None else written))
        return None if self._file is None or path is None else self._file.place(path)


def _rename_single(inputs: tuple[InputDef, ...], entries: Sequence[Entry]) -> tuple[InputDef, ...]:
    """The input of a chain; a name that Keras made up (`input_layer_3`) becomes `input`."""
    made_up = len(inputs) == 1 and re.fullmatch(r"input_layer(_\d+)?", inputs[0].name)
    if made_up and all(entry.name != INPUT for entry in entries):
        return (replace(inputs[0], name=INPUT),)
    return inputs


def _model_arguments(config: Mapping[str, Any]) -> dict[str, Value]:
    return {} if config.get("trainable", True) else {"trainable": False}
