"""The sign by which a job shows other machines that it is at work: a small file in its folder.

This room owns that file. Who renews it, and for how long it may stand still, its callers say.

Decisions:
- The sign is a number that grows, beside the word of the job's start. Clocks of machines differ,
  and network disks keep times of files for a while: whoever looks compares what stands in it with
  what stood there before, by a clock of his own.
- It is written over in place. That needs no room on a full disk, and no name in the folder changes.
- A sign of another start is left alone: it says that somebody else has the folder by now.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from kerasgen.foreign.regular_files import ForeignFileError, read_bytes
from kerasgen.record.file_names import SIGN

_MOST = 200
"""Bytes above which a file is no sign."""

_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def leave_sign(folder: Path, attempt: str) -> None:
    """Leaves a first sign in a folder; where it cannot be written there is none.

    Args:
        folder: the folder of the job.
        attempt: the word of its start.
    """
    path = folder / SIGN
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_text(attempt, 0))


def renew_sign(folder: Path, attempt: str, number: int) -> bool | None:
    """Renews a sign that is there.

    Args:
        folder: the folder of the job.
        attempt: the word of its start.
        number: a number that it did not hold before.

    Returns:
        Whether the folder is still this start's; None where there is no sign.
    """
    found = read_sign(folder)
    if found is None:
        return None
    if not is_sign_of(found, attempt):
        return False
    with contextlib.suppress(OSError):
        descriptor = os.open(folder / SIGN, os.O_WRONLY | _NO_LINK)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_text(attempt, number))
    return True


def remove_sign(folder: Path) -> None:
    """Removes the sign of a job that has ended."""
    with contextlib.suppress(OSError):
        (folder / SIGN).unlink(missing_ok=True)


def read_sign(folder: Path) -> bytes | None:
    """What stands in the sign in a folder, None where there is none."""
    try:
        return read_bytes(folder / SIGN, most=_MOST, within=folder)
    except ForeignFileError:
        return None


def is_sign_of(sign: bytes, attempt: str) -> bool:
    """Whether a sign is that of one start of a job."""
    return sign.split(b" ", 1)[0] == attempt.encode("utf-8", "backslashreplace")


def _text(attempt: str, number: int) -> bytes:
    """A sign; all of one start have the same length, so that one covers the other."""
    return f"{attempt} {number:012}\n".encode("utf-8", "backslashreplace")
