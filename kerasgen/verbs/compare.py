"""Comparing runs: what differs between their configs and surroundings, and their figures.

This room owns which facts of runs stand beside one another. Configs that never ran are the business
of `compare_configs`.

Decisions:
- Two configs are the same if their programs are, wherever and however they were written. What
  differs is told in the words of the config. A config that cannot be read as a program any more is
  compared as it stands in the record, and so are the others then.
- Nothing of a run is executed or opened but its record, its config and its history.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kerasgen.diagnostics import CompileError, Sink, SourceMap
from kerasgen.emit.text.program_data import program_data
from kerasgen.foreign.regular_files import is_there, told
from kerasgen.ir.canonical import ABSENT, same
from kerasgen.ir.program import Program
from kerasgen.ir.values import Tree
from kerasgen.passes.lint.directions import direction
from kerasgen.record.file_names import CONFIG, HISTORY
from kerasgen.record.files import plain
from kerasgen.record.read import read_config, read_history, required
from kerasgen.record.runs import PARTS, RunEntry, read_run
from kerasgen.session.frontend_stages import parsed
from kerasgen.session.run_selection import metric, metric_names
from kerasgen.session.session import Session
from kerasgen.session.states import CLOSED, Findings, ReadConfig, RecordedConfig
from kerasgen.verbs.compared_values import ValueRow, differing_rows, with_rooms

_SURROUNDINGS = (
    *("kerasgen", "code", "python", "packages", "environment", "backend", "devices", "git"),
    *("hardware", "trust"),
)
"""Fields of a record that say with what, and where, a run was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """One metric of several runs.

    Attributes:
        name: the metric, after the part of the data.
        values: the figure of each run, None where it has none.
        better: which end of them is the better one, None where the name does not say.
        best: the places of the best of them; empty where they are all alike.
    """

    name: str
    values: tuple[float | None, ...]
    better: Literal["min", "max"] | None
    best: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunComparison:
    """Several runs beside one another.

    Attributes:
        runs: the runs.
        config: what differs between their configs.
        metrics: their figures.
        surroundings: what differs between packages, machines, code and data.
    """

    runs: tuple[RunEntry, ...]
    config: tuple[ValueRow, ...]
    metrics: tuple[MetricRow, ...]
    surroundings: tuple[ValueRow, ...]

    def report(self) -> dict[str, object]:
        """All of it as plain data; a run that lacks a value is left out beside the others."""
        names = [run.id for run in self.runs]
        return {
            "schema": 1,
            "runs": [
                {"id": run.id, "folder": str(run.folder), "status": run.status, "name": run.name}
                for run in self.runs
            ],
            "config": rows_report(self.config, names),
            "metrics": [
                {
                    "name": row.name,
                    "better": row.better,
                    "values": _by_name(names, row.values),
                    "best": [names[place] for place in sorted(row.best)],
                }
                for row in self.metrics
            ],
            "environment": rows_report(self.surroundings, names),
        }


def rows_report(rows: Sequence[ValueRow], names: Sequence[str]) -> list[dict[str, object]]:
    """Rows of values as plain data."""
    return [
        {"key": row.key, "change": row.change, "values": _by_name(names, row.values)}
        for row in rows
    ]


def _by_name(names: Sequence[str], values: Sequence[object]) -> dict[str, object]:
    pairs = zip(names, values, strict=True)
    return {name: plain(value) for name, value in pairs if value is not ABSENT}


def compare_runs(folders: Sequence[Path], outputs: Path) -> RunComparison:
    """Compares runs with the first of them.

    Args:
        folders: the folders of the runs.
        outputs: the folder of all runs.

    Raises:
        CompileError: KG630, there are not two of them, or one is named twice; KG606 or a code of
            its own, a record or a config cannot be read.
    """
    places = {folder.resolve(): str(folder) for folder in folders}
    require_several([places[folder.resolve()] for folder in folders])
    runs = [read_run(folder, outputs, Sink()) for folder in folders]
    configs = [_config(run.folder) for run in runs]
    programs = [_program(run.folder, config) for run, config in zip(runs, configs, strict=True)]
    return RunComparison(
        runs=tuple(runs),
        config=tuple(config_rows(configs, programs)),
        metrics=tuple(_metric_row(runs, name) for name in metric_names(runs)),
        surroundings=tuple(differing_rows([_surroundings(run.fields) for run in runs])),
    )


