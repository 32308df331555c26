"""Arrays of all rows that memory would not hold: they lie in files, which are mapped.

This room owns where an array of many rows has its place, and how one is filled some rows at a time.
Whoever works with such an array sees an array of NumPy; what is read of it comes from the disk and
goes again as the system likes. It must not know what the rows are.

Decisions:
- A file has no name once it is mapped (on POSIX): whatever ends the process, nothing stays behind.
- A file is written, and mapped when it is whole: a full disk is an error of a write, and not the
  end of the process at some row.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

import numpy as np

from kerasgen.diagnostics import Sink
from kerasgen.process.cache_folder import cache_folder
from kerasgen.runtime.values import Array

LIMIT = 16 * 2**20
"""Bytes of one array up to which it is held in memory, where the data is read piece by piece."""

PIECE = 65_536
"""Rows that are worked on at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraySpace:
    """Where arrays of all rows have their place.

    Attributes:
        limit: bytes above which an array lies in a file; None for none: all are in memory.
        folder: where these files are made; None for the user's cache.
    """

    limit: int | None = None
    folder: Path | None = None

    @property
    def mapped(self) -> bool:
        """Whether large arrays lie in files."""
        return self.limit is not None

    @property
    def place(self) -> Path:
        """Where files for arrays are made."""
        return self.folder or cache_folder() / "arrays"

    def free_bytes(self) -> int | None:
        """The room of the disk on which files for arrays are made; None if it cannot be asked."""
        there = next(folder for folder in (self.place, *self.place.parents) if folder.exists())
        try:
            return shutil.disk_usage(there).free
        except OSError:
            return None

    def gather(self, batches: Iterable[Array]) -> Array:
        """Joins batches of rows, one at the least.

        Raises:
            NoRoomError: the disk has no room for them.
        """
        with ArrayWriter(self) as writer:
            for batch in batches:
                writer.append(batch)
            return writer.array()

    def take(self, column: Array, rows: Array) -> Array:
        """Some rows of a column, in the order in which they are asked for.

        Raises:
            NoRoomError: the disk has no room for them.
        """
        if self.limit is not None or len(rows) <= PIECE:
            return self.joined(lambda piece: column[piece], rows)
        taken = np.empty((len(rows), *column.shape[1:]), column.dtype)
        for start in range(0, len(rows), PIECE):
            taken[start : start + PIECE] = column[rows[start : start + PIECE]]
        return taken

    def held(self, whole: Array) -> Array:
        """An array of all rows in its place.

        Raises:
            NoRoomError: the disk has no room for it.
        """
        if self.limit is None or whole.nbytes <= self.limit or isinstance(whole, np.memmap):
            return whole
        return self.gather(piece for (piece,) in pieces_of(whole))

    def joined(self, make: Callable[[Array], Array], rows: Array) -> Array:
        """What a function makes of the numbers of some rows, a piece of them at a time.

        Raises:
            NoRoomError: the disk has no room for it.
        """
        if self.limit is None or len(rows) <= PIECE:
            return make(rows)
        pieces = (make(rows[start : start + PIECE]) for start in range(0, len(rows), PIECE))
        return self.gather(pieces)

    def applied(self, step: Callable[..., Array], columns: Sequence[Array]) -> Array:
        """What a function that treats each row by itself makes of columns.

        Raises:
            NoRoomError: the disk has no room for it.
        """
        rows = len(columns[0])
        if self.limit is None or rows <= PIECE:
            return step(*columns)
        return self.gather(_counting_from_the_first(step, columns))


@contextmanager
def room_told(sink: Sink) -> Iterator[None]:
    """Tells that a disk has no room for the arrays.

    Raises:
        CompileError: KG605, it has none, or the folder cannot be written.
    """
    try:
        yield
    except NoRoomError as error:
        raise sink.fail(
            "KG605",
            f"the columns find no room in `{error.folder}`: {error.reason}",
            key="data.source",
            help="make room there, or name another folder as `KERASGEN_CACHE`",
        ) from error


class NoRoomError(Exception):
    """A file for an array cannot be written.

    Attributes:
        folder: where it was to lie.
        reason: what the system says.
    """

    def __init__(self, folder: Path, error: OSError) -> None:
        self.folder, self.reason = folder, error.strerror or str(error)
        super().__init__(self.reason)


