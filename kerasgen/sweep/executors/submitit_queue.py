"""The executor `submitit`: jobs in the queue of a SLURM cluster, or as if on this machine.

This room owns the sweep's side: the way of a job into the queue, how it stands there, and its
cancelling. It must not know what a job does.

Decisions:
- Each start of a job has a folder of its own, whose name nobody can foresee. submitit keeps a
  pickle in it, which the job reads: none that was there before must take its place.
- How a job has ended says a file of ours. What submitit keeps as the result is a pickle, too, and
  is never read here; the queue is asked for a job that has left no word.
- The queue goes on without the sweep. A sweep that is started again finds the jobs that run, and
  waits for them; what it submits a second time finds itself done.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from kerasgen.foreign.json_data import Bounds, read_json
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.process.exit_codes import FAILED
from kerasgen.record.provenance import ATTEMPT, at_work
from kerasgen.record.status import OPEN
from kerasgen.sweep.executors.executor import new_attempt
from kerasgen.sweep.executors.leftovers import send_to_attempt
from kerasgen.sweep.executors.process import child_environment
from kerasgen.sweep.executors.queued_job import QueuedCommand
from kerasgen.sweep.executors.shares import Share, share_of
from kerasgen.sweep.job_spec import JobSpec
from kerasgen.sweep.outcomes import read_fields

ENDED = "ended.json"
"""The file in which a job tells how it has ended."""

_LOOK = 0.5
"""Seconds between two looks at a job that has left no word."""

_GRACE = 15.0
"""Seconds for which a job that the queue calls ended may still be closing its record.

A folder that machines share shows what one has written to the others after a while.
"""

_ASK = 60
"""Most seconds between two questions to SLURM, each of which is for all jobs."""

_BOUNDS = Bounds(size=2**12, levels=4, values=16)

_LOST = ("NODE_FAIL", "BOOT_FAIL", "LAUNCH_FAILED", "REVOKED")
"""States of a job that ended through no fault of its own."""

_REASONS = {
    "OUT_OF_MEMORY": "it took more memory than the cluster gave it (`mem_gb`)",
    "TIMEOUT": "its time on the cluster was over (`timeout_min`)",
    "DEADLINE": "its time on the cluster was over",
    "PREEMPTED": "another job took its place on the cluster",
}


class QueueError(Exception):
    """There is no queue here."""


@dataclass(slots=True, kw_only=True)
class QueuedJob:
    """A job in the queue.

    Attributes:
        submitted: what submitit knows it by.
        local: whether it runs on this machine.
        place: the folder of this start of it.
        run: the folder of its run.
        attempt: the word by which its record knows it.
        began: when it was submitted, by the monotonic clock.
        lost: whether it ended through no fault of its own.
        reason: why it ended, where the queue says so.
    """

    submitted: Any
    local: bool
    place: Path
    run: Path
    attempt: str
    began: float = field(default_factory=time.monotonic)
    lost: bool = False
    reason: str | None = None
    _code: int | None = None
    _looked: float = 0.0
    _gone: float | None = None
    _cancelled: bool = False

    @property
    def seconds(self) -> float:
        """Seconds since it was submitted."""
        return time.monotonic() - self.began

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it waits or runs."""
        now = time.monotonic()
        if self._code is None and now - self._looked >= _LOOK:
            self._looked = now
            self._code = self._said()
            if self._code is None and self._left():
                self._settle(str(self.submitted.state).split(" ")[0].rstrip("+").upper())
        return self._code

    def memory(self) -> int:
        """Nobody here can say; the queue keeps its own limit."""
        return 0

    def descriptor(self) -> None:
        """Nothing of this machine tells of its end."""

    def send(self, number: signal.Signals) -> None:
        """Takes it out of the queue, or asks it to end: the queue has one way for both."""
        if self.poll() is None and not self._cancelled:
            self._cancelled = True
            if self.local:
                # submitit would send a SIGINT, which nobody hears where the sweep ignores it.
                send_to_attempt(self.attempt, signal.SIGTERM)
                return
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                self.submitted.cancel(check=False)

    def kill(self) -> None:
        """Ends it at once; a queue takes its time, which nobody waits for here."""
        if self.poll() is None:
            self.send(signal.SIGTERM)
            if self.local:
                send_to_attempt(self.attempt, signal.SIGKILL)
            self._code = -signal.SIGKILL

    def let_go(self) -> None:
        """Gives back what was needed while it ran."""
        if self.local:
            send_to_attempt(self.attempt, signal.SIGKILL)

    def _said(self) -> int | None:
        """The exit code that the job has left, None where it has left none."""
        try:
            said = read_json(self.place / ENDED, bounds=_BOUNDS, within=self.place)
        except ForeignFileError:
            return None
        code = said.get("code") if isinstance(said, Mapping) else None
        return code if isinstance(code, int) else None

    def _left(self) -> bool:
        """Whether the queue calls it ended, and its record had the time to be closed."""
        if not self.submitted.done():
            self._gone = None
            return False
        self._gone = self._gone or time.monotonic()
        fields = read_fields(self.run)
        closing = fields.get("status") in OPEN and at_work(fields)
        return not closing or time.monotonic() - self._gone > _GRACE

    def _settle(self, state: str) -> None:
        if (code := self._said()) is not None:
            self._code = code
            return
        if state.startswith("CANCELLED") or self._cancelled:
            self._code = -signal.SIGTERM
            return
        self._code = FAILED
        self.lost = state in _LOST
        log = self.submitted.paths.stderr
        self.reason = _REASONS.get(state, f"the queue has ended it ({state.lower()}): {log}")


