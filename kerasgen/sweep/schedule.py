"""How many jobs of a sweep run at a time, and what ends one of them.

This room owns the running jobs, limits of time and memory, and that no job ends the sweep. It asks
for a job whenever a place is free: which one that is, its source says. It must not know Hydra, nor
how an executor starts a job.

Decisions:
- A job that takes too long or too much is killed: one that hangs does not hear that it is asked.
- A full disk ends the sweep with the first job that fails on it: all others would, and a search
  would count their settings as failed ones.
- A job whose folder another process works in, another start of the same sweep perhaps, is looked at
  again later: it is waited for while there is nothing else to do. One that another machine has left
  is taken over.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from kerasgen.foreign.regular_files import ForeignFileError, told
from kerasgen.process.exit_codes import FAILED, REFUSED
from kerasgen.process.interruption import at_once, held
from kerasgen.record.file_names import CONSOLE
from kerasgen.record.provenance import at_work, is_seen_at_work
from kerasgen.record.removal import remove_run
from kerasgen.record.run_folder import close_lost, opened_in
from kerasgen.record.status import OPEN
from kerasgen.sweep.executors.executor import (
    Executor,
    RunningJob,
    end_jobs,
    kill_jobs,
    wait_for_some,
)
from kerasgen.sweep.folders import require_room
from kerasgen.sweep.job_source import JobSource, PlannedJob
from kerasgen.sweep.lost_machines import LostMachines
from kerasgen.sweep.outcomes import (
    EndedProcess,
    Outcome,
    earlier_outcome,
    read_fields,
    read_outcome,
    settle,
)
from kerasgen.sweep.progress import Standing, SweepLines, epochs_of

_LOOK = 0.25
"""Seconds between two looks at what limited jobs take."""

_FAILED = ("failed", "rejected")

_ATTEMPTS = 3
"""How often a job is started whose executor loses it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLimits:
    """What the jobs of a sweep may take.

    Attributes:
        n_jobs: jobs at a time.
        timeout: seconds of one job, None for no limit.
        memory: bytes of one job, None for no limit.
        fail_fast: whether no further job is started once one has failed.
        budget: seconds of the whole sweep, None for no limit.
    """

    n_jobs: int = 1
    timeout: float | None = None
    memory: int | None = None
    fail_fast: bool = False
    budget: float | None = None


@dataclass(slots=True)
class _Place:
    """A job that runs, and the share of the machine that it has."""

    job: PlannedJob
    running: RunningJob
    share: int
    reason: str | None = None
    epochs: int | None = None


