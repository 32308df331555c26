"""What figures cost: the settings that no other one betters in both, or in all objectives.

This room owns what is weighed against what. The front itself stands in `pareto`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from kerasgen.emit.page.blocks import Block, Cell, Chart, Charts, Note, Section, Table
from kerasgen.session.run_selection import metric
from kerasgen.sweep.report.influence import axis_data, figure_axis
from kerasgen.sweep.report.leaderboard import number_text
from kerasgen.sweep.report.pareto import pareto_front
from kerasgen.sweep.report.setting_values import short_text
from kerasgen.sweep.report.spread import rounded
from kerasgen.sweep.report.swept_table import Goal, JobRow, SettingRow, SweptTable

MOST_POINTS = 1_000
"""Settings that are drawn, the best first."""

MOST_LISTED = 50
"""Settings of the front that are listed."""


def cost_section(table: SweptTable) -> Section:
    """The front, and figure against cost."""
    goal, settings = table.goal, table.settings[:MOST_POINTS]
    if goal is None or goal.way is None or len(settings) < 2:
        return Section(name="pareto", title="Pareto front and cost", blocks=())
    blocks: list[Block] = []
    if len(table.objectives) > 1:
        blocks += _of_objectives(table.objectives, settings)
    seconds = Goal("seconds", "min"), (lambda row: row.seconds)
    parameters = Goal("parameters", "min"), (lambda row: row.parameters)
    figure = goal, (lambda row: row.figure)
    charts = [
        chart
        for cost in (seconds, parameters)
        if (chart := _chart(cost, figure, settings)) is not None
    ]
    if charts:
        text = "Settings by the means of their seeds. Diamonds are those that no other setting "
        text += "betters in both: the Pareto front."
        if len(table.objectives) < 2:
            blocks += [Note(text=text), *_front_of(figure, seconds, settings)]
        blocks.append(Charts(charts=tuple(charts)))
    return Section(name="pareto", title="Pareto front and cost", blocks=tuple(blocks))


_Measured = tuple[Goal, Callable[[JobRow], float | None]]


def _of_objectives(objectives: Sequence[Goal], settings: Sequence[SettingRow]) -> list[Block]:
    measured: list[_Measured] = [(goal, _reader(goal.metric)) for goal in objectives]
    blocks: list[Block] = [
        Note(
            text="The sweep has several objectives. These settings are bettered by no other one in "
            "all of them; each figure is the mean of the seeds."
        ),
        *_front(measured, settings),
    ]
    if len(measured) == 2:
        chart = _chart(measured[0], measured[1], settings)
        blocks += [] if chart is None else [Charts(charts=(chart,))]
    return blocks


def _reader(name: str) -> Callable[[JobRow], float | None]:
    return lambda row: None if row.run is None else metric(row.run, name)


def _front_of(figure: _Measured, cost: _Measured, settings: Sequence[SettingRow]) -> list[Block]:
    return _front([figure, cost], settings)


def _front(measured: Sequence[_Measured], settings: Sequence[SettingRow]) -> list[Block]:
    """The table of the settings that no other one betters."""
    known = _known(measured, settings)
    if not known:
        return []
    places = pareto_front([_signed(measured, values) for _, values in known])
    rows = [known[place] for place in places]
    cut = f"; the first {MOST_LISTED} of them" if len(rows) > MOST_LISTED else ""
    return [
        Table(
            head=("setting", *(short_text(goal.metric) for goal, _ in measured)),
            rows=tuple(
                (
                    Cell(text=short_text(each.brief, 200), copied=each.rows[0].copied),
                    *map(number_text, values),
                )
                for each, values in rows[:MOST_LISTED]
            ),
            caption=f"Pareto front: {len(rows)} of {len(known)} settings{cut}",
            numbers=frozenset(range(1, len(measured) + 1)),
            sortable=True,
            roomy=True,
        )
    ]


def _known(
    measured: Sequence[_Measured], settings: Sequence[SettingRow]
) -> list[tuple[SettingRow, list[float]]]:
    """The settings that have all of some figures, and these as means over the seeds."""
    found = []
    for each in settings:
        values = [mean for _, value in measured if (mean := each.mean(value)) is not None]
        if len(values) == len(measured) and all(map(math.isfinite, values)):
            found.append((each, values))
    return found


def _signed(measured: Sequence[_Measured], values: Sequence[float]) -> list[float]:
    """Figures as they are the smaller the better."""
    return [
        -value if goal.way == "max" else value
        for (goal, _), value in zip(measured, values, strict=True)
    ]


def _chart(x: _Measured, y: _Measured, settings: Sequence[SettingRow]) -> Chart | None:
    known = _known([x, y], settings)
    if len({values[0] for _, values in known}) < 2:
        return None
    numbers = {each.label: place for place, each in enumerate(settings)}
    names = [short_text(goal.metric) for goal, _ in (x, y)]
    axes = [
        figure_axis(goal, [values[n] for _, values in known]) for n, (goal, _) in enumerate((x, y))
    ]
    return Chart(
        kind="points",
        data={
            "x": axis_data(axes[0]),
            "y": axis_data(axes[1]),
            "points": [
                (rounded(values[0]), rounded(values[1]), numbers[each.label])
                for each, values in known
            ],
            "front": pareto_front([_signed([x, y], values) for _, values in known]),
            "step": "end" if x[0].way != "max" else "start",
        },
        caption=f"{names[1]} against {names[0]}",
        height=18,
    )