class SubmititExecutor:
    """Submits jobs.

    Args:
        local: whether jobs run on this machine.
        folder: the folder for what submitit keeps; `%j` in it stands for a start of a job.
        parameters: what the queue is asked for, in submitit's words.
        most_timeouts: how often a job whose time is over goes on.
        shares: what each of the jobs that run at a time on this machine has for itself.

    Raises:
        ImportError: submitit is not installed.
        QueueError: there is no such queue, or it has no such parameter.
    """

    def __init__(
        self,
        *,
        local: bool,
        folder: str,
        parameters: Mapping[str, Any],
        most_timeouts: int = 0,
        shares: Sequence[Share] = (),
    ) -> None:
        import submitit

        self._submitit: ModuleType = submitit
        self._local = local
        self._folder = folder
        self._parameters = dict(parameters)
        self._most_timeouts = most_timeouts
        self._shares = shares
        if not local and submitit.SlurmExecutor.affinity() <= 0:
            raise QueueError("there is no SLURM on this machine: `srun` is not on PATH")
        kind = submitit.SlurmJob
        kind.watcher = type(kind.watcher)(delay_s=_ASK)

    def prepare(self, job: JobSpec) -> None:
        """Nothing is needed."""

    def start(self, job: JobSpec, console: Path | None, place: int = 0) -> QueuedJob:
        """Submits a job.

        Args:
            job: the job.
            console: not asked: the output of a job in a queue goes into its folder.
            place: its place among the jobs that run at a time.

        Raises:
            OSError: it cannot be submitted, or a folder not be written.
        """
        attempt = new_attempt()
        named = self._folder if "%j" in self._folder else f"{self._folder}/%j"
        folder = Path(named.replace("%j", attempt)).absolute()
        folder.mkdir(parents=True, mode=0o700)
        spec = folder / "job.json"
        spec.write_bytes(job.to_json())
        share = share_of(self._shares, place)
        command = QueuedCommand(
            job=str(spec),
            ended=str(folder / ENDED),
            attempt=attempt,
            home=os.getcwd(),
            cores=share.cores,
        )
        kind = self._submitit.LocalExecutor if self._local else self._submitit.SlurmExecutor
        try:
            queue = kind(folder=folder, max_num_timeout=self._most_timeouts)
            with _environment(attempt):
                # Its public door takes every executor's words, and drops what it does not know.
                queue._internal_update_parameters(**queue._convert_parameters(self._parameters))
                submitted = queue.submit(command)
        except OSError:
            raise
        except Exception as error:  # each of its parts has exceptions of its own
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            raise OSError(0, " ".join(lines[-2:]) or type(error).__name__) from error
        return QueuedJob(
            submitted=submitted,
            local=self._local,
            place=folder,
            run=job.folder,
            attempt=attempt,
        )

    def close(self) -> None:
        """Nothing was needed."""


@contextlib.contextmanager
def _environment(attempt: str) -> Iterator[None]:
    """What a process inherits that is started meanwhile, with the way to a checkout."""
    known = dict(os.environ)
    # A file in the working directory must not take the place of a module.
    os.environ.update(child_environment(unbuffered=True), PYTHONSAFEPATH="1")
    os.environ[ATTEMPT] = attempt
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(known)
