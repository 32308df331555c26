"""Reading the records of runs, own ones and a stranger's.

This room owns finding run folders and judging what lies in them. It trusts nothing that it
reads: JSON and YAML are bounded in size and depth, no pickle, no class and no code is loaded from
them, and whatever is wrong with a file is a warning, so that one bad folder hides no other.
What the fields mean stands in `kerasgen.run.record`.

Decisions:
- A record that says `running` while its process is gone is one of a run that was `killed`; the
  file is left as it is.
- A config is read when somebody asks for it; a listing of thousands of runs needs none.
- YAML with aliases is refused: no config of ours has any, and a few nested ones can stand for
  more values than fit into memory.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kerasgen.diagnostics import Sink
from kerasgen.run.files import number
from kerasgen.run.provenance import at_work
from kerasgen.run.record import CONFIG, RECORD, SCHEMA

KILLED = "killed"
"""Status of a run whose process ended before it could close its record."""

PARTS = ("test", "validation", "training")
"""The parts of the data that metrics are measured on, the one that counts most first."""

MOST_BYTES = 16 * 2**20
"""Size above which a record or a config is not read."""

MOST_LEVELS = 64
"""Depth of nesting above which a record or a config is not read."""


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


class _UnreadableError(Exception):
    """A file that cannot be read, with the reason as a message says it."""


def read_runs(root: Path, sink: Sink) -> list[RunEntry]:
    """Reads all runs below a folder, the newest first.

    Args:
        root: the folder of all runs (`outputs`).
        sink: gets a warning (KG606) for each record or folder that cannot be read.
    """
    if not root.is_dir():
        sink.warn("KG606", f"there is no folder `{root}`")
        return []
    found = [read_run(folder, root, sink) for folder in _run_folders(root, sink)]
    runs = [run for run in found if run is not None]
    runs.sort(key=lambda run: run.id)
    runs.sort(key=lambda run: run.started or _LONG_AGO, reverse=True)
    return runs


def read_run(folder: Path, root: Path, sink: Sink) -> RunEntry | None:
    """Reads the record of one run.

    Args:
        folder: the folder of the run.
        root: the folder of all runs, to which its id is relative.
        sink: gets a warning (KG606) if there is no record that can be read.

    Returns:
        The run, or None.
    """
    path = folder / RECORD
    try:
        fields = _checked_record(_read_json(path))
    except _UnreadableError as error:
        sink.warn("KG606", f"`{path}` {error}")
        return None
    return _entry(fields, folder, root)


def read_config(run: RunEntry, sink: Sink) -> Mapping[str, Any]:
    """Reads the config of a run, interpolations as written.

    Args:
        run: the run.
        sink: gets a warning (KG606) if the config cannot be read.

    Returns:
        The config as plain data; empty if the run left none, or it cannot be read.
    """
    path = run.folder / CONFIG
    if not path.exists():
        return {}
    try:
        config = _read_yaml(path)
        if not isinstance(config, dict):
            raise _UnreadableError("is not a config, expected a mapping")
    except _UnreadableError as error:
        sink.warn("KG606", f"`{path}` {error}")
        return {}
    return config


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _run_folders(root: Path, sink: Sink) -> Iterator[Path]:
    """The folders below `root`, itself included, that hold a record; hidden ones are left out."""

    def warn(error: OSError) -> None:
        sink.warn("KG606", f"folder `{error.filename}` cannot be read: {_reason(error)}")

    for parent, folders, files in os.walk(root, onerror=warn):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if RECORD in files:
            yield Path(parent)


def _entry(fields: Mapping[str, Any], folder: Path, root: Path) -> RunEntry:
    status = fields["status"]
    if status == "running" and not at_work(fields):
        status = KILLED
    backend = fields.get("backend")
    backend = backend.get("backend") if isinstance(backend, dict) else backend
    epochs = number(fields.get("epochs"))
    metrics, name = fields.get("metrics"), fields.get("name")
    return RunEntry(
        id=_run_id(folder, root),
        folder=folder,
        status=status,
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


def _checked_record(fields: object) -> dict[str, Any]:
    if not isinstance(fields, dict):
        raise _UnreadableError("is not the record of a run, expected a mapping")
    schema = fields.get("schema")
    if type(schema) is not int or not isinstance(fields.get("status"), str):
        raise _UnreadableError("is not the record of a run: it has no `schema` and `status`")
    if schema > SCHEMA:
        raise _UnreadableError(
            f"has schema {schema}, expected at most {SCHEMA}: a newer kerasgen wrote it"
        )
    return fields


def _read_json(path: Path) -> object:
    try:
        value = json.loads(_read_bounded(path))
    except RecursionError:
        raise _UnreadableError("is nested too deeply") from None
    except ValueError as error:  # not JSON, not UTF-8, or a number of thousands of digits
        raise _UnreadableError(f"is not JSON: {error}") from None
    level: list[Any] = [value]
    for _ in range(MOST_LEVELS):
        level = [item for held in level if isinstance(held, dict | list) for item in _held(held)]
        if not level:
            return value
    raise _UnreadableError("is nested too deeply")


def _held(holder: dict[str, Any] | list[Any]) -> Iterator[Any]:
    return iter(holder.values() if isinstance(holder, dict) else holder)


def _read_yaml(path: Path) -> object:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = _read_bounded(path)
    depth = 0
    try:
        # The events come one by one, before anything is built from them.
        for event in yaml.parse(text, Loader=loader):
            if isinstance(event, yaml.AliasEvent):
                raise _UnreadableError("has aliases, expected none in a run's config")
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MOST_LEVELS:
                raise _UnreadableError("is nested too deeply")
        value: object = yaml.load(text, Loader=loader)  # a SafeLoader
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as error:
        if "nesting depth" in str(error):  # libyaml's own limit, met before any event came
            raise _UnreadableError("is nested too deeply") from None
        # Beside its own errors PyYAML raises what its constructors meet: `!!bool x`, `!!int ""`.
        raise _UnreadableError(f"is not YAML: {' '.join(str(error).split())}") from None
    return value


def _read_bounded(path: Path) -> bytes:
    """The bytes of a regular file of bounded size; a pipe or a device could last forever."""
    try:
        # Asked before it is opened, since opening a pipe waits for a writer.
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise _UnreadableError("is not a file")
        if found.st_size > MOST_BYTES:
            raise _UnreadableError(
                f"is of {found.st_size:,} bytes, expected at most {MOST_BYTES:,}"
            )
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError as error:
        raise _UnreadableError(f"cannot be read: {_reason(error)}") from None


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
