"""New rows as a model takes them, and which of them it cannot take.

This room owns how cells become the numbers and words that the columns held in the training, and
how the rows are found that a preparation refuses: a word where a number is expected, a word that
must be known and is not, a row that no step leaves with a number. What becomes of such rows it does
not say.

Decisions:
- A preparation says that it refuses some rows, not which: they are looked for by halves.
- A cell that the config counts as missing is missing here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kerasgen.catalog.entries import ShapeError
from kerasgen.data.columns.rows import stripped
from kerasgen.data.kept_preparation import KeptPreparation, apply_fitted
from kerasgen.diagnostics import CompileError
from kerasgen.foreign.printable import cut
from kerasgen.ir.data import ColumnDef
from kerasgen.ir.schema import Column
from kerasgen.process.packages import is_installed
from kerasgen.runtime.arrays_of_rows import is_absent, is_list
from kerasgen.runtime.category_steps import as_words, number_word
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.tabular.text_tables import TableForm, missing_marks
from kerasgen.runtime.tabular.typed_columns import text_numbers, word_piece
from kerasgen.runtime.values import Array
from kerasgen.verbs.answers.list_cells import joined_cells, several_numbers
from kerasgen.verbs.answers.pieces import Cells, Piece


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRows:
    """Rows that a model can take.

    Attributes:
        rows: their numbers among those that were asked, from 0.
        x: model input to array, a row for each of them.
        problems: row to what is wrong with it, of those that are left out.
        columns: the columns that were prepared, a row for each of them.
    """

    rows: Array
    x: Mapping[str, Array]
    problems: Mapping[int, str]
    columns: Mapping[str, Array] = field(default_factory=dict)


def check_rows(
    kept: KeptPreparation, needed: tuple[str, ...], piece: Piece, form: TableForm
) -> CheckedRows:
    """Prepares rows, and finds those that cannot be.

    Args:
        kept: the preparation.
        needed: the columns that it takes, all of them in the piece.
        piece: the rows.
        form: how missing cells and numbers are written.
    """
    problems = dict(piece.problems)
    columns: dict[str, Array] = {}
    for name in needed:
        column = kept.schema.columns.get(name)
        if name in piece.arrays:
            columns[name] = piece.arrays[name]
            continue
        try:
            said = kept.definition.columns.get(name, ColumnDef())
            values, wrong = _typed(piece.cells[name], column or Column(name=name), said, form)
        except DataError as error:
            values, wrong = np.zeros(piece.rows), dict.fromkeys(range(piece.rows), str(error))
        columns[name] = stripped(values, kept.definition.columns.get(name))
        for row, cell in wrong.items():
            problems.setdefault(row, f"the column `{name}` holds {cell}")
    good = np.delete(np.arange(piece.rows, dtype="int64"), [*problems])
    rows = good if problems else slice(None)
    columns = {name: values[rows] for name, values in columns.items()}
    parts = _prepared(kept, columns, good, problems) if len(good) else []
    if not parts:
        return CheckedRows(rows=np.zeros(0, dtype="int64"), x={}, problems=problems)
    taken = np.concatenate([rows for rows, _ in parts])
    x = {name: np.concatenate([made[name] for _, made in parts]) for name in parts[0][1]}
    finite = _finite(x, len(taken))
    if not finite.all():
        places = {row: place for place, row in enumerate(good.tolist())}
        for row in taken[~finite].tolist():
            problems[row] = _without_number(columns, places[row])
        taken, x = taken[finite], {name: values[finite] for name, values in x.items()}
    held = np.isin(good, taken)
    columns = {name: values[held] for name, values in columns.items()}
    return CheckedRows(rows=taken, x=x, problems=problems, columns=columns)


def _typed(
    cells: Cells, column: Column, said: ColumnDef, form: TableForm
) -> tuple[Array, Mapping[int, str]]:
    """A column in the form in which it was trained on; and cells that are no numbers, quoted.

    Raises:
        DataError: it holds lists or the like.
    """
    name, shape = column.name, column.shape or ()
    words = column.dtype in (None, "text") or (said.type == "sequence" and len(shape) == 1)
    if len(shape) == 1 and not words:
        exact, wrong = several_numbers(cells, shape[0] or 0)
        return _as_held(exact, column), wrong
    numbers = isinstance(cells, np.ndarray) and cells.dtype.kind in "iufb"
    if numbers and (cells.ndim == 1 or not words):
        return _of_array(cells, column, words=words), {}
    if words and _has_lists(cells):
        cells = joined_cells(cells)
    cells = _as_series(name, cells)
    series = hasattr(cells, "to_frame")
    if words:
        if series and str(cells.dtype) != "Boolean":
            return word_piece(cells, form), {}
        absent = missing_marks(form, name)
        return np.asarray([_word(cell, absent) for cell in cells], dtype="str"), {}
    exact, wrong = numbers_of_cells(name, cells, form)
    return _as_held(exact, column), wrong


def _has_lists(cells: Cells) -> bool:
    """Whether cells hold several values each."""
    if hasattr(cells, "to_frame"):
        return bool(cells.dtype.is_nested())
    return any(map(is_list, cells))


def numbers_of_cells(name: str, cells: Cells, form: TableForm) -> tuple[Array, dict[int, str]]:
    """Cells as numbers, NaN where one is missing; and those that are none, quoted.

    Args:
        name: the name of the column.
        cells: its cells as they were written.
        form: how missing cells and numbers are written.

    Raises:
        DataError: it holds lists or the like.
    """
    found = _as_series(name, cells)
    if hasattr(found, "to_frame"):
        return _series_numbers(found, form)
    return _list_numbers(name, found, form)


def _as_series(name: str, cells: Cells) -> Cells:
    """Words as Polars holds them, where it is installed; other cells of Python as a list."""
    if hasattr(cells, "to_frame"):
        return cells
    listed = cells.tolist() if isinstance(cells, np.ndarray) else list(cells)
    if not is_installed("polars") or not all(c is None or isinstance(c, str) for c in listed):
        return listed
    import polars

    return polars.Series(name, listed, dtype=polars.String)


def _of_array(values: Array, column: Column, *, words: bool) -> Array:
    if words:
        return np.where(values, "true", "false") if values.dtype.kind == "b" else as_words(values)
    return values.astype(column.dtype) if values.dtype.kind in "iub" else _as_held(values, column)


def _as_held(exact: Array, column: Column) -> Array:
    """Numbers in the type in which the column was held; double precision where one is missing."""
    if column.dtype is None or column.dtype.startswith("float"):
        with np.errstate(over="ignore"):  # What is too large becomes infinite, and is told so.
            return exact.astype(column.dtype or "float32")
    if column.dtype.startswith(("int", "uint")) and np.isfinite(exact).all():
        whole = exact.astype(column.dtype)
        return whole if np.array_equal(whole, exact) else exact
    return exact


def _series_numbers(cells: Any, form: TableForm) -> tuple[Array, dict[int, str]]:
    import polars

    if cells.dtype != polars.String:
        if cells.dtype.is_temporal() or cells.dtype.is_nested():
            raise DataError(f"{cells.dtype}, expected numbers")
        return cells.cast(polars.Float64).fill_null(float("nan")).to_numpy(), {}
    found, others = text_numbers(cells, form)
    wrong = {
        row: f'"{cut(cells[row])}", expected a number'
        for row in ([] if others is None else others.arg_true().to_list())
    }
    return found.fill_null(float("nan")).to_numpy(), wrong


def _list_numbers(name: str, cells: Any, form: TableForm) -> tuple[Array, dict[int, str]]:
    absent, decimal = missing_marks(form, name), form.get("decimal") or "."
    found = np.full(len(cells), np.nan)
    wrong: dict[int, str] = {}
    for row, cell in enumerate(cells):
        word = cell.strip() if isinstance(cell, str) else cell
        if is_absent(word) or (not is_list(word) and word in absent):
            continue
        try:
            found[row] = float(word.replace(decimal, ".") if isinstance(word, str) else word)
        except (TypeError, ValueError, OverflowError):
            wrong[row] = f'"{cut(str(cell))}", expected a number'
    return found, wrong


def _word(cell: Any, absent: frozenset[str]) -> str:
    if is_absent(cell):
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    word = number_word(cell) if isinstance(cell, int | float) else str(cell).strip()
    return "" if word in absent else word


def _prepared(
    kept: KeptPreparation, columns: Mapping[str, Array], rows: Array, problems: dict[int, str]
) -> list[tuple[Array, dict[str, Array]]]:
    """Rows that can be prepared, with what they become, in parts; the others go to the problems.

    Raises:
        CompileError: the preparation itself cannot be carried out.
    """
    try:
        return [(rows, apply_fitted(kept, columns))]
    except (ShapeError, CompileError) as error:
        if len(rows) == 1:
            problems[int(rows[0])] = _reason(error)
            return []
    half = len(rows) // 2
    one = {name: values[:half] for name, values in columns.items()}
    other = {name: values[half:] for name, values in columns.items()}
    return [
        *_prepared(kept, one, rows[:half], problems),
        *_prepared(kept, other, rows[half:], problems),
    ]


def _reason(error: ShapeError | CompileError) -> str:
    """What is wrong with a row that was prepared alone."""
    text = error.diagnostics[0].message if isinstance(error, CompileError) else str(error)
    return (text.partition("): ")[2] or text).replace(" in row 1", "")


def _finite(x: Mapping[str, Array], rows: int) -> Array:
    """Which rows the preparation leaves without a number that is missing or infinite."""
    good = np.ones(rows, dtype=bool)
    for values in x.values():
        if values.dtype.kind == "f":
            good &= np.isfinite(values.reshape(rows, -1)).all(axis=1)
    return good


def _without_number(columns: Mapping[str, Array], row: int) -> str:
    floats = {name: column[row] for name, column in columns.items() if column.dtype.kind == "f"}
    if infinite := [name for name, value in floats.items() if np.isinf(value).any()]:
        return (
            f"{', '.join(f'`{name}`' for name in infinite)} is infinite, expected a finite number"
        )
    odd = [name for name, value in floats.items() if np.isnan(value).any()]
    named = ", ".join(f"`{name}`" for name in odd) or "a column"
    return f"{named} has no value, and the training had none without one"
