"""The folder of a run: taken, given back, and closed for a process that no longer can.

This room owns whose folder it is. What is written into it while a run goes on stands in `write`.

Decisions:
- A record names its process, so that a reader can tell a run that was killed from one that
  works. A folder is locked while a run is opened or closed in it for somebody else, so that of two
  runs one gets it.
- A run that takes the folder of one that failed, was interrupted or was killed removes that one's
  results, which would pass for its own. Files that `file_names` does not name are never touched.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kerasgen import __version__
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.foreign.regular_files import ForeignFileError, is_there
from kerasgen.record.checksums import CHECKSUMS
from kerasgen.record.file_names import (
    CHECKPOINTS,
    FOLDS,
    KERAS,
    OVERRIDES,
    PREPARE,
    RECORD,
    RESULTS,
    TENSORBOARD,
    TRACEBACK,
    WANDB,
)
from kerasgen.record.files import write_atomically
from kerasgen.record.lock import locked
from kerasgen.record.provenance import at_work, identity, is_seen_at_work
from kerasgen.record.read import ReadRecord, read_record
from kerasgen.record.sign_of_life import leave_sign
from kerasgen.record.status import CLOSED, OPEN, Closed
from kerasgen.record.versions import SCHEMA
from kerasgen.record.write import Record, TakenOverError, now, seconds_since

_DRAFT = re.compile(r"\..+\.[0-9a-f]{12}\.tmp|\.model\.draft\.keras")
"""What a killed process leaves of a file that it was writing."""


_OF_AN_END = ("status", "error", "finished", "files", CHECKSUMS)
"""Fields that tell how a run has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """How a run was asked for.

    Attributes:
        name: name of the experiment.
        argv: the command line, None for that of this process.
        overrides: the overrides as written.
        choices: config group to chosen option.
        config_dirs: folders of configs besides the shipped one.
        seed: seed of the run.
        secrets: words that no file of the run may hold.
    """

    name: str = ""
    argv: Sequence[str] | None = None
    overrides: Sequence[str] = ()
    choices: Mapping[str, str | None] = field(default_factory=dict)
    config_dirs: Sequence[str] = ()
    seed: int | None = None
    secrets: Sequence[str] = field(default=(), repr=False)


def open_record(
    folder: Path, sink: Sink, invocation: Invocation | None = None, *, resumed: bool = False
) -> Record:
    """Starts the record of a run, with status `created`.

    Args:
        folder: the folder of the run; made if it is not there.
        sink: where a folder that cannot be used is reported.
        invocation: how the run was asked for, None for the process's own command line.
        resumed: whether the run in the folder goes on, so that its results stay.

    Raises:
        CompileError: KG605, the folder cannot be written, or holds a run that has completed or
            is at work, or a `record.json` of something else. A run that ended in another way is
            replaced.
    """
    asked = Invocation() if invocation is None else invocation
    origin = identity()
    with reported(sink, folder):
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            earlier = _taken_over(folder, sink) if resumed else None
            if earlier is None:
                _make_room(folder, sink)
            record = Record(folder, earlier or {}, asked.secrets)
            record.update(
                schema=SCHEMA,
                status="created",
                name=asked.name,
                started=(earlier or {}).get("started", now()),
                kerasgen=__version__,
                **origin,
                argv=list(sys.argv if asked.argv is None else asked.argv),
                overrides=list(asked.overrides),
                choices=dict(asked.choices),
                config_dirs=list(asked.config_dirs),
                seed=asked.seed,
            )
            if (attempt := origin["process"].get("attempt")) is not None:
                leave_sign(folder, attempt)
    return record


def close_abandoned(
    folder: Path, status: Closed, error: str, *, attempt: str | None = None
) -> bool:
    """Closes the record of a run whose process ended without closing it.

    Args:
        folder: the folder of the run.
        status: how the run ended.
        error: what happened to the process.
        attempt: the start of a job that has ended, on whatever machine it was; None for a process
            of this one, which is asked for.

    Returns:
        Whether it was closed; False if there is no record, or it is closed, at work, or another
        process's.

    Raises:
        OSError: the file cannot be written.
    """
    try:
        with locked(folder):
            found = read_record(folder)
            fields = found.fields
            if found.newer or fields["status"] not in OPEN:
                return False
            if at_work(fields) if attempt is None else not opened_in(fields, attempt):
                return False
            seconds = seconds_since(fields.get("started"))
            Record(folder, fields).finish(status, error=error, seconds=seconds, sealed=False)
    except (FileNotFoundError, ForeignFileError):
        return False
    return True


def close_lost(folder: Path, error: str, attempt: str) -> bool:
    """Closes the record of a job whose process is gone, and those of its folds.

    Args:
        folder: the folder of the run.
        error: what happened to the process.
        attempt: the start of the job that has ended.

    Returns:
        Whether its own was closed, as `close_abandoned` has it.

    Raises:
        OSError: a file cannot be written.
    """
    folds = folder / FOLDS
    for fold in () if folds.is_symlink() else folds.glob("*"):
        if not fold.is_symlink():
            close_abandoned(fold, "interrupted", error, attempt=attempt)
    return close_abandoned(folder, "interrupted", error, attempt=attempt)


def opened_by(fields: Mapping[str, object], pid: int) -> bool:
    """Whether a process of this id opened a record."""
    process = fields.get("process")
    return isinstance(process, Mapping) and process.get("pid") == pid


