"""Columns whose values come from files of images and sounds, as a description tells them.

This room owns which words are paths of sounds, and that images and sounds were brought to a size
that their files need not have. How files are found and decoded stands in `data.sources`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from kerasgen.data.columns.tally import TableTally
from kerasgen.data.sources.images import ImageFolder
from kerasgen.data.sources.sounds import Sounds
from kerasgen.data.table import Source
from kerasgen.foreign.regular_files import is_there
from kerasgen.ir.column_figures import TableFigures
from kerasgen.ir.data import DataDef
from kerasgen.runtime.file_cells import cell_folder, path_problem
from kerasgen.runtime.sounds import wave_values
from kerasgen.verbs.answers.image_files import content_of
from kerasgen.verbs.named_data import SOUNDS


def sounds_told(figures: TableFigures, tally: TableTally, definition: DataDef) -> TableFigures:
    """Figures that say which words are paths of WAV files, of which the first one is there.

    A run takes such words for sounds where `data.columns` says it: it opens no file that only
    looks like one.
    """
    columns = dict(figures.columns)
    path = definition.source.arguments.get("path")
    for name, column in figures.columns.items():
        said, values = definition.columns.get(name), tally.sample.get(name)
        if values is None or values.dtype.kind != "U" or (said is not None and said.type):
            continue
        paths = [word for word in values.tolist() if word]
        if not paths or not all(word.lower().endswith(SOUNDS) for word in paths):
            continue
        folder = cell_folder(str(path), said.folder if said is not None else None)
        file = Path(folder).expanduser() / paths[0]
        if path_problem(paths[0], folder) or not is_there(file):
            continue
        content, problem = content_of(file)
        sound, rate, problem = (content, 0, problem) if problem else wave_values(content)
        if not problem:
            form = {"rate": rate, "length": len(sound)}
            why = f"paths of WAV files; the first has {len(sound):,} values, {rate:,} a second"
            columns[name] = replace(column, type="audio", why=why, form=form)
    return replace(figures, columns=columns)


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
