"""Arrays that are kept on the disk from one run to the next: where, how many, never half of one.

This room owns where such an array lies, how much all of them take, and that nobody ever sees half
of one. What an array is called after, and what it holds, is the business of those that keep it.

Decisions:
- Rows are written aside, and take their place as a whole. They are mapped where they are large, so
  that an array may be larger than the memory.
- One process makes an array; others that want the same wait for it.
- Nothing fails for the sake of the cache: what hinders it is raised as `NoRoomError`, and whoever
  keeps the array goes on without. The arrays that were not used for the longest time make room for
  a new one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from math import prod
from pathlib import Path

import numpy as np

from kerasgen.data.large_arrays import LIMIT
from kerasgen.data.table import Array
from kerasgen.passes.cost import human_bytes
from kerasgen.process.cache_folder import cache_folder

FORM = 1
"""Number of the form of what is kept."""

USUAL_LIMIT = 20.0
"""Gigabytes that all arrays may take."""

LIMIT_VARIABLE = "KERASGEN_CACHE_LIMIT"

FORGOTTEN = 86_400.0
"""Seconds after which what a process was writing is taken for left behind."""

ROWS, PROBLEMS = "rows.npy", "problems.json"
"""The files of an array, and what was wrong with some of its rows."""

_PART, _GONE = ".part-", ".gone-"


class NoRoomError(Exception):
    """The cache cannot take an array, and why."""


class RowWriter:
    """A file of NumPy's form that is written row by row.

    Args:
        path: the file.
        count: number of rows.
        limit: bytes that the arrays of the cache may take.
    """

    def __init__(self, path: Path, count: int, limit: int) -> None:
        self._path, self._count, self._limit = path, count, limit
        with writing():
            self._file = path.open("wb")
        self._start = self._row_bytes = 0
        self._next = -1
        self.begun = False

    def __enter__(self) -> RowWriter:
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(OSError):  # what was not written is not used
            self._file.close()

    def put(self, row: int, values: Array) -> None:
        """Writes a row.

        Raises:
            NoRoomError: it cannot be written.
        """
        with writing():
            if not self.begun:
                self._begin(values)
            if row != self._next:
                self._file.seek(self._start + row * self._row_bytes)
            self._file.write(np.ascontiguousarray(values).data)
            self._next = row + 1

    def finish(self) -> None:
        """Makes sure that all is on the disk.

        Raises:
            NoRoomError: it cannot be written.
        """
        with writing():
            self._file.flush()
            self._file.truncate(self._start + self._count * self._row_bytes)
            os.fsync(self._file.fileno())

    def _begin(self, values: Array) -> None:
        shape = (self._count, *values.shape)
        total = prod(shape) * values.itemsize
        _check_room(self._path.parent.parent, self._limit, total)
        descr = np.lib.format.dtype_to_descr(values.dtype)
        head = {"descr": descr, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, head)
        self._start, self._row_bytes, self._next = self._file.tell(), values.nbytes, 0
        self.begun = True


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Turns what the disk says while the cache is written into the reason why it is not.

    Raises:
        NoRoomError: something cannot be written.
    """
    try:
        yield
    except OSError as error:
        where = f"`{error.filename}`: " if error.filename else ""
        raise NoRoomError(f"{where}{(error.strerror or str(error)).lower()}") from error


def place_of_arrays() -> tuple[Path, int]:
    """The folder of the arrays, and the bytes that they may take.

    Raises:
        NoRoomError: there is no such folder, or the limit is no number.
    """
    written = os.environ.get(LIMIT_VARIABLE, "")
    try:
        limit = float(written or USUAL_LIMIT)
        bytes_ = int(limit * 1e9)
        folder = cache_folder() / "decoded"
    except (ValueError, OverflowError):
        text = f'`{LIMIT_VARIABLE}` is "{written}", expected a number of gigabytes'
        raise NoRoomError(text) from None
    except RuntimeError as error:
        raise NoRoomError(str(error)) from error
    with writing():
        folder.mkdir(parents=True, exist_ok=True)
    return folder, max(0, bytes_)