@dataclass(slots=True, kw_only=True)
class Schedule:
    """Runs jobs.

    Attributes:
        executor: starts them.
        limits: what they may take.
        keep: takes the outcome of each job as it ends.
        watch: tells the user what becomes of jobs.
    """

    executor: Executor
    limits: JobLimits
    keep: Callable[[Outcome], object]
    watch: SweepLines = field(default_factory=SweepLines)
    _places: dict[int, _Place] = field(default_factory=dict)
    _attempts: dict[int, int] = field(default_factory=dict)
    _again: deque[PlannedJob] = field(default_factory=deque)
    _taken: deque[PlannedJob] = field(default_factory=deque)
    _lost: LostMachines = field(default_factory=LostMachines)

    def run(self, source: JobSource) -> dict[int, Outcome]:
        """Runs jobs; one that fails or dies does not end the others.

        Args:
            source: gives the jobs.

        Returns:
            The outcome of each by its number; of those that were not started none.

        Raises:
            BaseException: what ends the sweep, a signal for example; no job runs any more.
        """
        outcomes: dict[int, Outcome] = {}
        with at_once(self._end_now), self.watch:
            try:
                while self._fill(source, outcomes):
                    self._wait(source, outcomes)
                    self._look_again()
            except BaseException:
                end_jobs([place.running for place in self._places.values()])
                for place in self._places.values():
                    self._settle(place, interrupted=True)
                raise
        return outcomes

    def _fill(self, source: JobSource, outcomes: dict[int, Outcome]) -> bool:
        """Starts jobs until no place is free; says whether there is anything left to wait for."""
        while len(self._places) < self.limits.n_jobs:
            if self.limits.fail_fast and _one_has_failed(outcomes):
                self._again.clear()
                self._taken.clear()
                return bool(self._places)
            job = self._again.popleft() if self._again else source.next_job()
            if job is None:
                break
            if (outcome := self._begin(job)) is not None:
                outcomes[job.number] = self._kept(job, outcome)
                source.told(job, outcome)
        return bool(self._places or self._taken) or source.patience() is not None

    def _begin(self, job: PlannedJob) -> Outcome | None:
        """Starts a job; gives its outcome where it is done already, or cannot be started."""
        try:
            done = _completed(job)
        except (ForeignFileError, OSError) as error:
            if not is_taken(job.folder):  # Another start may have begun it meanwhile.
                reason = told(error) if isinstance(error, OSError) else f"its folder {error}"
                return self._unstarted(job, f"cannot be run anew: {reason}")
            done = None
        if done is not None:
            self.watch.say(job, f"completed earlier: {done.folder}")
            return done
        if is_taken(job.folder):
            self._leave(job)
            return None
        console = job.folder / CONSOLE if self.limits.n_jobs > 1 else None
        self.watch.begun(job, console)
        spec = job.spec()
        self.executor.prepare(spec)
        taken = {place.share for place in self._places.values()}
        share = next(number for number in range(self.limits.n_jobs) if number not in taken)
        with held():  # of a job that was started nobody may lose sight
            try:
                running = self.executor.start(spec, console, share)
            except OSError as error:
                return self._unstarted(job, f"cannot be started: {told(error)}")
            self._places[job.number] = _Place(job, running, share, epochs=epochs_of(spec))
        return None

    def _unstarted(self, job: PlannedJob, reason: str) -> Outcome:
        """The outcome of a job that cannot be started."""
        self.watch.say(job, reason)
        return Outcome(
            job=job.number,
            overrides=job.overrides,
            status="failed",
            folder=job.folder,
            error=reason,
        )

    def _wait(self, source: JobSource, outcomes: dict[int, Outcome]) -> None:
        """Waits until a job has ended, or it is time to look at those that run."""
        places = list(self._places.values())
        # A queue may go on with a job whose sweep was killed: nobody else would answer it.
        asked = source.look([*(place.job for place in places), *self._taken])
        if not places:
            waits = [asked, _LOOK if self._taken else source.patience()]
            time.sleep(min((each for each in waits if each is not None), default=_LOOK))
            return
        limited = self.limits.timeout is not None or self.limits.memory is not None
        pauses = [asked]
        pauses += [_LOOK] if limited or self._taken else []
        pauses.append(
            self.watch.look(
                [Standing(each.job, each.running.seconds, each.epochs) for each in places]
            )
        )
        pause = min((each for each in pauses if each is not None), default=None)
        ended = wait_for_some([place.running for place in places], pause)
        for place in places:
            if place.running not in ended:
                self._limit(place)
                continue
            with held():
                del self._places[place.job.number]
                attempts = self._attempts.setdefault(place.job.number, 1)
                if place.running.lost and attempts < _ATTEMPTS:
                    self._attempts[place.job.number] += 1
                    place.running.let_go()
                    self._lose(place)
                    self._again.appendleft(place.job)
                elif (other := self._of_another(place)) is not None:
                    place.running.let_go()
                    if other == "at work":
                        self._leave(place.job)
                    else:
                        self._again.append(place.job)
                else:
                    outcomes[place.job.number] = outcome = self._settle(place)
                    if outcome.status in _FAILED:
                        require_room(place.job.folder.parent)
                    source.told(place.job, outcome)

    def _lose(self, place: _Place) -> None:
        """Closes the record of a job that is started again: nobody may be left to do it.

        One that can be seen to be at it still closes it itself, and is waited for.
        """
        attempt, reason = place.running.attempt, place.running.reason
        if reason is not None:
            self.watch.say(place.job, f"is started again: {reason}")
        if is_seen_at_work(read_fields(place.job.folder)):
            return
        with contextlib.suppress(OSError):
            close_lost(place.job.folder, reason or "interrupted", attempt)

    def _of_another(self, place: _Place) -> Literal["at work", "done"] | None:
        """What another process has made of a job for which ours came too late, or has lost."""
        fields = read_fields(place.job.folder)
        if opened_in(fields, place.running.attempt):
            return None
        if is_taken(place.job.folder):
            return "at work"
        if place.running.poll() != REFUSED and place.job.anew:
            return None
        done = earlier_outcome(place.job.number, place.job.overrides, place.job.folder)
        return None if done is None else "done"

    def _leave(self, job: PlannedJob) -> None:
        """Leaves a job to the process that works in its folder."""
        if job not in self._taken:
            self.watch.say(job, f"another process is at it: {job.folder}")
        self._taken.append(job)

    def _look_again(self) -> None:
        """Lets jobs that others have taken have their turn, once they are free or done."""
        free: list[PlannedJob] = []
        for job in self._taken:
            if not is_taken(job.folder):
                free.append(job)
            elif (reason := self._lost.taken_over(job.folder)) is not None:
                self.watch.say(job, f"is taken over: {reason}")
                free.append(job)
        for job in free:
            self._taken.remove(job)
        self._again.extend(free)

    def _limit(self, place: _Place) -> None:
        """Ends a job that takes more than it may."""
        timeout, memory = self.limits.timeout, self.limits.memory
        if timeout is not None and place.running.seconds > timeout:
            place.reason = f"ended by the sweep: it took longer than {timeout:g} s"
        elif memory is not None and place.running.memory() > memory:
            place.reason = f"ended by the sweep: it took more than {memory / 2**20:,.0f} MiB"
        if place.reason is not None:
            place.running.kill()

    def _end_now(self) -> None:
        """Ends the jobs without waiting for them, and closes their records."""
        kill_jobs([place.running for place in self._places.values()])
        self.watch.close()
        for place in self._places.values():
            self._settle(place, interrupted=True)

    def _settle(self, place: _Place, *, interrupted: bool = False) -> Outcome:
        job, running = place.job, place.running
        code, seconds = running.poll(), running.seconds
        running.let_go()
        ended = EndedProcess(
            attempt=running.attempt,
            code=FAILED if code is None else code,
            seconds=seconds,
            argv=job.argv,
            interrupted=interrupted,
            reason=place.reason or running.reason,
        )
        outcome = settle(job.number, job.overrides, job.folder, ended)
        return self._kept(job, outcome, None if interrupted else seconds)

    def _kept(self, job: PlannedJob, outcome: Outcome, seconds: float | None = None) -> Outcome:
        self.watch.ended(job, outcome, seconds)
        self.keep(outcome)
        return outcome


def _completed(job: PlannedJob) -> Outcome | None:
    """The outcome of a job that is done already; where it is to run anew, its run is removed.

    Raises:
        ForeignFileError: it may not be removed.
        OSError: it cannot be.
    """
    done = earlier_outcome(job.number, job.overrides, job.folder, known=job.known)
    if job.anew:
        if done is not None:
            remove_run(job.folder)
        return None
    if done is None and job.elsewhere is not None:
        fields = read_fields(job.elsewhere)
        if fields.get("status") == "completed":
            found = read_outcome(job.number, job.overrides, job.elsewhere, fields)
            return replace(found, earlier=True)
    return done


def is_taken(folder: Path) -> bool:
    """Whether a process works in a folder."""
    fields = read_fields(folder)
    return fields.get("status") in OPEN and at_work(fields)


def _one_has_failed(outcomes: dict[int, Outcome]) -> bool:
    return any(outcome.status in _FAILED for outcome in outcomes.values())
