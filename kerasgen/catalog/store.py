"""The catalog on disk: written once for an installed Keras, read in a few milliseconds after that.

This room owns the form of the file, where it lies, and what it is valid for. The file is JSON
behind a digest: whoever wrote it, reading it can run nothing. It must not know how a catalog is
made. Nothing here raises for the sake of the cache: without one all works, only later.

Decisions:
- A file is named after the version of Keras and a fingerprint of what it was made of, so that two
  environments with different Keras never take each other's place, and a stale file is never read.
- Entries are decoded when they are asked for: a config names some twenty of six hundred.
- Keras's `RECORD`, which lists a digest of each of its files, stands for its content. An editable
  Keras has none; there the times and sizes of its files do.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from kerasgen.catalog.entries import Catalog, ClassEntry, Parameter
from kerasgen.foreign.json_data import Bounds, parse_json
from kerasgen.foreign.regular_files import ForeignFileError, read_bytes
from kerasgen.process.cache_folder import cache_folder

FORMAT = 1
"""Number of the file's form."""

KEPT = 8
"""Files that stay in the cache; older ones go."""

_MOST_BYTES = 64 * 2**20
"""Bytes above which a file is not the catalog; that of Keras 3.15 has 0.5 MB."""

_HEAD = Bounds(size=_MOST_BYTES, values=100_000)
"""How much the head of a file may hold: the names of all classes, and the vocabularies."""

_PARAMETER_TABLES = ("parameters", "call")
"""Fields of an entry that hold arguments by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What a catalog is valid for.

    Attributes:
        version: Keras's version, as its own file says it.
        fingerprint: hexadecimal digest of Keras, of what describes it, and of Python's version.
        changed: when the newest of these files was written, in seconds since the epoch.
    """

    version: str
    fingerprint: str
    changed: float


def find_installed(described_by: Sequence[Path]) -> Installed | None:
    """Looks at the installed Keras without importing it.

    Args:
        described_by: the files whose code turns Keras into a catalog.

    Returns:
        What a catalog of it is valid for, or None if there is no Keras, or it cannot be read.
    """
    try:
        spec = importlib.util.find_spec("keras")
        if spec is None or spec.origin is None:
            return None
        package = Path(spec.origin).parent
        record = _record_of(package)
        digest = hashlib.sha256(f"{FORMAT} {sys.version_info[:2]} {package}".encode())
        changed = [path.stat().st_mtime for path in described_by]
        for path in described_by:
            digest.update(path.read_bytes())
        if record is not None:
            digest.update(record.read_bytes())
            changed.append(record.stat().st_mtime)
        else:
            for name, size, moment in _python_files(package):
                digest.update(f"{name} {size} {moment}".encode())
                changed.append(moment / 1e9)
        return Installed(
            version=_version_of(package), fingerprint=digest.hexdigest(), changed=max(changed)
        )
    except (ImportError, OSError, ValueError):
        return None


def load_catalog(installed: Installed) -> Catalog | None:
    """The catalog from the cache, or None if it is not there, is damaged, or is not this one's."""
    try:
        return read_catalog(_file_of(installed), installed)
    except RuntimeError:  # There is no home folder.
        return None


def save_catalog(catalog: Catalog, installed: Installed) -> bool:
    """Puts a catalog into the cache; False where that cannot be done.

    Two processes may do so at once: each file takes its place as a whole.
    """
    try:
        path = _file_of(installed)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_catalog(path, catalog, installed)
        _forget_old(path.parent)
    except (OSError, RuntimeError):
        return False
    return True


