"""Arrays of NumPy in an archive of a stranger: numbers and words, and no more than it holds.

This room owns reading `.npz` files within bounds. It must not know what the arrays mean.

Decisions:
- What a header declares is held against the bytes that follow it before an array is made: a header
  of a hundred bytes can ask for any amount of memory, and elements without bytes for any number.
- Objects of Python are refused: they would have to be unpickled.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from kerasgen.foreign.archives import open_archive, read_member
from kerasgen.foreign.regular_files import TOO_MUCH, ForeignFileError

MOST_ARRAY = 2**30
"""Bytes of one array."""

_ENDING = ".npy"


def read_npz(
    path: str | Path, names: Iterable[str], *, within: Path | None = None
) -> dict[str, np.ndarray[Any, Any]]:
    """Some arrays of an archive.

    Args:
        path: the file.
        names: the arrays that are read.
        within: a folder that a link must not lead out of, or None.

    Raises:
        ForeignFileError: it cannot be read, lacks an array, or one is not what it should be.
    """
    with open_archive(path, within=within) as archive:
        return {
            name: _array(read_member(archive, f"{name}{_ENDING}", most=MOST_ARRAY), name)
            for name in dict.fromkeys(names)
        }


def _array(content: bytes, name: str) -> np.ndarray[Any, Any]:
    stream = io.BytesIO(content)
    try:
        version = npy.read_magic(stream)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read_header(stream)
        _require_held(shape, dtype, len(content), name)
        stream.seek(0)
        array: np.ndarray[Any, Any] = npy.read_array(stream, allow_pickle=False)
    except (ValueError, TypeError, EOFError, OverflowError, MemoryError) as error:
        told = " ".join(str(error).split())[:200]
        raise ForeignFileError(f"holds a `{name[:60]}` that is no array: {told}") from None
    return array


def _require_held(shape: tuple[int, ...], dtype: Any, held: int, name: str) -> None:
    if dtype.hasobject or dtype.kind not in "biufSU":
        told = "objects of Python" if dtype.hasobject else f"elements of the kind `{dtype.kind}`"
        raise ForeignFileError(f"holds {told} as `{name[:60]}`, expected numbers or words")
    if (declared := prod(shape) * max(1, dtype.itemsize)) > held:
        raise ForeignFileError(
            f"declares {declared:,} bytes as `{name[:60]}` and holds {held:,} of them",
            code=TOO_MUCH,
        )
