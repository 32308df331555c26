"""Tables of any kind in files: text with its warts, Parquet, Arrow, JSON lines, Excel.

This room owns what may be asked of such files, and what is said where they are not as they must be.
How they become columns stands in `runtime.table_files`, which reads them with Polars, an extra.

Decisions:
- What stands between the cells of a file of text is told by its first line, where nobody says it.
- A value that is missing is no mistake here: what becomes of it the columns say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, cast

from kerasgen.data.large_arrays import LIMIT, ArraySpace, room_told
from kerasgen.data.sources.files import find_file
from kerasgen.data.sources.plain_functions import Told, call_with_fields, telling
from kerasgen.data.sources.table_stream import can_stream, stream_table
from kerasgen.data.table import Table, argument_key, chosen
from kerasgen.diagnostics import Sink
from kerasgen.process.machine_memory import device_memory
from kerasgen.process.packages import is_installed
from kerasgen.runtime.source_call import SourceCall
from kerasgen.runtime.table_files import SEPARATORS, TableForm, read_table, table_files
from kerasgen.runtime.tables import MISSING

_COPIES = 5
"""What a file of text takes in memory while it is read, by its own size: text, cells, numbers."""

_PACKED = 8
"""The same of a file that is packed."""

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
        stream: whether it is read piece by piece, and large columns lie in files; `auto` where it
            would take more than a quarter of the memory.
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
    stream: bool | Literal["auto"] = "auto"

    PATHS: ClassVar[tuple[str, ...]] = ("path", "test_path")

    def plain_call(self) -> SourceCall:
        """The plain function that reads it, and its arguments."""
        return call_with_fields(read_table, replace(self, stream="auto"))

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
        with room_told(sink), telling(sink, _forms(self)):
            for argument in self.PATHS:
                value = getattr(self, argument)
                for file in table_files(value) if value is not None else ():
                    find_file(file, argument, sink)
            if self._streams():
                return self._read_by_pieces(wanted)
            call = self.plain_call()
            columns, given = call.function(**call.arguments)
        names = tuple(columns)
        return Table(
            columns={name: columns[name] for name in chosen(names, wanted)},
            names=names,
            given=given,
        )

    def _streams(self) -> bool:
        """Whether it is read piece by piece.

        Raises:
            DataError: a pattern matches no file.
        """
        if self.stream is False:
            return False
        form = self.form()
        paths = [self.path, *([] if self.test_path is None else [self.test_path])]
        if not all(can_stream(path, form) for path in paths):
            return False
        if self.stream is True:
            return True
        memory = device_memory(None)
        size = sum(_unpacked(file) for path in paths for file in table_files(path))
        return memory is not None and size > memory.size / 4

    def form(self) -> TableForm:
        """How the files are written."""
        form: Any = {name: getattr(self, name) for name in TableForm.__annotations__}
        return cast(TableForm, form)

    def _read_by_pieces(self, wanted: frozenset[str] | None) -> Table:
        space = ArraySpace(limit=LIMIT)
        (columns, given), names = stream_table(
            (self.path, self.test_path), wanted, self.form(), space
        )
        return Table(columns=columns, names=names, given=given, space=space)


def _unpacked(file: str) -> int:
    """Bytes that a table takes in memory while it is read, as a rule."""
    packed = Path(file).suffix.lower() in (".parquet", ".pq")
    return Path(file).stat().st_size * (_PACKED if packed else _COPIES)


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
