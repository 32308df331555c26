"""JSON Schema of the config language: what an editor completes and checks while a config is typed.

This room owns the schema files and their groups; classes and models stand next door. It turns a
catalog and the records of the IR into plain data and knows neither Keras nor any folder.

Draft-07, since that is what YAML language servers know best: they read later drafts only in part,
and nothing of these is needed. All definitions stand in one file, to which the small file of each
group refers. A schema is no compiler: it sees one file, never what Hydra makes of several, so it
must let pass what only the whole can refuse.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from kerasgen.catalog.entries import Catalog, Kind
from kerasgen.diagnostics import CODES
from kerasgen.emit.schema.class_arguments import choose, class_definitions, object_definitions
from kerasgen.emit.schema.model_section import model_definitions, model_schema
from kerasgen.emit.schema.records import record_schema
from kerasgen.emit.schema.values import (
    Schema,
    enumeration,
    from_annotation,
    kind_definitions,
    one_of,
    proposing,
    ref,
    value_of,
)
from kerasgen.frontend.grammar import BLOCK_KEYS, GROUPS, VALUE_GROUPS
from kerasgen.frontend.parse.backend import BACKENDS, INITIAL_WEIGHTS
from kerasgen.frontend.parse.columns import COLUMN_TYPES, DATE_PARTS, MISSING_WORDS
from kerasgen.frontend.parse.data import TASKS
from kerasgen.frontend.parse.lint import LINT_CODES
from kerasgen.frontend.parse.program import MAXIMUM_SEED
from kerasgen.frontend.parse.weights import BALANCES
from kerasgen.ir.data import ColumnDef, DataDef, SplitDef, WindowsDef
from kerasgen.ir.program import BackendDef, CompileDef, FitDef, LintDef, PhaseDef, TrackingDef
from kerasgen.ir.trackers import MlflowDef, TensorBoardDef, WandbDef

DRAFT = "http://json-schema.org/draft-07/schema#"

SHARED = "definitions"
"""Name of the file that holds every definition."""

FILES: Mapping[str, str] = {
    "config": "The root config: one option of each group, and what belongs to no group.",
    "experiment": "A recipe that is laid over the whole config; its first line is "
    "`# @package _global_`.",
    "backend": "The keys of keras.json, and the few that are added to them.",
    "data": "What to train on.",
    "model": "The model: parameters, inputs, layers, outputs.",
    "block": "A block: a part of a model that entries may use.",
    "optimizer": "The optimizer and its arguments.",
    "learning_rate": "A learning rate of the optimizer that follows a schedule.",
    "compile": "Loss, metrics and the other arguments of Model.compile.",
    "fit": "The arguments of Model.fit.",
    "tracking": "What a run leaves behind besides its record.",
}
"""Name of a schema file to what it describes."""

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "backend": BACKENDS,
    # Plain strings in the record; the parser of the group refuses other words.
    "floatx": ("float16", "bfloat16", "float32", "float64"),
    "image_data_format": ("channels_last", "channels_first"),
    "initial_weights": INITIAL_WEIGHTS,
}
"""Settings of the backend that take one of some words."""


def make_schemas(catalog: Catalog) -> dict[str, Schema]:
    """The schema files.

    Args:
        catalog: the classes that a config may name, data sources included.

    Returns:
        File name without its ending to schema: the definitions, and one for each group, which
        refers to `definitions.json` beside it.
    """
    files = {
        name: {
            "$schema": DRAFT,
            "title": f"kerasgen: {name}",
            "description": text,
            "allOf": [{"$ref": f"{SHARED}.json#/definitions/{name}_file"}],
        }
        for name, text in FILES.items()
    }
    shared = {
        "$schema": DRAFT,
        "title": "kerasgen: definitions",
        "$comment": f"Keras {catalog.version}",
        "definitions": _definitions(catalog),
    }
    return {SHARED: shared, **files}


def whole_schema(schemas: Mapping[str, Schema], name: str) -> Schema:
    """One group's schema with every definition inside, for a place that has no other file."""
    shared = schemas[SHARED]
    return {
        **schemas[name],
        "$comment": shared["$comment"],
        "allOf": [ref(f"{name}_file")],
        "definitions": shared["definitions"],
    }


