"""JSON Schema for the records of the IR: a section whose keys are the fields of a dataclass.

This room owns what a record says about itself: its annotations become schemas, and its docstring
the descriptions. It must not know which records there are.
"""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Mapping

from kerasgen.emit.schema.values import Schema, from_annotation, ref
from kerasgen.ir.model import ModelDef
from kerasgen.ir.values import ObjectDef, Plain, Value

_VALUES = {"Plain": Plain, "ObjectDef": ObjectDef, "ModelDef": ModelDef, "Value": Value}
"""What a value may be: its type names the others as text, since a model holds values too."""


def record_schema(record: type, special: Mapping[str, Schema]) -> Schema:
    """A group whose keys are the fields of a record, with what the record says about each.

    Args:
        record: the dataclass.
        special: the schemas of fields, or of further keys, that no annotation tells.
    """
    hints = typing.get_type_hints(record, localns=_VALUES)
    texts = attribute_texts(record)
    properties: Schema = {"defaults": ref("defaults")}
    for field in dataclasses.fields(record):
        if field.name == "path":
            continue
        member = special.get(field.name)
        if member is None:
            member = from_annotation(hints[field.name], **dict(field.metadata))
        properties[field.name] = {**member, "description": texts.get(field.name, "")}
    further = {name: schema for name, schema in special.items() if name not in properties}
    return {
        "type": ["object", "null"],
        "properties": properties | further,
        "additionalProperties": False,
    }


def attribute_texts(record: type) -> dict[str, str]:
    """Attribute to its description, from the `Attributes:` section of a record."""
    section = (record.__doc__ or "").partition("Attributes:")[2]
    found = re.findall(r"^ {8}(\w+): (.*(?:\n {12}.*)*)", section, re.MULTILINE)
    # Records speak of Python's values, configs are YAML.
    texts = {}
    for name, text in found:
        for python, yaml in (("None", "null"), ("True", "true"), ("False", "false")):
            text = re.sub(rf"\b{python}\b", yaml, text)
        texts[name] = " ".join((text[:1].upper() + text[1:]).split())
    return texts
