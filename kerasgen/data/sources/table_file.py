"""Tables of any kind in files: text with its warts, Parquet, Arrow, JSON lines, Excel.

This room owns what may be asked of such files, and what is said where they are not as they must be.
How they become columns stands in `runtime.table_files`, which reads them with Polars, an extra.

Decisions:
- What stands between the cells of a file of text is told by its first line, where nobody says it.
- A value that is missing is no mistake here: what becomes of it the columns say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kerasgen.data.sources.files import find_file
from kerasgen.data.sources.plain_functions import Told, call_with_fields, telling
from kerasgen.data.table import Table, argument_key, chosen
from kerasgen.diagnostics import Sink
from kerasgen.process.packages import is_installed
from kerasgen.runtime.source_call import SourceCall
from kerasgen.runtime.table_files import SEPARATORS, read_table, table_files
from kerasgen.runtime.tables import MISSING

_ONE_CHARACTER = ("separator", "quote", "decimal")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """A table in a file, by its ending: text, Parquet, Arrow, JSON lines, Excel.

    Attributes:
        path: the file, a pattern (`parts/*.csv`), or a list of files of the same columns.
        test_path: files of the same columns that are the given test part, or None.
        header: whether the first line of a file of text names the columns.
        names: names of all columns of a file of text; None for those of the header, or `c0`, ….
        separator: what stands between two cells; None for what the first line tells.
        quote: what stands around a cell that holds separators; None for nothing.
        decimal: the decimal point.
        encoding: the encoding of a file of text.
        missing_values: cells that stand for a missing value.
        sheet: the sheet of an Excel file, None for the first.
    """

    path: str | tuple[str, ...]
    test_path: str | tuple[str, ...] | None = None
    header: bool = True
    names: tuple[str, ...] | None = None
    separator: str | None = None
    quote: str | None = '"'
    decimal: str = "."
    encoding: str = "utf-8"
    missing_values: tuple[str, ...] = MISSING
    sheet: str | None = None

    PATHS: ClassVar[tuple[str, ...]] = ("path", "test_path")

    def plain_call(self) -> SourceCall:
        """The plain function that reads it, and its arguments."""
        return call_with_fields(read_table, self)

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data; see `table.Source`.

        Raises:
            CompileError: KG204, an argument is not as it should be; KG603, Polars is not installed;
                or with a code of its own, a file cannot be read, or holds what cannot be used.
        """
        for name in _ONE_CHARACTER:
            value = getattr(self, name)
            if value is not None and (len(value.encode()) != 1 or value in "\r\n\0"):
                raise sink.fail(
                    "KG204",
                    f'`{name}` is the string "{value}", expected one ASCII character',
                    key=argument_key(name),
                )
        if not is_installed("polars"):
            raise sink.fail(
                "KG603",
                "the source `Table` needs the package `polars`",
                key="data.source.class",
                help="pip install 'kerasgen[tables]'",
            )
        with telling(sink, _forms(self)):
            for argument in self.PATHS:
                value = getattr(self, argument)
                for file in table_files(value) if value is not None else ():
                    find_file(file, argument, sink)
            call = self.plain_call()
            columns, given = call.function(**call.arguments)
        names = tuple(columns)
        return Table(
            columns={name: columns[name] for name in chosen(names, wanted)},
            names=names,
            given=given,
        )


def _forms(source: TableFile) -> dict[str, Told]:
    """What an error of reading is about, to how it is told."""
    listed = ", ".join(repr(one) for one in SEPARATORS)
    return {
        "empty": Told("KG503", "path"),
        "path": Told(argument="path"),
        "names": Told("KG204"),
        "encoding": Told(help="write the file's own, as in `encoding: latin-1`"),
        "header": Told(
            argument="path" if source.names is None else "names",
            help="write `header: false` if the first line holds no names",
        ),
        "separator": Told(
            argument="path",
            help=f"cells are told apart by `separator` (one of {listed} by itself) and `quote`; "
            "if quotes are part of the text, write `quote: null`",
        ),
    }
