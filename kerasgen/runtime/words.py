"""A table of text as columns of words, without any package but Python's own."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.tables import column_names, read_rows
from kerasgen.runtime.values import Array


def read_words(
    path: str,
    header: bool = True,
    names: Sequence[str] | None = None,
    separator: str | None = ",",
    quote: str | None = '"',
) -> dict[str, Array]:
    """Reads all cells as words.

    Raises:
        DataError: it is empty, or a line has too few or too many cells.
    """
    with Path(path).open(encoding="utf-8-sig", newline="") as lines:
        try:
            rows = read_rows(lines, separator or ",", quote)
            first = next(rows, None)
            if first is None:
                raise DataError(f"`{path}` is empty", about="path")
            titles = column_names(first[1], path, header, names)
            cells: list[list[str]] = []
            for line, row in rows if header else chain([first], rows):
                if len(row) != len(titles):
                    problem = f"line {line} of `{path}` has {len(row)} cells"
                    raise DataError(f"{problem}, expected {len(titles)}", about="path")
                cells.append(row)
        except csv.Error as error:
            raise DataError(f"`{path}` is no table: {error}", about="path") from error
    columns = zip(*cells, strict=True) if cells else ([] for _ in titles)
    return {
        name: np.asarray(column, dtype="str")
        for name, column in zip(titles, columns, strict=True)
    }
