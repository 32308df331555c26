"""Arrays in NumPy's files.

This room owns how named arrays become columns. Pickled objects are never loaded.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerasgen.data.sources.files import check_expansion, check_memory, find_file, readable
from kerasgen.data.table import (
    PART_NAMES,
    PARTS,
    Array,
    Table,
    argument_key,
    chosen,
    with_channels,
)
from kerasgen.diagnostics import Sink

ARCHIVE = ".npz"
SINGLE = ".npy"

_DAMAGED = (
    ValueError,
    EOFError,
    KeyError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    MemoryError,
)
"""What NumPy and `zipfile` raise for files that are not theirs, are cut off, encrypted, or hold
pickles; a header may ask for more memory than there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrays:
    """Arrays in a `.npz` file, or in `.npy` files.

    In a `.npz` file each array is a column, and `x_train` with `x_test` (and `x_val`) make one
    column `x` with given parts. A single `.npy` file is the column `x`. Grey images of bytes,
    `(rows, height, width)`, get an axis of channels.

    Attributes:
        path: a `.npz` file, or one `.npy` file.
        x: a `.npy` file, in place of `path`: the column `x`.
        y: a `.npy` file: the column `y`.
        x_test: a `.npy` file: the rows of `x` that are the given test part.
        y_test: the same for `y`.
    """

    path: str | None = None
    x: str | None = None
    y: str | None = None
    x_test: str | None = None
    y_test: str | None = None

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data; see `table.Source`."""
        if self.path is None:
            return _assemble(self._separate_files(sink), wanted, "x", sink)
        for name in ("x", "y", "x_test", "y_test"):
            if getattr(self, name) is not None:
                raise sink.fail(
                    "KG204",
                    f"`path` and `{name}` are both given, expected one of them",
                    key=argument_key(name),
                )
        file = find_file(self.path, "path", sink, suffixes=(ARCHIVE, SINGLE))
        if file.name.lower().endswith(SINGLE):
            return _assemble({"x": _load_single(file, "path", sink)}, wanted, "path", sink)
        return _assemble(_load_archive(file, wanted, sink), wanted, "path", sink)

    def _separate_files(self, sink: Sink) -> dict[str, Array]:
        arrays = {}
        if self.x is None:
            raise sink.fail(
                "KG203",
                "`Arrays` has neither `path` nor `x`",
                key="data.source",
                at="key",
                help="write `path: FILE.npz`, or `x: FILE.npy` and `y: FILE.npy`",
            )
        tests = self.x_test is not None or self.y_test is not None
        for name in ("x", "y", "x_test", "y_test"):
            path: str | None = getattr(self, name)
            if path is not None:
                file = find_file(path, name, sink, suffixes=(SINGLE,))
                title = f"{name}_train" if tests and not name.endswith("_test") else name
                arrays[title] = _load_single(file, name, sink)
        return arrays


def _load_single(file: Path, argument: str, sink: Sink) -> Array:
    try:
        with readable(file, argument, sink), file.open("rb") as stream:
            array: Array = np.load(stream, allow_pickle=False)
    except _DAMAGED as error:
        raise _damaged(file, argument, error, sink) from error
    if not isinstance(array, np.ndarray):
        raise sink.fail("KG502", f"`{file}` holds no single array", key=argument_key(argument))
    return array


def _load_archive(file: Path, wanted: frozenset[str] | None, sink: Sink) -> dict[str, Array]:
    """The arrays of the wanted columns; those of others are named, not read."""
    arrays: dict[str, Array] = {}
    try:
        with readable(file, "path", sink), file.open("rb") as stream:
            archive = np.load(stream, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("it is no archive")
            with archive:
                needed = [
                    name
                    for name in archive.files
                    if wanted is None or column_of(name, archive.files) in wanted
                ]
                members = archive.zip.infolist() if archive.zip is not None else ()
                found = {info.filename: info for info in members}
                read = [found[f"{name}{SINGLE}"] for name in needed if f"{name}{SINGLE}" in found]
                unpacked = sum(info.file_size for info in read)
                check_memory(unpacked, f"`{file}`, unpacked,", "path", sink)
                check_expansion(unpacked, sum(info.compress_size for info in read), file, sink)
                for name in archive.files:
                    arrays[name] = archive[name] if name in needed else np.empty(0)
                    if not isinstance(arrays[name], np.ndarray):  # NumPy gives bytes as they are.
                        raise ValueError(f"its member `{name}` is no array")
    except _DAMAGED as error:
        raise _damaged(file, "path", error, sink) from error
    if not arrays:
        raise sink.fail("KG503", f"`{file}` holds no arrays", key=argument_key("path"))
    return arrays


def _damaged(file: Path, argument: str, error: Exception, sink: Sink) -> Exception:
    if "object arrays" in str(error).lower():
        return sink.fail(
            "KG502",
            f"`{file}` holds arrays of Python objects, which are never loaded",
            key=argument_key(argument),
            help="save numbers or text, as in `array.astype(str)`",
        )
    # NumPy takes every file that it does not know for a pickle.
    reason = "it is none of NumPy's files" if "pickle" in str(error).lower() else str(error)
    return sink.fail(
        "KG502", f"`{file}` cannot be read as arrays: {reason}", key=argument_key(argument)
    )


def column_of(name: str, names: Sequence[str]) -> str:
    """The column that an array's name means among others: `x_train` beside `x_test` is `x`."""
    return _column_and_part(name, names)[0]


