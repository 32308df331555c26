"""The executor `ray`: jobs on the nodes of a Ray cluster.

This room owns the sweep's side: a place on some node for each of the jobs that run at a time, and
the way of a job there and back. It must not know what a job does.

Decisions:
- A place is an actor that stays from job to job, so that an engine is imported once for each of
  them. A job is a process on the node all the same, and its record the same as everywhere.
- Nothing here waits: a job asks one question after the other, and looks whether an answer is there.
- A place keeps its room on the cluster between jobs. A job that waits for room changes places with
  one that has some and no job: else it would wait for what nobody gives up.
- A job whose place dies, with its worker or its node, is lost and started again in a new place. A
  node that says why it cannot run a job, another kerasgen for one, fails it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import kerasgen
from kerasgen.process.exit_codes import FAILED
from kerasgen.record.environment import VARIABLES
from kerasgen.record.file_names import CHECKPOINTS
from kerasgen.run.pruning import Question, answered_in, ask, clear
from kerasgen.sweep.executors.collected_folder import packed, unpack
from kerasgen.sweep.executors.executor import new_attempt
from kerasgen.sweep.executors.ray.cluster import Cluster, JobResources
from kerasgen.sweep.executors.ray.node import NodeFacts, NodeOrder, NodePlace, NodeReport
from kerasgen.sweep.job_spec import JobSpec

_PAUSE = 0.5
"""Seconds for which a node waits for a job's end before it says that it runs."""

_ANSWER = 0.02
"""The same while it waits for an answer to what its job asks."""

_PATIENCE = 10.0
"""Seconds that a node is given to answer when a job is to end."""

_DEVICES = frozenset(name for name in VARIABLES if name.endswith("_VISIBLE_DEVICES"))
"""Variables that a cluster sets for its nodes."""


class _RefusedError(Exception):
    """A node cannot run a job, and says why."""


