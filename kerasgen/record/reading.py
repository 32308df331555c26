"""The one reader of a run's files, own ones and a stranger's.

This room owns what each file of a run must be to be read, and the version of its record. It
trusts nothing that it reads: every file comes through the door of `kerasgen.foreign`, and a link
must not lead out of the folder. Whether a fault is an error or a warning, its caller decides.

Decisions:
- A record of a newer version is read as far as its fields are known, and is said to be newer: a
  listing may show it, and whoever must understand it refuses it.
- A file that is not there is a fault of its own kind, since a run that was refused early leaves
  few files.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasgen.foreign.json_data import read_json
from kerasgen.foreign.opening import (
    ForeignFileError,
    is_folder,
    is_there,
    read_text,
)
from kerasgen.record.layout import CONFIG, HISTORY, OVERRIDES, PREDICTIONS, RECORD, SCHEMA

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEWER = "KG613"
"""Code of a record that a newer version wrote."""

MOST_CELL = 400
"""Characters of a number in the history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRecord:
    """What `record.json` says.

    Attributes:
        fields: all of it, as plain data; `schema` is a number and `status` a text.
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
    if schema <= SCHEMA:
        return ReadRecord(fields=fields)
    return ReadRecord(fields=fields, newer=_newer(folder, fields))


def read_known_record(folder: Path) -> Mapping[str, Any]:
    """The record of a run, of a version whose fields are known.

    Raises:
        ForeignFileError: as for `read_record`; KG613 for a newer version.
    """
    found = read_record(folder)
    if found.newer is not None:
        raise found.newer
    return found.fields


def read_config(folder: Path) -> dict[str, Any]:
    """The resolved config of a run, interpolations as written.

    Raises:
        ForeignFileError: it is not there, cannot be read, or is not a mapping with text as keys.
    """
    from kerasgen.foreign.yaml_data import read_yaml  # A listing needs no YAML.

    config = _mapping(read_yaml(folder / CONFIG, within=folder), "a config")
    for key in config:
        if not isinstance(key, str):
            raise ForeignFileError(f"is not a config: it has the key `{key}`, expected text")
    return config


def read_overrides(folder: Path) -> list[str]:
    """The overrides that a run was started with.

    Raises:
        ForeignFileError: they are not there, cannot be read, or are no list of texts.
    """
    from kerasgen.foreign.yaml_data import read_yaml

    found = read_yaml(folder / OVERRIDES, within=folder)
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise ForeignFileError("is not a list of overrides")
    return found


def read_facts(folder: Path, name: str) -> object:
    """The plain data of one of a run's JSON files: `metrics.json`, `data.json` and the like.

    Args:
        folder: the folder of the run.
        name: the name of the file, one of `layout`.

    Raises:
        ForeignFileError: it is not there, or cannot be read.
    """
    return read_json(folder / name, within=folder)


def read_history(folder: Path) -> list[dict[str, float]]:
    """The figures of each epoch; `epoch` comes back as an int, an empty cell not at all.

    Raises:
        ForeignFileError: the history is not there, or holds something other than numbers.
    """
    text = read_text(folder / HISTORY, within=folder)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    made: list[dict[str, float]] = []
    try:
        names = next(rows, [])
        if len(set(names)) < len(names):
            raise ForeignFileError("has two columns of one name", line=1)
        for row in rows:
            if row and len(row) != len(names):
                told = f"has {len(row)} cells in a row, expected {len(names)}"
                raise ForeignFileError(told, line=rows.line_num)
            cells = zip(names, row, strict=False)
            made.append({name: _figure(name, cell) for name, cell in cells if cell})
    except csv.Error as error:
        raise ForeignFileError(f"is not CSV: {error}", line=rows.line_num) from None
    except ValueError as error:
        raise ForeignFileError(f"holds {error}", line=rows.line_num) from None
    return made


def read_predictions(folder: Path) -> dict[str, NDArray[Any]]:
    """The arrays of `predictions.npz` by their names; pickles are refused.

    Raises:
        ForeignFileError: they are not there, cannot be read, or unpack to too much.
    """
    from kerasgen.foreign.arrays import read_arrays  # A listing needs no NumPy.

    return read_arrays(folder / PREDICTIONS, within=folder)


def _figure(name: str, cell: str) -> float:
    try:
        if len(cell) <= MOST_CELL:
            return int(cell) if name == "epoch" else float(cell)
    except ValueError:
        pass
    raise ValueError(f"`{cell[:40]}` in the column `{name[:40]}`, expected a number")


def _mapping(found: object, what: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ForeignFileError(f"is not {what}, expected a mapping")
    return found


def _newer(folder: Path, fields: Mapping[str, Any]) -> ForeignFileError:
    by = fields.get("kerasgen")
    who = f"kerasgen {by[:40]}" if isinstance(by, str) else "a newer kerasgen"
    line = None
    lines = read_text(folder / RECORD, within=folder).splitlines()
    for number, text in enumerate(lines, 1):
        if re.match(r'\s*\{?\s*"schema"\s*:', text):
            line = number
            break
    return ForeignFileError(
        f"has schema {str(fields['schema'])[:40]}, expected at most {SCHEMA}: {who} wrote it",
        code=NEWER,
        line=line,
    )
