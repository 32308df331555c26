"""The section of learning curves: the jobs of a sweep over one another."""

from __future__ import annotations

from kerasgen.emit.page.blocks import Block, Chart, Charts, PlainData, Section
from kerasgen.passes.lint.directions import direction
from kerasgen.run.page.wording import plural
from kerasgen.sweep.report.learning_curves import learning_curves
from kerasgen.sweep.report.setting_values import short_text
from kerasgen.sweep.report.spread import rounded
from kerasgen.sweep.report.swept_table import SweptTable


def curves_section(table: SweptTable) -> Section:
    """The learning curves of the jobs; without blocks where none has a history."""
    found = learning_curves(table)
    blocks: tuple[Block, ...] = ()
    if found.names:
        places = {row.name: place for place, row in enumerate(table.rows)}
        jobs: list[PlainData] = [
            {
                "name": short_text(row.name),
                "place": places[row.name],
                "status": row.status,
                "curves": [[(rounded(x), rounded(y)) for x, y in curve] for curve in curves],
            }
            for row, curves in found.jobs
        ]
        falls = [direction(name.removeprefix("val_")) == "min" for name in found.names]
        ranked = table.goal is not None and table.goal.way is not None
        told = f"The curves of {plural(len(found.jobs), 'job')}"
        if found.left:
            told += f" of {len(found.jobs) + found.left}, the best and every n-th by rank"
        told += ", the five best in color" if ranked else ""
        told += "; dashed where a job has not completed"
        chart = Chart(
            kind="curves",
            data={
                "names": list(map(short_text, found.names)),
                "jobs": jobs,
                "ranked": ranked,
                "falls": falls,
            },
            caption=told,
            height=26,
        )
        blocks = (Charts(charts=(chart,)),)
    return Section(name="curves", title="Learning curves", blocks=blocks)
