"""Arrays as model files store them: records, read nowhere yet and converted nowhere.

This room owns the two ways in which files order weights: in groups, one a layer, or by path. It
must not know layers, nor any file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerasgen.foreign.regular_files import ForeignFileError

Values: TypeAlias = NDArray[Any]

MOST_AXES = 64
"""Axes of an array, which is as many as NumPy's have; a file may declare millions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """One array of a file.

    Attributes:
        name: its name in the file.
        shape: its shape, known before it is read.
        read: reads it.
    """

    name: str
    shape: tuple[int, ...]
    read: Callable[[], Values]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The arrays of one layer, in their order; of a model inside, those of all its layers."""

    name: str
    arrays: tuple[Array, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """What `.h5` files of every Keras hold, and with it SavedModels and TensorFlow.js.

    Attributes:
        groups: the groups, in the order of the layers; their names may be empty. A single one
            without a name holds the whole model.
        backend: the engine that wrote them, None where the file does not say.
        keras_version: the version that wrote them, likewise.
    """

    groups: tuple[Group, ...]
    backend: str | None = None
    keras_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """What `.keras` files hold: arrays by path, such as `layers/dense/vars/0`."""

    arrays: Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named(Paths):
    """The same, with the names of the layers as far as the file tells them.

    Attributes:
        names: the path of a layer (`layers/dense`) to its name.
    """

    names: Mapping[str, str]


Stored: TypeAlias = Grouped | Paths


def from_bytes(content: bytes, dtype: str, shape: tuple[int, ...]) -> Values:
    """An array of the bytes that a file holds for it.

    Args:
        content: as many bytes as the shape takes, the lowest of a number first.
        dtype: a name of NumPy, or `bfloat16`.
        shape: the shape.

    Raises:
        ForeignFileError: there are more or fewer bytes.
    """
    stored = np.dtype("<u2") if dtype == "bfloat16" else np.dtype(dtype).newbyteorder("<")
    if len(content) != prod(shape) * stored.itemsize:
        raise ForeignFileError(
            f"holds {len(content):,} bytes for an array of the shape {shape} ({dtype})"
        )
    values: Values = np.frombuffer(content, stored).reshape(shape)
    return widened(values) if dtype == "bfloat16" else values


def widened(halves: Values) -> Values:
    """Numbers of the format bfloat16, given as their 16 bits, as float32: the same numbers."""
    return (halves.astype("<u4") << 16).view("<f4")
