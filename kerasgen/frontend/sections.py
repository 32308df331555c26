"""Sections with fixed keys: a mapping becomes a frozen record, every wrong key and value reported.

This room owns the checking of plain settings against the fields of an IR record: which keys
there are, what kind of value each holds, and its bounds. It must not know what they are for.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from kerasgen.diagnostics import Sink, closest, describe, did_you_mean
from kerasgen.frontend.former_keys import Written, former_key
from kerasgen.frontend.grammar import join
from kerasgen.ir.values import Tree

Record = TypeVar("Record")
Converter = Callable[[Tree, str, Sink], object]
"""Turns one value into what its field holds: value, key path, sink."""


def read_record(
    record: type[Record],
    section: Tree,
    path: str,
    sink: Sink,
    *,
    converters: Mapping[str, Converter] | None = None,
    given: Mapping[str, object] | None = None,
) -> Record | None:
    """Reads a section into a record.

    Args:
        record: a dataclass; field `path` is filled, fields in `given` are not read.
        section: the section as plain data; None stands for an empty one.
        path: key path of the section.
        sink: gets every mistake.
        converters: field name to the function that reads it, where its kind is no plain one.
        given: fields that the caller fills.

    Returns:
        The record, or None if something in the section is wrong.
    """
    given, converters = dict(given or {}), converters or {}
    known = len(sink.errors)
    section = {} if section is None else section
    if not isinstance(section, Mapping):
        sink.report("KG204", f"`{path}` is {describe(section)}, expected a mapping", key=path)
        return None
    fields = {field.name: field for field in dataclasses.fields(record)}  # type: ignore[arg-type]
    readable = [name for name in fields if name != "path" and name not in given]
    _report_unknown_keys(section, readable, path, sink)
    hints = typing.get_type_hints(record)
    values = dict(given)
    for name in readable:
        if name not in section:
            continue
        key_path, value = join(path, name), section[name]
        if name in converters:
            values[name] = converters[name](value, key_path, sink)
        elif check_value(value, hints[name], key_path, sink):
            _check_bounds(value, fields[name], key_path, sink)
            values[name] = value
    if "path" in fields and "path" not in given:
        values["path"] = path
    return record(**values) if len(sink.errors) == known else None


def check_value(value: Tree, hint: object, path: str, sink: Sink) -> bool:
    """Whether a plain value is of the kind that an annotation names; reports KG204 if not."""
    if _fits(value, hint):
        return True
    item_hint = _item_hint(hint)
    if isinstance(value, Mapping) and item_hint is not None:
        for key, item in value.items():
            check_value(item, item_hint, join(path, key), sink)
        return False
    sink.report(
        "KG204",
        f"`{path.rpartition('.')[2]}` is {describe(value)}, expected {_expected(hint)}"
        + _limit_broken(value, hint),
        key=path,
        help=_value_help(value, hint),
    )
    return False


def _report_unknown_keys(
    section: Mapping[str, Tree], known: Sequence[str], path: str, sink: Sink
) -> None:
    """Reports the keys that a section does not have.

    Where it holds nothing but words that are far from all of them, its own name is the likelier
    mistake, and is told first.
    """
    unknown = [str(key) for key in section if key not in known]
    strange = [
        key
        for key in unknown
        if closest(key, known) is None and former_of(key, path, section, sink) is None
    ]
    if path and unknown and len(strange) == len(section):
        listed = ", ".join(f"`{key}`" for key in strange)
        sink.report(
            "KG107",
            f"`{path}` holds {listed}, and none of its own keys",
            key=path,
            at="key",
            help=did_you_mean("", known, listed=20),
        )
        return
    for key in unknown:
        report_unknown_key(key, known, path, sink, section)


def report_unknown_key(
    key: str,
    known: typing.Iterable[str],
    path: str,
    sink: Sink,
    section: Mapping[str, Tree] | None = None,
) -> None:
    """Reports KG107 for a key that a section does not have.

    Args:
        key: the key.
        known: the keys that the section has.
        path: key path of the section.
        sink: gets the mistake.
        section: the section as plain data, where its key may be one of former days.
    """
    former = None if section is None else former_of(key, path, section, sink)
    where = f"`{path}`" if path else "the config"
    sink.report(
        "KG107",
        f"{where} has no key `{key}`",
        key=join(path, key),
        at="key",
        help=former or did_you_mean(key, known, listed=20),
    )


def former_of(key: str, path: str, section: Mapping[str, Tree], sink: Sink) -> str | None:
    """What to write for a key that stands elsewhere today, or has another name."""
    return former_key(
        Written(
            section=path,
            key=key,
            value=section.get(key),
            around=section,
            beside=sink.beside(path, map(str, section), key),
            typed=sink.locate(join(path, key), "key").override is not None,
        )
    )


def report_no_group(group: str, sink: Sink) -> None:
    """Reports a group of which the config chooses no option (KG104)."""
    place = sink.locate(group, "key")
    help_text = f"write `- {group}: …` in the defaults list"
    if place.override is not None:
        help_text = f"leave `{place.override}` out"
    sink.report_at("KG104", f"the config has no group `{group}`", location=place, help=help_text)


def _item_hint(hint: object) -> object:
    """What the values of a mapping must be, where an annotation allows a mapping by name."""
    for option in hinted_options(hint):
        origin = typing.get_origin(option)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return typing.get_args(option)[1]
    return None


def hinted_options(hint: object) -> list[object]:
    """The kinds of value that an annotation allows, one by one."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return [option for part in typing.get_args(hint) for option in hinted_options(part)]
    return [hint]