def _column_and_part(name: str, names: Sequence[str]) -> tuple[str, str | None]:
    """The column and part that an array's name means; a lone `x_test` is a column of that name."""
    stem, _, ending = name.rpartition("_")
    if (
        stem
        and ending in PART_NAMES
        and any(f"{stem}_{word}" in names for word in ("train", "training"))
    ):
        return stem, PART_NAMES[ending]
    return name, None


def _assemble(
    arrays: Mapping[str, Array], wanted: frozenset[str] | None, argument: str, sink: Sink
) -> Table:
    """Puts the parts of each column one behind the other."""
    pieces: dict[str, dict[str | None, Array]] = {}
    for name, array in arrays.items():
        column, part = _column_and_part(name, list(arrays))
        pieces.setdefault(column, {})[part] = array
    names = tuple(pieces)
    kept = {name: pieces[name] for name in chosen(names, wanted)}
    sizes = {name: _sizes(name, parts, argument, sink) for name, parts in kept.items()}
    _check_sizes(sizes, argument, sink)
    columns = {name: _joined(name, parts, argument, sink) for name, parts in kept.items()}
    return Table(columns=columns, names=names, given=_given(sizes))


def _order(part: str | None) -> int:
    return 0 if part is None else PARTS.index(part)


def _sizes(
    name: str, parts: Mapping[str | None, Array], argument: str, sink: Sink
) -> dict[str | None, int]:
    for array in parts.values():
        if array.ndim == 0:
            raise sink.fail(
                "KG502",
                f"the array `{name}` is a single value, expected one row a sample",
                key=argument_key(argument),
            )
    return {part: len(parts[part]) for part in sorted(parts, key=_order)}


def _check_sizes(sizes: Mapping[str, Mapping[str | None, int]], argument: str, sink: Sink) -> None:
    if len({tuple(found.items()) for found in sizes.values()}) <= 1:
        return
    shown = ", ".join(
        f"`{name}` has "
        + " + ".join(f"{rows}{f' {part}' if part else ''}" for part, rows in found.items())
        for name, found in sizes.items()
    )
    raise sink.fail(
        "KG502",
        f"the arrays have different numbers of rows: {shown}",
        key=argument_key(argument),
    )


def _joined(name: str, parts: Mapping[str | None, Array], argument: str, sink: Sink) -> Array:
    ordered = [parts[part] for part in sorted(parts, key=_order)]
    shapes = {array.shape[1:] for array in ordered}
    if len(shapes) > 1:
        shown = " and ".join(str(shape) for shape in sorted(shapes))
        raise sink.fail(
            "KG502",
            f"the parts of `{name}` have rows of different shapes: {shown}",
            key=argument_key(argument),
        )
    whole = ordered[0] if len(ordered) == 1 else np.concatenate(ordered)
    return with_channels(_native(whole))


def _native(array: Array) -> Array:
    """The array in this machine's byte order; bytes as text, and no numbers longer than float64."""
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8", "replace")
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:  # no two machines have the same
        return array.astype("float64")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _given(sizes: Mapping[str, Mapping[str | None, int]]) -> Array | None:
    found: Mapping[str | None, int] = next(iter(sizes.values()), {})
    if None in found or not found:
        return None
    numbers: list[Any] = [_order(part) for part in found]
    return np.repeat(np.array(numbers, dtype="int8"), list(found.values()))
