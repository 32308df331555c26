"""Files that a reader meets whole or not at all, and the forms in which numbers are kept in them.

This room owns writing in place of an earlier file, JSON without loss, the tables and arrays of a
run, and the list of what lies in its folder. It must not know what a file is for.

Decisions:
- JSON has no word for NaN and infinity. They are written as the strings `"NaN"`, `"Infinity"`
  and `"-Infinity"` (Protocol Buffers does the same), since a loss that became NaN is a result
  that `null` would hide. `number` reads both forms back.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import os
import secrets
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kerasgen.foreign.passwords import without_passwords
from kerasgen.record.checksums import CHECKSUMS
from kerasgen.record.file_names import RECORD

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes its place only when the block ends well; a reader sees all or nothing.

    Raises:
        OSError: it cannot be written, or is a folder; what stood at `path` is untouched.
    """
    if not path.name or path.is_dir():  # `.` and `/` have no name; a link to a folder would go.
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    temporary = path.with_name(f".{path.name[:80]}.{secrets.token_hex(6)}.tmp")
    try:
        # Not `tempfile`, whose files only their owner may read: records are shared in teams.
        descriptor = os.open(
            temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666
        )
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and error.filename in (None, str(temporary)):
            error.filename, error.filename2 = str(path), None  # the name that the user knows
        raise


def write_atomically(path: Path, content: bytes | str) -> None:
    """Writes a whole file, text as UTF-8, so that a reader sees the old or the new one.

    Raises:
        OSError: it cannot be written; what stood at `path` is untouched.
    """
    if isinstance(content, str):
        # A lone surrogate (an argument that was not UTF-8) becomes `\udcff`, legal in JSON.
        content = content.encode("utf-8", "backslashreplace")
    with atomic_file(path) as file:
        file.write(content)


def write_named(path: Path, content: bytes | str) -> None:
    """Writes a file in a place that the user names; a device or a pipe gets the content instead.

    Who may write everywhere would find a file in the place of `/dev/stdout` otherwise.

    Raises:
        OSError: it cannot be written; a file that stood at `path` is untouched.
    """
    special = path.exists() and not (path.is_file() or path.is_dir())
    if special or (path.exists() and path.parent.resolve() == Path("/dev")):
        if isinstance(content, str):
            content = content.encode("utf-8", "backslashreplace")
        path.write_bytes(content)
    else:
        write_atomically(path, content)


def write_json(path: Path, value: object) -> None:
    """Writes a value as JSON, indented; see `plain` for what becomes of special values."""
    text = json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)
    write_atomically(path, text + "\n")


def write_over(path: Path, value: object) -> None:
    """Writes a value as JSON into the blocks of a file that is there, where there is no room else.

    A mapping that is too large goes without its lists of files.

    Raises:
        OSError: it cannot be written, or does not fit; what stood there stays.
    """
    content = plain(value)
    with path.open("r+b") as file:
        status = os.fstat(file.fileno())
        room = max(status.st_size, getattr(status, "st_blocks", 0) * 512)
        for left_out in ((), ("files", CHECKSUMS)):
            kept = {name: item for name, item in content.items() if name not in left_out}
            data = json.dumps(kept, ensure_ascii=False, allow_nan=False).encode(
                "utf-8", "backslashreplace"
            )
            if len(data) < room:
                file.write(data + b"\n")
                file.truncate()
                os.fsync(file.fileno())
                return
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def plain(value: Any, mask: Callable[[str], str] = without_passwords) -> Any:
    """The value as JSON knows it: dict, list, str, int, float, bool or None.

    NaN and infinity become strings, NumPy scalars numbers, arrays and tuples lists, sets sorted
    lists. What has no form in JSON becomes its `str`: a record must not fail at a run's end. A mark
    stands for each password.

    Args:
        value: anything.
        mask: leaves secrets out of a text.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return mask(str(value))  # the bare string of a StrEnum
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _plain_float(float(value))
    if isinstance(value, Mapping):
        return {mask(str(key)): plain(item, mask) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(item, mask) for item in value), key=str)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [plain(item, mask) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return _plain_foreign(value, mask)


def _plain_foreign(value: Any, mask: Callable[[str], str]) -> Any:
    """The plain form of NumPy's scalars and arrays, and of what has none."""
    if callable(getattr(value, "tolist", None)):
        listed = value.tolist()
        if type(listed) is not type(value):
            return plain(listed, mask)
        # bfloat16 and long double have no counterpart in Python and give themselves.
        if hasattr(value, "__float__"):
            return _plain_float(float(value))
    return mask(str(value))


def _plain_float(value: float) -> float | str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def number(value: object) -> float | None:
    """A number read from JSON, the strings of `plain` included; None if it is not one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return None
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    return None


def write_history(path: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Writes the metrics of all epochs as CSV: `epoch`, `seconds`, then the metrics.

    Metrics stand in the order in which they first occurred, so that a column never moves while a
    run goes on. Numbers are written so that reading gives the same bits; a metric that an epoch
    does not have is left empty.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    columns = sorted(names, key=lambda name: {"epoch": 0, "seconds": 1}.get(name, 2))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in columns])
    write_atomically(path, text.getvalue())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    value = value.item() if hasattr(value, "item") else value
    return repr(value)


def write_arrays(path: Path, arrays: Mapping[str, ArrayLike]) -> None:
    """Writes named arrays as a compressed `.npz` that loads without pickle.

    Not `numpy.savez`, which takes no array called `file` and stamps the time, so that equal
    arrays would make different files. Arrays of objects are written as text.
    """
    import numpy as np

    with atomic_file(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, values in arrays.items():
            array = np.asarray(values)
            array = array.astype(str) if array.dtype.kind == "O" else array
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = zipfile.ZIP_DEFLATED  # an entry does not ask its archive
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def files_in(folder: Path) -> list[str]:
    """The files below a folder, relative and sorted, without hidden ones; the record included."""
    found = [RECORD]
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        base = Path(parent).relative_to(folder)
        found += [(base / name).as_posix() for name in files if not name.startswith(".")]
    return sorted(set(found))
