"""The whole way back: what the command line names becomes the text of a config.

This room owns the order of the steps, the comment above the config, and the proof that folding has
changed nothing: the folded text is parsed and expanded again, and must give the same model but
for the names.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import yaml

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Sink
from kerasgen.emit.text.config import write_config
from kerasgen.engines.keras3.decompile.model import Decompiled, decompile_built
from kerasgen.engines.keras3.decompile.serialized_objects import ObjectReader
from kerasgen.engines.keras3.decompile.sources import FoundModel, find_model
from kerasgen.engines.keras3.environment import no_idle_tensorflow
from kerasgen.engines.keras3.introspection import keras_catalog
from kerasgen.frontend.expand.expressions import unescaped
from kerasgen.frontend.expand.whole_model import expand_model
from kerasgen.frontend.parse.model import parse_model
from kerasgen.ir.model import INPUT, Constant, ModelDef, TensorRef
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.fold.blocks import FoldedModel, fold
from kerasgen.passes.fold.search import Default

_ON_TENSORFLOW = frozenset(
    {"StringLookup", "IntegerLookup", "TextVectorization", "Hashing", "HashedCrossing"}
)
"""Layers that need TensorFlow under every backend, which they say when they are made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedModel:
    """A model as a config.

    Attributes:
        text: the config, with a comment above it.
        model: the model that it describes.
        parameters: number of weights, None where no shape is known.
        found: what it was made of.
        decompiled: what was learned on the way.
    """

    text: str
    model: ModelDef
    parameters: int | None
    found: FoundModel
    decompiled: Decompiled


def import_model(
    target: str,
    sink: Sink,
    *,
    folded: bool = True,
    catalog: Catalog | None = None,
    engine: str | None = None,
) -> ImportedModel:
    """Makes a config of a saved model, of one of `keras.applications`, or of a factory's.

    Args:
        target: a model file of any Keras, a name of `keras.applications`, or `module:factory`.
        sink: gets every mistake.
        folded: whether repeated pieces become blocks, where that is shorter.
        catalog: where the names stand that a config may write; None asks Keras.
        engine: the backend that wrote a file which names none; None for what the file tells.

    Raises:
        CompileError: KG608, it cannot be read; KG609, it cannot be written as a config; KG615 and
            KG616, it is of an older Keras, and Keras 3 cannot say it.
    """
    with no_idle_tensorflow():  # Keras's serialization asks whether it is there.
        catalog = catalog or keras_catalog()
        found = find_model(target, sink, catalog, engine)
    with nullcontext() if needs_tensorflow(found.model) else no_idle_tensorflow():
        decompiled = decompile_built(found.model, catalog, sink, found.file)
        model, parameters = decompiled.model, decompiled.parameters
        shorter = _folded_text(model, catalog) if folded else None
    text = write_config(model)
    by_order = shorter is not None and shorter.count("\n") < text.count("\n")
    if shorter is not None and by_order:
        text = shorter
    head = _head(found, parameters, by_order)
    return ImportedModel(
        text=head + text,
        model=model,
        parameters=parameters,
        found=found,
        decompiled=decompiled,
    )


def needs_tensorflow(model: object) -> bool:
    """Whether a serialized model holds a layer that Keras makes with TensorFlow alone."""
    if isinstance(model, Mapping):
        named = isinstance(model.get("class_name"), str)
        if named and model["class_name"] in _ON_TENSORFLOW:
            return True
        model = [value for key, value in model.items() if key != "written"]
    return isinstance(model, list) and any(map(needs_tensorflow, model))


def read_config(text: str) -> ModelDef:
    """The model that the text of a config of the group `model` describes, blocks expanded.

    Raises:
        CompileError: it has mistakes.
    """
    sink = Sink()
    section = expand_model(yaml.safe_load(text), "model", sink).section
    sink.stop_on_errors()
    model = parse_model(unescaped(section), "model", sink, name="model")
    sink.stop_on_errors()
    return model


def same_models(one: ModelDef, other: ModelDef, default: Default) -> bool:
    """Whether two models are equal but for names, the order of arguments and written defaults."""
    return bool(_anonymous(one, default) == _anonymous(other, default))


def _folded_text(model: ModelDef, catalog: Catalog) -> str | None:
    """The text with blocks, or None where nothing repeats."""
    default = ObjectReader(catalog).default
    folded: FoldedModel = fold(model, default)
    if folded.model == model:
        return None
    text = write_config(folded)
    if not same_models(read_config(text), model, default):
        raise AssertionError(f"folding changed the model `{model.name}`")
    return text


def _head(found: FoundModel, parameters: int | None, by_order: bool) -> str:
    count = "" if parameters is None else f", {parameters:,} parameters"
    lines = [f"# Made of {found.origin}{count}."]
    if found.holds:
        lines.append(f"# It holds {found.holds}, which this config does not.")
    if by_order:
        lines.append(
            "# Blocks give the layers names of their own; `load_weights` of Keras goes by order."
        )
    return "".join(f"{line}\n" for line in lines)


def _anonymous(model: ModelDef, default: Default) -> object:
    """A model with places in the order of its entries for their names."""
    names = [item.name for item in model.inputs] or [INPUT]
    places = {name: -1 - i for i, name in enumerate(names)}
    places |= {entry.name: i for i, entry in enumerate(model.entries)}

    def placed(value: object) -> object:
        if isinstance(value, TensorRef):
            return (places[value.name], value.index)
        if isinstance(value, Constant):
            return _leaf(value.value)
        if isinstance(value, ObjectDef):
            written = value.arguments.items()
            told = {k: placed(v) for k, v in written if not _equal(v, default(value.cls, k))}
            return (value.cls, told)
        if isinstance(value, ModelDef):
            return _anonymous(value, default)
        if isinstance(value, Mapping):
            return {key: placed(item) for key, item in value.items()}
        return tuple(map(placed, value)) if isinstance(value, list | tuple) else _leaf(value)

    above = TensorRef(name=names[0])
    entries = []
    for entry in model.entries:
        reused = None if entry.reuses is None else places[entry.reuses]
        takes = placed(above if entry.takes is None else entry.takes)
        entries.append((placed(entry.definition), reused, takes, placed(entry.call_arguments)))
        above = TensorRef(name=entry.name)
    inputs = [(item.shape, item.dtype, item.batch_size) for item in model.inputs]
    outputs = placed(above if model.outputs is None else model.outputs)
    return (model.kind, inputs, entries, outputs, placed(model.arguments))


def _leaf(value: object) -> tuple[type, Any]:
    """A plain value with its type; NaN, which equals nothing, as a word."""
    return (type(value), "nan" if value != value else value)


def _equal(one: object, other: object) -> bool:
    return type(one) is type(other) and bool(one == other)
