"""The code in use: what kerasgen's own source is, whatever its version says.

This room owns the hash of kerasgen's source files. Those of modules of one's own are taken down
where they are loaded.

Decisions:
- A checkout changes from line to line and keeps its version. Each room has a short hash of its own,
  so that two hashes that differ tell where; one of each file would be more than all else in a
  record together.
- The files are read once a process: what is in use is what was imported, and a long sweep must not
  tell of later edits.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import kerasgen

_SHORT = 16
"""Digits of the hash of a room."""


@functools.cache
def own_code() -> dict[str, object]:
    """The hash of kerasgen's source, as plain data.

    Returns:
        `sha256`, over the path below the package and the SHA-256 of each Python file, in the order
        of the paths; and `rooms`: the same of each folder and file right in the package, in short.
        Empty where no source can be read.
    """
    return hashes_below(Path(kerasgen.__file__).parent)


def hashes_below(package: Path) -> dict[str, object]:
    """The hashes of the Python files below a folder, as `own_code` has them of kerasgen."""
    files: dict[str, str] = {}
    try:
        for path in sorted(package.rglob("*.py")):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            files[path.relative_to(package).as_posix()] = digest
    except OSError:
        return {}
    if not files:
        return {}
    rooms = dict.fromkeys(name.partition("/")[0].removesuffix(".py") for name in files)
    return {
        "sha256": _hash(files),
        "rooms": {
            room: _hash(
                {
                    name: digest
                    for name, digest in files.items()
                    if name.partition("/")[0].removesuffix(".py") == room
                }
            )[:_SHORT]
            for room in rooms
        },
    }


def _hash(files: dict[str, str]) -> str:
    lines = "".join(f"{name} {digest}\n" for name, digest in files.items())
    return hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()
