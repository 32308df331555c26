"""Columns of paths to images become images, or masks with the class of each pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerasgen.runtime.file_cells import read_file_cells, with_cells
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

    def decode(name: str, path: str, content: bytes) -> tuple[Array, str]:
        del path
        said = images[name]
        return decode_image(content, MODES.get(said["color_mode"]), said["size"])

    folders = {name: said["folder"] for name, said in images.items()}
    found, kept = read_file_cells(table, columns, folders, bad, decode)
    return with_cells(columns, found, kept), kept
