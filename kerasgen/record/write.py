"""The one writer of a run's files.

This room owns writing so that a reader never meets half a file, and the status that the record
has meanwhile. It knows nothing about Keras, configs or training: whoever runs the steps says what
happened. How a file is written stands in `files`, the names in `file_names`; taking a folder and
giving it back, in `run_folder`.

Decisions:
- `record.json` is written when the status changes, and when what is known must outlive a process
  that is killed. What is only noted goes with the next writing, and is in memory until then.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasgen.foreign.passwords import masking
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
from kerasgen.record.status import Closed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


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
        self.note(**fields)
        write_json(self.folder / RECORD, self._fields)

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
        write_atomically(self.folder / name, self.masked(text))

    def write_json(self, name: str, value: object) -> None:
        """Writes a file of plain data; see `files.plain` for what becomes of special values.

        Raises:
            OSError: it cannot be written; the earlier one stays.
        """
        write_json(self.folder / name, plain(value, self.masked))

    def write_arrays(self, name: str, arrays: Mapping[str, ArrayLike]) -> None:
        """Writes named arrays as `.npz`.

        Raises:
            OSError: it cannot be written.
        """
        write_arrays(self.folder / name, arrays)

    def add_epoch(self, row: Mapping[str, float]) -> None:
        """Takes down a finished epoch: its row is on the disk when the call returns.

        Raises:
            OSError: the history cannot be written; the earlier one stays.
        """
        self.epochs.append(dict(row))
        write_history(self.folder / HISTORY, self.epochs)


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
