"""Files of a request as rows: images, sounds and texts, for a model that takes nothing else.

This room owns which files become rows, one each, as `kerasgen predict` takes those of a folder. It
must not know how they came.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from kerasgen.diagnostics import Sink
from kerasgen.verbs.answers.image_files import image_rows
from kerasgen.verbs.answers.pieces import Piece
from kerasgen.verbs.answers.sound_files import sound_rows, takes_sounds
from kerasgen.verbs.serving.asked.rows import Asked, Wanted, asked_by_piece
from kerasgen.verbs.trained_run import TrainedRun

_LONGEST_NAME = 200
"""Characters of a file's name that are kept."""


def shown_name(name: str | None, place: int) -> str:
    """What a file is called in the answer: its own name without folders, or its place."""
    last = PurePosixPath((name or "").replace("\\", "/")).name
    return last[:_LONGEST_NAME] or f"file {place}"


def asked_by_files(run: TrainedRun, files: Sequence[tuple[str, bytes]], wanted: Wanted) -> Asked:
    """Files as rows.

    Args:
        run: the run.
        files: the name of each, and what it holds.
        wanted: what the answer is to hold.

    Raises:
        CompileError: KG623, the model takes something else.
    """
    read = [(name, content, "") for name, content in files]
    if takes_sounds(run):
        piece = sound_rows(run, read, 1)
    elif run.image_column is not None:
        piece = image_rows(run.image_column, read, 1)
    elif run.text_column is not None:
        piece = _texts(run.text_column, files)
    else:
        needed = ", ".join(f"`{name}`" for name in run.needed[:8])
        told = f"`{files[0][0]}` is no table that is read here, and the model takes {needed}"
        help_ = "send rows as JSON, or a file that ends in .csv, .tsv, .jsonl, .parquet or .arrow"
        raise Sink().fail("KG623", told, help=help_)
    return asked_by_piece(run, piece, wanted)


def _texts(column: str, files: Sequence[tuple[str, bytes]]) -> Piece:
    texts: list[str] = []
    problems: dict[int, str] = {}
    for row, (name, content) in enumerate(files):
        try:
            texts.append(content.decode("utf-8-sig"))
        except UnicodeDecodeError:
            texts.append("")
            problems[row] = f"`{name}` is no utf-8 text"
    return Piece(
        cells={"file": [name for name, _ in files], column: texts},
        first=1,
        rows=len(files),
        problems=problems,
    )
