"""The lock on a folder: that of a run, or one in which something is made.

This room owns that of several processes one at a time opens or closes a run in a folder, and that
what a dead process left can be told from what a living one makes. Systems that cannot lock a folder
(Windows, some network disks) go without.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps other processes from opening or closing a run in the folder meanwhile.

    Raises:
        OSError: there is no such folder, or it cannot be opened.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    # The folder itself is locked: a lock file would stay behind, or be removed under a waiter.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def lock_if_free(folder: Path) -> Iterator[bool]:
    """Locks a folder where no other process holds it; the lock ends with the process.

    Yields:
        Whether it is locked now; False where it is held, or nothing can be locked.

    Raises:
        OSError: there is no such folder, or it cannot be opened.
    """
    if sys.platform == "win32":
        yield False
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            free = False
        else:
            free = True
        yield free
    finally:
        os.close(descriptor)
