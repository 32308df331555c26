"""The executor `process`: each job in a process that is started for it.

This room owns such processes, and that none outlives its parent. It must not know what a job does.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import kerasgen
from kerasgen.record.provenance import ATTEMPT
from kerasgen.sweep.executors.compile_cache import offer_cache
from kerasgen.sweep.executors.engine_settings import engine_settings
from kerasgen.sweep.executors.executor import memory_of_group, new_attempt, watched
from kerasgen.sweep.executors.leftovers import adopt_orphans, end_orphans
from kerasgen.sweep.executors.shares import Share, share_of
from kerasgen.sweep.job_spec import JobSpec

MODULE = "kerasgen.sweep.executors.job"
"""The module that runs one job."""

LIFELINE = "KERASGEN_LIFELINE"
"""The environment variable that names a child's end of its lifeline.

The other end is held by the process that started it, and by nobody else: when that one ends, even
by SIGKILL, the child reads the end of the pipe. Linux's parent-death signal would do no more, and
other systems have none.
"""

HANDED_OVER = "KERASGEN_JOB"
"""The environment variable that says that a job stands on a child's standard input.

Its command line names the same job in words, for those who look at processes; run by hand, it is
composed from that.
"""


CORES = "KERASGEN_CORES"
"""The environment variable that names the cores on which a child works."""


@dataclass(slots=True, kw_only=True)
class JobProcess:
    """A job that runs in a process of its own.

    Attributes:
        process: its process, the first of a group of its own.
        attempt: the word by which its record knows it.
        lifeline: the writing end of a pipe by which it sees that this process has ended, or None.
        began: when it was started, by the monotonic clock.
    """

    process: subprocess.Popen[bytes]
    attempt: str = field(default_factory=new_attempt)
    lifeline: int | None = None
    began: float = field(default_factory=time.monotonic)
    _descriptor: int | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._descriptor = watched(self.process.pid)

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self.process.pid

    @property
    def seconds(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.began

    @property
    def lost(self) -> bool:
        """Whether it ended through no fault of its own."""
        return False

    @property
    def reason(self) -> str | None:
        """Why it ended, where something else than its exit code tells."""
        return None

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        if self.process.returncode is None and self._has_ended(wait=False):
            self._end_the_rest()
            self.process.wait()
        return self.process.returncode

    def memory(self) -> int:
        """Bytes of memory that it and what it has started take, 0 where nobody can say."""
        return memory_of_group(self.process.pid)

    def descriptor(self) -> int | None:
        """What can be read once it has ended."""
        return self._descriptor

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal, unless it has ended."""
        if self.poll() is not None:
            return
        with contextlib.suppress(OSError):
            if os.name == "posix":
                self.process.send_signal(number)
            else:
                self.process.terminate()

    def kill(self) -> None:
        """Ends it at once, with all that it has started, and waits until it has ended."""
        if self.poll() is None:
            self.process.kill()
            self._has_ended(wait=True)
            self.poll()

    def let_go(self) -> None:
        """Gives back what was needed while it ran."""
        for descriptor in (self.lifeline, self._descriptor):
            if descriptor is not None:
                os.close(descriptor)
        self.lifeline = self._descriptor = None

    def _has_ended(self, *, wait: bool) -> bool:
        """Whether it has ended; its number stays its own until it is waited for."""
        if not hasattr(os, "waitid"):
            if wait:
                self.process.wait()
            return self.process.poll() is not None
        options = os.WEXITED | os.WNOWAIT | (0 if wait else os.WNOHANG)
        try:
            return os.waitid(os.P_PID, self.process.pid, options) is not None
        except ChildProcessError:
            return True

    def _end_the_rest(self) -> None:
        """Ends what it has left behind, which would take cores from the others."""
        if os.name != "posix":
            return
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        end_orphans({self.process.pid}, self.attempt)


