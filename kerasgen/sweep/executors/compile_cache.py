"""What compilers keep between the jobs of a sweep: on JAX most of a short job is compiling.

This room owns where it is kept. It is the user's own cache and never the folder of a sweep: it
holds machine code, and the folder of a sweep may come from a stranger.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import MutableMapping
from pathlib import Path

from kerasgen.process.cache_folder import cache_folder

_FOLDER = "JAX_COMPILATION_CACHE_DIR"

_LOOKED = ".looked"
"""A file whose time says when the folder was looked through."""

_PAUSE = 3600.0
"""Seconds between two looks: a cache that is full has thousands of files."""

_MOST = 2 * 2**30
"""Bytes that are kept; the oldest go first."""


def offer_cache(variables: MutableMapping[str, str]) -> None:
    """Lets JAX keep what it compiles, unless the user has said where.

    Args:
        variables: the environment of jobs; it gets the settings.
    """
    if _FOLDER in variables:
        return
    try:
        folder = cache_folder() / "jax"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if _is_due(folder):
            _prune(folder)
    except (OSError, RuntimeError):
        return
    variables[_FOLDER] = str(folder)
    # As short as a compilation and as small as its outcome may be.
    variables.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    variables.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")


def _is_due(folder: Path) -> bool:
    """Whether it is a while since the folder was looked through; it is from now on not."""
    mark = folder / _LOOKED
    try:
        due = time.time() - mark.stat().st_mtime > _PAUSE
    except FileNotFoundError:
        due = True
    if due:
        mark.touch()
    return due


def _prune(folder: Path) -> None:
    """Removes the oldest files until the others have room."""
    files = [(file.stat(), file) for file in folder.iterdir() if file.is_file()]
    size = sum(found.st_size for found, _ in files)
    for found, file in sorted(files, key=lambda pair: pair[0].st_mtime):
        if size <= _MOST:
            return
        with contextlib.suppress(OSError):
            file.unlink()
        size -= found.st_size


def kept_programs() -> int:
    """How many compiled programs are kept now."""
    try:
        folder = Path(os.environ.get(_FOLDER) or cache_folder() / "jax")
        return sum(1 for _ in folder.iterdir())
    except (OSError, RuntimeError):
        return 0
