"""Weights beside the `model.json` of TensorFlow.js: shards of bytes, quantized or not.

This room owns the manifest of weights and its shards. It must not know layers. The form is that of
`tfjs.io`: each group lists files, whose bytes one after the other hold its weights, in order.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from kerasgen.engines.keras3.model_files.array_records import (
    MOST_AXES,
    Array,
    Group,
    Grouped,
    Values,
    from_bytes,
)
from kerasgen.foreign.json_data import Bounds, parse_json
from kerasgen.foreign.regular_files import ForeignFileError, open_regular, read_bytes

_LARGEST_JSON = 64 * 2**20
"""Bytes of a `model.json`."""

_DTYPES = ("float32", "int32", "uint8", "bool", "float16", "uint16", "int8", "int16")
"""Types that weights have in the file; the last ones only where they are quantized."""


@dataclass(frozen=True, slots=True)
class _Files:
    """The shards of one group, as if they were one file."""

    folder: Path
    parts: tuple[tuple[Path, int], ...]

    def read(self, offset: int, size: int) -> bytes:
        pieces = []
        for path, length in self.parts:
            if 0 <= offset < length and size > 0:
                with open_regular(path, within=self.folder) as file:
                    file.seek(offset)
                    pieces.append(file.read(min(size, length - offset)))
                size -= len(pieces[-1])
                offset = length
            offset -= length
        return b"".join(pieces)


def read_shards(model: Path) -> Grouped:
    """The weights that the manifest of a `model.json` lists; each is read when it is asked for.

    Args:
        model: the `model.json`; no file outside of its folder is read.

    Raises:
        ForeignFileError: there is no sound manifest, or a shard is not there or too short.
    """
    content = read_bytes(model, most=_LARGEST_JSON)
    found = parse_json(content, Bounds(size=_LARGEST_JSON))
    groups = found.get("weightsManifest") if isinstance(found, Mapping) else None
    if not isinstance(groups, list):
        raise ForeignFileError("holds no `weightsManifest`, which says where its weights are")
    arrays: list[Array] = []
    seen: set[Path] = set()
    for group in groups:
        if not isinstance(group, Mapping):
            raise ForeignFileError("holds a group of weights that is not a mapping")
        arrays += _group(group, model.parent, seen)
    whole = Group(name="", arrays=tuple(arrays))
    return Grouped(groups=(whole,), backend="tensorflow")


def _group(group: Mapping[str, Any], folder: Path, seen: set[Path]) -> Iterator[Array]:
    paths, weights = group.get("paths"), group.get("weights")
    if not isinstance(paths, list) or not isinstance(weights, list):
        raise ForeignFileError("holds a group of weights without `paths` and `weights`")
    listed = _files(paths, folder, seen)
    files = _Files(folder, tuple((path, _length(path, folder)) for path in listed))
    offset = 0
    for weight in weights:
        array, size = _weight(weight, files, offset)
        offset += size
        yield array
    held = sum(length for _, length in files.parts)
    if offset != held:
        raise ForeignFileError(f"lists weights of {offset:,} bytes, and its files hold {held:,}")


def _files(paths: Sequence[Any], folder: Path, seen: set[Path]) -> Iterator[Path]:
    """The shards of a group, each of which stands for its own bytes once in the whole file."""
    for path in paths:
        pure = PurePosixPath(str(path))
        if not isinstance(path, str) or pure.is_absolute() or ".." in pure.parts or ":" in path:
            raise ForeignFileError(f"names `{str(path)[:60]}`, which is no file beside it")
        if folder / pure in seen:
            raise ForeignFileError(f"lists its file `{path[:60]}` twice")
        seen.add(folder / pure)
        yield folder / pure


def _length(path: Path, folder: Path) -> int:
    try:
        with open_regular(path, within=folder) as file:
            return os.fstat(file.fileno()).st_size
    except ForeignFileError as error:
        raise ForeignFileError(f"needs `{path.name}`, which {_told(error)}") from None


def _told(error: ForeignFileError) -> str:
    return "is not there" if error.missing else error.reason


def _weight(weight: object, files: _Files, offset: int) -> tuple[Array, int]:
    """One weight with the number of its bytes."""
    told = weight if isinstance(weight, Mapping) else {}
    name, dtype, shape = told.get("name"), told.get("dtype"), told.get("shape")
    quantization = told.get("quantization")
    if not isinstance(name, str) or not isinstance(shape, list) or not _is_shape(shape):
        raise ForeignFileError("lists a weight without a name and a shape")
    stored = quantization.get("dtype") if isinstance(quantization, Mapping) else dtype
    if stored not in _DTYPES:
        raise ForeignFileError(f"lists `{name}` with the type `{stored}`, which it cannot have")
    size = prod(shape) * np.dtype(stored).itemsize

    def read() -> Values:
        values = from_bytes(files.read(offset, size), stored, tuple(shape))
        return _dequantized(values, quantization) if isinstance(quantization, Mapping) else values

    return Array(name=name, shape=tuple(shape), read=read), size


def _is_shape(shape: Sequence[Any]) -> bool:
    return len(shape) <= MOST_AXES and all(map(_is_size, shape))


def _is_size(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 40


def _dequantized(values: Values, quantization: Mapping[str, Any]) -> Values:
    """Whole numbers as what they stand for: scale times the number, plus the least value."""
    if "scale" not in quantization:
        return values.astype("float32")
    scale, least = quantization.get("scale"), quantization.get("min", 0)
    if not isinstance(scale, int | float) or not isinstance(least, int | float):
        raise ForeignFileError("quantizes by something else than a `scale` and a `min`")
    return (values.astype("float32") * np.float32(scale) + np.float32(least)).astype("float32")
