"""Cells that hold several values: lists of Python and Polars, and words that stand for them.

This room owns how such cells become the columns of a run: cells of words for a column of words,
rows of numbers for a column of several numbers. Which columns a run has it must not know.

Decisions:
- A list of words or numbers is the cell of words that a table of lists has been read as in the
  training.
- A column of several numbers takes lists, arrays, and cells with numbers one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasgen.foreign.printable import cut
from kerasgen.runtime.arrays_of_rows import is_absent, is_list, plain_list
from kerasgen.runtime.cells import joined_list
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.sequence_steps import cell_numbers
from kerasgen.runtime.values import Array
from kerasgen.verbs.answers.pieces import Cells


def listed_cells(cells: Cells) -> list[Any]:
    """Cells as plain values of Python, lists among them."""
    if isinstance(cells, np.ndarray) or hasattr(cells, "to_frame"):
        return list(cells.tolist() if isinstance(cells, np.ndarray) else cells.to_list())
    return [plain_list(cell) if is_list(cell) else cell for cell in cells]


def joined_cells(cells: Cells) -> list[Any]:
    """Cells with words in the place of lists."""
    return [joined_list(c) if isinstance(c, list) else c for c in listed_cells(cells)]


def several_numbers(cells: Cells, count: int) -> tuple[Array, Mapping[int, str]]:
    """Cells as rows of numbers, NaN where a cell has no value; and cells that are none, quoted.

    Args:
        cells: lists, arrays, or words.
        count: how many numbers a row has.
    """
    listed = listed_cells(cells)
    found = np.full((len(listed), count), np.nan)
    wrong: dict[int, str] = {}
    for row, cell in enumerate(listed):
        if is_absent(cell) or cell == "":
            continue
        try:
            numbers = _numbers(cell, row)
        except (DataError, TypeError, ValueError, OverflowError):
            wrong[row] = f'"{cut(str(cell))}", expected {count} numbers'
            continue
        if numbers.shape == (count,):
            found[row] = numbers
        else:
            wrong[row] = f"{numbers.size} numbers, expected {count}"
    return found, wrong


def _numbers(cell: Any, row: int) -> Array:
    if isinstance(cell, str):
        return cell_numbers(cell, row)
    values = cell if isinstance(cell, list) else [cell]
    return np.asarray([np.nan if v is None else v for v in values], dtype="float64")
