"""Sweeps beside one another, and runs beside sweeps: what they tried, and what came of it.

This room owns which facts of sweeps stand beside one another, and which jobs are pairs. Runs
without a sweep among them are the business of the verb `compare`.

Decisions:
- A run is a sweep of one job.
- All are judged by one figure: that of the first which has one.
- Jobs are pairs if they have the same values of all settings in which jobs of both sweeps differ,
  and the same seed; whatever else differs between the sweeps is what is compared. A run that both
  sweeps have is no pair.
- A figure is called better where the paired test says so, and not otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from kerasgen.diagnostics import Sink
from kerasgen.record.files import plain
from kerasgen.record.runs import RunEntry, read_run
from kerasgen.session.named_run import named_run
from kerasgen.session.run_selection import metric
from kerasgen.sweep.report.setting_values import axis_of, named_values, value_text
from kerasgen.sweep.report.swept_table import (
    JobRow,
    SettingRow,
    SweptTable,
    read_table,
    table_of,
)
from kerasgen.sweep.report.unnamed_values import config_values
from kerasgen.sweep.settings_over_seeds import paired_probability
from kerasgen.sweep.sweep_file import SweptJob
from kerasgen.sweep.swept_runs import SweptRun, named_sweep, names_sweep
from kerasgen.verbs.compare import require_several


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedSetting:
    """The values of one setting in each of the sweeps; empty where nothing is known of it."""

    name: str
    values: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTest:
    """A figure of a sweep beside that of the first, over pairs of runs.

    Attributes:
        count: how many pairs there are.
        difference: the mean of the differences, the first subtracted; None without pairs.
        probability: that of differences at least as large by chance; None for fewer than two pairs.
    """

    count: int
    difference: float | None
    probability: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepComparison:
    """Sweeps beside one another.

    Attributes:
        tables: the sweeps, judged by one figure.
        settings: what they tried, where that differs.
        alike: the settings of which all tried the same values.
        common: jobs that are the same runs as in the first; 0 for the first itself.
        best: the best setting of each beside that of the first, over the seeds of both.
        pairs: all jobs beside those of the first with the same settings and seed.
    """

    tables: tuple[SweptTable, ...]
    settings: tuple[ComparedSetting, ...]
    alike: tuple[str, ...]
    common: tuple[int, ...]
    best: tuple[PairTest | None, ...]
    pairs: tuple[PairTest | None, ...]

    @property
    def best_runs(self) -> list[RunEntry]:
        """The best run of the best setting of each, if it has one."""
        rows = [table.settings[0].rows[0] for table in self.tables if table.settings]
        return [row.run for row in rows if row.run is not None]

    def report(self) -> dict[str, Any]:
        """All of it as plain data."""
        goal = self.tables[0].goal
        found: dict[str, Any] = plain(
            {
                "schema": 1,
                "metric": None if goal is None else {"name": goal.metric, "better": goal.way},
                "sweeps": [
                    {
                        "folder": str(table.folder),
                        "jobs": dict(table.counts),
                        "best": _best_data(table),
                        "common_with_first": common,
                        "best_beside_first": _test_data(best),
                        "pairs_beside_first": _test_data(pairs),
                    }
                    for table, common, best, pairs in zip(
                        self.tables, self.common, self.best, self.pairs, strict=True
                    )
                ],
                "settings": [{"name": each.name, "values": each.values} for each in self.settings],
                "same_settings": self.alike,
            }
        )
        return found


def any_sweep(names: Sequence[str], outputs: Path) -> bool:
    """Whether one of some names is the folder of a sweep."""
    return any(names_sweep(name, outputs) for name in names)


def compare_sweeps(names: Sequence[str], outputs: Path, by: str | None = None) -> SweepComparison:
    """Compares sweeps and runs with the first of them.

    Args:
        names: the folders of sweeps, and names of runs.
        outputs: the folder of all runs.
        by: the metric that judges, as `best:` takes it; None for that of the first.

    Raises:
        CompileError: KG606, KG627 or a code of its own, one is not there or cannot be read; KG630,
            there are not two of them, or one is named twice; KG107 or KG607, the first has no such
            metric, or nothing says which way it gets better.
    """
    tables = [_read(name, outputs, by if place == 0 else None) for place, name in enumerate(names)]
    places = {table.folder.resolve(): str(table.folder) for table in tables}
    require_several([places[table.folder.resolve()] for table in tables])
    goal = next((table.goal for table in tables if table.goal is not None), None)
    judged = [
        replace(
            table,
            goal=goal,
            rows=tuple(
                replace(row, figure=None if goal is None else _figure(row.run, goal.metric))
                for row in table.rows
            ),
        )
        for table in tables
    ]
    first, *others = judged
    settings = _settings(judged)
    return SweepComparison(
        tables=tuple(judged),
        settings=tuple(each for each in settings if len(set(each.values)) > 1),
        alike=tuple(each.name for each in settings if len(set(each.values)) == 1),
        common=(0, *(_common(first, other) for other in others)),
        best=(None, *(_best_test(first, other) for other in others)),
        pairs=(None, *(_pair_test(first, other) for other in others)),
    )


def _read(name: str, outputs: Path, by: str | None) -> SweptTable:
    """A sweep, or a run as a sweep of one job."""
    if names_sweep(name, outputs):
        return read_table(named_sweep(name, outputs), by)
    folder = named_run(name, outputs)
    run = read_run(folder, outputs, Sink())
    said = run.fields.get("overrides")
    words = [text for text in said if isinstance(text, str)] if isinstance(said, list) else []
    job = SweptJob(identity="", folder=".", overrides=tuple(words))
    return table_of(folder, [SweptRun(job=job, run=run)], by=by)


def _figure(run: RunEntry | None, name: str) -> float | None:
    return None if run is None else metric(run, name)


def _settings(tables: Sequence[SweptTable]) -> list[ComparedSetting]:
    """What each of some sweeps tried of every setting that one of them names."""
    names = dict.fromkeys(name for table in tables for name in table.names)
    tried = [_tried(table, names) for table in tables]
    found = []
    for name in names:
        every = [row.settings.get(name) for table in tables for row in table.rows]
        order = axis_of(name, every).places
        values = [
            sorted(own[name], key=lambda text: (order.get(text, 0), _number(text), text))
            for own in tried
        ]
        found.append(ComparedSetting(name=name, values=tuple(map(tuple, values))))
    return found


def _tried(table: SweptTable, names: Iterable[str]) -> dict[str, set[str]]:
    """The values that a sweep has of some settings; of one that no job names, those of configs."""
    found = {
        name: {value_text(row.settings[name]) for row in table.rows if name in row.settings}
        for name in names
    }
    unnamed = [name for name, values in found.items() if not values]
    if unnamed:
        named = [named_values(row.overrides) for row in table.rows]
        for own in config_values(named, [row.run for row in table.rows], unnamed):
            for name, value in own.items():
                found[name].add(value_text(value))
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _common(first: SweptTable, other: SweptTable) -> int:
    own = {row.run.folder.resolve() for row in first.rows if row.run is not None}
    return sum(row.run is not None and row.run.folder.resolve() in own for row in other.rows)


def _best_test(first: SweptTable, other: SweptTable) -> PairTest | None:
    """The best settings of both, over the seeds of both."""
    if not first.settings or not other.settings or first.goal is None or first.goal.way is None:
        return None
    one, two = (table.settings[0].figures.values for table in (first, other))
    return _test([two[seed] - one[seed] for seed in one if seed in two])


def _pair_test(first: SweptTable, other: SweptTable) -> PairTest | None:
    """All jobs of both with the same settings and seed."""
    shared = [name for name in first.varied if name in other.varied]
    seeds = first.has_seeds and other.has_seeds
    if not shared and not seeds:
        return None
    one, two = (_by_settings(table, shared, seeds=seeds) for table in (first, other))
    differences = [
        two[key].figure - one[key].figure  # type: ignore[operator]  # Both are judged.
        for key in one
        if key in two and not _same_run(one[key], two[key])
    ]
    return _test(differences)


def _by_settings(
    table: SweptTable, names: Sequence[str], *, seeds: bool
) -> dict[tuple[object, ...], JobRow]:
    """The judged jobs by some of their settings; those of which several have the same are left."""
    found: dict[tuple[object, ...], list[JobRow]] = {}
    for row in table.judged:
        key = (*(row.settings.get(name) for name in names), row.seed if seeds else "")
        found.setdefault(key, []).append(row)
    return {key: rows[0] for key, rows in found.items() if len(rows) == 1}


def _same_run(one: JobRow, other: JobRow) -> bool:
    if one.run is None or other.run is None:
        return False
    return one.run.folder.resolve() == other.run.folder.resolve()


def _test(differences: Sequence[float]) -> PairTest:
    return PairTest(
        count=len(differences),
        difference=fmean(differences) if differences else None,
        probability=paired_probability(differences),
    )


def _best_data(table: SweptTable) -> dict[str, object] | None:
    if not table.settings:
        return None
    best: SettingRow = table.settings[0]
    return {
        "setting": best.label,
        "n": len(best.figures.values),
        "mean": best.figures.mean,
        "deviation": best.figures.deviation,
        "interval": best.figures.interval,
        "command": best.rows[0].command,
    }


def _test_data(test: PairTest | None) -> dict[str, object] | None:
    if test is None:
        return None
    return {
        "pairs": test.count,
        "difference": test.difference,
        "probability": test.probability,
    }
