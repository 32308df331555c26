"""One mistake as data: what went wrong, where, and how to mend it.

This room owns the frozen records of a diagnostic and its place, and the exception that ends a
stage. Where a key path was written it must not know: that stands in `source_map`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

Anchor = Literal["key", "value"]
"""Which end of a config entry a diagnostic points at."""


class Severity(StrEnum):
    """How bad it is: an error stops the stage that found it, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLocation:
    """A place in a config: in a file, in a command-line override, or a key with no written place.

    Attributes:
        key: dotted key path in the composed config; empty for none.
        file: path of the file as shown to the user, or None.
        line: line in the file, counted from 1.
        column: column in the line or in the override, counted from 1.
        length: number of characters meant, at least 1.
        override: the command-line override as written, if that set the value.
    """

    key: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None
    length: int = 1
    override: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A remark that belongs to a diagnostic, with a place of its own if it has one."""

    message: str
    location: SourceLocation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One mistake, ready to be shown.

    Attributes:
        code: a key of `CODES`.
        severity: error or warning.
        message: lower case, stands alone, says what was expected and what was received.
        location: where it is, or None if it has no place.
        help: how to mend it, or None; a `Suggestion` where it can be mended by replacing text.
        notes: further remarks.
    """

    code: str
    severity: Severity
    message: str
    location: SourceLocation | None = None
    help: str | None = None
    notes: tuple[Note, ...] = ()


class CompileError(Exception):
    """The end of a stage in which a user's mistakes were found.

    Attributes:
        diagnostics: everything that was reported up to here, warnings included.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(
            "\n".join(f"{diagnostic.code}: {diagnostic.message}" for diagnostic in diagnostics)
        )


def read_diagnostic(data: Mapping[str, Any]) -> Diagnostic:
    """The diagnostic that `dataclasses.asdict` has made plain data of."""
    notes = tuple(
        Note(message=note["message"], location=_read_location(note["location"]))
        for note in data["notes"]
    )
    return Diagnostic(
        code=data["code"],
        severity=Severity(data["severity"]),
        message=data["message"],
        location=_read_location(data["location"]),
        help=data["help"],
        notes=notes,
    )


def _read_location(data: Mapping[str, Any] | None) -> SourceLocation | None:
    return None if data is None else SourceLocation(**data)
