"""Columns of paths to images become images, or masks with the class of each pixel.

A path starts from a folder, and may not lead out of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.images import MODES, decode_image
from kerasgen.runtime.values import Array


def read_image_cells(
    table: str | Sequence[str],
    columns: Mapping[str, Array],
    images: Mapping[str, Mapping[str, Any]],
    bad: str,
) -> tuple[dict[str, Array], Array]:
    """The columns with images in the place of paths, and the rows that are left.

    Raises:
        DataError: a file cannot be used and is not to be skipped.
    """
    found: dict[str, list[Array]] = {}
    problems: dict[int, str] = {}
    for name, said in images.items():
        found[name] = []
        folder = image_folder(table, said["folder"])
        for row, path in enumerate(columns[name].tolist()):
            pixels, problem = read_image_cell(path, folder, said)
            if problem and bad == "error":
                raise DataError(f"`{path}` in row {row + 1} {problem}", about=name)
            if problem:
                problems.setdefault(row, problem)
            found[name].append(pixels)
    count = len(next(iter(columns.values())))
    kept = np.array([row for row in range(count) if row not in problems], "int64")
    whole = {name: np.stack([found[name][row] for row in kept]) for name in found}
    rest = {name: values[kept] for name, values in columns.items() if name not in found}
    return {name: (whole | rest)[name] for name in columns}, kept


def image_folder(table: str | Sequence[str], folder: str | None) -> str:
    """The folder from which paths start: that of the table where nobody says it."""
    first = table if isinstance(table, str) else table[0]
    return folder or os.path.dirname(first) or "."


def read_image_cell(
    path: str, folder: str, said: Mapping[str, Any]
) -> tuple[Array, str]:
    """The image of a cell, and what is wrong with it; a mask where there is no mode."""
    if problem := path_problem(path, folder):
        return np.zeros((0, 0), "uint8"), problem
    file = Path(folder).expanduser() / path
    if not file.is_file():
        return np.zeros((0, 0), "uint8"), "is not there"
    mode = MODES.get(said["color_mode"])
    return decode_image(file.read_bytes(), mode, said["size"])


def path_problem(path: str, folder: str) -> str:
    """What is wrong with a path, empty for nothing."""
    if not path:
        return "names no file"
    start = os.path.abspath(os.path.expanduser(folder)).rstrip(os.sep)
    whole = os.path.normpath(os.path.join(start, path))
    return "" if whole.startswith(start + os.sep) else f"leads out of `{folder}`"
