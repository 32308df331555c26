"""Tables in files become columns: text, Parquet, Arrow, JSON lines, Excel.

Cells of text lose the blanks around them. A column is numbers if every cell is one, and
words otherwise; a number that is missing is NaN, a word that is missing is empty.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from glob import glob
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.split import PARTS
from kerasgen.runtime.tables import MISSING
from kerasgen.runtime.values import Array, Columns

SEPARATORS = (",", ";", "\t", "|")
"""What may stand between the cells of a line, the likeliest first."""

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".data": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "arrow",
    ".arrow": "arrow",
    ".ipc": "arrow",
    ".jsonl": "json",
    ".ndjson": "json",
    ".xlsx": "excel",
    ".xls": "excel",
}
"""Ending of a file to its format."""


class TableForm(TypedDict, total=False):
    """How a table is written."""

    header: bool
    names: Sequence[str] | None
    separator: str | None
    quote: str | None
    decimal: str
    encoding: str
    missing_values: Collection[str]
    sheet: str | None


def read_table(
    path: str | Sequence[str],
    test_path: str | Sequence[str] | None = None,
    wanted: Collection[str] | None = None,
    **form: Unpack[TableForm],
) -> Columns:
    """Reads one table, or several of the same columns one after the other.

    The rows of the test files are the test part.

    Raises:
        DataError: a file cannot be used.
    """
    import polars

    frames: list[Any] = []
    sizes = []
    for named in (path, test_path):
        files = table_files(named) if named is not None else []
        part = [read_frame(file, form) for file in files]
        for file, frame in zip(files, part, strict=True):
            same_columns(frame, (frames + part)[0], file)
        frames += part
        sizes.append(sum(frame.height for frame in part))
    whole = polars.concat(frames, how="vertical_relaxed")
    columns = {
        name: frame_column(whole[name], form)
        for name in whole.columns
        if wanted is None or name in wanted
    }
    if test_path is None:
        return columns, None
    numbers = np.array([PARTS.index("training"), PARTS.index("test")], dtype="int8")
    return columns, np.repeat(numbers, sizes)


def read_cells(
    path: str, **form: Unpack[TableForm]
) -> tuple[dict[str, list[Any]], dict[str, Array]]:
    """Reads a table twice: its cells as they are written, and its columns.

    Raises:
        DataError: the file cannot be used.
    """
    frame = read_frame(path, form)
    cells = {name: [plain_cell(c) for c in frame[name]] for name in frame.columns}
    return cells, {name: frame_column(frame[name], form) for name in frame.columns}


def plain_cell(cell: Any) -> Any:
    """A cell as CSV and JSON can say it."""
    return cell if isinstance(cell, str | int | float | None) else str(cell)


def table_files(path: str | Sequence[str]) -> list[str]:
    """The files that a path, a pattern or a list of these names.

    Raises:
        DataError: a pattern matches none.
    """
    found: list[str] = []
    for item in [path] if isinstance(path, str) else path:
        place = str(Path(item).expanduser())
        several = any(sign in item for sign in "*?[") and not Path(place).exists()
        files = sorted(glob(place, recursive=True)) if several else [place]
        if not files:
            raise DataError(f"no file matches `{item}`", about="path")
        found += files
    return found


def same_columns(frame: Any, first: Any, file: str) -> None:
    """Checks that a further file has the columns of the first.

    Raises:
        DataError: it has others.
    """
    if frame.columns != first.columns:
        other = sorted(set(frame.columns) ^ set(first.columns))
        what = (
            f"`{other[0]}` is in one of them alone" if other else "their order differs"
        )
        raise DataError(f"`{file}` has other columns: {what}", about="path")


def read_frame(file: str, form: TableForm) -> Any:
    """Reads a file by its ending.

    Raises:
        DataError: it is no table of that kind.
    """
    import polars

    kind = FORMATS.get(Path(file).suffix.lower(), "csv")
    try:
        if kind == "parquet":
            return polars.read_parquet(file)
        if kind == "arrow":
            return polars.read_ipc(file)
        if kind == "json":
            return polars.read_ndjson(file, infer_schema_length=None)
        if kind == "excel":
            return read_sheet_of(file, form)
    except polars.exceptions.PolarsError as error:
        problem = f"`{file}` cannot be read as {kind}: {first_line(error)}"
        raise DataError(problem, about="path") from error
    return read_text(file, form)


def read_sheet_of(file: str, form: TableForm) -> Any:
    """Reads a sheet of an Excel file.

    Raises:
        DataError: it is no such file, or has no such sheet.
    """
    import polars

    header, sheet = form.get("header", True), form.get("sheet")
    try:
        return polars.read_excel(file, sheet_name=sheet, has_header=header)
    except Exception as error:  # its reader has errors of its own
        problem = f"`{file}` cannot be read as excel: {first_line(error)}"
        raise DataError(problem, about="path") from error


def read_text(file: str, form: TableForm) -> Any:
    """Reads a table of text, all its cells as words.

    Raises:
        DataError: it is empty, is in another encoding, has columns that cannot be
            named, or lines of another length.
    """
    import polars

    header, quote = form.get("header", True), form.get("quote", '"')
    text = read_lines(file, form.get("encoding", "utf-8"))
    first = next((line for line in text.split("\n", 50) if line.strip()), "")
    tabbed = Path(file).suffix.lower() in (".tsv", ".tab")
    between = form.get("separator")
    between = between or ("\t" if tabbed else likely_separator(first, quote))
    cells = next(csv.reader([first], delimiter=between, quotechar=quote or None), [])
    titles = column_titles(cells, file, header, form.get("names"))
    try:
        frame = polars.read_csv(
            text.encode(),
            separator=between,
            quote_char=quote,
            has_header=header,
            new_columns=titles,
            infer_schema=False,
            empty_string_is_null=False,
        )
    except polars.exceptions.PolarsError as error:
        raise DataError(
            wrong_line(text.split("\n"), file, between, quote)
            or f"`{file}`: {first_line(error)}",
            about="separator",
        ) from error
    # Polars takes the cells that a short line lacks for empty ones.
    lines = polars.Series(text.split("\n"))
    signs = lines.str.count_matches(between, literal=True)
    doubtful = (signs != len(titles) - 1) & (lines.str.strip_chars() != "")
    if doubtful.any() and (
        problem := wrong_line(text.split("\n"), file, between, quote)
    ):
        raise DataError(problem, about="separator")
    words = frame.with_columns(polars.all().str.strip_chars())
    return words.filter(polars.any_horizontal(polars.all() != ""))


def read_lines(file: str, encoding: str) -> str:
    """Reads a file of text, without the mark at its beginning.

    Raises:
        DataError: it is in another encoding, or empty.
    """
    raw = Path(file).read_bytes()
    try:
        text = raw.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = f"line {line} of `{file}` is not {encoding} text"
        raise DataError(problem, about="encoding") from error
    except LookupError as error:
        raise DataError(
            f"there is no encoding `{encoding}`", about="encoding"
        ) from error
    if not text.strip():
        raise DataError(f"`{file}` is empty", about="empty")
    return text.replace("\r\n", "\n").replace("\r", "\n")


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
    twice, times = Counter(titles).most_common(1)[0]
    if times > 1:
        raise DataError(f"two columns of `{file}` are called `{twice}`", about="header")
    return titles


def wrong_line(
    written: Iterable[str], file: str, separator: str, quote: str | None
) -> str | None:
    """What is wrong with the first line that has another number of cells."""
    lines = csv.reader(
        written,
        delimiter=separator,
        quotechar=quote,
        quoting=csv.QUOTE_NONE if quote is None else csv.QUOTE_MINIMAL,
    )
    wanted = 0
    for row in lines:
        wanted = wanted or len(row)
        if any(row) and len(row) != wanted:
            place = f"line {lines.line_num} of `{file}`"
            return f"{place} has {len(row)} cells, expected {wanted}"
    return None


def first_line(error: BaseException) -> str:
    """The first line of what a library says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def frame_column(series: Any, form: TableForm) -> Array:
    """Makes an array of a column.

    Raises:
        DataError: it holds lists or other things that are neither numbers nor words.
    """
    exact = exact_numbers(series, form)
    return column_words(series, form) if exact is None else narrow_numbers(exact)


