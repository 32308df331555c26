"""The standard streams of a process: there, lenient, and honest about what they could not write.

This room owns what happens to output that cannot be written. It must not know what is printed.

Decisions:
- A descriptor that the shell has closed (`>&-`) is opened on the null device: the next file would
  get its number else, and what a library prints would land in it.
- stdout carries what was asked for. What it cannot write raises `LostOutputError`, so that a full
  disk below stdout is told from one below a file; and it is remembered, since some printing
  swallows errors.
- stderr carries what is said about it. It must never end a run, so that its errors are dropped.
"""

from __future__ import annotations

import errno
import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class LostOutputError(OSError):
    """Output that stdout could not take."""


class _Stream(io.FileIO):
    """One of the two descriptors.

    Attributes:
        lost: the error by which output was lost, None as long as there is none.
    """

    lost: LostOutputError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        """Writes as a file does.

        Raises:
            LostOutputError: it cannot be written.
        """
        try:
            return super().write(data)
        except OSError as error:
            self.lost = LostOutputError(error.errno, error.strerror)
            if self.fileno() == 2:
                return memoryview(data).nbytes
            raise self.lost from error


class _Closed(_Stream):
    """A stdout that was closed before the process began."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Takes nothing.

        Raises:
            LostOutputError: always.
        """
        self.lost = LostOutputError(errno.EBADF, os.strerror(errno.EBADF))
        raise self.lost


def set_up() -> None:
    """Puts this process's own streams in the place of Python's."""
    closed = [number for number in range(3) if not _is_open(number)]
    for number in closed:
        # The lowest free number is taken, and those below are open.
        os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)
    if 0 in closed:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # for good
    sys.stdout = _made(1, _Closed if 1 in closed else _Stream)
    sys.stderr = _made(2, _Stream)


def make_lenient() -> None:
    """Lets a name that is not UTF-8 not end a run by being printed."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def lost_output() -> OSError | None:
    """Writes out what stdout still keeps; gives the error by which anything was lost, or None."""
    if sys.stdout is None:
        return None
    try:
        sys.stdout.flush()
    except OSError as error:
        return error
    except ValueError:  # It is closed.
        return None
    buffer = getattr(sys.stdout, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    return raw.lost if isinstance(raw, _Stream) else None


def drop_output() -> None:
    """Leaves what stdout keeps and cannot write, so that Python does not try again at the end."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        pass


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _made(number: int, kind: type[_Stream]) -> io.TextIOWrapper:
    known = sys.stdout if number == 1 else sys.stderr
    encoding = getattr(known, "encoding", None) or "utf-8"
    at_once = bool(getattr(known, "write_through", False))
    line_by_line = number == 2 or bool(getattr(known, "line_buffering", False))
    if known is not None:
        known.flush()
    raw = kind(number, "w", closefd=False)
    return io.TextIOWrapper(
        raw if at_once else io.BufferedWriter(raw),
        encoding=encoding,
        errors="backslashreplace",
        line_buffering=line_by_line,
        write_through=at_once,
    )
