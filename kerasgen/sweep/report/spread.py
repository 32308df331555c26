"""The settings of a sweep over their seeds: mean, deviation, interval, and the paired test."""

from __future__ import annotations

from collections.abc import Sequence

from kerasgen.emit.page.blocks import Block, Cell, Chart, Charts, Note, Section, Table
from kerasgen.run.page.wording import figure_text
from kerasgen.sweep.report.setting_values import axis_of, short_text
from kerasgen.sweep.report.swept_table import SettingRow, SweptTable
from kerasgen.sweep.settings_over_seeds import beside_text

MOST_DRAWN = 30
"""Settings that are drawn, the best first."""

MOST_LISTED = 500


def seeds_section(table: SweptTable) -> Section:
    """What seeds make of each setting; a note where none was repeated."""
    blocks: list[Block] = []
    if table.goal is not None and table.settings:
        if any(len(each.figures.values) > 1 for each in table.settings):
            compared = table.goal.way is not None
            blocks += [
                Note(
                    text="A seed is no setting, but a repetition of one. The interval is that of "
                    "the mean, by Student's t; each setting is compared with the best on the seeds "
                    "that both have (paired t test, two-sided, Holm's correction)."
                ),
                Charts(charts=(_chart(table.settings[:MOST_DRAWN], table.goal.metric),)),
                _listed(table.settings, table.goal.metric, compared=compared),
            ]
        elif len(table.settings) > 1:
            text = "Each setting ran once: that one is better than another may be chance. "
            blocks.append(Note(text=f"{text}'seed=range(5)' in the command repeats each of them."))
    return Section(name="seeds", title="Spread of the seeds", blocks=tuple(blocks))


def _chart(settings: Sequence[SettingRow], metric: str) -> Chart:
    figures = [each.figures for each in settings]
    values = [list(each.values.values())[:100] for each in figures]
    intervals = [each.interval for each in figures]
    ends = [end for interval in intervals if interval is not None for end in interval]
    axis = axis_of(metric, [*(value for own in values for value in own), *ends])
    return Chart(
        kind="spread",
        data={
            "metric": short_text(metric),
            "scale": axis.kind,
            "labels": [short_text(each.brief) for each in settings],
            "means": [rounded(each.mean) for each in figures],
            "low": [None if each is None else rounded(each[0]) for each in intervals],
            "high": [None if each is None else rounded(each[1]) for each in intervals],
            "points": [list(map(rounded, own)) for own in values],
        },
        caption=f"{short_text(metric)} of each setting: mean, each seed, 95 % interval of the mean "
        "(cut off at the border)",
        height=min(4 + 1.6 * len(settings), 52),
    )


def _listed(settings: Sequence[SettingRow], metric: str, *, compared: bool) -> Table:
    first = settings[0].figures
    head = ("setting", "n", short_text(metric), "deviation", "from", "to", "beside the best")
    rows = []
    for each in settings[:MOST_LISTED]:
        figures, interval = each.figures, each.figures.interval
        cells = (
            Cell(text=short_text(each.brief, 200), bold=compared and figures is first),
            str(len(figures.values)),
            figure_text(figures.mean),
            "" if figures.deviation is None else f"{figures.deviation:.2g}",
            "" if interval is None else figure_text(interval[0]),
            "" if interval is None else figure_text(interval[1]),
            beside_text(figures, first) if compared else "",
        )
        rows.append(cells if compared else cells[:-1])
    count = len(settings)
    caption = f"The first {MOST_LISTED} of {count:,} settings" if count > MOST_LISTED else ""
    return Table(
        head=head if compared else head[:-1],
        rows=tuple(rows),
        caption=caption or "Mean of the seeds, standard deviation, and the 95 % interval",
        numbers=frozenset(range(1, 6)),
        sortable=True,
        filtered=count > 20,
        roomy=True,
    )


def rounded(value: float) -> float:
    """A number with the digits that a chart can show."""
    return float(f"{value:.6g}")
