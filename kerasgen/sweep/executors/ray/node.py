"""One place of a sweep on a node of a Ray cluster: runs a job at a time, as the node's own.

An actor of Ray is made of `NodePlace`. Its process stays from job to job, and with it the server
from which jobs are forked; each job has a process of its own all the same, and ends with this one.

This room owns the node's side. It must not import Ray, nor know the sweep beside the jobs that it
is handed.

Decisions:
- A folder that the node does not share with the sweep is made up here: the job works in a folder
  of the node's own, which travels back when it has ended.
- A job that asks there whether it goes on cannot be heard by the sweep: its question is reported,
  and the answer handed to it.
- What Ray sets in the environment for its own workers is taken back. The variables on which the
  results of a job may depend are those of the sweep.
"""

from __future__ import annotations

import os
import platform
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import kerasgen
from kerasgen.record.environment import THREADS
from kerasgen.record.file_names import CONSOLE
from kerasgen.run.pruning import Question, answer, asked_in
from kerasgen.sweep.executors.collected_folder import packed, unpack
from kerasgen.sweep.executors.executor import RunningJob, wait_for_some
from kerasgen.sweep.executors.fork import ForkExecutor
from kerasgen.sweep.executors.node_cores import TakenCores
from kerasgen.sweep.executors.shares import Share
from kerasgen.sweep.job_spec import moved, read_job_spec

_RUN = "run"
"""The folder of a job in one of the node's own."""

_LOOK = 0.05
"""Seconds between two looks whether a job asks something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    """What a node is to a sweep.

    Attributes:
        host: its name.
        version: the kerasgen that it has.
        shared: whether it sees the sweep's folder.
    """

    host: str
    version: str
    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOrder:
    """A job as a node gets it.

    Attributes:
        job: the job, as `JobSpec` writes it.
        attempt: the word by which its record knows it.
        home: the working directory of the sweep.
        shared: whether the node sees the folder of the job.
        content: what that folder holds, an archive, where the node does not see it.
    """

    job: bytes
    attempt: str
    home: str
    shared: bool
    content: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReport:
    """How a job stands.

    Attributes:
        code: its exit code, None while it runs.
        memory: bytes that it takes.
        notes: what is to be said of the node, each line once.
        question: what it asks where the sweep does not see it, None for nothing new.
    """

    code: int | None
    memory: int
    notes: tuple[str, ...] = ()
    question: Question | None = None


class NodePlace:
    """One place on a node.

    Args:
        cores: how many cores its jobs work on, 0 for all of the node.
        variables: what the environment of its jobs has.
    """

    def __init__(self, cores: int, variables: Mapping[str, str]) -> None:
        for name in THREADS - variables.keys():
            os.environ.pop(name, None)  # Ray's own, as many as it counts for its worker.
        os.environ.update(variables)
        self._cores = TakenCores(cores)
        self._notes: list[str] = []
        share = Share(cores=self._cores.cores)
        self._executor = ForkExecutor(self._notes.append, [share])
        self._job: RunningJob | None = None
        self._own: Path | None = None

    def look(self, marker: str, word: str) -> NodeFacts:
        """Tells what the node is.

        Args:
            marker: a file that the sweep has written into its folder.
            word: what stands in it.
        """
        try:
            shared = Path(marker).read_text(encoding="utf-8") == word
        except (OSError, UnicodeDecodeError):
            shared = False
        return NodeFacts(host=platform.node(), version=kerasgen.__version__, shared=shared)

    def start(self, order: NodeOrder) -> None:
        """Starts a job.

        Raises:
            OSError: it cannot be started.
        """
        self.clear()
        job = read_job_spec(order.job)
        if order.shared or Path(order.home).is_dir():
            os.chdir(order.home)
        if not order.shared:
            self._own = Path(tempfile.mkdtemp(prefix="kerasgen-job-"))
            if not Path(order.home).is_dir():
                os.chdir(self._own)
            folder = self._own / _RUN
            unpack(order.content, folder)
            job = moved(job, folder)
        self._executor.prepare(job)
        self._job = self._executor.start(job, job.folder / CONSOLE, attempt=order.attempt)

    def watch(self, seconds: float, known: Question | None = None) -> NodeReport:
        """Waits for the end of the job, or for a question of it, but not for long.

        Args:
            seconds: how long.
            known: the question that was reported, and not answered yet.
        """
        job = self._job
        assert job is not None, "a job was started"
        question = self._wait(job, seconds, known)
        notes = tuple(self._notes)
        self._notes.clear()
        code = job.poll()
        if code is not None:
            job.let_go()
            self._job = None
        memory = 0 if code is not None else job.memory()
        return NodeReport(code=code, memory=memory, notes=notes, question=question)

    def _wait(self, job: RunningJob, seconds: float, known: Question | None) -> Question | None:
        if self._own is None:
            wait_for_some([job], seconds)
            return None
        until = time.monotonic() + seconds
        while True:
            ended = wait_for_some([job], min(_LOOK, seconds))
            question = asked_in(self._own / _RUN)
            if question is not None and (known is None or question.epoch != known.epoch):
                return question
            if ended or time.monotonic() >= until:
                return None

    def answer(self, question: Question, *, prune: bool) -> None:
        """Answers the job.

        Args:
            question: what it has asked.
            prune: whether it is to end.
        """
        if self._own is not None:
            answer(self._own / _RUN, question, prune=prune)

    def send(self, number: int) -> None:
        """Sends the job a signal."""
        if self._job is not None:
            self._job.send(signal.Signals(number))

    def kill(self) -> None:
        """Ends the job at once."""
        if self._job is not None:
            self._job.kill()

    def collect(self) -> bytes:
        """The folder of a job that has ended, as an archive.

        Raises:
            OSError: it cannot be read, or holds too much.
        """
        assert self._own is not None, "the job has had a folder of the node's own"
        content = packed(self._own / _RUN)
        self.clear()
        return content

    def clear(self) -> None:
        """Removes what a job has left on a node that shares no folder with the sweep."""
        if self._own is not None:
            os.chdir(tempfile.gettempdir())
            shutil.rmtree(self._own, ignore_errors=True)
            self._own = None

    def close(self) -> None:
        """Ends the servers that fork jobs."""
        self._executor.close()
        self.clear()
