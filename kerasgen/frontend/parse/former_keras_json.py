"""What a keras.json of an earlier Keras says, in the words of today.

This room owns the former names alone. Keras 1 had `image_dim_ordering` with `th` and `tf`, by the
engines that held images so; guides have `tf` and `th` for the engines themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kerasgen.diagnostics import describe
from kerasgen.ir.values import Tree

_ORDERINGS = {"th": "channels_first", "tf": "channels_last"}
"""Values of `image_dim_ordering` to those of `image_data_format`."""

_ENGINES = {"tf": "tensorflow", "th": "theano"}
"""Short names of engines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerSetting:
    """A setting of an earlier Keras.

    Attributes:
        name: the key that it has today; empty where it says nothing that counts.
        value: its value today.
        told: what is said of it.
        help: how it is written today.
        understood: whether it has a meaning.
    """

    name: str
    value: Tree
    told: str
    help: str
    understood: bool = True


def former_setting(name: str, value: Tree, file: Mapping[str, Tree]) -> FormerSetting | None:
    """What a key of a keras.json was in an earlier Keras, None for one of today.

    Args:
        name: the key.
        value: its value.
        file: all that the file says.
    """
    if name == "backend" and isinstance(value, str) and value in _ENGINES:
        now = _ENGINES[value]
        told = f"the backend `{value}` is `{now}` by its short name"
        return FormerSetting(name=name, value=now, told=told, help=f'write `"backend": "{now}"`')
    if name == "image_data_format" and isinstance(value, str) and value in _ORDERINGS:
        now = _ORDERINGS[value]
        told = f"`{name}: {value}` is a value of `image_dim_ordering`, which Keras 1 had"
        return FormerSetting(name=name, value=now, told=told, help=f'write `"{name}": "{now}"`')
    if name != "image_dim_ordering":
        return None
    ordering = _ORDERINGS.get(value) if isinstance(value, str) else None
    if ordering is None:
        told = f"`{name}` is {describe(value)}, expected `th` or `tf`"
        help_text = "write `image_data_format` with `channels_first` or `channels_last`"
        return FormerSetting(name="", value=None, told=told, help=help_text, understood=False)
    if "image_data_format" in file:
        told = f"`{name}` of Keras 1 counts for nothing beside `image_data_format`"
        return FormerSetting(name="", value=None, told=told, help="leave it out")
    told = f"`{name}: {value}` of Keras 1 is `image_data_format: {ordering}` today"
    help_text = f'write `"image_data_format": "{ordering}"`'
    return FormerSetting(name="image_data_format", value=ordering, told=told, help=help_text)
