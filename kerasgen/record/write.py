"""The one writer of a run's files.

This room owns writing so that a reader never meets half a file, and the status that the record
has meanwhile. It knows nothing about Keras, configs or training: whoever runs the steps says what
happened. How a file is written stands in `files`, the names in `file_names`; taking a folder and
giving it back, in `run_folder`.

Decisions:
- A run may have lost its folder to another machine, which took this one for gone. So it is looked
  before each writing whether the record is still the one that was written last: a question to the
  disk, and a reading only where it is not.
- A fork of a run's process, as somebody's code may make it, has the record in its memory and no
  right to it: whatever becomes of the fork, the run is that of the process which opened it.
- `record.json` is written when the status changes, and when what is known must outlive a process
  that is killed. What is only noted goes with the next writing, and is in memory until then.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasgen.foreign.passwords import masking
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.record.checksums import CHECKSUMS, checksums
from kerasgen.record.file_names import HISTORY, RECORD
from kerasgen.record.files import (
    files_in,
    plain,
    write_arrays,
    write_atomically,
    write_history,
    write_json,
    write_over,
)
from kerasgen.record.read import read_record
from kerasgen.record.sign_of_life import remove_sign
from kerasgen.record.status import OPEN, Closed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class TakenOverError(OSError):
    """A run has lost its folder to another process."""


class Record:
    """The record of a run that is open, and the writer of all files in its folder.

    Attributes:
        folder: the folder of the run.
        epochs: the figures of the finished epochs.
        masked: leaves passwords and secrets out of a text.
    """

    def __init__(
        self, folder: Path, fields: Mapping[str, Any], secrets: Iterable[str] = ()
    ) -> None:
        """Takes over what is known of a run.

        Args:
            folder: its folder.
            fields: what its record says.
            secrets: words that no file of it may hold.
        """
        self.folder = folder
        self.masked = masking(secrets)
        self.epochs: list[dict[str, float]] = []
        self._fields: dict[str, Any] = dict(fields)
        self._written: tuple[int, ...] | None = None
        self._pid = os.getpid()
        spent = fields.get("seconds")
        self._clock = time.monotonic() - (spent if isinstance(spent, int | float) else 0.0)

    @property
    def fields(self) -> Mapping[str, Any]:
        """What the record says now, as plain data; what is only noted included."""
        return self._fields

    def note(self, **fields: object) -> None:
        """Adds facts: a mapping is merged into the mapping of that name, all else replaces.

        They are on the disk with the next `update`, `start` or `finish`.
        """
        for name, value in fields.items():
            new, old = plain(value, self.masked), self._fields.get(name)
            merge = isinstance(new, dict) and isinstance(old, dict)
            self._fields[name] = {**old, **new} if merge else new  # type: ignore[dict-item]

    def update(self, **fields: object) -> None:
        """Adds facts as `note` does; all that is known is on the disk when the call returns.

        Raises:
            OSError: the file cannot be written; the earlier one stays.
        """
        self.require_own()
        self.note(**fields)
        write_json(self.folder / RECORD, self._fields)
        self._written = _stamp(self.folder)

    def require_own(self) -> None:
        """Looks whether the run still has its folder; whatever writes into it asks before.

        Raises:
            TakenOverError: another process goes on with the run, or this one is a fork.
        """
        if os.getpid() != self._pid:
            raise TakenOverError("this is a fork of the process that runs it")
        if self._written is None or self._written == (stamp := _stamp(self.folder)):
            return
        try:
            fields = read_record(self.folder).fields
        except ForeignFileError:
            return  # It was removed: what is written next says so.
        process = fields.get("process")
        if fields["status"] in OPEN and process == self._fields.get("process"):
            self._written = stamp
            return
        host = process.get("host") if isinstance(process, Mapping) else None
        by = f" on `{host}`" if process != self._fields.get("process") else ""
        raise TakenOverError(f"another process{by} has taken the run over")

    def start(self, **fields: object) -> None:
        """Says that the run is at its first step.

        Raises:
            OSError: the file cannot be written; the earlier one stays.
        """
        self.update(status="running", **fields)

    def finish(self, status: Closed, *, sealed: bool = True, **fields: object) -> None:
        """Closes the record: status, end, seconds since it was opened if none are given, files.

        Where no new file can be written, since the disk is full or the folder may only be read,
        the file that is there is written over, as far as its own blocks reach.

        Args:
            status: how the run has ended.
            sealed: whether the files get checksums; not where somebody may still be writing them.
            fields: further facts.

        Raises:
            OSError: the file cannot be written; the earlier one stays.
        """
        self.require_own()
        self.note(**{"seconds": round(time.monotonic() - self._clock, 3), **fields})
        files = files_in(self.folder)
        self._fields.pop(CHECKSUMS, None)
        if sealed:
            self.note(**{CHECKSUMS: checksums(self.folder, files)})
        self.note(status=status, finished=now(), files=files)
        try:
            write_json(self.folder / RECORD, self._fields)
        except OSError:
            write_over(self.folder / RECORD, self._fields)
        self._written = _stamp(self.folder)
        remove_sign(self.folder)

    def resume(self, rows: Sequence[Mapping[str, float]], **place: int) -> None:
        """Says where the training goes on, and takes the epochs before over.

        Args:
            rows: the rows of the finished epochs.
            place: where it goes on, by name.

        Raises:
            OSError: the file cannot be written; the earlier one stays.
        """
        self.epochs = [dict(row) for row in rows]
        known = self._fields.get("resumed")
        earlier = known if isinstance(known, list) else []
        self.update(resumed=[*earlier, {**place, "at": now()}])

    def write_text(self, name: str, text: str) -> None:
        """Writes a file of text; a mark stands for each password and secret.

        Raises:
            OSError: it cannot be written.
        """
        self.require_own()
        write_atomically(self.folder / name, self.masked(text))

    def write_json(self, name: str, value: object) -> None:
        """Writes a file of plain data; see `files.plain` for what becomes of special values.

        Raises:
            OSError: it cannot be written; the earlier one stays.
        """
        self.require_own()
        write_json(self.folder / name, plain(value, self.masked))

    def write_arrays(self, name: str, arrays: Mapping[str, ArrayLike]) -> None:
        """Writes named arrays as `.npz`.

        Raises:
            OSError: it cannot be written.
        """
        self.require_own()
        write_arrays(self.folder / name, arrays)

    def add_epoch(self, row: Mapping[str, float]) -> None:
        """Takes down a finished epoch: its row is on the disk when the call returns.

        Raises:
            OSError: the history cannot be written; the earlier one stays.
        """
        self.require_own()
        self.epochs.append(dict(row))
        write_history(self.folder / HISTORY, self.epochs)


def _stamp(folder: Path) -> tuple[int, ...] | None:
    """What tells one writing of a record from another, None where there is no record."""
    with contextlib.suppress(OSError):
        found = (folder / RECORD).lstat()
        return found.st_ino, found.st_mtime_ns, found.st_size
    return None


def now() -> str:
    """This moment in ISO 8601 with milliseconds and time zone."""
    return datetime.now().astimezone().isoformat(timespec="milliseconds")


def seconds_since(moment: object) -> float | None:
    """Seconds since a moment that a record names.

    None where it names none, or one to come: the clock was set back meanwhile.
    """
    try:
        began = datetime.fromisoformat(str(moment))
        seconds = round((datetime.now().astimezone() - began).total_seconds(), 3)
    except (ValueError, TypeError):
        return None
    return seconds if seconds >= 0 else None
