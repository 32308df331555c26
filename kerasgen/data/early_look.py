"""What can be told of the data before the engine starts: files that are there, columns by name.

This room owns a look at the head of a file, which takes milliseconds where opening the data comes
seconds later. It must not read rows: what is wrong inside a file is told when the data is opened.

Decisions:
- A run needs its files, so that one that is missing is told here in the words of opening. A check
  may be made where the data is not, and looks at files only where they are.
- Arguments of a source that no file could go with are told here, too.
- Files that give names without being read are those of `Csv` and the archive of `Arrays`; of
  others only the path is looked for.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from kerasgen.data.columns.names import check_columns, check_known_columns
from kerasgen.data.sources.arrays import ARCHIVE, SINGLE
from kerasgen.data.sources.csv_table import Csv
from kerasgen.data.sources.files import find_path
from kerasgen.data.sources.plain_functions import Told, telling
from kerasgen.data.sources.source_list import SOURCES, make_source
from kerasgen.data.sources.table_file import TableFile
from kerasgen.data.table import ChecksArguments
from kerasgen.diagnostics import Sink
from kerasgen.ir.data import DataDef
from kerasgen.passes.columns import infer_schema
from kerasgen.runtime.arrays import column_and_part
from kerasgen.runtime.tabular.databases import is_database, sqlite_file
from kerasgen.runtime.tabular.table_files import table_files


def look_at_data(definition: DataDef, sink: Sink, *, needed: bool) -> None:
    """Holds the config against the names of the columns, where a file at hand tells them.

    Args:
        definition: the data group.
        sink: gets what `open_data` would say of it.
        needed: whether files that are not there are mistakes.

    Raises:
        CompileError: something is not there.
    """
    source = definition.source
    if source.cls not in SOURCES:
        return
    if not sink.errors:
        made = make_source(source, SOURCES, sink)
        if isinstance(made, ChecksArguments):
            made.check_arguments(sink)
    for argument in SOURCES[source.cls].PATHS:
        path = source.arguments.get(argument)
        if isinstance(path, str) and path != "???" and needed:
            for file in _files_of(source.cls, path, argument, sink):
                find_path(file, argument, sink)
    names = _column_names(definition, sink)
    if names is None:
        check_known_columns(definition, sink)
    else:
        check_columns(definition, infer_schema(definition, names), sink)
    sink.stop_on_errors()


def _files_of(cls: str, path: str, argument: str, sink: Sink) -> list[str]:
    """The files that a path means: those of a pattern, that of a database, none of a server."""
    if SOURCES[cls] is not TableFile:
        return [path]
    with telling(sink, {"path": Told(argument=argument)}):
        files = table_files(path)
    named = [sqlite_file(file) if is_database(file) else file for file in files]
    return [file for file in named if file is not None]


def _column_names(definition: DataDef, sink: Sink) -> tuple[str, ...] | None:
    """The names of the source's columns, None where only reading tells them."""
    path = definition.source.arguments.get("path")
    if not isinstance(path, str) or not Path(path).expanduser().is_file():
        return None
    if definition.source.cls == "Csv":
        made = make_source(definition.source, SOURCES, sink)
        assert isinstance(made, Csv)
        return made.column_names(sink)
    if definition.source.cls == "Arrays" and path.lower().endswith(ARCHIVE):
        try:
            with zipfile.ZipFile(Path(path).expanduser()) as archive:
                members = archive.namelist()
        except (OSError, zipfile.BadZipFile):
            return None  # Opening says what is wrong with it.
        arrays = [name.removesuffix(SINGLE) for name in members if name.endswith(SINGLE)]
        return tuple(dict.fromkeys(column_and_part(name, arrays)[0] for name in arrays))
    return None
