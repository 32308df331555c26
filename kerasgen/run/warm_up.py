"""A run that is only measured: it does what every run does, and ends its training early.

This room owns when such a training ends, how the times of its steps become those of epochs, and
which rows it is evaluated on. It must not know what is made of the figures. The run itself is one
as any other, in a folder that somebody else removes.

Decisions:
- Nothing is rehearsed by other code: steps, callbacks, states, evaluation and saving are the run's.
- The first step of everything traces and compiles. What it takes beyond a later one is due once.
- Two whole epochs behind the first tell more than steps do; where an epoch is long, it is cut.
- Nobody outside hears of it: no tracker follows, and no callback that opens a connection acts.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kerasgen.engine import Watched
from kerasgen.ir.program import CheckpointDef, FitDef
from kerasgen.ir.training import Arrays, Samples
from kerasgen.ir.values import ObjectDef
from kerasgen.process.usage import own_usage
from kerasgen.record.file_names import CHECKPOINTS, CONSOLE, PREDICTIONS
from kerasgen.record.files import files_in
from kerasgen.run.events import Event
from kerasgen.run.measured import NAME, MeasuredRun, PhaseTimes, Spent, Weight

if TYPE_CHECKING:
    from kerasgen.passes.compiled import CompiledProgram
    from kerasgen.run.steps import PreparedParts

_WHOLE = 3
"""Whole epochs that are enough."""

_LEAST = 1.0
"""Seconds of steady training that are enough, if there were so many epochs."""

_FORWARD = 0.4
"""What a validation takes for a batch beside a step of training, where nobody has seen one."""

_ENDING = "EarlyStopping"
"""The callback of Keras that ends a training before its time."""


_CONNECTING = "RemoteMonitor"
"""The callback of Keras that opens a connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """How long is measured.

    Attributes:
        seconds: seconds of steady training in each phase.
        steps: steps of training in each phase, None for as many as there is time for.
    """

    seconds: float = 10.0
    steps: int | None = None


def _plain(callback: ObjectDef) -> str:
    """The name of a callback's class without its module."""
    return callback.cls.rpartition(".")[2]


def moment() -> Spent:
    """Now, by the clock and by the processor."""
    return Spent(wall=time.monotonic(), cpu=time.process_time())


@dataclass(slots=True, kw_only=True)
class _Part:
    """Steps of an epoch, or of a validation: moments, and how many steps were done by then."""

    began: Spent
    first: tuple[int, Spent] | None = None
    last: tuple[int, Spent] | None = None
    end: Spent | None = None
    whole: bool = True

    @property
    def spent(self) -> Spent:
        return Spent() if self.end is None else self.end - self.began

    def step(self) -> Spent | None:
        """A step behind the first one; None where there was none."""
        if self.first is None or self.last is None or self.last[0] <= self.first[0]:
            return None
        return (self.last[1] - self.first[1]) * (1 / (self.last[0] - self.first[0]))


@dataclass(slots=True, kw_only=True)
class _Epoch:
    """An epoch: its training, its validation, and the states that were kept in it or behind it.

    Attributes:
        inside: what the states took that were kept before its end.
        behind: all between its end and the next epoch, which is keeping a state; None for the last.
    """

    training: _Part
    validation: _Part | None = None
    states: Spent = field(default_factory=Spent)
    inside: Spent = field(default_factory=Spent)
    behind: Spent | None = None
    kept: int = 0


@dataclass(slots=True, kw_only=True)
class _Phase:
    """A phase: how it was meant, and its epochs so far."""

    fit: FitDef
    steps: int
    validation_steps: int
    began: Spent
    epochs: list[_Epoch] = field(default_factory=list)
    steady: float | None = None
    done: int = 0


