"""The jobs of a search: drawn one by one, from what has become of those before.

This room owns which job comes next, when a search has enough, and what its study is told. It must
not know Hydra, nor how jobs run.

Decisions:
- A setting counts once it was drawn, whatever has become of it: the same command goes on up to
  `n_trials` and not with so many more.
- Of a setting with several seeds the first one alone is looked at by a pruner, and the others begin
  when it has completed. One seed that fails makes its setting fail: a mean over fewer is another.
- A job that was ended by itself leaves its setting open; the next start goes on with it.
- Several starts of a search share its study. One waits for the settings of the others, and goes on
  with those of one that is gone.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.process.interruption import BEAT
from kerasgen.record.lock import locked
from kerasgen.run.pruning import answer, asked_in
from kerasgen.sweep.job_source import PlannedJob
from kerasgen.sweep.outcomes import Outcome, read_fields, read_outcome
from kerasgen.sweep.search.objectives import figures_of, known_figures
from kerasgen.sweep.search.study import Study, Trial

_LOOK = 0.02
"""Seconds between two looks whether a job asks something."""

_WAIT = 0.5
"""Seconds between two looks at the settings of other starts."""


class JobDoor(Protocol):
    """What a search needs of whoever makes jobs."""

    def planned(
        self, overrides: Sequence[str], number: int, title: str, asks: str | None = None
    ) -> PlannedJob:
        """A job as it is before it starts."""

    def folder(self, overrides: Sequence[str], number: int) -> Path:
        """The folder of a job."""


@dataclass(slots=True, kw_only=True)
class _Setting:
    """A setting whose jobs are not all done.

    Attributes:
        trial: the setting.
        waiting: its jobs that were not given yet.
        records: the records of those that have completed.
    """

    trial: Trial
    waiting: deque[PlannedJob]
    records: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class SearchSource:
    """The source of a search.

    Attributes:
        study: its study.
        door: makes its jobs.
        folder: the folder of the sweep.
        begun: takes the jobs of a setting before the first of them starts.
        keep: takes the outcomes of jobs that an earlier start has run.
        sink: knows where settings were written.
    """

    study: Study
    door: JobDoor
    folder: Path
    begun: Callable[[Sequence[PlannedJob]], object]
    keep: Callable[[Outcome], object]
    sink: Sink
    notes: list[str] = field(default_factory=list)
    _open: dict[int, _Setting] = field(default_factory=dict)
    _known: set[int] = field(default_factory=set)
    _began: float = field(default_factory=time.monotonic)
    _waits: bool = False

    @property
    def _seeds(self) -> int:
        return len(self.study.about.space.seeds)

    def next_job(self) -> PlannedJob | None:
        """The next job: of a setting that is begun, of one that was left, or of a new one."""
        self.study.sign.renew()
        if self._over_time():
            return None
        ready = self._ready()
        if ready is None and (trial := self._next_trial()) is not None:
            self._begin(trial)
            ready = self._ready()
        return ready

    def patience(self) -> float | None:
        """It waits as long as other starts work at settings."""
        self.study.sign.renew()
        held = [] if self._over_time() else [t.number for t in self.study.trials() if t.held]
        if not held:
            return None
        if not self._waits:
            self._waits = True
            print(f"waiting for settings of other starts: {', '.join(map(str, held))}", flush=True)
        return _WAIT

    def told(self, job: PlannedJob, outcome: Outcome) -> None:
        """Tells the study, once a setting is done.

        Raises:
            CompileError: KG663, the run has completed without the objective, as all others would;
                or KG662, the study cannot be told.
        """
        setting = self._open[job.number // self._seeds]
        number = setting.trial.number
        if outcome.status == "completed":
            setting.records.append(read_fields(outcome.folder))
            if len(setting.records) == self._seeds:
                self._complete(setting)
            return
        setting.waiting.clear()
        if outcome.status != "interrupted":
            self._close(number, "pruned" if outcome.status == "pruned" else "fail")

    def look(self, running: Sequence[PlannedJob]) -> float | None:
        """Answers the jobs that ask whether they go on, and shows that this start is at work."""
        self.study.sign.renew()
        if not self.study.about.settings.prunes:
            return BEAT
        asking = [job for job in running if job.number % self._seeds == 0]
        for job in asking:
            question = asked_in(job.folder)
            if question is not None:
                number = job.number // self._seeds
                prune = self.study.report(number, question.epoch - 1, question.value)
                answer(job.folder, question, prune=prune)
        return _LOOK if asking else BEAT

    def _ready(self) -> PlannedJob | None:
        """The next job of the settings that are begun, None where none is to start now."""
        prunes = self.study.about.settings.prunes
        for setting in self._open.values():
            first = len(setting.waiting) == self._seeds
            if setting.waiting and (first or not prunes or setting.records):
                return setting.waiting.popleft()
        return None

    def _next_trial(self) -> Trial | None:
        """A setting that was left, or a new one; None where there is to be none."""
        with locked(self.folder):  # so that two starts do not both draw the last one
            trials = self.study.trials()
            self._show(trials)
            for trial in trials:
                if trial.state == "running" and not trial.mine and not trial.held:
                    return self.study.adopt(trial.number)
            if self._enough(trials):
                return None
            return self.study.ask()

    def _begin(self, trial: Trial) -> None:
        about = self.study.about
        asks = about.objectives[0].epoch_figure if about.settings.prunes else None
        jobs, label = [], about.space.label(trial.values)
        for seed, overrides in enumerate(about.space.overrides(trial.values)):
            number = trial.number * self._seeds + seed
            title = f"[{number + 1}/{about.settings.n_trials * self._seeds}] {label}"
            if self._seeds > 1:
                title += f" {' '.join(about.space.seeds[seed])}"
            jobs.append(self.door.planned(overrides, number, title, asks if seed == 0 else None))
        self.begun(jobs)
        self._known.add(trial.number)
        self._open[trial.number] = _Setting(trial=trial, waiting=deque(jobs))

    def _complete(self, setting: _Setting) -> None:
        """Tells the study the figures of a setting."""
        objectives = self.study.about.objectives
        figures, wrong = figures_of(objectives, setting.records)
        if wrong is None:
            self._close(setting.trial.number, "complete", figures)
            return
        self._close(setting.trial.number, "fail")
        missing = [
            each for each in objectives if any(each.value(of) is None for of in setting.records)
        ]
        if missing:
            known = known_figures(setting.records[0])
            raise self.sink.fail(
                "KG663",
                f"{wrong}, which the search is to make best",
                key="hydra.sweeper.objective",
                help=did_you_mean(missing[0].shown, known, listed=12),
            )
        print(f"note: setting {setting.trial.number} counts as failed: {wrong}", flush=True)

    def _close(self, number: int, state: str, figures: Sequence[float] = ()) -> None:
        self.study.tell(number, state, figures)
        self._open.pop(number, None)

    def _show(self, trials: Sequence[Trial]) -> None:
        """Keeps the outcomes of settings that others have run."""
        space = self.study.about.space
        for trial in trials:
            if trial.state == "running" or trial.number in self._known:
                continue
            self._known.add(trial.number)
            for seed, overrides in enumerate(space.overrides(trial.values)):
                number = trial.number * self._seeds + seed
                folder = self.door.folder(overrides, number)
                if fields := read_fields(folder):
                    found = read_outcome(number, overrides, folder, fields)
                    self.keep(replace(found, earlier=True))

    def _enough(self, trials: Sequence[Trial]) -> bool:
        """Whether no further setting is to be drawn."""
        settings = self.study.about.settings
        if len(trials) >= settings.n_trials:
            return True
        if settings.max_jobs is not None and (len(trials) + 1) * self._seeds > settings.max_jobs:
            self._say(f"`max_jobs` is reached: {len(trials) * self._seeds} jobs")
            return True
        failed = sum(trial.state == "fail" for trial in trials)
        rate = settings.max_failure_rate
        if rate is not None and failed > rate * settings.n_trials:
            self._say(f"{failed} settings have failed, more than `max_failure_rate` allows")
            return True
        return self._target_reached(trials)

    def _target_reached(self, trials: Sequence[Trial]) -> bool:
        about = self.study.about
        if (target := about.settings.target) is None:
            return False
        sign = 1 if about.objectives[0].direction == "maximize" else -1
        for trial in trials:
            if trial.results and sign * trial.results[0] >= sign * target:
                self._say(f"`target` is reached by setting {trial.number}")
                return True
        return False

    def _over_time(self) -> bool:
        most = self.study.about.settings.max_time
        if most is None or time.monotonic() - self._began < most:
            return False
        self._say(f"`max_time` is over: {most:g} s")
        return True

    def _say(self, line: str) -> None:
        if line not in self.notes:
            self.notes.append(line)