def require_several(names: Sequence[str]) -> None:
    """Refuses to compare less than two things, or one with itself.

    Raises:
        CompileError: KG630.
    """
    if len(names) < 2:
        raise Sink().fail(
            "KG630",
            f"there is nothing to compare `{names[0]}` with",
            help="name another one behind it",
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Sink().fail("KG630", f"`{twice}` is named twice: it would be compared with itself")


def config_rows(
    configs: Sequence[Mapping[str, Any]], programs: Sequence[Program | None]
) -> list[ValueRow]:
    """What differs between configs, in their own words.

    Args:
        configs: the configs as plain data.
        programs: what they come to, None for one that cannot be read as a program.
    """
    known = [program for program in programs if program is not None]
    if len(known) < len(programs):
        return differing_rows(configs)
    if all(same(known[0], program) for program in known[1:]):
        return []
    return differing_rows([program_data(program) for program in known])


def draw_histories(path: Path, runs: Sequence[RunEntry]) -> None:
    """Draws the learning curves of runs over one another.

    Args:
        path: the file, whose ending is `.png` or `.svg`.
        runs: the runs; one without a history has no curve.

    Raises:
        CompileError: KG605, the ending is another, or the file cannot be written; KG606, a history
            cannot be read.
    """
    if path.suffix.lower() not in (".png", ".svg"):
        raise Sink().fail(
            "KG605",
            f"curves cannot be drawn as `{path.name or path}`",
            help="end the name in .png or .svg",
        )
    from kerasgen.run.compared_curves import draw_compared_curves

    histories = {run.id: _history(run.folder) for run in runs}
    try:
        draw_compared_curves(path, histories)
    except OSError as error:
        raise Sink().fail("KG605", f"`{path}` cannot be written: {told(error)}") from error


def _config(folder: Path) -> dict[str, Any]:
    """The config of a run; empty where it left none."""
    if not is_there(folder / CONFIG):
        return {}
    with required(folder / CONFIG):
        return read_config(folder)


def _program(folder: Path, config: Mapping[str, Any]) -> Program | None:
    """The program as written that a recorded config comes to, None if it cannot be read."""
    read = ReadConfig(config=config, findings=Findings(source_map=SourceMap()))
    session = Session(RecordedConfig(folder=folder, resolved=read), CLOSED)
    try:
        return parsed(session.selected, name=None, first=None).program
    except CompileError:
        return None


def _history(folder: Path) -> list[dict[str, float]]:
    if not is_there(folder / HISTORY):
        return []
    with required(folder / HISTORY):
        return read_history(folder)


def _surroundings(fields: Mapping[str, Any]) -> dict[str, Tree]:
    found = {name: fields[name] for name in _SURROUNDINGS if name in fields}
    for name, key in (("process", "host"), ("data", "fingerprint")):
        group = fields.get(name)
        if isinstance(group, Mapping) and key in group:
            found[name] = {key: group[key]}
    return with_rooms(found)


def _metric_row(runs: Sequence[RunEntry], name: str) -> MetricRow:
    values = tuple(metric(run, name) for run in runs)
    part = next((part for part in PARTS if name.startswith(f"{part}_")), "")
    better = direction(name.removeprefix(f"{part}_"))
    finite = [value for value in values if value is not None and math.isfinite(value)]
    best = frozenset[int]()
    if better is not None and len(set(finite)) > 1:
        wanted = min(finite) if better == "min" else max(finite)
        best = frozenset(place for place, value in enumerate(values) if value == wanted)
    return MetricRow(name=name, values=values, better=better, best=best)
