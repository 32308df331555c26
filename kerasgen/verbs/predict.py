"""Answers of a run for the rows of a file, written as a table.

This room owns which files are understood, and the form of the answer. What a run answers stands in
`trained_run`.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasgen.data.sources.files import find_file
from kerasgen.data.table import Array
from kerasgen.diagnostics import Sink
from kerasgen.process.packages import is_installed
from kerasgen.record.files import write_atomically
from kerasgen.registry import NOBODY, Trust
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.table_files import FORMATS, read_cells
from kerasgen.runtime.words import read_words
from kerasgen.verbs.trained_run import TrainedRun, answer_columns, load_run

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

_WORD_FORM = ("header", "names", "separator", "quote")
"""Arguments of a table that is read without Polars."""

_FORM = ("header", "names", "separator", "quote", "decimal", "encoding", "missing_values", "sheet")
"""Arguments of a table that new rows have in common with those of the training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a run.

    Attributes:
        rows: a file of rows, or `-`.
        output: where the answer is written; None for the standard output.
        top: how many classes are named.
        scores: whether each class has a column of its probability.
    """

    rows: str
    output: Path | None = None
    top: int = 1
    scores: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """New rows.

    Attributes:
        cells: column to its cells as they were written, for the answer.
        columns: column to numbers or words.
    """

    cells: Mapping[str, list[Any]]
    columns: Mapping[str, Array]


def predict_file(folder: Path, question: Question, trust: Trust = NOBODY) -> str | None:
    """Answers for the rows of a file.

    Args:
        folder: the folder of the run.
        question: what is asked.
        trust: modules whose parts the run may hold.

    Returns:
        The answer as CSV; None where it was written to a file.

    Raises:
        CompileError: the run or the rows cannot be read, or a row has no answer.
        OSError: the answer cannot be written.
    """
    sink = Sink()
    _check_question(question, sink)
    run = load_run(folder, trust)
    rows = _read_rows(run, question.rows, sink)
    answers = answer_columns(run.answers(rows.columns), top=question.top, scores=question.scores)
    if taken := [name for name in answers if name in rows.cells]:
        raise sink.fail(
            "KG305",
            f"the rows have a column `{taken[0]}`, which is what the answer is called",
            key="data.source",
            help="give the column another name",
        )
    columns = {**rows.cells, **{name: column.tolist() for name, column in answers.items()}}
    if question.output is None:
        return table_text(columns)
    _write(columns, question.output, sink)
    return None


def _check_question(question: Question, sink: Sink) -> None:
    """Refuses what cannot be done before anything is computed."""
    if question.top < 1:
        raise sink.fail("KG204", f"`--top` is {question.top}, expected 1 or more", key="--top")
    output = question.output
    if output is None:
        return
    if FORMATS.get(output.suffix.lower(), "") not in ("csv", "json", "parquet", "arrow"):
        raise sink.fail(
            "KG605",
            f"answers are not written as `{output.suffix or output.name}`",
            key="--output",
            help="let the file end in .csv, .tsv, .jsonl, .parquet or .arrow",
        )
    if output.is_dir():
        raise sink.fail("KG605", f"`{output}` is a folder, expected a file", key="--output")


def table_text(columns: Mapping[str, list[Any]]) -> str:
    """Columns as CSV, with a line of names."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(_rows(columns))
    return out.getvalue()


def _read_rows(run: TrainedRun, path: str, sink: Sink) -> _Rows:
    """The rows of a file, or of the standard input."""
    if path != STDIN:
        return _read_file(run, find_file(path, "path", sink), sink)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.csv"
        file.write_bytes(sys.stdin.buffer.read())
        return _read_file(run, file, sink)


def _read_file(run: TrainedRun, file: Path, sink: Sink) -> _Rows:
    arguments = run.data.source.arguments
    form = {name: arguments[name] for name in _FORM if name in arguments}
    if run.data.source.cls == "Csv":
        form |= {new: arguments[old] for old, new in _OF_CSV.items() if old in arguments}
    if form.get("names") is None and form.get("header") is False:
        form["names"] = tuple(run.schema.columns)
    try:
        return _rows_of(file, form, run)
    except DataError as error:
        raise sink.fail("KG502", str(error), key="data.source.path") from error
    except OSError as error:
        raise sink.fail("KG501", f"`{file}` cannot be read: {error}", key="data.source") from error


def _rows_of(file: Path, form: dict[str, Any], run: TrainedRun) -> _Rows:
    """The rows of a file; where they have no names, the target may be left out of them."""
    if not is_installed("polars"):
        words = read_words(str(file), **{k: v for k, v in form.items() if k in _WORD_FORM})
        return _Rows(cells={n: c.tolist() for n, c in words.items()}, columns=words)
    try:
        cells, columns = read_cells(str(file), **form)
    except DataError as error:
        if error.about != "names" or form.get("header") is not False:
            raise
        without = [name for name in form["names"] if name not in run.schema.target.values()]
        cells, columns = read_cells(str(file), **{**form, "names": without})
    return _Rows(cells=cells, columns=columns)


def _write(columns: Mapping[str, list[Any]], output: Path, sink: Sink) -> None:
    """Writes columns by the ending of a file: CSV, JSON lines, Parquet, Arrow, Excel."""
    kind = FORMATS.get(output.suffix.lower(), "csv")
    if kind == "csv":
        write_atomically(output, table_text(columns))
        return
    if kind == "json":
        names = list(columns)
        lines = (json.dumps(dict(zip(names, row, strict=True))) for row in _rows(columns))
        write_atomically(output, "".join(f"{line}\n" for line in lines))
        return
    if not is_installed("polars"):
        raise sink.fail(
            "KG603",
            f"`{output}` is written with the package `polars`",
            key="data.source",
            help="pip install 'kerasgen[tables]', or write a `.csv`",
        )
    import polars

    frame = polars.DataFrame(dict(columns))
    out = io.BytesIO()
    if kind == "parquet":
        frame.write_parquet(out)
    else:
        frame.write_ipc(out)
    write_atomically(output, out.getvalue())


def _rows(columns: Mapping[str, list[Any]]) -> Iterable[tuple[Any, ...]]:
    """The rows of columns; NaN is None."""
    cells = [[None if cell != cell else cell for cell in column] for column in columns.values()]
    return zip(*cells, strict=True)
