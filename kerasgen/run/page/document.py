"""The page of a run, section by section.

This room owns the order of the sections, and that each stands only where the record has what it
needs. What a section shows stands in its own file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import kerasgen
from kerasgen.emit.page.blocks import Block, Note, Page, Section
from kerasgen.foreign.regular_files import is_there
from kerasgen.record.file_names import FOLDS, RECORD
from kerasgen.registry import NOBODY, Trust
from kerasgen.run.page.amounts import amount_blocks, forecast_blocks
from kerasgen.run.page.architecture import architecture_section
from kerasgen.run.page.classes import class_blocks, label_blocks
from kerasgen.run.page.curves import curves_section
from kerasgen.run.page.folds_overview import folds_section
from kerasgen.run.page.material import Material, read_material
from kerasgen.run.page.opened_rows import OpenedRows, When, open_rows
from kerasgen.run.page.outcomes import Outcome, read_outcomes
from kerasgen.run.page.overview import overview_section
from kerasgen.run.page.surroundings import (
    config_section,
    data_section,
    environment_section,
    repetition_section,
)
from kerasgen.run.page.worst_rows import worst_rows

MOST_FOLDS = 50
"""Folds that are told of."""


def run_page(folder: Path, outputs: Path, trust: Trust = NOBODY, data: When = "auto") -> Page:
    """The page of a run.

    Args:
        folder: the folder of the run.
        outputs: the folder of all runs.
        trust: modules whose parts its model or its data may have.
        data: when its data is opened, for what the worst predictions look like.

    Raises:
        CompileError: KG606 or a code of its own, its record cannot be read.
    """
    material = read_material(folder, outputs)
    folds = _folds(material, outputs)
    known = folds[0] if folds else material
    outcomes, left_out = read_outcomes(material, folds)
    sections = [
        overview_section(material),
        folds_section(folds),
        curves_section(material),
        *_outcome_sections(known, outcomes, left_out, trust, data),
        architecture_section(known, trust),
        data_section(known),
        config_section(material),
        environment_section(material),
        repetition_section(material),
    ]
    name = material.run.name or material.run.folder.name
    return Page(
        title=name,
        subtitle=f"a run of kerasgen, {material.run.status}: {material.run.id}",
        made_by=f"kerasgen {kerasgen.__version__}",
        sections=tuple(sections),
    )


def _folds(material: Material, outputs: Path) -> list[Material]:
    completed = material.group("folds").get("completed")
    numbers = completed if isinstance(completed, list) else []
    folders = [
        material.run.folder / FOLDS / str(number)
        for number in numbers[:MOST_FOLDS]
        if type(number) is int
    ]
    return [read_material(each, outputs) for each in folders if is_there(each / RECORD)]


def _outcome_sections(
    material: Material, outcomes: Sequence[Outcome], left_out: str, trust: Trust, when: When
) -> list[Section]:
    """What was predicted, and what of it is furthest from the truth."""
    if left_out:
        note = Note(text=f"Left out: {left_out}.", tone="warning")
        return [Section(name="predictions", title="Predictions", blocks=(note,))]
    if not outcomes:
        return []
    opened = open_rows(material, trust, when)
    data = None if isinstance(opened, str) else opened
    forecast = _is_forecast(material.config)
    sections = []
    for place, outcome in enumerate(outcomes):
        blocks = _blocks(outcome, forecast, data)
        name = f"predictions{place or ''}"
        sections.append(
            Section(name=name, title=f"Predictions{outcome.title}", blocks=tuple(blocks))
        )
        worst: list[Block] = []
        if (rows := worst_rows(outcome, data)) is not None:
            worst.append(rows)
            if isinstance(opened, str):
                worst.insert(0, Note(text=f"Without the rows themselves: {opened}."))
        title = f"Worst predictions{outcome.title}"
        sections.append(Section(name=f"worst{place or ''}", title=title, blocks=tuple(worst)))
    return sections


def _blocks(outcome: Outcome, forecast: bool, data: OpenedRows | None) -> list[Block]:
    if outcome.coding == "multi_hot":
        return label_blocks(outcome)
    if outcome.coding != "amounts":
        return class_blocks(outcome)
    if forecast:
        return [*forecast_blocks(outcome, data), *amount_blocks(outcome, each=False)]
    return amount_blocks(outcome)


def _is_forecast(config: Mapping[str, object]) -> bool:
    data = config.get("data")
    return isinstance(data, Mapping) and isinstance(data.get("windows"), Mapping)
