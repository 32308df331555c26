"""Columns of paths become what the files hold.

A path starts from a folder, and may not lead out of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array


def read_file_cells(
    table: str | Sequence[str],
    columns: Mapping[str, Array],
    folders: Mapping[str, str | None],
    bad: str,
    decode: Callable[[str, str, bytes], tuple[Array, str]],
) -> tuple[dict[str, list[Array]], Array]:
    """What the files of some columns hold, and the rows that are left.

    Raises:
        DataError: a file cannot be used and is not to be skipped.
    """
    found: dict[str, list[Array]] = {}
    problems: dict[int, str] = {}
    for name, said in folders.items():
        found[name] = []
        folder = cell_folder(table, said)
        for row, path in enumerate(columns[name].tolist()):
            content, problem = content_of_cell(path, folder)
            values = np.zeros(0)
            if not problem:
                values, problem = decode(name, path, content)
            if problem and bad == "error":
                raise DataError(f"`{path}` in row {row + 1} {problem}", about=name)
            if problem:
                problems.setdefault(row, problem)
            found[name].append(values)
    count = len(next(iter(columns.values())))
    kept = np.array([row for row in range(count) if row not in problems], "int64")
    return {n: [values[row] for row in kept] for n, values in found.items()}, kept


def with_cells(
    columns: Mapping[str, Array], found: Mapping[str, list[Array]], kept: Array
) -> dict[str, Array]:
    """The columns with what files hold in the place of their paths."""
    return {
        name: np.stack(found[name]) if name in found else values[kept]
        for name, values in columns.items()
    }


def cell_folder(table: str | Sequence[str], folder: str | None) -> str:
    """The folder from which paths start: that of the table where nobody says it."""
    first = table if isinstance(table, str) else table[0]
    return folder or os.path.dirname(first) or "."


def content_of_cell(path: str, folder: str) -> tuple[bytes, str]:
    """What the file of a cell holds, and why it is not read; empty for nothing."""
    if problem := path_problem(path, folder):
        return b"", problem
    file = Path(folder).expanduser() / path
    return (file.read_bytes(), "") if file.is_file() else (b"", "is not there")


def path_problem(path: str, folder: str) -> str:
    """What is wrong with a path, empty for nothing."""
    if not path:
        return "names no file"
    start = os.path.abspath(os.path.expanduser(folder)).rstrip(os.sep)
    whole = os.path.normpath(os.path.join(start, path))
    return "" if whole.startswith(start + os.sep) else f"leads out of `{folder}`"
