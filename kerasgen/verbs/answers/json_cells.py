"""Cells of words as JSON has them: numbers where a column is one of numbers.

This room owns which words become numbers. Words of other columns stay as they were written, `007`
among them.

Decisions:
- A whole number has no point; what is missing is null; a word that is no number stays one, and so
  does one that JSON has no number for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from kerasgen.runtime.tabular.text_tables import TableForm
from kerasgen.verbs.answers.checked_rows import numbers_of_cells
from kerasgen.verbs.answers.pieces import Cells

_WHOLE = re.compile(r"[-+]?[0-9]+")


def json_cells(
    cells: Mapping[str, Cells], numbers: Collection[str], form: TableForm
) -> dict[str, Cells]:
    """The cells of some rows, numbers among them as such.

    Args:
        cells: column to its cells as they were written.
        numbers: the columns that are numbers.
        form: how missing cells and numbers are written.
    """
    return {
        name: _numbers(name, column, form) if name in numbers else column
        for name, column in cells.items()
    }


def _numbers(name: str, cells: Cells, form: TableForm) -> Cells:
    if isinstance(cells, np.ndarray):
        return cells
    listed = cells.to_list() if hasattr(cells, "to_list") else list(cells)
    exact, wrong = numbers_of_cells(name, listed, form)
    return [
        cell if not isinstance(cell, str) or row in wrong else _number(cell.strip(), value)
        for row, (cell, value) in enumerate(zip(listed, exact.tolist(), strict=True))
    ]


def _number(word: str, value: float) -> Any:
    """The number of a word; `value` is what was read of it, NaN where it counts as missing."""
    if np.isnan(value):
        return None
    if np.isinf(value):
        return word
    if _WHOLE.fullmatch(word):
        return int(word)
    return (
        int(value) if value.is_integer() and "." not in word and "e" not in word.lower() else value
    )
