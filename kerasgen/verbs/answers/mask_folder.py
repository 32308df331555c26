"""Answers that are masks, as pictures in a folder.

This room owns what such pictures are called, and which pixels they have. The folder appears whole
or not at all.

Decisions:
- A picture is called as the image that it answers for, with the ending of its own form; beside them
  stands a table of all rows that names the picture of each.
- A pixel is the number of its class, as in the masks of the training.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from kerasgen.runtime.values import Array
from kerasgen.verbs.answers.path_cells import file_columns
from kerasgen.verbs.answers.pieces import Cells
from kerasgen.verbs.answers.writing import Columns, Write, csv_text

if TYPE_CHECKING:
    from kerasgen.verbs.trained_run import TrainedRun

TABLE = "answers.csv"
"""The table beside the pictures."""


@contextmanager
def mask_folder(output: Path, run: TrainedRun) -> Iterator[Write]:
    """A folder of masks; it appears whole or not at all.

    Args:
        output: the folder; it is empty, or not there.
        run: the run that answers.

    Raises:
        OSError: it cannot be written.
    """
    place = output.resolve()
    draft = place.with_name(f".{place.name[:80]}.{secrets.token_hex(6)}.tmp")
    draft.mkdir()
    try:
        with (draft / TABLE).open("w", encoding="utf-8", newline="") as table:
            pictures = _Pictures(draft, tuple(file_columns(run)))

            def write(columns: Columns) -> None:
                told = pictures.written(columns)
                table.write(csv_text(told, header=not table.tell()))

            yield write
        if place.is_dir():
            for file in draft.iterdir():
                file.replace(place / file.name)
        else:
            draft.replace(place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def is_folder(output: Path) -> bool:
    """Whether answers are asked for as a folder, by its name or by what is there."""
    return output.is_dir() or not output.suffix


class _Pictures:
    """The pictures of a folder, one after the other."""

    def __init__(self, folder: Path, named_by: tuple[str, ...]) -> None:
        self._folder, self._named_by = folder, named_by
        self._names: set[str] = set()
        self._rows = 0

    def written(self, columns: Columns) -> dict[str, Cells]:
        """Columns with the names of pictures in the place of masks, which are written."""
        masks = [name for name, cells in columns.items() if _holds_masks(cells)]
        named = next((name for name in ("file", *self._named_by) if name in columns), None)
        rows = len(next(iter(columns.values())))
        titles = [None] * rows if named is None else list(columns[named])
        told: dict[str, Cells] = dict(columns)
        for name in masks:
            within = f"{name.replace('/', '_')}/" if len(masks) > 1 else ""
            told[name] = [
                None if mask is None else self._picture(mask, within, title, self._rows + row + 1)
                for row, (mask, title) in enumerate(zip(columns[name], titles, strict=True))
            ]
        self._rows += rows
        return told

    def _picture(self, mask: Array, within: str, title: object, row: int) -> str:
        """Writes a mask, and gives its name in the folder."""
        from PIL import Image

        stem = _stem(title, row)
        name, times = f"{within}{stem}.png", 1
        while name.lower() in self._names:
            times += 1
            name = f"{within}{stem}-{times}.png"
        self._names.add(name.lower())
        file = self._folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask if mask.dtype == np.uint8 else mask.astype("uint16")).save(file)
        return name


def _holds_masks(cells: Cells) -> bool:
    if not isinstance(cells, np.ndarray):
        return False
    first = next((cell for cell in cells if cell is not None), None)
    return isinstance(first, np.ndarray) and first.ndim == 2


def _stem(title: object, row: int) -> str:
    """What a picture is called without its ending; by the number of its row where nothing is."""
    if title is None:
        return f"{row:05}"
    path = PurePosixPath(os.path.normpath(str(title).strip()).replace(os.sep, "/"))
    parts = path.with_suffix("").parts if path.name else ()
    if path.is_absolute() or ".." in parts:
        parts = parts[-1:]
    return "/".join(parts) or f"{row:05}"
