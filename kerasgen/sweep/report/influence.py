"""What the settings of a sweep do to its figure: alone, in pairs, and all at once.

This room owns which settings and jobs are drawn, and what is told of how figures were computed. The
figures themselves stand in `importance` and `slices`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from kerasgen.emit.page.blocks import Block, Chart, Charts, Note, PlainData, Section, Table
from kerasgen.run.page.wording import figure_text, plural
from kerasgen.sweep.report.importance import FEW_SETTINGS, LEAST_SETTINGS, Importance
from kerasgen.sweep.report.setting_values import Axis, axis_of, short_text
from kerasgen.sweep.report.slices import heat_map, means_over
from kerasgen.sweep.report.spread import rounded
from kerasgen.sweep.report.swept_table import Goal, JobRow, SweptTable

MOST_AXES = 12
"""Settings that are drawn, the most important first."""

MOST_PAIRED = 6
"""Settings that are drawn in pairs."""

MOST_JOBS = 1_000
"""Jobs that are drawn; of more, every n-th by rank."""


def importance_section(found: Importance) -> Section:
    """Which settings matter, and how that was computed."""
    blocks: list[Block] = []
    seeds = "" if found.seeds is None else _of_seeds(found.seeds)
    if found.score is None:
        if found.settings > 1:
            text = f"{plural(found.settings, 'setting')} with a figure are too few to tell which "
            text += f"values matter: that takes {LEAST_SETTINGS}, and more for many keys. {seeds}"
            if found.settings >= LEAST_SETTINGS:
                text = f"All {found.settings} settings have the same figure. {seeds}"
            blocks.append(Note(text=text.strip()))
        return Section(name="importance", title="Which settings matter", blocks=tuple(blocks))
    text = (
        f"A random forest of 200 trees learned the mean figure of each of {found.settings} "
        f"settings ({plural(found.runs, 'run')}). Of settings that its trees had not seen it "
        f"explains {_percent(max(found.score, 0))} of the variance (R squared, out of bag). Its "
        "answers are taken apart (Sobol indices over the values that were tried, each as often as "
        "the others): alone is what one setting does by itself, with others what would be gone "
        f"without it. {seeds}"
    )
    blocks.append(Note(text=text.strip()))
    if not found.shares:
        text = "That is no more than their mean would: no setting is shown to matter."
        blocks.append(Note(text=text, tone="warning"))
    else:
        if found.settings < FEW_SETTINGS or found.score < 0.5:
            few = "few settings" if found.settings < FEW_SETTINGS else "what explains little"
            text = f"From {few}: take the order with care, and small shares for none."
            blocks.append(Note(text=text, tone="warning"))
        blocks += _shares(found)
    return Section(name="importance", title="Which settings matter", blocks=tuple(blocks))


def _of_seeds(share: float) -> str:
    return f"Of the variance between all runs, {_percent(share)} lies between seeds of one setting."


def _shares(found: Importance) -> list[Block]:
    shares = found.shares
    chart = Chart(
        kind="bars",
        data={
            "names": [short_text(share.name) for share in shares],
            "alone": [rounded(share.alone) for share in shares],
            "together": [rounded(share.together) for share in shares],
        },
        caption="Share of the variance between settings that each key explains",
        height=7 + 2.4 * len(shares),
    )
    table = Table(
        head=("key", "alone", "with others"),
        rows=tuple(
            (short_text(share.name), _percent(share.alone), _percent(share.together))
            for share in shares
        ),
        numbers=frozenset({1, 2}),
    )
    return [Charts(charts=(chart,)), table]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def parallel_section(table: SweptTable, names: Sequence[str]) -> Section:
    """All jobs at once, an axis a setting."""
    goal, rows = table.goal, drawn_rows(table)
    blocks: tuple[Block, ...] = ()
    if goal is not None and len(rows) > 1 and table.varied:
        axes = [table.axes[name] for name in names[:MOST_AXES]]
        places = {row.name: place for place, row in enumerate(table.rows)}
        last = figure_axis(goal, [_figure(row) for row in rows])
        # The best are drawn last, over all others.
        lines: list[list[PlainData]] = [
            [places[row.name], *(_place(axis, row) for axis in axes), _figure(row)]
            for row in reversed(rows)
        ]
        told = f"An axis a setting, a line a job: {_drawn(len(rows), len(table.judged))}"
        if len(names) > MOST_AXES:
            told += f"; the {MOST_AXES} most important of {len(names)} settings"
        chart = Chart(
            kind="parallel",
            data={
                "axes": [
                    *(axis_data(axis, table.brief_names[axis.name]) for axis in axes),
                    axis_data(last),
                ],
                "lines": lines,
                "way": goal.way,
            },
            caption=told,
            height=27,
        )
        blocks = (Charts(charts=(chart,)),)
    return Section(name="parallel", title="All settings at once", blocks=blocks)


def slices_section(table: SweptTable, names: Sequence[str]) -> Section:
    """The figure over each setting."""
    goal, rows = table.goal, drawn_rows(table)
    blocks: tuple[Block, ...] = ()
    if goal is not None and len(rows) > 1 and table.varied:
        places = {row.name: place for place, row in enumerate(table.rows)}
        own = figure_axis(goal, [_figure(row) for row in rows])
        charts = []
        for name in names[:MOST_AXES]:
            axis = table.axes[name]
            points = [
                (place, _figure(row), places[row.name])
                for row in rows
                if (place := _place(axis, row)) is not None
            ]
            means = means_over(axis, table.settings)
            charts.append(
                Chart(
                    kind="strip",
                    data={
                        "x": axis_data(axis),
                        "y": axis_data(own),
                        "points": points,
                        "means": [(each.value, rounded(each.mean), each.count) for each in means],
                    },
                    caption=f"{short_text(goal.metric)} over {short_text(name)}"
                    + ("; diamonds are means of settings" if means else ""),
                    height=17,
                )
            )
        blocks = (Charts(charts=tuple(charts)),)
    return Section(name="slices", title="One setting at a time", blocks=blocks)


def interactions_section(table: SweptTable, names: Sequence[str]) -> Section:
    """The mean figure over pairs of settings."""
    goal = table.goal
    pairs = list(combinations(names[:MOST_PAIRED], 2))
    blocks: tuple[Block, ...] = ()
    if goal is not None and len(table.settings) > 1 and pairs:
        maps = [
            found
            for one, other in pairs
            if (found := heat_map(table.axes[one], table.axes[other], table.settings)).cells
        ]
        chart = Chart(
            kind="heat",
            data={
                "metric": short_text(goal.metric),
                "way": goal.way,
                "maps": [
                    {
                        "names": [short_text(name) for name in each.names],
                        "columns": each.columns,
                        "rows": each.rows,
                        "cells": [(c, r, rounded(mean), n) for c, r, mean, n in each.cells],
                    }
                    for each in maps
                ],
            },
            caption=f"Mean {short_text(goal.metric)} of the settings that have both values, over "
            "all other settings; cells without one are empty",
            height=26,
        )
        blocks = (Charts(charts=(chart,)),) if maps else ()
    return Section(name="interactions", title="Two settings together", blocks=blocks)


def drawn_rows(table: SweptTable) -> list[JobRow]:
    """The judged jobs that are drawn, the best first."""
    rows = table.judged
    return rows[:: -(-len(rows) // MOST_JOBS)] if rows else []


def figure_axis(goal: Goal, values: Sequence[float]) -> Axis:
    """The axis of a figure; one that is to be large has no decades."""
    if goal.way == "max":
        return Axis(name=goal.metric, kind="linear", places={})
    return axis_of(goal.metric, values)


def axis_data(axis: Axis, name: str | None = None) -> dict[str, PlainData]:
    """An axis as the page's script takes it, by its own name or another."""
    return {"name": short_text(name or axis.name), "kind": axis.kind, "labels": axis.labels}


def _place(axis: Axis, row: JobRow) -> float | None:
    place = axis.place(row.settings.get(axis.name))
    return None if place is None else rounded(place)


def _figure(row: JobRow) -> float:
    assert row.figure is not None
    return rounded(row.figure)


def _drawn(count: int, of: int) -> str:
    return f"{count:,} jobs" if count == of else f"{count:,} of {figure_text(of)} jobs, by rank"