class ArrayWriter:
    """An array that grows by batches of rows; from some size on they go into a file.

    A batch of another type makes all of them the wider of both: text grows wider, whole numbers
    become fractions. In memory the array itself grows, so that no row is there twice.

    Args:
        space: where the array has its place.
    """

    def __init__(self, space: ArraySpace) -> None:
        self._limit = space.limit
        self._folder = space.place
        self._held: Array | None = None
        self._owned = False
        self._file: IO[bytes] | None = None
        self._dtype: np.dtype[Any] | None = None
        self._shape: tuple[int, ...] = ()
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the file back; an array that was made of it stays."""
        if self._file is not None:
            self._file.close()

    def append(self, batch: Array) -> None:
        """Adds rows.

        Raises:
            NoRoomError: the disk has no room for them.
        """
        if self._dtype is None:
            self._dtype, self._shape = batch.dtype, batch.shape[1:]
        wider = np.result_type(self._dtype, batch.dtype)
        if self._file is not None and wider != self._dtype:
            self._widen(wider)
        self._dtype = wider
        if self._file is not None:
            self._write(self._file, batch.astype(wider, copy=False))
            self.rows += len(batch)
            return
        self._hold(batch, wider)
        if self._limit is not None and self._size() > self._limit:
            self._file = self._spilled([self._whole()], wider)
            self._held = None

    def array(self) -> Array:
        """All rows.

        Raises:
            NoRoomError: the disk has no room for them.
        """
        if self._file is None:
            return self._whole()
        assert self._dtype is not None
        return self._mapped(self._file, self._dtype)

    def _hold(self, batch: Array, dtype: np.dtype[Any]) -> None:
        """Adds rows in memory."""
        before, self.rows = self.rows, self.rows + len(batch)
        if self._held is None:
            self._held = batch
            return
        if not self._owned or self._held.dtype != dtype:
            whole = np.empty((self.rows, *self._shape), dtype)
            whole[:before] = self._held[:before]
            self._held, self._owned = whole, True
        elif self.rows > len(self._held):
            room = max(self.rows, len(self._held) * 5 // 4)
            self._held.resize((room, *self._shape), refcheck=False)
        self._held[before : self.rows] = batch

    def _whole(self) -> Array:
        """The rows that are held in memory, in an array of their own."""
        assert self._held is not None
        if not self._owned:
            return np.array(self._held)
        self._held.resize((self.rows, *self._shape), refcheck=False)
        return self._held

    def _size(self) -> int:
        """Bytes of the rows that are held in memory."""
        assert self._held is not None
        return self.rows * (self._held.nbytes // max(1, len(self._held)))

    def _spilled(self, pieces: Iterable[Array], dtype: np.dtype[Any]) -> IO[bytes]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = tempfile.TemporaryFile(dir=self._folder, prefix="array-")  # noqa: SIM115
        except OSError as error:
            raise NoRoomError(self._folder, error) from error
        try:
            for piece in pieces:
                self._write(file, piece.astype(dtype, copy=False))
        except BaseException:
            file.close()
            raise
        return file

    def _widen(self, dtype: np.dtype[Any]) -> None:
        assert self._file is not None
        assert self._dtype is not None
        with self._file as file:
            whole = self._mapped(file, self._dtype)
            self._file = self._spilled((piece for (piece,) in pieces_of(whole)), dtype)

    def _write(self, file: IO[bytes], rows: Array) -> None:
        try:
            file.write(np.ascontiguousarray(rows).tobytes())
        except OSError as error:
            raise NoRoomError(self._folder, error) from error

    def _mapped(self, file: IO[bytes], dtype: np.dtype[Any]) -> Array:
        try:
            file.flush()
        except OSError as error:
            raise NoRoomError(self._folder, error) from error
        return np.memmap(file, dtype=dtype, mode="r+", shape=(self.rows, *self._shape))


def pieces_of(*columns: Array, size: int = PIECE) -> Iterator[tuple[Array, ...]]:
    """The rows of columns, some at a time."""
    for start in range(0, len(columns[0]), size):
        yield tuple(column[start : start + size] for column in columns)


def _counting_from_the_first(
    step: Callable[..., Array], columns: Sequence[Array]
) -> Iterator[Array]:
    end = 0
    for piece in pieces_of(*columns):
        end += len(piece[0])
        try:
            yield step(*piece)
        except Exception:
            # What it says of a row counts from the first that it was given.
            step(*(column[:end] for column in columns))
            raise
