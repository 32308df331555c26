"""Tables that memory would not hold: their columns grow piece by piece, large ones in files.

This room owns the columns that grow. The pieces are those of `runtime.tabular`, which an ejected
script reads too, and holds in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Self, TypeAlias

import numpy as np

from kerasgen.data.large_arrays import ArraySpace, ArrayWriter
from kerasgen.runtime.tabular.exact_numbers import ColumnKind
from kerasgen.runtime.tabular.rows_of_files import TableRead
from kerasgen.runtime.tabular.table_files import pieces_of_file, read_rows_of_files
from kerasgen.runtime.tabular.text_tables import TableForm
from kerasgen.runtime.values import Array

Paths: TypeAlias = "str | Sequence[str]"
"""A file, a pattern, or several."""


def stream_table(
    paths: tuple[Paths, Paths | None],
    wanted: Collection[str] | None,
    form: TableForm,
    space: ArraySpace,
) -> TableRead:
    """Reads one table, or several of the same columns one after the other.

    Args:
        paths: the files as `read_table` takes them, and those whose rows are the test part.
        wanted: the columns that are read, None for all.
        form: how the files are written.
        space: where the columns have their place.

    Raises:
        DataError: a file cannot be used.
        NoRoomError: the disk has no room for the columns.
    """
    with ExitStack() as opened:
        return read_rows_of_files(
            *paths,
            wanted,
            form,
            pieces_of_file,
            lambda name: opened.enter_context(_GrowingColumn(name, space)),
        )


class _GrowingColumn:
    """A column that grows by the pieces of a table.

    Args:
        name: its name.
        space: where its array has its place.
    """

    def __init__(self, name: str, space: ArraySpace) -> None:
        self._kind, self._space, self._writer = ColumnKind(name), space, ArrayWriter(space)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._writer.close()

    def append(self, piece: Array) -> None:
        """Adds rows.

        Raises:
            DataError: they do not fit to those before.
            NoRoomError: the disk has no room for them.
        """
        self._kind.look_at(piece)
        if len(piece):
            self._writer.append(piece)

    def needs_words(self) -> bool:
        """Whether the rows must be read as words."""
        return self._kind.needs_words()

    def array(self) -> Array:
        """All rows.

        Raises:
            NoRoomError: the disk has no room for them.
        """
        kind = self._kind.kind()
        if kind == "U" and not self._kind.words:
            return np.zeros(self._kind.rows, dtype="<U1")
        rows = self._writer.array()
        if kind == "U" or rows.dtype == kind:
            return rows
        return self._space.applied(partial(_as_type, kind=kind), [rows])


def _as_type(values: Array, kind: str) -> Array:
    return values.astype(kind)
