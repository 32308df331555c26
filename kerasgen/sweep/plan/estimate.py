"""What jobs will take, reckoned from what was measured.

This room owns the arithmetic: from a measured run to a job, and from jobs to a sweep. It measures
nothing, reads nothing and prints nothing.

Decisions:
- An earlier run counts as measured: its first epoch has compiled, the others are as later ones are.
- Jobs share what they have imported: of several at a time it is there once.
- A sweep starts a job whenever a place is free, in order: its wall time is reckoned like that.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from kerasgen.record.files import number
from kerasgen.run.measured import MeasuredRun, PhaseTimes, Spent, Weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a job will take.

    Attributes:
        spent: its time, at the most where it may end early.
        weight: its memory and disk.
        at_most: whether a callback may end its training early.
        basis: how that is known.
    """

    spent: Spent
    weight: Weight
    at_most: bool
    basis: Literal["measured", "earlier run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What jobs will take together.

    Attributes:
        wall: seconds from the first to the last, as many at a time as there may be.
        cpu: seconds of the processor.
        memory: bytes of memory at a time.
        device: bytes of memory on a device at a time; None where none has any.
        disk: bytes that they leave.
        most_disk: bytes that they have at a time, states of their trainings included.
    """

    wall: float
    cpu: float
    memory: int
    device: int | None
    disk: int
    most_disk: int


def estimate(run: MeasuredRun, epochs: int | None, basis: str = "measured") -> Estimate:
    """What a job will take that is as a measured run.

    Args:
        run: the measured run.
        epochs: the epochs of the job; None for those that the measured run was to have.
        basis: how the run is known.
    """
    trained = sum(
        (phase.of(phase.epochs if epochs is None else epochs) for phase in run.phases), Spent()
    )
    weight = replace(run.weight, disk=run.weight.disk * run.folds)
    return Estimate(
        spent=run.start + (run.rest + trained) * run.folds,
        weight=weight,
        at_most=run.ends_early,
        basis="measured" if basis == "measured" else "earlier run",
    )


def run_of_record(
    fields: Mapping[str, Any], history: Sequence[Mapping[str, float]], disk: int
) -> MeasuredRun | None:
    """An earlier run as a measured one; None where its record does not say enough.

    Args:
        fields: its record.
        history: the rows of its epochs.
        disk: the bytes of its folder.
    """
    usage, timings = fields.get("usage"), fields.get("timings")
    rows = [number(row.get("seconds")) for row in history]
    epochs = [seconds for seconds in rows if seconds is not None]
    if not isinstance(usage, Mapping) or not isinstance(timings, Mapping) or not epochs:
        return None
    fit, whole, cpu = number(timings.get("fit")), number(usage.get("seconds")), None
    cpu = number(usage.get("cpu_seconds"))
    memory, shared = number(usage.get("memory")), number(usage.get("shared_memory"))
    if fit is None or whole is None or cpu is None or memory is None or fields.get("resumed"):
        return None
    later = sum(epochs[1:]) / len(epochs[1:]) if len(epochs) > 1 else epochs[0]
    rate = cpu / whole if whole else 1.0  # of the processor nothing is told by epochs

    def spent(seconds: float) -> Spent:
        return Spent(wall=seconds, cpu=seconds * rate)

    phase = PhaseTimes(
        total=spent(fit),
        setup=spent(max(0.0, fit - later * len(epochs))),
        epoch=spent(later),
        validation=Spent(),
        state=Spent(),
        epochs=len(epochs),
        validations=0,
        states=0,
    )
    return MeasuredRun(
        start=Spent(),
        rest=spent(max(0.0, whole - fit)),
        phases=(phase,),
        weight=Weight(memory=int(memory), shared=int(shared or 0), disk=disk),
    )


def totals(estimates: Sequence[Estimate], n_jobs: int) -> Totals:
    """What jobs will take together.

    Args:
        estimates: what each takes, in the order in which they start.
        n_jobs: how many run at a time.
    """
    weights = [each.weight for each in estimates]
    own = heapq.nlargest(n_jobs, (max(0, each.memory - each.shared) for each in weights))
    devices = [each.device for each in weights if each.device is not None]
    states = heapq.nlargest(n_jobs, (each.state * each.states for each in weights))
    disk = sum(each.disk for each in weights)
    return Totals(
        wall=wall_time([each.spent.wall for each in estimates], n_jobs),
        cpu=sum(each.spent.cpu for each in estimates),
        memory=sum(own) + max((each.shared for each in weights), default=0),
        device=sum(heapq.nlargest(n_jobs, devices)) if devices else None,
        disk=disk,
        most_disk=disk + sum(states),
    )


def wall_time(seconds: Sequence[float], n_jobs: int) -> float:
    """Seconds until all jobs have ended.

    Args:
        seconds: what each takes, in the order in which they start.
        n_jobs: how many run at a time.
    """
    places = [0.0] * n_jobs
    for each in seconds:
        heapq.heapreplace(places, places[0] + each)
    return max(places)
