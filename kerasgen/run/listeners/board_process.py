"""A board in a process of its own: what it is told goes there line by line, and nothing waits.

This room owns that process from both its ends: it is started, told, waited for, and ended. It must
not know what a board does with what it is told.

Decisions:
- Packages of trackers take seconds to import, draw random numbers, start threads, print, and wait
  for servers. In a process of their own they can do nothing to the training, not even to its bits.
- A run that is killed closes the pipe, by which the board learns of it and can still say so.
- A call of a board may take `CALL` seconds. What has not arrived `END` seconds after the run's end
  is given up.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from kerasgen.foreign.passwords import without_passwords
from kerasgen.process.interruption import requested
from kerasgen.run.event_stream import TrackerError
from kerasgen.run.listeners.board import Board, TrackedRun

END = 120.0
"""Seconds that a board is given after the run's end."""

CALL = 300
"""Seconds that a board is given for one call."""

_PAUSE = 0.02
"""Seconds between two looks at the process."""

_TOLD = 400
"""Characters of an error that are told."""


class BoardProcess:
    """A board whose work is done by another process.

    Args:
        module: the module that has the board, and calls `serve`.
        settings: what the board is made of, as plain data.
        environment: variables that its package reads.
    """

    def __init__(
        self, module: str, settings: Mapping[str, object], environment: Mapping[str, str]
    ) -> None:
        self._command = [sys.executable, "-P", "-m", module]
        self._environment = {**os.environ, **environment, "PYTHONUNBUFFERED": "1"}
        self._environment.pop("PYTHONHASHSEED", None)
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting = bytearray(json.dumps(dict(settings)).encode() + b"\n")

    def start(self, run: TrackedRun) -> None:
        """Starts the process, and tells it of the run.

        Raises:
            OSError: it cannot be started.
            TrackerError: it has failed.
        """
        # A session of its own: Ctrl-C is not meant for it, and it ends after this process.
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environment,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        self._tell("start", dataclasses.asdict(run))

    def scalars(self, step: int | None, figures: Mapping[str, float]) -> None:
        """Tells of numbers.

        Raises:
            TrackerError: the process has failed.
        """
        self._tell("scalars", step, dict(figures))

    def text(self, name: str, text: str) -> None:
        """Tells of a text.

        Raises:
            TrackerError: the process has failed.
        """
        self._tell("text", name, text)

    def artifact(self, path: str) -> None:
        """Tells of a file.

        Raises:
            TrackerError: the process has failed.
        """
        self._tell("artifact", path)

    def finish(self, status: str) -> None:
        """Tells that the run is over.

        Raises:
            TrackerError: the process has failed.
        """
        self._tell("finish", status)

    def end(self) -> None:
        """Waits until the process has done its work, for `END` seconds at most.

        Who wants to end this process does not wait for it; it goes on without.

        Raises:
            TrackerError: the process has failed, or takes too long.
        """
        process, deadline = self._process, time.monotonic() + END
        if process is None:
            return
        while time.monotonic() < deadline and not requested():
            self._hand_on()
            if process.poll() is not None:
                break
            time.sleep(_PAUSE)
        if requested():
            return
        if process.poll() is None:
            self._close()
            raise TrackerError(f"it has not taken everything {END:.0f} s after the run's end")
        if process.returncode:
            raise self._error()
        self._close()

    def _tell(self, name: str, *arguments: object) -> None:
        self._waiting += json.dumps([name, *arguments]).encode() + b"\n"
        if self._process is not None and self._process.poll():
            raise self._error()
        self._hand_on()

    def _hand_on(self) -> None:
        """Hands on as much as the pipe takes now; the end of it once all is said."""
        stream = None if self._process is None else self._process.stdin
        if stream is None or stream.closed:
            return
        try:
            while self._waiting:
                del self._waiting[: os.write(stream.fileno(), self._waiting)]
        except BlockingIOError:
            return
        except BrokenPipeError:
            assert self._process is not None
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=1.0)
            raise self._error() from None

    def _error(self) -> TrackerError:
        """What the process has said of its failure."""
        assert self._process is not None
        assert self._process.stdout is not None
        told = b"" if self._process.poll() is None else self._process.stdout.read(8 * _TOLD)
        self._close()
        text = told.decode("utf-8", "replace").strip()[:_TOLD]
        return TrackerError(text or f"its process ended with {self._process.returncode}")

    def _close(self) -> None:
        """Ends the process, if it has not ended, and gives its pipes back."""
        assert self._process is not None
        if self._process.poll() is None:
            with contextlib.suppress(OSError):  # Its own helpers, too.
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()


def serve(make: Callable[[Mapping[str, Any]], Board], source: IO[bytes]) -> int:
    """Does what is told, until there is nothing more: the other end of `BoardProcess`.

    Args:
        make: makes the board out of its settings.
        source: where the lines come from.

    Returns:
        The exit code; the error is on the standard output.
    """
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Whatever a package prints, it is no answer.
    board: Board | None = None
    ended = False
    try:
        settings = json.loads(source.readline())
        for line in source:
            name, *arguments = json.loads(line)
            with _in_time():
                if name == "start":
                    board = board or make(settings)
                    run = arguments[0]
                    board.start(TrackedRun(**{**run, "groups": tuple(run["groups"])}))
                elif board is not None:
                    getattr(board, name)(*arguments)
            if ended := name == "finish":
                break
        if board is not None and not ended:
            with _in_time():
                board.finish("killed")  # Nobody has said how the run ended.
    except Exception as error:  # It is the code of others.
        text = " ".join(str(error).split())
        answer.write(without_passwords(f"{type(error).__name__}: {text}")[:_TOLD])
        answer.flush()
        return 1
    return 0


@contextlib.contextmanager
def _in_time() -> Iterator[None]:
    """Ends the process where a call takes too long."""
    alarm = getattr(signal, "alarm", None)
    if alarm is not None:
        alarm(CALL)
    yield
    if alarm is not None:
        alarm(0)
