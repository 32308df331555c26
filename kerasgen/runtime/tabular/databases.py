"""Rows of a database become frames: SQLite by itself, others by SQLAlchemy.

A database is only read: one SELECT, in a connection that cannot write where that can be
asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.tabular.exact_numbers import EXACT
from kerasgen.runtime.tabular.text_tables import PIECE_ROWS, TableForm

FILES_OF_DATABASES = (".sqlite", ".sqlite3", ".db")
"""Endings of files that SQLite writes."""

LOCK_SECONDS = 3.0
"""How long is waited for a database that somebody else writes."""

MOST_ROWS = 10_000_000
"""Rows that a query gives at most, unless told otherwise: it may have no end."""

STEPS_UNTIL_HEARD = 1_000_000
"""Steps of SQLite after which an interruption is heard."""

WRITING_WORDS = frozenset(("insert", "update", "delete", "merge", "into"))
"""Words by which a query that begins as a SELECT changes something."""


def is_database(path: str) -> bool:
    """Whether a path is a database: a URL, or a file of SQLite."""
    return "://" in path or Path(path).suffix.lower() in FILES_OF_DATABASES


def database_pieces(path: str, form: TableForm) -> Iterator[Any]:
    """The rows of a query.

    Raises:
        DataError: it cannot be read, or the query is none, or gives too many rows.
    """
    query, most = form.get("query"), form.get("most_rows", MOST_ROWS)
    if query is not None:
        check_query(query)
    if (file := sqlite_file(path)) is not None:
        pieces = sqlite_pieces(file, query)
    else:
        pieces = url_pieces(path, query, form.get("password"))
    count = 0
    for piece in pieces:
        count += piece.height
        if count > most:
            raise DataError(f"the query gives more than {most:,} rows", about="endless")
        yield piece


def sqlite_file(path: str) -> str | None:
    """The file of SQLite that a path or a URL names."""
    found = re.fullmatch(r"sqlite(\+pysqlite)?:///(.+)", path)
    if found is not None:
        return found[2]
    return None if "://" in path else path


def check_query(query: str) -> None:
    """Checks that a query reads, and does nothing else.

    Raises:
        DataError: it is not one SELECT.
    """
    bare = re.sub(
        r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/",
        " ",
        query,
        flags=re.DOTALL,
    )
    words = re.findall(r"[a-z_]\w*(?!\w|\s*\()", bare.lower())
    if ";" in bare.strip().rstrip(";"):
        raise DataError("the query holds several statements, expected one", "query")
    if not words or not re.match(r"\s*\(*\s*(select|with)\b", bare.lower()):
        raise DataError("the query is no SELECT", about="query")
    if writing := next((word for word in words if word in WRITING_WORDS), None):
        raise DataError(
            f"the query holds `{writing.upper()}`, expected a SELECT", "query"
        )


def sqlite_pieces(file: str, query: str | None) -> Iterator[Any]:
    """The rows of a query to a file of SQLite.

    Raises:
        DataError: the file is no database, is locked, or has no such tables.
    """
    import sqlite3

    place = Path(file).expanduser().absolute()
    if not place.is_file():
        raise DataError(f"there is no file `{file}`", about="absent")
    address = f"{place.as_uri()}?mode=ro"
    try:
        with closing(
            sqlite3.connect(address, uri=True, timeout=LOCK_SECONDS)
        ) as connection:
            connection.set_progress_handler(lambda: 0, STEPS_UNTIL_HEARD)
            asked = query or query_of_one([*tables_of_sqlite(connection)], file)
            cursor = connection.execute(asked)
            titles = [column[0] for column in cursor.description]
            yield from cell_pieces(
                titles, iter(lambda: cursor.fetchmany(PIECE_ROWS), [])
            )
    except sqlite3.Error as error:
        raise DataError(f"`{file}`: {error}", database_fault(str(error))) from error


def tables_of_sqlite(connection: Any) -> Iterator[str]:
    """The names of the tables and views of a database."""
    asked = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY 1"
    for (name,) in connection.execute(asked):
        if not name.startswith("sqlite_"):
            yield name


def query_of_one(tables: Sequence[str], file: str) -> str:
    """The query for all of the one table that there is.

    Raises:
        DataError: there is none, or there are several.
    """
    if len(tables) != 1:
        listed = ", ".join(f"`{name}`" for name in tables[:20]) or "no table"
        problem = f"`{file}` has {listed}, and no `query` says which rows are read"
        raise DataError(problem, about="query")
    name = tables[0].replace('"', '""')
    return f'SELECT * FROM "{name}"'


def url_pieces(url: str, query: str | None, password: str | None) -> Iterator[Any]:
    """The rows of a query to a database that SQLAlchemy knows.

    Raises:
        DataError: it cannot be read.
    """
    import sqlalchemy

    shown, engine = f"{url.partition('://')[0]}://…", None
    try:
        address = sqlalchemy.make_url(url)
        shown = address.set(password=None).render_as_string()
        address.get_dialect()
        if query is None:
            raise DataError(f"`{shown}` is read with a `query`", about="query")
        if password is not None:
            address = address.set(password=password)
        engine = sqlalchemy.create_engine(address, hide_parameters=True)
        with engine.connect() as connection:
            streamed = connection.execution_options(stream_results=True)
            rows = streamed.exec_driver_sql(query)
            pieces = rows.partitions(PIECE_ROWS)
            yield from cell_pieces([*rows.keys()], ([*map(tuple, p)] for p in pieces))
    except sqlalchemy.exc.NoSuchModuleError:
        problem = f"`{shown}` is no address of a database"
        raise DataError(problem, about="address") from None
    except sqlalchemy.exc.SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        text = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
        text = text.replace(password, "…") if password else text
        raise DataError(f"`{shown}`: {text}", database_fault(text)) from None
    except ModuleNotFoundError as error:
        problem = f"`{shown}` needs the package of a driver: {error.name}"
        raise DataError(problem, about="driver") from None
    finally:
        if engine is not None:
            engine.dispose()


def database_fault(text: str) -> str:
    """What an error of a database is about."""
    said = text.lower()
    if any(word in said for word in ("password", "authentication", "access denied")):
        return "password"
    if "locked" in said or "busy" in said:
        return "locked"
    if any(word in said for word in ("no such", "syntax", "does not exist", "unknown")):
        return "query"
    return "database"


def cell_pieces(titles: Sequence[str], pieces: Iterator[list[Any]]) -> Iterator[Any]:
    """The rows of a query as frames.

    Raises:
        DataError: two columns have one name.
    """
    import polars

    twice = next((name for name in titles if [*titles].count(name) > 1), None)
    if twice is not None:
        raise DataError(f"two columns of the query are called `{twice}`", about="query")
    empty = True
    for rows in pieces:
        empty = False
        cells = zip(titles, zip(*rows, strict=True), strict=True)
        yield polars.DataFrame([cells_of_query(name, column) for name, column in cells])
    if empty:
        yield polars.DataFrame(schema=dict.fromkeys(titles, polars.String))


def cells_of_query(name: str, cells: Sequence[Any]) -> Any:
    """The cells of a column, numbers or words; of one that holds bytes nothing."""
    import polars

    if all(cell is None or isinstance(cell, int | float | Decimal) for cell in cells):
        known = [cell for cell in cells if cell is not None]
        wholes = [int(cell) for cell in known if is_whole(cell)]
        if len(wholes) == len(known) and any(abs(cell) >= EXACT for cell in wholes):
            digits = [None if cell is None else str(int(cell)) for cell in cells]
            return polars.Series(name, digits, dtype=polars.String)
        numbers = [None if cell is None else float(cell) for cell in cells]
        return polars.Series(name, numbers, dtype=polars.Float64)
    if any(isinstance(cell, bytes | memoryview) for cell in cells):
        return polars.Series(name, [None] * len(cells), dtype=polars.Binary)
    words = [None if cell is None else word_of_cell(cell) for cell in cells]
    return polars.Series(name, words, dtype=polars.String)


def is_whole(cell: float | Decimal) -> bool:
    """Whether a cell is a whole number that is written as one."""
    if isinstance(cell, Decimal):
        return cell.is_finite() and cell == cell.to_integral_value()
    return isinstance(cell, int)


def word_of_cell(cell: Any) -> str:
    """A cell as a word; dates as ISO 8601 writes them."""
    return str(cell.isoformat()) if hasattr(cell, "isoformat") else str(cell)
