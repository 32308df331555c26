"""Rows as `data.columns` wants them: words without what does not count, rows that are left out.

This room owns what is done with the cells of a column before anything else, and the checks of what
is said of it. It must not know what a column is used for, but that a target needs a value.

Decisions:
- A target without a value is a mistake, unless `missing: drop` leaves the row out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from kerasgen.data.columns.path_columns import with_files
from kerasgen.data.columns.types import infer_type, is_date
from kerasgen.data.table import Array, Table, is_number
from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.foreign.printable import cut
from kerasgen.frontend.grammar import join
from kerasgen.frontend.parse.columns import IGNORE
from kerasgen.ir.data import ColumnDef, DataDef
from kerasgen.passes.columns import target_key
from kerasgen.passes.lint.suspicious_columns import said_of_column
from kerasgen.runtime.cells import full_rows, missing_in, strip_words
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.sequence_steps import cell_numbers
from kerasgen.runtime.tabular.rows_of_files import files_of_rows

_PIECE = 100_000
"""Rows that are looked at at a time."""

_LOOKED_AT = 1_000
"""Cells that tell whether a column is one of words."""


def tidy_table(definition: DataDef, table: Table, sink: Sink) -> Table:
    """Takes off what does not count, leaves rows out, and checks what is said of the columns.

    Args:
        definition: the data group.
        table: what its source gave.
        sink: gets a column that is not there, a value that is missing, a word that is no number.

    Raises:
        CompileError: there is such a mistake, or a file that a cell names cannot be used.
    """
    if not definition.columns and not definition.unsettled:
        return table
    for name in definition.columns:
        if name not in table.names:
            sink.report(
                "KG504",
                f"there is no column `{name}`",
                key=join("data.columns", name),
                at="key",
                help=did_you_mean(name, table.names, listed=40),
            )
    refuse_references(table.names, sink)
    refuse_unread(definition, table, sink)
    columns = {
        name: _stripped(values, definition.columns.get(name), table)
        for name, values in table.columns.items()
    }
    tidy = replace(table, columns=columns)
    if names := dropping(definition, columns):
        kept = full_rows(columns, names)
        if not len(kept):
            listed = ", ".join(f"`{name}`" for name in names)
            raise sink.fail(
                "KG503",
                f"no row is left: none has a value in {listed}, and `missing: drop` leaves the "
                "others out",
                key=join("data.columns", names[0]),
            )
        tidy = _only(table, columns, kept)
    _check_targets(definition, tidy, sink)
    _check_missing(definition, tidy, sink)
    check_cells(definition, tidy, sink)
    sink.stop_on_errors()
    return with_files(definition, tidy, sink)


def check_cells(definition: DataDef, table: Table, sink: Sink) -> None:
    """Reports the first cell of a column that is not of the type that the column is said to be.

    Args:
        definition: the data group.
        table: the columns, without what does not count.
        sink: gets KG509, KG525 or KG531 for each such column.
    """
    _check_numbers(definition, table, sink)
    _check_sequences(definition, table, sink)
    _check_words(definition, table, sink)


def refuse_references(names: Collection[str], sink: Sink) -> None:
    """Reports the first column whose name a config would take for a reference."""
    if odd := next((name for name in names if "$" in name), None):
        sink.report(
            "KG305",
            f"the column `{odd}` has a `$` in its name, which a config reads as a reference",
            key="data.source",
            help="name the columns under `data.source.names`, or in the file",
        )


def refuse_unread(definition: DataDef, table: Table, sink: Sink) -> None:
    """Reports columns that cannot be read, and are not said to be ignored.

    Args:
        definition: the data group.
        table: what its source gave.
        sink: gets KG502 for each such column.
    """
    for name, problem in table.unread.items():
        said = definition.columns.get(name)
        if said is None or said.type != IGNORE:
            key, ignored = "data.source", said_of_column(name, IGNORE)
            sink.report("KG502", problem, key=key, help=f"leave it out: `{ignored}`")


def _stripped(values: Array, said: ColumnDef | None, table: Table) -> Array:
    if said is None or said.strip is None:
        return values
    return table.space.applied(partial(stripped, said=said), [values])


def stripped(values: Array, said: ColumnDef | None) -> Array:
    """Words without the characters at their ends that do not count."""
    return values if said is None or said.strip is None else strip_words(values, said.strip)


def dropping(definition: DataDef, names: Collection[str]) -> list[str]:
    """The columns that leave a row out where it has no value in them.

    Args:
        definition: the data group.
        names: the columns that are read.
    """
    return [n for n, said in definition.columns.items() if said.missing == "drop" and n in names]


def _only(table: Table, columns: Mapping[str, Array], kept: Array) -> Table:
    """A table with some of its rows."""
    dropped = len(next(iter(columns.values()))) - len(kept)
    return replace(
        table,
        columns={name: table.space.take(values, kept) for name, values in columns.items()},
        given=None if table.given is None else table.given[kept],
        lines=None if table.lines is None else table.lines[kept],
        files=tuple(files_of_rows(table.files, kept)),
        notes={**table.notes, "rows_dropped": dropped} if dropped else table.notes,
    )


def _check_targets(definition: DataDef, table: Table, sink: Sink) -> None:
    for output, name in definition.target.items():
        said = definition.columns.get(name)
        if said is not None and said.type == IGNORE:
            sink.report(
                "KG204",
                f"the target `{name}` is said to be ignored",
                key=join("data.columns", name),
            )
        labels = table.lists.get(name) if said is None or said.type is None else said.type
        if name not in table.columns or labels == "labels":
            continue  # A row may have no label.
        if (rows := _rows_missing(name, table)) is not None:
            sink.report(
                "KG506",
                f"the target `{name}` has no value in {rows}",
                key=target_key(output),
                help="no row has a value there: name another target"
                if missing_in(table.columns[name]).all()
                else f"leave such rows out: `'data.columns.{name}={{missing: drop}}'`",
            )


def _rows_missing(name: str, table: Table) -> str | None:
    """The rows in which a column has no value, as a message says it; None for none."""
    absent = missing_in(table.columns[name])
    if not absent.any():
        return None
    count = int(absent.sum())
    more = f" and {count - 1} further rows" if count > 1 else ""
    return f"{table.place(int(absent.argmax()))}{more}"


def _check_missing(definition: DataDef, table: Table, sink: Sink) -> None:
    """Reports missing values that are refused, and fillings of words, which have no mean."""
    targets = definition.target.values()
    for name, said in definition.columns.items():
        if said.missing in (None, "drop") or name not in table.columns:
            continue
        if said.missing == "error":
            if name not in targets and (rows := _rows_missing(name, table)) is not None:
                message = f"the column `{name}` has no value in {rows}"
                sink.report("KG506", message, key=join("data.columns", name))
        elif table.columns[name].dtype.kind == "U":
            sink.report(
                "KG204",
                f"`missing` is `{said.missing}` for the words of `{name}`, expected `error` or "
                "`drop`",
                key=join("data.columns", name),
                help="left out, a word that is missing is an unknown one",
            )


def _words_said_to_be(
    types: Collection[str], definition: DataDef, table: Table
) -> Iterator[tuple[str, str, Array]]:
    """Name, type and words of each column that is said to be of a type, and holds words."""
    for name, said in definition.columns.items():
        values = table.columns.get(name)
        if (
            said.type is not None
            and said.type in types
            and values is not None
            and values.dtype.kind == "U"
        ):
            yield name, said.type, values


def _check_sequences(definition: DataDef, table: Table, sink: Sink) -> None:
    """Reports the first cell of a sequence that does not hold numbers one after the other."""
    for name, _, values in _words_said_to_be(("sequence",), definition, table):
        for row, cell in enumerate(values.tolist()):
            try:
                cell_numbers(cell, row)
            except DataError:
                sink.report(
                    "KG531",
                    f'the column `{name}` holds "{cut(cell)}" in {table.place(row)}, expected '
                    "numbers one after the other",
                    key=join("data.columns", name),
                )
                break


def _check_numbers(definition: DataDef, table: Table, sink: Sink) -> None:
    """Reports words in a column that is said to hold numbers."""
    for name, _, values in _words_said_to_be(("number",), definition, table):
        words = values.tolist()
        row = next((i for i, word in enumerate(words) if word and not is_number(word)), 0)
        sink.report(
            "KG509",
            f'the column `{name}` holds "{cut(words[row])}" in {table.place(row)}, '
            "expected a number",
            key=join("data.columns", name),
            help=_help_for_words(name, words),
        )


def _help_for_words(name: str, words: Sequence[str]) -> str:
    """What to write of a column that holds words beside numbers, or words alone."""
    known = [word for word in words if word][:_LOOKED_AT]
    if 2 * sum(map(is_number, known)) >= len(known):
        return "if it stands for a missing value, name it under `data.source.missing_values`"
    kind = infer_type(np.array(known, "U"))
    return f"most of its cells are no numbers: write `{said_of_column(name, kind)}`"


def _check_words(definition: DataDef, table: Table, sink: Sink) -> None:
    """Reports words that are no date, or a third one beside true and false, with the first row."""
    for name, kind, values in _words_said_to_be(("date", "boolean"), definition, table):
        word = _first_date_that_is_none(values) if kind == "date" else _third_word(values)
        if word is None:
            continue
        row = next(i for i in range(len(values)) if values[i] == word)
        expected = "a date as in 2025-12-31" if kind == "date" else "one of two words"
        sink.report(
            "KG525",
            f'the column `{name}` holds "{cut(word)}" in {table.place(row)}, expected {expected}',
            key=join("data.columns", name),
            help=f"write `{said_of_column(name, 'category')}`, or name it under "
            "`data.source.missing_values` if it stands for a missing value",
        )


def _words_in_order(values: Array) -> Iterator[str]:
    """The different words of a column, some rows at a time; missing ones left out."""
    known = {""}
    for start in range(0, len(values), _PIECE):
        for word in values[start : start + _PIECE].tolist():
            if word not in known:
                known.add(word)
                yield word


def _first_date_that_is_none(values: Array) -> str | None:
    return next((word for word in _words_in_order(values) if not is_date(word)), None)


def _third_word(values: Array) -> str | None:
    words: dict[str, str] = {}
    for word in _words_in_order(values):
        words.setdefault(word.lower(), word)
        if len(words) > 2:
            return word
    return None
