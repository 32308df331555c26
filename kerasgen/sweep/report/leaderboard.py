"""What a sweep has come to: how its jobs stand, the best settings, and all jobs in their order.

This room owns which of them are listed, and what is said of the best.

Decisions:
- What is best is a setting by the mean of its seeds; the leaderboard lists jobs, and says so.
- Nothing is called better than what the paired test does not show to be worse.
"""

from __future__ import annotations

import math

from kerasgen.emit.page.blocks import Block, Cell, Code, Facts, Note, Section, Table
from kerasgen.run.page.wording import duration_text, figure_text, plural
from kerasgen.session.run_selection import metric
from kerasgen.sweep.report.setting_values import short_text, value_text
from kerasgen.sweep.report.swept_table import JobRow, SettingRow, SweptTable
from kerasgen.sweep.settings_over_seeds import beside_text

MOST_ROWS = 2_000
"""Jobs that are listed."""

MOST_COLUMNS = 16
"""Settings that have a column."""

MOST_METRICS = 4
"""Metrics that have a column, that of the sweep aside."""

MOST_BEST = 5
"""Settings whose command is shown."""


def summary_section(table: SweptTable) -> Section:
    """How the sweep stands."""
    goal = table.goal
    seconds = [row.seconds for row in table.rows if row.seconds is not None and not row.borrowed]
    pairs = {
        "jobs": f"{len(table.rows):,}: "
        + ", ".join(f"{count:,} {status}" for status, count in table.counts.most_common()),
        "judged by": "nothing yet" if goal is None else _goal_text(table),
        "settings": f"{len({row.setting for row in table.rows}):,}",
        "time of its jobs": duration_text(sum(seconds)) if seconds else "",
    }
    if table.varied:
        pairs["they differ in"] = ", ".join(map(short_text, table.varied[:MOST_COLUMNS]))
    if table.has_seeds:
        pairs["seeds"] = f"{len({row.seed for row in table.rows}):,}"
    alike = {name: table.rows[0].settings[name] for name in table.names if name not in table.varied}
    if alike:
        told = [
            f"{short_text(name)}={short_text(value_text(value))}" for name, value in alike.items()
        ]
        pairs["the same in all"] = ", ".join(told[:MOST_COLUMNS])
    borrowed = sum(row.borrowed for row in table.rows)
    if borrowed:
        pairs["run by other sweeps"] = plural(borrowed, "job")
    blocks: list[Block] = [Facts(pairs={name: text for name, text in pairs.items() if text})]
    if goal is not None and goal.way is None:
        text = f"Nothing says whether a small or a large {goal.metric} is good, so that no setting "
        text += f"is called the best: --by=+{goal.metric} or --by=-{goal.metric} says it."
        blocks.append(Note(text=text, tone="warning"))
    left = [row for row in table.rows if row.status in ("waiting", "running", "created")]
    if left:
        text = f"{plural(len(left), 'job')} of {len(table.rows):,} are still to come: "
        blocks.append(Note(text=f"{text}what is said here may change.", tone="warning"))
    return Section(name="summary", title="Summary", blocks=tuple(blocks))


def _goal_text(table: SweptTable) -> str:
    assert table.goal is not None
    named = table.objectives if len(table.objectives) > 1 else (table.goal,)
    ways = {"min": "the smaller the better", "max": "the larger the better", None: "either way"}
    return "; ".join(f"{short_text(goal.metric)}, {ways[goal.way]}" for goal in named)


def best_section(table: SweptTable) -> Section:
    """The settings with the best means, each as a command."""
    blocks: list[Block] = []
    if table.goal is not None and table.goal.way is not None and table.settings:
        first, *_ = table.settings
        blocks.append(Note(text=_told_of_best(table)))
        for place, setting in enumerate(table.settings[:MOST_BEST], 1):
            text = f"{_figures_text(setting, table.goal.metric)}"
            if setting is not first and table.has_seeds:
                text += f"; {beside_text(setting.figures, first.figures)}"
            blocks.append(Note(title=f"{place}.", text=f"{short_text(setting.brief, 200)}: {text}"))
            if command := setting.rows[0].copied:
                blocks.append(Code(text=command, copied=True))
    return Section(name="best", title="Best settings", blocks=tuple(blocks))


