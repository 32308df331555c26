"""The file of a sweep: which jobs it has, so that it is known again.

This room owns `sweep.json` in the folder of a sweep, and the search for earlier sweeps with the
same jobs. It must not know who runs jobs.

Decisions:
- A job is known by the hash of its composed config: neither its number nor the way in which it was
  written counts, nor where it runs.
- The file tells where a job was to run. What became of it, its record says.
- It may come from a stranger: it is read within bounds, and leads to folders inside its own alone.
"""

from __future__ import annotations

import heapq
import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, TypeGuard

from kerasgen.foreign.json_data import Bounds, read_json
from kerasgen.foreign.regular_files import (
    ForeignFileError,
    is_folder,
    open_regular,
    read_bytes,
)
from kerasgen.record.files import plain, write_atomically
from kerasgen.record.lock import locked
from kerasgen.record.read import is_completed

NAME = "sweep.json"

SCHEMA = 1

_BOUNDS = Bounds(size=64 * 2**20, levels=8, values=4_000_000)

_MOST = 2_000
"""Sweeps that are looked at, the latest first."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""The name of a folder for all sweeps of a day."""

_HASH = re.compile(rb'"sha256"\s*:\s*"([^"\\]{1,128})"')
"""A hash, as the file has it."""

_HALF = re.compile("[\ud800-\udfff]")

_LONGEST_FOLDER = 1_000
"""Characters of a job's folder."""

_LEVELS = 3
"""Levels of folders in which sweeps are looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptJob:
    """A job as the file names it.

    Attributes:
        identity: the hash of its config.
        folder: its folder, from that of the sweep.
        overrides: its task overrides.
    """

    identity: str
    folder: str
    overrides: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFacts:
    """What the file says of a search.

    Attributes:
        objectives: each metric with the direction in which it gets better: `minimize` or
            `maximize`.
        search: its space, sampler and the like; `sha256` is what it is known by.
    """

    objectives: tuple[tuple[str, str], ...]
    search: Mapping[str, Any]


class SweepWriter:
    """Writes the file of a sweep whenever jobs are drawn.

    What it has written itself it does not read again: a search writes as often as it has settings.

    Args:
        folder: the folder of the sweep.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._jobs: dict[str, str] = {}
        self._search: SearchFacts | None = None
        self._written: tuple[int, ...] | None = None

    def write(self, jobs: Sequence[SweptJob], search: SearchFacts | None = None) -> None:
        """Writes which jobs a sweep has; those that the file names already stay named.

        Args:
            jobs: the jobs; those of a search as they are drawn.
            search: what is to be said of the search, None for what was said before.

        Raises:
            OSError: it cannot be written.
        """
        folder = self._folder
        with locked(folder):  # Several starts of a search each write the jobs that they have drawn.
            if self._written is None or self._written != _state(folder):
                self._jobs = {job.folder: _line(job) for job in read_sweep(folder)}
                self._search = read_search(folder)
            self._jobs |= {job.folder: _line(job) for job in jobs}
            self._search = search or self._search
            write_atomically(folder / NAME, _text(self._jobs.values(), self._search))
            self._written = _state(folder)


def _state(folder: Path) -> tuple[int, ...] | None:
    """What tells one file from the next; it is opened, so that a network does not remember it."""
    try:
        with open_regular(folder / NAME, within=folder) as file:
            found = os.fstat(file.fileno())
    except ForeignFileError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _line(job: SweptJob) -> str:
    said = {"sha256": job.identity, "folder": job.folder, "overrides": list(job.overrides)}
    return json.dumps(plain(said), ensure_ascii=False)


def _text(jobs: Iterable[str], search: SearchFacts | None) -> str:
    """The file, with a line for each job."""
    said: dict[str, Any] = {"schema": SCHEMA}
    if search is not None:
        said["objectives"] = [
            {"metric": metric, "direction": way} for metric, way in search.objectives
        ]
        said["search"] = search.search
    head = json.dumps(plain(said), indent=2, ensure_ascii=False, allow_nan=False)
    listed = ",\n    ".join(jobs)
    return f'{head[:-2]},\n  "jobs": [\n    {listed}\n  ]\n}}\n'


def read_search(folder: Path) -> SearchFacts | None:
    """What the file of a sweep says of its search; None for a grid, and where it cannot be read."""
    try:
        said = read_json(folder / NAME, bounds=_BOUNDS, within=folder)
    except ForeignFileError:
        return None
    if not isinstance(said, Mapping) or said.get("schema") != SCHEMA:
        return None
    listed, search = said.get("objectives"), said.get("search")
    found = []
    for each in listed if isinstance(listed, list) else ():
        metric = each.get("metric") if isinstance(each, Mapping) else None
        way = each.get("direction") if isinstance(each, Mapping) else None
        if isinstance(metric, str) and way in ("minimize", "maximize"):
            found.append((metric, way))
    if not found or not isinstance(search, Mapping):
        return None
    return SearchFacts(objectives=tuple(found), search=search)


def same_search(root: Path, identity: str) -> Path | None:
    """The latest sweep below a folder that is this search, None if there is none."""
    for folder, _ in sweeps_below(root):
        facts = read_search(folder)
        if facts is not None and facts.search.get("sha256") == identity:
            return folder
    return None