def write_catalog(path: Path, catalog: Catalog, installed: Installed) -> None:
    """Writes a catalog with all its entries.

    Args:
        path: the file.
        catalog: what to write; defaults of arguments must be plain values.
        installed: what it is valid for.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    index: dict[str, dict[str, tuple[int, int]]] = {}
    pieces: list[bytes] = []
    end = 0
    for kind, entries in catalog.entries.items():
        places = index[kind] = {}
        for name, entry in entries.items():
            piece = json.dumps(_entry_data(entry), separators=(",", ":")).encode()
            places[name] = (end, end + len(piece))
            pieces.append(piece)
            end += len(piece)
    head = {
        "version": catalog.version,
        "fingerprint": installed.fingerprint,
        "vocabularies": {kind: sorted(words) for kind, words in catalog.vocabularies.items()},
        "index": index,
    }
    body = json.dumps(head, separators=(",", ":")).encode() + b"\n" + b"".join(pieces)
    _replace(path, hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def read_catalog(path: Path, installed: Installed) -> Catalog | None:
    """Reads what `write_catalog` wrote; None if it is not there, is damaged, or is stale."""
    try:
        digest, _, body = read_bytes(path, most=_MOST_BYTES).partition(b"\n")
        if digest != hashlib.sha256(body).hexdigest().encode():
            return None
        head, _, pieces = body.partition(b"\n")
        content: Any = parse_json(head, _HEAD)
        if content["fingerprint"] != installed.fingerprint:
            return None
        return Catalog(
            version=content["version"],
            entries={
                kind: _StoredEntries(places, pieces) for kind, places in content["index"].items()
            },
            vocabularies={
                kind: frozenset(words) for kind, words in content["vocabularies"].items()
            },
        )
    except (ForeignFileError, ValueError, KeyError, TypeError, AttributeError):
        return None


class _StoredEntries(Mapping[str, ClassEntry]):
    """The entries of one kind; an entry is decoded at its first look-up."""

    def __init__(self, places: Mapping[str, Sequence[int]], pieces: bytes) -> None:
        self._places = places
        self._pieces = pieces
        self._made: dict[str, ClassEntry] = {}

    def __getitem__(self, name: str) -> ClassEntry:
        if name not in self._made:
            start, end = self._places[name]
            self._made[name] = _make_entry(json.loads(self._pieces[start:end]))
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _entry_data(entry: ClassEntry) -> dict[str, Any]:
    data = _given_fields(entry)
    for table in _PARAMETER_TABLES:
        if table in data:
            data[table] = [_given_fields(parameter) for parameter in data[table].values()]
    return data


def _given_fields(record: ClassEntry | Parameter) -> dict[str, Any]:
    """The fields of a record that are not what they are by default."""
    given = {}
    for field in fields(record):
        value = getattr(record, field.name)
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        # `0 == False`, and the two are different defaults of an argument.
        if value != default or type(value) is not type(default):
            given[field.name] = value
    return given


def _make_entry(data: dict[str, Any]) -> ClassEntry:
    for table in _PARAMETER_TABLES:
        if table in data:
            data[table] = {item["name"]: _make_parameter(item) for item in data[table]}
    return ClassEntry(**data)


def _make_parameter(data: dict[str, Any]) -> Parameter:
    plain: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in data.items()
    }
    return Parameter(**plain)


def _file_of(installed: Installed) -> Path:
    version = re.sub(r"[^\w.+-]", "_", installed.version)
    return cache_folder() / f"catalog-keras-{version}-{installed.fingerprint[:16]}.json"


def _record_of(package: Path) -> Path | None:
    """The list of the package's installed files; None where it was not installed from a wheel."""
    for folder in sorted(package.parent.glob("keras*.dist-info")):
        record = folder / "RECORD"
        if re.match(r"keras(_nightly)?-", folder.name) and record.is_file():
            return record
    return None


def _version_of(package: Path) -> str:
    text = (package / "src" / "version.py").read_text(encoding="utf-8")
    found = re.search(r"""__version__\s*=\s*["']([^"']+)""", text)
    return found.group(1) if found else "unknown"


def _python_files(package: Path) -> Iterator[tuple[str, int, int]]:
    for folder, folders, files in os.walk(package):
        folders.sort()
        for name in sorted(files):
            if name.endswith(".py"):
                path = os.path.join(folder, name)
                found = os.stat(path)
                yield path, found.st_size, found.st_mtime_ns


def _replace(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".catalog-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _forget_old(folder: Path) -> None:
    found = sorted(
        folder.glob("catalog-keras-*.json"), key=lambda path: path.stat().st_mtime, reverse=True
    )
    for path in found[KEPT:]:
        with contextlib.suppress(OSError):
            path.unlink()