class Stopwatch:
    """Measures a run: a listener of it that may end its training early.

    Args:
        bound: how long is measured.
    """

    def __init__(self, bound: Bound) -> None:
        self._bound = bound
        usage = own_usage()
        self._start = Spent(wall=usage.seconds, cpu=usage.cpu_seconds)
        self._began = moment()
        self._phases: list[_Phase] = []
        self._times: list[PhaseTimes] = []
        self._left = Spent()
        self._grown = 1.0
        self.folds = 1

    def hear(self, event: Event) -> None:
        """Takes an event; the moments that count are told by themselves."""

    def callbacks(self, wanted: Mapping[str, ObjectDef]) -> dict[str, ObjectDef]:
        """The callbacks that act: none that tells somebody else of the training."""
        return {name: each for name, each in wanted.items() if _plain(each) != _CONNECTING}

    @contextmanager
    def phase(self, fit: FitDef, parts: PreparedParts) -> Iterator[None]:
        """Measures a phase of the training.

        Args:
            fit: how it is trained.
            parts: on what.
        """
        from kerasgen.run.steps import rows_in

        size = fit.batch_size
        validation = 0 if parts.validation is None else -(-rows_in(parts.validation) // size)
        phase = _Phase(
            fit=fit,
            steps=fit.steps_per_epoch or -(-rows_in(parts.sampled or parts.training) // size),
            validation_steps=min(validation, fit.validation_steps or validation),
            began=moment(),
        )
        self._phases.append(phase)
        yield
        self._times.append(_times(phase, moment() - phase.began))

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Measures the keeping of a state."""
        began = moment()
        yield
        epoch, spent = self._phases[-1].epochs[-1], moment() - began
        epoch.states, epoch.kept = epoch.states + spent, epoch.kept + 1
        if epoch.training.end is None:
            epoch.inside = epoch.inside + spent

    def began(self, part: Watched) -> None:
        """The steps of a part begin."""
        phase, begun = self._phases[-1], _Part(began=moment())
        if part == "training":
            if phase.epochs and (end := phase.epochs[-1].training.end) is not None:
                phase.epochs[-1].behind = begun.began - end
            phase.epochs.append(_Epoch(training=begun))
            return
        epoch = phase.epochs[-1]
        epoch.validation = begun
        if epoch.training.last is None:
            epoch.training.last = (phase.steps, begun.began)

    def due(self, part: Watched, steps: int) -> bool:
        """Whether the moment counts: that of the first step, and that of the last one."""
        return self._known(part).first is None or self._is_enough(part, steps)

    def done(self, part: Watched, steps: int) -> bool:
        """Notes the moment; gives whether enough was seen."""
        phase, known, now = self._phases[-1], self._known(part), moment()
        if known.first is None:
            known.first = (steps, now)
            if phase.steady is None:
                phase.steady = now.wall
            elif part == "validation" and len(phase.epochs) == 1:
                phase.steady += now.wall - known.began.wall  # It has traced and compiled, too.
        enough = self._is_enough(part, steps)
        if enough:
            known.last = (steps, now)
            known.whole = steps >= self._steps(part)
        return enough

    def ended(self, part: Watched) -> None:
        """A part has ended."""
        phase, known = self._phases[-1], self._known(part)
        known.end = moment()
        if known.last is None:
            known.last = (self._steps(part), known.end)
        if part == "training":
            phase.done += known.last[0]

    def _known(self, part: Watched) -> _Part:
        epoch = self._phases[-1].epochs[-1]
        if part == "training":
            return epoch.training
        assert epoch.validation is not None
        return epoch.validation

    def _steps(self, part: Watched) -> int:
        phase = self._phases[-1]
        return phase.steps if part == "training" else phase.validation_steps

    def _is_enough(self, part: Watched, steps: int) -> bool:
        phase, bound = self._phases[-1], self._bound
        if phase.steady is None:
            return False
        if part == "validation":
            known = self._known(part)
            spent = time.monotonic() - known.began.wall
            return known.first is not None and steps > known.first[0] and spent > bound.seconds / 2
        spent = time.monotonic() - phase.steady
        if spent > bound.seconds or (bound.steps is not None and phase.done + steps > bound.steps):
            return True
        return steps >= phase.steps and len(phase.epochs) >= _WHOLE and spent >= _LEAST

    def bounded(self, parts: PreparedParts, batch_size: int) -> PreparedParts:
        """The parts as far as there is time to evaluate them; the rest is reckoned.

        The last batch keeps its size, for which something is compiled too.
        """
        from kerasgen.run.steps import rows_in

        if not self._phases or parts.series is not None:
            return parts
        batch = _validation_step(self._phases[-1])
        allowed = max(4, int(self._bound.seconds / max(batch.wall, 1e-9) / 4))
        made = {}
        for name, part in parts.named.items():
            kept = allowed * batch_size + (rows := rows_in(part)) % batch_size
            if rows <= kept:
                continue
            made[name] = _first(part, kept)
            times = 2 if name == "test" else 1  # It is predicted too.
            self._left = self._left + batch * (times * (rows - kept) / batch_size)
            if name == "test":
                self._grown = rows / kept
        test = made.get("test")
        cut = None if test is None or parts.test_rows is None else parts.test_rows[: rows_in(test)]
        more = {} if cut is None else {"test_rows": cut}
        return replace(parts, **made, **more)  # type: ignore[arg-type]

    def finish(self, compiled: CompiledProgram, folder: Path, device: int | None) -> None:
        """Writes what was measured.

        Args:
            compiled: the compiled program.
            folder: the folder of the run.
            device: the most memory that it had on a device of its own, None where there is none.

        Raises:
            OSError: it cannot be written.
        """
        fit = compiled.program.fit
        trained, usage = sum((each.total for each in self._times), Spent()), own_usage()
        sizes = {name: (folder / name).stat().st_size for name in files_in(folder)}
        sizes.pop(CONSOLE, None)
        more = sizes.get(PREDICTIONS, 0) * (self._grown - 1)
        found = MeasuredRun(
            start=self._start,
            rest=moment() - self._began - trained + self._left,
            phases=tuple(self._times),
            weight=Weight(
                memory=usage.memory,
                shared=usage.shared_memory,
                device=device,
                disk=int(sum(sizes.values()) + more),
                state=sum(size for name, size in sizes.items() if name.startswith(CHECKPOINTS)),
                states=0 if fit.checkpoint is None else fit.checkpoint.keep,
            ),
            folds=self.folds,
            ends_early=any(_plain(each) == _ENDING for each in fit.callbacks.values()),
            parameters=compiled.cost.parameters,
            flops=compiled.cost.flops,
        )
        (folder / NAME).write_text(json.dumps(found.to_plain()), encoding="utf-8")


def _times(phase: _Phase, total: Spent) -> PhaseTimes:
    """What the measured part of a phase says of the whole."""
    batch = _validation_step(phase)
    validation = batch * phase.validation_steps
    state = _state(phase)
    later = [
        epoch
        for epoch in phase.epochs[1:]
        if epoch.training.whole and (epoch.validation is None or epoch.validation.whole)
    ]
    parts = [_without(epoch) for epoch in later]
    step = _step(phase)
    epoch = sum(parts, Spent()) * (1 / len(parts)) if parts else step * phase.steps
    fit, epochs = phase.fit, phase.fit.epochs
    known = state * sum(each.kept for each in phase.epochs)
    for each in phase.epochs:
        last = each.training.last
        known += epoch if each.training.whole else step * (last[0] if last else 0)
        if each.validation is not None and each.validation.last is not None:
            known += batch * each.validation.last[0]
    return PhaseTimes(
        total=total,
        setup=(total - known).not_negative,
        epoch=epoch.not_negative,
        validation=validation,
        state=state,
        epochs=epochs,
        validations=epochs // fit.validation_freq if phase.validation_steps else 0,
        states=0 if fit.checkpoint is None else _states(fit.checkpoint, phase, epoch.wall),
    )


def _without(epoch: _Epoch) -> Spent:
    """A whole epoch without its validation and without the states that were kept in it."""
    validation = Spent() if epoch.validation is None else epoch.validation.spent
    return (epoch.training.spent - validation - epoch.inside).not_negative


def _state(phase: _Phase) -> Spent:
    """What it takes to keep a state: to take it out of the model, and to write it."""
    behind = [each.behind for each in phase.epochs if each.kept == 1 and each.behind is not None]
    if behind:
        return sum(behind, Spent()) * (1 / len(behind))
    kept = sum(each.kept for each in phase.epochs)
    return sum((each.states for each in phase.epochs), Spent()) * (1 / kept) if kept else Spent()


def _step(phase: _Phase) -> Spent:
    """A step of training, as all but the first are."""
    found = [step for epoch in phase.epochs if (step := epoch.training.step()) is not None]
    if found:
        return found[-1]
    spent = [epoch.training.spent for epoch in phase.epochs if epoch.training.end is not None]
    return spent[-1] if spent else Spent()  # A single step: as good as can be said.


def _validation_step(phase: _Phase) -> Spent:
    """A batch of validation, as all but the first are."""
    seen = [epoch.validation for epoch in phase.epochs if epoch.validation is not None]
    whole = [part for part in seen[1:] if part.whole and part.end is not None]
    if whole and phase.validation_steps:
        mean = sum((part.spent for part in whole), Spent()) * (1 / len(whole))
        return mean * (1 / phase.validation_steps)
    steps = [step for part in seen if (step := part.step()) is not None]
    return steps[-1] if steps else _step(phase) * _FORWARD


def _states(due: CheckpointDef, phase: _Phase, epoch: float) -> int:
    """How many states a phase keeps; one of them always at its end."""
    epochs = phase.fit.epochs
    if due.unit == "epochs":
        return -(-epochs // due.number)
    if due.unit == "steps":
        return epochs * phase.steps // due.number + 1
    return int(epochs * epoch / (60 * due.number)) + 1


def _first(samples: Samples, rows: int) -> Samples:
    kept = None if samples.weights is None else samples.weights[:rows]
    return Samples(x=_cut(samples.x, rows), y=_cut(samples.y, rows), weights=kept)


def _cut(arrays: Arrays, rows: int) -> Arrays:
    if isinstance(arrays, dict):
        return {name: array[:rows] for name, array in arrays.items()}
    if isinstance(arrays, list):
        return [array[:rows] for array in arrays]
    return arrays[:rows]
