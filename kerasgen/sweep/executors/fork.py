"""The executor `warm`: jobs are forked from a process that has imported their engine.

This room owns the servers, one for each distinct setting of an engine, and the sweep's side of
their sockets. It must not know what a job does.

Decisions:
- A job that cannot be forked, for whatever reason, gets a process of its own as with the executor
  `process`, and the sweep says once why.
- A server that dies takes no job with it for good: its jobs are asked to end, which keeps their
  state, and are started again, each by a server of its own: one that ends its server ends no other
  job.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from kerasgen.engine import GIVEN_HOME
from kerasgen.ir.program import BackendDef
from kerasgen.process.entry import reason_of
from kerasgen.process.interruption import held
from kerasgen.record.provenance import ATTEMPT
from kerasgen.sweep.executors.compile_cache import offer_cache
from kerasgen.sweep.executors.engine_settings import engine_settings
from kerasgen.sweep.executors.executor import RunningJob, memory_of_group, new_attempt
from kerasgen.sweep.executors.fork_server import ADDED, MOST, SOCKET, settings_text
from kerasgen.sweep.executors.process import (
    ProcessExecutor,
    child_environment,
    signals_blocked,
    written_job,
)
from kerasgen.sweep.executors.shares import Share, share_of
from kerasgen.sweep.job_spec import JobSpec

_MODULE = "kerasgen.sweep.executors.fork_server"

_MOST_SERVERS = 4
"""Servers that are kept; one has the size of an imported engine."""


_Key = tuple[BackendDef, int | None]
"""A server: what it imports, and the only job that it may fork, None for any."""


class ServerDiedError(OSError):
    """A server has ended."""


@dataclass(slots=True, kw_only=True)
class ForkServer:
    """A server as the sweep sees it.

    Attributes:
        process: its process.
        door: this end of its socket.
        codes: the exit codes of jobs that have ended, by process id.
        refused: why it does not fork, None if it does; unknown until `wait_ready`.
        dead: whether it has ended.
        ready: whether it has said that it has imported its engine, or why it does not fork.
        running: how many of its jobs run.
        home: the folder that it has for Keras. It is made here: whatever ends the server, at
            whatever moment, it can be taken away.
        lost: gets the numbers of its jobs that run when it ends.
    """

    process: subprocess.Popen[bytes]
    door: socket.socket
    home: str
    lost: set[int]
    codes: dict[int, int] = field(default_factory=dict)
    refused: str | None = None
    dead: bool = False
    ready: bool = False
    running: int = 0

    def wait_ready(self) -> None:
        """Waits until it has imported what it needs, or says why it cannot serve."""
        while not self.ready and not self.dead:
            self._hear()
        if not self.ready:
            self.refused = "the process that would fork them has ended"

    def start(
        self, job: JobSpec, out: int, err: int, share: Share, *, unbuffered: bool
    ) -> ForkedJob:
        """Forks a job; its share names this start of it.

        Raises:
            ServerDiedError: it has ended.
        """
        variables = dict(share.variables)
        said = {"cores": share.cores, "variables": variables, "unbuffered": unbuffered}
        asked = json.dumps(said).encode()
        end, lifeline = os.pipe()
        try:
            with written_job(job) as given:
                descriptors = [given.fileno(), out, err, end]
                socket.send_fds(self.door, [asked], descriptors)
            while (found := self._hear()) is None:
                if self.dead:
                    raise ServerDiedError(0, "the process that forks jobs has ended")
        except OSError as error:
            os.close(lifeline)
            raise ServerDiedError(0, "the process that forks jobs has ended") from error
        finally:
            os.close(end)
        pid, watched = found
        self.running += 1
        return ForkedJob(
            server=self,
            number=job.number,
            pid=pid,
            attempt=variables[ATTEMPT],
            watched=watched,
            lifeline=lifeline,
        )

    def collect(self) -> None:
        """Takes what it has said meanwhile."""
        while not self.dead and select.select([self.door], [], [], 0)[0]:
            self._hear()

    def close(self) -> None:
        """Ends it; its jobs have ended."""
        self.door.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)  # It may not have come to it itself.

    def _hear(self) -> tuple[int, int] | None:
        """Takes one message; gives process id and descriptor of a job that was forked."""
        try:
            content, descriptors, *_ = socket.recv_fds(self.door, MOST, 1)
        except OSError:
            content, descriptors = b"", []
        if not content:
            self.dead = True
            return None
        message: dict[str, Any] = json.loads(content)
        if "refused" in message:
            self.ready, self.refused = True, message["refused"]
            return None
        if "code" in message:
            self.codes[message["pid"]] = message["code"]
            return None
        return message["pid"], descriptors[0]


@dataclass(slots=True, kw_only=True)
class ForkedJob:
    """A job that was forked.

    Attributes:
        server: whose fork it is.
        number: its number in the sweep.
        pid: the id of its process.
        attempt: the word by which its record knows it.
        watched: a descriptor of its process.
        lifeline: the writing end of a pipe by which it sees that this process has ended.
        began: when it was started, by the monotonic clock.
        lost: whether its server died before it has ended.
    """

    server: ForkServer
    number: int
    pid: int
    attempt: str
    watched: int
    lifeline: int | None
    began: float = field(default_factory=time.monotonic)
    lost: bool = False
    _code: int | None = None

    @property
    def seconds(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.began

    @property
    def reason(self) -> str | None:
        """Why it ended, where something else than its exit code tells."""
        return "the process that had forked it has ended" if self.lost else None

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        if self._code is None:
            self.server.collect()
            self._code = self.server.codes.pop(self.pid, None)
        if self._code is None and self.server.dead:
            self.lost = True
            self.server.lost.add(self.number)
            self._cut()
            if select.select([self.watched], [], [], 0)[0]:
                self._code = -signal.SIGTERM
        return self._code

    def memory(self) -> int:
        """Bytes of memory that it and what it has started take, 0 where nobody can say."""
        return memory_of_group(self.pid)

    def descriptor(self) -> int:
        """What can be read once it has ended."""
        return self.watched if self.server.dead else self.server.door.fileno()

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self.watched, number)

    def kill(self) -> None:
        """Ends it at once, with all that it has started, and waits until it has ended."""
        self.send(signal.SIGKILL)
        while self.poll() is None:
            select.select([self.descriptor()], [], [])

    def let_go(self) -> None:
        """Gives back what was needed while it ran."""
        self._cut()
        os.close(self.watched)
        self.server.running -= 1

    def _cut(self) -> None:
        if self.lifeline is not None:
            os.close(self.lifeline)
            self.lifeline = None


class ForkExecutor:
    """Starts jobs by forking.

    Args:
        say: takes a line that says why jobs are not forked.
        shares: what each of the jobs that run at a time has for itself; none for a whole machine.
    """

    def __init__(self, say: Callable[[str], object], shares: Sequence[Share] = ()) -> None:
        self._say = say
        self._shares = shares
        self._cold = ProcessExecutor(shares)
        self._servers: dict[_Key, ForkServer] = {}
        self._lost: set[int] = set()
        self._told: set[str] = set()

    def prepare(self, job: JobSpec) -> None:
        """Starts the server of a job, and waits until it can fork."""
        settings = engine_settings(job)
        if settings is None or not can_fork():
            return
        key = self._key(settings, job)
        known = self._servers.get(key)
        if known is not None:
            if known.refused or not known.dead:
                return
            self._tell("the process that forks jobs has ended, and another takes its place")
            known.close()
        idle = [one for one, server in self._servers.items() if not server.running]
        if len(self._servers) >= _MOST_SERVERS and idle:
            self._servers.pop(idle[0]).close()
        try:
            server = _started(settings, self._lost, partial(self._servers.__setitem__, key))
        except OSError as error:
            self._tell(f"jobs are not forked, each starts by itself: {reason_of(error)}")
            return
        server.wait_ready()
        if server.refused:
            self._tell(f"jobs are not forked, each starts by itself: {server.refused}")

    def start(
        self, job: JobSpec, console: Path | None, place: int = 0, attempt: str | None = None
    ) -> RunningJob:
        """Starts a job, as the executor `process` does.

        Raises:
            OSError: it cannot be started, or the file not be written.
        """
        settings = engine_settings(job)
        server = None if settings is None else self._servers.get(self._key(settings, job))
        if server is None or server.dead or server.refused:
            return self._cold.start(job, console, place, attempt)
        with contextlib.ExitStack() as stack:
            out, err = 1, 2
            if console is not None:
                console.parent.mkdir(parents=True, exist_ok=True)
                out = err = stack.enter_context(console.open("ab")).fileno()
            try:
                share = share_of(self._shares, place)
                named = {**share.variables, ATTEMPT: attempt or new_attempt()}
                share = dataclasses.replace(share, variables=named)
                return server.start(job, out, err, share, unbuffered=console is not None)
            except ServerDiedError:
                server.dead = True
        return self._cold.start(job, console, place, attempt)

    def close(self) -> None:
        """Ends the servers."""
        for server in self._servers.values():
            server.close()
        self._servers.clear()

    def _key(self, settings: BackendDef, job: JobSpec) -> _Key:
        return settings, job.number if job.number in self._lost else None

    def _tell(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            self._say(line)


def can_fork() -> bool:
    """Whether this system forks, and lets forks be watched."""
    return hasattr(os, "pidfd_open") and hasattr(signal, "pidfd_send_signal")


def _started(
    settings: BackendDef, lost: set[int], keep: Callable[[ForkServer], object]
) -> ForkServer:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environment = child_environment(unbuffered=False)
    environment[SOCKET] = str(theirs.fileno())
    added = not {ADDED, "OMP_NUM_THREADS"} & environment.keys()
    if added:
        environment[ADDED] = "1"
    if settings.backend == "jax":
        offer_cache(environment)
    with held():  # of a folder that was made nobody may lose sight
        home = environment[GIVEN_HOME] = tempfile.mkdtemp(prefix="kerasgen-home-")
        try:
            with theirs, signals_blocked():
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", _MODULE],
                    stdin=subprocess.DEVNULL,
                    env=environment,
                    pass_fds=(theirs.fileno(),),
                    process_group=0,
                )
            server = ForkServer(process=process, door=ours, home=home, lost=lost)
            keep(server)
        except BaseException:
            shutil.rmtree(home, ignore_errors=True)
            raise
    with contextlib.suppress(OSError):  # It has ended already.
        ours.send(settings_text(settings, added=added))
    return server
