"""The record of one run: the files of a run folder, and how they are written.

This room owns writing so that a reader never meets half a file. File names, the version of the
record and its reader stand in `kerasgen.record`. It knows nothing about Keras, configs or
training: whoever runs the steps says what happened. Where a run comes from is asked in
`provenance`, how a file is written stands in `files`; listing and filtering records is the
business of `kerasgen.records`.

Decisions:
- A record names its process, so that a reader can tell a run that was killed from one that
  works. A folder is locked while a run is opened in it, so that of two runs one gets it; systems
  that cannot lock a folder (Windows, some network disks) go without.
- A run that takes the folder of one that failed or was killed removes that one's results, which
  would pass for its own. Files that this room does not name are never touched.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from kerasgen import __version__
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.foreign.regular_files import ForeignFileError, is_there
from kerasgen.record.files import (
    atomic_file,
    number,
    plain,
    write_atomically,
    write_history,
    write_json,
    write_over,
    write_predictions,
)
from kerasgen.record.layout import (
    CONFIG,
    CONFUSION_MATRIX,
    DATA,
    DIAGNOSTICS,
    HISTORY,
    KERAS,
    LEARNING_CURVES,
    METRICS,
    MODEL,
    OVERRIDES,
    PREDICTED_VS_TRUE,
    PREDICTIONS,
    RECORD,
    SCHEMA,
    SUMMARY,
    TENSORBOARD,
    TRACEBACK,
    Status,
)
from kerasgen.record.provenance import at_work, identity
from kerasgen.record.read import read_record

__all__ = [
    "CONFIG",
    "CONFUSION_MATRIX",
    "DATA",
    "DIAGNOSTICS",
    "HISTORY",
    "KERAS",
    "LEARNING_CURVES",
    "METRICS",
    "MODEL",
    "OVERRIDES",
    "PREDICTED_VS_TRUE",
    "PREDICTIONS",
    "RECORD",
    "SCHEMA",
    "SUMMARY",
    "TENSORBOARD",
    "TRACEBACK",
    "Status",
    "atomic_file",
    "number",
    "plain",
    "write_atomically",
    "write_history",
    "write_json",
    "write_over",
    "write_predictions",
]

_RESULTS = (
    CONFIG,
    OVERRIDES,
    KERAS,
    DIAGNOSTICS,
    DATA,
    HISTORY,
    METRICS,
    SUMMARY,
    MODEL,
    PREDICTIONS,
    LEARNING_CURVES,
    # A model of several outputs has a picture of each, with the output's name in the file's.
    CONFUSION_MATRIX.replace(".", "*."),
    PREDICTED_VS_TRUE.replace(".", "*."),
    TRACEBACK,
)
"""Patterns of what a run writes after its record is opened."""

_DRAFT = re.compile(r"\..+\.[0-9a-f]{12}\.tmp|\.model\.draft\.keras")
"""What a killed process leaves of a file that it was writing."""


class Record:
    """The open `record.json` of a run; every change is on the disk when the call returns.

    Attributes:
        folder: the folder of the run.
    """

    def __init__(self, folder: Path, fields: Mapping[str, Any]) -> None:
        self.folder = folder
        self._fields: dict[str, Any] = dict(fields)
        self._clock = time.monotonic()

    @property
    def fields(self) -> Mapping[str, Any]:
        """What the record says now, as plain data."""
        return self._fields

    def update(self, **fields: object) -> None:
        """Adds facts: a mapping is merged into the mapping of that name, all else replaces.

        Raises:
            OSError: the file cannot be written; the earlier one stays.
        """
        for name, value in fields.items():
            new, old = plain(value), self._fields.get(name)
            merge = isinstance(new, dict) and isinstance(old, dict)
            self._fields[name] = {**old, **new} if merge else new  # type: ignore[dict-item]
        write_json(self.folder / RECORD, self._fields)

    def finish(self, status: Status, **fields: object) -> None:
        """Closes the record: status, end, seconds since it was opened, and the files.

        Where no new file can be written, since the disk is full or the folder may only be read,
        the file that is there is written over, as far as its own blocks reach.

        Raises:
            OSError: the file cannot be written; the earlier one stays.
        """
        try:
            self.update(
                **fields,
                status=status,
                finished=now(),
                seconds=round(time.monotonic() - self._clock, 3),
                files=files_in(self.folder),
            )
        except OSError:
            write_over(self.folder / RECORD, self._fields)


def open_record(
    folder: Path,
    sink: Sink,
    *,
    name: str = "",
    argv: Sequence[str] | None = None,
    overrides: Sequence[str] = (),
    choices: Mapping[str, str | None] | None = None,
    seed: int | None = None,
    **fields: object,
) -> Record:
    """Starts the record of a run, with status `running`.

    Args:
        folder: the folder of the run; made if it is not there.
        sink: where a folder that cannot be used is reported.
        name: name of the experiment.
        argv: the command line, None for that of this process.
        overrides: the overrides as written.
        choices: config group to chosen option.
        seed: seed of the run.
        **fields: further facts.

    Raises:
        CompileError: KG605, the folder cannot be written, or holds a run that has completed or
            is at work, or a `record.json` of something else. A run that failed, was rejected or
            was killed is replaced.
    """
    origin = identity()
    with reported(sink, folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            _make_room(folder, sink)
            record = Record(folder, {})
            record.update(
                schema=SCHEMA,
                status="running",
                name=name,
                started=now(),
                kerasgen=__version__,
                **origin,
                argv=list(sys.argv if argv is None else argv),
                overrides=list(overrides),
                choices=dict(choices or {}),
                seed=seed,
                **fields,
            )
    return record


def close_abandoned(folder: Path, error: str) -> bool:
    """Closes, as failed, the record of a run whose process ended without closing it.

    Args:
        folder: the folder of the run.
        error: what happened to the process.

    Returns:
        Whether it was closed; False if there is no record, or it is closed, or at work.

    Raises:
        OSError: the file cannot be written; the earlier one stays.
    """
    try:
        with _locked(folder):
            found = read_record(folder)
            fields = found.fields
            if found.newer or fields["status"] != "running" or at_work(fields):
                return False
            Record(folder, fields).update(
                status="failed",
                error=error,
                finished=now(),
                seconds=_seconds_since(fields.get("started")),
                files=files_in(folder),
            )
    except (FileNotFoundError, ForeignFileError):
        return False
    return True


def own_record(folder: Path) -> Record | None:
    """The record in a folder that this process has opened and not closed, or None."""
    try:
        fields = read_record(folder).fields
    except ForeignFileError:
        return None
    process = fields.get("process")
    pid = process.get("pid") if isinstance(process, Mapping) else None
    if fields["status"] != "running" or pid != os.getpid():
        return None
    return Record(folder, fields) if at_work(fields) else None


def remove_drafts(folder: Path) -> None:
    """Removes what stays of files that were being written when a process ends."""
    with contextlib.suppress(OSError):
        for path in list(folder.iterdir()):
            if _DRAFT.fullmatch(path.name):
                path.unlink(missing_ok=True)


def _seconds_since(moment: object) -> float | None:
    try:
        began = datetime.fromisoformat(str(moment))
        return round((datetime.now().astimezone() - began).total_seconds(), 3)
    except (ValueError, TypeError):
        return None


def _make_room(folder: Path, sink: Sink) -> None:
    """Removes what a dead run left in the folder; refuses where something is worth keeping."""
    try:
        found = read_record(folder)
    except ForeignFileError as error:
        if error.missing and not is_there(folder / RECORD):
            return
        holds = f"a file `{RECORD}` that is not the record of a run"
        raise _occupied(folder, holds, sink) from None
    status = found.fields["status"]
    if status == "running" and at_work(found.fields):
        raise _occupied(folder, "a run that is at work", sink)
    if status not in ("running", "failed", "rejected"):
        raise _occupied(folder, f"a run that is {status}", sink)
    if found.newer is not None:
        raise _occupied(folder, "a run of a newer kerasgen", sink)
    _clear(folder)


def discard(folder: Path) -> None:
    """Takes back what a refused run wrote into a folder; files of others stay.

    Raises:
        OSError: a file cannot be removed.
    """
    _clear(folder)
    (folder / RECORD).unlink(missing_ok=True)


def _clear(folder: Path) -> None:
    """Removes the results of a run, and what a killed process left of them."""
    shutil.rmtree(folder / TENSORBOARD, ignore_errors=True)
    for path in list(folder.iterdir()):
        if any(path.match(pattern) for pattern in _RESULTS) or _DRAFT.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _occupied(folder: Path, holds: str, sink: Sink) -> CompileError:
    return sink.fail(
        "KG605",
        f"folder `{folder}` already holds {holds}",
        key="hydra.run.dir",
        help="choose another folder, or move that one away",
    )


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keeps other processes from opening or closing a run in the folder meanwhile."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    # The folder itself is locked: a lock file would stay behind, or be removed under a waiter.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def reported(sink: Sink, folder: Path) -> Iterator[None]:
    """Turns an `OSError` raised inside into KG605 for `folder`."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise sink.fail(
            "KG605",
            f"folder `{folder}` cannot be written: {reason}",
            key="hydra.run.dir",
            help="check the folder's permissions and the space on its disk, "
            "or choose another with `hydra.run.dir=…`",
        ) from error


def now() -> str:
    """This moment in ISO 8601 with milliseconds and time zone."""
    return datetime.now().astimezone().isoformat(timespec="milliseconds")


def files_in(folder: Path) -> list[str]:
    """The files below a folder, relative and sorted, without hidden ones; the record included."""
    found = [RECORD]
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        base = Path(parent).relative_to(folder)
        found += [(base / name).as_posix() for name in files if not name.startswith(".")]
    return sorted(set(found))