def schema_text(schema: Schema) -> str:
    """A schema as JSON text, one definition a line, so that a change of one is one line."""
    parts = []
    for key, value in schema.items():
        if key == "definitions":
            lines = ",\n".join(
                f"{_compact(name)}: {_compact(item)}" for name, item in value.items()
            )
            parts.append(f'"definitions": {{\n{lines}\n}}')
        else:
            parts.append(f"{_compact(key)}: {_compact(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _definitions(catalog: Catalog) -> dict[str, Schema]:
    found = {**kind_definitions(), **class_definitions(catalog)}
    for kinds in sorted(_kinds_of_values(catalog)):
        found |= object_definitions(catalog, kinds)
    found |= model_definitions(catalog)
    found |= {"losses": _by_output("loss"), "metrics": _by_output("metric")}
    defaults = {"defaults": ref("defaults")}
    found["defaults"] = _defaults()
    sections = {
        "backend": record_schema(BackendDef, _backend_properties()),
        "compile": record_schema(
            CompileDef,
            {"loss": ref("losses"), "metrics": ref("metrics"), "weighted_metrics": ref("metrics")},
        ),
        "fit": record_schema(FitDef, {"callbacks": _callbacks(), **_phases()}),
        "tracking": record_schema(
            TrackingDef,
            {
                "tensorboard": _tracker(TensorBoardDef),
                "mlflow": _tracker(MlflowDef),
                "wandb": _tracker(WandbDef),
            },
        ),
    }
    for partial in (False, True):
        ending = "_partial" if partial else ""
        whole = {
            **sections,
            "data": _data(ending),
            "model": model_schema(partial=partial, further=defaults),
            "block": model_schema(partial=partial, keys=BLOCK_KEYS, further=defaults),
            "optimizer": _object_file(catalog, "optimizer", partial=partial),
            "learning_rate": _object_file(catalog, "schedule", partial=partial),
        }
        found |= {f"{name}_group{ending}": schema for name, schema in whole.items()}
    for name in sections:
        del found[f"{name}_group_partial"]
        found[f"{name}_file"] = ref(f"{name}_group")
    for name in ("data", "model", "block", "optimizer", "learning_rate"):
        # With `defaults` the file is laid over others of its group, and need not be complete.
        found[f"{name}_file"] = {
            "if": {"required": ["defaults"]},
            "then": ref(f"{name}_group_partial"),
            "else": ref(f"{name}_group"),
        }
    found["config_file"] = found["experiment_file"] = _whole_config(sections)
    return found


def _kinds_of_values(catalog: Catalog) -> set[tuple[Kind, ...]]:
    """Every set of kinds that some argument takes, and those that a group holds."""
    found: set[tuple[Kind, ...]] = {
        parameter.kinds
        for entries in catalog.entries.values()
        for entry in entries.values()
        for parameter in (*entry.parameters.values(), *entry.call.values())
        if parameter.kinds
    }
    return found | {("source",), ("optimizer",), ("loss",), ("metric",), ("callback",)}


def _whole_config(sections: Mapping[str, Schema]) -> Schema:
    groups = {
        name: ref(f"{name}_group" if name in sections else f"{name}_group_partial")
        for name in GROUPS
    }
    properties = {
        "defaults": ref("defaults"),
        "seed": {
            **from_annotation(int, minimum=0, maximum=MAXIMUM_SEED),
            "description": "Seed of every random generator.",
        },
        "name": {"type": ["string", "null"], "description": "A name for listings."},
        **{name: {**schema, "description": FILES[name]} for name, schema in groups.items()},
        "lint": record_schema(LintDef, {"ignore": one_of(LINT_CODES, _ignored(), null=True)}),
        "hydra": {"type": "object", "description": "Hydra's own settings."},
    }
    # A recipe may be empty, to be filled from the command line.
    return {"type": ["object", "null"], "properties": properties, "additionalProperties": False}


def _defaults() -> Schema:
    """Hydra's defaults list; the keys proposed are those of the groups, others are as good."""
    option: Schema = {"type": ["string", "null", "array"]}
    proposed = [*GROUPS, *VALUE_GROUPS, "experiment", "block"]
    return {
        "type": "array",
        "description": "Hydra's defaults list: the files that this one is laid over.",
        "items": {
            "type": ["string", "object"],
            "minProperties": 1,
            "maxProperties": 1,
            "properties": {f"{word}{name}": {} for name in proposed for word in ("", "override /")},
            "additionalProperties": option,
        },
    }


def _tracker(record: type) -> Schema:
    """A tracker: true with its defaults, false or null, or its settings."""
    settings = record_schema(record, {})
    del settings["properties"]["defaults"]
    return {"anyOf": [{**settings, "type": "object"}, value_of("boolean", "null")]}


def _backend_properties() -> dict[str, Schema]:
    words = {key: one_of(choices) for key, choices in _CHOICES.items()}
    return words | {
        "memory": from_annotation(int | str | None),
        "keras_json": {
            "type": ["string", "null"],
            "description": "Path of a keras.json; what it says takes the place of its keys here.",
        },
    }


def _data(ending: str) -> Schema:
    columns: Schema = {"type": ["string", "array"], "items": {"type": "string"}}
    named: Schema = {**columns, "type": ["string", "array", "object", "null"]}
    source: Schema = {"allOf": [ref("source")]}
    task = one_of(TASKS)
    schema = record_schema(
        DataDef,
        {
            "source": {"if": {"type": "null"}, "else": source},  # null for no data at all
            "features": {**named, "additionalProperties": columns},
            "target": {**named, "additionalProperties": columns},
            "task": one_of(TASKS, {"type": "object", "additionalProperties": task}),
            "columns": {
                "type": ["object", "null"],
                "additionalProperties": one_of(COLUMN_TYPES, _column()),
            },
            "prepare": {
                "if": {"type": "null"},
                "else": ref(f"steps{ending}"),
            },
            "split": {**record_schema(SplitDef, {}), "type": ["object", "null"]},
            "augment": {"if": {"type": "null"}, "else": ref(f"steps{ending}")},
            "time": from_annotation(str | None),
            "series": from_annotation(str | None),
            "windows": {**record_schema(WindowsDef, {}), "type": ["object", "null"]},
            "weights": {
                "type": ["string", "object", "null"],
                "properties": {"class": one_of(BALANCES, {"type": "number"})},
                "additionalProperties": from_annotation(float),
            },
            "facts": _facts(),
        },
    )
    for inferred in ("automatic", "joined"):  # `prepare: auto`, and a list as the target
        del schema["properties"][inferred]
    if not ending:
        source["if"] = {"type": "object"}
        source["then"] = {"required": ["class"]}
        schema |= {"type": "object", "required": ["source", "features"]}
    return schema


def _column() -> Schema:
    """What a config says of a column, where that is more than its type."""
    words: Schema = {"type": "array", "items": {"type": ["string", "number", "boolean"]}}
    record = record_schema(
        ColumnDef,
        {
            "type": one_of(COLUMN_TYPES, null=True),
            "missing": one_of(MISSING_WORDS, {"type": ["string", "number"]}, null=True),
            "vocabulary": words,
            "order": words,
            "parts": {"type": "array", "items": one_of(DATE_PARTS)},
        },
    )
    del record["properties"]["defaults"]
    return {**record, "type": "object"}


def _facts() -> Schema:
    """Facts that are known by name; a source may tell others."""
    count = from_annotation(int, minimum=1)
    by_output: Schema = {"type": "object", "additionalProperties": count}
    return {
        "type": ["object", "null"],
        "properties": {
            "classes": {"anyOf": [count, by_output]},
            "class_names": {"type": ["array", "object"]},
            "shape": {
                "if": {"type": "object"},
                "then": {"additionalProperties": ref("shape")},
                "else": ref("shape"),
            },
            "samples": count,
        },
    }


def _object_file(catalog: Catalog, kind: Kind, *, partial: bool) -> Schema:
    """A file that holds an object of a kind."""
    schema: Schema = {
        "type": ["object", "string"],
        "properties": {"class": ref(f"{kind}_class"), "defaults": ref("defaults")},
        "if": {"required": ["class"]},
        "then": choose(catalog, (kind,), complete=not partial),
    }
    return schema if partial else schema | {"required": ["class"]}


def _ignored() -> Schema:
    meanings = [CODES[code] for code in LINT_CODES]
    return {"type": "array", "items": one_of(enumeration(LINT_CODES, meanings))}


def _callbacks() -> Schema:
    one: Schema = {"allOf": [ref("callback")]}
    return {
        "type": ["object", "null"],
        "propertyNames": {"not": {"const": "class"}},
        "additionalProperties": one,
    }


def _phases() -> dict[str, Schema]:
    """What a training in phases says: which layers are trained, and what changes with a phase."""
    patterns: Schema = {"type": ["array", "string", "null"], "items": {"type": "string"}}
    optimizer: Schema = {"type": ["object", "string", "null"]}  # over that of the config
    phase = record_schema(PhaseDef, {"trainable": patterns, "optimizer": optimizer})
    del phase["properties"]["defaults"]
    phases: Schema = {"type": ["object", "null"], "additionalProperties": phase}
    return {"trainable": patterns, "phases": phases}


def _by_output(kind: Kind) -> Schema:
    """A loss or metrics: one for the only output, or one by the name of the output."""
    schema: Schema = {
        "if": {"type": "object", "not": {"required": ["class"]}},
        "then": {
            # Shown while `class` is not there yet; no output is called so.
            "properties": {"class": ref(f"{kind}_class")},
            "additionalProperties": ref(kind),
        },
        "else": ref(kind),
    }
    return proposing(ref(f"{kind}_word"), schema)
