"""Where other Pythons of a machine are: by pyenv, conda, uv and the search path.

This room owns the search. An interpreter that is found is asked for its version; nothing is
downloaded.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_TIMEOUT = 20.0
"""Seconds in which a Python says its version."""

_MOST = 60
"""Interpreters that are asked."""

Version = tuple[int, int]
"""The two numbers of a Python that count."""


def version_of(python: Path) -> Version | None:
    """The version of an interpreter, None if it is none."""
    asked = _said([str(python), "-I", "-c", "import sys; print(*sys.version_info[:2])"])
    words = asked.split()
    if len(words) != 2 or not all(word.isdecimal() for word in words):
        return None
    return int(words[0]), int(words[1])


def find_python(oldest: Version, newest: Version) -> Path | None:
    """A Python between two versions: kerasgen's own, else the newest one that is found.

    Args:
        oldest: the oldest version that serves.
        newest: the newest one.
    """
    if oldest <= sys.version_info[:2] <= newest:
        return Path(sys.executable)
    wanted = [(oldest[0], minor) for minor in range(newest[1], oldest[1] - 1, -1)]
    for version in wanted:
        for python in itertools.islice(_candidates(version), _MOST):
            if version_of(python) == version:
                return python
    return None


def _candidates(version: Version) -> Iterator[Path]:
    """The files that may be a Python of a version, each once."""
    seen: set[Path] = set()
    for path in _places(version):
        if path not in seen and path.is_file() and os.access(path, os.X_OK):
            seen.add(path)
            yield path


def _places(version: Version) -> Iterator[Path]:
    dotted = ".".join(str(part) for part in version)
    root = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser()
    for folder in sorted(root.glob(f"versions/{dotted}*"), reverse=True):
        yield folder / "bin" / "python"
    for folder in _conda_folders():
        yield folder / "bin" / f"python{dotted}"
    for searched in os.get_exec_path():
        if searched and "pyenv/shims" not in searched:
            yield Path(searched) / f"python{dotted}"
    found = _said(["uv", "python", "find", "--offline", "--no-project", dotted]).strip()
    if found:
        yield Path(found)


def _conda_folders() -> Iterator[Path]:
    """The environments of conda: those that it lists in its own file, and those around it."""
    home = Path.home()
    listed = home / ".conda" / "environments.txt"
    lines: list[str] = []
    with contextlib.suppress(OSError, UnicodeDecodeError):
        lines = listed.read_text(encoding="utf-8").splitlines()[:_MOST]
    yield from (Path(line) for line in lines if line.strip())
    roots = [os.environ.get("MAMBA_ROOT_PREFIX"), os.environ.get("CONDA_PREFIX")]
    roots += [str(home / name) for name in ("miniconda3", "anaconda3", "miniforge3", "mambaforge")]
    for root in filter(None, roots):
        yield Path(root)
        yield from sorted(Path(root).glob("envs/*"))


def _said(command: list[str]) -> str:
    """What a program prints; nothing if it cannot be run, fails or hangs."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return ""
    return done.stdout if done.returncode == 0 else ""