def opened_in(fields: Mapping[str, object], attempt: str) -> bool:
    """Whether a job opened a record when it was started this time."""
    process = fields.get("process")
    return isinstance(process, Mapping) and process.get("attempt") == attempt


def own_record(folder: Path) -> Record | None:
    """The record in a folder that this process has opened and not closed, or None."""
    try:
        fields = read_record(folder).fields
    except ForeignFileError:
        return None
    if fields["status"] not in OPEN or not opened_by(fields, os.getpid()):
        return None
    return Record(folder, fields) if is_seen_at_work(fields) else None


def close_at_once(folder: Path, error: str, record: Record | None = None) -> None:
    """Closes this process's record as `interrupted` while it ends; removes what is half written.

    It may run in another thread than the run itself, which may be writing.

    Args:
        folder: the folder of the run.
        error: why the process ends.
        record: the record as the run has it, with what is not on the disk yet; None where the run
            has got none so far.
    """
    known = own_record(folder)
    if known is not None:
        fields = known.fields if record is None else dict(record.fields)
        seconds = seconds_since(fields.get("started"))
        with contextlib.suppress(OSError):
            Record(folder, fields).finish("interrupted", error=error, seconds=seconds, sealed=False)
    elif record is not None:
        try:
            record.require_own()
        except TakenOverError:
            return
    remove_drafts(folder)


def discard(folder: Path) -> None:
    """Takes back what a refused run wrote into a folder; files of others stay.

    Raises:
        OSError: a file cannot be removed.
    """
    _clear(folder)
    (folder / RECORD).unlink(missing_ok=True)


@contextlib.contextmanager
def reported(sink: Sink, folder: Path, setting: str = "hydra.run.dir") -> Iterator[None]:
    """Turns an `OSError` raised inside into a diagnostic for `folder`.

    Args:
        sink: where it is reported.
        folder: the folder.
        setting: the key that says where the folder is.

    Raises:
        CompileError: KG605, with the system's reason.
    """
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise sink.fail(
            "KG605",
            f"folder `{folder}` cannot be written: {reason}",
            key=setting,
            help="check the folder's permissions and the space on its disk, "
            f"or choose another with `{setting}=…`",
        ) from error


def opening_files(folder: Path) -> dict[str, bytes]:
    """What stands in the files that are written, or removed, when a run is opened.

    Raises:
        OSError: one cannot be read.
    """
    found = {name: folder / name for name in (RECORD, OVERRIDES, KERAS, TRACEBACK)}
    return {name: path.read_bytes() for name, path in found.items() if path.is_file()}


def restore(folder: Path, files: Mapping[str, bytes]) -> None:
    """Gives a folder the files back that it had before a run was to go on in it.

    Args:
        folder: the folder of the run.
        files: what `opening_files` has given.

    Raises:
        OSError: one cannot be written.
    """
    for name, content in files.items():
        write_atomically(folder / name, content)


def _taken_over(folder: Path, sink: Sink) -> dict[str, Any]:
    """The record of a run that goes on, without what told of its end."""
    try:
        found = read_record(folder)
    except ForeignFileError as error:
        raise sink.fail_file("KG606", folder / RECORD, error) from error
    if found.fields["status"] in OPEN and at_work(found.fields):
        raise _occupied(folder, _at_work(found), sink)
    (folder / TRACEBACK).unlink(missing_ok=True)
    return {name: value for name, value in found.fields.items() if name not in _OF_AN_END}


def remove_drafts(folder: Path) -> None:
    """Removes what a dead process left of files that it was writing."""
    with contextlib.suppress(OSError):
        for path in [*folder.iterdir(), *(folder / CHECKPOINTS).glob(".*.tmp")]:
            if _DRAFT.fullmatch(path.name):
                path.unlink(missing_ok=True)


def _at_work(found: ReadRecord) -> str:
    process = found.fields.get("process")
    pid = process.get("pid") if isinstance(process, Mapping) else None
    return f"a run that is at work (process {pid})"


def _make_room(folder: Path, sink: Sink) -> None:
    """Removes what a dead run left in the folder; refuses where something is worth keeping."""
    try:
        found = read_record(folder)
    except ForeignFileError as error:
        if error.missing and not is_there(folder / RECORD):
            return
        holds = f"a file `{RECORD}` that is not the record of a run"
        raise _occupied(folder, holds, sink) from None
    if (kept := _worth_keeping(found)) is not None:
        raise _occupied(folder, kept, sink)
    _clear(folder)


def _worth_keeping(found: ReadRecord) -> str | None:
    """What a folder holds that no run may replace, None for one whose run is dead."""
    status = found.fields["status"]
    if status in OPEN and at_work(found.fields):
        return _at_work(found)
    if status == "completed" or status not in (*OPEN, *CLOSED):
        return f"a run that is {status}"
    return None if found.newer is None else "a run of a newer kerasgen"


def _clear(folder: Path) -> None:
    """Removes the results of a run, and what a killed process left of them."""
    for name in (TENSORBOARD, WANDB, PREPARE, FOLDS, CHECKPOINTS):
        shutil.rmtree(folder / name, ignore_errors=True)
    for path in list(folder.iterdir()):
        if any(path.match(pattern) for pattern in RESULTS) or _DRAFT.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _occupied(folder: Path, holds: str, sink: Sink) -> CompileError:
    return sink.fail(
        "KG605",
        f"folder `{folder}` already holds {holds}",
        key="hydra.run.dir",
        help="choose another folder, or move that one away",
    )
