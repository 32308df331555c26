"""An uploaded table: answered some rows at a time, as `kerasgen predict` answers a file.

This room owns which tables may be sent, and in which forms their answers go back. It must not know
how the file came, nor who computes.

Decisions:
- The cells of a table are not paths here: a client names no file of the server.
- Excel files and databases are not taken: they are read whole, whatever they unpack to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Literal, TypeAlias

from kerasgen.runtime.tabular.table_files import FORMATS
from kerasgen.verbs.answers.answer_columns import nested_outputs
from kerasgen.verbs.answers.path_cells import file_columns
from kerasgen.verbs.answers.row_places import asking_sink
from kerasgen.verbs.answers.writing import Columns, json_text, text_form
from kerasgen.verbs.predict import Counted, Question, answers_of
from kerasgen.verbs.serving.asked.rows import TooManyRowsError, Wanted
from kerasgen.verbs.serving.joined_answers import OPTION
from kerasgen.verbs.trained_run import TrainedRun

Form: TypeAlias = Literal["json", "lines", "csv"]
"""How an answer is written: a list, JSON lines, or CSV."""

STEP_ROWS = 4_096
"""Rows that are answered for at a time."""

ENDINGS = {
    "text/csv": ".csv",
    "application/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/x-ndjson": ".jsonl",
    "application/ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
    "application/vnd.apache.parquet": ".parquet",
    "application/vnd.apache.arrow.file": ".arrow",
}
"""Content type of a table to the ending of its file."""

TAKEN = ("csv", "json", "parquet", "arrow")
"""Forms of tables that are taken, by the ending of their file."""


def is_table(name: str) -> bool:
    """Whether a file is a table that is taken, by its ending; `.json` is a list of rows."""
    ending = Path(name).suffix.lower()
    return FORMATS.get(ending) in TAKEN and ending not in (".json", ".txt", ".data")


def table_steps(
    run: TrainedRun, file: Path, wanted: Wanted, form: Form, out: IO[bytes], most: int
) -> Iterator[None]:
    """Answers for the rows of a table, some at each step.

    Args:
        run: the run.
        file: the table.
        wanted: what the answer is to hold.
        form: how it is written.
        out: where it is written.
        most: rows that the table may have.

    Raises:
        CompileError: the rows cannot be read, or one has no answer.
        TooManyRowsError: it has more rows.
    """
    sink = asking_sink(str(file), str(file))
    if paths := file_columns(run):
        name = next(iter(paths))
        raise sink.fail(
            "KG623",
            f"the column `{name}` holds files, which a table names by paths of its own machine",
            help="send the files themselves, or rows of JSON with the files in base64",
        )
    if form == "csv" and nested_outputs(run.compiled)[0]:
        told = "the run answers with an array for each row, which no cell of a CSV holds"
        raise sink.fail("KG605", told, help="ask for JSON: `Accept: application/x-ndjson`")
    question = Question(
        rows=str(file),
        output=Path("answers.csv" if form == "csv" else "answers.jsonl"),
        top=wanted.top,
        scores=wanted.scores,
        bad=wanted.bad,
        option=OPTION,
    )
    counted = Counted()
    write = _writer(form, out)
    for columns in answers_of(run, question, sink, counted, STEP_ROWS):
        if counted.rows > most:
            raise TooManyRowsError(f"the table has more than {most:,} rows")
        write(columns)
        yield
    if form == "json":
        out.write(b"]" if out.tell() else b"[]")


def _writer(form: Form, out: IO[bytes]) -> Callable[[Columns], None]:
    if form != "json":
        kind = "csv" if form == "csv" else "json"
        return text_form(kind, lambda text: out.write(text.encode()) and None)

    def write(columns: Columns) -> None:
        for line in json_text(columns).splitlines():
            out.write(b"," if out.tell() else b"[")
            out.write(line.encode())

    return write
