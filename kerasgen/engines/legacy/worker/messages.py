"""Messages between the engine's process and its parent: a JSON header and an npz archive.

Both sides use this file; it is written for Python 3.6 and needs NumPy alone.
"""

import io
import json
import struct

import numpy as np

MOST_HEADER = 1 << 26
"""Bytes that a header may have; a larger one is no message."""

_LENGTHS = struct.Struct(">QQ")


class ChannelError(Exception):
    """What came is no message, or ended in its midst."""


class Channel:
    """Reads and writes messages.

    Args:
        source: where they come from, a binary file.
        target: where they go to, a binary file.
    """

    def __init__(self, source, target):
        self._source, self._target = source, target

    def write(self, header, arrays):
        """Writes a message.

        Args:
            header: plain data.
            arrays: name to array.
        """
        text = json.dumps(header).encode()
        packed = io.BytesIO()
        if arrays:
            np.savez(packed, **arrays)
        body = packed.getbuffer()
        self._target.write(_LENGTHS.pack(len(text), len(body)))
        self._target.write(text)
        self._target.write(body)
        self._target.flush()

    def read(self):
        """Reads a message.

        Returns:
            The header and the arrays by name; None if no message comes any more.

        Raises:
            ChannelError: it is none, or ends in its midst.
        """
        lengths = self._source.read(_LENGTHS.size)
        if not lengths:
            return None
        if len(lengths) < _LENGTHS.size:
            raise ChannelError("it ends in the midst of a message")
        size, rest = _LENGTHS.unpack(lengths)
        if size > MOST_HEADER:
            raise ChannelError("what came is no message")
        try:
            header = json.loads(self._exactly(size).decode())
        except ValueError:
            raise ChannelError("what came is no message")
        arrays = {}
        if rest:
            with np.load(io.BytesIO(self._exactly(rest)), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
        return header, arrays

    def _exactly(self, size):
        parts, left = [], size
        while left:
            part = self._source.read(min(left, 1 << 24))
            if not part:
                raise ChannelError("it ends in the midst of a message")
            parts.append(part)
            left -= len(part)
        return b"".join(parts)
