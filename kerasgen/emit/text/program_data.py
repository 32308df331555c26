"""A program as plain data whose key paths are those of its config.

This room owns the way back from the records of the IR to the words of a config, so that two
programs can be compared in these words. What is not written holds its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from kerasgen.emit.text.config import entries_data, model_data, object_data
from kerasgen.ir.model import Entry, ModelDef
from kerasgen.ir.program import Program
from kerasgen.ir.values import ObjectDef, Tree

_LEFT_OUT = frozenset({"path", "bare", "joined"})
"""Fields that say how and where something was written."""

_LAYERS = "layers"


def program_data(program: Program) -> dict[str, Tree]:
    """A program as plain data: `model.layers.hidden.units` is a key path of it.

    Objects are mappings with their `class`, also where the config has a bare name.
    """
    return _record(program)


def _record(value: object) -> dict[str, Tree]:
    assert is_dataclass(value)
    data: dict[str, Tree] = {}
    for item in fields(value):
        held = getattr(value, item.name)
        if item.name not in _LEFT_OUT and held not in (None, (), "") and held != {}:
            data[item.name] = _data(held)
    if data.pop("automatic", False):  # Of `data.prepare: auto` with steps beside it.
        steps = data.get("prepare")
        data["prepare"] = {"auto": True, **(steps if isinstance(steps, Mapping) else {})}
    return data


def _data(value: object) -> Tree:
    if isinstance(value, ModelDef):
        return _with_classes(model_data(value))
    if isinstance(value, ObjectDef):
        return object_data(value)
    if isinstance(value, tuple):
        steps = tuple(item for item in value if isinstance(item, Entry))
        if steps:
            return _with_classes({_LAYERS: entries_data(steps)})[_LAYERS]
        return [_data(item) for item in value]
    if isinstance(value, Mapping):
        if set(value) == {""}:  # One unnamed target, and its task.
            return _data(value[""])
        return {str(key): _data(item) for key, item in value.items()}
    if is_dataclass(value):
        return _record(value)
    assert value is None or isinstance(value, bool | int | float | str)
    return value


def _with_classes(model: Mapping[str, Tree]) -> dict[str, Tree]:
    """The data of a model in which each layer is a mapping, those inside it as well."""
    data = dict(model)
    layers = data.get(_LAYERS)
    if isinstance(layers, Mapping):
        data[_LAYERS] = {
            name: _with_classes(entry) if isinstance(entry, Mapping) else {"class": entry}
            for name, entry in layers.items()
        }
    return data
