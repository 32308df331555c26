"""What of a model file cannot be written, gathered so that one kind of fault is told once.

This room owns the gathering: a reason that holds for forty layers is one diagnostic, with the
names of the others in a note. It knows no Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kerasgen.diagnostics import Note, Severity, Sink, SourceLocation

_NAMED = 5
"""Layers that a note names."""


class UntranslatableError(Exception):
    """A part of an older model that Keras 3 cannot say, with the reason as a message.

    Attributes:
        code: the diagnostic's code.
        hint: how to get past it, or None.
    """

    def __init__(self, message: str, *, code: str = "KG616", hint: str | None = None) -> None:
        self.code, self.hint = code, hint
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of fault."""

    code: str
    reason: str
    hint: str | None
    severity: Severity


@dataclass(slots=True)
class Refusals:
    """Faults by kind, each with the layers that have it.

    Attributes:
        writer: which Keras wrote the file, for a note; empty for none.
    """

    writer: str = ""
    _found: dict[_Kind, dict[str, SourceLocation | None]] = field(default_factory=dict)

    def add(
        self,
        code: str,
        name: str,
        reason: str,
        hint: str | None = None,
        place: Callable[[], SourceLocation | None] | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Notes that the layer of this name has this fault.

        Args:
            code: the diagnostic's code.
            name: the layer.
            reason: what is wrong, going on from the name.
            hint: how to get past it.
            place: tells where it stands, which takes a while; asked for the first layer alone.
            severity: error or warning.
        """
        layers = self._found.setdefault(_Kind(code, reason, hint, severity), {})
        if name not in layers:
            layers[name] = place() if place is not None and not layers else None

    def report(self, sink: Sink) -> None:
        """Reports each kind once, at the first layer that has it, and forgets them."""
        for kind, layers in self._found.items():
            first, *others = layers
            notes: list[Note | str] = []
            if others:
                named = ", ".join(f"`{name}`" for name in others[:_NAMED])
                more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
                notes.append(f"so it is with {named}{more}")
            if self.writer:
                notes.append(f"{self.writer} wrote the file")
            sink.report_at(
                kind.code,
                f"`{first}` {kind.reason}",
                help=kind.hint,
                location=layers[first],
                severity=kind.severity,
                notes=notes,
            )
        self._found.clear()
