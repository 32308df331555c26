"""Why two runs of one config may differ: what of their records is not the same.

This room owns which facts of a record a result depends on, and what kind of cause each is. Whether
the results differ it does not know.

Decisions:
- Only what both records tell is compared: an older one tells less.
- Packages of backends that were not used are no causes; nor is a repository, whose files the hashes
  of code, config and data know better.
- A record has hashes of the sections of a config. Which key it was is told by the program that is
  kept with a checkpoint, where there still is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from kerasgen.record.checkpoints import newest_checkpoint
from kerasgen.record.environment import THREADS
from kerasgen.run.resumption import changed_keys
from kerasgen.verbs.compared_values import ValueRow, differing_rows

CauseKind: TypeAlias = Literal[
    "data",
    "config",
    "code",
    "python",
    "package",
    "backend",
    "device",
    "threads",
    "environment",
    "machine",
]
"""What a cause is one of."""

_BACKENDS = {
    "tensorflow": frozenset({"tensorflow", "tensorflow-cpu"}),
    "jax": frozenset({"jax", "jaxlib"}),
    "torch": frozenset({"torch"}),
}
"""Backend to the packages that are its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Something of one run that is not so of another one.

    Attributes:
        kind: what it is.
        row: its key, and what each of the two has there.
    """

    kind: CauseKind
    row: ValueRow


def causes_between(
    first: Mapping[str, Any], second: Mapping[str, Any], folders: tuple[Path, Path]
) -> list[Cause]:
    """What of two runs is not the same, of all that results depend on.

    Args:
        first: the record of one run.
        second: the record of the other.
        folders: their folders, whose checkpoints may tell more.
    """
    records = (first, second)
    found = list(_of("data", "data.", [_fingerprint(fields) for fields in records]))
    found += _config(records, folders)
    found += _of("code", "code.", [_own_code(fields) for fields in records])
    found += _of("code", "code.", [_trusted_code(fields) for fields in records])
    found += _of("python", "", [_only(fields, "python") for fields in records])
    found += _of("package", "packages.", _packages(records))
    found += _of("backend", "backend.", [_mapping(fields, "backend") for fields in records])
    found += _of("device", "", [_only(fields, "devices") for fields in records])
    for cause in _of("environment", "", [_only(fields, "environment") for fields in records]):
        threads = cause.row.key.rpartition(".")[2] in THREADS
        found.append(Cause(kind="threads", row=cause.row) if threads else cause)
    machine = [_mapping(fields, "hardware") for fields in records]
    found += _of("threads", "hardware.", [_only(one, "usable_cores") for one in machine])
    found += _of("machine", "hardware.", [_only(one, "cpu") for one in machine])
    return found


def _of(kind: CauseKind, before: str, trees: list[dict[str, Any]]) -> Iterator[Cause]:
    """The causes of one kind; none where one of the two tells nothing at all."""
    if any(not tree for tree in trees):
        return
    for row in differing_rows(trees):
        yield Cause(kind=kind, row=ValueRow(key=f"{before}{row.key}", values=row.values))


def _config(
    records: tuple[Mapping[str, Any], Mapping[str, Any]], folders: tuple[Path, Path]
) -> list[Cause]:
    sections = [_mapping(_mapping(fields, "config"), "sections") for fields in records]
    found = list(_of("config", "config.", sections))
    if not found:
        return []
    kept = [newest_checkpoint(folder) for folder in folders]
    programs = [None if state is None else state.facts.get("program") for state in kept]
    if None in programs:
        return found
    rows = [
        ValueRow(key=one.key, values=(one.first, one.second)) for one in changed_keys(*programs)
    ]
    named = {row.key.partition(".")[0] for row in rows}
    unnamed = [cause for cause in found if cause.row.key.removeprefix("config.") not in named]
    return [*(Cause(kind="config", row=row) for row in rows), *unnamed]


def _fingerprint(fields: Mapping[str, Any]) -> dict[str, Any]:
    return _only(_mapping(fields, "data"), "fingerprint")


def _own_code(fields: Mapping[str, Any]) -> dict[str, Any]:
    rooms = _mapping(_mapping(fields, "code"), "rooms")
    version = fields.get("kerasgen")
    told = {f"kerasgen/{room}": digest for room, digest in rooms.items()}
    return {**told, "kerasgen": version} if told and isinstance(version, str) else told


def _trusted_code(fields: Mapping[str, Any]) -> dict[str, Any]:
    files = _mapping(fields, "trust").get("files")
    found = {}
    for one in files if isinstance(files, list) else ():
        if isinstance(one, Mapping) and isinstance(one.get("module"), str):
            found[f"{one['module']} ({one.get('file')})"] = one.get("sha256")
    return found


def _packages(records: tuple[Mapping[str, Any], Mapping[str, Any]]) -> list[dict[str, Any]]:
    used = {_mapping(fields, "backend").get("backend") for fields in records}
    unused = {name for backend, names in _BACKENDS.items() if backend not in used for name in names}
    return [
        {
            name: version
            for name, version in _mapping(fields, "packages").items()
            if name not in unused
        }
        for fields in records
    ]


def _mapping(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = fields.get(name)
    return {str(key): value for key, value in found.items()} if isinstance(found, Mapping) else {}


def _only(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {name: fields[name]} if fields.get(name) is not None else {}
