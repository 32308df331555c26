"""Mending config files: what diagnostics suggest is written into the YAML, and nothing else.

This room owns the edits of a user's files: which diagnostics can be mended, the difference that
is shown first, and the writing. Only the characters that a diagnostic points at are replaced, so
that comments and layout stay. It must not know what a key means.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeGuard

import yaml

from kerasgen.diagnostics import Diagnostic, SourceLocation, Suggestion

_OUTPUT = re.compile(r"\.\d+\Z")
"""The number of an output behind the name of an entry (`encoder.1`)."""


_MAY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One replacement in one file.

    Attributes:
        file: the file, as diagnostics show it.
        line: line, counted from 1.
        column: column, counted from 1.
        old: the text that stands there.
        new: the text to write.
        code: the diagnostic that it mends.
    """

    file: str
    line: int
    column: int
    old: str
    new: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """One file before and after its edits.

    Attributes:
        file: the file, as diagnostics show it.
        before: its text.
        after: its text with the edits.
        edits: the edits that were made.
    """

    file: str
    before: str
    after: str
    edits: tuple[Edit, ...]

    def difference(self) -> str:
        """What changes, as a unified diff."""
        lines = difflib.unified_diff(
            self.before.splitlines(),
            self.after.splitlines(),
            fromfile=self.file,
            tofile=f"{self.file} (mended)",
            lineterm="",
        )
        return "\n".join(lines)

    def is_writable(self) -> bool:
        """Whether the file may be written: who takes that away from a file wants it as it is."""
        path = Path(self.file)
        return os.access(path, os.W_OK) and bool(path.stat().st_mode & _MAY_WRITE)

    def write(self) -> None:
        """Writes the file at once: a process that dies leaves the old text or the new one.

        Raises:
            OSError: it cannot be written, or was changed since it was read.
        """
        path = Path(self.file).resolve()
        if _read(path) != self.before:
            raise OSError(f"{self.file} was changed meanwhile")
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with beside.open("w", encoding="utf-8", newline="") as stream:
                stream.write(self.after)
                stream.flush()
                os.fsync(stream.fileno())
            beside.chmod(path.stat().st_mode)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


def mend(diagnostics: Iterable[Diagnostic], *, untouched: Path | None = None) -> list[Mended]:
    """What the diagnostics suggest, as edits of the files that they point at.

    Args:
        diagnostics: what was found; those without a suggestion or a file are left alone.
        untouched: a folder whose files are not the user's to edit, or None.

    Returns:
        The files with their edits; nothing is written. A file that would not be YAML afterwards
        is left out.
    """
    by_file: dict[str, list[tuple[SourceLocation, Suggestion, str]]] = {}
    for diagnostic in diagnostics:
        place = diagnostic.location
        if not _is_sure(diagnostic.help) or place is None or place.file is None:
            continue
        if untouched is not None and Path(place.file).resolve().is_relative_to(untouched):
            continue
        by_file.setdefault(place.file, []).append((place, diagnostic.help, diagnostic.code))
    mended = [_mend_file(file, wanted) for file, wanted in by_file.items()]
    return [found for found in mended if found is not None]


def override_hints(diagnostics: Iterable[Diagnostic]) -> Mapping[str, str]:
    """Overrides of the command line as they were written, to what is suggested in their place."""
    hints = {}
    for diagnostic in diagnostics:
        place = diagnostic.location
        if not _is_sure(diagnostic.help) or place is None or place.override is None:
            continue
        edit = _edit(place.override, 1, place, diagnostic.help, diagnostic.code)
        if edit is not None:
            # A key path is underlined as a whole; its last step is the one that is not there.
            before, _, _ = edit.old.partition("=")
            around, dot, _ = before.rpartition(".")
            if dot and "." not in edit.new and "=" in place.override[edit.column :]:
                edit = replace(edit, new=f"{around}.{edit.new}")
            if "=" in edit.old:
                edit = replace(edit, new=edit.new.replace(": ", "=", 1))
            hints[place.override] = _replaced(place.override, [edit])
    return hints


def _is_sure(help_text: str | None) -> TypeGuard[Suggestion]:
    """Whether a help says what must stand there, and nothing else can have been meant."""
    return isinstance(help_text, Suggestion) and help_text.sure


def _mend_file(
    file: str, wanted: Sequence[tuple[SourceLocation, Suggestion, str]]
) -> Mended | None:
    try:
        before = _read(Path(file))
    except (OSError, UnicodeDecodeError):
        return None
    lines = before.splitlines(keepends=True)
    edits: dict[tuple[int, int], Edit] = {}
    for place, suggestion, code in wanted:
        number = place.line or 0
        if not 0 < number <= len(lines):
            continue
        edit = _edit(lines[number - 1], number, place, suggestion, code)
        if edit is not None:
            edits.setdefault((edit.line, edit.column), edit)
    for number in {line for line, _ in edits}:
        in_line = [edit for (line, _), edit in edits.items() if line == number]
        lines[number - 1] = _replaced(lines[number - 1], in_line)
    after = "".join(lines)
    if after == before or not _is_yaml(after):
        return None
    return Mended(file=file, before=before, after=after, edits=tuple(edits.values()))


def _read(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as stream:
        return stream.read()


def _is_yaml(text: str) -> bool:
    try:
        yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return False
    return True


def _edit(
    line: str, number: int, place: SourceLocation, suggestion: Suggestion, code: str
) -> Edit | None:
    """The edit of a line, or None if what stands there is nothing that can be replaced."""
    if place.column is None:
        return None
    begin = place.column - 1
    old = line[begin : begin + place.length]
    if not old or old[0] in "{[&*|>!" or "\n" in old:
        return None
    new = suggestion.replacement
    if old[0] in "\"'" and old[-1] == old[0] and len(old) > 1:
        if new[:1] not in "\"'":
            new = f"{old[0]}{new}{old[0]}"
    elif (part := _OUTPUT.search(old)) and not _OUTPUT.search(new):
        new += part.group()
    if new == old:
        return None
    return Edit(file=place.file or "", line=number, column=begin + 1, old=old, new=new, code=code)


def _replaced(line: str, edits: Iterable[Edit]) -> str:
    for edit in sorted(edits, key=lambda edit: -edit.column):
        begin = edit.column - 1
        line = line[:begin] + edit.new + line[begin + len(edit.old) :]
    return line
