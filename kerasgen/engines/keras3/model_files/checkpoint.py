"""Checkpoints of TensorFlow, which SavedModel folders keep their variables in.

This room owns the two files of a checkpoint: the index, a sorted table of keys and places, and
the shards of data. They are read directly: TensorFlow's own reader would start an engine, which
a user of another one may not have. It must not know layers.

The table is LevelDB's: blocks of entries whose keys share what the key before begins with, a block
that says where the others begin, and a footer that leads to it. TensorFlow packs none of them.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kerasgen.engines.keras3.model_files.array_records import (
    MOST_AXES,
    Array,
    Group,
    Grouped,
    Values,
    from_bytes,
)
from kerasgen.engines.keras3.model_files.protobuf import (
    messages,
    numbers,
    read_text,
    read_varint,
)
from kerasgen.foreign.regular_files import TOO_MUCH, ForeignFileError, open_regular, read_bytes

_MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)

_FOOTER = 48
"""Bytes at the end of a table."""

_LARGEST_INDEX = 64 * 2**20
"""Bytes of an index; one of ten thousand variables has one MiB."""

_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
"""Key of the description of the objects."""

_VALUE = "VARIABLE_VALUE"
"""Name of the attribute of a variable that holds its array."""

_STRING = 7
"""TensorFlow's number for strings."""

