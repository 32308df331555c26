"""Arrays of what many files hold, kept on the disk from one run to the next.

This room owns where such an array lies, what it is called after, how much all of them take, and
that nobody ever sees half of one. It must not know what the files hold.

Decisions:
- An array is called after the content of its files and the way in which they are decoded: a file
  that changes makes another array, and a folder that is copied makes none.
- Rows are written aside as they are decoded, and take their place as a whole. They are mapped where
  they are large, so that an array may be larger than the memory.
- One process decodes; others that want the same array wait for it.
- Nothing fails for the sake of the cache: what hinders it is told (KG540), and the array is made in
  memory. The arrays that were not used for the longest time make room for a new one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from kerasgen.catalog.store import cache_folder
from kerasgen.data.large_arrays import LIMIT
from kerasgen.data.sources.class_folders import ClassFolders
from kerasgen.data.sources.files import check_memory
from kerasgen.data.table import Array
from kerasgen.passes.cost import human_bytes

FORM = 1
"""Number of the form of what is kept."""

LEAST = 4 * 2**20
"""Bytes of files below which decoding them anew is as quick."""

USUAL_LIMIT = 20.0
"""Gigabytes that all arrays may take."""

LIMIT_VARIABLE = "KERASGEN_CACHE_LIMIT"

FORGOTTEN = 86_400.0
"""Seconds after which what a process was writing is taken for left behind."""

_ROWS, _PROBLEMS = "rows.npy", "problems.json"

_PART, _GONE = ".part-", ".gone-"


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
            folder, limit = _place()
            if limit == 0:
                return self._in_memory()
            name = self._name()
            with _alone(folder, name, self.folders.what):
                found = _load(folder / name, len(self.files), self.folders.problems)
                return self._made(folder / name, limit, stamps) if found is None else found
        except _NoRoomError as error:
            self.folders.problems.clear()
            self.folders.sink.warn(
                "KG540",
                f"the decoded {self.folders.what} are not kept: {error}",
                key="data.source",
                help=f"make room, name another folder as `KERASGEN_CACHE`, or set "
                f"`{LIMIT_VARIABLE}` to gigabytes (0: nothing is kept)",
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
        with _aside(place.parent) as aside:
            writer = _RowWriter(aside / _ROWS, len(self.files), limit)
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
            with _writing():
                (aside / _PROBLEMS).write_text(json.dumps(self.folders.problems))
                _remove(place)  # one that could not be read
                aside.rename(place)
        found = _load(place, len(self.files), {})
        if found is None:
            raise _NoRoomError(f"`{place}` cannot be read back")
        return found


class _NoRoomError(Exception):
    """The cache cannot take an array, and why."""


class _RowWriter:
    """A file of NumPy's form that is written row by row.

    Args:
        path: the file.
        count: number of rows.
        limit: bytes that the arrays of the cache may take.
    """

    def __init__(self, path: Path, count: int, limit: int) -> None:
        self._path, self._count, self._limit = path, count, limit
        with _writing():
            self._file = path.open("wb")
        self._start = self._row_bytes = 0
        self._next = -1
        self.begun = False

    def __enter__(self) -> _RowWriter:
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(OSError):  # what was not written is not used
            self._file.close()

    def put(self, row: int, values: Array) -> None:
        """Writes a row.

        Raises:
            _NoRoomError: it cannot be written.
        """
        with _writing():
            if not self.begun:
                self._begin(values)
            if row != self._next:
                self._file.seek(self._start + row * self._row_bytes)
            self._file.write(np.ascontiguousarray(values).data)
            self._next = row + 1

    def finish(self) -> None:
        """Makes sure that all is on the disk.

        Raises:
            _NoRoomError: it cannot be written.
        """
        with _writing():
            self._file.flush()
            self._file.truncate(self._start + self._count * self._row_bytes)
            os.fsync(self._file.fileno())

    def _begin(self, values: Array) -> None:
        shape = (self._count, *values.shape)
        total = prod(shape) * values.itemsize
        cache = self._path.parent.parent
        _make_room(cache, self._limit, total)
        if total > (free := shutil.disk_usage(cache).free):
            raise _NoRoomError(
                f"{human_bytes(total)} find no room in `{cache}`: {human_bytes(free)}"
            )
        descr = np.lib.format.dtype_to_descr(values.dtype)
        head = {"descr": descr, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, head)
        self._start, self._row_bytes, self._next = self._file.tell(), values.nbytes, 0
        self.begun = True


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    """Turns what the disk says while the cache is written into the reason why it is not."""
    try:
        yield
    except OSError as error:
        where = f"`{error.filename}`: " if error.filename else ""
        raise _NoRoomError(f"{where}{(error.strerror or str(error)).lower()}") from error


def _place() -> tuple[Path, int]:
    """The folder of the arrays, and the bytes that they may take."""
    written = os.environ.get(LIMIT_VARIABLE, "")
    try:
        limit = float(written or USUAL_LIMIT)
        bytes_ = int(limit * 1e9)
        folder = cache_folder() / "decoded"
    except (ValueError, OverflowError):
        text = f'`{LIMIT_VARIABLE}` is "{written}", expected a number of gigabytes'
        raise _NoRoomError(text) from None
    except RuntimeError as error:
        raise _NoRoomError(str(error)) from error
    with _writing():
        folder.mkdir(parents=True, exist_ok=True)
    return folder, max(0, bytes_)


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


def _load(place: Path, count: int, problems: dict[str, str]) -> Array | None:
    """What was kept at a place; None where there is nothing, or nothing that can be used."""
    try:
        told = json.loads((place / _PROBLEMS).read_bytes())
        large = (place / _ROWS).stat().st_size > LIMIT
        # Pages that somebody writes to are copies: the file stays what it is.
        array: Array = np.load(place / _ROWS, mmap_mode="c" if large else None, allow_pickle=False)
        os.utime(place)
    except (OSError, ValueError, EOFError):
        return None
    if not isinstance(told, dict) or len(array) != count:
        return None
    problems |= {str(name): str(problem) for name, problem in told.items()}
    return array


@contextlib.contextmanager
def _alone(folder: Path, name: str, what: str) -> Iterator[None]:
    """Lets one process at a time make an array; systems that cannot lock go without."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with _writing():  # one lock for several names: a lock for each would stay behind
        lock = os.open(folder / f".lock-{name[0]}", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with contextlib.suppress(OSError):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f"waiting for another process that reads {what}", file=sys.stderr)
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


