"""Texts that a command writes where its user says: whole, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasgen.record.files import write_named

if TYPE_CHECKING:
    from pathlib import Path

    from kerasgen.diagnostics import Sink


def write_output(path: Path, text: str, sink: Sink) -> None:
    """Writes a text to the file that was named.

    Raises:
        CompileError: KG605, it cannot be written.
    """
    try:
        write_named(path, text)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise sink.fail("KG605", f"`{path}` cannot be written: {reason}") from error
