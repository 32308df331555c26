"""What runs the jobs of a sweep, as the sweep sees it: a door that every executor has.

This room owns the two protocols, and how running jobs are waited for and ended. It must not know
where they run: on this machine or on another one.

Decisions:
- A job that was started is known by a word of its own, which its record holds: the id of a process
  says nothing on another machine.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from kerasgen.sweep.job_spec import JobSpec

_PATIENCE = ((signal.SIGINT, 10.0), (signal.SIGTERM, 5.0))
"""Signals that ask a job to end, and the seconds it is given; after them it is killed."""

_PAUSE = 0.05
"""Seconds between two looks at jobs whose end cannot be waited for."""


class RunningJob(Protocol):
    """A job that was started."""

    @property
    def attempt(self) -> str:
        """The word by which the record that it opens knows it; each start has another one."""

    @property
    def seconds(self) -> float:
        """Seconds since it was started."""

    @property
    def lost(self) -> bool:
        """Whether it ended through no fault of its own, and is to be started again."""

    @property
    def reason(self) -> str | None:
        """Why it ended, where something else than its exit code tells; None else."""

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""

    def memory(self) -> int:
        """Bytes of memory that it and what it has started take, 0 where nobody can say."""

    def descriptor(self) -> int | None:
        """What can be read once it has ended; None where the system offers nothing of the kind."""

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal, unless it has ended."""

    def kill(self) -> None:
        """Ends it at once, with all that it has started, and waits until it has ended."""

    def let_go(self) -> None:
        """Gives back what was needed while it ran."""


class Executor(Protocol):
    """Starts jobs."""

    def prepare(self, job: JobSpec) -> None:
        """Does what takes long before a job can be started; it may be interrupted.

        Args:
            job: the job.
        """

    def start(self, job: JobSpec, console: Path | None, place: int = 0) -> RunningJob:
        """Starts a job.

        Args:
            job: the job.
            console: a file that gets its output, None for this process's own output.
            place: its place among the jobs that run at a time, from 0, which no other of them has.

        Raises:
            OSError: it cannot be started, or the file not be written.
        """

    def close(self) -> None:
        """Gives back what was needed for starting jobs; none of them runs any more."""


def wait_for_some(running: Sequence[RunningJob], seconds: float | None = None) -> list[RunningJob]:
    """Waits until some jobs have ended, and gives those.

    Args:
        running: the jobs.
        seconds: how long it is waited at the most, None for as long as it takes.

    Returns:
        Those that have ended; none where the time is over, or there are no jobs.
    """
    until = None if seconds is None else time.monotonic() + seconds
    while True:
        ended = [job for job in running if job.poll() is not None]
        left = None if until is None else until - time.monotonic()
        if ended or not running or (left is not None and left <= 0):
            return ended
        _wait(running, left)


def _wait(running: Sequence[RunningJob], seconds: float | None) -> None:
    """Waits until one of the jobs may have ended."""
    descriptors = [job.descriptor() for job in running]
    if None in descriptors or not hasattr(select, "poll"):
        time.sleep(_PAUSE if seconds is None else min(_PAUSE, seconds))
        return
    waiting = select.poll()
    for descriptor in descriptors:
        assert descriptor is not None
        waiting.register(descriptor, select.POLLIN)
    waiting.poll(None if seconds is None else seconds * 1000)


def end_jobs(running: Sequence[RunningJob]) -> None:
    """Ends jobs: asks, waits, and kills those that go on."""
    try:
        for number, patience in _PATIENCE:
            until = time.monotonic() + patience
            for job in running:
                job.send(number)
            while left := [job for job in running if job.poll() is None]:
                if time.monotonic() > until:
                    break
                wait_for_some(left, until - time.monotonic())
            else:
                return
    finally:
        kill_jobs(running)


def kill_jobs(running: Sequence[RunningJob]) -> None:
    """Ends jobs at once."""
    for job in running:
        job.kill()


def watched(pid: int) -> int | None:
    """A descriptor that can be read once a process has ended, None where there is none."""
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            return os.pidfd_open(pid)
    return None


def new_attempt() -> str:
    """A word for one start of a job."""
    return secrets.token_hex(8)


def memory_of_group(group: int) -> int:
    """Bytes of memory that a group of processes takes, 0 where nobody can say."""
    found = 0
    page = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text(encoding="latin-1").rpartition(")")[2].split()
        except OSError:
            continue
        if int(words[2]) == group:
            found += int(words[21]) * page
    return found
