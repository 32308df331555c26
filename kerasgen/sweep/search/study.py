"""The study of a search: Optuna's, with every error of its storage as a diagnostic.

This room owns the dealings with a study that is open: asking it for a setting, telling it what has
become of one. It must not know jobs, nor folders of runs.

Decisions:
- A trial that is open while the process which asked for it is gone is gone on with under the same
  number: its values are in the study, and what was not drawn yet is drawn as it would have been.
  One on a machine that cannot be asked is gone once it has given no sign for long.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.foreign.passwords import without_passwords
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.record.provenance import at_work
from kerasgen.sweep.search.objectives import Objective
from kerasgen.sweep.search.plugins import make_sampler
from kerasgen.sweep.search.settings import SearchSettings
from kerasgen.sweep.search.space import Parameter, Space
from kerasgen.sweep.search.start_sign import StartSign

PROCESS = "kerasgen:process"
"""The attribute of a trial that tells who has asked for it."""

STORAGE = "hydra.sweeper.storage"

Extend = Callable[[Any], None]
"""Adds to what is drawn of a trial of Optuna's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyDef:
    """What a study is about.

    Attributes:
        name: its name.
        space: what is searched.
        objectives: what is to become best.
        settings: how.
        seed: the seed of the sampler.
        epochs: the epochs of a job, None where they are not known.
        extend: adds to the space while a trial is drawn, None for nobody.
    """

    name: str
    space: Space
    objectives: tuple[Objective, ...]
    settings: SearchSettings
    seed: int
    epochs: int | None = None
    extend: Extend | None = None

    def plain(self) -> dict[str, object]:
        """What two studies must share to be the same."""
        return {
            **self.space.plain(),
            "objectives": [each.plain() for each in self.objectives],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A setting that a study has drawn.

    Attributes:
        number: its number, from 0.
        values: parameter to value.
        state: `running`, `complete`, `pruned` or `fail`.
        results: the figures of the objectives, where it is complete.
        mine: whether it is open and this process has asked for it.
        held: whether it is open and another living process has.
    """

    number: int
    values: Mapping[str, object]
    state: str
    results: tuple[float, ...] = ()
    mine: bool = False
    held: bool = False


@dataclass(slots=True)
class Study:
    """A study that is open.

    Attributes:
        about: what it is about.
        place: what a message calls its storage.
        inner: Optuna's.
        sign: shows that this start of the search is at work, and sees which others are.
    """

    about: StudyDef
    place: str
    inner: Any
    sink: Sink
    sign: StartSign
    _asked: set[int] = field(default_factory=set)
    _ended: bool = False

    def trials(self) -> list[Trial]:
        """All trials so far, in order."""
        with self._guarded():
            found = self.inner.get_trials(deepcopy=False)
        return [self._read(each) for each in found]

    def ask(self) -> Trial:
        """Draws the next setting."""
        with self._guarded():
            self._renew(len(self.inner.get_trials(deepcopy=False)))
            trial = self.inner.ask()
            trial.set_user_attr(PROCESS, self.sign.process())
            self._asked.add(trial.number)
            return self._drawn(trial)

    def adopt(self, number: int) -> Trial:
        """Goes on with a setting that a process has asked for which is gone.

        Args:
            number: its number.
        """
        import optuna

        with self._guarded():
            self._renew(number)
            frozen = self.inner.get_trials(deepcopy=False)[number]
            trial = optuna.trial.Trial(self.inner, frozen._trial_id)
            trial.set_user_attr(PROCESS, self.sign.process())
            self._asked.add(number)
            return self._drawn(trial)

    def report(self, number: int, step: int, value: float) -> bool:
        """Takes the figure of an epoch; says whether the run is not worth going on with.

        Args:
            number: the number of the trial.
            step: the epoch, counted from 0.
            value: the figure.
        """
        import optuna

        with self._guarded():
            self._renew(number)
            frozen = self.inner.get_trials(deepcopy=False)[number]
            trial = optuna.trial.Trial(self.inner, frozen._trial_id)
            if step not in frozen.intermediate_values:
                trial.report(value, step)
            return bool(trial.should_prune())

    def tell(self, number: int, state: str, results: Sequence[float] = ()) -> None:
        """Takes what has become of a setting.

        Args:
            number: its number.
            state: `complete`, `pruned` or `fail`.
            results: the figures, where it is complete.
        """
        import optuna

        wanted = optuna.trial.TrialState[state.upper()]
        with self._guarded():
            self._renew(number)
            values = list(results) if state == "complete" else None
            self.inner.tell(number, values, state=wanted, skip_if_finished=True)
        self._asked.discard(number)

    def best(self) -> list[Trial]:
        """The best settings: one, or those of the Pareto front with several objectives."""
        with self._guarded():
            if not any(each.state == "complete" for each in map(self._read, self.inner.trials)):
                return []
            if len(self.about.objectives) > 1:
                return [self._read(each) for each in self.inner.best_trials]
            return [self._read(self.inner.best_trial)]

    def _renew(self, number: int) -> None:
        """Makes the sampler that draws for a trial."""
        about = self.about
        self.inner.sampler = make_sampler(
            about.settings.sampler, about.seed, number, grid_of(about.space)
        )

    def _drawn(self, trial: Any) -> Trial:
        space, values = self.about.space, dict[str, object]()
        for parameter in space.parameters:
            if space.counts(parameter, values):
                values[parameter.name] = _suggested(trial, parameter)
        if self.about.extend is not None:
            self.about.extend(trial)
            values |= {name: v for name, v in trial.params.items() if name not in values}
        return Trial(number=trial.number, values=values, state="running", mine=True)

    def _read(self, frozen: Any) -> Trial:
        state = frozen.state.name.lower()
        mine = frozen.number in self._asked
        process = frozen.user_attrs.get(PROCESS)
        others = state == "running" and not mine
        return Trial(
            number=frozen.number,
            values=dict(frozen.params),
            state=state,
            results=tuple(frozen.values or ()) if state == "complete" else (),
            mine=mine and state == "running",
            held=others and at_work({"process": process}) and not self.sign.is_gone(process),
        )

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        with storage_errors(self.place, self.sink), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # What Optuna finds experimental is ours to know.
            yield


def _suggested(trial: Any, parameter: Parameter) -> object:
    """The value of a parameter, drawn now or before."""
    if parameter.kind == "choice":
        return trial.suggest_categorical(parameter.name, list(parameter.choices))
    if parameter.kind == "int":
        low, high, step = int(parameter.low), int(parameter.high), int(parameter.step or 1)
        return trial.suggest_int(parameter.name, low, high, step=step, log=parameter.log)
    return trial.suggest_float(
        parameter.name, parameter.low, parameter.high, step=parameter.step, log=parameter.log
    )


def grid_of(space: Space) -> dict[str, list[Any]]:
    """Parameter to all of its values; without those that have no end."""
    found: dict[str, list[Any]] = {}
    for each in space.parameters:
        if each.kind == "choice":
            found[each.name] = list(each.choices)
        elif each.step:
            count = round((each.high - each.low) / each.step) + 1
            values = [each.low + number * each.step for number in range(min(count, 100_000))]
            found[each.name] = values
    return found


@contextlib.contextmanager
def storage_errors(place: str, sink: Sink) -> Iterator[None]:
    """Turns what a storage raises inside into a diagnostic.

    Args:
        place: what the message calls the storage.
        sink: knows where it was written.

    Raises:
        CompileError: KG662, it cannot be used.
    """
    try:
        yield
    except (CompileError, KeyboardInterrupt, SystemExit):
        raise
    except Exception as error:  # Optuna's, SQLAlchemy's, those of drivers, and the system's.
        lines = str(error.reason if isinstance(error, ForeignFileError) else error).splitlines()
        told = without_passwords(lines[0] if lines else type(error).__name__)
        raise sink.fail(
            "KG662",
            f"the study in `{place}` cannot be used: {told}",
            key=STORAGE if "://" in place else None,
            help="what was run is kept: the same command goes on once it can be used again",
        ) from error
