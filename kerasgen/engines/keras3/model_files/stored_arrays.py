"""The weights of a model file, opened: arrays with their names and shapes, ready to be read.

This room owns which form of file is read in which way, and the attributes by which HDF5 files name
their groups. It must not know layers: whose weights they are is the business of `weights.order`.

Decisions:
- An array says its name and shape before it is read, and is read once its place is known: what
  fits no layer takes no memory.
- HDF5 files name their groups in attributes. What is too long for one is cut into several,
  numbered ones. Before Keras 1 the groups themselves were numbered (`layer_0`, `param_0`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasgen.engines.keras3.model_files.array_records import (
    Array,
    Group,
    Grouped,
    Named,
    Paths,
    Stored,
    Values,
    widened,
)
from kerasgen.engines.keras3.model_files.checkpoint import read_checkpoint
from kerasgen.engines.keras3.model_files.model_file import Weights
from kerasgen.engines.keras3.model_files.shards import read_shards
from kerasgen.foreign.archives import open_archive, read_member
from kerasgen.foreign.hdf5 import checked_hdf5, open_hdf5
from kerasgen.foreign.regular_files import ForeignFileError, open_regular

if TYPE_CHECKING:
    import h5py

_LARGEST = 16 * 2**30
"""Bytes of the weights in an archive, which are unpacked in memory."""

_MOST_NAMES = 100_000
"""Layers of a file, or arrays of a layer."""

_LONGEST_NAME = 1000
"""Characters of the name of a layer."""

_MEMBER = "model.weights.h5"
"""The member of a `.keras` file that holds its weights."""

_WHOLE = "model_weights"
"""The group of an HDF5 file that holds a whole model, in which its weights lie."""


@contextmanager
def open_weights(weights: Weights) -> Iterator[Stored]:
    """Opens the weights of a model file; the arrays can be read while it is open.

    Raises:
        ForeignFileError: they are not there, or not what such a file holds.
    """
    match weights.form:
        case "hdf5":
            with open_hdf5(weights.path) as file:
                yield _in_hdf5(file, weights.member)
        case "keras-zip":
            with open_archive(weights.path) as archive:
                content = read_member(archive, weights.member, most=_LARGEST)
            with checked_hdf5(io.BytesIO(content)) as file:
                yield Paths(arrays=dict(_by_path(file)))
        case "checkpoint":
            yield read_checkpoint(weights.path, weights.member)
        case "tensorflow-js":
            yield read_shards(weights.path)


@contextmanager
def open_named(path: Path) -> Iterator[Grouped | Named]:
    """Opens the weights in a `.keras` file or in one of weights, with the names of their layers.

    Raises:
        ForeignFileError: it cannot be read, or holds no weights.
    """
    found = weights_of_file(path)
    if found.form == "keras-zip":
        with open_archive(path) as archive:
            content = read_member(archive, found.member, most=_LARGEST)
        with checked_hdf5(io.BytesIO(content)) as file:
            yield _named(file)
        return
    with open_hdf5(path) as file:
        stored = _in_hdf5(file, found.member)
        yield stored if isinstance(stored, Grouped) else _named(file)


def _named(file: h5py.File) -> Named:
    """The arrays of Keras 3 by path, with the names that it writes beside weights of a layer."""
    arrays = dict(_by_path(file))
    places = {"/".join(path.split("/")[:end]) for path in arrays for end in _ends(path)}
    names = {}
    for place in places:
        group = file.get(f"{place}/vars")
        name = None if group is None else group.attrs.get("name")
        if isinstance(name, str) and len(name) <= _LONGEST_NAME:
            names[place] = name
    return Named(arrays=arrays, names=names)


def _ends(path: str) -> range:
    """How many words of a path lead to a layer, for the layer itself and the models around it."""
    return range(2, len(path.split("/")), 2)


def weights_of_file(path: Path) -> Weights:
    """Where the weights lie in a file that was named as one of weights, by its content.

    Raises:
        ForeignFileError: it cannot be read.
    """
    with open_regular(path) as file:
        packed = file.read(2) == b"PK"
    if packed:
        return Weights(form="keras-zip", path=path, member=_MEMBER)
    return Weights(form="hdf5", path=path)


def _in_hdf5(file: h5py.File, member: str) -> Stored:
    root = file
    for name in (member, _WHOLE):
        if name and name in file:
            root = file[name]
            break
    if "layer_names" in root.attrs or "layer_names0" in root.attrs or "nb_layers" in root.attrs:
        return Grouped(
            groups=tuple(_groups(root)),
            backend=_word(root, file, "backend"),
            keras_version=_word(root, file, "keras_version"),
        )
    if "layers" in root or "_layer_checkpoint_dependencies" in root:
        return Paths(arrays=dict(_by_path(root)))
    raise ForeignFileError("holds no weights of a Keras model: it names no layers")


def _groups(root: h5py.Group) -> Iterator[Group]:
    if "nb_layers" in root.attrs:
        count = _count(root.attrs["nb_layers"])
        names = [f"layer_{number}" for number in range(count)]
    else:
        names = _names(root, "layer_names")
    for name in names:
        group = _member(root, name)
        if "nb_params" in group.attrs:
            count = _count(group.attrs["nb_params"])
            inside = [f"param_{number}" for number in range(count)]
        else:
            inside = _names(group, "weight_names")
        arrays = tuple(_array(_member(group, each), each) for each in inside)
        yield Group(name=name, arrays=arrays)


def _names(item: h5py.Group, attribute: str) -> list[str]:
    """The names in an attribute, or in as many as they were cut into."""
    if attribute in item.attrs:
        return _texts(item.attrs[attribute])
    names: list[str] = []
    number = 0
    while f"{attribute}{number}" in item.attrs and len(names) <= _MOST_NAMES:
        names += _texts(item.attrs[f"{attribute}{number}"])
        number += 1
    return names


def _texts(value: object) -> list[str]:
    listed = np.asarray(value).ravel().tolist()
    if len(listed) > _MOST_NAMES or not all(isinstance(item, bytes | str) for item in listed):
        raise ForeignFileError("names its layers by something else than text")
    return [item.decode("utf-8", "replace") if isinstance(item, bytes) else item for item in listed]


def _word(root: h5py.Group, file: h5py.File, attribute: str) -> str | None:
    for item in (root, file):
        value = item.attrs.get(attribute)
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if isinstance(value, str):
            return value
    return None


def _count(value: object) -> int:
    number = np.asarray(value)
    if number.shape != () or number.dtype.kind not in "iu" or not 0 <= number <= _MOST_NAMES:
        raise ForeignFileError("counts its layers by something else than a number")
    return int(number)


def _member(group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset:
    found = group.get(name)
    if found is None:
        raise ForeignFileError(f"names `{name[:60]}`, which it does not hold")
    return found


def _array(item: h5py.Dataset, name: str) -> Array:
    shape = getattr(item, "shape", None)
    if shape is None or item.dtype.kind not in "fiubV" or item.dtype.fields is not None:
        raise ForeignFileError(f"holds `{name[:60]}`, which is no array of numbers")
    halves = item.dtype.kind == "V"
    if halves and (item.dtype.itemsize != 2 or item.attrs.get("dtype") != "bfloat16"):
        raise ForeignFileError(f"holds `{name[:60]}`, which is no array of numbers")
    return Array(name=name, shape=tuple(shape), read=partial(_read, item, halves))


def _read(item: h5py.Dataset, halves: bool) -> Values:
    values = np.asarray(item[()])
    return widened(values.view("<u2")) if halves else values


def _by_path(file: h5py.File) -> Iterator[tuple[str, Array]]:
    """Every array with the path of its groups.

    Raises:
        ForeignFileError: a group stands at two places, so that there is no end of paths, or there
            are too many; no writer of weights makes that.
    """
    import h5py

    seen: set[int] = set()
    waiting: list[tuple[str, Any]] = [("", file)]
    while waiting:
        path, item = waiting.pop()
        if isinstance(item, h5py.Group):
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                raise ForeignFileError(f"holds its group `{path[:60]}` at another place too")
            seen.add(address)
            above = f"{path}/" if path else ""
            waiting += [(f"{above}{name}", item[name]) for name in item]
        elif getattr(item, "dtype", None) is not None and item.dtype.kind in "fiubV":
            yield path, _array(item, path)
