"""Arrays in NumPy's files and in HDF5.

This room owns what is said of files that are damaged, too large, or hold something else; pickled
objects are never loaded, and no link of HDF5 is followed. How named arrays become columns stands in
`runtime.arrays`.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from kerasgen.data.sources.files import check_expansion, check_memory, find_file, readable
from kerasgen.data.sources.plain_functions import Told, call_with_fields, telling
from kerasgen.data.table import Array, Table, argument_key
from kerasgen.diagnostics import Sink
from kerasgen.foreign.hdf5 import open_hdf5
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.runtime.arrays import (
    array_titles,
    column_and_part,
    data_sets,
    join_arrays,
    read_archive,
    read_array,
    read_arrays,
    read_hdf5,
    stored_values,
    wanted_arrays,
)
from kerasgen.runtime.source_call import SourceCall

ARCHIVE = ".npz"
SINGLE = ".npy"
HDF5 = (".h5", ".hdf5")

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
    """Arrays in a `.npz` file, in `.npy` files, or in HDF5.

    In a `.npz` or HDF5 file each array is a column, and `x_train` with `x_test` (and `x_val`) make
    one column `x` with given parts. A single `.npy` file is the column `x`. Grey images of bytes,
    `(rows, height, width)`, get an axis of channels.

    Attributes:
        path: a `.npz` file, one `.npy` file, or an HDF5 file (`.h5`, `.hdf5`).
        group: the group of an HDF5 file whose data sets are read, None for all.
        x: a `.npy` file, in place of `path`: the column `x`.
        y: a `.npy` file: the column `y`.
        x_test: a `.npy` file: the rows of `x` that are the given test part.
        y_test: the same for `y`.
    """

    path: str | None = None
    group: str | None = None
    x: str | None = None
    y: str | None = None
    x_test: str | None = None
    y_test: str | None = None

    PATHS: ClassVar[tuple[str, ...]] = ("path", "x", "y", "x_test", "y_test")

    def plain_call(self) -> SourceCall:
        """The plain function that reads it, and its arguments."""
        if self.path is None:
            return call_with_fields(read_arrays, self)
        if self.path.lower().endswith(HDF5):
            return call_with_fields(read_hdf5, self)
        single = self.path.lower().endswith(SINGLE)
        return call_with_fields(read_array if single else read_archive, self)

    def check_arguments(self, sink: Sink) -> None:
        """Reports arguments that no file could go with; see `table.ChecksArguments`."""
        if self.path is None:
            return
        for name in ("x", "y", "x_test", "y_test"):
            if getattr(self, name) is not None:
                sink.report(
                    "KG204",
                    f"`path` and `{name}` are both given, expected one of them",
                    key=argument_key(name),
                )
        if self.group is not None and not self.path.lower().endswith(HDF5):
            sink.report(
                "KG204",
                f"`group` is given, and `{self.path}` is no HDF5 file",
                key=argument_key("group"),
            )

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data; see `table.Source`.

        Raises:
            CompileError: KG203 or KG204, it is not said which files to read; or with a code of its
                own, a file cannot be read, or holds what cannot be used.
        """
        self.check_arguments(sink)
        sink.stop_on_errors()
        if self.path is None:
            return _assemble(self._separate_files(sink), wanted, "x", sink)
        file = find_file(self.path, "path", sink, suffixes=(ARCHIVE, SINGLE, *HDF5))
        if file.name.lower().endswith(HDF5):
            return self._read_hdf5(file, wanted, sink)
        if file.name.lower().endswith(SINGLE):
            return _assemble({"x": _load_single(file, "path", sink)}, wanted, "path", sink)
        return _assemble(_load_archive(file, wanted, sink), wanted, "path", sink)

    def _read_hdf5(self, file: Path, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """The data sets of the wanted columns; those of others are named, not read."""
        forms = {"group": Told("KG204"), "path": Told(argument="path")}
        try:
            with readable(file, "path", sink), open_hdf5(file) as opened, telling(sink, forms):
                sets = data_sets(opened, self.group)
                needed = wanted_arrays([*sets], wanted)
                size = sum(sets[name].size * sets[name].dtype.itemsize for name in needed)
                check_memory(size, f"`{file}`, unpacked,", "path", sink)
                arrays = {
                    name: stored_values(name, stored) if name in needed else np.empty(0)
                    for name, stored in sets.items()
                }
        except ForeignFileError as error:
            raise sink.fail(
                error.code or "KG502", f"`{file}` {error}", key=argument_key("path")
            ) from error
        if not arrays:
            raise sink.fail("KG503", f"`{file}` holds no data sets", key=argument_key("path"))
        return _assemble(arrays, wanted, "path", sink)

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
        paths = {name: getattr(self, name) for name in ("x", "y", "x_test", "y_test")}
        for name, title in array_titles(paths).items():
            file = find_file(paths[name], name, sink, suffixes=(SINGLE,))
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
                needed = wanted_arrays(archive.files, wanted)
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


def _assemble(
    arrays: Mapping[str, Array], wanted: frozenset[str] | None, argument: str, sink: Sink
) -> Table:
    """Makes a table of the wanted ones among named arrays."""
    names = tuple(dict.fromkeys(column_and_part(name, arrays)[0] for name in arrays))
    kept = wanted_arrays(arrays, wanted)
    with telling(sink, {"path": Told(argument=argument)}):
        columns, given = join_arrays({name: arrays[name] for name in kept})
    return Table(columns=columns, names=names, given=given)
