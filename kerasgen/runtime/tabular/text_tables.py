"""Tables of text become frames of words, piece by piece.

A file is read as it lies where it is UTF-8 text of lines of equal length. Of any other
encoding, and where rows are left out, a copy is made first that is.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.plain_text import (
    LONGEST_LINE,
    TEXT_BLOCK,
    check_unpacked,
    copy_plainly,
    is_plain_text,
    room_for,
    wrong_text,
)
from kerasgen.runtime.tables import MISSING, distinct_names
from kerasgen.runtime.tabular.number_columns import (
    check_exact,
    not_numbers,
    number_columns,
    without_blank_lines,
)
from kerasgen.runtime.tabular.rows_of_files import MOST_REASONS
from kerasgen.runtime.values import Array

SEPARATORS = (",", ";", "\t", "|")
"""What may stand between the cells of a line, the likeliest first."""

PIECE_ROWS = 500_000
"""Rows of a table that are held at once while it is read."""


class TableForm(TypedDict, total=False):
    """How a table is written."""

    header: bool
    names: Sequence[str] | None
    separator: str | None
    quote: str | None
    comment: str | None
    skip_lines: int
    decimal: str | None
    thousands: str | None
    symbols: str
    dates: str | None
    encoding: str
    missing_values: Collection[str] | Mapping[str, Collection[str]]
    numbers: Sequence[str]
    sheet: str | None
    query: str | None
    most_rows: int
    password: str | None
    bad: str


class TextTable(TypedDict):
    """A file of text that can be cut into rows.

    `numbers` are the columns that are read as numbers, to their mark of a missing one.
    """

    file: str
    place: Path
    titles: list[str]
    separator: str
    quote: str | None
    comment: str | None
    numbers: dict[str, str | None]
    start: int
    total: int
    lines: Array | None
    skipped: int
    reasons: list[str]


def open_text(file: str, form: TableForm, folder: Path) -> TextTable:
    """Looks at a file of text; a copy of it, where one is needed, lies in the folder.

    Raises:
        DataError: it is empty, is in another encoding, or has columns that cannot be
            named.
    """
    encoding = form.get("encoding", "utf-8").lower()
    place = Path(file)
    keep = form.get("bad") == "skip"
    check_unpacked(place, file)
    if not is_plain_text(place, file, encoding, keep):
        place = folder / "plain.txt"
        copy_plainly(file, encoding, place, keep)
    start, quote = form.get("skip_lines", 0), form.get("quote", '"')
    comment, header = form.get("comment"), form.get("header", True)
    with place.open(encoding="utf-8-sig", errors="surrogateescape") as lines:
        head = [line.rstrip("\n") for line in islice(lines, start + 1_000)]
    first = start
    while first < len(head) and (
        not head[first].strip() or (comment and head[first].startswith(comment))
    ):
        first += 1
    if first >= len(head):
        raise DataError(f"`{file}` is empty", about="empty")
    tabbed = Path(file).suffix.lower() in (".tsv", ".tab")
    likely = "\t" if tabbed else likely_separator(head[first], quote)
    between: str = form.get("separator") or likely
    reader = csv.reader(
        [f"{line}\n" for line in head[first:]],
        delimiter=between,
        quotechar=quote,
        quoting=csv.QUOTE_NONE if quote is None else csv.QUOTE_MINIMAL,
    )
    cells = next(reader)
    if header and not all(map(is_unicode, cells)):
        raise DataError(wrong_text(place, file, "utf-8"), about="encoding")
    titles = column_titles(cells, file, header, form.get("names"))
    return {
        "file": file,
        "place": place,
        "titles": titles,
        "separator": between,
        "quote": quote,
        "comment": comment,
        "numbers": {},
        "start": first + (reader.line_num if header else 0),
        "total": 0,
        "lines": None,
        "skipped": 0,
        "reasons": [],
    }


def likely_separator(line: str, quote: str | None) -> str:
    """What stands most often between the cells of a line, outside of quotes."""
    plain = "".join(line.split(quote)[::2]) if quote else line
    return max(SEPARATORS, key=plain.count)


def column_titles(
    cells: Sequence[str], file: str, header: bool, names: Sequence[str] | None
) -> list[str]:
    """The names of all columns.

    Raises:
        DataError: they are too few or too many, or not distinct.
    """
    if names is not None and len(names) != len(cells):
        problem = f"`names` has {len(names)}, and `{file}` {len(cells)} columns"
        raise DataError(problem, about="names")
    if names is None and header:
        names = [cell.strip() or f"c{index}" for index, cell in enumerate(cells)]
    titles = list(names or (f"c{index}" for index in range(len(cells))))
    distinct_names(titles, file)
    return titles


def text_pieces(table: TextTable) -> Iterator[Any]:
    """The rows of a file of text, cells as words but for numbers, an empty one as none.

    Raises:
        DataError: a line has too few or too many cells, or is in another encoding.
        NoNumbersError: columns that are read as numbers hold something else.
    """
    import polars

    first, last = table["titles"][0], table["titles"][-1]
    numbers = table["numbers"]
    rows, short = 0, False
    try:
        for piece in scan_text(table).collect_batches(
            chunk_size=PIECE_ROWS, maintain_order=True
        ):
            read = piece
            lacking = piece[last].null_count() > 0  # Polars lets a line be too short.
            short = short or lacking
            empty = (
                piece[first].null_count() > 0
                if first in numbers
                else (piece[first].str.strip_chars() == "").any()
            )
            if lacking or empty:
                read = without_blank_lines(piece, numbers)
            rows += read.height
            check_exact(read, numbers)
            yield from read.iter_slices(PIECE_ROWS)
    except polars.exceptions.PolarsError as error:
        if numbers:  # as words they are read once more, and told where they are wrong
            raise not_numbers(str(error), numbers) from error
        if "utf-8" in str(error):
            problem = wrong_text(table["place"], table["file"], "utf-8")
            raise DataError(problem, about="encoding") from error
        said = f"`{table['file']}`: {str(error).splitlines()[0]}"
        raise DataError(wrong_line(table) or said, about="separator") from error
    if short and not is_even(table) and (wrong := wrong_line(table)):
        raise DataError(wrong, about="separator")
    table["total"] = rows


def look_for_numbers(table: TextTable, form: TableForm, words: Collection[str]) -> None:
    """Tells by the first rows which columns are read as numbers.

    Args:
        table: the file.
        form: how it is written.
        words: columns that are not.
    """
    others = form.get("decimal") not in (None, "."), form.get("thousands")
    if any(others) or form.get("symbols"):
        return
    marks = {title: missing_marks(form, title) for title in table["titles"]}
    found = number_columns((row for _, _, row in text_rows(table)), marks)
    kept = {*words, *form.get("numbers", ())}
    table["numbers"] = {name: mark for name, mark in found.items() if name not in kept}


def is_even(table: TextTable) -> bool:
    """Whether there are as many separators as all lines together must have.

    None of them is too long, as Polars has found; so none is too short.
    """
    sign = table["separator"].encode()
    signs = lines = 0
    with table["place"].open("rb") as stream:
        for _ in range(table["start"]):
            stream.readline()
        end = b"\n"
        while block := stream.read(TEXT_BLOCK):
            signs, lines = signs + block.count(sign), lines + block.count(b"\n")
            end = block[-1:]
    lines += end != b"\n"
    return signs == lines * (len(table["titles"]) - 1)


def scan_text(table: TextTable) -> Any:
    """The rows of a file of text, not read yet."""
    import polars

    numbers = table["numbers"]
    kinds = {
        title: polars.Float64 if title in numbers else polars.String
        for title in table["titles"]
    }
    marks = {name: mark for name, mark in numbers.items() if mark is not None}
    return polars.scan_csv(
        table["place"],
        has_header=False,
        schema=kinds,
        null_values=marks or None,
        separator=table["separator"],
        quote_char=table["quote"],
        comment_prefix=table["comment"],
        skip_lines=table["start"],
        glob=False,
    )


def wrong_line(table: TextTable) -> str | None:
    """What is wrong with the first line that has another number of cells."""
    wanted = len(table["titles"])
    try:
        for first, last, row in text_rows(table):
            if len(row) != wanted:
                place = line_place(table, first, last)
                verb = "has" if first == last else "together have"
                return f"{place} {verb} {cells_of(row, wanted)}"
    except csv.Error as error:
        return f"`{table['file']}` cannot be cut into cells: {error}"
    return None


def cells_of(row: Sequence[str], wanted: int) -> str:
    """How many cells a row has, and should have."""
    return f"{len(row)} cell{'s' * (len(row) != 1)}, expected {wanted}"


def line_place(table: TextTable, first: int, last: int) -> str:
    """Where a row stands."""
    lines = f"line {first}" if first == last else f"lines {first} to {last}"
    return f"{lines} of `{table['file']}`"


def text_rows(table: TextTable) -> Iterator[tuple[int, int, list[str]]]:
    """The rows of a file with their first and last lines; slow, and exact."""
    start, comment, quote = table["start"], table["comment"], table["quote"]
    limit = csv.field_size_limit(LONGEST_LINE)
    try:
        with table["place"].open(
            encoding="utf-8-sig", errors="surrogateescape", newline=""
        ) as stream:
            reader = csv.reader(
                without_comments(islice(stream, start, None), comment),
                delimiter=table["separator"],
                quotechar=quote,
                quoting=csv.QUOTE_NONE if quote is None else csv.QUOTE_MINIMAL,
            )
            last = 0
            for row in reader:
                first, last = last + 1, reader.line_num
                if any(cell.strip() for cell in row):
                    yield start + first, start + last, row
    finally:
        csv.field_size_limit(limit)


def without_comments(lines: Iterable[str], comment: str | None) -> Iterator[str]:
    """Lines, an empty one in the place of each that is a comment."""
    for line in lines:
        yield "\n" if comment and line.startswith(comment) else line


def leave_out_bad_rows(table: TextTable, folder: Path) -> None:
    """Reads on in a copy without the rows that are of another length or encoding.

    Raises:
        DataError: there is no room for it.
    """
    wanted = len(table["titles"])
    place = folder / "good.txt"
    kept: list[int] = []
    between, quote = table["separator"], table["quote"]
    with room_for(place), place.open("w", encoding="utf-8", newline="") as copy:
        writer = csv.writer(
            copy, delimiter=between, quotechar=quote or '"', lineterminator="\n"
        )
        for first, last, row in text_rows(table):
            reason = cells_of(row, wanted) if len(row) != wanted else ""
            if not reason and any(not is_unicode(cell) for cell in row):
                reason = "text in another encoding"
            if not reason:
                kept.append(first)
                writer.writerow(row)
                continue
            table["skipped"] += 1
            if len(table["reasons"]) < MOST_REASONS:
                table["reasons"].append(f"{line_place(table, first, last)}: {reason}")
    table["lines"] = np.asarray(kept, dtype="int64")
    table["place"], table["start"] = place, 0
    table["comment"], table["quote"] = None, '"'


def is_unicode(cell: str) -> bool:
    """Whether all of a cell could be read."""
    return cell.isascii() or not any("\udc80" <= sign <= "\udcff" for sign in cell)


def has_bad_rows(table: TextTable) -> bool:
    """Whether a file of text cannot be read as it is."""
    try:
        for _ in text_pieces(table):
            pass
    except ValueError:
        return True
    return False


def line_numbers(table: TextTable) -> Array | None:
    """The line of each row; None where rows are no lines.

    That is where there are blank lines, comments, or cells of several lines.
    """
    if table["lines"] is not None:
        return table["lines"]
    count, end = 0, b""
    with table["place"].open("rb") as stream:
        while block := stream.read(TEXT_BLOCK):
            count, end = count + block.count(b"\n"), block[-1:]
    count += end not in (b"\n", b"")
    if count != table["start"] + table["total"]:
        return None
    kind = "int32" if count < 2**31 else "int64"
    return np.arange(table["start"] + 1, count + 1, dtype=kind)


USUAL_MISSING = frozenset(MISSING)
"""Cells that stand for a missing value where nobody says it."""


def missing_marks(form: TableForm, name: str) -> frozenset[str]:
    """Cells of a column that stand for a missing value."""
    said = form.get("missing_values", USUAL_MISSING)
    if isinstance(said, Mapping):
        return USUAL_MISSING | frozenset(said.get(name, ()))
    return frozenset(said)
