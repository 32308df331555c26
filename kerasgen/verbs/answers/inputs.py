"""What a run is asked: a table by its ending, the standard input, images or texts, some at a time.

This room owns which inputs are understood, and which column an input that has none becomes. How
text is cut into rows stands in `text_tables`.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from kerasgen.data.sources.decimal_point import likely_decimal, told_decimal
from kerasgen.data.sources.files import find_file
from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.foreign.regular_files import is_regular
from kerasgen.process.packages import is_installed
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.tabular.excel_sheets import first_line
from kerasgen.runtime.tabular.rows_of_files import rows_of_file
from kerasgen.runtime.tabular.table_files import FORMATS, pieces_of_file
from kerasgen.runtime.tabular.text_tables import TableForm
from kerasgen.verbs.answers.image_files import ENDINGS, image_pieces
from kerasgen.verbs.answers.path_cells import with_file_cells
from kerasgen.verbs.answers.pieces import Piece, regrouped
from kerasgen.verbs.answers.sound_files import ENDINGS as SOUNDS
from kerasgen.verbs.answers.sound_files import sound_pieces, takes_sounds
from kerasgen.verbs.answers.text_tables import csv_pieces, json_pieces
from kerasgen.verbs.trained_run import TrainedRun

STDIN = "-"
"""What stands for the standard input in the place of a file."""

_OF_CSV = {
    "header": "header",
    "columns": "names",
    "delimiter": "separator",
    "quote": "quote",
    "missing_values": "missing_values",
}
"""Argument of the source `Csv` to that of a table."""

_FORM = (
    *("header", "names", "separator", "quote", "comment", "skip_lines", "decimal", "thousands"),
    *("symbols", "dates", "encoding", "missing_values", "numbers", "sheet"),
)
"""Arguments of a table that new rows have in common with those of the training."""

_TEXTS = (".txt", ".md", ".text")
"""Endings of files that are one text each, for a model of texts."""

_ARRAYS = (".npy", ".npz", ".h5", ".hdf5")
"""Endings of files of arrays, which have no form in which rows are asked and answered."""

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
"""Endings of archives of folders."""

_LARGEST_TEXT = 64 * 2**20
"""Bytes that a file of one text may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What is asked.

    Attributes:
        path: a file, a folder, or `-`; None where texts are given.
        texts: texts, given one by one.
        size: rows in a piece.
    """

    path: str | None
    texts: tuple[str, ...] = ()
    size: int = 16_384

    @property
    def title(self) -> str:
        """What it is called in messages."""
        if self.path is None:
            return "--text"
        return "the standard input" if self.path == STDIN else self.path


def asked_form(run: TrainedRun, asked: Input) -> TableForm:
    """How an input is written: as the tables that the run was trained on."""
    arguments = run.data.source.arguments
    form = {name: arguments[name] for name in _FORM if name in arguments}
    if run.data.source.cls == "Csv":
        form |= {new: arguments[old] for old, new in _OF_CSV.items() if old in arguments}
    if form.get("names") is None and form.get("header") is False:
        form["names"] = tuple(run.schema.columns)
    found = cast(TableForm, form)
    if form.get("decimal") is None and asked.path == STDIN:
        found["decimal"] = likely_decimal(_head().decode("utf-8", "replace").splitlines(), found)
    elif asked.path is not None:
        found["decimal"] = told_decimal([asked.path], found)
    return found


def text_table(run: TrainedRun, asked: Input) -> Path | None:
    """The file of an input whose rows are lines of text; None for any other input."""
    if asked.path in (None, STDIN):
        return None
    place = Path(str(asked.path)).expanduser()
    ending = place.suffix.lower()
    of_one_row = ending in (*ENDINGS, *SOUNDS) or (ending in _TEXTS and run.text_column is not None)
    lines = FORMATS.get(ending, "csv") in ("csv", "json")
    return place if lines and not of_one_row and place.is_file() else None


def _head() -> bytes:
    """The first bytes of the standard input, which are still to be read."""
    stdin: IO[bytes] = sys.stdin.buffer
    return stdin.peek(4096) if isinstance(stdin, io.BufferedReader) else b""


def input_pieces(
    run: TrainedRun, asked: Input, form: TableForm, sink: Sink
) -> Generator[Piece, None, None]:
    """The rows of an input, some at a time.

    Raises:
        CompileError: KG501 to KG504, KG603, it is not there or cannot be read.
    """
    try:
        table = "" if asked.path in (None, STDIN) else str(asked.path)
        for piece in _pieces(run, asked, form, sink):
            yield with_file_cells(run, piece, table)
    except DataError as error:
        code = "KG503" if error.about == "empty" else "KG502"
        raise sink.fail_at(code, str(error), SourceLocation(file=asked.title)) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        told = f"`{asked.title}` cannot be read: {reason}"
        raise sink.fail("KG501", told, key="data.source.path") from error


def _pieces(run: TrainedRun, asked: Input, form: TableForm, sink: Sink) -> Iterator[Piece]:
    targets = [name for name in run.schema.target.values() if name in run.schema.columns]
    if asked.path is None:
        column = _text_column(run, asked.title, sink)
        yield Piece(cells={column: list(asked.texts)}, first=1, rows=len(asked.texts))
        return
    if asked.path == STDIN:
        stdin: IO[bytes] = sys.stdin.buffer
        found = (
            json_pieces(stdin, asked.title)
            if _head().lstrip()[:1] == b"{"
            else csv_pieces(stdin, asked.title, form, targets)
        )
        yield from regrouped(found, asked.size)
        return
    place = Path(asked.path).expanduser()
    ending = place.suffix.lower()
    if takes_sounds(run) and (place.is_dir() or ending in SOUNDS):
        yield from sound_pieces(run, place, asked.size, sink)
        return
    if place.is_dir() or ending in ENDINGS:
        if place.is_dir() and run.text_column is not None:
            yield from regrouped(_text_files(run, place), asked.size)
            return
        yield from image_pieces(run, place, asked.size, sink)
        return
    file = find_file(asked.path, "path", sink)
    if ending in _ARRAYS:
        raise sink.fail(
            "KG623",
            f"`{asked.path}` holds arrays, which are asked from Python",
            key="data.source.path",
            help="kerasgen.load(RUN).predict(numpy.load(FILE)), or of several columns "
            "predict({'NAME': array})",
        )
    if asked.path.lower().endswith(_ARCHIVES):
        raise sink.fail(
            "KG623",
            f"`{asked.path}` is an archive, and is asked as a folder",
            key="data.source.path",
            help="unpack it, and name the folder",
        )
    if ending in _TEXTS and run.text_column is not None:
        yield _text_piece(run, [file], [file.name], 1)
        return
    kind = FORMATS.get(ending, "csv")
    if kind in ("csv", "json"):
        with file.open("rb") as stream:
            found = (
                csv_pieces(stream, asked.title, form, targets)
                if kind == "csv"
                else json_pieces(stream, asked.title)
            )
            yield from regrouped(found, asked.size)
        return
    yield from regrouped(_packed_pieces(file, kind, form, sink), asked.size)


def _text_column(run: TrainedRun, title: str, sink: Sink) -> str:
    if run.text_column is None:
        count = len(run.needed)
        raise sink.fail(
            "KG623",
            f"`{title}` is a text, and the model takes {count} column{'' if count == 1 else 's'}: "
            f"{', '.join(f'`{name}`' for name in run.needed[:8])}",
            key="data.source.path",
            help="ask for the rows of a table that has them",
        )
    return run.text_column


def _text_files(run: TrainedRun, folder: Path) -> Iterator[Piece]:
    """The texts of a folder, a row each."""
    files = sorted(
        file for file in folder.rglob("*") if file.suffix.lower() in _TEXTS and is_regular(file)
    )
    if not files:
        raise DataError(f"`{folder}` has no files that end in {', '.join(_TEXTS)}", about="empty")
    for start in range(0, len(files), 64):
        some = files[start : start + 64]
        names = [file.relative_to(folder).as_posix() for file in some]
        yield _text_piece(run, some, names, start + 1)


def _text_piece(run: TrainedRun, files: Sequence[Path], names: Sequence[str], first: int) -> Piece:
    texts: list[str] = []
    problems: dict[int, str] = {}
    for row, file in enumerate(files):
        text = ""
        try:
            if file.stat().st_size > _LARGEST_TEXT:
                problems[row] = f"`{names[row]}` is longer than {_LARGEST_TEXT // 2**20} MiB"
            else:
                text = file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            problems[row] = f"`{names[row]}` is no utf-8 text"
        texts.append(text)
    column = run.text_column or ""
    return Piece(
        cells={"file": list(names), column: texts},
        first=first,
        rows=len(files),
        problems=problems,
    )


def _packed_pieces(file: Path, kind: str, form: TableForm, sink: Sink) -> Iterator[Piece]:
    """The rows of a file that Polars alone reads."""
    if not is_installed("polars"):
        raise sink.fail(
            "KG603",
            f"`{file}` is read with the package `polars`",
            key="data.source.path",
            help="pip install 'kerasgen[tables]', or ask for the rows of a `.csv`",
        )
    import polars

    number = 1
    rows = rows_of_file(str(file))
    try:
        for frame in pieces_of_file(str(file), form, rows):
            yield Piece(
                cells={series.name: series for series in frame}, first=number, rows=frame.height
            )
            number += frame.height
    except polars.exceptions.PolarsError as error:
        raise DataError(f"`{file}` cannot be read as {kind}: {first_line(error)}") from error
