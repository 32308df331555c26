"""The words that train on a file of data which lies at hand: one line, as it is typed.

This room owns what a file's ending and its first lines tell of it. It must not read rows, and
promises no more than a beginning: which column is the target, and for which task, is a guess that
the line shows.

Decisions:
- The line begins with `data=none`, which holds no source of its own that would be merged.
- The target of a table is its last column, and its task classification unless a number with a
  point stands there.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from kerasgen.diagnostics import as_override, as_yaml
from kerasgen.foreign.regular_files import is_regular, path_of

_HEAD = 20_000
"""Bytes of a table that are looked at."""

_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz")


def words_for_data(word: str) -> str | None:
    """What to type to train on a file or an archive of data, None where its form is not known.

    Args:
        word: the path of the file, as it was typed.
    """
    path = path_of(word)
    name = path.name.lower()
    if name.endswith(".csv"):
        return _table(path, word)
    if name.endswith(".npz"):
        return _line("Arrays", word, "x", "y", "classification")
    if name.endswith(".npy"):
        return _line("Arrays", word, "x", None, "autoencoding")
    if name.endswith(_ARCHIVES):
        return _line("ImageFolder", word, "image", "label", "classification")
    return None


def _table(path: Path, word: str) -> str | None:
    rows = _first_rows(path)
    if not rows or len(rows[0]) < 2:
        return None
    if all(map(_is_number, rows[0])):
        more, target = ", header: false", f"c{len(rows[0]) - 1}"
    else:
        more, target = "", as_yaml(rows[0][-1])
    cells = [row[-1] for row in rows[0 if more else 1 :] if row]
    number = any(_is_number(cell) and "." in cell for cell in cells)
    return _line("Csv", word, "all", target, "regression" if number else "classification", more)


def _first_rows(path: Path) -> list[list[str]]:
    """The first lines of a table; none where it cannot be read as one."""
    if not is_regular(path):
        return []
    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = file.read(_HEAD).splitlines()[:10]
        return [[cell.strip() for cell in row] for row in csv.reader(lines) if row]
    except (OSError, UnicodeError, csv.Error):
        return []


def _line(cls: str, word: str, features: str, target: str | None, task: str, more: str = "") -> str:
    """The words for a source of a class at the path that was typed, with `more` arguments."""
    source = as_override("data.source", f"{{class: {cls}, path: {as_yaml(word)}{more}}}")
    targets = [] if target is None else [as_override("data.target", target)]
    return " ".join(
        ["data=none", source, f"data.features={features}", *targets, f"data.task={task}"]
    )


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", cell) is not None
