"""Reading the records of runs, own ones and a stranger's.

This room owns finding run folders, and what an entry of a listing is. How a file of a run is read
safely stands in `kerasgen.record.read`; whatever is wrong with one is a warning here, so that
one bad folder hides no other.

Decisions:
- A record that is open while its process is gone is one of a run that was `killed`; the file is
  left as it is.
- The folds of a run are listed with it, as one run.
- A config is read when somebody asks for it; a listing of thousands of runs needs none. Nor does it
  read a record that the index knows; see `run_index`.
- A record of a newer version is listed with what is known of its fields, and a warning.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from kerasgen.diagnostics import Severity, Sink
from kerasgen.foreign.regular_files import ForeignFileError, is_folder, is_there, told
from kerasgen.record import read as reading
from kerasgen.record.file_names import CONFIG, FOLDS, RECORD, TAGS
from kerasgen.record.files import number
from kerasgen.record.read import ReadRecord, required
from kerasgen.record.run_index import RunIndex
from kerasgen.record.status import observed_status
from kerasgen.record.tags import read_tags

PARTS = ("test", "validation", "training")
"""The parts of the data that metrics are measured on, the one that counts most first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEntry:
    """One recorded run.

    Attributes:
        id: its folder relative to the folder of all runs, with slashes.
        folder: its folder.
        status: the record's status, or `killed`.
        name: name of the experiment, empty for none.
        backend: the backend it ran on, None if it did not get that far.
        started: when it began, None if the record does not tell.
        seconds: how long it took, None if it did not end.
        epochs: epochs finished, None if none was recorded.
        metrics: part of the data to metric to number; NaN and infinity included.
        fields: the whole record, as plain data.
        tags: words that people have given it.
    """

    id: str
    folder: Path
    status: str
    name: str
    backend: str | None
    started: datetime | None
    seconds: float | None
    epochs: int | None
    metrics: Mapping[str, Mapping[str, float]]
    fields: Mapping[str, Any]
    tags: tuple[str, ...] = ()


def read_runs(root: Path, sink: Sink) -> list[RunEntry]:
    """Reads all runs below a folder, the newest first.

    Args:
        root: the folder of all runs (`outputs`).
        sink: gets a warning (KG606) for each record or folder that cannot be read.
    """
    if not is_folder(root):
        sink.warn("KG606", f"there is no folder `{root}`")
        return []
    index = RunIndex(root)
    found = [_listed(folder, root, index, sink) for folder in _run_folders(root, sink)]
    index.keep()
    runs = [run for run in found if run is not None]
    runs.sort(key=lambda run: run.id)
    runs.sort(key=lambda run: run.started or _LONG_AGO, reverse=True)
    return runs


def read_run(folder: Path, root: Path, sink: Sink) -> RunEntry:
    """Reads the record of one run.

    Args:
        folder: the folder of the run.
        root: the folder of all runs, to which its id is relative.
        sink: gets a warning of tags that cannot be read.

    Raises:
        CompileError: KG606 or a code of its own, there is no record that can be read.
    """
    with required(folder / RECORD):
        fields = reading.read_known_record(folder)
    return _entry(fields, folder, _run_id(folder, root), _tags(folder, sink))


def _read(folder: Path, sink: Sink) -> ReadRecord | None:
    """The record of a run, if there is one that can be read."""
    path = folder / RECORD
    try:
        found = reading.read_record(folder)
    except ForeignFileError as error:
        sink.report_file("KG606", path, error, severity=Severity.WARNING)
        return None
    if found.newer is not None:
        sink.report_file("KG606", path, found.newer, severity=Severity.WARNING)
    return found


def _listed(place: _Place, root: Path, index: RunIndex, sink: Sink) -> RunEntry | None:
    """A run of a listing, as the index or its record tells of it."""
    folder, name = Path(place.folder), place.folder[len(os.fspath(root)) :]
    name = name.strip(os.sep).replace(os.sep, "/") or "."
    fields = index.fields_of(name, place.folder)
    if fields is None:
        found = _read(folder, sink)
        if found is None:
            return None
        fields = found.fields
        if found.newer is None:
            index.take_in(name, place.folder, fields)
    tags = _tags(folder, sink) if place.tagged else ()
    return _entry(fields, folder, name, tags)


def _tags(folder: Path, sink: Sink) -> tuple[str, ...]:
    try:
        return read_tags(folder)
    except ForeignFileError as error:
        sink.report_file("KG606", folder / TAGS, error, severity=Severity.WARNING)
        return ()


def read_config(run: RunEntry, sink: Sink) -> Mapping[str, Any]:
    """Reads the config of a run, interpolations as written.

    Args:
        run: the run.
        sink: gets a warning (KG606) if the config cannot be read.

    Returns:
        The config as plain data; empty if the run left none, or it cannot be read.
    """
    path = run.folder / CONFIG
    if not is_there(path):
        return {}
    try:
        return reading.read_config(run.folder, run.fields)
    except ForeignFileError as error:
        sink.report_file("KG606", path, error, severity=Severity.WARNING)
        return {}


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class _Place(NamedTuple):
    """A folder that holds a record.

    Attributes:
        folder: the folder.
        tagged: whether it holds tags.
    """

    folder: str
    tagged: bool


def _run_folders(root: Path, sink: Sink) -> Iterator[_Place]:
    """The folders below `root`, itself included, that hold a record; hidden ones are left out."""

    def warn(error: OSError) -> None:
        sink.warn("KG606", f"folder `{error.filename}` cannot be read: {told(error)}")

    for parent, folders, files in os.walk(root, onerror=warn):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if RECORD in files or RECORD in folders:
            folders[:] = [name for name in folders if name != FOLDS]
            yield _Place(parent, TAGS in files or TAGS in folders)


def _entry(
    fields: Mapping[str, Any], folder: Path, name_of_run: str, tags: tuple[str, ...]
) -> RunEntry:
    backend = fields.get("backend")
    backend = backend.get("backend") if isinstance(backend, dict) else backend
    epochs = number(fields.get("epochs"))
    metrics, name = fields.get("metrics"), fields.get("name")
    return RunEntry(
        id=name_of_run,
        folder=folder,
        status=observed_status(fields),
        name=name if isinstance(name, str) else "",
        backend=backend if isinstance(backend, str) else None,
        started=_moment(fields.get("started")),
        seconds=number(fields.get("seconds")),
        epochs=int(epochs) if epochs is not None and epochs.is_integer() else None,
        metrics={
            str(part): _numbers(figures)
            for part, figures in (metrics.items() if isinstance(metrics, dict) else ())
            if isinstance(figures, dict)
        },
        fields=fields,
        tags=tags,
    )


def _run_id(folder: Path, root: Path) -> str:
    try:
        return folder.relative_to(root).as_posix()
    except ValueError:
        return folder.as_posix()


def _numbers(figures: Mapping[str, Any]) -> dict[str, float]:
    read = {name: number(value) for name, value in figures.items()}
    return {name: value for name, value in read.items() if value is not None}


def _moment(text: object) -> datetime | None:
    """A moment in ISO 8601 with its time zone, that of this machine if it names none."""
    try:
        return datetime.fromisoformat(str(text)).astimezone()
    except (ValueError, OverflowError, OSError):
        return None