class ProcessExecutor:
    """Starts jobs with this process's interpreter and environment.

    Args:
        shares: what each of the jobs that run at a time has for itself; none for a whole machine.
    """

    def __init__(self, shares: Sequence[Share] = ()) -> None:
        self._shares = shares
        adopt_orphans()

    def prepare(self, job: JobSpec) -> None:
        """Nothing is needed."""

    def start(
        self, job: JobSpec, console: Path | None, place: int = 0, attempt: str | None = None
    ) -> JobProcess:
        """Starts a job.

        Args:
            job: the job.
            console: a file that gets its output, None for this process's own output.
            place: its place among the jobs that run at a time.
            attempt: the word by which its record is to know it, None for a new one.

        Raises:
            OSError: it cannot be started, or the file not be written.
        """
        # A group of its own: Ctrl-C reaches this process alone, which then ends its jobs once.
        options: dict[str, Any] = {"process_group": 0} if os.name == "posix" else {}
        share, attempt = share_of(self._shares, place), attempt or new_attempt()
        environment = child_environment(unbuffered=console is not None)
        environment |= {**share.variables, ATTEMPT: attempt}
        settings = engine_settings(job)
        if settings is not None and settings.backend == "jax":
            offer_cache(environment)
        # -P: a file in the working directory must not take the place of a module.
        command = [sys.executable, "-P", *job.argv]
        with contextlib.ExitStack() as stack:
            output = None
            if console is not None:
                console.parent.mkdir(parents=True, exist_ok=True)
                output = stack.enter_context(console.open("ab"))
            given = stack.enter_context(written_job(job))
            environment[HANDED_OVER] = "stdin"
            if share.cores is not None:
                environment[CORES] = ",".join(map(str, share.cores))
            lifeline = None
            if os.name == "posix":
                end, lifeline = os.pipe()
                stack.callback(os.close, end)
                options["pass_fds"] = (end,)
                environment[LIFELINE] = str(end)
            try:
                with signals_blocked():
                    process = subprocess.Popen(
                        command,
                        stdin=given,
                        stdout=output,
                        stderr=None if output is None else subprocess.STDOUT,
                        env=environment,
                        **options,
                    )
            except BaseException:
                if lifeline is not None:
                    os.close(lifeline)
                raise
        return JobProcess(process=process, attempt=attempt, lifeline=lifeline)

    def close(self) -> None:
        """Nothing was needed."""


@contextlib.contextmanager
def written_job(job: JobSpec) -> Iterator[IO[bytes]]:
    """A file without a name that holds a job; a pipe would hold up both until it is read."""
    with tempfile.TemporaryFile() as given:
        given.write(job.to_json())
        given.seek(0)
        yield given


def take_lifeline() -> int | None:
    """In a child: the reading end of its lifeline, or None if nobody holds the other end."""
    text = os.environ.pop(LIFELINE, None)
    return int(text) if text is not None and text.isdecimal() else None


def take_cores() -> tuple[int, ...] | None:
    """In a child: the cores on which it works, None for all."""
    text = os.environ.pop(CORES, None)
    return None if not text else tuple(int(number) for number in text.split(","))


def take_job() -> bytes | None:
    """In a child: the job that it is handed over, or None if its command line alone names one."""
    return sys.stdin.buffer.read() if os.environ.pop(HANDED_OVER, None) is not None else None


@contextlib.contextmanager
def signals_blocked() -> Iterator[None]:
    """A child starts with signals blocked until its handlers are there: none is lost."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    known = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, known)


def child_environment(*, unbuffered: bool) -> dict[str, str]:
    """This process's environment, with the way to a checkout that is not installed."""
    environment = dict(os.environ)
    root = Path(kerasgen.__file__).resolve().parent.parent
    if root.name not in ("site-packages", "dist-packages"):
        # In front of the standard library, where site-packages must not come.
        known = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = str(root) if not known else f"{root}{os.pathsep}{known}"
    if unbuffered:
        environment["PYTHONUNBUFFERED"] = "1"
    return environment