def read_sweep(folder: Path) -> tuple[SweptJob, ...]:
    """The jobs of a sweep, none where the folder has no file that can be read."""
    try:
        said = read_json(folder / NAME, bounds=_BOUNDS, within=folder)
    except ForeignFileError:
        return ()
    found = [_read_job(job) for job in _listed(said) or ()]
    return tuple(job for job in found if job is not None)


def why_unread(folder: Path) -> str | None:
    """Why the file in a folder names no jobs, None where there is none."""
    try:
        said = read_json(folder / NAME, bounds=_BOUNDS, within=folder)
    except ForeignFileError as error:
        return None if error.missing else str(error)
    return _strange(said)


def why_damaged(folder: Path) -> str | None:
    """Why not all of the file in a folder can be read; None where it can, or there is none."""
    try:
        said = read_json(folder / NAME, bounds=_BOUNDS, within=folder)
    except ForeignFileError as error:
        return None if error.missing else str(error)
    if (listed := _listed(said)) is None:
        return _strange(said)
    strange = any(_read_job(job) is None for job in listed)
    return "names something that is no job of a sweep" if strange else None


def _listed(said: object) -> list[Any] | None:
    """What a file lists as jobs, None where it is not of this schema."""
    jobs = said.get("jobs") if isinstance(said, Mapping) and said.get("schema") == SCHEMA else None
    return jobs if isinstance(jobs, list) else None


def _strange(said: object) -> str:
    """What is wrong with a file that names no jobs."""
    schema = said.get("schema") if isinstance(said, Mapping) else None
    if type(schema) is int and schema > SCHEMA:
        return f"has the schema {min(schema, 10**9)}, expected {SCHEMA}: a newer kerasgen wrote it"
    return "names no jobs of a sweep"


def _read_job(said: Any) -> SweptJob | None:
    if not isinstance(said, Mapping):
        return None
    identity, folder, overrides = (said.get(key) for key in ("sha256", "folder", "overrides"))
    if not _is_text(identity) or not _is_text(folder) or len(folder) > _LONGEST_FOLDER:
        return None
    if not isinstance(overrides, list) or not all(map(_is_text, overrides)):
        return None
    path = PurePath(folder)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in folder:
        return None
    return SweptJob(identity=identity, folder=folder, overrides=tuple(overrides))


def _is_text(value: object) -> TypeGuard[str]:
    """Whether a value is a text that can be written; JSON may hold halves of characters."""
    return isinstance(value, str) and _HALF.search(value) is None


def sweeps_below(
    root: Path, levels: int = _LEVELS, *, having: Collection[str] | None = None
) -> Iterator[tuple[Path, tuple[SweptJob, ...]]]:
    """The sweeps below a folder with their jobs, the latest first.

    Args:
        root: the folder.
        levels: how many folders deep they are looked for.
        having: the hashes of jobs of which a sweep has at least one, None for any sweep.
    """
    found = heapq.nlargest(_MOST, _files_below(root, levels))
    wanted = None if having is None else {identity.encode() for identity in having}
    for _, folder in found:
        place = Path(folder)
        if (wanted is None or _names_one(place, wanted)) and (jobs := read_sweep(place)):
            yield place, jobs


def _names_one(folder: Path, wanted: AbstractSet[bytes]) -> bool:
    """Whether the file in a folder holds one of some hashes; quicker than reading it."""
    try:
        content = read_bytes(folder / NAME, most=_BOUNDS.size, within=folder)
    except ForeignFileError:
        return False
    return not wanted.isdisjoint(_HASH.findall(content))


def _files_below(root: Path, levels: int) -> Iterator[tuple[float, str]]:
    try:
        inside = sorted(root.iterdir(), reverse=True)
    except OSError:
        return
    for folder in inside:
        if folder.is_symlink() or not is_folder(folder):
            continue
        try:
            yield (folder / NAME).lstat().st_mtime, str(folder)
        except OSError:
            if levels > 1:
                yield from _files_below(folder, levels - 1)


def same_sweep(root: Path, identities: Sequence[str]) -> Path | None:
    """The latest sweep below a folder that has exactly these jobs, in this order."""
    for folder, jobs in sweeps_below(root, having=identities[:1]):
        if [job.identity for job in jobs] == list(identities):
            return folder
    return None


def jobs_beside(folder: Path, wanted: Collection[str]) -> dict[str, Path]:
    """Jobs that the sweeps beside one have completed: the hash of each to its folder.

    Sweeps lie beside one another in one folder, or in one for each day.

    Args:
        folder: the folder of the sweep.
        wanted: the hashes of the jobs that are looked for.
    """
    daily = _DAY.fullmatch(folder.parent.name) is not None
    root = folder.parent.parent if daily else folder.parent
    found: dict[str, Path] = {}
    left = set(wanted)
    for other, jobs in sweeps_below(root, 2 if daily else 1, having=left) if left else ():
        if other.resolve() != folder.resolve():
            for job in jobs:
                if job.identity in left and is_completed(other / job.folder):
                    found[job.identity] = other / job.folder
                    left.remove(job.identity)
        if not left:
            break
    return found
