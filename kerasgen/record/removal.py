"""Removing a run with all that lies in its folder, and nothing else.

This room owns which folder may go, and how. Whether it is meant to, its caller asks.

Decisions:
- A folder goes only if it holds a record that can be read, of a version that is known: whatever
  else is called `record.json` may lie beside anything.
- No link is followed: a link in the folder goes, what it leads to stays. A folder that is a link
  itself is refused.
- The record goes last, so that a removal that was stopped leaves a run that is listed, and can be
  removed again.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.record.file_names import FOLDS, RECORD
from kerasgen.record.lock import locked
from kerasgen.record.provenance import at_work
from kerasgen.record.read import is_run, read_known_record
from kerasgen.record.status import OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What lies in the folder of a run.

    Attributes:
        folder: the folder.
        files: how many files, links among them.
        size: their bytes.
    """

    folder: Path
    files: int
    size: int


def removable_contents(folder: Path) -> Contents:
    """What would go with a run.

    Raises:
        ForeignFileError: it may not go; the text goes on from the name of the folder.
        OSError: the folder cannot be looked at.
    """
    _require_removable(folder)
    files = size = 0
    for parent, folders, names in os.walk(folder, onerror=_raise):
        place = Path(parent)
        below = place.relative_to(folder).parts
        if below and below[0] != FOLDS and RECORD in (*names, *folders):
            raise ForeignFileError(f"holds another run, `{place}`")
        links = [name for name in folders if (place / name).is_symlink()]
        files += len(names) + len(links)
        size += sum((place / name).lstat().st_size for name in (*names, *links))
    return Contents(folder=folder, files=files, size=size)


def remove_run(folder: Path) -> None:
    """Removes a run, and its folder.

    Raises:
        ForeignFileError: it may not go: it was begun again meanwhile, say.
        OSError: something cannot be removed; the record is there as long as anything else is.
    """
    with locked(folder):
        _require_removable(folder)
        with os.scandir(folder) as found:
            entries = [entry for entry in found if entry.name != RECORD]
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
        (folder / RECORD).unlink()
        folder.rmdir()


def _require_removable(folder: Path) -> None:
    if folder.is_symlink():
        raise ForeignFileError("is a link: name the folder that it leads to")
    here, real = Path.cwd(), folder.resolve()
    if here.is_relative_to(real):
        raise ForeignFileError("is the current folder, or holds it")
    if real.parent.name == FOLDS and is_run(real.parent.parent):
        raise ForeignFileError(f"is a fold of the run `{folder.parent.parent}`, and goes with it")
    try:
        fields = read_known_record(folder)
    except ForeignFileError as error:
        raise ForeignFileError(f"has a `{RECORD}` that {error.reason}") from None
    if fields["status"] in OPEN and at_work(fields):
        process = fields["process"]
        raise ForeignFileError(f"is at work (process {process['pid']} on {process.get('host')})")


def _raise(error: OSError) -> None:
    raise error
