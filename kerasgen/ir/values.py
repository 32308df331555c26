"""Values: what an argument of an object may hold, and what is known of a tensor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from kerasgen.ir.model import ModelDef


Shape: TypeAlias = tuple[int | None, ...]
"""Sizes of the axes, channels last; None for an axis whose size is open."""

Plain: TypeAlias = bool | int | float | str | None
"""A value without parts."""

Tree: TypeAlias = "Plain | list[Tree] | Mapping[str, Tree]"
"""Plain data, as YAML and JSON have it."""

Value: TypeAlias = "Plain | ObjectDef | ModelDef | tuple[Value, ...] | Mapping[str, Value]"
"""What an argument may hold: a plain value, an object, or lists and mappings of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSpec:
    """What is known of a tensor before it exists.

    Attributes:
        shape: sizes of all axes; the first is the batch, None unless an input fixes it.
        dtype: Keras's name of the element type.
    """

    shape: Shape
    dtype: str = "float32"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectDef:
    """One object of Keras or of a data source: a class and the arguments that were written.

    Attributes:
        cls: the class name as written, with or without its module (`Adam`, `losses.Huber`).
        arguments: argument name to value, in the order in which they were written.
        path: key path of the entry.
        bare: whether it was written as a bare string, without arguments.
    """

    cls: str
    arguments: Mapping[str, Value] = field(default_factory=dict)
    path: str = ""
    bare: bool = False
