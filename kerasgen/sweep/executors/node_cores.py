"""The cores of a machine on which several sweeps may work, taken one by one.

This room owns which cores a process has taken, so that no other takes them too. Whoever has taken
some gives them back by ending, however that comes about.
"""

from __future__ import annotations

import contextlib
import os
import platform
import sys

from kerasgen.process.cache_folder import cache_folder
from kerasgen.sweep.executors.cores import usable_cores


class TakenCores:
    """Cores that this process has taken.

    Attributes:
        cores: the cores, None where so many are not free: then it works on all.

    Args:
        count: how many are wished.
    """

    def __init__(self, count: int) -> None:
        self.cores: tuple[int, ...] | None = None
        self._locks: list[int] = []
        if count > 0 and sys.platform != "win32":
            with contextlib.suppress(OSError, RuntimeError):
                self._take(count)
        if self.cores is None:
            self.give_back()

    def _take(self, count: int) -> None:
        import fcntl

        # The name of the machine: a home folder may be that of many.
        folder = cache_folder() / "cores" / platform.node()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        taken: list[int] = []
        for core in usable_cores():
            lock = os.open(folder / str(core), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(lock)
                continue
            self._locks.append(lock)
            taken.append(core)
            if len(taken) == count:
                self.cores = tuple(taken)
                return

    def give_back(self) -> None:
        """Lets others take them."""
        for lock in self._locks:
            os.close(lock)
        self._locks.clear()
