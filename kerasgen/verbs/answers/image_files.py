"""Images that a run is asked about: a file, or all of a folder.

This room owns which files of a folder are images, and how they become pixels as in the training: of
the size and the colours that the column has there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kerasgen.data.sources.files import find_path
from kerasgen.data.sources.images import image_decoder
from kerasgen.diagnostics import Sink
from kerasgen.foreign.regular_files import is_regular
from kerasgen.ir.schema import Column
from kerasgen.runtime.values import Array
from kerasgen.verbs.answers.pieces import Piece

if TYPE_CHECKING:
    from kerasgen.verbs.trained_run import TrainedRun

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm")
"""Endings of files that are images."""

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Number of channels to Pillow's name of the colours."""

_LARGEST = 256 * 2**20
"""Bytes that a file may have."""


def image_pieces(run: TrainedRun, place: Path, size: int, sink: Sink) -> Iterator[Piece]:
    """The images of a file or a folder, a row each; `file` names them.

    Args:
        run: the run; its model takes images.
        place: the file, or the folder.
        size: images in a piece.
        sink: gets what cannot be asked.

    Raises:
        CompileError: KG501, it is not there; KG503, a folder without images; KG623, the model takes
            something else.
    """
    found = find_path(str(place), "path", sink)
    column = run.image_column
    if column is None:
        raise sink.fail(
            "KG623",
            f"`{place}` holds images, and the model takes "
            f"{', '.join(f'`{name}`' for name in run.needed[:8])}",
            key="data.source.path",
            help="ask for the rows of a table that has them",
        )
    files = files_below(found, ENDINGS)
    if not files:
        raise sink.fail("KG503", f"`{place}` has no images", key="data.source.path")
    names = list(files)
    for start in range(0, len(files), size):
        some = names[start : start + size]
        yield image_rows(column, [(name, *content_of(files[name])) for name in some], start + 1)


def files_below(found: Path, endings: Sequence[str]) -> dict[str, Path]:
    """The files of a folder that end so, by their names in it; of a file this one alone."""
    if not found.is_dir():
        return {found.name: found}
    files = (file for file in found.rglob("*") if file.suffix.lower() in endings)
    shown = sorted(file for file in files if _shown(file, found))
    return {file.relative_to(found).as_posix(): file for file in shown}


def content_of(file: Path) -> tuple[bytes, str]:
    """What a file holds, and why it is not read; empty for nothing."""
    if not is_regular(file):
        return b"", "is no regular file"
    if file.stat().st_size > _LARGEST:
        return b"", f"has more than {_LARGEST // 2**20} MiB"
    return file.read_bytes(), ""


def _shown(file: Path, folder: Path) -> bool:
    return not any(part.startswith(".") for part in file.relative_to(folder).parts)


def image_rows(column: Column, files: Sequence[tuple[str, bytes, str]], first: int) -> Piece:
    """Images as rows.

    Args:
        column: the column that holds them.
        files: the name of each, what its file holds, and why it was not read; empty for nothing.
        first: the number of the first row.
    """
    shape = tuple(size or 1 for size in column.shape or ())
    channels = shape[2] if len(shape) == 3 else 1
    decode = image_decoder(_MODES[channels], shape[:2])
    pixels: Array = np.zeros((len(files), *shape), dtype=column.dtype or "uint8")
    problems: dict[int, str] = {}
    for row, (name, content, problem) in enumerate(files):
        image, problem = (pixels[row], problem) if problem else decode(content)
        if problem:
            problems[row] = f"`{name}` {problem}"
        else:
            pixels[row] = image.reshape(shape)
    return Piece(
        cells={"file": [name for name, _, _ in files]},
        first=first,
        rows=len(files),
        problems=problems,
        arrays={column.name: pixels},
    )
