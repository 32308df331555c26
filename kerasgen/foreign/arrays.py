"""Arrays of a stranger in an `.npz` archive: read within bounds, and never as pickles.

This room owns reading such archives. It must not know what the arrays mean. NumPy is imported
where it is used.

Decisions:
- NumPy makes an array of the size that a header names before it reads a value of it. The header
  is read first, and held against the size of the member that it stands in.
"""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kerasgen.foreign.archives import open_archive
from kerasgen.foreign.opening import TOO_MUCH, ForeignFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_UNPACKED = 4 * 2**30
"""Bytes of all arrays of an archive, above which it is not read."""


def read_arrays(
    path: str | Path, *, most: int = MOST_UNPACKED, within: Path | None = None
) -> dict[str, NDArray[Any]]:
    """The arrays of an `.npz` archive by their names.

    Args:
        path: the file.
        most: bytes of all arrays above which it is not read.
        within: a folder that a link must not lead out of, or None.

    Raises:
        ForeignFileError: it cannot be read, holds pickled objects, or unpacks to too much.
    """
    with open_archive(path, within=within) as archive:
        members = archive.infolist()
        unpacked = sum(member.file_size for member in members)
        if unpacked > most:
            told = f"unpacks to {unpacked:,} bytes, expected at most {most:,}"
            raise ForeignFileError(told, code=TOO_MUCH)
        return {member.filename.removesuffix(".npy"): _array(archive, member) for member in members}


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    import numpy as np

    shown = member.filename[:60]
    try:
        with archive.open(member) as stream:
            shape, dtype = _header(stream)
        if dtype.hasobject:
            raise ForeignFileError(f"holds pickled objects in `{shown}`, which are not read")
        size = math.prod(shape) * max(dtype.itemsize, 1)
        if size > member.file_size:
            told = f"declares an array `{shown}` of {size:,} bytes and holds {member.file_size:,}"
            raise ForeignFileError(told, code=TOO_MUCH)
        with archive.open(member) as stream:
            array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    # NumPy's own words for a damaged header, some of them Python's parser's.
    except (ValueError, TypeError, SyntaxError, KeyError, OverflowError, MemoryError) as error:
        told = " ".join(str(error).split())[:200]
        raise ForeignFileError(f"holds no sound array in `{shown}`: {told}") from None
    return array


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], Any]:
    from numpy.lib import format as forms

    version = forms.read_magic(stream)
    if version == (1, 0):
        shape, _, dtype = forms.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, _, dtype = forms.read_array_header_2_0(stream)
    else:
        raise ForeignFileError(f"holds an array of the form {version}, expected 1.0 or 2.0")
    if any(size < 0 for size in shape):
        raise ForeignFileError("holds an array with a negative size")
    return shape, dtype
