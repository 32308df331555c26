"""What a job leaves behind when it ends: processes that it has started and not waited for.

This room owns finding and ending them. It must not know what a job does, nor who started it.

Decisions:
- A job's group of processes ends with it; that takes no search. What has left the group (a session
  of its own, as a daemon makes one) is found by what it has inherited: the word of its job in its
  environment, or the parent that the system has given it.
- Only Linux tells enough. Elsewhere the group alone is ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Collection
from pathlib import Path

from kerasgen.record.provenance import ATTEMPT

_PR_SET_CHILD_SUBREAPER = 36

_ROUNDS = 20
"""How often is looked again: who is ended may leave children of its own."""


def adopt_orphans() -> None:
    """Lets the orphans among what this process starts become its children."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_orphans(known: Collection[int], attempt: str | None = None) -> None:
    """Ends the children of this process that it has not started itself.

    Args:
        known: those that it has.
        attempt: the word of a job, where others than the job's may have become children; None
            for all.
    """
    for _ in range(_ROUNDS):
        found = [pid for pid in _children() if pid not in known]
        found = [pid for pid in found if attempt is None or _carries(pid, attempt)]
        if not found:
            return
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                os.waitpid(pid, 0)


def send_to_attempt(attempt: str, number: signal.Signals) -> None:
    """Sends a signal to every process of this machine that a start of a job has brought up.

    Args:
        attempt: the word of the start.
        number: the signal.
    """
    own = {os.getpid(), os.getppid()}
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        if pid not in own and _carries(pid, attempt):
            with contextlib.suppress(OSError):
                os.kill(pid, number)


def _children() -> list[int]:
    """The children of this process, none where the system does not say."""
    own = str(os.getpid())
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # The second field is the command, which may hold anything, closing brackets included.
            fields = (folder / "stat").read_text(encoding="latin-1").rpartition(")")[2].split()
            if fields[1] == own:
                found.append(int(folder.name))
    return found


def _carries(pid: int, attempt: str) -> bool:
    """Whether a process has inherited the word of a job."""
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"{ATTEMPT}={attempt}".encode() in variables
