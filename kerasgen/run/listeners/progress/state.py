"""How far a training is, in words: what every form of progress shows.

This room owns what is known of a training that goes on, and how times and figures are written. It
must not know where they are shown.

Decisions:
- What is left is reckoned from what was done since the first report, and later since the end of the
  first epoch: the time in which a backend compiles its first steps does not count for all.
- Figures of the validation part stand apart, without Keras's `val_`. They are those of the last
  epoch until there are others.
- The learning rate is shown once it has changed: most trainings have one for good.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from kerasgen.run.events import EpochEnded, TrainingProgressed

_RATE = "learning_rate"
_VALIDATION = "val_"


@dataclass(slots=True)
class Progress:
    """How far a training is.

    Attributes:
        epochs: epochs of the whole training.
        done: those that are finished.
        batch: batches of the next one that are done.
        batches: batches of an epoch, 0 before the first report.
        validating: whether the model is validated.
        training: the last figures of the training part.
        validation: the last figures of the validation part.
        rates: the learning rates at the first and the last epoch's end, as far as they are known.
        began: when it began, by the monotonic clock.
        ended: whether it is over, be it before its last epoch.
    """

    epochs: int
    done: int
    batch: int = 0
    batches: int = 0
    validating: bool = False
    training: Mapping[str, float] = field(default_factory=dict)
    validation: Mapping[str, float] = field(default_factory=dict)
    rates: tuple[float, ...] = ()
    began: float = field(default_factory=time.monotonic)
    ended: bool = False
    _marks: list[tuple[float, float]] = field(default_factory=list)

    def hear(self, event: TrainingProgressed | EpochEnded) -> None:
        """Takes what has happened."""
        if isinstance(event, EpochEnded):
            self.done, self.batch, self.validating = event.epoch, 0, False
            self._take(event.figures)
        else:
            self.done, self.batch = event.epochs, event.batch
            self.batches, self.validating = event.batches, event.validating
            if event.validating:
                self.validation = event.figures
            else:
                self.training = event.figures
        if not self._marks or (len(self._marks) == 1 and isinstance(event, EpochEnded)):
            self._marks.append((time.monotonic(), self.part))

    def _take(self, figures: Mapping[str, float]) -> None:
        """Takes the figures of an epoch apart."""
        rate = figures.get(_RATE)
        if rate is not None:
            self.rates = (*self.rates[:1], rate)
        own = {name: value for name, value in figures.items() if name != _RATE}
        self.training = {n: v for n, v in own.items() if not n.startswith(_VALIDATION)}
        measured = {
            n.removeprefix(_VALIDATION): v for n, v in own.items() if n not in self.training
        }
        self.validation = measured or self.validation

    @property
    def figures(self) -> dict[str, list[str]]:
        """Part of the data to its figures, each with its name; a part without any is left out."""
        changed = len(set(self.rates)) > 1
        rate = {"learning rate": self.rates[-1]} if changed else {}
        parts = {"training": {**self.training, **rate}, "validation": self.validation}
        return {part: _worded(values) for part, values in parts.items() if values}

    @property
    def part(self) -> float:
        """How many epochs are done, with the part of the next one."""
        if not self.batches:
            return float(self.done)
        return min(self.done + self.batch / self.batches, self.epochs)

    @property
    def title(self) -> str:
        """The epoch of all: the one that goes on, or the last one."""
        last = self.ended and not self.batch
        number = self.done if last else min(self.done + 1, self.epochs)
        return f"epoch {number:>{len(str(self.epochs))}}/{self.epochs}"

    @property
    def place(self) -> str:
        """The batch of the epoch, empty where an epoch ends."""
        if self.validating:
            return "validation"
        if not self.batch:
            return ""
        return f"batch {self.batch}/{self.batches}"

    @property
    def times(self) -> list[str]:
        """The time since it began, and the time that is left, if that can be told."""
        return [self.elapsed, *([self.left] if self.left else [])]

    @property
    def elapsed(self) -> str:
        """The time since the training began."""
        return clock(time.monotonic() - self.began)

    @property
    def left(self) -> str:
        """The time that the rest will take, empty where that cannot be told or nothing is left."""
        behind = [(moment, part) for moment, part in self._marks if part < self.part]
        rest = self.epochs - self.part
        if not behind or rest <= 0 or self.ended:
            return ""
        moment, part = behind[-1]
        return f"{clock(rest * (time.monotonic() - moment) / (self.part - part))} left"


def clock(seconds: float) -> str:
    """A time as hours, minutes and seconds, without hours that there are not."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _worded(figures: Mapping[str, float]) -> list[str]:
    """The loss first, and the others as they come."""
    ordered = sorted(figures, key=lambda name: name != "loss")
    return [f"{name} {figures[name]:.4g}" for name in ordered]
