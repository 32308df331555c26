"""Where the rows stand that a run is asked: in a file, on the command line, or in Python.

This room owns the places of what is wrong with such rows: the config of the run is not what a
person has just written. Which rows are wrong it must not know.

Decisions:
- What names the input is placed where it was typed, what is inside it at its file.
- Lines are counted when a row is told, by reading the table once more: answers need none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.diagnostics.source_map import Mark, Replacement, SourceMap
from kerasgen.runtime.tabular.table_files import FORMATS
from kerasgen.runtime.tabular.text_tables import TableForm
from kerasgen.verbs.answers.text_tables import line_of_object, line_of_row

_NAMES_THE_INPUT = ("data.source", "data.source.path")
"""Keys of what finds and opens files: a person who asks has typed the name of one instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPlaces:
    """Where rows stand.

    Attributes:
        sink: gets what is wrong with them.
        title: what they are called, None for rows of Python.
        lines: their file, where its rows are lines of text; None for any other.
        form: how they are written there.
        option: how whoever asks says what becomes of rows without an answer, with `{}` for it.
    """

    sink: Sink
    title: str | None = None
    lines: Path | None = None
    form: TableForm = field(default_factory=lambda: TableForm())
    option: str = 'bad="{}"'

    def whole(self) -> SourceLocation | None:
        """The place of all rows."""
        return None if self.title is None else SourceLocation(file=self.title)

    def of_row(self, row: int) -> SourceLocation | None:
        """The place of a row, by its number from 1; with its line where the file has lines."""
        if self.title is None or self.lines is None:
            return self.whole()
        with self.lines.open("rb") as stream:
            if FORMATS.get(self.lines.suffix.lower()) == "json":
                line = line_of_object(stream, row)
            else:
                line = line_of_row(stream, self.title, self.form, row)
        return SourceLocation(file=self.title, line=line)


def asking_sink(path: str | None, title: str) -> Sink:
    """A sink for what is wrong with an input.

    Args:
        path: the input as it was typed; None where texts are given.
        title: what it is called.
    """
    typed = SourceLocation(override=title if path is None else path)
    mark = Mark(key=typed, value=typed)
    named = Replacement(marks=dict.fromkeys(_NAMES_THE_INPUT, mark))
    return Sink(SourceMap(defaults=SourceLocation(file=title), steps=(named,)))
