"""Checksums of what a trained run is asked by: its model, and what its preparation has learned.

This room owns which files these are, and how they are told from others of the same names. A record
is no seal: who changes a file may change its checksum. It tells files that do not belong together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasgen.record.file_names import MODEL, PREPARE

CHECKSUMS = "checksums"
"""The key below `model` of a record."""

HELD = (MODEL, f"{PREPARE}/steps.json", f"{PREPARE}/learned.npz", f"{PREPARE}/columns.json")
"""The files, relative to the folder of the run."""


def checksums(folder: Path) -> dict[str, str]:
    """The SHA-256 of each of the files that is there.

    Raises:
        OSError: one cannot be read.
    """
    return {name: _digest(folder / name) for name in HELD if (folder / name).is_file()}


def changed_files(folder: Path, record: Mapping[str, Any]) -> list[str]:
    """The files that are not those of which a record has the checksums; it may have none.

    Raises:
        OSError: one cannot be read.
    """
    model = record.get("model")
    known = model.get(CHECKSUMS) if isinstance(model, Mapping) else None
    if not isinstance(known, Mapping):
        return []
    found = checksums(folder)
    return [name for name in HELD if name in known and found.get(name) != known[name]]


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
