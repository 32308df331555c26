"""Files that a command writes where its user says: whole, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasgen.record.files import write_named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kerasgen.diagnostics import CompileError, Sink


def write_output(path: Path, content: str | bytes, sink: Sink) -> None:
    """Writes the file that was named.

    Raises:
        CompileError: KG605, it cannot be written.
    """
    try:
        write_named(path, content)
    except OSError as error:
        raise _refused(path, error, sink) from error


def write_outputs(folder: Path, contents: Mapping[str, str | bytes], sink: Sink) -> None:
    """Writes files into the folder that was named, which is made where it is not there.

    Args:
        folder: the folder.
        contents: the contents by the names of the files.
        sink: gets the fault.

    Raises:
        CompileError: KG605, the folder or one of the files cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            write_named(folder / name, content)
    except OSError as error:
        raise _refused(folder, error, sink) from error


def _refused(path: Path, error: OSError, sink: Sink) -> CompileError:
    reason = (error.strerror or str(error)).lower()
    return sink.fail("KG605", f"`{path}` cannot be written: {reason}")
