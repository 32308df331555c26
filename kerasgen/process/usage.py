"""What this process has taken so far: time of the clock and of the processor, and memory.

This room owns the questions put to the operating system. It must not know what the process does.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_OWN = Path("/proc/self")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a process has taken.

    Attributes:
        seconds: how long it has lived.
        cpu_seconds: what it has taken of the processor, in all of its threads.
        memory: the most memory that it has had, in bytes; 0 where nobody can say.
        shared_memory: how much of what it has is shared with other processes: imported before a
            fork, or read from files. Such memory is there once.
    """

    seconds: float
    cpu_seconds: float
    memory: int
    shared_memory: int


def own_usage() -> Usage:
    """What this process has taken."""
    return Usage(
        seconds=round(_age(), 3),
        cpu_seconds=round(time.process_time(), 3),
        memory=_peak(),
        shared_memory=_shared(),
    )


def _age() -> float:
    """Seconds since the process began: of a fork, since the fork."""
    try:
        words = (_OWN / "stat").read_text(encoding="latin-1").rpartition(")")[2].split()
        began = int(words[19]) / os.sysconf("SC_CLK_TCK")
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - began)
    except (OSError, ValueError, IndexError, AttributeError):
        return time.process_time()  # As good as can be said.


def _peak() -> int:
    # The system's other count (`getrusage`) is that of whoever has started the process, too.
    found = _fields(_OWN / "status").get("VmHWM")
    if found is not None:
        return found
    try:
        import resource
    except ImportError:  # Windows has none
        return 0
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size * 1024


def _shared() -> int:
    found = _fields(_OWN / "smaps_rollup")
    return found.get("Shared_Clean", 0) + found.get("Shared_Dirty", 0)


def _fields(file: Path) -> dict[str, int]:
    """The sizes that a file of the system names, in bytes."""
    try:
        lines = file.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return {}
    words = [line.split() for line in lines]
    return {
        row[0].removesuffix(":"): int(row[1]) * 1024
        for row in words
        if len(row) == 3 and row[2] == "kB" and row[1].isdigit()
    }