@contextlib.contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """A folder beside the arrays, which is removed unless it has taken its place."""
    with _writing():
        aside = Path(tempfile.mkdtemp(dir=folder, prefix=_PART))
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _make_room(folder: Path, limit: int, needed: int) -> None:
    """Removes what was left behind, and the arrays that were not used for the longest time.

    Raises:
        _NoRoomError: the array alone takes more than all may.
    """
    if needed > limit:
        reason = f"they take {human_bytes(needed)}, and `{LIMIT_VARIABLE}` is {human_bytes(limit)}"
        raise _NoRoomError(reason)
    kept: list[tuple[float, int, Path]] = []
    for entry in folder.iterdir():
        with contextlib.suppress(OSError):
            changed = entry.stat().st_mtime
            if entry.name.startswith((_PART, _GONE)):
                if time.time() - changed > FORGOTTEN:
                    shutil.rmtree(entry, ignore_errors=True)
            elif entry.is_dir():
                kept.append((changed, (entry / _ROWS).stat().st_size, entry))
    used = sum(size for _, size, _ in kept)
    for _, size, entry in sorted(kept):
        if used + needed <= limit:
            break
        _remove(entry)
        used -= size


def _remove(entry: Path) -> None:
    """Removes an array, which goes aside first so that nobody finds half of it."""
    aside = entry.with_name(f"{_GONE}{entry.name[:16]}-{os.getpid()}-{time.monotonic_ns()}")
    with contextlib.suppress(OSError):
        entry.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
