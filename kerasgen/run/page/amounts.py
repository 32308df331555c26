"""How well a run tells numbers: predicted against true ones, residuals, and forecasts over time.

This room owns which of them are shown, and how many.

Decisions:
- Not more than so many points are drawn, spread evenly over the rows; figures are of all of them.
- The windows of a forecast that are drawn are those whose horizons stand side by side, the newest
  first. Without the data the rows are counted instead of dated.
"""

from __future__ import annotations

import numpy as np

from kerasgen.emit.page.blocks import Block, Note, Picture, Pictures, Svg, Table
from kerasgen.ir.training import Array
from kerasgen.run.figures import BLUE, VERMILION, styled_figure, svg_text
from kerasgen.run.forecast_plot import Panel, draw_panel, side_by_side
from kerasgen.run.page.opened_rows import OpenedRows
from kerasgen.run.page.outcomes import Outcome
from kerasgen.run.page.wording import figure_text
from kerasgen.run.plots import draw_points

MOST_POINTS = 2_000
"""Points of a picture."""

MOST_TARGETS = 20
"""Numbers of a row whose errors are listed one by one."""

MOST_WINDOWS = 60
"""Forecasts that are drawn."""

MOST_SERIES = 4
"""Series that are drawn."""


def amount_blocks(outcome: Outcome, *, each: bool = True) -> list[Block]:
    """What is shown of an output of numbers; `each` lists the errors of several in a row."""
    true, said = (np.ravel(part).astype("float64") for part in (outcome.true, outcome.predicted))
    finite = np.isfinite(true) & np.isfinite(said)
    if not finite.any():
        return [Note(text="No prediction is a number.", tone="warning")]
    with styled_figure((5.4, 5.4)) as figure:
        draw_points(figure.subplots(), true, said, most=MOST_POINTS)
        points = Svg(svg_text(figure, _identity("points", outcome)))
    residuals = said[finite] - true[finite]
    with styled_figure((5.4, 3.6)) as figure:
        axes = figure.subplots()
        axes.hist(residuals, bins=min(40, max(10, int(residuals.size**0.5))), color=BLUE)
        axes.axvline(0.0, color=VERMILION, linestyle="--", linewidth=1.2)
        axes.set(xlabel="predicted minus true", ylabel="rows")
        histogram = Svg(svg_text(figure, _identity("residuals", outcome)))
    told = f"mean {figure_text(float(residuals.mean()))}, "
    told += f"half of them within {figure_text(float(np.median(np.abs(residuals))))}"
    blocks: list[Block] = [
        Pictures(
            pictures=(
                Picture(svg=points, caption="Predicted against true values"),
                Picture(svg=histogram, caption=f"Residuals: {told}"),
            )
        )
    ]
    if each and (table := _errors(outcome)) is not None:
        blocks.append(table)
    return blocks


def forecast_blocks(outcome: Outcome, data: OpenedRows | None) -> list[Block]:
    """What is shown of a forecast.

    Args:
        outcome: windows first, then the steps ahead, then targets, if there are several.
        data: the opened data, which knows times and series; None where it is not there.
    """
    steps = outcome.predicted.shape[1] if outcome.predicted.ndim > 1 else 1
    said = outcome.predicted.reshape(len(outcome.predicted), steps, -1)
    true = outcome.true.reshape(said.shape)
    blocks: list[Block] = []
    rows = outcome.rows
    if rows is not None and rows.ndim == 2 and rows.shape[1] == steps:
        pictures = _panels(rows, true, said, outcome.target, data)
        blocks.append(
            Pictures(
                pictures=tuple(
                    Picture(
                        svg=_forecast(panel, _identity(f"forecast{place}", outcome), data is None),
                        caption="Forecasts of the test part beside what came",
                        wide=True,
                    )
                    for place, panel in enumerate(pictures)
                )
            )
        )
    blocks.append(_by_step(true, said))
    return blocks


def _panels(
    rows: Array, true: Array, said: Array, target: str, data: OpenedRows | None
) -> list[Panel]:
    series = None if data is None else data.series_at(rows[:, 0])
    names = [""] if series is None else list(dict.fromkeys(series.tolist()))[:MOST_SERIES]
    found = []
    for name in names:
        mine = np.arange(len(rows)) if series is None else np.flatnonzero(series == name)
        order = mine[np.argsort(rows[mine, 0], kind="stable")]
        chosen = order[side_by_side(rows[order, 0].astype("int64"), rows.shape[1])][-MOST_WINDOWS:]
        flat, first = np.unique(rows[order].reshape(-1), return_index=True)
        values = true[order].reshape(-1, true.shape[-1])[first]
        if len(chosen):
            shown = flat >= rows[chosen[0], 0]
            flat, values = flat[shown], values[shown]
        if data is not None:
            flat, values = data.with_rows_before(flat, values, target)
        times = _times(flat, data)
        for place in range(min(true.shape[-1], MOST_SERIES)):
            found.append(
                Panel(
                    title=str(name),
                    times=times,
                    true=values[:, place],
                    borders={},
                    forecasts=tuple(
                        (_times(rows[window], data), said[window, :, place]) for window in chosen
                    ),
                )
            )
    return found[:MOST_SERIES]


def _times(rows: Array, data: OpenedRows | None) -> Array:
    times = None if data is None else data.times_at(rows)
    return rows if times is None else times


def _forecast(panel: Panel, identity: str, counted: bool) -> Svg:
    with styled_figure((9.0, 3.4)) as figure:
        axes = figure.subplots()
        draw_panel(axes, panel)
        if counted:
            axes.set_xlabel("row of the data")
        return Svg(svg_text(figure, identity))


def _by_step(true: Array, said: Array) -> Table:
    errors = np.abs(said.astype("float64") - true).mean(axis=(0, 2))
    rows = tuple((f"{step}", figure_text(float(error))) for step, error in enumerate(errors, 1))
    return Table(
        head=("steps ahead", "mean absolute error"),
        rows=rows[:200],
        numbers=frozenset({0, 1}),
        sortable=True,
    )


def _errors(outcome: Outcome) -> Table | None:
    """The error of each of several numbers of a row."""
    said = outcome.predicted.reshape(len(outcome.predicted), -1).astype("float64")
    if not 1 < said.shape[1] <= MOST_TARGETS:
        return None
    gap = said - outcome.true.reshape(said.shape)
    rows = [
        (
            f"{place}",
            figure_text(float(np.abs(gap[:, place]).mean())),
            figure_text(float(np.sqrt((gap[:, place] ** 2).mean()))),
        )
        for place in range(said.shape[1])
    ]
    return Table(
        head=("place", "mean absolute error", "root mean squared error"),
        rows=tuple(rows),
        numbers=frozenset({0, 1, 2}),
        sortable=True,
    )


def _identity(name: str, outcome: Outcome) -> str:
    return name + "".join(c for c in outcome.name if c.isascii() and c.isalnum())[:20]
