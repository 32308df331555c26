"""Records of TensorFlow, read without it: the examples of a TFRecord file.

A record is its length, a checksum of that, its bytes, and a checksum of these, which
are not looked at. An example is a message of Protocol Buffers: names to lists of bytes,
floats or whole numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kerasgen.runtime.errors import DataError

HEAD = 12
"""Bytes of the length of a record and its checksum."""


def read_examples(file: Path) -> Iterator[dict[str, Any]]:
    """The examples of a file: name to a list of bytes, or an array of numbers.

    Raises:
        DataError: the file is cut off, or holds something else.
    """
    size, row = file.stat().st_size, 0
    with file.open("rb") as stream:
        while head := stream.read(HEAD):
            row += 1
            length = struct.unpack("<Q", head[:8])[0] if len(head) == HEAD else size
            if length + 4 > size - stream.tell():
                problem = f"`{file.name}` is cut off in its example {row}"
                raise DataError(problem, about="files")
            content = stream.read(length)
            stream.read(4)
            try:
                yield example_of(content)
            except (IndexError, ValueError, struct.error):
                problem = f"`{file.name}` holds no example as its record {row}"
                raise DataError(problem, about="files") from None


def example_of(content: bytes) -> dict[str, Any]:
    """The features of an example by name."""
    found: dict[str, Any] = {}
    for number, features in message_fields(content):
        if number != 1:
            continue
        for _, entry in message_fields(features):
            parts = dict(message_fields(entry))
            found[parts[1].decode()] = feature_values(parts.get(2, b""))
    return found


def feature_values(content: bytes) -> Any:
    """The values of a feature."""
    for number, values in message_fields(content):
        fields = list(message_fields(values))
        if number == 1:
            return [value for _, value in fields]
        if number == 2:
            raw = b"".join(value for _, value in fields)
            return np.frombuffer(raw, dtype="<f4")
        packed = [v if isinstance(v, int) else packed_numbers(v) for _, v in fields]
        return np.hstack(packed).astype("int64") if packed else np.zeros(0, "int64")
    return []


def message_fields(content: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field of a message: bytes, or a whole number.

    Raises:
        ValueError: it is no message.
    """
    at = 0
    while at < len(content):
        key, at = whole_number(content, at)
        kind = key & 7
        if kind == 0:
            value, at = whole_number(content, at)
            yield key >> 3, value - 2**64 if value >= 2**63 else value
            continue
        length = {1: 8, 5: 4}.get(kind)
        if kind == 2:
            length, at = whole_number(content, at)
        if length is None or at + length > len(content):
            raise ValueError("no message")
        yield key >> 3, content[at : at + length]
        at += length


def whole_number(content: bytes, at: int) -> tuple[int, int]:
    """A whole number of seven bits a byte, and where the next field begins.

    Raises:
        ValueError: it has no end.
    """
    value = shift = 0
    while True:
        byte = content[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value & (2**64 - 1), at
        if shift > 63:
            raise ValueError("no message")


def packed_numbers(content: bytes) -> Any:
    """The whole numbers of a list, one behind the other."""
    raw = np.frombuffer(content, dtype="uint8")
    ends = np.flatnonzero(raw < 128)
    if len(ends) == len(raw):
        return raw.astype("int64")
    found, at = [], 0
    for _ in ends:
        value, at = whole_number(content, at)
        found.append(value - 2**64 if value >= 2**63 else value)
    return np.array(found, dtype="int64")
