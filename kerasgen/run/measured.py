"""What a run was measured to take: as values, and as JSON between the process of a run and a plan.

This room owns what is told of a measured run, by what it may be multiplied, and no more. How it is
measured stands in `warm_up`; what follows for runs that are longer, with who plans them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

NAME = "measured.json"
"""The file in the folder of a measured run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Time that something took.

    Attributes:
        wall: seconds of the clock.
        cpu: seconds of the processor, of all threads together.
    """

    wall: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(wall=self.wall + other.wall, cpu=self.cpu + other.cpu)

    def __sub__(self, other: Spent) -> Spent:
        return Spent(wall=self.wall - other.wall, cpu=self.cpu - other.cpu)

    def __mul__(self, factor: float) -> Spent:
        return Spent(wall=self.wall * factor, cpu=self.cpu * factor)

    @property
    def not_negative(self) -> Spent:
        """The same, where a difference of two measurements came out below nothing."""
        return Spent(wall=max(0.0, self.wall), cpu=max(0.0, self.cpu))


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseTimes:
    """What a phase of a training takes.

    Attributes:
        total: what the measured part of it took.
        setup: what of that is due once: tracing, compiling, the first step of everything.
        epoch: an epoch as all later ones are, without its validation.
        validation: a validation as all later ones are.
        state: keeping a state.
        epochs: epochs that the whole phase has at the most.
        validations: validations that it has.
        states: states that it keeps.
    """

    total: Spent
    setup: Spent
    epoch: Spent
    validation: Spent
    state: Spent
    epochs: int
    validations: int
    states: int

    def of(self, epochs: int) -> Spent:
        """What it takes with another number of epochs."""
        share = epochs / self.epochs
        counted = self.validation * self.validations + self.state * self.states
        return self.setup + (self.epoch * self.epochs + counted) * share


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What a run takes of memory and of the disk, in bytes.

    Attributes:
        memory: the most memory that its process had.
        shared: how much of that is there once for all processes.
        device: the most memory that it had on a device of its own; None where there is none.
        disk: what it leaves.
        state: a state of its training.
        states: how many of them there are at a time while it trains.
    """

    memory: int = 0
    shared: int = 0
    device: int | None = None
    disk: int = 0
    state: int = 0
    states: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRun:
    """A run that was measured.

    Attributes:
        start: from the beginning of its process to that of the run.
        rest: all but the training: data, building, evaluation, saving.
        phases: the phases of the training.
        weight: memory and disk.
        folds: how many runs of this kind the whole has.
        ends_early: whether a callback may end the training before its time.
        parameters: weights of the model.
        flops: operations of a forward pass for one sample, None if not known.
    """

    start: Spent
    rest: Spent
    phases: tuple[PhaseTimes, ...]
    weight: Weight
    folds: int = 1
    ends_early: bool = False
    parameters: int = 0
    flops: int | None = None

    def to_plain(self) -> dict[str, object]:
        """The same as data for JSON."""
        return asdict(self)


def read_measured(said: Mapping[str, object]) -> MeasuredRun:
    """What `to_plain` has given.

    Raises:
        KeyError: something is missing.
        TypeError: something is of another kind.
    """
    phases = said["phases"]
    assert isinstance(phases, list)
    return MeasuredRun(
        start=_spent(said["start"]),
        rest=_spent(said["rest"]),
        phases=tuple(_phase(each) for each in phases),
        weight=Weight(**_mapping(said["weight"])),  # type: ignore[arg-type]
        folds=said["folds"],  # type: ignore[arg-type]
        ends_early=bool(said["ends_early"]),
        parameters=said["parameters"],  # type: ignore[arg-type]
        flops=said["flops"],  # type: ignore[arg-type]
    )


def _mapping(said: object) -> Mapping[str, object]:
    assert isinstance(said, Mapping)
    return said


def _spent(said: object) -> Spent:
    return Spent(**_mapping(said))  # type: ignore[arg-type]


def _phase(said: object) -> PhaseTimes:
    known = _mapping(said)
    named = {each.name for each in fields(PhaseTimes)}
    times = {name for name in named if isinstance(known[name], Mapping)}
    counts = {name: known[name] for name in named - times}
    return PhaseTimes(**{name: _spent(known[name]) for name in times}, **counts)  # type: ignore[arg-type]
