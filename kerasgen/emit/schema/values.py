"""JSON Schema for single values: kinds of plain values, and the texts that may stand for any value.

This room owns the small pieces that the schemas of objects and groups are put together from. It
must not know which groups or classes there are.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from kerasgen.catalog.entries import Parameter, ValueKind
from kerasgen.frontend.sections import hinted_options

Schema: TypeAlias = dict[str, Any]
"""One JSON Schema (draft-07) as plain data."""

REFERENCE = r"\$|^\?\?\?$"
"""A text that stands for a value of any kind: `${…}`, `$name`, an expression with these, `???`."""

_TYPES: Mapping[ValueKind, tuple[str, ...]] = {
    "bool": ("boolean",),
    # Some arguments take one size or number for each axis; a number may be a schedule.
    "int": ("integer", "array"),
    "number": ("number", "array", "object"),
    "str": ("string",),
}
"""Kind of value to the JSON types that `check` lets pass for it."""

_WORDS: Mapping[str, str] = {
    "boolean": "true or false",
    "integer": "an integer",
    "number": "a number",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}

_NUMBERS = ("integer", "number")

_PLAIN_TYPES: Mapping[Any, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}


_UNCLASSED: Schema = {"type": "object", "not": {"required": ["class"]}}
"""The condition that a value is a mapping which is no object."""


def ref(name: str) -> Schema:
    """A reference to a definition of the same document."""
    return {"$ref": f"#/definitions/{name}"}


def value_of(*kinds: str, **bounds: object) -> Schema:
    """A value of the given JSON types, or a text that stands for one.

    Args:
        kinds: JSON types, `string` not among them.
        bounds: further keywords, such as `minimum`.
    """
    words = [_WORDS[kind] for kind in kinds]
    return {
        "type": [*kinds, "string"],
        "pattern": REFERENCE,
        # Not of the standard, but editors show it in place of the pattern.
        "patternErrorMessage": f"expected {' or '.join(words)}",
        **bounds,
    }


def one_of(
    words: Sequence[Any] | Schema, *others: Schema, null: bool = False, pattern: str = REFERENCE
) -> Schema:
    """One of some words, a text that stands for one, or what one of the other schemas takes.

    A chain of conditions, so that a validator names the one word that is wrong.

    Args:
        words: the words, or a schema that has them.
        others: schemas for values of other kinds, each with one `type`.
        null: whether null may stand there too.
        pattern: pattern of the texts that pass unseen.
    """
    known = words if isinstance(words, dict) else enumeration([*words, None] if null else words)
    schema: Schema = {"if": {"type": "string", "pattern": pattern}, "else": known}
    for other in reversed(others):
        schema = {"if": {"type": other["type"]}, "then": other, "else": schema}
    return proposing(known, schema)


def proposing(words: Schema, schema: Schema) -> Schema:
    """A schema with words that an editor is to propose.

    Editors look for them under `anyOf`, not under conditions; the second of the alternatives
    lets everything pass.
    """
    return {"anyOf": [words, {}], **schema}


def enumeration(words: Sequence[Any], told: Sequence[str] = ()) -> Schema:
    """Some words, with what an editor's list says of each; nothing but null where none is left."""
    if not words:
        return {"type": "null"}
    return {"enum": list(words), "enumDescriptions": list(told)} if told else {"enum": list(words)}


def kind_definitions() -> dict[str, Schema]:
    """Definitions that arguments refer to: values of one plain kind, with null and without."""
    found: dict[str, Schema] = {}
    for kind, allowed in _TYPES.items():
        for null in (False, True):
            kinds = (*allowed, "null") if null else allowed
            schemas: Schema = {"type": list(kinds)} if kind == "str" else value_of(*kinds)
            found[_kind_name(kind, null)] = schemas
    found["trained_layers"] = {
        **value_of("boolean", "array", "object"),
        "items": {"type": "string", "minLength": 1},
        "additionalProperties": {"type": "boolean"},
    }
    return found


def argument(parameter: Parameter) -> Schema:
    """The schema of one argument: what it holds, its default, and what Keras says about it."""
    schema: Schema = {}
    if parameter.kinds and parameter.value == "mapping":
        objects = ref("_or_".join(parameter.kinds))
        schema |= {"if": _UNCLASSED, "then": {"additionalProperties": objects}, "else": objects}
    elif parameter.kinds:
        schema |= ref("_or_".join(parameter.kinds))
    elif parameter.value == "layers":
        schema |= ref("trained_layers")
    elif parameter.choices:
        numbers: list[Schema] = [{"type": "integer"}] if parameter.value == "int" else []
        schema |= one_of(parameter.choices, *numbers, null=True)
    elif parameter.value in _TYPES:
        schema |= ref(_kind_name(parameter.value, parameter.nullable))
    if parameter.description:
        schema["description"] = parameter.description
    if parameter.default is not None:
        schema["default"] = parameter.default
    if parameter.value == "str" or (isinstance(parameter.default, str) and not parameter.kinds):
        words = re.findall(r"[\"'`]{1,2}([a-z][a-z0-9_]*)[\"'`]", parameter.description)
        if len(set(words)) > 1:
            # Proposed only: the text may not name all of them.
            schema["examples"] = sorted(set(words) - {"None", "none", parameter.name})
    return schema


def from_annotation(hint: object, **bounds: object) -> Schema:
    """The schema of a field of a record, from its annotation.

    Args:
        hint: the annotation, resolved.
        bounds: keywords for its numbers, such as `minimum`.

    Returns:
        The schema; one that allows everything where the annotation holds more than plain values.
    """
    words: list[Any] = []
    plain: list[str] = []
    others: list[Schema] = []
    for option in hinted_options(hint):
        origin = typing.get_origin(option)
        if origin is Literal:
            words += typing.get_args(option)
        elif option in _PLAIN_TYPES:
            plain.append(_PLAIN_TYPES[option])
        elif isinstance(origin, type) and issubclass(origin, Mapping):
            item = from_annotation(typing.get_args(option)[1])
            others.append({"type": "object", "additionalProperties": item})
        elif origin is tuple:
            others.append({"type": "array", "items": from_annotation(typing.get_args(option)[0])})
        elif option is str:
            others.append({"type": "string"})
        else:
            return {}
    if words:
        if "boolean" in plain:
            words += [True, False]
        numbers: list[Schema] = [{"type": kind, **bounds} for kind in plain if kind in _NUMBERS]
        return one_of(words, *numbers, *others, null="null" in plain)
    if not others:
        return value_of(*plain, **bounds)
    if others == [{"type": "string"}]:
        return {"type": ["string", *plain], **bounds}
    rest = [value_of(*plain, **bounds)] if plain else []
    return {"anyOf": [*others, *rest]}


def _kind_name(kind: ValueKind, null: bool) -> str:
    return f"{kind}_or_null" if null else kind
