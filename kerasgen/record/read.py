"""The one reader of a run's files, own ones and a stranger's.

This room owns what each file of a run must be to be read. It trusts nothing that it reads: every
file comes through the door of `kerasgen.foreign`, which bounds size, depth and kind and follows no
alias, and a link must not lead out of the folder. Whether a fault is an error or a warning, its
caller decides.

Decisions:
- A record of a newer version is read as far as its fields are known, and is said to be newer: a
  listing may show it, and whoever must understand it refuses it.
- A file that is not there is a fault of its own kind, since a run that was refused early leaves
  few files.
- What is read is what the run has written, as far as its record knows: a file that was edited since
  is refused here, for whoever wants it. A record that knows nothing lets all be read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasgen.diagnostics import Sink, SourceMap
from kerasgen.diagnostics.source_map import Replacement
from kerasgen.diagnostics.source_map_data import from_plain
from kerasgen.foreign.json_data import read_json
from kerasgen.foreign.printable import shown
from kerasgen.foreign.regular_files import (
    TOO_MUCH,
    ForeignFileError,
    is_folder,
    is_there,
    read_text,
)
from kerasgen.record.checksums import known_checksums, require_as_written
from kerasgen.record.file_names import CONFIG, HISTORY, OVERRIDES, PREDICTIONS, RECORD, SOURCE_MAP
from kerasgen.record.versions import version_fault, with_todays_keys

_CONFIGS = (".yaml", ".yml")
"""How the files end in which configs are written."""

MOST_CELLS = 1_000_000
"""Cells above which a history is not read: a hundred metrics of ten thousand epochs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRecord:
    """What `record.json` says.

    Attributes:
        fields: all of it, as plain data, with the keys of today; `schema` is a number and `status`
            a text.
        newer: what is wrong with its version, None for one that is known.
    """

    fields: Mapping[str, Any]
    newer: ForeignFileError | None = None


def is_run(word: str | Path) -> bool:
    """Whether a word names a folder with a `record.json`, be it a sound one or not."""
    return is_folder(word) and is_there(Path(word) / RECORD)


def read_record(folder: Path) -> ReadRecord:
    """The record of a run, of any version.

    Raises:
        ForeignFileError: it is not there, cannot be read, or is not the record of a run.
    """
    fields = _mapping(read_json(folder / RECORD, within=folder), "the record of a run")
    schema = fields.get("schema")
    if type(schema) is not int or not isinstance(fields.get("status"), str):
        raise ForeignFileError("is not the record of a run: it has no `schema` and `status`")
    newer = version_fault(fields, folder / RECORD)
    known = with_todays_keys(fields) if newer is None else fields
    return ReadRecord(fields=known, newer=newer)


def is_completed(folder: Path) -> bool:
    """Whether the record in a folder calls its run completed."""
    try:
        return bool(read_record(folder).fields["status"] == "completed")
    except ForeignFileError:
        return False


def read_known_record(folder: Path) -> Mapping[str, Any]:
    """The record of a run, of a version whose fields are known.

    Raises:
        ForeignFileError: as for `read_record`; KG613 for a newer version.
    """
    found = read_record(folder)
    if found.newer is not None:
        raise found.newer
    return found.fields


@contextmanager
def required(path: Path) -> Iterator[None]:
    """Reads a file without which nothing goes on: what is wrong with it becomes a diagnostic.

    Args:
        path: the file.

    Raises:
        CompileError: KG606 or the fault's own code, the file cannot be read.
    """
    try:
        yield
    except ForeignFileError as error:
        raise Sink().fail_file("KG606", path, error) from error


def require_written(folder: Path, name: str, record: Mapping[str, Any] | None = None) -> None:
    """Refuses a file that is not the one that the run has written; its record may not know.

    Args:
        folder: the folder of the run.
        name: the file, relative to the folder.
        record: the record of the run, None where it is not read yet.

    Raises:
        ForeignFileError: KG640, it was edited; or it is not there, or cannot be read.
    """
    if record is None:
        try:
            record = read_record(folder).fields
        except ForeignFileError:
            return  # What lies in such a folder can be read all the same.
    known = known_checksums(record).get(name)
    if known is not None:
        require_as_written(folder, name, known)


