"""Arrays in NumPy's files and in HDF5 become columns with given parts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.split import PART_NAMES, PARTS
from kerasgen.runtime.values import Array, Columns


def read_archive(path: str, wanted: Collection[str] | None = None) -> Columns:
    """Reads the arrays of a `.npz` file."""
    with np.load(Path(path).expanduser()) as archive:
        names = wanted_arrays(archive.files, wanted)
        return join_arrays({name: archive[name] for name in names})


def read_array(path: str) -> Columns:
    """Reads the one array of a `.npy` file as the column `x`."""
    return join_arrays({"x": np.load(Path(path).expanduser())})


def read_arrays(
    x: str,
    y: str | None = None,
    x_test: str | None = None,
    y_test: str | None = None,
    wanted: Collection[str] | None = None,
) -> Columns:
    """Reads the columns `x` and `y` from files of their own."""
    paths = {"x": x, "y": y, "x_test": x_test, "y_test": y_test}
    files = {title: paths[name] or "" for name, title in array_titles(paths).items()}
    names = wanted_arrays(list(files), wanted)
    return join_arrays(
        {name: np.load(Path(files[name]).expanduser()) for name in names}
    )


def read_hdf5(
    path: str, group: str | None = None, wanted: Collection[str] | None = None
) -> Columns:
    """Reads the data sets of an HDF5 file, or of one of its groups.

    Raises:
        DataError: there is no such group, or a data set is no column.
    """
    import h5py

    with h5py.File(Path(path).expanduser(), "r") as file:
        sets = data_sets(file, group)
        names = wanted_arrays([*sets], wanted)
        return join_arrays({name: stored_values(name, sets[name]) for name in names})


def data_sets(file: Any, group: str | None = None) -> dict[str, Any]:
    """The data sets of an HDF5 file: `a.b` for the `b` in the group `a`.

    A group that is called as a part holds the rows of it: `train/x` is `x_train`.

    Raises:
        DataError: there is no such group.
    """
    root = file if group is None else file.get(group)
    if root is None or hasattr(root, "shape"):
        raise DataError(f"there is no group `{group}`", about="group")
    found: dict[str, Any] = {}
    waiting: list[tuple[tuple[str, ...], Any]] = [((), root)]
    while waiting:
        above, item = waiting.pop()
        if hasattr(item, "shape"):
            part = PART_NAMES.get(above[0]) if len(above) > 1 else None
            title = ".".join(above[1:]) + f"_{above[0]}" if part else ".".join(above)
            found[title] = item
            continue
        waiting += [((*above, name), inner) for name, inner in item.items()]
    return {title: found[title] for title in sorted(found)}


def stored_values(name: str, stored: Any) -> Array:
    """The values of a data set of HDF5.

    Raises:
        DataError: they are neither numbers nor text.
    """
    import h5py

    kind = stored.dtype
    if h5py.check_string_dtype(kind) is not None and kind.kind == "O":
        return np.asarray(stored.asstr(errors="replace")[()], dtype="str")
    if kind.kind not in "biufS":
        raise DataError(f"`{name}` holds `{kind}`, neither numbers nor text")
    return np.asarray(stored[()])


def array_titles(paths: Mapping[str, str | None]) -> dict[str, str]:
    """What the files are called: `x` beside `x_test` is `x_train`."""
    given = [name for name, path in paths.items() if path is not None]
    parted = any(name.endswith("_test") for name in given)
    return {
        name: f"{name}_train" if parted and not name.endswith("_test") else name
        for name in given
    }


def wanted_arrays(names: Collection[str], wanted: Collection[str] | None) -> list[str]:
    """The arrays that the wanted columns are made of."""
    return [
        name
        for name in names
        if wanted is None or column_and_part(name, names)[0] in wanted
    ]


def column_and_part(name: str, names: Collection[str]) -> tuple[str, str | None]:
    """The column and part that an array's name means: `x_train` is a part of `x`."""
    stem, _, ending = name.rpartition("_")
    training = f"{stem}_train" in names or f"{stem}_training" in names
    if stem and ending in PART_NAMES and training:
        return stem, PART_NAMES[ending]
    return name, None


def join_arrays(arrays: Mapping[str, Array]) -> Columns:
    """Puts the parts of each column one behind the other; says which rows are whose.

    Raises:
        DataError: an array is a single value, or the rows of arrays do not fit
            together.
    """
    pieces: dict[str, dict[str | None, Array]] = {}
    for name, array in arrays.items():
        column, part = column_and_part(name, arrays)
        if array.ndim == 0:
            raise DataError(
                f"the array `{column}` is a single value, expected one row a sample"
            )
        pieces.setdefault(column, {})[part] = array
    order = (None, *PARTS)
    for column, parts in pieces.items():
        pieces[column] = {part: parts[part] for part in sorted(parts, key=order.index)}
    given = given_parts(pieces)
    return {name: join_rows(name, parts) for name, parts in pieces.items()}, given


def join_rows(column: str, parts: Mapping[str | None, Array]) -> Array:
    """Puts the parts of a column one behind the other.

    Raises:
        DataError: the parts have rows of different shapes.
    """
    shapes = {array.shape[1:] for array in parts.values()}
    if len(shapes) > 1:
        shown = " and ".join(str(shape) for shape in sorted(shapes))
        problem = f"the parts of `{column}` have rows of different shapes: {shown}"
        raise DataError(problem)
    whole = [*parts.values()]
    return as_column(whole[0] if len(whole) == 1 else np.concatenate(whole))


def given_parts(pieces: Mapping[str, Mapping[str | None, Array]]) -> Array | None:
    """The number of each row's part, None where the arrays have no parts.

    Raises:
        DataError: the columns differ in their numbers of rows.
    """
    sizes = {
        column: {part: len(array) for part, array in parts.items()}
        for column, parts in pieces.items()
    }
    if len({tuple(found.items()) for found in sizes.values()}) > 1:
        shown = ", ".join(f"`{name}` has {in_words(sizes[name])}" for name in sizes)
        raise DataError(f"the arrays have different numbers of rows: {shown}")
    first: Mapping[str | None, int] = next(iter(sizes.values()), {})
    numbers = [PARTS.index(part) for part in first if part is not None]
    if not numbers:
        return None
    return np.repeat(np.array(numbers, dtype="int8"), list(first.values()))


def in_words(sizes: Mapping[str | None, int]) -> str:
    """Numbers of rows by part, as a message says them."""
    return " + ".join(f"{n} {part}" if part else f"{n}" for part, n in sizes.items())


def as_column(values: Array) -> Array:
    """Makes a column: text of bytes, grey images with an axis of channels."""
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    if values.dtype.kind == "f" and values.dtype.itemsize > 8:
        values = values.astype("float64")  # no two machines have the same longer ones
    values = with_channels(values.astype(values.dtype.newbyteorder("="), copy=False))
    return plain_column(values)


def with_channels(images: Array) -> Array:
    """Gives images of bytes an axis of channels if they have none."""
    grey = images.ndim == 3 and images.dtype == np.uint8
    return images[..., np.newaxis] if grey else images


def plain_column(values: Array) -> Array:
    """Takes the axis from rows of one number; truth values become 0 and 1."""
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    return values.astype("uint8") if values.dtype.kind == "b" else values
