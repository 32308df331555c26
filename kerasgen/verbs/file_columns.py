"""Columns whose values come from files of images and sounds, as a description tells them.

This room owns which words are paths of such files, and that what they hold was brought to a size
that their files need not have. How files are found and decoded stands in `data.sources`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from kerasgen.data.columns.tally import TableTally
from kerasgen.data.sources.images import ImageFolder
from kerasgen.data.sources.sounds import Sounds
from kerasgen.data.table import Source
from kerasgen.foreign.regular_files import is_there
from kerasgen.ir.column_figures import TableFigures
from kerasgen.ir.data import DataDef
from kerasgen.runtime.file_cells import cell_folder, path_problem
from kerasgen.runtime.images import MODES, decode_image
from kerasgen.runtime.sounds import wave_values
from kerasgen.verbs.answers.image_files import content_of
from kerasgen.verbs.named_data import IMAGES, SOUNDS


def files_told(figures: TableFigures, tally: TableTally, definition: DataDef) -> TableFigures:
    """Figures that say which words are paths of images or WAV files, of which the first is there.

    A run takes such words for what the files hold where `data.columns` says it: it opens no file
    that only looks like one.
    """
    columns = dict(figures.columns)
    path = definition.source.arguments.get("path")
    for name, column in figures.columns.items():
        said, values = definition.columns.get(name), tally.sample.get(name)
        if values is None or values.dtype.kind != "U" or (said is not None and said.type):
            continue
        paths = [word for word in values.tolist() if word]
        kind = next((kind for kind, ends in _ENDINGS.items() if _all_end(paths, ends)), None)
        if kind is None:
            continue
        folder = cell_folder(str(path), said.folder if said is not None else None)
        file = Path(folder).expanduser() / paths[0]
        if path_problem(paths[0], folder) or not is_there(file):
            continue
        content, problem = content_of(file)
        form, why = ({}, "") if problem else _FORMS[kind](content)
        if form:
            columns[name] = replace(column, type=kind, why=why, form=form)
    return replace(figures, columns=columns)


def _all_end(paths: Sequence[str], endings: tuple[str, ...]) -> bool:
    return bool(paths) and all(word.lower().endswith(endings) for word in paths)


def _sound(content: bytes) -> tuple[dict[str, int | str], str]:
    """What a WAV file says of itself, and what is told of its column; nothing where it is none."""
    sound, rate, problem = wave_values(content)
    if problem:
        return {}, ""
    told = f"paths of WAV files; the first has {len(sound):,} values, {rate:,} a second"
    return {"rate": rate, "length": len(sound)}, told


def _image(content: bytes) -> tuple[dict[str, int | str], str]:
    """As for `_sound`, of an image."""
    pixels, problem = decode_image(content, MODES["rgb"], None)
    if problem:
        return {}, ""
    height, width = pixels.shape[:2]
    told = f"paths of images; the first has {height:,} x {width:,} pixels"
    return {"size": f"[{height}, {width}]"}, told


_ENDINGS: Mapping[Literal["audio", "image"], tuple[str, ...]] = {"audio": SOUNDS, "image": IMAGES}
_FORMS = {"audio": _sound, "image": _image}


def sizes_told(figures: TableFigures, source: Source) -> TableFigures:
    """Figures that say to what size the source brings all images or sounds, whatever theirs is."""
    if isinstance(source, ImageFolder) and source.size is not None:
        name, key = "image", "size"
        size = " x ".join(map(str, source.size))
    elif isinstance(source, Sounds) and source.length is not None:
        name, key, size = "sound", "length", f"{source.length:,} values"
    else:
        return figures
    columns = dict(figures.columns)
    if name in columns:
        why = f"{columns[name].why}; all are brought to {size} by `data.source.{key}`"
        columns[name] = replace(columns[name], why=why)
    return replace(figures, columns=columns)
