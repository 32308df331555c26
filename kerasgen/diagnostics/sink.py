"""The sink in which the stages collect what they find.

This room owns how a mistake becomes a diagnostic: its code is known, its place is looked up, and
one fault is told once. A sink collects and nothing else: where key paths were written is said by
the source map that it was made with, which stays the same as long as the sink lives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kerasgen.diagnostics.codes import CODES
from kerasgen.diagnostics.diagnostic import (
    Anchor,
    CompileError,
    Diagnostic,
    Note,
    Severity,
    SourceLocation,
)
from kerasgen.diagnostics.source_map import NOWHERE, Background, SourceMap

if TYPE_CHECKING:
    from kerasgen.foreign.regular_files import ForeignFileError


@dataclass(slots=True)
class Sink:
    """Collects the diagnostics of a stage.

    Attributes:
        source_map: where the key paths of the stage were written.
        diagnostics: what was reported, in order, without repeats.
    """

    source_map: SourceMap = NOWHERE
    diagnostics: list[Diagnostic] = field(default_factory=list)
    _repeated: set[tuple[object, ...]] = field(
        default_factory=set, init=False, repr=False, compare=False
    )
    _known: set[Diagnostic] = field(default_factory=set, init=False, repr=False, compare=False)

    def over(self, source_map: SourceMap) -> Sink:
        """A sink for a later stage: it looks places up in another map, and adds to this one's list.

        Args:
            source_map: where the key paths of that stage were written.
        """
        later = Sink(source_map, self.diagnostics)
        later._repeated, later._known = self._repeated, self._known
        return later

    def locate(self, key: str, at: Anchor = "value") -> SourceLocation:
        """Where an entry was written; see `SourceMap.locate`."""
        return self.source_map.locate(key, at)

    def report(
        self,
        code: str,
        message: str,
        *,
        key: str | None = None,
        at: Anchor = "value",
        help: str | None = None,  # noqa: A002 - the word that the user reads
        notes: Iterable[Note | str] = (),
    ) -> None:
        """Adds one error.

        Args:
            code: a key of `CODES`.
            message: what is wrong.
            key: dotted key path of the config entry that is wrong, None for no place.
            at: whether the key or the value of that entry is meant.
            help: how to mend it.
            notes: remarks; a string is a remark without a place.
        """
        place, behind = self._look_up(key, at)
        self._add(_diagnostic(code, message, Severity.ERROR, place, help, notes), behind)

    def warn(
        self,
        code: str,
        message: str,
        *,
        key: str | None = None,
        at: Anchor = "value",
        help: str | None = None,  # noqa: A002 - the word that the user reads
        notes: Iterable[Note | str] = (),
    ) -> None:
        """Adds one warning; the arguments are those of `report`."""
        place, behind = self._look_up(key, at)
        self._add(_diagnostic(code, message, Severity.WARNING, place, help, notes), behind)

    def report_at(
        self,
        code: str,
        message: str,
        location: SourceLocation | None,
        *,
        severity: Severity = Severity.ERROR,
        help: str | None = None,  # noqa: A002 - the word that the user reads
        notes: Iterable[Note | str] = (),
    ) -> None:
        """Adds one diagnostic whose place the caller knows better than the source map.

        Args:
            code: a key of `CODES`.
            message: what is wrong.
            location: the place, None for none.
            severity: error (default) or warning.
            help: how to mend it.
            notes: remarks; a string is a remark without a place.
        """
        self._add(_diagnostic(code, message, severity, location, help, notes), Background())

    def _look_up(self, key: str | None, at: Anchor) -> tuple[SourceLocation | None, Background]:
        """The place of an entry, and what stands behind it."""
        if key is None:
            return None, Background()
        return self.source_map.locate(key, at), self.source_map.explain(key)

    def _add(self, diagnostic: Diagnostic, behind: Background) -> None:
        place = diagnostic.location
        if behind.repeated and place is not None:
            where = (place.file, place.line, place.column, place.override, place.key)
            same = (diagnostic.code, *where, diagnostic.help)
            if same in self._repeated:
                return
            self._repeated.add(same)
        self.add([replace(diagnostic, notes=(*diagnostic.notes, *behind.notes))])

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
        around = self.locate(path, "key")
        found = set()
        for other in keys:
            there = self.locate(f"{path}.{other}" if path else other, "key")
            if other == key or (there.file, there.override) != (place.file, place.override):
                continue
            # What was laid under the mapping from elsewhere has no place but the mapping's own.
            if path == "" or there.column is None or replace(there, key=around.key) != around:
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
        """Ends the stage if there is an error.

        Raises:
            CompileError: there is one; it holds everything that was reported.
        """
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
    ) -> CompileError:
        """Reports an error after which the stage cannot go on, for `raise sink.fail(…)`."""
        self.report(code, message, key=key, at=at, help=help, notes=notes)
        return CompileError(self.diagnostics)

    def fail_at(
        self,
        code: str,
        message: str,
        location: SourceLocation | None,
        *,
        help: str | None = None,  # noqa: A002 - the word that the user reads
    ) -> CompileError:
        """Reports at a place that is known an error after which the stage cannot go on."""
        self.report_at(code, message, location, help=help)
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
            help: how to mend it; a fault may know better.
        """
        code, message = fault.code or code, f"`{file}` {fault.reason}"
        help = fault.help or help  # noqa: A001
        if fault.line is not None:
            place = SourceLocation(
                key=key or "", file=str(file), line=fault.line, column=fault.column
            )
            self.report_at(code, message, place, severity=severity, help=help)
            return
        tell = self.warn if severity is Severity.WARNING else self.report
        tell(code, message, key=key, help=help)

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


def _diagnostic(
    code: str,
    message: str,
    severity: Severity,
    location: SourceLocation | None,
    help: str | None,  # noqa: A002 - the word that the user reads
    notes: Iterable[Note | str],
) -> Diagnostic:
    """The diagnostic that is told; a code that is not in the table is a bug of ours."""
    if code not in CODES:
        raise KeyError(f"diagnostic code {code} is not in the table")
    told = tuple(Note(message=note) if isinstance(note, str) else note for note in notes)
    return Diagnostic(
        code=code, severity=severity, message=message, location=location, help=help, notes=told
    )
