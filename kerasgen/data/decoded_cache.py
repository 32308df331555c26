"""Arrays of what many files hold, kept on the disk from one run to the next.

This room owns what such an array is called after, and how it comes to be. Where it lies stands in
`array_cache`. It must not know what the files hold.

Decisions:
- An array is called after the content of its files and the way in which they are decoded: a file
  that changes makes another array, and a folder that is copied makes none.
- Rows are written as they are decoded, so that an array may be larger than the memory.
- Nothing fails for the sake of the cache: what hinders it is told (KG540), and the array is made in
  memory.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasgen.data.array_cache import (
    FORM,
    ROWS,
    NoRoomError,
    RowWriter,
    alone,
    aside_of,
    hindered_help,
    load_rows,
    place_of_arrays,
    put_in_place,
)
from kerasgen.data.sources.class_folders import ClassFolders
from kerasgen.data.sources.files import check_memory
from kerasgen.data.table import Array

LEAST = 4 * 2**20
"""Bytes of files below which decoding them anew is as quick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedRows:
    """An array of a row a file.

    Attributes:
        folders: where the files lie.
        files: their names, in the order of the rows.
        form: how they are decoded: whatever changes an array's values stands in it.
        unit: what an array is measured in, as `pixels`.
        decode: gives number and values of each row, in any order; all rows have one shape.
    """

    folders: ClassFolders
    files: list[str]
    form: str
    unit: str
    decode: Callable[[], Iterator[tuple[int, Array]]]

    def array(self) -> Array:
        """The rows: from the cache, or decoded and put there.

        Raises:
            CompileError: KG517, a file changed meanwhile; KG901, the memory does not hold them and
                the cache neither; or what decoding has found.
        """
        stamps = _stamps(self.folders.path, self.files)
        if sum(size for size, _ in stamps) < LEAST:
            return self._in_memory()
        try:
            folder, limit = place_of_arrays()
            if limit == 0:
                return self._in_memory()
            name = self._name()
            with alone(folder, name, self.folders.what):
                found = load_rows(folder / name, len(self.files), self.folders.problems)
                return self._made(folder / name, limit, stamps) if found is None else found
        except NoRoomError as error:
            self.folders.problems.clear()
            self.folders.sink.warn(
                "KG540",
                f"the decoded {self.folders.what} are not kept: {error}",
                key="data.source",
                help=hindered_help(),
            )
            return self._in_memory()

    def _in_memory(self) -> Array:
        array = np.zeros((0,), dtype="uint8")
        for row, values in self.decode():
            if not len(array):
                size = " x ".join(map(str, values.shape[:-1] or values.shape))
                what = f"an array of {len(self.files):,} {self.folders.what} of {size} {self.unit}"
                total = len(self.files) * values.nbytes
                check_memory(total, what, "path", self.folders.sink)
                array = np.empty((len(self.files), *values.shape), values.dtype)
            array[row] = values
        return array

    def _name(self) -> str:
        """A digest of the content of the files, and of how they are decoded."""
        digest = hashlib.sha256(f"{FORM} {self.form} {self.folders.bad}\n".encode())
        if self.folders.path.is_dir():
            found = dict(self.folders.decoded(self.files, _content_digest))
            self.folders.problems.clear()  # decoding says what they are
            for name in self.files:
                digest.update(f"{len(name)} {name} {found.get(name)}\n".encode(errors="replace"))
        else:
            with self.folders.path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        return digest.hexdigest()

    def _made(self, place: Path, limit: int, stamps: list[tuple[int, int]]) -> Array:
        """Decodes the files, puts what they hold into its place, and gives it from there."""
        with aside_of(place.parent) as aside:
            writer = RowWriter(aside / ROWS, len(self.files), limit)
            with writer:
                for row, values in self.decode():
                    writer.put(row, values)
                if not writer.begun:
                    return np.zeros((0,), dtype="uint8")
                writer.finish()
            after = _stamps(self.folders.path, self.files)
            if after != stamps:
                places = range(len(stamps)) if self.folders.path.is_dir() else ()
                changed = next((self.files[i] for i in places if stamps[i] != after[i]), "")
                raise self.folders.sink.fail(
                    "KG517",
                    f"`{changed or self.folders.written}` was changed while it was read",
                    key="data.source.path",
                    help="start again when nothing writes to it",
                )
            put_in_place(aside, place, self.folders.problems)
        found = load_rows(place, len(self.files), {})
        if found is None:
            raise NoRoomError(f"`{place}` cannot be read back")
        return found


def _stamps(path: Path, files: Iterable[str]) -> list[tuple[int, int]]:
    """Size and time of the last change of each file, or of the archive."""
    stamps = []
    for file in (os.path.join(path, name) for name in files) if path.is_dir() else (path,):
        try:
            found = os.stat(file)
            stamps.append((found.st_size, found.st_mtime_ns))
        except OSError:
            stamps.append((0, 0))
    return stamps


def _content_digest(content: bytes) -> tuple[str, str]:
    return hashlib.sha256(content).hexdigest(), ""