def read_config(folder: Path, record: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The resolved config of a run, interpolations as written.

    Args:
        folder: the folder of the run.
        record: its record, None where it is not read yet.

    Raises:
        ForeignFileError: it is not there, cannot be read, was edited, or is not a mapping with text
            as keys.
    """
    from kerasgen.foreign.yaml_data import read_yaml  # A listing needs no YAML.

    require_written(folder, CONFIG, record)
    config = _mapping(read_yaml(folder / CONFIG, within=folder), "a config")
    for key in config:
        if not isinstance(key, str):
            raise ForeignFileError(f"is not a config: it has the key `{key}`, expected text")
    return config


def read_source_map(folder: Path, record: Mapping[str, Any] | None = None) -> SourceMap:
    """Where the config of a run was written, line by line.

    Args:
        folder: the folder of the run.
        record: its record, None where it is not read yet.

    Raises:
        ForeignFileError: it is not there, cannot be read, is no source map, or names a file that
            is no config: a line of it would be shown.
    """
    require_written(folder, SOURCE_MAP, record)
    found = read_json(folder / SOURCE_MAP, within=folder)
    source_map = from_plain(found)
    for file in _files_in(source_map):
        if not file.endswith(_CONFIGS):
            raise ForeignFileError(f"is no source map: it names `{shown(file[:80])}`, no config")
    return source_map


def _files_in(source_map: SourceMap) -> Iterator[str]:
    """The files that a source map names."""
    steps = [step.marks for step in source_map.steps if isinstance(step, Replacement)]
    places = [
        place
        for marks in (source_map.marks, *steps)
        for mark in marks.values()
        for place in (mark.key, mark.value)
    ]
    if source_map.defaults is not None:
        places.append(source_map.defaults)
    yield from {place.file for place in places if place.file is not None}


def read_overrides(folder: Path, record: Mapping[str, Any] | None = None) -> list[str]:
    """The overrides of a run as they were written.

    Args:
        folder: the folder of the run.
        record: its record, None where it is not read yet.

    Raises:
        ForeignFileError: they are not there, cannot be read, or are no list of texts.
    """
    from kerasgen.foreign.yaml_data import read_yaml  # A listing needs no YAML.

    require_written(folder, OVERRIDES, record)
    found = read_yaml(folder / OVERRIDES, within=folder)
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise ForeignFileError("is not a list of overrides, expected texts")
    return found


def read_facts(folder: Path, name: str, record: Mapping[str, Any] | None = None) -> object:
    """The plain data of one of a run's JSON files: `metrics.json`, `data.json` and the like.

    Args:
        folder: the folder of the run.
        name: the name of the file, one of `file_names`.
        record: the record of the run, None where it is not read yet.

    Raises:
        ForeignFileError: it is not there, or cannot be read.
    """
    require_written(folder, name, record)
    return read_json(folder / name, within=folder)


def read_history(folder: Path, record: Mapping[str, Any] | None = None) -> list[dict[str, float]]:
    """The figures of each epoch that a run has finished, the same bits that were written.

    Args:
        folder: the folder of the run.
        record: its record, None where it is not read yet.

    Returns:
        A row an epoch, in which a metric that it does not have is left out; `epoch` is an int.

    Raises:
        ForeignFileError: it is not there, cannot be read, or is no table of numbers.
    """
    require_written(folder, HISTORY, record)
    text = read_text(folder / HISTORY, within=folder)
    if text.count(",") + text.count("\n") > MOST_CELLS:
        raise ForeignFileError(f"has more than {MOST_CELLS:,} cells", code=TOO_MUCH)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = next(reader, [])
        if len(set(names)) < len(names):
            raise ForeignFileError("is not a history: it has two columns of one name", line=1)
        return [_epoch(names, cells, reader.line_num) for cells in reader]
    except csv.Error as error:
        told = str(error).rstrip(".")
        raise ForeignFileError(f"is not a history: {told}", line=reader.line_num) from None


def prediction_names(folder: Path, record: Mapping[str, Any] | None = None) -> list[str]:
    """The names of the arrays that a run has predicted, none of which is read.

    Args:
        folder: the folder of the run.
        record: its record, None where it is not read yet.

    Raises:
        ForeignFileError: the archive is not there, cannot be read, or is none.
    """
    from kerasgen.foreign.archives import open_archive  # A listing opens no archive.

    require_written(folder, PREDICTIONS, record)
    with open_archive(folder / PREDICTIONS, within=folder) as archive:
        names = archive.namelist()
    return [name.removesuffix(".npy") for name in names if name.endswith(".npy")]


def _epoch(names: list[str], cells: list[str], line: int) -> dict[str, float]:
    if len(cells) != len(names):
        told = f"has {len(cells)} cells in one row, expected {len(names)}"
        raise ForeignFileError(told, line=line)
    row: dict[str, float] = {}
    for name, cell in zip(names, cells, strict=True):
        try:
            if cell:
                row[name] = int(cell) if name == "epoch" else float(cell)
        except ValueError:
            told = f"has `{cell[:40]}` as `{name[:40]}`, expected a number"
            raise ForeignFileError(told, line=line) from None
    return row


def _mapping(found: object, what: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ForeignFileError(f"is not {what}, expected a mapping")
    return found
