"""Drafts: where a file is written before it takes its place, and what a killed export left of one.

This room owns the folder beside the place of a file in which it is made, and how a file moves. What
is written there it must not know.

Decisions:
- The process that writes holds a lock on the folder. Who gets that lock finds what a dead one has
  left, and removes it. Systems that cannot lock a folder keep it.
- A folder that was there before is set aside in the draft for a moment. Where a process was killed
  just then, it goes back.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kerasgen.diagnostics import Sink
from kerasgen.engine.exporter import ExportFormat
from kerasgen.foreign.regular_files import told
from kerasgen.process.interruption import at_once
from kerasgen.record.lock import lock_if_free

_BEFORE = ".before"
"""How the folder in the draft ends that stood in the place of the file."""


@contextmanager
def draft_beside(target: Path) -> Iterator[Path]:
    """A path for what is written, in a folder beside the target that is gone in the end.

    Raises:
        CompileError: KG605, something cannot be written.
    """
    try:
        with (
            tempfile.TemporaryDirectory(prefix=_beginning(target), dir=target.parent) as name,
            lock_if_free(Path(name)),
            at_once(lambda: shutil.rmtree(name, ignore_errors=True)),
        ):
            draft = Path(name) / target.name
            draft.touch()  # A name that cannot be one is told before any work is done.
            draft.unlink()
            yield draft
    except OSError as error:
        raise Sink().fail("KG605", f"`{target}` cannot be written: {told(error)}") from error


def place(draft: Path, target: Path, form: ExportFormat) -> None:
    """Puts a file, with what belongs to it, where it was asked for; what was there goes last.

    Raises:
        OSError: it cannot be put there.
    """
    for ending in form.beside:
        draft.with_suffix(ending).replace(target.with_suffix(ending))
    if target.is_dir():
        target.replace(_set_aside(draft))
        draft.replace(target)
    else:
        draft.replace(target)


def remove_dead_drafts(target: Path) -> None:
    """Removes the drafts of a file whose processes were killed; nothing else, and no living one."""
    form = re.compile(re.escape(_beginning(target)) + r"[a-z0-9_]{8}")
    with suppress(OSError):
        for folder in target.parent.iterdir():
            if form.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
                with suppress(OSError), lock_if_free(folder) as free:
                    if free:
                        _remove(folder, target)


def _remove(folder: Path, target: Path) -> None:
    before = _set_aside(folder / target.name)
    if before.is_dir() and not target.exists():
        before.replace(target)
    shutil.rmtree(folder)


def _set_aside(draft: Path) -> Path:
    return draft.with_name(f"{draft.name}{_BEFORE}")


def _beginning(target: Path) -> str:
    return f".{target.name[:60]}.draft-"
