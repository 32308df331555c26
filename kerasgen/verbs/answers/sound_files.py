"""Sounds that a run is asked about: a WAV file, or all of a folder, some at a time.

This room owns how they become numbers as in the training: of the rate, the length and the channels
that the source of the run says, or what is said of its column. Where no rate is said, any is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasgen.data.sources.files import find_path
from kerasgen.diagnostics import Sink
from kerasgen.passes.columns import sound_columns
from kerasgen.runtime.values import Array
from kerasgen.verbs.answers.image_files import content_of, files_below
from kerasgen.verbs.answers.path_cells import sound_of
from kerasgen.verbs.answers.pieces import Piece

if TYPE_CHECKING:
    from kerasgen.verbs.trained_run import TrainedRun

ENDINGS = (".wav", ".wave")
"""Endings of files that are sounds."""


def takes_sounds(run: TrainedRun) -> bool:
    """Whether the model of a run takes a sound and nothing else."""
    return len(run.needed) == 1 and _form(run) is not None


def _form(run: TrainedRun) -> Mapping[str, Any] | None:
    """The rate, the length and the channels of a run's sounds; None for one that takes none."""
    if run.data.source.cls == "Sounds":
        return run.data.source.arguments
    return sound_columns(run.data).get(run.needed[0])


def sound_pieces(run: TrainedRun, place: Path, size: int, sink: Sink) -> Iterator[Piece]:
    """The sounds of a file or a folder, a row each; `file` names them.

    Args:
        run: the run; its model takes sounds.
        place: the file, or the folder.
        size: sounds in a piece.
        sink: gets what cannot be asked.

    Raises:
        CompileError: KG501, it is not there; KG503, a folder without sounds.
    """
    files = files_below(find_path(str(place), "path", sink), ENDINGS)
    if not files:
        raise sink.fail("KG503", f"`{place}` has no sounds", key="data.source.path")
    names = list(files)
    for start in range(0, len(names), size):
        some = names[start : start + size]
        yield sound_rows(run, [(name, *content_of(files[name])) for name in some], start + 1)


def sound_rows(run: TrainedRun, files: Sequence[tuple[str, bytes, str]], first: int) -> Piece:
    """Sounds as rows.

    Args:
        run: the run; its model takes sounds.
        files: the name of each, what its file holds, and why it was not read; empty for nothing.
        first: the number of the first row.
    """
    (column,) = run.needed
    shape = tuple(size or 1 for size in run.schema.columns[column].shape or ())
    sounds: Array = np.zeros((len(files), *shape), dtype="float32")
    problems: dict[int, str] = {}
    for row, (name, content, problem) in enumerate(files):
        samples = sounds[row]
        if not problem:
            samples, problem = sound_of(content, _form(run) or {}, shape)
        if problem:
            problems[row] = f"`{name}` {problem}"
        else:
            sounds[row] = samples
    return Piece(
        cells={"file": [name for name, _, _ in files]},
        first=first,
        rows=len(files),
        problems=problems,
        arrays={column: sounds},
    )