def exact_numbers(series: Any, form: TableForm) -> Array | None:
    """The numbers of a column as float64, NaN where one is missing.

    None for a column of words, and for one of text without any value.
    """
    import polars

    numbers = None
    if series.dtype == polars.String:
        words = known_words(series, form)
        decimal = form.get("decimal", ".")
        if decimal != ".":
            digits = words.str.replace(decimal, ".", literal=True)
        else:
            digits = words
        found, absent = digits.cast(polars.Float64, strict=False), words.null_count()
        if found.null_count() == absent and absent < len(words):
            numbers = found
    elif series.dtype.is_numeric():
        numbers = series.cast(polars.Float64)
    elif series.dtype == polars.Duration:
        numbers = series.dt.total_microseconds().cast(polars.Float64) / 1e6
    return None if numbers is None else numbers.fill_null(float("nan")).to_numpy()


def column_words(series: Any, form: TableForm) -> Array:
    """The cells of a column as words, empty where one is missing.

    Raises:
        DataError: it holds lists or other things that are neither numbers nor words.
    """
    import polars

    if series.dtype.is_nested() or series.dtype in (polars.Binary, polars.Object):
        problem = f"`{series.name}` holds {series.dtype}, neither numbers nor words"
        raise DataError(problem, about="path")
    if series.dtype == polars.String:
        words = known_words(series, form)
    elif series.dtype.is_temporal():
        forms = {polars.Date: "%Y-%m-%d", polars.Time: "%H:%M:%S"}
        words = series.dt.strftime(forms.get(series.dtype, "%Y-%m-%dT%H:%M:%S"))
    else:
        words = series.cast(polars.String)
    return np.asarray(words.fill_null("").to_list(), dtype="str")


def known_words(series: Any, form: TableForm) -> Any:
    """Words without the blanks around them, none where one is missing."""
    words = series.str.strip_chars()
    return words.set(words.is_in(list(form.get("missing_values", MISSING))), None)


def narrow_numbers(exact: Array) -> Array:
    """Numbers as float32, or as int64 where float32 would change whole ones."""
    with np.errstate(over="ignore"):
        narrow = np.asarray(exact.astype("float32"))
    whole = np.isfinite(exact).all() and (exact == np.rint(exact)).all()
    if whole and not np.array_equal(narrow, exact) and np.abs(exact).max() < 2**53:
        return np.asarray(exact.astype("int64"))
    return narrow