def load_rows(place: Path, count: int | None, problems: dict[str, str]) -> Array | None:
    """What was kept at a place; None where there is nothing, or nothing that can be used."""
    try:
        told = json.loads((place / PROBLEMS).read_bytes())
        large = (place / ROWS).stat().st_size > LIMIT
        # Pages that somebody writes to are copies: the file stays what it is.
        array: Array = np.load(place / ROWS, mmap_mode="c" if large else None, allow_pickle=False)
        os.utime(place)
    except (OSError, ValueError, EOFError):
        return None
    if not isinstance(told, dict) or (count is not None and len(array) != count):
        return None
    problems |= {str(name): str(problem) for name, problem in told.items()}
    return array


@contextlib.contextmanager
def alone(folder: Path, name: str, what: str) -> Iterator[None]:
    """Lets one process at a time make an array; systems that cannot lock go without."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with writing():  # one lock for several names: a lock for each would stay behind
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
def aside_of(folder: Path) -> Iterator[Path]:
    """A folder beside the arrays, which is removed unless it has taken its place."""
    with writing():
        aside = Path(tempfile.mkdtemp(dir=folder, prefix=_PART))
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _check_room(cache: Path, limit: int, needed: int) -> None:
    """Makes room for an array.

    Raises:
        NoRoomError: there is none.
    """
    _make_room(cache, limit, needed)
    if needed > (free := shutil.disk_usage(cache).free):
        raise NoRoomError(f"{human_bytes(needed)} find no room in `{cache}`: {human_bytes(free)}")


def _make_room(folder: Path, limit: int, needed: int) -> None:
    """Removes what was left behind, and the arrays that were not used for the longest time.

    Raises:
        NoRoomError: the array alone takes more than all may.
    """
    if needed > limit:
        reason = f"they take {human_bytes(needed)}, and `{LIMIT_VARIABLE}` is {human_bytes(limit)}"
        raise NoRoomError(reason)
    kept: list[tuple[float, int, Path]] = []
    for entry in folder.iterdir():
        with contextlib.suppress(OSError):
            changed = entry.stat().st_mtime
            if entry.name.startswith((_PART, _GONE)):
                if time.time() - changed > FORGOTTEN:
                    shutil.rmtree(entry, ignore_errors=True)
            elif entry.is_dir():
                kept.append((changed, (entry / ROWS).stat().st_size, entry))
    used = sum(size for _, size, _ in kept)
    for _, size, entry in sorted(kept):
        if used + needed <= limit:
            break
        remove_array(entry)
        used -= size


def remove_array(entry: Path) -> None:
    """Removes an array, which goes aside first so that nobody finds half of it."""
    aside = entry.with_name(f"{_GONE}{entry.name[:16]}-{os.getpid()}-{time.monotonic_ns()}")
    with contextlib.suppress(OSError):
        entry.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def put_in_place(aside: Path, place: Path, problems: Mapping[str, str]) -> None:
    """Gives an array that was written aside its place.

    Raises:
        NoRoomError: it cannot be put there.
    """
    with writing():
        (aside / PROBLEMS).write_text(json.dumps(dict(problems)))
        remove_array(place)  # one that could not be read
        aside.rename(place)


def kept_array(
    name: str, what: str, make: Callable[[], Array], hindered: Callable[[NoRoomError], None]
) -> Array:
    """An array out of the cache, or made and put there.

    Args:
        name: what it is called: a digest of all that its values depend on.
        what: what it is made of, in the plural, for those that wait for it.
        make: makes it.
        hindered: hears why the cache cannot take it.
    """
    made: Array | None = None
    try:
        folder, limit = place_of_arrays()
        if limit:
            with alone(folder, name, what):
                found = load_rows(folder / name, None, {})
                if found is not None:
                    return found
                made = make()
                with aside_of(folder) as aside:
                    _write_whole(aside / ROWS, made, limit)
                    put_in_place(aside, folder / name, {})
    except NoRoomError as error:
        hindered(error)
    return make() if made is None else made


def _write_whole(path: Path, array: Array, limit: int) -> None:
    """Writes an array that is in memory.

    Raises:
        NoRoomError: it cannot be written.
    """
    with writing():
        _check_room(path.parent.parent, limit, array.nbytes)
        with path.open("wb") as file:
            np.save(file, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())


def hindered_help() -> str:
    """What may help where the cache cannot take an array."""
    return (
        f"make room, name another folder as `KERASGEN_CACHE`, or set `{LIMIT_VARIABLE}` to "
        "gigabytes (0: nothing is kept)"
    )
