"""JSON Schema for models and blocks: parameters, inputs, entries, outputs.

This room owns the form of a model in a schema. It exists twice: complete, for a file that is a
whole model, and partial, for what is laid over another file, where an entry may name one argument
and leave its class to the file below.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from kerasgen.catalog.entries import Catalog
from kerasgen.emit.schema.class_arguments import (
    CALLED,
    MODEL_CLASSES,
    bare_names,
    choose,
    class_names,
    is_model,
)
from kerasgen.emit.schema.values import Schema, enumeration, one_of, ref, value_of
from kerasgen.frontend.grammar import BLOCK_KEYS, ENTRY_KEYS, MODEL_KEYS
from kerasgen.ir.data import AUTO
from kerasgen.ir.model import InputDef

# YAML 1.1, by which configs are read, takes these words for booleans.
_NAME = r"^(?!(?:[Oo]n|ON|[Oo]ff|OFF|[Yy]es|YES|[Nn]o|NO)$)[A-Za-z_][A-Za-z0-9_-]*$"

_KEYS: dict[str, str] = {
    "class": "The layer, op, application or model that this entry makes.",
    "from": "The tensors that come in: an entry's or input's name, a number, a list, or a mapping "
    "from the call's argument names. Left out: the entry above.",
    "with": "Plain arguments of the call, such as training or use_causal_mask.",
    "is": "The name of an entry whose layer is called again, with the same weights.",
    "if": "Leaves the entry out when false.",
    "after": "Puts the entry behind the one of this name.",
    "block": "The block that is put here; its parameters are the entry's other keys.",
    "repeat": "The number of copies in a chain; $index counts them from 0.",
}


def model_definitions(catalog: Catalog) -> dict[str, Schema]:
    """Definitions of models, blocks, entries and what they are made of."""
    found: dict[str, Schema] = {
        "entry_class": class_names(catalog, CALLED, further=MODEL_CLASSES),
        "operand": {
            "type": ["string", "number", "boolean", "array"],
            "minLength": 1,
            "minItems": 1,
            "items": ref("operand"),
        },
        "operands": {
            "if": {"type": "object"},
            "then": {"minProperties": 1, "additionalProperties": ref("operand")},
            "else": ref("operand"),
        },
        "shape": {
            **value_of("array"),
            "items": value_of("integer", "null", minimum=1),
            "description": "Sizes without the batch axis, channels last; null for an open one.",
        },
        "inputs": _inputs(catalog),
        "outputs": _outputs(),
        "blocks": {"type": "object", "additionalProperties": ref("block")},
    }
    found["entry_word"] = enumeration(bare_names(catalog, CALLED))
    for partial in (False, True):
        ending = "_partial" if partial else ""
        found[f"entry{ending}"] = {
            "type": ["object", "string"],
            **one_of(
                ref("entry_word"), {"type": "object", "allOf": [ref(f"entry_object{ending}")]}
            ),
        }
        found[f"entry_arguments{ending}"] = choose(catalog, CALLED, complete=not partial)
        found[f"entry_object{ending}"] = _entry_object(ending)
        found[f"entries{ending}"] = {
            **value_of("object", "array"),
            "propertyNames": {"pattern": _NAME, "patternErrorMessage": "not usable as a name"},
            "additionalProperties": ref(f"entry{ending}"),
            "items": ref(f"entry{ending}"),
        }
        found[f"steps{ending}"] = _steps(catalog, ending)
        found[f"model{ending}"] = model_schema(partial=partial)
        found[f"nested_model{ending}"] = model_schema(partial=partial, nested=True)
    found["block"] = model_schema(partial=False, keys=BLOCK_KEYS)
    return found


def _steps(catalog: Catalog, ending: str) -> Schema:
    """The steps of a preparation: entries, our own ones among them, or `auto`."""
    own: Schema = {"class": enumeration(catalog.names(("step",)))}
    one: Schema = {
        "if": {"type": "object", "properties": own, "required": ["class"]},
        "then": {
            "properties": {"from": ref("operands")},
            "allOf": [choose(catalog, ("step",), complete=not ending)],
        },
        "else": ref(f"entry{ending}"),
    }
    listed: Schema = {
        "type": ["object", "array"],
        "propertyNames": {"pattern": _NAME, "patternErrorMessage": "not usable as a name"},
        "properties": {AUTO: value_of("boolean")},
        "additionalProperties": one,
        "items": one,
    }
    return one_of([AUTO], listed)


def model_schema(
    *,
    partial: bool,
    keys: Sequence[str] = MODEL_KEYS,
    nested: bool = False,
    further: Schema | None = None,
) -> Schema:
    """A model or block.

    Args:
        partial: whether it is laid over another one, so that nothing is required.
        keys: the keys of the grammar that may stand in it, `BLOCK_KEYS` for a block.
        nested: whether it is an entry of another model.
        further: further properties, such as Hydra's `defaults` of a file.
    """
    written = ref("entries_partial" if partial else "entries")
    known: Schema = {
        "class": {
            **one_of(list(MODEL_CLASSES)),
            "description": "Left out: the plainest kind that serves.",
        },
        "name": {"type": ["string", "null"], "description": "The name of the Keras model."},
        "trainable": {
            **value_of("boolean"),
            "description": "Whether the weights of the model are trained.",
        },
        "parameters": {
            "type": "object",
            "description": "The model's own variables, $name in its values.",
        },
        "blocks": {**ref("blocks"), "description": "Blocks that entries may use, by name."},
        "inputs": {
            **ref("inputs"),
            "description": "The model's inputs. Left out: taken from the data.",
        },
        "layers": {
            **one_of([AUTO], {"type": ["object", "array"], "allOf": [written]}),
            "description": "The entries, in order: name to layer; `auto`: what the data wants.",
        },
        "outputs": {**ref("outputs"), "description": "What comes out. Left out: the last entry."},
    }
    properties: Schema = {key: known[key] for key in keys} | (further or {})
    if nested:
        properties |= {key: {} for key in ENTRY_KEYS}
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if not partial:
        schema["required"] = ["layers"]
    return schema


def _entry_object(ending: str) -> Schema:
    """An entry that is a mapping; `class`, `is`, `block` or `layers` says what it makes."""
    properties: Schema = {
        "class": ref("entry_class"),
        "from": ref("operands"),
        "with": value_of("object", "null"),
        "is": {"type": "string", "minLength": 1},
        "if": {"type": ["boolean", "string", "number"]},
        "after": {"type": "string", "minLength": 1},
        "block": {"type": "string", "minLength": 1},
        "repeat": value_of("integer", minimum=0),
    }
    for key, text in _KEYS.items():
        properties[key] = {**properties[key], "description": text}
    shared: Schema = {key: True for key in ("is", *ENTRY_KEYS) if key != "repeat"}
    rules: list[Schema] = [
        {
            "if": {"anyOf": [{"required": ["layers"]}, is_model()]},
            "then": ref(f"nested_model{ending}"),
            "else": {
                "if": {"required": ["class"]},
                "then": {
                    # The entry's key is its name.
                    "allOf": [ref(f"entry_arguments{ending}")],
                    "properties": {"name": False},
                },
            },
        },
        {
            "if": {"required": ["is"]},
            "then": {"properties": shared, "additionalProperties": False},
        },
    ]
    if not ending:
        said = [{"required": [key]} for key in ("class", "is", "block", "layers")]
        rules.append({"if": {"not": {"anyOf": said}}, "then": {"required": ["class"]}})
    return {"type": "object", "properties": properties, "allOf": rules}


def _inputs(catalog: Catalog) -> Schema:
    shown: dict[str, Any] = {
        "shape": ref("shape"),
        "dtype": one_of(catalog.words(("dtype_policy",)), null=True),
        "batch_size": value_of("integer", "null", minimum=1),
    }
    fields = [field.name for field in dataclasses.fields(InputDef)]
    one: Schema = {
        "type": ["object", "array", "null", "string"],
        "if": {"type": "array"},
        "then": ref("shape"),
        "properties": {name: schema for name, schema in shown.items() if name in fields},
        "additionalProperties": False,
        "pattern": value_of()["pattern"],
    }
    return {
        **value_of("object", "array", "null"),
        "propertyNames": {"pattern": _NAME},
        "additionalProperties": one,
        "items": {"type": "string"},
    }


def _outputs() -> Schema:
    name: Schema = {"type": "string", "minLength": 1}
    return {
        "type": ["string", "array", "object", "null"],
        "minLength": 1,
        "minItems": 1,
        "minProperties": 1,
        "items": name,
        "additionalProperties": name,
    }
