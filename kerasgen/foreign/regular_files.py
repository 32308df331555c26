"""The door for files of strangers: regular files of bounded size, opened without waiting.

This room owns how such a file is opened and how much of it is read. It must not know forms.

Decisions:
- A file is asked what it is before it is opened, since opening a device can act, and again when
  it is open, since a path may lead elsewhere by then. It is opened without waiting for a writer.
- A link inside a folder that was handed over must not lead out of it; a folder that is a link
  itself was named by the user.
- What a size says is not believed: a file may grow, and those of `/proc` say 0.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

NOT_ORDINARY = "KG612"
"""Code of a file that is a folder, pipe, device or socket, or a link out of its folder."""

TOO_MUCH = "KG614"
"""Code of a file that is larger, deeper or asks for more than is read."""

MOST_BYTES = 16 * 2**20
"""Bytes above which a file of text is not read."""

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class ForeignFileError(Exception):
    """A file that is not read; its text goes on from the name of the file.

    Attributes:
        reason: what is wrong, as a message says it.
        code: the diagnostic code of this fault, None for the one of whoever wanted the file.
        line: line in the file, counted from 1, or None.
        column: column in the line, counted from 1, or None.
        missing: whether there is no such file.
        help: how to mend it, None where whoever wanted the file says so.
    """

    def __init__(
        self,
        reason: str,
        *,
        code: str | None = None,
        line: int | None = None,
        column: int | None = None,
        missing: bool = False,
        help: str | None = None,  # noqa: A002 - the word that the user reads
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.line = line
        self.column = column
        self.missing = missing
        self.help = help


@contextmanager
def open_regular(path: str | Path, *, within: Path | None = None) -> Iterator[BufferedReader]:
    """Opens a regular file for reading.

    Args:
        path: the file; a link is followed.
        within: a folder that a link must not lead out of, or None.

    Raises:
        ForeignFileError: it is not there, is no regular file, or cannot be opened or read.
    """
    try:
        descriptor = _descriptor(path, within)
    except ValueError:  # A NUL in its name.
        raise ForeignFileError("is not a name of a file", missing=True) from None
    except OSError as error:
        raise _unreadable(error) from None
    try:
        with os.fdopen(descriptor, "rb") as file:
            yield file
    except OSError as error:
        raise _unreadable(error) from None


def read_bytes(path: str | Path, *, most: int = MOST_BYTES, within: Path | None = None) -> bytes:
    """The content of a regular file of bounded size.

    Args:
        path: the file.
        most: bytes above which it is not read.
        within: a folder that a link must not lead out of, or None.

    Raises:
        ForeignFileError: it is not there, is no regular file, is too large, or cannot be read.
    """
    with open_regular(path, within=within) as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(most + 1) if size <= most else b""
    if size > most:
        raise ForeignFileError(f"is of {size:,} bytes, expected at most {most:,}", code=TOO_MUCH)
    if len(content) > most:
        raise ForeignFileError(f"is of more than {most:,} bytes", code=TOO_MUCH)
    return content


def read_text(path: str | Path, *, most: int = MOST_BYTES, within: Path | None = None) -> str:
    """The text of a regular file of bounded size in UTF-8, without a byte order mark.

    Raises:
        ForeignFileError: it cannot be read, or is not UTF-8.
    """
    return decoded(read_bytes(path, most=most, within=within))


def lines_of(path: str | Path) -> list[str]:
    """The lines of a file to point at; what is no UTF-8 is replaced, and no file has none."""
    try:
        return read_bytes(path).decode("utf-8", "replace").splitlines()
    except ForeignFileError:
        return []


def decoded(content: bytes) -> str:
    """Bytes as the UTF-8 text that they are, without a byte order mark.

    Raises:
        ForeignFileError: they are none; with the line of the first byte at fault.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        raise ForeignFileError(
            f"is not a text file in UTF-8: it holds the byte 0x{content[error.start]:02x}",
            line=before.count(b"\n") + 1,
            column=error.start - before.rfind(b"\n"),
        ) from None


def is_regular(path: str | Path) -> bool:
    """Whether a word names a regular file, or a link to one; False for what can name none."""
    return _is(path, stat.S_ISREG)


def is_folder(path: str | Path) -> bool:
    """Whether a word names a folder, or a link to one; False for what can name none."""
    return _is(path, stat.S_ISDIR)


def is_there(path: str | Path) -> bool:
    """Whether anything has this name, a link that leads nowhere too."""
    try:
        os.lstat(path)
    except (OSError, ValueError):  # Too long, or with a NUL in it.
        return False
    return True


def path_of(word: str) -> Path:
    """The path that a word names, `~` being the home folder where there is one."""
    path = Path(word)
    try:
        return path.expanduser()
    except RuntimeError:  # There is no such user, or no home.
        return path


def told(error: OSError) -> str:
    """The system's reason for a fault of a file, as a message says it."""
    return (error.strerror or str(error)).lower()


def _unreadable(error: OSError) -> ForeignFileError:
    missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
    return ForeignFileError(f"cannot be read: {told(error)}", missing=missing)


def _is(path: str | Path, kind: object) -> bool:
    try:
        return bool(kind(os.stat(path).st_mode))  # type: ignore[operator]
    except (OSError, ValueError):
        return False


def _descriptor(path: str | Path, within: Path | None) -> int:
    real = os.fspath(path)
    if within is None or not _is_plainly_in(real, within):
        real = os.path.realpath(path, strict=True)
        folder = real if within is None else os.path.realpath(within)
        if os.path.commonpath((folder, real)) != folder:
            raise ForeignFileError("is a link out of its folder", code=NOT_ORDINARY)
        _require_regular(os.stat(real))
    descriptor = os.open(real, _FLAGS)
    try:
        _require_regular(os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _is_plainly_in(path: str, folder: Path) -> bool:
    """Whether a path is that of a regular file, and no link, right in a folder.

    Nothing need be known then of the folders above, at which looking takes most of the time. A link
    that takes its place afterwards is not opened.
    """
    parent, name = os.path.split(path)
    if parent != os.fspath(folder) or name in ("", os.curdir, os.pardir):
        return False
    return stat.S_ISREG(os.lstat(path).st_mode)


def _require_regular(found: os.stat_result) -> None:
    if stat.S_ISREG(found.st_mode):
        return
    kind = next((name for test, name in _KINDS if test(found.st_mode)), "something else")
    raise ForeignFileError(f"is not a file but {kind}", code=NOT_ORDINARY)
