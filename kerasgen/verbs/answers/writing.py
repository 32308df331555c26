"""Answers as a file or on the standard output, some rows at a time.

This room owns the forms of an answer: CSV, JSON lines, Parquet and Arrow, by the ending of its
file. A file takes its place when it is whole; on the standard output rows appear as they are
answered.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.process.packages import is_installed
from kerasgen.record.files import atomic_file
from kerasgen.runtime.cells import joined_list
from kerasgen.runtime.tabular.table_files import FORMATS
from kerasgen.runtime.values import Array
from kerasgen.verbs.answers.list_cells import listed_cells
from kerasgen.verbs.answers.pieces import Cells

Columns: TypeAlias = "Mapping[str, Cells]"
"""Column to cells, in the order of the answer."""

Write: TypeAlias = "Callable[[Columns], None]"
"""Writes some rows."""

KINDS = ("csv", "json", "parquet", "arrow")
"""Forms in which answers are written."""


_NUMBER = re.compile(r"\(os error (\d+)\)")


def is_json(output: Path) -> bool:
    """Whether a file is one of JSON lines, by its ending."""
    return FORMATS.get(output.suffix.lower()) == "json"


@contextmanager
def answer_file(output: Path, sink: Sink) -> Iterator[Write]:
    """A file of answers, by its ending; it appears whole or not at all.

    Raises:
        CompileError: KG603, its form needs Polars.
        OSError: it cannot be written.
    """
    kind = FORMATS.get(output.suffix.lower(), "csv")
    if kind in ("parquet", "arrow"):
        if not is_installed("polars"):
            raise sink.fail_at(
                "KG603",
                f"`{output}` is written with the package `polars`",
                SourceLocation(override=f"--output {output}"),
                help="pip install 'kerasgen[tables]', or write a `.csv`",
            )
        with _packed_file(output, kind) as write:
            yield write
        return
    tabbed = output.suffix.lower() in (".tsv", ".tab")
    with atomic_file(output) as file:
        form = text_form(kind, lambda text: file.write(text.encode()) and None, tabbed=tabbed)
        yield form


def text_form(kind: str, say: Callable[[str], object], *, tabbed: bool = False) -> Write:
    """What writes rows as text.

    Args:
        kind: `csv` or `json`.
        say: takes the text.
        tabbed: whether tabs stand between the cells.
    """
    begun = False

    def write(columns: Columns) -> None:
        nonlocal begun
        if kind == "json":
            say(json_text(columns))
        else:
            say(csv_text(columns, header=not begun, separator="\t" if tabbed else ","))
        begun = True

    return write


def csv_text(columns: Columns, *, header: bool = True, separator: str = ",") -> str:
    """Columns as CSV; what is missing is empty."""
    if is_installed("polars"):
        flat = {name: _flat(cells) for name, cells in columns.items()}
        text: str = _frame(flat).write_csv(include_header=header, separator=separator)
        return text
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", delimiter=separator)
    if header:
        writer.writerow(columns)
    writer.writerows(_rows({name: _flat(cells) for name, cells in columns.items()}))
    return out.getvalue()


def json_text(columns: Columns) -> str:
    """Columns as JSON lines; what is missing is null."""
    names = list(columns)
    lines = (
        json.dumps(dict(zip(names, row, strict=True)), default=_json_value)
        for row in _rows(columns)
    )
    return "".join(f"{line}\n" for line in lines)


@contextmanager
def _packed_file(output: Path, kind: str) -> Iterator[Write]:
    """A file that is packed: its rows lie in others until all are there."""
    import polars

    folder = Path(tempfile.mkdtemp(prefix=f".{output.name[:60]}.", dir=output.parent))
    parts: list[Path] = []

    def write(columns: Columns) -> None:
        parts.append(folder / f"{len(parts)}.arrow")
        with _system_errors(output):
            _frame(columns).write_ipc(parts[-1])

    try:
        yield write
        whole = polars.concat([polars.scan_ipc(part) for part in parts], how="vertical_relaxed")
        draft = folder / "whole"
        with _system_errors(output):
            if kind == "parquet":
                whole.sink_parquet(draft)
            else:
                whole.sink_ipc(draft)
        draft.replace(output)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _system_errors(output: Path) -> Iterator[None]:
    """Polars tells an error of the system in words alone; it gets its number and file again."""
    try:
        yield
    except OSError as error:
        found = _NUMBER.search(str(error))
        if error.errno is not None or found is None:
            raise
        raise OSError(int(found[1]), os.strerror(int(found[1])), str(output)) from error


def _frame(columns: Columns) -> Any:
    import polars

    return polars.DataFrame([_series(name, cells) for name, cells in columns.items()])


def _flat(cells: Cells) -> Cells:
    """Cells with words in the place of what holds several values, as a run reads them again."""
    nested = cells.dtype.is_nested() if hasattr(cells, "to_frame") else True
    if not nested or (isinstance(cells, np.ndarray) and cells.dtype.kind in "fiubU"):
        return cells
    listed = listed_cells(cells)
    if not any(isinstance(cell, list | dict) for cell in listed):
        return cells
    return [_cell_text(cell) if isinstance(cell, list | dict) else cell for cell in listed]


def _cell_text(cell: list[Any] | dict[str, Any]) -> str:
    """A list of words or numbers as a run reads it; what is deeper as JSON."""
    if isinstance(cell, dict) or any(isinstance(item, list | dict) for item in cell):
        return json.dumps(cell, default=_json_value)
    return joined_list(cell)


def _json_value(cell: Any) -> Any:
    """A value that JSON has no form for: decimals are numbers, all others are words."""
    return float(cell) if isinstance(cell, Decimal) else str(cell)


def _series(name: str, cells: Cells) -> Any:
    import polars

    if hasattr(cells, "to_frame"):
        return cells
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "fiub":
        return polars.Series(name, cells, nan_to_null=cells.ndim == 1)
    if isinstance(cells, np.ndarray) and cells.dtype.kind == "U" and cells.ndim == 1:
        return polars.Series(name, cells.tolist(), dtype=polars.String)
    listed = [_inner(cell) for cell in (cells.tolist() if isinstance(cells, np.ndarray) else cells)]
    kinds = {type(cell) for cell in listed if cell is not None}
    if len(kinds) > 1 and kinds != {int, float}:
        listed = [cell if cell is None else str(cell) for cell in listed]
    return polars.Series(name, listed, strict=False, nan_to_null=True)


def _rows(columns: Columns) -> Iterable[tuple[Any, ...]]:
    """The rows of columns; NaN is None."""
    listed = [_listed(cells) for cells in columns.values()]
    plain = [[_known(cell) for cell in column] for column in listed]
    return zip(*plain, strict=True)


def _known(cell: Any) -> Any:
    """A cell; None for NaN, in lists too."""
    if isinstance(cell, list):
        return [_known(item) for item in cell]
    return None if cell != cell else cell


def _listed(cells: Cells) -> list[Any]:
    """Cells as plain values; a number of 32 bits is the one with the fewest digits that tell it."""
    if isinstance(cells, np.ndarray) and (cells.ndim > 1 or cells.dtype == object):
        return [_inner(cell) for cell in cells]
    if isinstance(cells, np.ndarray):
        return list(_told(cells).tolist())
    return list(cells.to_list() if hasattr(cells, "to_list") else cells)


def _inner(cell: Any) -> Any:
    """A cell as a plain value: lists for an array, None in it for NaN."""
    if not isinstance(cell, np.ndarray):
        return cell
    if cell.dtype.kind == "f" and np.isnan(cell).any():
        told = _told(cell).astype(object)
        told[np.isnan(cell)] = None
        return told.tolist()
    return _told(cell).tolist()


def _told(values: Array) -> Array:
    return values.astype("str").astype("float64") if values.dtype == np.float32 else values