_DTYPES = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 9: "int64",
    10: "bool", 14: "bfloat16", 17: "uint16", 19: "float16", 22: "uint32", 23: "uint64",
}  # fmt: skip
"""TensorFlow's numbers of types to names of NumPy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """Where a tensor lies."""

    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """An object: what stands at its attributes, by number, and its array if it is a variable."""

    children: Mapping[str, int]
    array: Array | None = None


def read_checkpoint(folder: Path, prefix: str) -> Grouped:
    """The variables of each layer of a model, in the model's order of layers and the layer's own.

    A layer of a model stands at the attribute `layer-N` of it, and its variables, those of layers
    inside it too, in the list `variables` of the layer. The names of layers are not among it.

    Args:
        folder: the folder of the SavedModel; no file outside of it is read.
        prefix: the checkpoint inside of it, such as `variables/variables`.

    Raises:
        ForeignFileError: it is not there, or is none.
    """
    index = folder / f"{prefix}.index"
    content = read_bytes(index, most=_LARGEST_INDEX, within=folder)
    entries: dict[str, _Entry] = {}
    shards = 1
    for key, value in _entries(content):
        if key == b"":
            shards = numbers(value).get(1, 1)
        else:
            entries[key.decode("utf-8", "replace")] = _entry(value)
    if not 0 < shards <= len(entries) + 1:
        raise ForeignFileError(f"says that its data lies in {shards} files")
    reader = partial(_read, folder, prefix, shards)
    graph = entries.get(_GRAPH)
    if graph is None or graph.dtype != _STRING:
        raise ForeignFileError(
            "describes no objects: it is a checkpoint of TensorFlow 1, which names no layers"
        )
    nodes = tuple(_nodes(_string(reader(graph)), entries, reader))
    return Grouped(groups=tuple(_groups(nodes)), backend="tensorflow")


def _groups(nodes: Sequence[_Node]) -> Iterator[Group]:
    def child(node: _Node, name: str) -> _Node | None:
        number = node.children.get(name, len(nodes))
        return nodes[number] if number < len(nodes) else None

    number = 0
    while nodes and (layer := child(nodes[0], f"layer-{number}")) is not None:
        listed = child(layer, "variables") or _Node(children={})
        arrays: list[Array] = []
        while (variable := child(listed, str(len(arrays)))) is not None:
            if variable.array is None:
                raise ForeignFileError(f"keeps no values of a variable of its layer {number}")
            arrays.append(variable.array)
        if not arrays:  # `Normalization` keeps its own at attributes alone.
            own = (child(layer, name) for name in layer.children)
            found = [node.array for node in own if node is not None and node.array is not None]
            arrays = list({array.name: array for array in found}.values())
        yield Group(name="", arrays=tuple(arrays))
        number += 1


def _entry(value: bytes) -> _Entry:
    told = numbers(value)
    shape = []
    for tensor_shape in messages(value, 2):
        for dimension in messages(tensor_shape, 2):
            shape.append(numbers(dimension).get(1, 0))
    if len(shape) > MOST_AXES or any(size >= 1 << 40 for size in shape):
        raise ForeignFileError("holds a variable of an absurd shape", code=TOO_MUCH)
    return _Entry(
        dtype=told.get(1, 0),
        shape=tuple(shape),
        shard=told.get(3, 0),
        offset=told.get(4, 0),
        size=told.get(5, 0),
    )


def _nodes(graph: bytes, entries: Mapping[str, _Entry], reader: partial[bytes]) -> Iterator[_Node]:
    for node in messages(graph, 1):
        children, array = {}, None
        for child in messages(node, 1):
            children[read_text(child, 2)] = numbers(child).get(1, 0)
        for attribute in messages(node, 2):
            if read_text(attribute, 1) != _VALUE:
                continue
            entry = entries.get(read_text(attribute, 3))
            if entry is not None and entry.dtype in _DTYPES:
                name = read_text(attribute, 2) or read_text(attribute, 3)
                array = _array(name, entry, reader)
        yield _Node(children=children, array=array)


def _array(name: str, entry: _Entry, reader: partial[bytes]) -> Array:
    dtype = _DTYPES[entry.dtype]

    def read() -> Values:
        return from_bytes(reader(entry), dtype, entry.shape)

    return Array(name=name, shape=entry.shape, read=read)


def _read(folder: Path, prefix: str, shards: int, entry: _Entry) -> bytes:
    """The bytes of a tensor; no more than the file has, whatever the index says."""
    path = folder / f"{prefix}.data-{entry.shard:05d}-of-{shards:05d}"
    with open_regular(path, within=folder) as file:
        if entry.offset + entry.size > os.fstat(file.fileno()).st_size:
            raise ForeignFileError(f"is cut off: `{path.name}` ends before a variable does")
        file.seek(entry.offset)
        return file.read(entry.size)


def _string(content: bytes) -> bytes:
    """The one string of a tensor of strings: its length, a checksum of it, and its bytes."""
    size, at = read_varint(content, 0)
    if len(content) != at + 4 + size:
        raise ForeignFileError("holds a damaged description of its objects")
    return content[at + 4 :]


def _entries(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The keys of a table with their values, in order."""
    if len(table) < _FOOTER or table[-8:] != _MAGIC:
        raise ForeignFileError("is not the index of a checkpoint")
    _, _, at = _handle(table, len(table) - _FOOTER)
    start, size, _ = _handle(table, at)
    seen = 0
    for _, value in _block(table, start, size):
        begin, length, _ = _handle(value, 0)
        seen += length
        if seen > len(table):
            raise ForeignFileError("is not the index of a checkpoint: its blocks overlap")
        yield from _block(table, begin, length)


def _handle(content: bytes, at: int) -> tuple[int, int, int]:
    start, at = read_varint(content, at)
    size, at = read_varint(content, at)
    return start, size, at


def _block(table: bytes, start: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """The entries of a block; behind them stand the places of some, and how many those are."""
    if start + size + 1 > len(table) or size < 4:
        raise ForeignFileError("is not the index of a checkpoint: a block lies outside of it")
    if table[start + size] != 0:
        raise ForeignFileError("is an index whose blocks are packed, which TensorFlow never does")
    block = table[start : start + size]
    restarts = struct.unpack("<L", block[-4:])[0]
    end = size - 4 - 4 * restarts
    at, key = 0, b""
    while at < end:
        shared, at = read_varint(block, at)
        fresh, at = read_varint(block, at)
        length, at = read_varint(block, at)
        if shared > len(key) or at + fresh + length > end:
            raise ForeignFileError("is not the index of a checkpoint: an entry is damaged")
        key = key[:shared] + block[at : at + fresh]
        at += fresh
        yield key, block[at : at + length]
        at += length
