"""The source of a sweep that may take so long and no longer.

This room owns which job may still begin. Which jobs fit at all, and in which order, stands in
`budget`; what they take, in a plan.

Decisions:
- No job begins that would not end in time, as far as anybody knows: what was reckoned is corrected
  by what jobs have taken so far. One that runs is not ended: its work would be lost.
- Jobs that are done already cost nothing, and come first.
- A job of which nothing is known comes last, and counts as those that have run.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from statistics import median

from kerasgen.sweep.job_source import PlannedJob
from kerasgen.sweep.outcomes import Outcome

_NAMED = 20
"""Jobs that are named."""


class BudgetedJobs:
    """Gives jobs as long as they will end in time.

    Args:
        jobs: the jobs, in the order in which they are to begin.
        expected: number of a job to the seconds that it is reckoned to take.
        left: gives the seconds that are left.

    Attributes:
        cut: the jobs that have not begun.
    """

    def __init__(
        self,
        jobs: Sequence[PlannedJob],
        expected: Mapping[int, float],
        left: Callable[[], float],
    ) -> None:
        self._waiting = deque(jobs)
        self._expected = expected
        self._left = left
        self._began: dict[int, float] = {}
        self._taken: list[float] = []
        self._ratios: list[float] = []
        self.cut: list[PlannedJob] = []

    def next_job(self) -> PlannedJob | None:
        """The next job that will end in time."""
        while self._waiting:
            job = self._waiting.popleft()
            if self.seconds(job) <= self._left():
                self._began[job.number] = time.monotonic()
                return job
            self.cut.append(job)
        return None

    def seconds(self, job: PlannedJob) -> float:
        """The seconds that a job is going to take, by all that is known now."""
        expected = self._expected.get(job.number)
        if expected is None:
            return median(self._taken) if self._taken else 0.0
        return expected * (median(self._ratios) if self._ratios else 1.0)

    def tell(self) -> None:
        """Says which jobs have not begun."""
        left = [*self.cut, *self._waiting]
        if left:
            labels = ", ".join(str(job.number) for job in left[:_NAMED])
            more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
            print(
                f"\nthe budget is not enough for jobs {labels}{more}; "
                "the same command with a larger one goes on with them",
                flush=True,
            )

    def patience(self) -> float | None:
        """All jobs are given by then."""
        return None

    def told(self, job: PlannedJob, outcome: Outcome) -> None:
        """Learns from what a job has taken."""
        began = self._began.pop(job.number, None)
        if began is None or outcome.earlier or outcome.status != "completed":
            return
        taken = time.monotonic() - began
        self._taken.append(taken)
        if expected := self._expected.get(job.number):
            self._ratios.append(taken / expected)

    def look(self, running: Sequence[PlannedJob]) -> float | None:
        """What they do meanwhile changes nothing."""
        return None
