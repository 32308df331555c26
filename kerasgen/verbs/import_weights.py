"""Saving of an imported model: the weights of its file in a `.keras` file of Keras 3.

This room owns when such a file is written, and that it appears whole and proven or not at all.
How weights are carried is the business of the engine's importer. Importing it imports no Keras.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kerasgen.diagnostics import Sink
from kerasgen.foreign.regular_files import is_folder, is_regular, is_there, told

if TYPE_CHECKING:
    from kerasgen.importer import ReadModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What the user asks to be saved.

    Attributes:
        path: the file to write.
        weights: a file of weights that the model's own file does not hold, or None.
        engine: the engine that made them, where the user says it.
        replace: whether a file that is there may be replaced.
    """

    path: Path
    weights: Path | None = None
    engine: str | None = None
    replace: bool = False


def require_place(saving: Saving, sink: Sink) -> None:
    """Refuses a place where no model can be written, before any work is done.

    Raises:
        CompileError: KG605, it has another ending, is taken, or its folder is not there.
    """
    path = saving.path
    if path.suffix != ".keras":
        raise sink.fail(
            "KG605",
            f"`{path}` is no name for a model of Keras 3, expected one that ends in `.keras`",
            help=f"--save {path.with_suffix('.keras')}" if path.stem else None,
        )
    replaceable = is_regular(path) or path.is_symlink()
    if is_there(path) and not (replaceable and saving.replace):
        raise sink.fail(
            "KG605",
            f"`{path}` is there already",
            help="`--force` replaces it" if replaceable else None,
        )
    if not is_folder(path.parent):
        raise sink.fail("KG605", f"`{path}` cannot be written: there is no folder `{path.parent}`")


def require_free(path: Path, sink: Sink) -> None:
    """Refuses a place where a file or folder is: nobody's work is written over unasked.

    A device or a pipe keeps nothing, and is free; so is `/dev/stdout`, wherever that leads.

    Raises:
        CompileError: KG605, it is taken.
    """
    if (is_regular(path) and path.parent != Path("/dev")) or is_folder(path):
        raise sink.fail(
            "KG605",
            f"`{path}` is there already",
            help=None if is_folder(path) else "`--force` replaces it",
        )


def save_imported(read: ReadModel, saving: Saving, sink: Sink) -> str:
    """Writes a model with its weights, reads it again and compares.

    Args:
        read: the model.
        saving: what to save, and where.
        sink: gets every mistake.

    Returns:
        What was written, for people.

    Raises:
        CompileError: KG605, it cannot be written; KG608, the weights cannot be read; KG618 and
            KG619, they do not fit the model, or it has none.
    """
    filled = read.filled(saving.weights, saving.engine, sink)
    path = saving.path
    written = path.with_name(f".{path.stem[:80]}.{secrets.token_hex(6)}.keras")
    try:
        told_of = filled.write(written)
        os.replace(written, path)
    except OSError as error:
        raise sink.fail("KG605", f"`{path}` cannot be written: {told(error)}") from error
    finally:
        with contextlib.suppress(OSError):
            written.unlink()
    return f"{path}: {told_of}"
