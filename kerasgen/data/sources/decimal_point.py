"""The decimal point of a table of text, as its first lines tell it.

This room owns when a comma within cells is a decimal point. It must not know what cells are for.

Decisions:
- Only where commas do not separate the cells. A comma before three digits may stand for thousands:
  alone it tells nothing. One cell with a point in a number, and commas are none.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TextIO

from kerasgen.runtime.tabular.table_files import format_of
from kerasgen.runtime.tabular.text_tables import TableForm, likely_separator

_LINES = 1_000
"""Lines that are looked at."""

_CHARACTERS = 16 * 2**20
"""Characters of them at most: a file of zeros is one line."""

_COMMA = re.compile(r"[-+]?\d+,\d+")
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
_POINT = re.compile(r"[-+]?\d*\.\d+")


def told_decimal(files: Sequence[str], form: TableForm) -> str:
    """The decimal point of tables: what the form says, else what the first file of text tells.

    Args:
        files: the files.
        form: how they are written.
    """
    if said := form.get("decimal"):
        return said
    text = next((f for f in files if format_of(f) == "csv" and Path(f).is_file()), None)
    if text is None:
        return "."
    try:
        with Path(text).open(encoding=form.get("encoding", "utf-8"), errors="replace") as lines:
            return likely_decimal(_first_lines(lines, form.get("skip_lines", 0)), form)
    except (OSError, LookupError):  # Whoever reads it tells.
        return "."


def likely_decimal(lines: Sequence[str], form: TableForm) -> str:
    """The decimal point of some lines.

    Args:
        lines: lines of a table of text.
        form: how it is written.
    """
    quote = form.get("quote", '"')
    first = next((line for line in lines if line.strip()), "")
    between = form.get("separator") or likely_separator(first, quote)
    if "," in (between, form.get("thousands")):
        return "."
    rows = csv.reader(
        lines,
        delimiter=between,
        quotechar=quote,
        quoting=csv.QUOTE_NONE if quote is None else csv.QUOTE_MINIMAL,
    )
    cells = [cell.strip() for row in rows for cell in row]
    commas = [cell for cell in cells if _COMMA.fullmatch(cell)]
    sure = any(not _THOUSANDS.fullmatch(cell) for cell in commas)
    return "," if sure and not any(_POINT.fullmatch(cell) for cell in cells) else "."


def _first_lines(stream: TextIO, start: int) -> list[str]:
    """The lines from one on that are looked at, without one that is cut off."""
    lines, left = [], _CHARACTERS
    parts = iter(partial(stream.readline, _CHARACTERS), "")
    for line in islice(parts, start, start + _LINES):
        left -= len(line)
        if left <= 0:
            break
        lines.append(line)
    return lines
