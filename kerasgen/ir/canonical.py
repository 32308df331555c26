"""The canonical form of what stands in the IR: what it means, without where it was written.

This room owns when two values, models or programs are the same, their content hash, and the list of
what differs between two of them. It must not know what any of it is for.

Decisions:
- `==` of a record asks for the same place too, since a record is what was written; `same` does not.
- Left out are `path`, `bare` (a class written as a bare string is the class without arguments), and
  every field at its default, so that a new field with a default changes no hash.
- Arguments and mappings have no order, but for those whose order is a meaning: callbacks act, and
  features become inputs, one after the other. `1`, `1.0` and `true` are three values.
- The form is plain JSON data. Numbers that JSON lacks, and keys that are no strings, are written so
  that nothing else is written like them.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from itertools import zip_longest
from typing import Any, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""Plain data that JSON can write."""

_PLACES = frozenset({"path", "bare"})
"""Fields that say how and where something was written."""

_ORDERED = frozenset({"callbacks", "features"})
"""Fields whose mappings have an order."""

_TYPE = "#"
"""The key under which a form that is no plain mapping has its type."""

ABSENT = object()
"""What stands in a difference for a key that one side does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place at which two forms differ.

    Attributes:
        key: its key path, with the fields of records and numbers of items in it.
        first: what the first holds, in canonical form; `ABSENT` for nothing.
        second: what the second holds.
    """

    key: str
    first: object
    second: object


def canonical(value: object) -> Json:
    """The canonical form of a value, a record of the IR, or anything made of these.

    Args:
        value: what a config may hold, and records and tuples of that.

    Raises:
        TypeError: something in it is neither plain nor a record.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        # Plus zero, since there are two zeros, which are equal.
        return value + 0.0 if math.isfinite(value) else {_TYPE: "float", "value": str(value)}
    if isinstance(value, tuple | list):
        return [canonical(item) for item in value]
    if isinstance(value, Mapping):
        return _mapping(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _record(value)
    raise TypeError(f"a `{type(value).__name__}` has no canonical form")


def canonical_text(value: object) -> str:
    """The canonical form as one line of JSON; equal for equal forms, in every process."""
    form = canonical(value)
    return json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def content_hash(value: object) -> str:
    """The SHA-256 of the canonical form, in hexadecimal digits."""
    return hashlib.sha256(canonical_text(value).encode("ascii")).hexdigest()


def same(first: object, second: object) -> bool:
    """Whether two values mean the same, wherever they were written."""
    return canonical_text(first) == canonical_text(second)


def differences(first: object, second: object) -> tuple[Difference, ...]:
    """What differs between two values, in the order of the key paths; empty where nothing does.

    Args:
        first: a value, model, graph or program.
        second: another one.
    """
    return form_differences(canonical(first), canonical(second))


def form_differences(first: object, second: object) -> tuple[Difference, ...]:
    """What differs between two canonical forms, as `differences` tells it of their values."""
    return tuple(_differences(first, second, ""))


def without_places(value: Any) -> Any:
    """A value, operand or object whose key paths are empty; all else stays as it is."""
    if isinstance(value, Mapping):
        return {key: without_places(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(map(without_places, value))
    if not is_dataclass(value) or isinstance(value, type):
        return value
    kept = {item.name: without_places(getattr(value, item.name)) for item in fields(value)}
    return replace(value, **{**kept, **({"path": ""} if "path" in kept else {})})


def _record(value: Any) -> Json:
    form: dict[str, Json] = {_TYPE: type(value).__name__}
    for item in fields(value):
        held = getattr(value, item.name)
        if item.name in _PLACES or _is_default(item, held):
            continue
        ordered = item.name in _ORDERED and isinstance(held, Mapping)
        form[item.name] = _pairs(held) if ordered else canonical(held)
    return form


def _is_default(item: Field[Any], held: object) -> bool:
    if item.default is not MISSING:
        default: object = item.default
    elif item.default_factory is not MISSING:
        default = item.default_factory()
    else:
        return False
    return type(held) is type(default) and canonical(held) == canonical(default)


def _mapping(value: Mapping[Any, object]) -> Json:
    if all(isinstance(key, str) and not key.startswith(_TYPE) for key in value):
        return {key: canonical(item) for key, item in value.items()}
    pairs = sorted((json.dumps(canonical(key)), canonical(item)) for key, item in value.items())
    return {_TYPE: "mapping", **{f"{_TYPE}{key}": item for key, item in pairs}}


def _pairs(value: Mapping[Any, object]) -> Json:
    return [[canonical(key), canonical(item)] for key, item in value.items()]


def _differences(first: Any, second: Any, key: str) -> Iterator[Difference]:
    if isinstance(first, dict) and isinstance(second, dict):
        for name in sorted(first.keys() | second.keys()):
            below = f"{key}.{name}" if key else name
            yield from _differences(first.get(name, ABSENT), second.get(name, ABSENT), below)
    elif isinstance(first, list) and isinstance(second, list):
        for index, (one, other) in enumerate(zip_longest(first, second, fillvalue=ABSENT)):
            yield from _differences(one, other, f"{key}.{index}" if key else str(index))
    elif type(first) is not type(second) or first != second:
        yield Difference(key=key, first=first, second=second)
