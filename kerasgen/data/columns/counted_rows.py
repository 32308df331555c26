"""The rows of a source, counted.

This room owns that rows are read again where columns of text are not what their first cells show.
How rows become chunks stands in `row_chunks`, and how they are counted in `tally`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kerasgen.data.columns.row_chunks import streamed
from kerasgen.data.columns.tally import Chunk, TableTally
from kerasgen.data.sources.table_file import TableFile
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.tabular.number_columns import NoNumbersError


def tallied(chunks: Iterable[Mapping[str, Chunk]]) -> TableTally:
    """Some rows, counted.

    Raises:
        DataError: there are none.
    """
    tally: TableTally | None = None
    for chunk in chunks:
        tally = tally or TableTally(list(chunk))
        tally.add(chunk)
    if tally is None:
        raise DataError("there are no rows")
    return tally


def tallied_stream(source: TableFile) -> TableTally | None:
    """The rows of large files, counted; None for files that are read whole.

    Columns that are no numbers, as a later row shows, are words the second time. Where it happens
    again, all of them are.

    Raises:
        DataError: a file is no such table, or has other columns.
    """
    words: frozenset[str] | None = frozenset()
    while True:
        try:
            chunks = streamed(source, words)
            return None if chunks is None else tallied(chunks)
        except NoNumbersError as error:
            words = None if words else frozenset(error.columns)
