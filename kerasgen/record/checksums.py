"""Checksums of the files that a run leaves: what tells an edited file from the one it wrote.

This room owns which files have one, and how a file is held against it. A record is no seal: who
changes a file may change its checksum. It tells files that do not belong together.

Decisions:
- They are written when a run closes, of every file that nobody has a reason to write afterwards.
  Tags, the output of a job, checkpoints and the folders of trackers change later; a fold has a
  record of its own.
- A file of another size is another file, whatever it holds: nothing of it is read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from kerasgen.foreign.archives import FREE_BYTES, MOST_EXPANSION
from kerasgen.foreign.regular_files import TOO_MUCH, ForeignFileError, open_regular
from kerasgen.record.file_names import (
    CHECKPOINTS,
    CONSOLE,
    FOLDS,
    RECORD,
    TAGS,
    TENSORBOARD,
    WANDB,
)

CHECKSUMS = "checksums"
"""The key of a record."""

EDITED = "KG640"
"""Code of a file that is not the one that the run has written."""

_CHANGING = frozenset({RECORD, TAGS, CONSOLE, CHECKPOINTS, FOLDS, TENSORBOARD, WANDB})
"""Files and folders that are written after a run has closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksum:
    """What a record knows of a file.

    Attributes:
        sha256: its SHA-256 in hexadecimal digits.
        size: its bytes, None where the record does not tell.
    """

    sha256: str
    size: int | None


def checksums(folder: Path, names: Iterable[str]) -> dict[str, dict[str, object]]:
    """The checksums of files in the folder of a run, as its record has them.

    Args:
        folder: the folder.
        names: files in it; those that change later, and what cannot be read, are left out.

    Returns:
        Name to `sha256` and `bytes`.
    """
    found: dict[str, dict[str, object]] = {}
    for name in names:
        if name.partition("/")[0] in _CHANGING:
            continue
        try:
            with open_regular(folder / name, within=folder) as file:
                size = os.fstat(file.fileno()).st_size
                found[name] = {"sha256": _digest(file), "bytes": size}
        except ForeignFileError:
            continue  # A pipe of somebody's, or a file that is gone by now.
    return found


def known_checksums(record: Mapping[str, Any]) -> dict[str, Checksum]:
    """The checksums that a record holds, name by name; what is none is left out."""
    told = record.get(CHECKSUMS)
    found = {}
    for name, each in told.items() if isinstance(told, Mapping) else ():
        sha256 = each.get("sha256") if isinstance(each, Mapping) else None
        size = each.get("bytes") if isinstance(each, Mapping) else None
        if isinstance(sha256, str):
            found[name] = Checksum(sha256=sha256, size=size if type(size) is int else None)
    return found


def require_as_written(folder: Path, name: str, known: Checksum) -> None:
    """Refuses a file that is not the one that a record knows.

    Args:
        folder: the folder of the run.
        name: the file, relative to the folder.
        known: what the record knows of it.

    Raises:
        ForeignFileError: KG640, it is another one; or it is not there, or cannot be read.
    """
    with open_regular(folder / name, within=folder) as file:
        status = os.fstat(file.fileno())
        if known.size is not None and status.st_size != known.size:
            told = f"it is of {status.st_size:,} bytes, and was of {known.size:,}"
            raise _edited(name, told)
        stored = getattr(status, "st_blocks", status.st_size) * 512
        if status.st_size > FREE_BYTES + MOST_EXPANSION * stored:  # It has holes.
            raise ForeignFileError(
                f"is of {status.st_size:,} bytes, of which {stored:,} are stored", code=TOO_MUCH
            )
        if _digest(file) != known.sha256:
            raise _edited(name, "its checksum is another one")


def _edited(name: str, told: str) -> ForeignFileError:
    return ForeignFileError(
        f"is not the file that the run has written: {told}",
        code=EDITED,
        help="copy the folder of the run once more, as a whole; if it is meant, take "
        f"`{name}` out of `{CHECKSUMS}` in its `{RECORD}`",
    )


def _digest(file: BufferedReader) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()
