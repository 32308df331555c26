"""Diagnostics as a person reads them, and as data for machines.

This room owns the two renderings, and the lines of files that are shown with a diagnostic. What
was found, and where, it takes as it is.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from kerasgen.diagnostics import Diagnostic, Severity, SourceLocation
from kerasgen.foreign.passwords import without_passwords
from kerasgen.foreign.printable import shown
from kerasgen.foreign.regular_files import ForeignFileError, read_bytes

INSTALLED = Path(__file__).resolve().parents[1] / "conf"
"""Where the shipped configs lie in an installed package; in a checkout they lie beside it."""

_LONGEST_TEXT = 1000
"""Characters of a message that are shown."""


_NAMED = re.compile(r"`[^`]*`|\"[^\"]*\"|[0-9]+")
"""What differs in messages that say the same."""

_MOST_ALIKE = 20
"""Diagnostics that say the same and are all shown."""

_SHOWN_ALIKE = 5
"""Of more than these, how many are shown."""

_MOST_EXPLAINED = 8
"""Codes that the last line of a report names."""

_LONGEST_LINE = 200
"""Characters of a source line that are shown, around the place that is meant."""


def render_text(diagnostics: Iterable[Diagnostic]) -> str:
    """The diagnostics as a person reads them, one block each, with the line they are about.

    Args:
        diagnostics: what to show, in this order.

    Returns:
        The text, without a newline at the end; empty for no diagnostics.
    """
    told = list(diagnostics)
    counts = Counter(_shape(diagnostic) for diagnostic in told)
    alike: Counter[tuple[str, str]] = Counter()
    blocks = []
    for diagnostic in told:
        shape = _shape(diagnostic)
        alike[shape] += 1
        if counts[shape] <= _MOST_ALIKE or alike[shape] <= _SHOWN_ALIKE:
            blocks.append(_render_one(diagnostic))
        elif alike[shape] == counts[shape]:
            more = counts[shape] - _SHOWN_ALIKE
            blocks.append(f"{diagnostic.severity}[{diagnostic.code}]: and {more:,} more like it")
    return "\n\n".join(blocks)


def _shape(diagnostic: Diagnostic) -> tuple[str, str]:
    """What diagnostics have in common that say the same of different names and numbers."""
    return diagnostic.code, _NAMED.sub("", diagnostic.message)


def render_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, object]]:
    """The diagnostics as plain data for machines: lists, mappings, strings, numbers, None."""
    return [
        {
            "code": diagnostic.code,
            "severity": str(diagnostic.severity),
            "message": without_passwords(diagnostic.message),
            "location": _location_data(diagnostic.location),
            "help": diagnostic.help and without_passwords(diagnostic.help),
            "notes": [
                {
                    "message": without_passwords(note.message),
                    "location": _location_data(note.location),
                }
                for note in diagnostic.notes
            ],
        }
        for diagnostic in diagnostics
    ]


def count_text(diagnostics: Iterable[Diagnostic]) -> str:
    """The closing line of a report: `2 errors, 1 warning`."""
    severities = [diagnostic.severity for diagnostic in diagnostics]
    parts = []
    for severity in Severity:
        if count := severities.count(severity):
            parts.append(f"{count} {severity}{'s' if count > 1 else ''}")
    return ", ".join(parts)


def more_text(diagnostics: Iterable[Diagnostic]) -> str:
    """The last line of a report: `more: kerasgen explain KG204 KG301`; empty for none.

    Each code stands once, in the order in which it was told first.
    """
    codes = list(dict.fromkeys(diagnostic.code for diagnostic in diagnostics))
    return f"more: kerasgen explain {' '.join(codes[:_MOST_EXPLAINED])}" if codes else ""


def closing_text(diagnostics: Sequence[Diagnostic], silenced: int = 0) -> str:
    """The end of a report: how many there are, and the line that says where more is told of them.

    Args:
        diagnostics: what the report has told.
        silenced: how many more were found and are not told.
    """
    counted = count_text(diagnostics) or "no errors, no warnings"
    if silenced:
        counted += f", {silenced} silenced"
    return "\n".join(filter(None, (counted, more_text(diagnostics))))


def file_text(file: str) -> str:
    """A file's name for a person: a config of the installed package is `kerasgen:data/x.yaml`."""
    whole = os.path.abspath(file)
    inside = f"{INSTALLED}{os.sep}"
    return f"kerasgen:{whole[len(inside) :]}" if whole.startswith(inside) else file


def _location_data(location: SourceLocation | None) -> dict[str, object] | None:
    if location is None:
        return None
    return {
        "key": location.key or None,
        "file": location.file,
        "line": location.line,
        "column": location.column,
        "override": location.override and without_passwords(location.override),
    }


def _render_one(diagnostic: Diagnostic) -> str:
    lines = [f"{diagnostic.severity}[{diagnostic.code}]: {_shown(diagnostic.message)}"]
    lines += _place(diagnostic.location)
    if diagnostic.help:
        lines.append(f"  = help: {_shown(diagnostic.help)}")
    for note in diagnostic.notes:
        lines.append(f"  = note: {_shown(note.message)}")
        if note.location is not None:
            lines += ["  " + line for line in _place(note.location)[:1]]
    return "\n".join(lines)


def _shown(text: str) -> str:
    """A text as a terminal may show it: what it would obey or hide is escaped, its end cut.

    A mark stands for each password.
    """
    text = without_passwords(text)
    if len(text) > _LONGEST_TEXT:
        text = text[:_LONGEST_TEXT] + "…"
    return shown(text)


def _place(location: SourceLocation | None) -> list[str]:
    if location is None:
        return []
    key = f"  ({_shown(location.key)})" if location.key else ""
    if location.override is not None:
        return [f"  --> command line{key}", *_snippet(location.override, location, "")]
    if location.file is None:
        return [f"  --> config{key}"] if location.key else []
    if location.line is None:
        return [f"  --> {_shown(file_text(location.file))}{key}"]
    head = f"  --> {_shown(file_text(location.file))}:{location.line}:{location.column or 1}{key}"
    source = _source_line(Path(location.file), location.line)
    if source is None:
        return [head]
    return [head, *_snippet(source, location, str(location.line))]


def _snippet(source: str, location: SourceLocation, number: str) -> list[str]:
    margin = " " * (len(number) if number else 1)
    told = without_passwords(source)
    line, column = _excerpt(told, location.column if told == source else None)
    lines = [f" {margin} |", f" {number or ' '} | {line}"]
    if column is not None:
        width = max(1, min(location.length, len(line) - column + 1))
        lines.append(f" {margin} | {' ' * (column - 1)}{'^' * width}")
    return lines


def _excerpt(source: str, column: int | None) -> tuple[str, int | None]:
    """The part of a line around a column, one character for each of its own, and the column."""
    line = source
    if len(source) > _LONGEST_LINE:
        begin = max(0, min((column or 1) - 1 - _LONGEST_LINE // 3, len(source) - _LONGEST_LINE))
        end = begin + _LONGEST_LINE
        line = "…" * (begin > 0) + source[begin:end] + "…" * (end < len(source))
        column = None if column is None else column - begin + (begin > 0)
    if not line.isprintable():
        line = "".join(c if c.isprintable() or c == "\t" else "�" for c in line)
    return line, column


def _source_line(file: Path, line: int) -> str | None:
    if line < 1:
        return None
    try:
        text = read_bytes(file).decode("utf-8", "replace")
    except ForeignFileError:
        return None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n", line)
    return lines[line - 1] if len(lines) >= line else None
