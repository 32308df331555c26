"""The process of one job: how it is started, and how it is ended.

This room owns child processes, and that none outlives its parent. It must not know what a job does.
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

_PATIENCE = ((signal.SIGINT, 10.0), (signal.SIGTERM, 5.0))
"""Signals that ask a child to end, and the seconds it is given; after them it is killed."""

_PAUSE = 0.05
"""Seconds between two looks at the children."""


@dataclass(slots=True, kw_only=True)
class Child:
    """A running job.

    Attributes:
        process: its process.
        lifeline: the writing end of a pipe by which it sees that this process has ended, or None.
        began: when it was started, by the monotonic clock.
    """

    process: subprocess.Popen[bytes]
    lifeline: int | None = None
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.began

    def let_go(self) -> None:
        """Gives back what was needed while it ran."""
        if self.lifeline is not None:
            os.close(self.lifeline)
            self.lifeline = None


def start_child(arguments: Sequence[str], console: Path | None, job: bytes | None = None) -> Child:
    """Starts a job with this process's interpreter and environment.

    Args:
        arguments: flags and overrides that name the job in words.
        console: a file that gets its output, None for this process's own output.
        job: the job itself, as its process reads it; None for one that composes it from the words.

    Raises:
        OSError: it cannot be started, or the file not be written.
    """
    # A group of its own: Ctrl-C reaches this process alone, which then ends its children once.
    options: dict[str, Any] = {"process_group": 0} if os.name == "posix" else {}
    environment = _environment(unbuffered=console is not None)
    # -P: a file in the working directory must not take the place of a module.
    command = [sys.executable, "-P", "-m", MODULE, *arguments]
    with contextlib.ExitStack() as stack:
        output = None
        if console is not None:
            console.parent.mkdir(parents=True, exist_ok=True)
            output = stack.enter_context(console.open("ab"))
        given: IO[bytes] | int = subprocess.DEVNULL
        if job is not None:
            # A file without a name: a pipe would hold up both until the child has read it.
            given = stack.enter_context(tempfile.TemporaryFile())
            given.write(job)
            given.seek(0)
            environment[HANDED_OVER] = "stdin"
        lifeline = None
        if os.name == "posix":
            end, lifeline = os.pipe()
            stack.callback(os.close, end)
            options["pass_fds"] = (end,)
            environment[LIFELINE] = str(end)
        try:
            with _signals_blocked():
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
    return Child(process=process, lifeline=lifeline)


def take_lifeline() -> int | None:
    """In a child: the reading end of its lifeline, or None if nobody holds the other end."""
    text = os.environ.pop(LIFELINE, None)
    return int(text) if text is not None and text.isdecimal() else None


def take_job() -> bytes | None:
    """In a child: the job that it is handed over, or None if its command line alone names one."""
    return sys.stdin.buffer.read() if os.environ.pop(HANDED_OVER, None) is not None else None


@contextlib.contextmanager
def _signals_blocked() -> Iterator[None]:
    """A child starts with signals blocked until its handlers are there: none is lost."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    known = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, known)


def _environment(*, unbuffered: bool) -> dict[str, str]:
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


def wait_for_one(children: Sequence[Child]) -> list[Child]:
    """Waits until some of the children have ended, and gives those."""
    while True:
        ended = [child for child in children if child.process.poll() is not None]
        if ended or not children:
            return ended
        time.sleep(_PAUSE)


def end_children(children: Sequence[Child]) -> None:
    """Ends children: asks, waits, and kills those that go on."""
    try:
        for number, patience in _PATIENCE:
            until = time.monotonic() + patience
            for child in children:
                if child.process.poll() is None:
                    _ask(child.process, number)
            while any(child.process.poll() is None for child in children):
                if time.monotonic() > until:
                    break
                time.sleep(_PAUSE)
            else:
                return
    finally:
        kill_children(children)


def kill_children(children: Sequence[Child]) -> None:
    """Ends children at once."""
    for child in children:
        if child.process.poll() is None:
            child.process.kill()
        child.process.wait()


def _ask(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(OSError):
        if os.name == "posix":
            process.send_signal(number)
        else:
            process.terminate()
