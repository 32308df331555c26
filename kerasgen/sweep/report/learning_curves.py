"""The learning curves of the jobs of a sweep, over one another.

This room owns which jobs are drawn, which of their figures, and how many epochs. It must not know
how they are drawn.

Decisions:
- Of many jobs the best are drawn, and of the others, by rank, every n-th; jobs that have not
  completed come last, so that some of them are drawn as well.
- Of many epochs every n-th is drawn, and the last.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.record.read import read_history
from kerasgen.record.runs import PARTS
from kerasgen.sweep.report.swept_table import JobRow, SweptTable

MOST_CURVES = 100
"""Jobs that are drawn."""

MOST_BEST = 20
"""Jobs of these that are the best."""

MOST_POINTS = 60
"""Epochs of a job that are drawn."""

MOST_FIGURES = 4
"""Figures that can be chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Learning curves.

    Attributes:
        names: the figures that can be drawn, the one that is looked at first.
        jobs: each job, and of each of the figures the epochs and values.
        left: how many jobs that have a history were left out.
    """

    names: tuple[str, ...]
    jobs: tuple[tuple[JobRow, tuple[tuple[tuple[float, float], ...], ...]], ...]
    left: int


def learning_curves(table: SweptTable) -> Curves:
    """The learning curves of a sweep's jobs; without names where no job has a history."""
    ranked = [row for row in table.judged if row.run is not None]
    own = {row.name for row in ranked}
    others = [row for row in table.rows if row.run is not None and row.name not in own]
    chosen = chosen_rows([*ranked, *others])
    read = [(row, rows) for row in chosen if (rows := _history(row))]
    counts = Counter(name for _, rows in read for name in dict.fromkeys(k for r in rows for k in r))
    names = _figures(counts, "" if table.goal is None else table.goal.metric)
    return Curves(
        names=tuple(names),
        jobs=tuple((row, tuple(_points(rows, name) for name in names)) for row, rows in read),
        left=len(ranked) + len(others) - len(chosen),
    )


def chosen_rows(rows: Sequence[JobRow]) -> list[JobRow]:
    """The first of some jobs, and every n-th of the rest."""
    if len(rows) <= MOST_CURVES:
        return list(rows)
    rest = rows[MOST_BEST:]
    wanted = MOST_CURVES - MOST_BEST
    picked = [rest[number * (len(rest) - 1) // (wanted - 1)] for number in range(wanted)]
    return [*rows[:MOST_BEST], *picked]


def _history(row: JobRow) -> list[dict[str, float]]:
    if row.run is None:
        return []
    try:
        return read_history(row.run.folder, row.run.fields)
    except ForeignFileError:
        return []


def _figures(counts: Counter[str], metric: str) -> list[str]:
    """The figures to choose from: that of the sweep on validation data first, then on training."""
    plain = next(
        (metric[len(part) + 1 :] for part in PARTS if metric.startswith(f"{part}_")), metric
    )
    wanted = [f"val_{plain}", plain, "val_loss", "loss", metric]
    found = [name for name in dict.fromkeys(wanted) if counts[name]]
    others = [name for name, _ in counts.most_common(20) if name not in _NO_FIGURES]
    return list(dict.fromkeys([*found, *others]))[:MOST_FIGURES]


_NO_FIGURES = ("epoch", "seconds", "learning_rate")


def _points(rows: Sequence[dict[str, float]], name: str) -> tuple[tuple[float, float], ...]:
    points = [
        (row.get("epoch", number), row[name])
        for number, row in enumerate(rows, 1)
        if math.isfinite(row.get(name, math.nan))
    ]
    step = -(-len(points) // MOST_POINTS) or 1
    return tuple(
        point for number, point in enumerate(points, 1) if number % step == 0 or point is points[-1]
    )
