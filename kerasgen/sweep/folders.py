"""The folders of runs and sweeps: taken by one process alone, and given back if nothing came of it.

This room owns the making of such a folder and its way into an override. What stands in it is the
business of the run.
"""

from __future__ import annotations

import contextlib
import errno
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hydra.core.override_parser.types import Quote, QuotedString

from kerasgen.diagnostics import Sink
from kerasgen.foreign.regular_files import is_folder
from kerasgen.record.run_folder import reported

_ATTEMPTS = 100
"""Times that a folder whose parent vanishes is tried before it is given up."""

_PLAIN = re.compile(r"[A-Za-z_][\w.-]*(/[\w.-]+)+", re.ASCII)
"""A path that Hydra's grammar reads as text without quotes."""


_FULL = (errno.ENOSPC, errno.EDQUOT)

_ROOM = 2**20
"""Bytes without which no run is worth beginning: a record and a small state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A folder that is there, and what had to be made for it.

    Attributes:
        folder: the folder.
        created: the folders that were made, outermost first.
    """

    folder: Path
    created: tuple[Path, ...]

    @property
    def own(self) -> bool:
        """Whether the folder was made by this claim, so that all in it came after."""
        return self.folder in self.created


def claim(folder: Path, *, new: bool, sink: Sink, setting: str = "hydra.run.dir") -> Claim:
    """Makes a folder.

    Args:
        folder: the folder.
        new: whether it must not be there yet; if it is, a number is put behind its name. Of two
            processes that ask for the same new folder at the same moment each gets its own.
        sink: where a folder that cannot be made is reported.
        setting: the key that says where the folder is.

    Raises:
        CompileError: KG605, it cannot be made.
    """
    made: list[Path] = []
    with reported(sink, folder, setting):
        try:
            taken = _take(folder, made, new=new)
        except OSError:
            release(Claim(folder=folder, created=tuple(made)))
            raise
    return Claim(folder=taken, created=tuple(made))


def require_room(folder: Path) -> None:
    """Looks whether the disk of a folder has room for anything.

    Args:
        folder: the folder; one that is not there is not looked at.

    Raises:
        OSError: it is full.
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_ROOM))
            file.flush()
    except OSError as error:
        if error.errno in _FULL:
            raise OSError(error.errno, error.strerror, str(folder)) from error


def _take(folder: Path, made: list[Path], *, new: bool) -> Path:
    candidate, number, vanished = folder, 0, 0
    while True:
        try:
            _make(candidate, made)
            return candidate
        except FileExistsError:
            if not new and is_folder(candidate):
                return candidate
            if not new:
                raise
            number += 1
            candidate = folder.with_name(f"{folder.name}-{number}")
        except FileNotFoundError:
            # Another process gave a parent back in between; or none can be made (/proc).
            vanished += 1
            if vanished > _ATTEMPTS:
                raise


def _make(folder: Path, made: list[Path]) -> None:
    for parent in reversed(folder.parents):
        if not is_folder(parent):
            with contextlib.suppress(FileExistsError):
                parent.mkdir()
                made.append(parent)
    folder.mkdir()
    made.append(folder)


def release(claimed: Claim, *, emptied: bool = False) -> None:
    """Takes away the folders that a claim made and that are empty.

    Args:
        claimed: the claim.
        emptied: whether the folder's content goes too, if the claim made the folder.
    """
    if emptied and claimed.own:
        shutil.rmtree(claimed.folder, ignore_errors=True)
    for folder in reversed(claimed.created):
        with contextlib.suppress(OSError):
            folder.rmdir()


def folder_override(key: str, folder: Path) -> str:
    """The override that sets a folder, whatever characters are in its name."""
    text = str(folder)
    if _PLAIN.fullmatch(text):
        return f"{key}={text}"
    return f"{key}={QuotedString(text=text, quote=Quote.double).with_quotes()}"
