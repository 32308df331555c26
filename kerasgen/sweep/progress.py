"""What a sweep says while it goes on: a line when a job begins and ends, and how far all of it is.

This room owns the words and the figures: how many jobs are done, the best so far, the time that is
left. It listens to the schedule, and must not know how jobs run.

Decisions:
- The time that is left follows from the jobs that ran in this start of the sweep alone; what an
  earlier one has completed took none.
- With one job at a time its own output follows its line, in a terminal too: nothing is hidden from
  who watches one run after the other. That line tells how far the sweep is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from kerasgen.foreign.printable import shown
from kerasgen.passes.lint.directions import direction
from kerasgen.sweep.job_source import PlannedJob
from kerasgen.sweep.job_spec import JobSpec
from kerasgen.sweep.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Standing:
    """A job that runs.

    Attributes:
        job: the job.
        seconds: how long it has run.
        epochs: how many it is to train, None where its config does not say it plainly.
    """

    job: PlannedJob
    seconds: float
    epochs: int | None = None


@dataclass(slots=True)
class Tally:
    """How far a sweep is.

    Attributes:
        total: how many jobs it has, None where they are drawn one by one.
        at_a_time: how many jobs run at a time.
        ended: jobs that have ended.
        failed: those of them that were not completed.
        seconds: what each job has taken that ran in this start.
        best: name and figure of the best, and the job's title.
    """

    total: int | None
    at_a_time: int
    ended: int = 0
    failed: int = 0
    seconds: list[float] = field(default_factory=list)
    best: tuple[str, float, str] | None = None

    def take(self, title: str, outcome: Outcome, seconds: float | None) -> None:
        """Takes the outcome of a job, and how long it ran; None for one that did not."""
        self.ended += 1
        self.failed += outcome.status in ("failed", "rejected")
        if seconds is not None:
            self.seconds.append(seconds)
        if outcome.metric is None:
            return
        name, figure = outcome.metric
        way = direction(name)
        if way is None or (self.best is not None and self.best[0] != name):
            return  # Nothing says which is better.
        sign = 1 if way == "min" else -1
        if self.best is None or sign * figure < sign * self.best[1]:
            self.best = (name, figure, title)

    def left(self, running: Sequence[float] = ()) -> float | None:
        """Seconds until the sweep is done, None where that cannot be told.

        Args:
            running: how long each job has run that runs now.
        """
        if self.total is None or not self.seconds or self.total <= self.ended:
            return None
        each = sum(self.seconds) / len(self.seconds)
        jobs = self.total - self.ended
        whole = each * jobs - sum(min(each, seconds) for seconds in running)
        return whole / min(self.at_a_time, jobs)

    def text(self, running: Sequence[float] = ()) -> str:
        """All of it in a line.

        Args:
            running: how long each job has run that runs now.
        """
        of = "" if self.total is None else f" of {self.total}"
        told = [f"{self.ended}{of} done"]
        if self.failed:
            told[0] += f", {self.failed} failed"
        if self.best is not None:
            name, figure, title = self.best
            told.append(f"best {name} {figure:.4g} {title}")
        if (left := self.left(running)) is not None:
            told.append(f"about {duration(left)} left")
        return "; ".join(told)


def duration(seconds: float) -> str:
    """A span of time in the two units that tell most."""
    whole = max(1, round(seconds))
    for size, unit, inner, part in ((86400, "d", 3600, "h"), (3600, "h", 60, "min")):
        if whole >= size:
            rest = whole % size // inner
            return f"{whole // size} {unit}" + (f" {rest} {part}" if rest else "")
    return f"{whole // 60} min" if whole >= 120 else f"{whole} s"


class SweepLines:
    """Says line by line what becomes of jobs.

    Args:
        total: how many jobs there are, None where they are drawn one by one.
        at_a_time: how many run at a time.
    """

    def __init__(self, total: int | None = None, at_a_time: int = 1) -> None:
        self.tally = Tally(total, at_a_time)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leaves the terminal as it was."""

    def say(self, job: PlannedJob, told: str) -> None:
        """Says something of a job."""
        print(shown(f"{job.title}  {told}"), flush=True)

    def begun(self, job: PlannedJob, console: Path | None) -> None:
        """Says that a job begins.

        Args:
            job: the job.
            console: the file that gets its output, None where that follows.
        """
        if console is not None:
            self.say(job, f"-> {console}")
            return
        print(flush=True)
        if self.tally.ended:
            self.tell_all()
        print(shown(job.title), flush=True)

    def ended(self, job: PlannedJob, outcome: Outcome, seconds: float | None) -> None:
        """Takes how a job has ended.

        Args:
            job: the job.
            outcome: its outcome.
            seconds: how long it ran, None where it was done before or could not be started.
        """
        self.tally.take(job.title, outcome, seconds)
        several = self.tally.at_a_time > 1
        if seconds is not None and (several or outcome.status in ("failed", "interrupted")):
            self.say(job, f"{outcome.text} after {seconds:.1f} s")
            if several and self.tally.total != self.tally.ended:
                self.tell_all()

    def tell_all(self) -> None:
        """Says how far the sweep is."""
        print(shown(f"  {self.tally.text()}"), flush=True)

    def look(self, running: Sequence[Standing]) -> float | None:
        """Looks at the jobs that run; gives the seconds until it wants to look again, if ever."""
        return None


def epochs_of(spec: JobSpec) -> int | None:
    """How many epochs a job trains, None where its config does not say it plainly."""
    fit = spec.frozen.config.get("fit")
    epochs = fit.get("epochs") if isinstance(fit, dict) else None
    return epochs if type(epochs) is int else None
