"""The process of an engine: it is started, asked, and gone when nobody needs it.

This room owns the process and what becomes of one that dies. What it is asked for stands in
`worker/`, which is a program of its own.

Decisions:
- The environment is made, not taken over: a `THEANO_FLAGS` or `PYTHONPATH` of the user's own would
  change what is computed. What stands in the way of the system's loader stays.
- What the engine prints goes to a file, whose last lines explain a death.
- Its input is a pipe of ours: it ends by itself when this process does.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasgen.engine import EngineLostError
from kerasgen.engines.legacy.worker.messages import Channel, ChannelError
from kerasgen.ir.training import Array

_PROGRAM = Path(__file__).with_name("worker")

_KEPT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "LANG", "LC_ALL", "SYSTEMROOT")
"""What of the environment the process gets."""

_LINES = 3
"""Lines of what it printed that are told when it dies."""

_PATIENCE = 10.0
"""Seconds in which it ends when its input has ended; then it is killed."""


class WorkerError(EngineLostError):
    """The engine's process cannot do what was asked, or is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """An interpreter with an engine of Keras 2.3.1.

    Attributes:
        engine: `theano` or `cntk`.
        python: the interpreter.
        threads: threads in which it computes.
        flags: what Theano is told beside that (`THEANO_FLAGS`).
    """

    engine: str
    python: Path
    threads: int = 1
    flags: tuple[str, ...] = ()


class Worker:
    """One process of an engine.

    Args:
        runtime: its interpreter.

    Raises:
        WorkerError: it cannot be started.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._home = tempfile.TemporaryDirectory(prefix="kerasgen-engine-")
        self._printed = Path(self._home.name) / "printed"
        with self._printed.open("wb") as printed:
            try:
                self._process = subprocess.Popen(
                    [str(runtime.python), "-s", "-W", "ignore", str(_PROGRAM)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=printed,
                    env=self._environment(),
                    cwd=self._home.name,
                    start_new_session=True,  # Ctrl-C is for the parent, who keeps what was done.
                )
            except OSError as error:
                self._home.cleanup()
                raise WorkerError(f"`{runtime.python}` cannot be run: {error.strerror}") from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._channel = Channel(self._process.stdout, self._process.stdin)

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def ask(
        self, wanted: str, header: Mapping[str, Any] | None = None, **arrays: Array
    ) -> tuple[dict[str, Any], dict[str, Array]]:
        """Asks for something and waits for the answer.

        Args:
            wanted: what, as the worker calls it.
            header: plain data.
            arrays: arrays by name.

        Returns:
            Plain data and arrays.

        Raises:
            WorkerError: it refuses, or is gone.
        """
        return self.ask_with(wanted, header or {}, arrays)

    def ask_with(
        self, wanted: str, header: Mapping[str, Any], arrays: Mapping[str, Array]
    ) -> tuple[dict[str, Any], dict[str, Array]]:
        """The same, for arrays whose names are no words of Python.

        Raises:
            WorkerError: it refuses, or is gone.
        """
        try:
            self._channel.write({**header, "do": wanted}, arrays)
            answer = self._channel.read()
        except (OSError, ChannelError, ValueError) as error:
            raise WorkerError(self._died()) from error
        if answer is None:
            raise WorkerError(self._died())
        told, found = answer
        if "error" in told:
            raise WorkerError(str(told["error"]))
        return told, found

    def end(self) -> None:
        """Ends the process; what it has left goes too."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        with contextlib.suppress(OSError):
            self._home.cleanup()

    def _died(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE)
        code = self._process.poll()
        how = "does not answer in its language"
        if code is not None:
            how = f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with {code}"
        lines = self._printed.read_text(errors="replace").strip().splitlines()[-_LINES:]
        told = "; ".join(line.strip() for line in lines if line.strip())
        return f"its process {how}" + (f": {told}" if told else "")

    def _environment(self) -> dict[str, str]:
        runtime, home = self._runtime, self._home.name
        threads = str(runtime.threads)
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        own = {
            "HOME": home,
            "KERAS_HOME": home,
            "KERAS_BACKEND": runtime.engine,
            "OMP_NUM_THREADS": threads,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
        }
        if runtime.engine == "theano":
            own["THEANO_FLAGS"] = ",".join(("device=cpu", "floatX=float32", *runtime.flags))
        return kept | own


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
