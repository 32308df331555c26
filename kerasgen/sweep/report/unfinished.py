"""The jobs of a sweep that did not complete, and why."""

from __future__ import annotations

from collections.abc import Sequence

from kerasgen.emit.page.blocks import Block, Cell, Note, Section, Table
from kerasgen.foreign.printable import cut
from kerasgen.run.page.wording import plural
from kerasgen.sweep.report.leaderboard import number_text
from kerasgen.sweep.report.setting_values import short_text
from kerasgen.sweep.report.swept_table import COMPLETED, JobRow, SweptTable

PRUNED = "pruned"

_TO_COME = (COMPLETED, PRUNED, "waiting", "created", "running")

MOST_LISTED = 300

_LONGEST_REASON = 400


def failures_section(table: SweptTable) -> Section:
    """The jobs that failed, were refused, interrupted or killed."""
    failed = [row for row in table.rows if row.status not in _TO_COME]
    text = f"{plural(len(failed), 'job')} of {len(table.rows):,} did not complete."
    return Section(
        name="failures",
        title="Failures",
        blocks=() if not failed else (Note(text=text), _listed(failed, table, "reason")),
    )


def pruned_section(table: SweptTable) -> Section:
    """The jobs that a pruner has ended."""
    pruned = [row for row in table.rows if row.status == PRUNED]
    blocks: tuple[Block, ...] = ()
    if pruned:
        text = (
            f"{plural(len(pruned), 'job')} of {len(table.rows):,} were ended early, since others "
        )
        text += "were better after as many epochs. They stand in no mean, and are not judged."
        blocks = (Note(text=text), _listed(pruned, table, "why"))
    return Section(name="pruned", title="Pruned jobs", blocks=blocks)


def _listed(rows: Sequence[JobRow], table: SweptTable, why: str) -> Table:
    told = any(row.reason for row in rows)
    count = len(rows)
    return Table(
        head=("job", "setting", "seed", "status", "epochs", "seconds", *((why,) if told else ())),
        rows=tuple(
            (
                Cell(text=short_text(row.name), copied=row.copied),
                short_text(table.brief(row), 200),
                short_text(row.seed),
                row.status,
                "" if row.run is None or row.run.epochs is None else str(row.run.epochs),
                number_text(row.seconds),
                *((cut(row.reason, _LONGEST_REASON),) if told else ()),
            )
            for row in rows[:MOST_LISTED]
        ),
        caption=f"The first {MOST_LISTED} of {count:,} jobs" if count > MOST_LISTED else "",
        numbers=frozenset({4, 5}),
        sortable=True,
        filtered=count > 20,
        roomy=True,
    )
