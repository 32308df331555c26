"""The wire format of protocol buffers, read field by field.

This room owns numbers and lengths; what a field means is for who asks. TensorFlow's own readers
would be an engine's worth of code for a few names and sizes.
"""

from __future__ import annotations

from collections.abc import Iterator

from kerasgen.foreign.regular_files import ForeignFileError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

_SIZES = {_FIXED64: 8, _FIXED32: 4}


def read_fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message in order: numbers of variable length, and everything else as bytes.

    Raises:
        ForeignFileError: it is none.
    """
    at = 0
    while at < len(message):
        key, at = read_varint(message, at)
        field, wire = key >> 3, key & 7
        if wire == _VARINT:
            number, at = read_varint(message, at)
            yield field, number
            continue
        if wire == _BYTES:
            size, at = read_varint(message, at)
        elif wire in _SIZES:
            size = _SIZES[wire]
        else:
            raise ForeignFileError(f"is no protocol buffer: it has a field of the kind {wire}")
        if at + size > len(message):
            raise ForeignFileError("is no protocol buffer: it ends too early")
        yield field, message[at : at + size]
        at += size


def messages(message: bytes, field: int) -> Iterator[bytes]:
    """The messages in a field that may stand several times.

    Raises:
        ForeignFileError: it is none.
    """
    for number, value in read_fields(message):
        if number == field and isinstance(value, bytes):
            yield value


def numbers(message: bytes) -> dict[int, int]:
    """The fields that hold a number; of several, the last counts.

    Raises:
        ForeignFileError: it is none.
    """
    return {field: value for field, value in read_fields(message) if isinstance(value, int)}


def read_text(message: bytes, field: int) -> str:
    """The text in a field, empty where there is none.

    Raises:
        ForeignFileError: it is none.
    """
    found = b"".join(list(messages(message, field))[-1:])
    return found.decode("utf-8", "replace")


def read_varint(content: bytes, at: int) -> tuple[int, int]:
    """A number of variable length and where the next byte stands.

    Raises:
        ForeignFileError: it has no end.
    """
    value = shift = 0
    while True:
        if at >= len(content) or shift > 63:
            raise ForeignFileError("is no protocol buffer: it ends too early")
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
