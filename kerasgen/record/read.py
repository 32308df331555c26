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

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasgen.foreign.json_data import read_json
from kerasgen.foreign.regular_files import (
    ForeignFileError,
    is_folder,
    is_there,
    read_text,
)
from kerasgen.record.layout import CONFIG, RECORD, SCHEMA

NEWER = "KG613"
"""Code of a record that a newer version wrote."""


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


def read_facts(folder: Path, name: str) -> object:
    """The plain data of one of a run's JSON files: `metrics.json`, `data.json` and the like.

    Args:
        folder: the folder of the run.
        name: the name of the file, one of `layout`.

    Raises:
        ForeignFileError: it is not there, or cannot be read.
    """
    return read_json(folder / name, within=folder)


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
