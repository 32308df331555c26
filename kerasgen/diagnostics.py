"""Mistakes as data: what went wrong, where, and how to mend it.

This room owns the diagnostic record, and the sink in which a stage collects its diagnostics. How
they are shown stands in `rendering`. It knows nothing about configs, Keras or data: a caller names
a key path, and a locator given to the sink turns it into a place.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from kerasgen.codes import CODES as CODES

if TYPE_CHECKING:
    from kerasgen.foreign.opening import ForeignFileError
_PLAIN = re.compile(r"(?!(?:true|false|yes|no|on|off|null|y|n)\Z)[A-Za-z_][\w./-]*", re.IGNORECASE)
"""Text that means itself in YAML and in an override, without quotes."""

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


class Suggestion(str):
    """A help text that says what must stand in the place that a diagnostic points at.

    Attributes:
        replacement: the text to write there.
        sure: whether nothing else can have been meant, so that it may be written unasked: a slip
            of the keys, or another name for the same thing.
    """

    replacement: str
    sure: bool

    def __new__(cls, text: str, replacement: str, *, sure: bool = True) -> Self:
        """A help text and the text to write."""
        made = super().__new__(cls, text)
        made.replacement = replacement
        made.sure = sure
        return made


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


def closest(name: str, options: Iterable[str]) -> str | None:
    """The option that looks most like `name`, or None if none is near.

    An option that differs only in case or separators wins; otherwise `difflib`'s ratio decides.
    """
    pool = list(dict.fromkeys(options))
    folded = {_fold(option): option for option in reversed(pool)}
    if (same := folded.get(_fold(name))) is not None:
        return same
    matches = difflib.get_close_matches(name, pool, n=1, cutoff=0.6)
    if not matches:
        matches = [
            folded[match] for match in difflib.get_close_matches(_fold(name), folded, 1, 0.6)
        ]
    if not matches and len(name) > 1:
        begun = [option for option in folded if option.startswith(_fold(name))]
        matches = [folded[option] for option in sorted(begun, key=len)[:1]]
    return matches[0] if matches else None


def did_you_mean(name: str, options: Iterable[str], *, listed: int = 12) -> str | None:
    """A help text for a misspelt name: the nearest option, or the options if they are few."""
    pool = sorted(dict.fromkeys(options))
    if (match := closest(name, pool)) is not None:
        sure = is_slip(name, match, pool)
        return Suggestion(f"did you mean `{match}`?", match, sure=sure)
    if pool and len(pool) <= listed:
        return "known: " + ", ".join(f"`{option}`" for option in pool)
    return None


def is_slip(name: str, meant: str, options: Iterable[str]) -> bool:
    """Whether a name can only be a misspelling of one option: near to it, and to no other.

    One letter in eight may be wrong, missing, too many or changed with its neighbour, at least
    one; case and separators count nothing. Every other option must be further away.
    """
    written, wanted = _fold(name), _fold(meant)
    if written == wanted:
        return sum(_fold(option) == wanted for option in options) == 1
    steps = _steps_between(written, wanted)
    if len(written) < 3 or steps > max(1, len(wanted) // 8):
        return False
    others = {_fold(option) for option in options} - {wanted}
    return all(_steps_between(written, other) > steps for other in others)


def _steps_between(one: str, other: str) -> int:
    """Letters to change, add, take out or swap with their neighbour from one word to another."""
    before: list[int]
    last: list[int] = []
    row = list(range(len(other) + 1))
    before = row
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, wanted in enumerate(other, 1):
            steps = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                steps = min(steps, last[j - 2] + 1)
            row.append(steps)
    return row[-1]


def as_yaml(value: Any) -> str:
    """A plain value as a config writes it on one line; what is no plain value as `…`."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(as_yaml(item) for item in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {as_yaml(item)}' for key, item in value.items())}}}"
    return "…"


def as_override(key: str, value: str) -> str:
    """An override as it is typed at a shell, in quotes where it needs them.

    Args:
        key: what it sets.
        value: the value as a config writes it on one line.
    """
    text = f"{key}={value}"
    return f"'{text}'" if any(mark in text for mark in ' ,[]{}"$*<>()&|;') else text


def describe(value: Any) -> str:
    """A value with its kind, as a message says it: `the string "x"`, `the number 3`, `a list`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean `{str(value).lower()}`"
    if isinstance(value, str):
        return f'the string "{value if len(value) <= 40 else value[:37] + "..."}"'
    if isinstance(value, int | float):
        return f"the number `{value}`"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else f"a {type(value).__name__}"


def _fold(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(" ", "").lower()
