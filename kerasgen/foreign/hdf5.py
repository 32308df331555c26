"""HDF5 files of a stranger: none that leads to other files, or asks for more than it holds.

This room owns what is looked at before anybody reads weights out of such a file. It must not know
what the data sets mean. h5py is imported where it is used: a listing of runs needs none.

Decisions:
- Links are looked at, not followed. An external one opens another file, a soft one can go round
  in circles; writers of weights make neither.
- A data set without data, or with a filter, may stand for any amount of memory. What all of them
  declare is held against what is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from kerasgen.foreign.archives import FREE_BYTES, MOST_EXPANSION
from kerasgen.foreign.regular_files import TOO_MUCH, ForeignFileError, open_regular

if TYPE_CHECKING:
    import h5py

MOST_OBJECTS = 200_000
"""Groups and data sets of a file."""

MOST_LEVELS = 200
"""Groups inside one another."""

MOST_ATTRIBUTE = 64 * 2**20
"""Bytes of one attribute; old files keep the model's config in one."""


@contextmanager
def open_hdf5(path: str | Path, *, within: Path | None = None) -> Iterator[h5py.File]:
    """Opens an HDF5 file that may be read as a whole.

    Args:
        path: the file.
        within: a folder that a link must not lead out of, or None.

    Raises:
        ForeignFileError: it cannot be read, leads to other files, or asks for more than it holds.
    """
    with open_regular(path, within=within) as file, checked_hdf5(file) as opened:
        yield opened


@contextmanager
def checked_hdf5(file: BinaryIO) -> Iterator[h5py.File]:
    """The HDF5 file in an open file of Python's; what h5py raises inside becomes one error.

    Raises:
        ForeignFileError: as for `open_hdf5`.
    """
    import h5py

    try:
        with h5py.File(file, "r") as opened:
            declared_bytes(opened)
            yield opened
    # h5py raises all of these, by the place of the damage.
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError) as error:
        told = " ".join(str(error).split()) or type(error).__name__
        raise ForeignFileError(f"is not a sound HDF5 file: {told[:200]}") from None


def declared_bytes(file: h5py.File) -> int:
    """The bytes of all data sets in a file, once each.

    Raises:
        ForeignFileError: it leads to other files, or asks for more than it holds.
    """
    declared = stored = 0
    for item in _objects(file):
        for name in item.attrs:
            _require_small_attribute(item, name)
        if hasattr(item, "shape"):
            _require_own_data(item)
            # A data set without a shape holds nothing at all.
            declared += prod(item.shape or (0,)) * item.dtype.itemsize
            stored += item.id.get_storage_size()
    if declared > FREE_BYTES + MOST_EXPANSION * stored:
        raise ForeignFileError(
            f"declares data of {declared:,} bytes and holds {stored:,} of them", code=TOO_MUCH
        )
    return declared


def _objects(file: h5py.File) -> Iterator[h5py.Group | h5py.Dataset]:
    """All groups and data sets, each once however many links lead to it."""
    import h5py

    seen: set[int] = set()
    waiting: list[tuple[h5py.Group | h5py.Dataset, int]] = [(file, 1)]
    while waiting:
        item, level = waiting.pop()
        address = h5py.h5o.get_info(item.id).addr
        if address in seen:
            continue
        seen.add(address)
        if len(seen) > MOST_OBJECTS or level > MOST_LEVELS:
            raise ForeignFileError(
                f"holds more than {MOST_OBJECTS:,} groups and data sets"
                if level <= MOST_LEVELS
                else f"is nested more than {MOST_LEVELS} levels deep",
                code=TOO_MUCH,
            )
        yield item
        for name in item if isinstance(item, h5py.Group) else ():
            if not isinstance(item.get(name, getlink=True), h5py.HardLink):
                raise ForeignFileError(f"holds `{name[:60]}`, which is a link to something else")
            waiting.append((item[name], level + 1))


def _require_own_data(item: h5py.Dataset) -> None:
    name = str(item.name)[:60]
    if item.external:
        raise ForeignFileError(f"keeps the data of `{name}` in another file")
    if item.is_virtual:
        raise ForeignFileError(f"takes the data of `{name}` from other data sets")


def _require_small_attribute(item: h5py.Group | h5py.Dataset, name: str) -> None:
    attribute = item.attrs.get_id(name)
    size = prod(attribute.shape or (0,)) * attribute.dtype.itemsize
    if size > MOST_ATTRIBUTE:
        raise ForeignFileError(f"holds an attribute `{name[:60]}` of {size:,} bytes", code=TOO_MUCH)
