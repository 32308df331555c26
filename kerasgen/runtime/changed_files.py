"""Files that somebody writes to while they are read."""

from __future__ import annotations

from pathlib import Path

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.tabular.databases import is_database


def state_of_file(file: str) -> tuple[int, int]:
    """What changes when a file is written."""
    if is_database(file):
        return 0, 0
    state = Path(file).stat()
    return state.st_size, state.st_mtime_ns


def check_unchanged(file: str, before: tuple[int, int]) -> None:
    """Checks that a file is as it was.

    Raises:
        DataError: it was written meanwhile, or taken away.
    """
    if not is_database(file) and not Path(file).exists():
        raise DataError(f"`{file}` was taken away while it was read", about="changed")
    if state_of_file(file) != before:
        raise DataError(f"`{file}` was changed while it was read", about="changed")
