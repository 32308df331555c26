"""Mistakes as data: what went wrong, where, and how to mend it.

This room owns the diagnostic record, its two renderings (text and JSON), the sink in which a
stage collects its diagnostics, and the table of codes. It knows nothing about configs, Keras
or data: a caller names a key path, and a locator given to the sink turns it into a place.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

Anchor = Literal["key", "value"]
"""Which end of a config entry a diagnostic points at."""

CODES: dict[str, str] = {
    "KG101": "YAML that cannot be read",
    "KG102": "command-line override that cannot be parsed",
    "KG103": "override of a key that is not there",
    "KG104": "unknown config group or option",
    "KG105": "interpolation that cannot be resolved",
    "KG106": "mandatory value not given",
    "KG107": "unknown key",
    "KG108": "key that YAML does not read as text, or that stands twice",
    "KG109": "configuration that cannot be composed",
    "KG110": "selector that matches nothing",
    "KG111": "selector that cannot be read",
    "KG201": "unknown class",
    "KG202": "unknown argument",
    "KG203": "missing argument",
    "KG204": "wrong kind of value",
    "KG205": "unknown name for an argument",
    "KG206": "value that the class refuses",
    "KG301": "reference to a tensor that does not exist",
    "KG302": "reference to a later entry",
    "KG303": "cycle",
    "KG304": "dead layer",
    "KG305": "name used twice, or not usable as a name",
    "KG306": "one output of several must be chosen",
    "KG307": "entry that cannot be used this way",
    "KG308": "expression that cannot be evaluated",
    "KG309": "parameter that is not there",
    "KG310": "blocks that use each other",
    "KG401": "shapes that do not fit together",
    "KG402": "model input that does not fit the data",
    "KG403": "model output that does not fit the target",
    "KG501": "data that is not there",
    "KG502": "file that is not what it should be",
    "KG503": "data without samples",
    "KG504": "column that is not there",
    "KG505": "labels that do not fit the task",
    "KG506": "values that are missing or not finite",
    "KG507": "too few samples",
    "KG508": "facts that the data contradicts",
    "KG509": "columns that are not numbers",
    "KG601": "keras.json that cannot be read",
    "KG602": "backend that Keras does not have",
    "KG603": "package that is not installed",
    "KG604": "backend setting that cannot be used",
    "KG605": "folder that cannot be written",
    "KG606": "run that cannot be read",
    "KG607": "filter or order of runs that cannot be used",
    "KG608": "model file that cannot be read",
    "KG609": "model that cannot be written as a config",
    "KG610": "part of one's own that cannot be used",
    "KG701": "loss that expects something other than what the output gives",
    "KG702": "softmax over a single score",
    "KG703": "sigmoid scores under a categorical loss",
    "KG704": "softmax scores under a binary loss",
    "KG705": "activation whose values a cross-entropy cannot read",
    "KG706": "categorical loss on a single score",
    "KG707": "hinge loss on probabilities",
    "KG708": "label smoothing outside 0 to 1",
    "KG709": "metric that reads logits as probabilities",
    "KG710": "accuracy where there are no classes",
    "KG711": "metric that does not fit the scores or the labels",
    "KG712": "top-k metric that every prediction passes",
    "KG713": "loss weight that trains nothing, or the wrong way",
    "KG714": "scores in half precision",
    "KG720": "dropout or normalization right before the loss",
    "KG721": "activation on top of an activation",
    "KG722": "softmax inside the model",
    "KG723": "linear layers that are one layer",
    "KG724": "dense layer on the pixels of an image",
    "KG725": "layer that can never start to learn",
    "KG726": "rate that drops nearly everything",
    "KG727": "model without trainable weights",
    "KG728": "mask that is lost on its way",
    "KG729": "axis that is the batch",
    "KG730": "normalization along an axis that is not the channels",
    "KG731": "image with its channels first",
    "KG732": "input that is scaled twice",
    "KG733": "momentum of a normalization as other libraries count it",
    "KG734": "normalization over batches of one sample",
    "KG740": "monitored name that will not exist",
    "KG741": "monitored in the wrong direction",
    "KG742": "callback that never acts",
    "KG743": "schedule that does not fit the length of the training",
    "KG744": "learning rate set by a schedule and by a callback",
    "KG745": "learning rate that cannot work",
    "KG746": "momentum that does nothing, or never forgets",
    "KG747": "clipping that clips nothing",
    "KG748": "gradients that are never applied",
    "KG749": "validation that never takes place",
    "KG750": "batch larger than the data",
    "KG751": "class weights for several outputs",
    "KG752": "class weights without classes",
    "KG753": "class weights that fit no class, or are not positive",
    "KG760": "target among the features",
    "KG761": "labels outside the range of the output",
    "KG762": "targets out of reach of the last activation",
    "KG763": "targets outside the domain of the loss",
    "KG764": "input that is not scaled",
    "KG765": "values that an embedding cannot look up",
    "KG766": "ids that are read as amounts",
    "KG767": "rows of the training part in another part",
    "KG768": "classes that training never sees",
    "KG769": "sorted labels that are not shuffled",
    "KG801": "step of a run that failed",
    "KG802": "training that diverged",
    "KG901": "model that does not fit in memory",
    "KG902": "config that is too large or too deep",
}
"""Every diagnostic code with its meaning. A code is never given a second meaning."""


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
        help: how to mend it, or None.
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


def _unexplained(key: str) -> tuple[Note, ...] | None:
    del key
    return None


@dataclass(slots=True)
class Sink:
    """Collects the diagnostics of a stage.

    Attributes:
        locate: turns a key path and an anchor into a place.
        explain: tells of a key path what else had a part in it, None where it was written as it
            is. What was written once and stands many times (a block) is reported once.
        diagnostics: what was reported, in order, without repeats.
    """

    locate: Callable[[str, Anchor], SourceLocation] = _nowhere
    explain: Callable[[str], tuple[Note, ...] | None] = _unexplained
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
        behind = None if key is None or location is not None else self.explain(key)
        if behind is not None and place is not None:
            same = (code, place.file, place.line, place.column, place.override)
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
            notes=(*told, *(behind or ())),
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
        return f"did you mean `{match}`?"
    if pool and len(pool) <= listed:
        return "known: " + ", ".join(f"`{option}`" for option in pool)
    return None


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


def render_text(diagnostics: Iterable[Diagnostic]) -> str:
    """The diagnostics as a person reads them, one block each, with the line they are about.

    Args:
        diagnostics: what to show, in this order.

    Returns:
        The text, without a newline at the end; empty for no diagnostics.
    """
    return "\n\n".join(_render_one(diagnostic) for diagnostic in diagnostics)


def render_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, object]]:
    """The diagnostics as plain data for machines: lists, mappings, strings, numbers, None."""
    return [
        {
            "code": diagnostic.code,
            "severity": str(diagnostic.severity),
            "message": diagnostic.message,
            "location": _location_data(diagnostic.location),
            "help": diagnostic.help,
            "notes": [
                {"message": note.message, "location": _location_data(note.location)}
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


def _location_data(location: SourceLocation | None) -> dict[str, object] | None:
    if location is None:
        return None
    return {
        "key": location.key or None,
        "file": location.file,
        "line": location.line,
        "column": location.column,
        "override": location.override,
    }


def _render_one(diagnostic: Diagnostic) -> str:
    lines = [f"{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"]
    lines += _place(diagnostic.location)
    if diagnostic.help:
        lines.append(f"  = help: {diagnostic.help}")
    for note in diagnostic.notes:
        lines.append(f"  = note: {note.message}")
        if note.location is not None:
            lines += ["  " + line for line in _place(note.location)[:1]]
    return "\n".join(lines)


def _place(location: SourceLocation | None) -> list[str]:
    if location is None:
        return []
    key = f"  ({location.key})" if location.key else ""
    if location.override is not None:
        return [f"  --> command line{key}", *_snippet(location.override, location, "")]
    if location.file is None:
        return [f"  --> config{key}"] if location.key else []
    if location.line is None:
        return [f"  --> {location.file}{key}"]
    head = f"  --> {location.file}:{location.line}:{location.column or 1}{key}"
    source = _source_line(Path(location.file), location.line)
    if source is None:
        return [head]
    return [head, *_snippet(source, location, str(location.line))]


def _snippet(source: str, location: SourceLocation, number: str) -> list[str]:
    margin = " " * (len(number) if number else 1)
    lines = [f" {margin} |", f" {number or ' '} | {source}"]
    if location.column is not None:
        space = len(source) - location.column + 1
        width = max(1, min(location.length, space))
        lines.append(f" {margin} | {' ' * (location.column - 1)}{'^' * width}")
    return lines


def _source_line(file: Path, line: int) -> str | None:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    lines = text.splitlines()
    return lines[line - 1] if 0 < line <= len(lines) else None
