"""Tables of text some rows at a time: CSV and JSON lines, from a file or the standard input.

This room owns how such text is cut into rows without reading more than a few of them, and what is
said of rows that are none. It must not know what the columns are.

Decisions:
- A block of text ends where a line ends outside of quotes. Lines longer than `LONGEST` are refused.
- A line with too few or too many cells is a row with a problem: what becomes of it is not decided
  here. Its cells are kept as far as there are columns for them.
- With Polars whole blocks are read at once, unless one of its lines looks odd; without it, and
  where one does, Python reads them.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import IO, Any

from kerasgen.process.packages import is_installed
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.tabular.text_tables import TableForm, column_titles, likely_separator
from kerasgen.verbs.answers.pieces import Piece

BLOCK = 4 * 2**20
"""Bytes that are read at a time."""

BLANKS = frozenset(sign for sign in map(chr, range(128)) if sign.isspace())
"""Blanks of ASCII."""

LONGEST = 64 * 2**20
"""Characters that a line may have."""


def csv_pieces(
    stream: IO[bytes], title: str, form: TableForm, without: Sequence[str] = ()
) -> Iterator[Piece]:
    """The rows of a table of text.

    Args:
        stream: the table.
        title: what it is called in messages.
        form: how it is written.
        without: columns that a table without names may lack: the targets.

    Raises:
        DataError: it is empty, in another encoding, or its columns cannot be named.
    """
    quote = form.get("quote", '"')
    for _ in range(form.get("skip_lines", 0)):
        stream.readline(LONGEST)
    blocks = _blocks(stream, title, form.get("encoding", "utf-8"), quote)
    if comment := form.get("comment"):
        blocks = (_without(block, comment) for block in blocks)
    block = next(blocks, None)
    if block is None:
        raise DataError(f"`{title}` is empty", about="empty")
    start = _first_line(block, quote)
    between = _separator(start, title, form)
    cells = next(csv.reader([start], delimiter=between, quotechar=quote or None), [])
    titles = _titles(cells, title, form, without)
    reading = _Reading(titles=titles, separator=between, quote=quote)
    if form.get("header", True):
        block = block[block.index(start) + len(start) :].removeprefix("\n")
    number = 1
    while block is not None:
        piece = reading.piece(block, number)
        number += piece.rows
        if piece.rows:
            yield piece
        block = next(blocks, None)
    if number == 1:
        yield Piece(cells={name: [] for name in titles}, first=1, rows=0)


def json_pieces(stream: IO[bytes], title: str) -> Iterator[Piece]:
    """The rows of JSON lines: an object a line.

    Raises:
        DataError: it is not UTF-8, or a line is too long.
    """
    number = 1
    for block in _blocks(stream, title, "utf-8", None):
        rows: list[dict[str, Any]] = []
        problems: dict[int, str] = {}
        for line in block.split("\n"):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict):
                problems[len(rows)], row = "it is no object of JSON", {}
            rows.append({name: _plain(cell) for name, cell in row.items()})
        names = dict.fromkeys(name for row in rows for name in row)
        cells = {name: [row.get(name) for row in rows] for name in names}
        if rows:
            yield Piece(cells=cells, first=number, rows=len(rows), problems=problems)
        number += len(rows)


def _plain(cell: Any) -> Any:
    return cell if isinstance(cell, str | int | float | list | None) else json.dumps(cell)


def line_of_row(stream: IO[bytes], title: str, form: TableForm, row: int) -> int | None:
    """The line of a table of text in which a row begins, counted from 1; None past its end.

    Args:
        stream: the table, from its begin; it was read by `csv_pieces` before.
        title: what it is called there.
        form: how it is written.
        row: the number of the row, from 1.
    """
    encoding = form.get("encoding", "utf-8")
    text = io.TextIOWrapper(stream, "utf-8-sig" if encoding == "utf-8" else encoding, "replace")
    try:
        return _line_of(text, title, form, row)
    finally:
        text.detach()  # The stream is closed by whoever opened it.


def _line_of(text: Iterable[str], title: str, form: TableForm, row: int) -> int | None:
    skipped, comment = form.get("skip_lines", 0), form.get("comment")
    quote = form.get("quote", '"')
    numbered = (
        (number, line)
        for number, line in enumerate(text, 1)
        if number > skipped and not (comment and line.startswith(comment))
    )
    head = list(islice(numbered, 1_000))
    start = _first_line("".join(line for _, line in head), quote)
    read: list[int] = []

    def lines() -> Iterator[str]:
        for number, line in chain(head, numbered):
            read.append(number)
            yield line

    reader = _reader(lines(), _separator(start, title, form), quote)
    count = -1 if form.get("header", True) else 0
    while count < row:
        read.clear()
        try:
            cells = next(reader, None)
        except csv.Error:
            cells = ["what is no row of a table counts as one"]
        if cells is None:
            return None
        count += any(cell.strip() for cell in cells)
    return read[0]


def line_of_object(stream: IO[bytes], row: int) -> int | None:
    """The line of a row of JSON lines, both counted from 1; None past its end."""
    rows = 0
    for number, line in enumerate(stream, 1):
        rows += bool(line.strip())
        if rows == row:
            return number
    return None


def _reader(lines: Iterable[str], separator: str, quote: str | None) -> Iterator[list[str]]:
    return csv.reader(
        lines,
        delimiter=separator,
        quotechar=quote,
        quoting=csv.QUOTE_NONE if quote is None else csv.QUOTE_MINIMAL,
    )


def _separator(start: str, title: str, form: TableForm) -> str:
    """What stands between the cells, as the config says it or the first line shows it."""
    likely = "\t" if title.endswith((".tsv", ".tab")) else None
    return form.get("separator") or likely or likely_separator(start, form.get("quote", '"'))


def _titles(cells: Sequence[str], title: str, form: TableForm, without: Sequence[str]) -> list[str]:
    """The names of the columns; where the rows have none, the targets may be left out of them."""
    header, names = form.get("header", True), form.get("names")
    if not header and names is not None and len(cells) == len(names) - len(without):
        names = [name for name in names if name not in without]
    return column_titles(cells, title, header, names)


def _without(block: str, comment: str) -> str:
    """Lines without those that are comments."""
    return "\n".join(line for line in block.split("\n") if not line.startswith(comment))


def _first_line(text: str, quote: str | None) -> str:
    """The first line that is not blank, with all lines that a cell of it takes."""
    lines = text.split("\n")
    at = next((place for place, line in enumerate(lines) if line.strip()), 0)
    line = lines[at]
    while quote and line.count(quote) % 2 and at + 1 < len(lines):
        at += 1
        line += "\n" + lines[at]
    return line


def _ends_before(error: UnicodeDecodeError, rest: str) -> int:
    """The ends of lines before what is no text."""
    sound = error.object[: error.start].decode(error.encoding, "ignore")
    return len(rest.split("\n")) - 1 + len(re.findall(r"\r\n?|\n", sound))


def _blocks(stream: IO[bytes], title: str, encoding: str, quote: str | None) -> Iterator[str]:
    """Text in blocks of whole lines; none for a text of blanks.

    Raises:
        DataError: it is in another encoding, or a line is too long.
    """
    try:
        decode = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)
    except LookupError as error:
        raise DataError(f"there is no encoding `{encoding}`", about="encoding") from error
    decoder = io.IncrementalNewlineDecoder(decode("strict"), translate=True)
    rest, lines, begun, ended = "", 0, False, False
    while not ended:
        raw = stream.read(BLOCK)
        ended = not raw
        try:
            more = decoder.decode(raw, final=ended)
        except UnicodeDecodeError as error:
            line = lines + 1 + _ends_before(error, rest)
            problem = f"line {line} of `{title}` is not {encoding} text"
            raise DataError(problem, about="encoding") from error
        whole = rest + more
        end = len(whole) if ended else _end_of_lines(whole, quote)
        if end == 0 and len(whole) > LONGEST:
            raise DataError(
                f"line {lines + 1} of `{title}` is longer than {LONGEST // 2**20} MiB", about="path"
            )
        block, rest = whole[:end], whole[end:]
        lines += block.count("\n")
        begun = begun or not block.isspace()
        if block and begun:
            yield block


def _end_of_lines(text: str, quote: str | None) -> int:
    """Where the last whole line of a text ends that begins outside of quotes."""
    end = text.rfind("\n") + 1
    if not quote or quote not in text:
        return end
    quotes = text.count(quote, 0, end)
    while end and quotes % 2:
        before = text.rfind("\n", 0, end - 1) + 1
        quotes -= text.count(quote, before, end)
        end = before
    return end


class _Reading:
    """How blocks of lines become cells."""

    def __init__(self, titles: Sequence[str], separator: str, quote: str | None) -> None:
        self._titles, self._separator, self._quote = list(titles), separator, quote
        self._fast = is_installed("polars")

    def piece(self, block: str, number: int) -> Piece:
        """The rows of some lines; `number` is that of the first."""
        found = self._by_polars(block, number) if self._fast else None
        return found or self._by_python(block, number)

    def _by_polars(self, block: str, number: int) -> Piece | None:
        """All lines at once; None where a line has another number of cells, or may have."""
        import polars

        if not self._looks_even(block):
            lines = polars.Series(block.split("\n"))
            blank = lines.str.strip_chars() == ""
            signs = lines.str.count_matches(self._separator, literal=True)
            if ((signs != len(self._titles) - 1) & ~blank).any():
                return None
            if blank.all():
                return Piece(cells={}, first=number, rows=0)
        try:
            frame = polars.read_csv(
                block.encode(),
                separator=self._separator,
                quote_char=self._quote,
                has_header=False,
                new_columns=self._titles,
                infer_schema=False,
                empty_string_is_null=False,
            )
        except polars.exceptions.PolarsError:
            return None
        if self._may_hold_blanks(block):
            frame = frame.with_columns(polars.all().str.strip_chars())
        if not (frame.to_series(0) != "").fill_null(False).all():
            frame = frame.filter(polars.any_horizontal(polars.all() != ""))
        return Piece(
            cells={series.name: series for series in frame}, first=number, rows=frame.height
        )

    def _looks_even(self, block: str) -> bool:
        """Whether all lines have as many cells as there are columns, unless one has more."""
        if self._quote and self._quote in block:
            return False
        lines = block.count("\n") + (not block.endswith("\n"))
        # A line that has fewer needs one that has more, which Polars refuses.
        return block.count(self._separator) == lines * (len(self._titles) - 1) > 0

    def _may_hold_blanks(self, block: str) -> bool:
        """Whether a cell may hold a blank, as far as it can be told without looking at cells."""
        if not block.isascii() or (self._quote and self._quote in block):
            return True
        return any(blank in block for blank in BLANKS - {"\n", self._separator})

    def _by_python(self, block: str, number: int) -> Piece:
        rows: list[list[str]] = []
        problems: dict[int, str] = {}
        wanted = len(self._titles)
        reader = _reader(io.StringIO(block), self._separator, self._quote)
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                row = [""] * wanted
                problems[len(rows)] = f"it is no row of a table: {error}"
                rows.append(row)
                continue
            if row is None:
                break
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if len(cells) != wanted:
                problems[len(rows)] = f"it has {len(cells)} cells, expected {wanted}"
            rows.append((cells + [""] * wanted)[:wanted])
        columns = zip(*rows, strict=True) if rows else ([] for _ in self._titles)
        return Piece(
            cells=dict(zip(self._titles, map(list, columns), strict=True)),
            first=number,
            rows=len(rows),
            problems=problems,
        )
