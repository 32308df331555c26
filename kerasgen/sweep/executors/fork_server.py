"""A process that has imported an engine, and forks into the jobs that it is handed.

`python -m kerasgen.sweep.executors.fork_server`, with the number of its end of a socket in
`KERASGEN_FORK_SERVER`, as `fork` starts it.

This room owns the server's side of that socket. It must not know what a job does, nor which job is
whose.

Decisions:
- It imports, and computes nothing: TensorFlow and JAX hang in a child of a process that has. It
  has one thread for the same reason; where an import has made more, it refuses to fork.
- It keeps no state of a job: each child begins as the server was after its imports.
- A child's own children end with it: what a job leaves behind would take cores from the others.
- It lives as long as the process that started it, and ends when its jobs have.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import json
import os
import select
import signal
import socket
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from kerasgen.process import garbage
from kerasgen.process.entry import begin
from kerasgen.sweep.executors.leftovers import adopt_orphans, end_orphans

SOCKET = "KERASGEN_FORK_SERVER"
"""The environment variable that names the server's end of the socket."""

MOST = 2**16
"""Bytes of a message."""

ADDED = "OPENBLAS_NUM_THREADS"
"""A variable that is set while the server imports: the threads of OpenBLAS come with NumPy."""

_MODULES = (
    "kerasgen.sweep.hydra.command_line",
    "kerasgen.compiler",
    "kerasgen.data.early_look",
    "kerasgen.emit.text.report",
    "kerasgen.emit.text.resolved_config",
    "kerasgen.run.experiment",
    "kerasgen.run.predictions",
    "kerasgen.run.saved_model",
    "kerasgen.run.steps",
    "kerasgen.run.training",
    "kerasgen.session.engine_start",
    "sklearn.datasets",
    "matplotlib.figure",
    "matplotlib.backends.backend_svg",
)
"""What jobs import beside the engine: 0.7 CPU seconds of each, where they import it themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What a child is handed: descriptors, and its cores.

    Attributes:
        job: the job, as `JobSpec` writes it.
        lifeline: the end of a pipe that is closed when the sweep ends.
        cores: the cores on which it may work, None for all.
    """

    job: int
    lifeline: int
    cores: tuple[int, ...] | None


@dataclass(slots=True)
class _Server:
    """The server.

    Attributes:
        door: its end of the socket.
        children: descriptor of each child to its process id.
    """

    door: socket.socket
    children: dict[int, int] = field(default_factory=dict)

    def say(self, message: dict[str, Any], *descriptors: int) -> None:
        """Sends a message; nobody may be there to hear it."""
        with contextlib.suppress(OSError):
            socket.send_fds(self.door, [json.dumps(message).encode()], list(descriptors))

    def serve(self) -> Handed | None:
        """Takes jobs until nobody hands any over.

        Returns:
            In a child what it is to run; None in the server, at the end.
        """
        heard = True
        while heard or self.children:
            waiting = select.poll()
            for descriptor in (*self.children, *([self.door.fileno()] if heard else [])):
                waiting.register(descriptor, select.POLLIN)
            ready = [descriptor for descriptor, _ in waiting.poll()]
            for descriptor in ready:
                if descriptor in self.children:
                    self._reap(descriptor)
            if heard and self.door.fileno() in ready:
                message, descriptors, *_ = socket.recv_fds(self.door, MOST, 4)
                heard = bool(message)
                if heard and (handed := self._fork(json.loads(message), descriptors)) is not None:
                    return handed
        return None

    def _fork(self, asked: dict[str, Any], descriptors: list[int]) -> Handed | None:
        """Forks; gives what it is handed to the child, and None to the server."""
        job, out, err, lifeline = descriptors
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)  # A child opens them once it hears.
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            self.door.close()
            for descriptor in self.children:
                os.close(descriptor)
            os.dup2(out, 1)
            os.dup2(err, 2)
            os.close(out)
            os.close(err)
            if asked["unbuffered"]:
                sys.stdout.reconfigure(write_through=True)  # type: ignore[union-attr]
            # Before any engine looks for its devices.
            os.environ.update(asked["variables"])
            cores = asked["cores"]
            return Handed(job=job, lifeline=lifeline, cores=None if cores is None else tuple(cores))
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        for descriptor in descriptors:
            os.close(descriptor)
        child = os.pidfd_open(pid)
        self.children[child] = pid
        self.say({"pid": pid}, child)
        return None

    def _reap(self, descriptor: int) -> None:
        """Tells how a child has ended, and ends what it has left behind."""
        pid = self.children.pop(descriptor)
        os.close(descriptor)
        # As long as it is not waited for, its number is nobody else's.
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
        end_orphans({pid, *self.children.values()})
        _, status = os.waitpid(pid, 0)
        self.say({"pid": pid, "code": os.waitstatus_to_exitcode(status)})


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> Handed | None:
    """Imports what it is asked for, and serves; gives a child what it is to run.

    Raises:
        SystemExit: somebody has ended the server.
    """
    for number in _ENDING:
        signal.signal(number, _end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)  # They were held back until now.
    adopt_orphans()
    door = socket.socket(fileno=int(os.environ.pop(SOCKET)))
    os.set_inheritable(door.fileno(), False)
    server = _Server(door)
    asked = json.loads(door.recv(MOST))
    refused = _preload(asked["backend"])
    if asked["added"]:
        os.environ.pop(ADDED, None)
    server.say({"refused": refused})
    return None if refused else server.serve()


def _end(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def _preload(backend: dict[str, Any]) -> str | None:
    """Imports what jobs need; says why no job can be forked, None if they can."""
    from kerasgen.diagnostics import CompileError, Sink
    from kerasgen.engines.choice import engine_for
    from kerasgen.ir.program import BackendDef

    garbage.relax()
    try:
        engine_for(backend["backend"]).preload(BackendDef(**backend), Sink())
        for name in _MODULES:
            importlib.import_module(name)
    except (CompileError, ImportError) as error:
        return f"the engine cannot be imported: {str(error).splitlines()[0]}"
    garbage.keep()
    threads = len(list(Path("/proc/self/task").iterdir()))
    return None if threads == 1 else f"its imports have made {threads} threads"


def work(handed: Handed) -> int:
    """Runs the job that a child is handed; gives its exit code."""
    from kerasgen.process.interruption import follow_parent
    from kerasgen.sweep.executors.cores import keep_to, tell_libraries
    from kerasgen.sweep.executors.sign import Sign
    from kerasgen.sweep.hydra.command_line import run_job_frozen
    from kerasgen.sweep.job_spec import read_job_spec

    adopt_orphans()
    with open(handed.job, "rb") as given:
        job = read_job_spec(given.read())
    follow_parent(handed.lifeline, Sign.of(job).renew)
    keep_to(handed.cores)
    tell_libraries()
    return run_job_frozen(job)


def settings_text(backend: Any, *, added: bool) -> bytes:
    """The first message of a server: which engine it imports.

    Args:
        backend: the engine's settings.
        added: whether `ADDED` was set for it alone.
    """
    return json.dumps({"backend": dataclasses.asdict(backend), "added": added}).encode()


if __name__ == "__main__":
    child = main()
    if child is not None:
        begin(partial(work, child), job=True)
