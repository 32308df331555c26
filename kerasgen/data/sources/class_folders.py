"""Files in folders of classes, or in an archive of them: listed, read and decoded within bounds.

This room owns the reading of folders and archives, the workers that decode what is read, and what
becomes of a file that cannot be used. What folders mean stands in `runtime.class_folders`, what a
file holds in the source that decodes it. An archive is read without extracting it; its members'
names are only ever names.

Decisions:
- A file in a class's folder that cannot be used is an error, since leaving it out in silence would
  change the data. `bad: skip` leaves it out, and the record counts it.
- What a folder or an archive asks for is bounded: no circles are gone through, nor what is deep
  below a link that leads out; files are regular ones; archives unpack to so much alone.
"""

from __future__ import annotations

import errno
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from kerasgen.data.large_arrays import LIMIT, ArraySpace
from kerasgen.data.sources.files import Progress, find_path, readable
from kerasgen.data.sources.plain_functions import Told, telling
from kerasgen.data.table import Array, Table, argument_key
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.ir.schema import ColumnType
from kerasgen.process.machine_memory import device_memory
from kerasgen.runtime.class_folders import Folders, kept_rows, sort_folders

CHUNK = 1024
"""Files that are decoded at a time."""

GROUP = 64
"""Files that a thread takes at a time: small ones cost less than handing them over one by one."""

LARGEST = 256 * 2**20
"""Bytes that one file may have; more is taken for an attack."""

CHUNK_BYTES = 256 * 2**20
"""Bytes of files that are held at a time, above which no further one is taken."""

FREE_BYTES, MOST_EXPANSION = 64 * 2**20, 200
"""Bytes to which an archive may unpack in any case, and how many times its size otherwise."""

LEVELS_OUTSIDE = 2
"""Levels of folders at a link that leads out of the data: parts and classes may be links."""

MOST_FOLDERS = 100_000
"""Folders of the data; links may make any number out of a few."""

MOST_NAMED = 20
"""Files that were skipped that the record names; it counts all."""

Content: TypeAlias = "str | bytes"
"""A file on the disk, or what an archive holds of one."""

Decoded: TypeAlias = "tuple[Any, str]"
"""What a file holds, and what is wrong with it: nothing if it is empty."""


_WIDER = np.dtype("float32").itemsize
"""How many times as many bytes prepared pixels take."""

