"""An index of records: what a listing shows of each, so that thousands need not be read again.

This room owns the file of the index, and when an entry of it holds. What a listing makes of
an entry it does not know.

Decisions:
- The record is what counts. An entry holds only for a `record.json` of the same place, inode, size,
  modification and change: whoever changes one, changes the last of these. One that has changed just
  now is not taken in, since it may change again within the same tick of the clock.
- Open runs are not taken in: they change, and whether one is at work is asked of the system. Nor is
  what was told with a warning, which is to be told again.
- It lies in the cache of the person who lists, never beside the runs: those may be a stranger's. It
  may be deleted at any time. One that is damaged, too large or of another form is no index, and one
  that cannot be written is none either; nobody is told.
- A listing of few runs makes none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kerasgen.foreign.regular_files import ForeignFileError, read_bytes
from kerasgen.process.cache_folder import cache_folder
from kerasgen.record.file_names import RECORD
from kerasgen.record.files import write_atomically
from kerasgen.record.read import read_record
from kerasgen.record.status import OPEN

LEAST_RUNS = 200
"""Runs below which no index is made."""

_FORM = 1
"""Of the file; another version of kerasgen may keep other fields."""

_FIELDS = frozenset(
    {"schema", "status", "name", "started", "finished", "seconds", "epochs", "seed", "parameters"}
    | {"error", "metrics", "choices", "weights", "backend"}
)
"""The fields of a record that are kept; all others are read when somebody asks."""

_MOST_BYTES = 256 * 2**20
_MOST_INDEXES = 20
"""Folders of runs of which an index is kept, the newest."""

_SETTLED = 2.0
"""Seconds after which a file that is changed again has another time of change."""


class RunIndex:
    """The index of the runs below a folder."""

    def __init__(self, root: Path) -> None:
        """Reads the index, if there is one.

        Args:
            root: the folder of all runs.
        """
        self._root = os.path.realpath(root)
        self._known = _read(self._root)
        self._used: dict[str, list[Any]] = {}
        self._changed = False

    def fields_of(self, run: str, folder: str) -> Mapping[str, Any] | None:
        """The fields of the record of a run, None where it must be read.

        Args:
            run: its id.
            folder: its folder.
        """
        entry = self._known.get(run)
        if entry is None or entry[0] != _state_of(folder):
            return None
        self._used[run] = entry
        return IndexedFields(Path(folder), entry[1])

    def take_in(self, run: str, folder: str, fields: Mapping[str, Any]) -> None:
        """Remembers what was read.

        Args:
            run: the id of the run.
            folder: its folder.
            fields: its record.
        """
        state = _state_of(folder)
        if state is None or fields["status"] in OPEN:
            return
        if time.time() - max(state[2], state[3]) / 1e9 < _SETTLED:
            return
        kept = {name: fields[name] for name in _FIELDS if name in fields}
        self._used[run] = [state, kept]
        self._changed = True

    def keep(self) -> None:
        """Writes the index, if there is something new in it and it is worth it."""
        gone = len(self._used) < len(self._known)
        if len(self._used) < LEAST_RUNS or not (self._changed or gone):
            return
        with contextlib.suppress(OSError, RuntimeError, ValueError, RecursionError):
            path = _file_of(self._root)
            text = json.dumps(
                {"form": _FORM, "root": self._root, "runs": self._used}, separators=(",", ":")
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text)
            _forget_old(path.parent)


class IndexedFields(Mapping[str, Any]):
    """The fields of a record, most of them still unread."""

    def __init__(self, folder: Path, kept: Mapping[str, Any]) -> None:
        """Takes what the index has kept.

        Args:
            folder: the folder of the run.
            kept: the fields that are known.
        """
        self._folder = folder
        self._kept = kept
        self._whole: Mapping[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        """A field; it is read where it was not kept."""
        return self._kept[name] if name in _FIELDS else self._all()[name]

    def __iter__(self) -> Iterator[str]:
        """The names of all fields."""
        return iter(self._all())

    def __len__(self) -> int:
        """How many fields there are."""
        return len(self._all())

    def _all(self) -> Mapping[str, Any]:
        if self._whole is None:
            try:
                self._whole = {**read_record(self._folder).fields, **self._kept}
            except ForeignFileError:  # It has gone in the meantime.
                self._whole = self._kept
        return self._whole


def _state_of(folder: str) -> list[int] | None:
    """By what a record is known again; None for what is no plain file."""
    try:
        found = os.lstat(f"{folder}{os.sep}{RECORD}")
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return [found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def _read(root: str) -> dict[str, list[Any]]:
    """The entries of the index of a folder; none where it is no sound one."""
    try:
        found = json.loads(read_bytes(_file_of(root), most=_MOST_BYTES))
        if found["form"] != _FORM or found["root"] != root:
            return {}
        runs: dict[str, list[Any]] = found["runs"]
        sound = all(
            len(entry) == 2 and isinstance(entry[1]["status"], str) and _FIELDS.issuperset(entry[1])
            for entry in runs.values()
        )
    # json raises ValueError and RecursionError, and what is of another form all the others.
    except (ForeignFileError, RuntimeError, ValueError, TypeError, KeyError, AttributeError):
        return {}
    except (IndexError, MemoryError):
        return {}
    return runs if sound else {}


def _file_of(root: str) -> Path:
    """The file of the index of a folder.

    Raises:
        RuntimeError: there is no home folder.
    """
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    return cache_folder() / f"runs-{name}.json"


def _forget_old(folder: Path) -> None:
    found = sorted(folder.glob("runs-*.json"), key=lambda path: path.stat().st_mtime)
    for path in found[:-_MOST_INDEXES]:
        path.unlink(missing_ok=True)
