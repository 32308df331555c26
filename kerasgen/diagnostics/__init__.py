"""Mistakes as data: what went wrong, where, and how to mend it.

This room owns the diagnostic record, and the sink in which a stage collects its diagnostics. How
they are shown stands in `render`. It knows nothing about configs, Keras or data: a caller names
a key path, and a locator given to the sink turns it into a place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kerasgen.diagnostics.codes import CODES as CODES
from kerasgen.diagnostics.suggestions import Suggestion as Suggestion
from kerasgen.diagnostics.suggestions import as_override as as_override
from kerasgen.diagnostics.suggestions import as_yaml as as_yaml
from kerasgen.diagnostics.suggestions import closest as closest
from kerasgen.diagnostics.suggestions import describe as describe
from kerasgen.diagnostics.suggestions import did_you_mean as did_you_mean
from kerasgen.diagnostics.suggestions import is_slip as is_slip

if TYPE_CHECKING:
    from kerasgen.foreign.regular_files import ForeignFileError

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


def _nowhere(key: str, anchor: Anchor) -> SourceLocation:
    del anchor
    return SourceLocation(key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What stands behind the value of a config entry.

    Attributes:
        notes: what else had a part in it.
        repeated: whether it was written once and stands in many places, as in a block: what is
            wrong with it is reported once.
    """

    notes: tuple[Note, ...] = ()
    repeated: bool = False


def _unexplained(key: str) -> Background:
    del key
    return Background()


@dataclass(slots=True)
class Sink:
    """Collects the diagnostics of a stage.

    Attributes:
        locate: turns a key path and an anchor into a place.
        explain: tells what stands behind the entry at a key path.
        diagnostics: what was reported, in order, without repeats.
    """

    locate: Callable[[str, Anchor], SourceLocation] = _nowhere
    explain: Callable[[str], Background] = _unexplained
    diagnostics: list[Diagnostic] = field(default_factory=list)
    _repeated: set[tuple[object, ...]] = field(
        default_factory=set, init=False, repr=False, compare=False
    )
    _known: set[Diagnostic] = field(default_factory=set, init=False, repr=False, compare=False)

    def report(
        self,
        code: str,
        message: str,
        *,
        key: str | None = None,
        at: Anchor = "value",
        severity: Severity = Severity.ERROR,
        help: str | None = None,  # noqa: A002 - the word that the user reads
        notes: Iterable[Note | str] = (),
        location: SourceLocation | None = None,
    ) -> None:
        """Adds one diagnostic.

        Args:
            code: a key of `CODES`.
            message: what is wrong.
            key: dotted key path of the config entry that is wrong, None for no place.
            at: whether the key or the value of that entry is meant.
            severity: error (default) or warning.
            help: how to mend it.
            notes: remarks; a string is a remark without a place.
            location: the place, where the caller knows it better than the locator.
        """
        if code not in CODES:
            raise KeyError(f"diagnostic code {code} is not in the table")
        place = location or (None if key is None else self.locate(key, at))
        behind = Background() if key is None or location is not None else self.explain(key)
        if behind.repeated and place is not None:
            same = (code, place.file, place.line, place.column, place.override, place.key, help)
            if same in self._repeated:
                return
            self._repeated.add(same)
        told = [Note(message=note) if isinstance(note, str) else note for note in notes]
        diagnostic = Diagnostic(
            code=code,
            severity=severity,
            message=message,
            location=place,
            help=help,
            notes=(*told, *behind.notes),
        )
        self.add([diagnostic])

    def warn(
        self,
        code: str,
        message: str,
        *,
        key: str | None = None,
        at: Anchor = "value",
        help: str | None = None,  # noqa: A002 - the word that the user reads
    ) -> None:
        """Adds one warning; the arguments are those of `report`."""
        self.report(code, message, key=key, at=at, severity=Severity.WARNING, help=help)

    def beside(self, path: str, keys: Iterable[str], key: str) -> frozenset[str]:
        """Those of a mapping's keys that were written where one of them was.

        A composed mapping is made of several files and overrides; what stands in one of them
        stands in one mapping there.

        Args:
            path: key path of the mapping.
            keys: its keys.
            key: the one of them that is looked at.
        """
        place = self.locate(f"{path}.{key}" if path else key, "key")
        found = set()
        for other in keys:
            there = self.locate(f"{path}.{other}" if path else other, "key")
            if other != key and (there.file, there.override) == (place.file, place.override):
                found.add(other)
        return frozenset(found)

    def add(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Adds diagnostics made elsewhere, without repeats."""
        for diagnostic in diagnostics:
            if diagnostic not in self._known:
                self._known.add(diagnostic)
                self.diagnostics.append(diagnostic)

    @property
    def errors(self) -> list[Diagnostic]:
        """The errors alone."""
        return [d for d in self.diagnostics if d.severity is Severity.ERROR]

    def stop_on_errors(self) -> None:
        """Ends the stage: raises `CompileError` with everything reported if there is an error."""
        if self.errors:
            raise CompileError(self.diagnostics)

    def fail(
        self,
        code: str,
        message: str,
        *,
        key: str | None = None,
        at: Anchor = "value",
        help: str | None = None,  # noqa: A002 - the word that the user reads
        notes: Iterable[Note | str] = (),
        location: SourceLocation | None = None,
    ) -> CompileError:
        """Reports an error after which the stage cannot go on, for `raise sink.fail(…)`."""
        self.report(code, message, key=key, at=at, help=help, notes=notes, location=location)
        return CompileError(self.diagnostics)

    def report_file(
        self,
        code: str,
        file: str | Path,
        fault: ForeignFileError,
        *,
        severity: Severity = Severity.ERROR,
        key: str | None = None,
        help: str | None = None,  # noqa: A002 - the word that the user reads
    ) -> None:
        """Adds what is wrong with a file, at its line where there is one.

        Args:
            code: the code of a file that is not what it was to be; a fault may have its own.
            file: the file as shown to the user.
            fault: what is wrong with it.
            severity: error (default) or warning.
            key: dotted key path of the config entry that names the file, None for none.
            help: how to mend it.
        """
        place = None
        if fault.line is not None:
            place = SourceLocation(
                key=key or "", file=str(file), line=fault.line, column=fault.column
            )
        self.report(
            fault.code or code,
            f"`{file}` {fault.reason}",
            key=key,
            severity=severity,
            help=help,
            location=place,
        )

    def fail_file(
        self,
        code: str,
        file: str | Path,
        fault: ForeignFileError,
        *,
        key: str | None = None,
        help: str | None = None,  # noqa: A002 - the word that the user reads
    ) -> CompileError:
        """Reports a file without which the stage cannot go on; see `report_file` and `fail`."""
        self.report_file(code, file, fault, key=key, help=help)
        return CompileError(self.diagnostics)