def _told_of_best(table: SweptTable) -> str:
    """What the first place is worth."""
    first, *others = (each.figures for each in table.settings)
    if not others:
        return "The sweep has one setting with a figure."
    compared = [each for each in others if each.probability is not None]
    if not compared:
        return (
            "Each setting has too few seeds in common with the first to be compared: what stands "
            "first may do so by chance. 'seed=range(5)' repeats each of them."
        )
    level = [each for each in others if not beside_text(each, first).startswith("worse")]
    if not level:
        return "All others are shown to be worse than the first (paired t test, Holm's correction)."
    return (
        f"Of {plural(len(others), 'other')}, {len(level)} "
        f"{'is' if len(level) == 1 else 'are'} not shown to be worse than the first "
        "(paired t test over the seeds of both, Holm's correction)."
    )


def _figures_text(setting: SettingRow, name: str) -> str:
    figures = setting.figures
    if len(figures.values) == 1:
        return f"{name} {figure_text(figures.mean)} (one run)"
    interval = figures.interval
    told = f"mean {name} {figure_text(figures.mean)} of {len(figures.values)} seeds"
    if interval is not None:
        told += f", 95 % interval {figure_text(interval[0])} to {figure_text(interval[1])}"
    return told


def leaderboard_section(table: SweptTable) -> Section:
    """All jobs, the best first; those without a figure after them."""
    ranked = table.judged
    ranks = {row.name: place for place, row in enumerate(ranked, 1)}
    others = [row for row in table.rows if row.name not in ranks]
    rows = [*ranked, *others]
    places = {row.name: str(place) for place, row in enumerate(table.rows)}
    settings = table.varied[:MOST_COLUMNS]
    metrics = [name for name in table.metrics if table.goal is None or name != table.goal.metric]
    shown_metrics = metrics[:MOST_METRICS]
    names = (table.brief_names[name] for name in settings)
    own = () if table.goal is None else (table.goal.metric,)
    head = ("rank", "job", *own, *names, *(("seed",) if table.has_seeds else ()), "status")
    start, first = len(head), 2 + len(own)
    head += (*shown_metrics, "epochs", "seconds", "parameters")
    numeric = {first + n for n, name in enumerate(settings) if table.axes[name].kind != "places"}
    listed = Table(
        head=tuple(map(short_text, head)),
        rows=tuple(
            _cells(row, ranks.get(row.name), settings, shown_metrics, table)
            for row in rows[:MOST_ROWS]
        ),
        caption=_caption(len(rows)),
        numbers=frozenset({0, *range(2, first), *numeric, *range(start, len(head))}),
        sortable=True,
        filtered=True,
        roomy=True,
        keys=tuple(places[row.name] for row in rows[:MOST_ROWS]),
    )
    return Section(name="leaderboard", title="Leaderboard", blocks=(listed,))


def _caption(count: int) -> str:
    told = (
        "A row a job, by its own figure. The name of a column sorts by it; copy takes the command."
    )
    return f"The first {MOST_ROWS:,} of {count:,} jobs. {told}" if count > MOST_ROWS else told


def _cells(
    row: JobRow,
    rank: int | None,
    settings: list[str],
    metrics: list[str],
    table: SweptTable,
) -> tuple[Cell | str, ...]:
    run = row.run
    figures = [None if run is None else metric(run, name) for name in metrics]
    own = [
        short_text(value_text(row.settings[name])) if name in row.settings else ""
        for name in settings
    ]
    return (
        "" if rank is None else str(rank),
        Cell(text=short_text(row.name), bold=rank == 1, copied=row.copied),
        *(() if table.goal is None else (number_text(row.figure),)),
        *own,
        *((short_text(row.seed),) if table.has_seeds else ()),
        Cell(text=row.status, hint=short_text(row.reason, 200)),
        *map(number_text, figures),
        "" if run is None or run.epochs is None else str(run.epochs),
        number_text(row.seconds),
        number_text(row.parameters),
    )


def number_text(value: float | None) -> str:
    """A number of a table, empty for none."""
    if value is None:
        return ""
    return "NaN" if math.isnan(value) else figure_text(value)