@dataclass(slots=True, kw_only=True)
class RayJob:
    """A job on a node.

    Attributes:
        executor: which has started it.
        spec: the job.
        place: its place among those that run at a time.
        attempt: the word by which its record knows it.
        lost: whether its place has died.
        reason: why it ended, where the node has said so.
    """

    executor: RayExecutor
    spec: JobSpec
    place: int
    attempt: str = field(default_factory=new_attempt)
    lost: bool = False
    reason: str | None = None
    _code: int | None = None
    _memory: int = 0
    _began: float | None = None
    _asked: Any = None
    _way: Generator[Any, Any, int] | None = None
    _placed: bool = False

    @property
    def waits(self) -> bool:
        """Whether its place has no room on the cluster yet."""
        return self._code is None and not self._placed

    @property
    def seconds(self) -> float:
        """Seconds since the node has started it."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs, or waits for room."""
        ray = self.executor.ray
        if self._way is None:
            self._way = self._steps()
            self._asked = next(self._way)
        while self._code is None:
            if not ray.wait([self._asked], timeout=0)[0]:
                return None
            try:
                answer = ray.get(self._asked)
            except ray.exceptions.RayActorError as error:
                self._end(-signal.SIGKILL, f"its place on the cluster was lost ({_why(error)})")
                self.lost = True
                self.executor.forget(self.place)
            except ray.exceptions.RayTaskError as error:
                self._end(FAILED, f"the node cannot run it: {_short(error.cause or error)}")
            else:
                self._go_on(answer)
        return self._code

    def memory(self) -> int:
        """Bytes of memory that it and what it has started take, as the node said last."""
        return self._memory

    def descriptor(self) -> None:
        """Nothing of this machine tells of its end."""

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal, unless it has ended; one that waits for room is ended by that."""
        if self._code is not None:
            return
        if self._began is None:
            self.executor.forget(self.place)
            self._end(-number, None)
        else:
            self.executor.actor(self.place).send.remote(int(number))

    def kill(self) -> None:
        """Ends it at once, with all that it has started, and waits until it has ended."""
        if self._began is not None and self._code is None:
            self.executor.actor(self.place).kill.remote()
            until = time.monotonic() + _PATIENCE
            while self.poll() is None and time.monotonic() < until:
                time.sleep(0.05)
        if self._code is None:
            self.executor.forget(self.place)
            self._end(-signal.SIGKILL, None)

    def let_go(self) -> None:
        """Gives back what was needed while it ran."""
        if self._way is not None:
            self._asked = self._way = None
            self.executor.leave(self)

    def ask_anew(self) -> None:
        """Lets a job that waits begin once more: its place has another actor."""
        self._asked = self._way = None

    def _end(self, code: int, reason: str | None) -> None:
        self._code, self.reason = code, reason

    def _go_on(self, answer: object) -> None:
        assert self._way is not None
        try:
            self._asked = self._way.send(answer)
        except StopIteration as end:
            self._code = end.value
        except (_RefusedError, OSError, ValueError) as error:
            self._end(FAILED, str(error))

    def _steps(self) -> Generator[Any, Any, int]:
        """One question after the other; what they are answered comes back."""
        actor = self.executor.actor(self.place)
        facts: NodeFacts = yield actor.look.remote(*self.executor.marker())
        self._placed = True
        self.executor.found_room(actor)
        if facts.version != kerasgen.__version__:
            own = kerasgen.__version__
            raise _RefusedError(f"`{facts.host}` has kerasgen {facts.version}, not {own}")
        order = NodeOrder(
            job=self.spec.to_json(),
            attempt=self.attempt,
            home=os.getcwd(),
            shared=facts.shared,
            content=b"" if facts.shared else packed(self.spec.folder),
        )
        yield actor.start.remote(order)
        self._began = time.monotonic()
        code, folder = None, self.spec.folder
        asked: Question | None = None
        while code is None:
            pause = _PAUSE if asked is None else _ANSWER
            report: NodeReport = yield actor.watch.remote(pause, asked)
            code, self._memory = report.code, report.memory
            for line in report.notes:
                self.executor.say(f"{facts.host}: {line}")
            if report.question is not None:
                asked = report.question
                folder.mkdir(parents=True, exist_ok=True)
                ask(folder, asked)
            if asked is not None and (prune := answered_in(folder, asked)) is not None:
                clear(folder)
                yield actor.answer.remote(asked, prune=prune)
                asked = None
        if not facts.shared:
            clear(folder)
            content = yield actor.collect.remote()
            # States that the job has removed are not to stay here.
            shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
            unpack(content, folder)
        return code


class RayExecutor:
    """Starts jobs on a cluster.

    Args:
        opened: opens the cluster, when the first job is to run.
        wanted: what a job takes of it.
        sweep: the folder of the sweep.
        say: takes a line of a node.
    """

    def __init__(
        self,
        opened: Callable[[], Cluster],
        wanted: JobResources,
        sweep: Path,
        say: Callable[[str], object],
    ) -> None:
        self._opened = opened
        self._cluster: Cluster | None = None
        self._wanted = wanted
        self._sweep = sweep.absolute()
        self._say = say
        self._told: set[str] = set()
        self._actors: dict[int, Any] = {}
        self._jobs: list[RayJob] = []
        self._with_room: list[Any] = []
        self._marker: tuple[Path, str] | None = None

    @property
    def ray(self) -> ModuleType:
        """The module."""
        return self._at_hand().ray

    def prepare(self, job: JobSpec) -> None:
        """Opens the cluster; a job that finds no room in it yet is started all the same.

        Raises:
            CompileError: KG603 or KG636, it cannot be opened.
        """
        self._at_hand()

    def _at_hand(self) -> Cluster:
        if self._cluster is None:
            self._cluster = self._opened()
        return self._cluster

    def start(self, job: JobSpec, console: Path | None, place: int = 0) -> RayJob:
        """Starts a job.

        Args:
            job: the job.
            console: not asked: the output of a job on another machine goes into its folder.
            place: its place among the jobs that run at a time.

        Raises:
            OSError: the folder of the sweep cannot be written.
        """
        self.marker()
        found = RayJob(executor=self, spec=job, place=place)
        self._jobs.append(found)
        self._share_room()
        found.poll()
        return found

    def found_room(self, actor: Any) -> None:
        """Takes an actor that has answered."""
        if not self._has_room(actor):
            self._with_room.append(actor)

    def _has_room(self, actor: Any) -> bool:
        return any(known is actor for known in self._with_room)

    def leave(self, ended: RayJob) -> None:
        """Takes a job that has ended.

        Args:
            ended: the job.
        """
        self._jobs.remove(ended)
        self._share_room()

    def _share_room(self) -> None:
        """Gives jobs that wait for room the actors that have it and no job."""
        actors, busy = self._actors, {job.place for job in self._jobs}
        idle = [n for n, actor in actors.items() if n not in busy and self._has_room(actor)]
        for job in self._jobs:
            if idle and job.waits and not self._has_room(actors.get(job.place)):
                free, own = idle.pop(), actors.pop(job.place, None)
                actors[job.place] = actors.pop(free)
                if own is not None:
                    actors[free] = own
                job.ask_anew()

    def close(self) -> None:
        """Ends the places, and the cluster where it is our own."""
        for place in list(self._actors):
            if self._has_room(self._actors[place]):
                with contextlib.suppress(Exception):
                    self.ray.get(self._actors[place].close.remote(), timeout=_PATIENCE)
            self.forget(place)
        if self._marker is not None:
            self._marker[0].unlink(missing_ok=True)
        if self._cluster is not None:
            self._cluster.close()

    def actor(self, place: int) -> Any:
        """The actor of a place, made where there is none."""
        if place not in self._actors:
            wanted = self._wanted
            cores = int(wanted.cpus) if wanted.cpus == int(wanted.cpus) else 0
            kind = self.ray.remote(NodePlace).options(
                num_cpus=wanted.cpus,
                num_gpus=wanted.gpus,
                memory=wanted.memory,
                resources=dict(wanted.custom) or None,
                max_restarts=0,
                max_task_retries=0,
            )
            self._actors[place] = kind.remote(cores, _variables(wanted, self._at_hand()))
        return self._actors[place]

    def forget(self, place: int) -> None:
        """Ends the actor of a place; the next job gets another one."""
        if (actor := self._actors.pop(place, None)) is not None:
            with contextlib.suppress(Exception):  # It may be gone already.
                self.ray.kill(actor)

    def marker(self) -> tuple[str, str]:
        """A file in the sweep's folder and what stands in it, by which a node sees that it sees it.

        Raises:
            OSError: it cannot be written.
        """
        if self._marker is None:
            word = secrets.token_hex(16)
            place = self._sweep / f".seen-{word[:8]}"
            place.write_text(word, encoding="utf-8")
            self._marker = place, word
        return str(self._marker[0]), self._marker[1]

    def say(self, line: str) -> None:
        """Says a line of a node, once."""
        if line not in self._told:
            self._told.add(line)
            self._say(line)


def _variables(wanted: JobResources, cluster: Cluster) -> Mapping[str, str]:
    """The variables on which results depend as they are here; devices are the nodes' own."""
    found = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    found = {name: text for name, text in found.items() if name not in _DEVICES}
    if not wanted.gpus and any(node.get("GPU") for node in cluster.nodes()):
        found["CUDA_VISIBLE_DEVICES"] = ""  # A job that has asked for none gets none.
    return found


def _why(error: BaseException) -> str:
    """Why a place has died, in a word: Ray's own text has a screen of it."""
    out_of_memory = "OOM" in str(error) or "memory pressure" in str(error)
    return "its node had no memory left" if out_of_memory else type(error).__name__


def _short(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]
