"""The picture of a forecast: the last stretch of some series, and what the model said of it.

This room owns which stretch, which series and which windows are drawn, and how. Style and file are
those of `figures`.

Decisions:
- Of the windows of the test part those are drawn whose horizons stand side by side, the newest
  first: a line for each forecast as it was made.
- Lines stand where a part ends and the next one begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kerasgen.data.times import as_moments
from kerasgen.ir.training import Array
from kerasgen.run.figures import BLUE, GRAY, VERMILION, written_figure
from kerasgen.run.forecasts import SeriesRows
from kerasgen.runtime.split import PARTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS = 4
"""Series, or targets, that are drawn."""

_MOST_MARKED = 100
"""Points of forecasts in one panel, beyond which their markers would cover the lines."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """The last stretch of one series.

    Attributes:
        title: its name, empty where there is one.
        times: the times of its rows, dates or numbers.
        true: its values.
        borders: part to the time of its first row, for those that begin in the stretch.
        forecasts: the times and values of each forecast that is drawn.
    """

    title: str
    times: Array
    true: Array
    borders: dict[str, Array]
    forecasts: tuple[tuple[Array, Array], ...]


def forecast_panels(
    rows: SeriesRows, output: str, predicted: Array, names: Sequence[str]
) -> list[Panel]:
    """What is drawn of the forecasts of the test part.

    Args:
        rows: the rows.
        output: what is forecast.
        predicted: what the model said, `(windows, horizon)` or `(windows, horizon, targets)`.
        names: the names of its targets, one for each.
    """
    values = rows.targets[output].reshape(rows.ends[-1], -1)
    said = predicted.reshape(*predicted.shape[:2], -1)
    times, aims = as_moments(rows.times), rows.aims("test")
    found = []
    for number in np.unique(rows.series_of(aims[:, 0])).tolist():
        mine = np.flatnonzero(rows.series_of(aims[:, 0]) == number)
        chosen = side_by_side(aims[mine, 0], rows.windows.horizon)
        first = int(aims[mine, 0].min())
        tested = int(rows.ends[number]) - first
        begin = max(
            int(rows.begin_of(np.array([first]))[0]),
            first - max(2 * tested, 2 * rows.windows.length),
        )
        stretch = np.arange(begin, rows.ends[number])
        for target, name in enumerate(names):
            title = ", ".join(word for word in (rows.names[number], name) if word)
            found.append(
                Panel(
                    title=title,
                    times=times[stretch],
                    true=values[stretch, target],
                    borders={
                        part: times[index[inside][0]]
                        for part, index in rows.parts.items()
                        if part != PARTS[0] and (inside := np.isin(index, stretch)).any()
                    },
                    forecasts=tuple((times[aims[w]], said[w, :, target]) for w in mine[chosen]),
                )
            )
        if len(found) >= MOST_PANELS:
            break
    return found[:MOST_PANELS]


def draw_forecasts(path: Path, panels: Sequence[Panel]) -> None:
    """Draws forecasts against the truth, a panel for each series.

    Args:
        path: the PNG to write.
        panels: what is drawn, one at least.

    Raises:
        OSError: the file cannot be written.
    """
    with written_figure(path, (9.0, 3.2 * len(panels) + 0.4)) as figure:
        grid = figure.subplots(len(panels), 1, squeeze=False)
        for axes, panel in zip(grid.flat, panels, strict=True):
            draw_panel(axes, panel)


def draw_panel(axes: Axes, panel: Panel) -> None:
    """Draws the last stretch of one series, and the forecasts of it."""
    axes.plot(panel.times, panel.true, color=BLUE, linewidth=1.6, label="true")
    points = sum(len(values) for _, values in panel.forecasts)
    for number, (times, values) in enumerate(panel.forecasts):
        axes.plot(
            times,
            values,
            color=VERMILION,
            linestyle=(0, (5, 1.5)),
            linewidth=1.6,
            marker="s" if points <= _MOST_MARKED else "",
            markersize=3,
            label="_" if number else "forecast",
        )
    for part, time in panel.borders.items():
        # A date is taken as well, which Matplotlib's own types do not say.
        axes.axvline(time, color=GRAY, linestyle=":", linewidth=1.2)  # type: ignore[arg-type]
        axes.annotate(
            part,
            (time, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(4, -10),
            textcoords="offset points",
            color=GRAY,
            fontsize=9,
        )
    if panel.times.dtype.kind == "M":
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(minticks=3, maxticks=9)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        formatter = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(formatter)
    axes.legend(loc="upper left")
    if panel.title:
        axes.set_title(panel.title[:60])


def side_by_side(firsts: Array, horizon: int) -> Array:
    """The windows whose horizons do not overlap, the newest first; their places, in order."""
    chosen: list[int] = []
    for place in np.argsort(-firsts, kind="stable").tolist():
        if not chosen or firsts[place] + horizon <= firsts[chosen[-1]]:
            chosen.append(place)
    return np.array(chosen[::-1], dtype="int64")
