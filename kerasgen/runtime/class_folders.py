"""Files in folders of classes, perhaps in folders of parts, or in an archive of them.

Rows are in the order of part, class and file name, so that they are the same on every
machine. Hidden files are passed over, as are files beside the folders.
"""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, TypedDict

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.split import PART_NAMES, PARTS
from kerasgen.runtime.values import Array


class Folders(TypedDict):
    """What the folders mean: files in the order of the rows, classes, parts."""

    files: list[str]
    labels: Array
    classes: tuple[str, ...]
    given: Array | None


def read_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yields name and content of the files in a folder, or in an archive of one."""
    if path.is_dir():
        for file in path.rglob("*"):
            if file.is_file():
                yield file.relative_to(path).as_posix(), file.read_bytes()
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    yield info.filename, archive.read(info)
    else:
        with tarfile.open(path) as tar:
            for member in tar:
                stream = tar.extractfile(member) if member.isfile() else None
                if stream is not None:
                    yield member.name, stream.read()


def sort_folders(names: Iterable[str], path: str, what: str) -> Folders:
    """Tells classes and parts from the names of files, with `/` between folders.

    Raises:
        DataError: no file is in a folder of a class, or only some outer folders are
            parts.
    """
    split = {name: PurePosixPath(name).parts for name in names}
    shown = {name: parts for name, parts in split.items() if not is_hidden(parts)}
    shift = common_folders(shown.values())
    inner = {name: parts[shift:] for name, parts in shown.items()}
    parted = has_parts(inner.values(), path)
    depth = 2 if parted else 1
    found = {name: parts for name, parts in inner.items() if len(parts) > depth}
    if not found:
        problem = f"`{path}` has no {what} in folders of classes"
        raise DataError(problem, about="classes")
    classes = {name: parts[depth - 1] for name, parts in found.items()}
    numbers = {
        name: part_number(parts) if parted else 0 for name, parts in found.items()
    }
    files = sorted(found, key=lambda name: (numbers[name], found[name][depth - 1 :]))
    known = sorted(set(classes.values()))
    indices = {name: index for index, name in enumerate(known)}
    given = np.array([numbers[name] for name in files], dtype="int8")
    return {
        "files": files,
        "labels": np.array([indices[classes[name]] for name in files], dtype="int64"),
        "classes": tuple(known),
        "given": given if parted else None,
    }


def is_hidden(parts: Sequence[str]) -> bool:
    """Whether a file is one that systems and archives leave among the images."""
    marked = any(part.startswith((".", "__MACOSX")) for part in parts)
    return marked or parts[-1] == "Thumbs.db"


def common_folders(files: Collection[Sequence[str]]) -> int:
    """How many folders stand around all folders of classes and parts."""
    deep = [parts for parts in files if len(parts) > 1]
    shift = 0
    while any(len(parts) - shift > 2 for parts in deep):
        heads = {parts[shift] for parts in deep if len(parts) > shift + 1}
        if len(heads) > 1 or heads.pop().lower() in PART_NAMES:
            break
        shift += 1
    return shift


def has_parts(files: Collection[Sequence[str]], path: str) -> bool:
    """Whether the outer folders are parts; either all of them are, or none.

    Raises:
        DataError: only some of them are parts.
    """
    heads = {parts[0] for parts in files if len(parts) > 2}
    outer = {parts[0] for parts in files if len(parts) > 1}
    known = {head for head in heads if head.lower() in PART_NAMES}
    if known and outer != known:
        problem = f"`{path}` has the part `{min(known)}` beside `{min(outer - known)}`"
        raise DataError(f"{problem}, which is no part", about="parts")
    return bool(known)


def part_number(parts: Sequence[str]) -> int:
    """The number of the part whose name the outer folder bears."""
    return PARTS.index(PART_NAMES[parts[0].lower()])


def usable_files(
    path: str, what: str, bad: str, decode: Callable[[bytes], tuple[Any, str]]
) -> tuple[dict[str, Any], Array, Array | None]:
    """What the files hold that can be used, their labels and their parts.

    Args:
        path: a folder, or an archive of one.
        what: what the files hold, in the plural.
        bad: what becomes of a file that cannot be used: an `error`, or `skip`.
        decode: gives what a file holds, and what is wrong with it; empty for nothing.

    Raises:
        DataError: a file cannot be used and is not to be skipped, or none can.
    """
    contents = dict(read_files(Path(path).expanduser()))
    found = sort_folders(contents, path, what)
    values, problems = {}, {}
    for name in found["files"]:
        value, problem = decode(contents[name])
        if problem:
            problems[name] = problem
        else:
            values[name] = value
    rows = kept_rows(found["files"], problems, bad, path)
    given = found["given"]
    return values, found["labels"][rows], None if given is None else given[rows]


def kept_rows(
    files: Sequence[str], problems: Mapping[str, str], bad: str, path: str
) -> list[int]:
    """The rows of the files that can be used.

    Raises:
        DataError: a file cannot be used and is not to be skipped, or none can.
    """
    if problems and bad == "error":
        name = next(name for name in files if name in problems)
        raise DataError(f"`{name}` {problems[name]}", about="path")
    rows = [row for row, name in enumerate(files) if name not in problems]
    if not rows:
        raise DataError(f"`{path}` has no file that can be used", about="classes")
    return rows
