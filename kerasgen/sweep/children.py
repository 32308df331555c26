"""The process of one job: how it is started, and how it is ended.

This room owns child processes and signals. It must not know what a job does.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import kerasgen

MODULE = "kerasgen.sweep.job"
"""The module that runs one job."""

_PATIENCE = ((signal.SIGINT, 10.0), (signal.SIGTERM, 5.0))
"""Signals that ask a child to end, and the seconds it is given; after them it is killed."""

_PAUSE = 0.05
"""Seconds between two looks at the children."""


class Stopped(BaseException):
    """This process was asked to end by a signal other than Ctrl-C's.

    Attributes:
        number: the signal.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"signal {number}")


@dataclass(slots=True, kw_only=True)
class Child:
    """A running job.

    Attributes:
        process: its process.
        began: when it was started, by the monotonic clock.
    """

    process: subprocess.Popen[bytes]
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.began


def start_child(arguments: Sequence[str], console: Path | None) -> Child:
    """Starts a job with this process's interpreter and environment.

    Args:
        arguments: flags and overrides.
        console: a file that gets its output, None for this process's own output.

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
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            env=environment,
            **options,
        )
    return Child(process=process)


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
    """Ends children: asks, waits, and kills those that go on; asked again, kills at once."""
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
    except (KeyboardInterrupt, Stopped):
        pass  # the user's patience has ended
    finally:
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


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Inside, a signal that ends a process raises `Stopped`, so that its children end too."""

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        del frame
        raise Stopped(number)

    numbers = [signal.SIGTERM] + ([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])
    if threading.current_thread() is not threading.main_thread():
        numbers = []  # only the main thread may set handlers
    # One that is ignored (`nohup`) or handled stays as it is.
    numbers = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)
