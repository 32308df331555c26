"""The page of a sweep, section by section.

This room owns the order of the sections, and that each stands only where the sweep has what it
needs. What a section shows stands in its own file.
"""

from __future__ import annotations

import kerasgen
from kerasgen.emit.page.blocks import Page, Section
from kerasgen.sweep.report.costs import cost_section
from kerasgen.sweep.report.curves_section import curves_section
from kerasgen.sweep.report.importance import importance_of
from kerasgen.sweep.report.influence import (
    importance_section,
    interactions_section,
    parallel_section,
    slices_section,
)
from kerasgen.sweep.report.leaderboard import best_section, leaderboard_section, summary_section
from kerasgen.sweep.report.setting_values import short_text
from kerasgen.sweep.report.spread import seeds_section
from kerasgen.sweep.report.swept_table import SweptTable
from kerasgen.sweep.report.unfinished import failures_section, pruned_section


def sweep_page(table: SweptTable) -> Page:
    """The page of a sweep."""
    importance = importance_of(table.settings, table.axes)
    ordered = [share.name for share in importance.shares]
    ordered += [name for name in table.varied if name not in ordered]
    sections: tuple[Section, ...] = (
        summary_section(table),
        best_section(table),
        leaderboard_section(table),
        seeds_section(table),
        importance_section(importance),
        parallel_section(table, ordered),
        slices_section(table, ordered),
        interactions_section(table, ordered),
        curves_section(table),
        cost_section(table),
        failures_section(table),
        pruned_section(table),
    )
    return Page(
        title=short_text(table.folder.name or str(table.folder)),
        subtitle=f"a sweep of kerasgen: {table.folder}",
        made_by=f"kerasgen {kerasgen.__version__}",
        sections=sections,
        shared={
            "jobs": [row.label for row in table.rows],
            "settings": [short_text(each.label) for each in table.settings],
        },
    )
