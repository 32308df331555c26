"""What a figure comes to over one setting, and over two together.

This room owns the means over values, and the bins of numbers that are too many to stand singly. It
must not know how they are drawn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from kerasgen.sweep.report.setting_values import Axis
from kerasgen.sweep.report.swept_table import JobRow, SettingRow

MOST_MEANS = 24
"""Values of a setting up to which each has a mean of its own."""

MOST_BINS = 12
"""Values of a setting that stand singly beside another setting; of more, bins of equal counts."""

_BINS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """The mean figure of the settings that have a value; `value` is its place on the axis."""

    value: float
    mean: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """The mean figure over two settings.

    Attributes:
        names: the settings, that of the columns first.
        columns: the values of the first, or its bins, as they are shown.
        rows: those of the second.
        cells: column, row, mean figure and number of settings of each cell that has one.
    """

    names: tuple[str, str]
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: tuple[tuple[int, int, float, int], ...]


def means_over(axis: Axis, settings: Sequence[SettingRow]) -> list[Mean]:
    """The mean figure at each value of a setting.

    Empty where there are too many values, or none that two settings have.
    """
    groups: dict[float, list[float]] = defaultdict(list)
    for each in settings:
        place = axis.place(each.rows[0].settings.get(axis.name))
        if place is not None:
            groups[place].append(each.figures.mean)
    if len(groups) > MOST_MEANS or all(len(figures) < 2 for figures in groups.values()):
        return []
    return [
        Mean(value=value, mean=fmean(figures), count=len(figures))
        for value, figures in sorted(groups.items())
    ]


def heat_map(first: Axis, second: Axis, settings: Sequence[SettingRow]) -> HeatMap:
    """The mean figure of the settings over two of their values."""
    rows = [each.rows[0] for each in settings]
    columns, in_columns = _bins(first, rows)
    lines, in_lines = _bins(second, rows)
    groups: dict[tuple[int, int], list[float]] = defaultdict(list)
    for each, column, line in zip(settings, in_columns, in_lines, strict=True):
        if column is not None and line is not None:
            groups[column, line].append(each.figures.mean)
    return HeatMap(
        names=(first.name, second.name),
        columns=tuple(columns),
        rows=tuple(lines),
        cells=tuple(
            (column, line, fmean(figures), len(figures))
            for (column, line), figures in sorted(groups.items())
        ),
    )


def _bins(axis: Axis, rows: Sequence[JobRow]) -> tuple[list[str], list[int | None]]:
    """The values of a setting as they are shown, or bins of them; and which one each row has."""
    places = [axis.place(row.settings.get(axis.name)) for row in rows]
    if axis.kind == "places":
        return axis.labels, [None if place is None else int(place) for place in places]
    known = sorted({place for place in places if place is not None})
    if len(known) <= MOST_BINS:
        order = {value: number for number, value in enumerate(known)}
        return [f"{value:g}" for value in known], [
            None if place is None else order[place] for place in places
        ]
    every = sorted(place for place in places if place is not None)
    starts = sorted({every[len(every) * number // _BINS] for number in range(_BINS)})
    ends = [*starts[1:], every[-1]]
    labels = [f"{low:.2g} to {high:.2g}" for low, high in zip(starts, ends, strict=True)]
    return labels, [
        None if place is None else sum(place >= start for start in starts) - 1 for place in places
    ]
