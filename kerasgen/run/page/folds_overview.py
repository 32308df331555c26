"""The folds of a run beside one another: their figures, and their curves over one another."""

from __future__ import annotations

from collections.abc import Sequence

from kerasgen.emit.page.blocks import Block, Picture, Pictures, Section, Svg, Table
from kerasgen.record.runs import PARTS
from kerasgen.run.compared_curves import draw_compared_panel
from kerasgen.run.figures import styled_figure, svg_text
from kerasgen.run.page.material import Material
from kerasgen.run.page.wording import duration_text, figure_text, word
from kerasgen.run.plots import panel_names

MOST_PANELS = 6
"""Figures that are drawn, the loss first."""


def folds_section(folds: Sequence[Material]) -> Section:
    """The folds of a run; no section for a single run."""
    if not folds:
        return Section(name="folds", title="Folds", blocks=())
    names = list(
        dict.fromkeys(
            (part, name)
            for part in PARTS
            for fold in folds
            for name in fold.run.metrics.get(part, {})
        )
    )[:30]
    rows = []
    for fold in folds:
        figures = [fold.run.metrics.get(part, {}).get(name) for part, name in names]
        rows.append(
            (
                fold.run.folder.name,
                fold.run.status,
                duration_text(fold.run.seconds),
                *("" if value is None else figure_text(value) for value in figures),
            )
        )
    head = ("fold", "state", "took", *(word(f"{part} {name}") for part, name in names))
    blocks: list[Block] = [
        Table(
            head=head,
            rows=tuple(rows),
            numbers=frozenset({0, *range(2, len(head))}),
            sortable=True,
        )
    ]
    histories = [fold.history for fold in folds if fold.history]
    if histories:
        panels = panel_names([row for rows in histories for row in rows])[:MOST_PANELS]
        pictures = []
        for place, name in enumerate(panels):
            with styled_figure((5.2, 3.5)) as figure:
                draw_compared_panel(figure.subplots(), histories, name)
                svg = Svg(svg_text(figure, f"folds{place}"))
            pictures.append(Picture(svg=svg, caption="a color for each fold"))
        blocks.append(Pictures(pictures=tuple(pictures)))
    return Section(name="folds", title="Folds", blocks=tuple(blocks))
