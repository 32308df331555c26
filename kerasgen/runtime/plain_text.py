"""Files of text: whether one can be read as it lies, and a copy of it that can.

Text is read as it lies where it is UTF-8, has the usual ends of lines, and none that is
so long that it would fill the memory.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kerasgen.runtime.errors import DataError

LONGEST_LINE = 16 * 2**20
"""Bytes of a line; a file of zeros is one line."""

TEXT_BLOCK = 4 * 2**20
"""Bytes of a file of text that are looked at at once."""


NO_TEXT = "\udc80"
"""What is written of a zero byte into a copy, where it is no text in any encoding."""

PACKED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
"""How files begin that a program has packed, to its name."""


def check_unpacked(place: Path, file: str) -> None:
    """Checks that a file of text is not packed.

    Raises:
        DataError: it is.
    """
    with place.open("rb") as stream:
        begin = stream.read(8)
    for mark, name in PACKED.items():
        if begin.startswith(mark):
            raise DataError(f"`{file}` is packed with {name}, expected text", "packed")


def is_plain_text(place: Path, file: str, encoding: str, keep: bool = False) -> bool:
    """Whether a file can be read as it lies: UTF-8, with ends of lines that are usual.

    What is no text is kept for later where that is wanted.

    Raises:
        DataError: it is no text, or has a line without end.
    """
    if encoding.replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig"):
        return False
    size = length = 0
    plain, end = True, b""
    with place.open("rb") as stream:
        begin = stream.read(4)
        stream.seek(0)
        if begin[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise DataError(f"`{file}` is UTF-16 text, expected {encoding}", "utf16")
        while block := stream.read(TEXT_BLOCK):
            if (zero := block.find(b"\0")) >= 0 and keep:
                return False
            if zero >= 0:
                where = line_at(place, size + zero)
                problem = f"line {where} of `{file}` holds a zero byte, as no text"
                raise DataError(problem, about="zero")
            ended, length = line_lengths(length, block)
            if ended > LONGEST_LINE:
                check_line(ended, line_at(place, size), file)
            if b"\r" in block:
                lone = block.count(b"\r") - block.count(b"\r\n")
                plain = plain and lone <= (block[-1:] == b"\r")
            size, end = size + len(block), block[-1:]
    if not size:
        raise DataError(f"`{file}` is empty", about="empty")
    return plain and end != b"\r"


def line_lengths(length: int, block: bytes) -> tuple[int, int]:
    """Bytes of the line that goes on in a block, and of the one that is left open."""
    first = block.find(b"\n")
    if first < 0:
        return length + len(block), length + len(block)
    return length + first, len(block) - block.rfind(b"\n") - 1


def check_lines(place: Path, file: str) -> None:
    """Checks the length of all lines of a file, without holding one.

    Raises:
        DataError: one is no line that anybody wrote.
    """
    if place.stat().st_size <= LONGEST_LINE:
        return
    size = length = 0
    with place.open("rb") as stream:
        while block := stream.read(TEXT_BLOCK):
            ended, length = line_lengths(length, block)
            if ended > LONGEST_LINE:
                check_line(ended, line_at(place, size), file)
            size += len(block)


def line_at(place: Path, offset: int) -> int:
    """The number of the line in which a byte stands."""
    line, left = 1, offset
    with place.open("rb") as stream:
        while left > 0 and (block := stream.read(min(left, TEXT_BLOCK))):
            line, left = line + block.count(b"\n"), left - len(block)
    return line


def check_line(length: int, line: int, file: str) -> None:
    """Checks the length of a line.

    Raises:
        DataError: it is no line that anybody wrote.
    """
    if length > LONGEST_LINE:
        problem = f"line {line} of `{file}` has more than {LONGEST_LINE:,} bytes"
        raise DataError(problem, about="separator")


@contextmanager
def room_for(copy: Path) -> Iterator[None]:
    """Inside, a copy is written into the folder of temporary files.

    Raises:
        DataError: that has no room for it.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        problem = f"`{copy.parent.parent}` has no room for a copy of the file"
        raise DataError(f"{problem}: {str(error.strerror).lower()}", "room") from error


def copy_plainly(file: str, encoding: str, place: Path, keep: bool) -> None:
    """Copies text as UTF-8, with the usual ends of lines.

    Raises:
        DataError: it is in another encoding, or there is no room; what is not of the
            encoding is kept where that is wanted.
    """
    errors = "surrogateescape" if keep else "strict"
    known = "utf-8-sig" if encoding in ("utf-8", "utf8") else encoding
    try:
        with (
            room_for(place),
            Path(file).open(encoding=known, errors=errors) as text,
            place.open("w", encoding="utf-8", errors=errors, newline="\n") as copy,
        ):
            line = 0
            for part in iter(lambda: text.readline(LONGEST_LINE + 1), ""):
                line += 1
                check_line(len(part), line, file)
                if "\0" in part and keep:
                    part = part.replace("\0", NO_TEXT)
                if "\0" in part:
                    problem = f"line {line} of `{file}` holds a zero, as no text"
                    raise DataError(problem, about="zero")
                copy.write(part)
            if not line:
                raise DataError(f"`{file}` is empty", about="empty")
    except UnicodeError as error:
        raise DataError(wrong_text(Path(file), file, encoding), "encoding") from error
    except LookupError as error:
        raise DataError(f"there is no encoding `{encoding}`", "encoding") from error


def wrong_text(place: Path, file: str, encoding: str) -> str:
    """What is wrong with a file in another encoding: the first line that tells it."""
    with place.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode(encoding)
            except UnicodeError:
                return f"line {number} of `{file}` is not {encoding} text"
    return f"`{file}` is not {encoding} text"
