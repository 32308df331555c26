"""A sweep as one table: a row a job, with its settings, its state, its figures and its cost.

This room owns what is known of a sweep for a report, and the figure by which it is judged. It must
not know how that is shown.

Decisions:
- The figure is the first objective that the sweep names, else the main metric of its jobs, unless
  somebody asks for another. Where nothing says which way it gets better, nothing is called best.
- Settings are told apart by their overrides without the seed, which makes no setting.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Literal, NamedTuple

from kerasgen.diagnostics import Sink
from kerasgen.foreign.passwords import without_passwords
from kerasgen.foreign.printable import shown
from kerasgen.passes.lint.directions import direction
from kerasgen.record.files import number
from kerasgen.record.runs import PARTS, RunEntry
from kerasgen.session.run_selection import best_run, metric, metric_names
from kerasgen.sweep.outcomes import main_metric, varying
from kerasgen.sweep.report.setting_values import (
    Axis,
    SettingValue,
    axis_of,
    short_text,
    value_text,
)
from kerasgen.sweep.report.unnamed_values import MOST_NAMES, SEED, settings_of
from kerasgen.sweep.settings_over_seeds import (
    SettingFigures,
    compared_settings,
    is_comparable,
    is_seed,
    seed_of,
)
from kerasgen.sweep.sweep_file import read_search
from kerasgen.sweep.swept_runs import SweptRun, swept_runs, training_command

Way = Literal["min", "max"]

COMPLETED = "completed"

_MOST_OBJECTIVES = 10

_LONGEST_COMMAND = 10_000


class Goal(NamedTuple):
    """A figure, and which way it gets better; None where nothing says so."""

    metric: str
    way: Way | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """A job of a sweep.

    Attributes:
        name: what it is called: its folder in the sweep.
        overrides: its overrides.
        varied: those by which it differs from other jobs.
        settings: what they set, the seed as well; of what others set, what its config has.
        seed: its seed as it was written, empty for none.
        setting: the overrides without the seed.
        status: how it stands.
        reason: why it did not complete, empty where nobody says.
        run: its run, None where it did not begin.
        borrowed: whether another sweep has run it.
        figure: the figure by which the sweep is judged; NaN and infinity included.
        parameters: those of its model.
    """

    name: str
    overrides: tuple[str, ...]
    varied: tuple[str, ...]
    settings: Mapping[str, SettingValue]
    seed: str
    setting: tuple[str, ...]
    status: str
    reason: str
    run: RunEntry | None
    borrowed: bool
    figure: float | None
    parameters: int | None

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return None if self.run is None else self.run.seconds

    @property
    def command(self) -> str:
        """The command that trains it again."""
        return without_passwords(training_command(self.overrides, self.run))

    @property
    def copied(self) -> str:
        """The command, where it is of a length that somebody may have typed."""
        return self.command if len(self.command) <= _LONGEST_COMMAND else ""

    @property
    def label(self) -> str:
        """What it is called, and its overrides, in a line."""
        return short_text(f"{self.name}: {' '.join(self.varied or self.overrides)}", 200)

    @property
    def judged(self) -> bool:
        """Whether it has completed with a figure that can be compared."""
        return self.status == COMPLETED and self.figure is not None and is_comparable(self.figure)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """A setting of a sweep with those of its jobs that are judged.

    Attributes:
        label: the overrides that make it what it is.
        brief: the same in fewer words.
        rows: its jobs, the best first.
        figures: them over the seeds.
    """

    label: str
    brief: str
    rows: tuple[JobRow, ...]
    figures: SettingFigures

    def mean(self, value: Callable[[JobRow], float | None]) -> float | None:
        """The mean of something over its jobs; None where one of them does not have it."""
        every = [value(row) for row in self.rows]
        found = [each for each in every if each is not None and is_comparable(each)]
        return fmean(found) if len(found) == len(self.rows) else None


@dataclass(frozen=True, kw_only=True)
class SweptTable:
    """A sweep.

    Attributes:
        folder: its folder.
        rows: its jobs, in their order.
        goal: the figure by which it is judged, None where no job has one.
        objectives: the figures that it was to better, if it names any.
        metrics: all metrics of its jobs.
    """

    folder: Path
    rows: tuple[JobRow, ...]
    goal: Goal | None
    objectives: tuple[Goal, ...]
    metrics: tuple[str, ...]

    @cached_property
    def names(self) -> list[str]:
        """The names of all settings but the seed; of very many those that most jobs have."""
        counts = Counter(name for row in self.rows for name in row.settings if name != SEED)
        return [name for name, _ in counts.most_common(MOST_NAMES)]

    @cached_property
    def varied(self) -> list[str]:
        """The names of the settings in which jobs differ."""
        return [
            name for name in self.names if len({row.settings.get(name) for row in self.rows}) > 1
        ]

    @cached_property
    def has_seeds(self) -> bool:
        """Whether jobs differ in their seed."""
        return len({row.seed for row in self.rows}) > 1

    @cached_property
    def judged(self) -> list[JobRow]:
        """The completed jobs with a finite figure, the best first."""
        found = [row for row in self.rows if row.judged]
        return sorted(found, key=lambda row: self.rank(row.figure))

    @cached_property
    def settings(self) -> list[SettingRow]:
        """The settings that have a figure, the one with the best mean first."""
        groups: dict[tuple[str, ...], list[JobRow]] = {}
        for row in self.judged:
            groups.setdefault(row.setting, []).append(row)
        every = list(dict.fromkeys(row.setting for row in self.rows))
        texts = [" ".join(own) for own in varying(every)] if len(every) > 1 else ["all"]
        named: dict[str, list[JobRow]] = {}
        for text, setting in zip(texts, every, strict=False):
            if setting in groups:
                label = text if text not in named else f"{text} ({len(named) + 1})"
                named[label] = groups[setting]
        figures = [
            SettingFigures(
                label=label,
                values={row.seed: row.figure for row in rows if row.figure is not None},
            )
            for label, rows in named.items()
        ]
        way = None if self.goal is None else self.goal.way
        return [
            SettingRow(
                label=found.label,
                brief=self.brief(named[found.label][0]) or found.label,
                rows=tuple(named[found.label]),
                figures=found,
            )
            for found in compared_settings(figures, way)
        ]

    def brief(self, row: JobRow) -> str:
        """The settings in which jobs differ, by their brief names."""
        return " ".join(
            f"{self.brief_names[name]}={value_text(row.settings[name])}"
            for name in self.varied
            if name in row.settings
        )

    @cached_property
    def brief_names(self) -> dict[str, str]:
        """The last word of each setting in which jobs differ, where no other has the same."""
        last = {name: name.rpartition(".")[2] or name for name in self.varied}
        counts = Counter([*last.values(), SEED])
        return {name: word if counts[word] == 1 else name for name, word in last.items()}

    @cached_property
    def axes(self) -> dict[str, Axis]:
        """The axis of each setting in which jobs differ."""
        return {
            name: axis_of(name, [row.settings.get(name) for row in self.rows])
            for name in self.varied
        }

    def rank(self, figure: float | None) -> float:
        """What sorts figures, the best first; without a way the largest first."""
        if figure is None or not is_comparable(figure):
            return math.inf
        return figure if self.goal is not None and self.goal.way == "min" else -figure

    @property
    def counts(self) -> Counter[str]:
        """How many jobs stand how."""
        return Counter(row.status for row in self.rows)


def read_table(folder: Path, by: str | None = None) -> SweptTable:
    """A sweep as a table.

    Args:
        folder: its folder.
        by: the metric by which it is judged, as `best:` takes it; None for its own.

    Raises:
        CompileError: KG107 or KG607, no job has such a metric, or nothing says which way it gets
            better.
    """
    search = read_search(folder)
    named = () if search is None else search.objectives[:_MOST_OBJECTIVES]
    goals = [Goal(name, "max" if way == "maximize" else "min") for name, way in named]
    return table_of(folder, swept_runs(folder), goals, by)


def table_of(
    folder: Path,
    found: Sequence[SweptRun],
    objectives: Sequence[Goal] = (),
    by: str | None = None,
) -> SweptTable:
    """Jobs as a table.

    Args:
        folder: the folder to which their own are relative.
        found: the jobs.
        objectives: the figures that they were to better.
        by: as for `read_table`.

    Raises:
        CompileError: as for `read_table`.
    """
    runs = [each.run for each in found if each.run is not None and each.status == COMPLETED]
    goal = _asked_goal(runs, by) if by is not None and runs else _own_goal(runs, objectives)
    varied = varying([each.job.overrides for each in found])
    return SweptTable(
        folder=folder,
        rows=tuple(
            _row(each, tuple(own), settings, folder, goal)
            for each, own, settings in zip(found, varied, settings_of(found), strict=True)
        ),
        goal=goal,
        objectives=tuple(objectives),
        metrics=tuple(metric_names([each.run for each in found if each.run is not None])),
    )


def _asked_goal(runs: Sequence[RunEntry], by: str) -> Goal:
    best = best_run(runs, f"--by={by}", by, Sink())  # It refuses what has no best.
    name = by.lstrip("+-")
    signs: dict[str, Way] = {"-": "max", "+": "min"}
    return Goal(full_name(best, name), signs.get(by[:1], direction(name.replace(".", "_"))))


def _own_goal(runs: Sequence[RunEntry], objectives: Sequence[Goal]) -> Goal | None:
    for goal in objectives:
        if any(metric(run, goal.metric) is not None for run in runs):
            return goal
    named = [each for run in runs if (each := main_metric(run.fields)) is not None]
    if not named:
        return None
    (name, _), *_ = named
    return Goal(f"{PARTS[0]}_{name}", direction(name))


def full_name(run: RunEntry, name: str) -> str:
    """A metric of a run with the part of the data before it, however it was called."""
    name = name.removeprefix("metrics.")
    for each in metric_names([run]):
        part, _, rest = each.partition("_")
        if name in (each, f"{part}.{rest}", rest):
            return each
    return name


def _row(
    each: SweptRun,
    varied: tuple[str, ...],
    settings: Mapping[str, SettingValue],
    folder: Path,
    goal: Goal | None,
) -> JobRow:
    run, overrides = each.run, each.job.overrides
    error = None if run is None else run.fields.get("error")
    return JobRow(
        name=each.job.folder,
        overrides=overrides,
        varied=varied,
        settings=settings,
        seed=seed_of(overrides),
        setting=tuple(text for text in overrides if not is_seed(text)),
        status=each.status,
        reason="" if error is None else shown(without_passwords(str(error)).strip()),
        run=run,
        borrowed=run is not None and run.folder != folder / each.job.folder,
        figure=None if run is None or goal is None else metric(run, goal.metric),
        parameters=None if run is None else _count(run.fields.get("parameters")),
    )


def _count(value: object) -> int | None:
    found = number(value)
    return int(found) if found is not None and found.is_integer() else None
