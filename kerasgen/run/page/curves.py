"""The learning curves of a run, a picture for each figure, and the figures themselves.

This room owns how much of a history is drawn and listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerasgen.emit.page.blocks import (
    Block,
    Folded,
    Note,
    Picture,
    Pictures,
    Section,
    Svg,
    Table,
)
from kerasgen.record.files import number
from kerasgen.run.figures import styled_figure, svg_text
from kerasgen.run.page.material import Material
from kerasgen.run.page.wording import figure_text, word
from kerasgen.run.plots import draw_panel, epoch_of, panel_names

MOST_PANELS = 12
"""Figures that are drawn, the loss first."""

MOST_POINTS = 500
"""Epochs that are drawn; of more, every n-th."""

MOST_ROWS = 200
"""Epochs that are listed, the first and the last ones."""


def curves_section(material: Material) -> Section:
    """Loss and metrics over the epochs."""
    rows = material.history
    if not rows:
        return Section(name="curves", title="Learning curves", blocks=())
    panels, kept = panel_names(rows), _kept(material)
    step = -(-len(rows) // MOST_POINTS)
    drawn = [row for place, row in enumerate(rows) if place % step == 0 or place == len(rows) - 1]
    blocks: list[Block] = [
        Pictures(
            pictures=tuple(
                Picture(
                    svg=_panel(drawn, name, kept, f"curve{place}"), caption=_caption(rows, name)
                )
                for place, name in enumerate(panels[:MOST_PANELS])
            )
        )
    ]
    if len(panels) > MOST_PANELS:
        names = ", ".join(map(word, panels[MOST_PANELS : MOST_PANELS + 40]))
        blocks.append(Note(text=f"Not drawn: {names}."))
    blocks.append(Folded(title="figures of each epoch", blocks=(_listed(rows, kept),)))
    return Section(name="curves", title="Learning curves", blocks=tuple(blocks))


def _kept(material: Material) -> int | None:
    """The epoch whose weights were kept, where something has chosen it."""
    weights = material.group("weights")
    epoch = number(weights.get("epoch"))
    if epoch is None or weights.get("set_by") is None or not epoch.is_integer():
        return None
    last = max(epoch_of(row, place) for place, row in enumerate(material.history, 1))
    return int(epoch) if 1 <= epoch <= last else None


def _panel(rows: Sequence[Mapping[str, float]], name: str, kept: int | None, identity: str) -> Svg:
    with styled_figure((5.2, 3.5)) as figure:
        draw_panel(figure.subplots(), rows, name, kept)
        return Svg(svg_text(figure, identity))


def _caption(rows: Sequence[Mapping[str, float]], name: str) -> str:
    """The last figure of training and validation."""
    told = []
    for key, label in ((name, "training"), (f"val_{name}", "validation")):
        values = [row[key] for row in rows if key in row]
        if values:
            told.append(f"{label} {figure_text(values[-1])}")
    return f"in the end: {', '.join(told)}" if told else ""


def _listed(rows: Sequence[Mapping[str, float]], kept: int | None) -> Table:
    names = list(dict.fromkeys(name for row in rows for name in row))[:60]
    listed = [*rows]
    if len(rows) > MOST_ROWS:
        listed = [*rows[: MOST_ROWS // 2], *rows[-MOST_ROWS // 2 :]]
    caption = f"{len(listed)} of {len(rows):,} epochs" if len(listed) < len(rows) else ""
    if kept is not None:
        caption = ". ".join(filter(None, (caption, f"The weights are those of epoch {kept}.")))
    return Table(
        head=tuple(map(word, names)),
        rows=tuple(
            tuple(figure_text(row[name]) if name in row else "" for name in names) for row in listed
        ),
        caption=caption,
        numbers=frozenset(range(len(names))),
        sortable=True,
    )