def _fits(value: Tree, hint: object) -> bool:
    return any(_fits_one(value, option) for option in hinted_options(hint))


def _fits_one(value: Tree, option: object) -> bool:
    if option is type(None):
        return value is None
    if typing.get_origin(option) is Literal:
        return value in typing.get_args(option) and not isinstance(value, bool)
    if option is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and _holds(value)
    if option is int:
        return isinstance(value, int) and not isinstance(value, bool) and _holds(value)
    if option in (bool, str):
        return isinstance(value, option)
    origin = typing.get_origin(option)
    if origin is not None and issubclass(origin, Mapping):
        key_hint, value_hint = typing.get_args(option)
        return isinstance(value, Mapping) and all(
            _fits(key, key_hint) and _fits(item, value_hint) for key, item in value.items()
        )
    return False


def _holds(number: int | float) -> bool:
    """Whether a number is finite, and an integer no larger than the backends' own."""
    return abs(number) < 2**63 if isinstance(number, int) else math.isfinite(number)


def _limit_broken(value: Tree, hint: object) -> str:
    """What a number of the right kind lacks, for the end of a message."""
    if isinstance(value, bool) or not isinstance(value, int | float) or _holds(value):
        return ""
    if isinstance(value, int):
        return " below 2^63"
    return " that is finite" if float in hinted_options(hint) else ""


_WORDS = {bool: "true or false", int: "an integer", float: "a number", str: "a string"}


def _expected(hint: object) -> str:
    words = []
    for option in hinted_options(hint):
        if option is type(None):
            words.append("null")
        elif typing.get_origin(option) is Literal:
            words += [f"`{choice}`" for choice in typing.get_args(option)]
        elif option in _WORDS:
            words.append(_WORDS[option])
        else:
            words.append("a mapping")
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


def _value_help(value: Tree, hint: object) -> str | None:
    choices = [
        str(choice)
        for option in hinted_options(hint)
        if typing.get_origin(option) is Literal
        for choice in typing.get_args(option)
    ]
    return did_you_mean(value, choices) if isinstance(value, str) and choices else None


def _check_bounds(value: Tree, field: dataclasses.Field[Any], path: str, sink: Sink) -> None:
    minimum = field.metadata.get("minimum")
    if minimum is None or not isinstance(value, int | float) or isinstance(value, bool):
        return
    if not math.isfinite(value) or value < minimum:
        sink.report(
            "KG204", f"`{field.name}` is `{value}`, expected at least `{minimum}`", key=path
        )