_SHARE = 1 / 4
"""Share of the memory that a prepared array may take; there are copies of it on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFolders:
    """A folder or an archive whose files lie in folders of classes.

    Attributes:
        path: where it lies.
        written: the path as the config writes it.
        what: what the files hold, in the plural, as `images`.
        bad: `error`, or `skip` for files that cannot be used.
        sink: gets every mistake.
        problems: file to what is wrong with it; filled while files are decoded.
    """

    path: Path
    written: str
    what: str
    bad: str
    sink: Sink
    problems: dict[str, str] = field(default_factory=dict)

    def sorted_files(self) -> Folders:
        """The files, in the order of the rows, with their classes and parts.

        Raises:
            CompileError: KG503, there are no files in folders of classes; KG502, only some of the
                outer folders are parts.
        """
        names = _list_files(self.path)
        with telling(self.sink, self._forms()):
            return sort_folders(names, self.written, self.what)

    def decoded(
        self, files: Sequence[str], decode: Callable[[bytes], Decoded]
    ) -> Iterator[tuple[str, Any]]:
        """What the files hold that can be used, in the order in which they are quickly read.

        Args:
            files: names of files.
            decode: says what a file holds; several threads call it.

        Raises:
            CompileError: KG502, a file cannot be used and is not to be skipped.
        """
        wanted = frozenset(files)
        progress = Progress(self.what, len(files))
        with ThreadPoolExecutor(max_workers=min(8, (os.cpu_count() or 1) + 1)) as pool:
            for chunk in _chunks(_contents(self.path, files, wanted)):
                groups = [chunk[start : start + GROUP] for start in range(0, len(chunk), GROUP)]
                decoded = chain.from_iterable(
                    pool.map(lambda group: [_decode(file, decode) for _, file in group], groups)
                )
                for (name, _), (value, problem) in zip(chunk, decoded, strict=True):
                    if not problem:
                        self.problems.pop(name, None)  # a name may stand twice; the last counts
                        yield name, value
                        continue
                    self.problems[name] = problem
                    if self.bad == "error":
                        key, text = argument_key("path"), f"`{name}` {problem}"
                        self.sink.report("KG502", text, key=key, help=_SKIP)
                self.sink.stop_on_errors()
                progress.advance(len(chunk))
        progress.close()

    def table(self, found: Folders, column: str, kind: ColumnType, values: Array | None) -> Table:
        """The table of the files that can be used.

        Args:
            found: the files.
            column: name of the column that holds what is in them.
            kind: the type of that column.
            values: that column, a row a file of `found`; None where nobody asked for it.

        Raises:
            CompileError: KG503, no file can be used.
        """
        with telling(self.sink, self._forms()):
            rows = kept_rows(found["files"], self.problems, self.bad, self.written)
        whole = len(rows) == len(found["files"])
        space = ArraySpace() if values is None else room_for(values.nbytes)
        columns = {"label": found["labels"] if whole else found["labels"][rows]}
        if values is not None:
            columns[column] = values if whole else space.take(values, np.asarray(rows))
        given = found["given"]
        return Table(
            columns=columns,
            names=(column, "label"),
            types={column: kind},
            class_names={"label": found["classes"]},
            given=given if whole or given is None else given[rows],
            notes={} if whole else skipped_files(self.problems),
            space=space,
        )

    def _forms(self) -> Mapping[str, Told]:
        layout = "`CLASS/FILE`, or `train/CLASS/FILE` and `test/CLASS/FILE`"
        parts = "folders of classes alone, or only the parts `train`, `validation` and `test`"
        return {
            "classes": Told("KG503", "path", help=f"expected {layout}"),
            "parts": Told(argument="path", help=f"expected {parts}"),
        }


_SKIP = "mend or remove the file, or leave such files out with `data.source.bad=skip`"


def room_for(size: int) -> ArraySpace:
    """Where a run holds an array of so many bytes, and what it makes of it.

    That is in files where it may not fit the memory.
    """
    memory = device_memory(None)
    large = memory is not None and size * _WIDER > memory.size * _SHARE
    return ArraySpace(limit=LIMIT if large else None)


def skipped_files(problems: Mapping[str, str]) -> dict[str, Any]:
    """What the record says of files that were left out: how many, and the first with reasons."""
    named = dict(sorted(problems.items())[:MOST_NAMED])
    return {"skipped": len(problems), "skipped_files": named}


@contextmanager
def opened_folders(written: str, what: str, bad: str, sink: Sink) -> Iterator[ClassFolders]:
    """A folder or an archive that a config names; turns what archives raise into diagnostics.

    Raises:
        CompileError: KG501, it is not there or cannot be read; KG502, it is no archive.
    """
    path = find_path(written, "path", sink)
    try:
        with readable(path, "path", sink):
            yield ClassFolders(path=path, written=written, what=what, bad=bad, sink=sink)
    except CompileError:
        raise
    except MemoryError as error:
        message = f"`{path}` asks for more memory than there is"
        raise sink.fail("KG502", message, key=argument_key("path")) from error
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        reason = " ".join(str(error).split("\n", 1)[0].split()).rstrip(":")
        raise sink.fail(
            "KG502",
            f"`{path}` is no folder, and cannot be read as an archive: {reason}",
            key=argument_key("path"),
        ) from error


def _decode(file: Content, decode: Callable[[bytes], Decoded]) -> Decoded:
    if isinstance(file, bytes):
        return decode(file)
    try:
        found = os.stat(file)
        if not stat.S_ISREG(found.st_mode):
            return None, "is no regular file"
        if found.st_size > LARGEST:
            return None, f"has more than {LARGEST // 2**20} MiB"
        with open(file, "rb", buffering=0) as stream:
            return decode(stream.read(found.st_size))
    except FileNotFoundError:
        return None, "is not there"
    except OSError as error:
        return None, f"cannot be read: {(error.strerror or str(error)).lower()}"


def _list_files(path: Path) -> list[str]:
    """The names of all files, with `/` between folders, relative to the folder or archive."""
    if path.is_dir():
        return list(_walked(path))
    size = path.stat().st_size
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _require_bounded(sum(member.file_size for member in members), size)
            return [member.filename for member in members if not member.is_dir()]
    names, unpacked = [], 0
    with tarfile.open(path, "r:*") as tar:
        for entry in tar:
            unpacked += entry.size
            _require_bounded(unpacked, size)  # before the next one is looked for behind it
            if entry.isfile():
                names.append(entry.name)
    return names


def _walked(path: Path) -> Iterator[str]:
    """The files below a folder; links are followed but for circles, and not deep outside of it."""
    root = os.path.realpath(path)
    around: dict[str, tuple[str, ...]] = {}
    outside: dict[str, int] = {}
    for folder, folders, files in os.walk(path, followlinks=True):
        real, parent = os.path.realpath(folder), os.path.dirname(folder)
        level = outside.get(parent, 0)
        if level or os.path.commonpath((root, real)) != root:
            outside[folder] = level + 1
        if real in around.get(parent, ()) or outside.get(folder, 0) > LEVELS_OUTSIDE:
            folders.clear()
            continue
        around[folder] = (*around.get(parent, ()), real)
        if len(around) > MOST_FOLDERS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        base = Path(folder).relative_to(path).as_posix()
        yield from (name if base == "." else f"{base}/{name}" for name in files)


def _require_bounded(unpacked: int, packed: int) -> None:
    if unpacked > FREE_BYTES + MOST_EXPANSION * packed:
        raise tarfile.TarError(f"it unpacks from {packed:,} to {unpacked:,} bytes or more")


def _contents(
    path: Path, files: Sequence[str], wanted: frozenset[str]
) -> Iterator[tuple[str, Content]]:
    """The wanted files, each with its content, in the order in which they are quickly read."""
    if path.is_dir():
        for name in files:
            yield name, os.path.join(path, name)
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename in wanted:
                    yield info.filename, _limited(archive.open(info))
    else:
        with tarfile.open(path, "r:*") as archive:
            for member in archive:
                if member.isfile() and member.name in wanted:
                    stream = archive.extractfile(member)
                    assert stream is not None
                    yield member.name, _limited(stream)


def _limited(stream: Any) -> bytes:
    content: bytes = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise tarfile.TarError(f"a file in it has more than {LARGEST // 2**20} MiB")
    return content


def _chunks(files: Iterator[tuple[str, Content]]) -> Iterator[list[tuple[str, Content]]]:
    chunk, held = [], 0
    for file in files:
        chunk.append(file)
        held += len(file[1]) if isinstance(file[1], bytes) else 0
        if len(chunk) == CHUNK or held > CHUNK_BYTES:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk
