"""A sweep as it is planned: its jobs, what each will take, and which of them begin.

This room owns the way from jobs to a plan: which are done, which stand for their class, what is
known of an earlier run. It must not know Hydra, nor how a plan is shown.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.frontend.compose.frozen_config import FrozenConfig
from kerasgen.record.files import files_in
from kerasgen.record.read import read_history
from kerasgen.run.measured import MeasuredRun
from kerasgen.sweep.outcomes import read_fields, varying
from kerasgen.sweep.plan.budget import chosen_jobs
from kerasgen.sweep.plan.cost_class import cost_class, epochs_of, may_end_early
from kerasgen.sweep.plan.estimate import Estimate, Totals, estimate, run_of_record, totals
from kerasgen.sweep.plan.warm_ups import Asked, WarmUps
from kerasgen.sweep.schedule import JobLimits

State: TypeAlias = Literal["done", "waiting", "cut", "fails", "unknown"]
"""Of a job: `cut` where it waits for a larger budget, `fails` where it was tried in vain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingJob:
    """A job of a sweep that is planned.

    Attributes:
        number: its number, from 0.
        overrides: its task overrides as written.
        frozen: its config.
        done: the folder of a completed run of it, None where it waits.
    """

    number: int
    overrides: tuple[str, ...]
    frozen: FrozenConfig
    done: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticCost:
    """What a config alone tells of a job.

    Attributes:
        parameters: weights of the model.
        flops: operations of a forward pass for one sample, None if not known.
        training_bytes: memory of weights, gradients, optimizer and layer outputs.
        disk: bytes of the weights, which the model's file holds.
    """

    parameters: int
    flops: int | None
    training_bytes: int
    disk: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRow:
    """A job of a plan.

    Attributes:
        job: the job.
        label: the overrides by which it differs from the others.
        state: how it stands.
        estimate: what it will take; None where it is done or nobody knows.
        cost: what its config alone tells, None where it was not asked.
        reason: why nothing is known of it.
    """

    job: ComingJob
    label: str
    state: State
    estimate: Estimate | None = None
    cost: StaticCost | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A sweep as it is planned.

    Attributes:
        rows: its jobs, in their order.
        totals: what those take that begin; None where nothing was estimated.
        order: the numbers of those jobs, in the order in which they begin.
        n_jobs: how many run at a time.
        overhead: seconds before the first job: composing, importing engines.
        warm_ups: how many jobs were measured.
        measuring: seconds that this took.
        budget: seconds that the sweep may take, None for no limit.
    """

    rows: tuple[PlannedRow, ...]
    totals: Totals | None
    order: tuple[int, ...]
    n_jobs: int
    overhead: float = 0.0
    warm_ups: int = 0
    measuring: float = 0.0
    budget: float | None = None

    def of(self, state: State) -> list[PlannedRow]:
        """The jobs of a state."""
        return [row for row in self.rows if row.state == state]


class Measuring(Protocol):
    """Measures a job of each class."""

    def __call__(self, classes: Sequence[Asked]) -> WarmUps:
        """Measures.

        Args:
            classes: the job that stands for each.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """How a plan comes to know what jobs take.

    Attributes:
        measuring: measures jobs; None where only the configs are looked at.
        asked: makes what is measured of a job.
        static: asks what a config alone tells; the reason where it does not.
        overhead: seconds that it took until the jobs were known.
    """

    measuring: Measuring | None
    asked: Callable[[ComingJob, str], Asked]
    static: Callable[[FrozenConfig], StaticCost | str]
    overhead: float = 0.0


@dataclass(slots=True)
class _Known:
    """What is known of the classes."""

    runs: dict[str, tuple[MeasuredRun, str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    costs: dict[str, StaticCost] = field(default_factory=dict)
    warm_ups: WarmUps = field(default_factory=WarmUps)


def make_plan(
    jobs: Sequence[ComingJob], limits: JobLimits, means: Means, budget: float | None = None
) -> Plan:
    """Plans a sweep.

    Args:
        jobs: its jobs.
        limits: what they may take, and how many run at a time.
        means: how it is known what they take.
        budget: seconds that the sweep may take.
    """
    keys = {job.number: cost_class(job.frozen) for job in jobs}
    labels = [" ".join(own) for own in varying([job.overrides for job in jobs])] if jobs else []
    classes: dict[str, list[ComingJob]] = {}
    for job in jobs:
        if job.done is None:
            classes.setdefault(keys[job.number], []).append(job)
    known = _known(classes, _done_by_class(jobs, keys), means)
    rows = [
        _row(job, label, keys[job.number], known) for job, label in zip(jobs, labels, strict=True)
    ]
    overhead = means.overhead + known.warm_ups.starting
    known_rows = {row.job.number: row for row in rows if row.estimate is not None}
    order = list(known_rows)
    if budget is not None:
        settled = [
            (number, row.job.overrides, row.estimate.spent.wall)
            for number, row in known_rows.items()
            if row.estimate is not None
        ]
        order = chosen_jobs(settled, limits.n_jobs, budget - overhead)
        rows = [_cut(row, order) for row in rows]
    found = [each for n in order if (each := known_rows[n].estimate) is not None]
    return Plan(
        rows=tuple(rows),
        totals=totals(found, limits.n_jobs) if found else None,
        order=tuple(order),
        n_jobs=limits.n_jobs,
        overhead=overhead if found else 0.0,
        warm_ups=len(known.warm_ups.runs),
        measuring=known.warm_ups.seconds,
        budget=budget,
    )


def in_order(plan: Plan) -> list[PlannedRow]:
    """The jobs of a plan as they are to begin: those that are done, then those that fit.

    Behind them those that do not, cheapest first, for whom there may be time in the end; last of
    all those of which nothing is known.
    """
    place = {number: at for at, number in enumerate(plan.order)}

    def key(row: PlannedRow) -> tuple[int, float]:
        if row.state == "done":
            return 0, row.job.number
        if row.job.number in place:
            return 1, place[row.job.number]
        if row.estimate is None:
            return 3, row.job.number
        return 2, row.estimate.spent.wall

    return sorted(plan.rows, key=key)


def _cut(row: PlannedRow, chosen: Sequence[int]) -> PlannedRow:
    if row.state != "waiting" or row.job.number in chosen:
        return row
    return replace(row, state="cut")


def _known(
    classes: Mapping[str, Sequence[ComingJob]],
    done: Mapping[str, Sequence[ComingJob]],
    means: Means,
) -> _Known:
    """What is known of classes that have jobs to run."""
    known = _Known()
    if means.measuring is None:
        for key, members in classes.items():
            found = means.static(members[0].frozen)
            if isinstance(found, str):
                known.failed[key] = found
            else:
                known.costs[key] = found
        return known
    for key in classes:
        for job in done.get(key, ()):
            assert job.done is not None
            if (run := earlier_run(job.done)) is not None:
                early = replace(run, ends_early=may_end_early(job.frozen))
                known.runs[key] = early, "earlier run"
                break
    left = [key for key in classes if key not in known.runs]
    if left:
        longest = [max(classes[key], key=lambda job: epochs_of(job.frozen) or 0) for key in left]
        labels = [" ".join(own) for own in varying([job.overrides for job in longest])]
        asked = [means.asked(job, label) for job, label in zip(longest, labels, strict=True)]
        known.warm_ups = means.measuring(asked)
        known.runs |= {left[n]: (run, "measured") for n, run in known.warm_ups.runs.items()}
        known.failed |= {left[n]: reason for n, reason in known.warm_ups.failed.items()}
    return known


def _done_by_class(
    jobs: Sequence[ComingJob], keys: Mapping[int, str]
) -> dict[str, list[ComingJob]]:
    found: dict[str, list[ComingJob]] = {}
    for job in jobs:
        if job.done is not None:
            found.setdefault(keys[job.number], []).append(job)
    return found


def earlier_run(folder: Path) -> MeasuredRun | None:
    """A completed run as a measured one; None where it was one of another machine, or says little.

    Args:
        folder: its folder.
    """
    fields = read_fields(folder)
    process = fields.get("process")
    host = process.get("host") if isinstance(process, Mapping) else None
    if host != platform.node() or fields.get("status") != "completed" or fields.get("folds"):
        return None
    try:
        history = read_history(folder, fields)
        disk = sum((folder / name).stat().st_size for name in files_in(folder))
    except (ForeignFileError, OSError):
        return None
    return run_of_record(fields, history, disk)


def _row(job: ComingJob, label: str, key: str, known: _Known) -> PlannedRow:
    if job.done is not None:
        return PlannedRow(job=job, label=label, state="done")
    if key in known.costs:
        return PlannedRow(job=job, label=label, state="waiting", cost=known.costs[key])
    if key in known.runs:
        run, basis = known.runs[key]
        found = estimate(run, epochs_of(job.frozen), basis)
        return PlannedRow(job=job, label=label, state="waiting", estimate=found)
    reason = known.failed.get(key)
    state: State = "unknown" if reason is None else "fails"
    return PlannedRow(job=job, label=label, state=state, reason=reason)
