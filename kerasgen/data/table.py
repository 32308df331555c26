"""What a source gives: columns with one entry a row, and what is known of the rows.

This room owns the shape of that answer. It must not know where the data comes from or what it is
used for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeAlias, runtime_checkable

import numpy as np

from kerasgen.data.large_arrays import ArraySpace
from kerasgen.diagnostics import Sink
from kerasgen.ir.schema import ColumnType
from kerasgen.runtime.source_call import SourceCall
from kerasgen.runtime.tabular.rows_of_files import place_of_row

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a source gives.

    Attributes:
        columns: name to array, rows first; images are `(rows, height, width, channels)`.
        names: every column that the source has, those that were not asked for included.
        types: column to what it is, where the source says.
        lists: column of words to what its cells are, where the source holds lists there.
        class_names: column of class indices to the names of its classes.
        given: number in `runtime.split.PARTS` of each row's part, where the source says.
        lines: line number of each row in its file, where rows are lines.
        files: file names with their numbers of rows, in order, where rows come from files.
        notes: what else the record should say, as plain data.
        space: where arrays of all rows have their place.
        unread: columns that nobody asked for and that cannot be read, to what is wrong with them.
        order: where each row stood when it was read, None where rows stand as they were; `lines`
            and `files` are of the rows as they were.
    """

    columns: Mapping[str, Array]
    names: tuple[str, ...]
    types: Mapping[str, ColumnType] = field(default_factory=dict)
    lists: Mapping[str, ColumnType] = field(default_factory=dict)
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    given: Array | None = None
    lines: Array | None = None
    files: tuple[tuple[str, int], ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
    space: ArraySpace = ArraySpace()  # noqa: RUF009  # a frozen value
    unread: Mapping[str, str] = field(default_factory=dict)
    order: Array | None = None

    def place(self, row: int) -> str:
        """Where a row stands, as a message says it; rows are counted from 1."""
        row = row if self.order is None else int(self.order[row])
        return place_of_row(self.files, self.lines, row)


class Source(Protocol):
    """A data source: a frozen description whose fields are the config's arguments.

    Attributes:
        PATHS: those of its arguments that name files or folders.
    """

    PATHS: ClassVar[tuple[str, ...]]

    def plain_call(self) -> SourceCall:
        """The plain function that reads it, which an ejected script quotes, and its arguments."""

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data.

        Args:
            wanted: the columns that will be used, None for all; names that the source does not
                have are passed over, and the caller reports them.
            sink: gets every mistake.

        Raises:
            CompileError: it cannot be read.
        """


@runtime_checkable
class ChecksArguments(Protocol):
    """A source whose arguments may be wrong whatever its files hold."""

    def check_arguments(self, sink: Sink) -> None:
        """Reports arguments that no file could go with; looks at no file.

        Args:
            sink: gets every mistake.
        """


def argument_key(argument: str) -> str:
    """The key path of an argument of the data source."""
    return f"data.source.{argument}"


def chosen(names: tuple[str, ...], wanted: frozenset[str] | None) -> list[str]:
    """The wanted ones of a source's columns, in the source's order."""
    return [name for name in names if wanted is None or name in wanted]


def is_number(text: str) -> bool:
    """Whether a cell of text is a number as Python writes it."""
    try:
        float(text)
    except ValueError:
        return False
    return True
