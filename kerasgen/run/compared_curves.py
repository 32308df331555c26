"""The learning curves of several runs over one another.

This room owns what tells the runs apart: each has a color, training is a solid line and validation
a dashed one, as in the picture of one run. How a picture is made and written stands in `figures`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kerasgen.run.figures import GRAY, short_text, written_figure
from kerasgen.run.plots import epoch_of, panel_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    History = Sequence[Mapping[str, float]]

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's palette; of more runs the first colors come again."""


def draw_compared_curves(path: Path, histories: Mapping[str, History]) -> None:
    """Draws loss and metrics of several runs over the epochs, one panel a metric.

    Args:
        path: the PNG or SVG to write.
        histories: name of a run to its rows, as `draw_learning_curves` takes them.

    Raises:
        OSError: the file cannot be written.
    """
    panels = panel_names([row for rows in histories.values() for row in rows])
    columns = max(min(len(panels), 3), 1)
    lines = max(math.ceil(len(panels) / columns), 1)
    height = 3.7 * lines + 0.4 + 0.25 * len(histories)
    with written_figure(path, (max(4.6 * columns, 6.4), height)) as figure:
        grid = figure.subplots(lines, columns, squeeze=False)
        for axes in grid.flat[len(panels) :]:
            axes.set_axis_off()
        for axes, name in zip(grid.flat, panels, strict=False):
            draw_compared_panel(axes, list(histories.values()), name)
        if not panels:
            grid[0, 0].text(0.5, 0.5, "no epoch was finished", ha="center", color=GRAY)
        figure.legend(
            [grid[0, 0].plot([], [], color=_color(number))[0] for number in range(len(histories))],
            [short_text(name, 80) for name in histories],
            loc="outside lower center",
        )


def _color(number: int) -> str:
    return COLORS[number % len(COLORS)]


def draw_compared_panel(axes: Axes, histories: Sequence[History], name: str) -> None:
    """Draws one figure of several runs over the epochs."""
    from matplotlib.ticker import MaxNLocator, NullFormatter

    shown: list[float] = []
    for number, rows in enumerate(histories):
        for key, line in ((name, "-"), (f"val_{name}", "--")):
            points = [
                (epoch_of(row, place), float(row[key]))
                for place, row in enumerate(rows, 1)
                if row.get(key) is not None
            ]
            values = [value if math.isfinite(value) else math.nan for _, value in points]
            shown += [value for value in values if not math.isnan(value)]
            axes.plot(
                [epoch for epoch, _ in points],
                values,
                color=_color(number),
                linestyle=line,
                linewidth=1.6,
                marker="." if len(points) <= 25 else "",
            )
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    axes.set_xlabel("epoch (solid: training, dashed: validation)")
    axes.set_title(short_text(name.replace("_", " "), 40))
    if shown and min(shown) > 0 and max(shown) > 1000 * min(shown):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
