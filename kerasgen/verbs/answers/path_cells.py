"""Rows whose cells are paths, as a run is asked about them: images and sounds take their place.

This room owns where the paths of such rows start: from the folder of the table, or the current one
where there is none, unless the config of the run names another. What files hold has the form that
it had in the training.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from kerasgen.foreign.printable import cut
from kerasgen.ir.values import Value
from kerasgen.passes.columns import image_columns, sound_columns
from kerasgen.runtime.file_cells import cell_folder, content_of_cell
from kerasgen.runtime.images import MODES, decode_image
from kerasgen.runtime.sounds import decode_sound
from kerasgen.runtime.values import Array
from kerasgen.verbs.answers.pieces import Cells, Piece

if TYPE_CHECKING:
    from kerasgen.verbs.trained_run import TrainedRun


def with_file_cells(run: TrainedRun, piece: Piece, table: str) -> Piece:
    """Rows with images and sounds in the place of their paths.

    Args:
        run: the run.
        piece: rows of a table.
        table: the path of the table.
    """

    def read(word: str, said: Mapping[str, Value]) -> tuple[bytes, str]:
        return content_of_cell(word, cell_folder(table, cast("str | None", said["folder"])))

    return _with_contents(run, piece, read)


def with_written_files(run: TrainedRun, piece: Piece) -> Piece:
    """Rows with images and sounds in the place of their files, which are written out in base64.

    Args:
        run: the run.
        piece: rows of somebody who must not name files of this machine.
    """

    def read(word: str, said: Mapping[str, Value]) -> tuple[bytes, str]:
        del said
        try:
            return base64.b64decode(word, validate=True), ""
        except ValueError:
            return b"", "is no file in base64"

    return _with_contents(run, piece, read)


def _with_contents(
    run: TrainedRun,
    piece: Piece,
    read: Callable[[str, Mapping[str, Value]], tuple[bytes, str]],
) -> Piece:
    """Rows with what files hold; `read` says it of a cell, or why it is not read."""
    asked = {
        name: said
        for name, said in file_columns(run).items()
        if name in piece.cells and not _holds_numbers(piece.cells[name])
    }
    arrays, problems = dict(piece.arrays), dict(piece.problems)
    for name, said in asked.items():
        column = run.schema.columns[name]
        shape = tuple(size or 1 for size in column.shape or ())
        decode = _decoder(said, shape)
        values: Array = np.zeros((piece.rows, *shape), column.dtype or "uint8")
        for row, cell in enumerate(piece.cells[name]):
            path = "" if cell is None else str(cell).strip()
            content, problem = read(path, said)
            found = values[row]
            if not problem:
                found, problem = decode(content)
            if problem:
                problems.setdefault(row, f"`{cut(path)}` {problem}")
            else:
                values[row] = found
        arrays[name] = values
    return replace(piece, arrays=arrays, problems=problems) if asked else piece


def file_columns(run: TrainedRun) -> dict[str, Mapping[str, Value]]:
    """The columns that the model takes whose cells may be paths, each with how files are decoded.

    A run of a folder of images takes such paths too.
    """
    said = {**image_columns(run.data), **sound_columns(run.data)}
    found: dict[str, Mapping[str, Value]] = {}
    for name, column in run.schema.columns.items():
        if name in run.needed and name in said:
            found[name] = said[name]
        elif name in run.needed and run.data.source.cls == "ImageFolder":
            mode = run.data.source.arguments.get("color_mode", "rgb")
            found[name] = {"folder": None, "size": column.shape, "color_mode": str(mode)}
    return found


def _holds_numbers(cells: Cells) -> bool:
    return isinstance(cells, np.ndarray) and cells.dtype.kind in "iufb"


def _decoder(
    said: Mapping[str, Value], shape: tuple[int, ...]
) -> Callable[[bytes], tuple[Array, str]]:
    """Makes the function that gives what a file holds, and what is wrong with it."""

    def image(content: bytes) -> tuple[Array, str]:
        return decode_image(content, MODES.get(str(said["color_mode"])), shape[:2])

    def sound(content: bytes) -> tuple[Array, str]:
        return sound_of(content, said, shape)

    return sound if "rate" in said else image


def sound_of(content: bytes, said: Mapping[str, Any], shape: tuple[int, ...]) -> tuple[Array, str]:
    """The sound of a file, and what is wrong with it.

    Args:
        content: what the file holds.
        said: the `rate`, `length` and `channels` of the training.
        shape: the shape of a sound as the model takes it.
    """
    rate, length, channels = said.get("rate"), said.get("length"), said.get("channels")
    samples, _, problem = decode_sound(content, rate, length, channels or 1)
    if not problem and samples.shape != shape:
        problem = f"has {len(samples):,} values, and the model takes {shape[0]:,}"
    return samples, problem
