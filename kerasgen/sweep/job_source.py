"""Where a schedule gets its jobs from: it asks for the next one whenever a place is free.

This room owns a job before it starts, the door of all sources, and the source of a grid, whose jobs
are listed before the first of them runs. It must not know how jobs run.

Decisions:
- A source is asked for one job at a time: one that draws its jobs knows all outcomes up to then.
- Whatever ends a job, its source is told; but not of one that ends with the sweep, which is gone on
  with the next time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kerasgen.sweep.job_spec import JobSpec
from kerasgen.sweep.outcomes import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """One job before it starts.

    Attributes:
        number: its number in the sweep, from 0.
        title: what is printed about it.
        overrides: its task overrides.
        folder: its folder.
        argv: the command line by which it alone can be run again.
        spec: makes the job as its process gets it.
        identity: the hash of its config.
        known: whether an earlier start of the sweep had the same job in the same folder.
        elsewhere: a folder in which another sweep has completed the same job, or None.
        anew: whether it runs even if it was completed before.
    """

    number: int
    title: str
    overrides: tuple[str, ...]
    folder: Path
    argv: tuple[str, ...]
    spec: Callable[[], JobSpec]
    identity: str = ""
    known: bool = False
    elsewhere: Path | None = None
    anew: bool = False


class JobSource(Protocol):
    """Gives a schedule its jobs."""

    def next_job(self) -> PlannedJob | None:
        """The job that is to start now; None where there is none, or none yet."""

    def patience(self) -> float | None:
        """Seconds after which it is to be asked again where no job runs; None if it has no more."""

    def told(self, job: PlannedJob, outcome: Outcome) -> None:
        """Takes the outcome of one of its jobs.

        Args:
            job: the job.
            outcome: how it ended.
        """

    def look(self, running: Sequence[PlannedJob]) -> float | None:
        """Looks at its jobs that run.

        Args:
            running: the jobs.

        Returns:
            The seconds after which it is to look again, None where it waits for their end alone.
        """


class ListedJobs:
    """The source of a sweep whose jobs are known before it starts.

    Args:
        jobs: the jobs, in their order.
    """

    def __init__(self, jobs: Iterable[PlannedJob]) -> None:
        self._waiting = deque(jobs)

    def next_job(self) -> PlannedJob | None:
        """The next job."""
        return self._waiting.popleft() if self._waiting else None

    def patience(self) -> float | None:
        """All jobs are given by then."""
        return None

    def told(self, job: PlannedJob, outcome: Outcome) -> None:
        """No job depends on another."""

    def look(self, running: Sequence[PlannedJob]) -> float | None:
        """What they do meanwhile changes nothing."""
        return None
