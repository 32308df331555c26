"""A job in the queue of a cluster: what submitit calls once the job's turn has come.

This room owns the node's side of the executor `submitit`. It must not know the sweep beside the
files by which it is handed a job and tells of its end.

Decisions:
- What submitit carries is a list of words: files and names. The job is a process of its own, whose
  command line is the one that a person would type.
- A job that is told to make room (its time is over, or another one comes first) is asked to end,
  which keeps its state. submitit puts it into the queue again, and it goes on from there.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kerasgen.record.file_names import CONSOLE
from kerasgen.record.files import write_json
from kerasgen.sweep.executors.executor import end_jobs, wait_for_some
from kerasgen.sweep.executors.process import JobProcess, ProcessExecutor
from kerasgen.sweep.executors.shares import Share
from kerasgen.sweep.job_spec import read_job_spec

_PATIENCE = 60.0
"""Seconds that a job is given to keep its state; the queue gives it 90."""

_WHAT_FOR = 30.0
"""Seconds for which a job that was ended in the queue waits for being told to make room."""

_MAKE_ROOM = getattr(signal, "SIGUSR2", None)
"""The signal by which a job is told to make room; its own process is not to hear it."""


@dataclass(slots=True, kw_only=True)
class QueuedCommand:
    """One job as submitit carries it.

    Attributes:
        job: the file in which the job stands, as `JobSpec` writes it.
        ended: the file that tells how it has ended.
        attempt: the word by which its record knows it.
        home: the working directory of the sweep.
        cores: the cores on which it works, None for all.
    """

    job: str
    ended: str
    attempt: str
    home: str
    cores: tuple[int, ...] | None = None
    _process: JobProcess | None = None

    def __call__(self) -> int:
        """Runs the job; gives its exit code."""
        os.chdir(self.home)
        job = read_job_spec(Path(self.job).read_bytes())
        executor = ProcessExecutor([Share(cores=self.cores)])
        with _not_to_be_heard():
            process = executor.start(job, job.folder / CONSOLE, attempt=self.attempt)
        self._process = process
        try:
            wait_for_some([process])
        except BaseException:
            end_jobs([process])
            raise
        finally:
            process.let_go()
        code = process.poll()
        if code == 128 + signal.SIGTERM and os.environ.get("SUBMITIT_EXECUTOR") != "local":
            # SLURM says so to all before it says what for: to make room, perhaps.
            time.sleep(_WHAT_FOR)
        write_json(Path(self.ended), {"code": code})
        return 0 if code is None else code

    def checkpoint(self) -> Any:
        """Ends the job so that it can go on later; gives submitit what is to be queued again."""
        from submitit.helpers import DelayedSubmission

        if self._process is not None:
            self._process.send(signal.SIGTERM)
            wait_for_some([self._process], _PATIENCE)
            self._process.kill()
        return DelayedSubmission(replace(self, _process=None))


@contextlib.contextmanager
def _not_to_be_heard() -> Iterator[None]:
    """A process that is started meanwhile does not hear that its job is to make room."""
    if _MAKE_ROOM is None:
        yield
        return
    known = signal.pthread_sigmask(signal.SIG_BLOCK, {_MAKE_ROOM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, known)
