"""Files of text: whether one can be read as it lies, and a copy of it that can.

Text is read as it lies where it is UTF-8, has the usual ends of lines, and none that is
so long that it would fill the memory.
"""

from __future__ import annotations

from pathlib import Path

from kerasgen.runtime.errors import DataError

LONGEST_LINE = 16 * 2**20
"""Bytes of a line; a file of zeros is one line."""

TEXT_BLOCK = 4 * 2**20
"""Bytes of a file of text that are looked at at once."""


def is_plain_text(place: Path, file: str, encoding: str) -> bool:
    """Whether a file can be read as it lies: UTF-8, with ends of lines that are usual.

    Raises:
        DataError: it is no text, or has a line without end.
    """
    if encoding.replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig"):
        return False
    line, length, plain = 1, 0, True
    with place.open("rb") as stream:
        begin = stream.read(4)
        stream.seek(0)
        if begin[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise DataError(f"`{file}` is UTF-16 text, expected {encoding}", "encoding")
        while block := stream.read(TEXT_BLOCK):
            if (zero := block.find(b"\0")) >= 0:
                where = line + block.count(b"\n", 0, zero)
                raise DataError(
                    f"line {where} of `{file}` holds a zero byte, as no text"
                )
            end = block.find(b"\n")
            length += len(block) if end < 0 else end
            check_line(length, line, file)
            line += block.count(b"\n")
            length = len(block) - block.rfind(b"\n") - 1 if end >= 0 else length
            plain = plain and block.count(b"\r") - block.count(b"\r\n") <= (
                block[-1:] == b"\r"
            )
    if line == 1 and length == 0:
        raise DataError(f"`{file}` is empty", about="empty")
    return plain and block_end(place) != b"\r"


def block_end(place: Path) -> bytes:
    """The last byte of a file that is not empty."""
    with place.open("rb") as stream:
        stream.seek(-1, 2)
        return stream.read(1)


def check_line(length: int, line: int, file: str) -> None:
    """Checks the length of a line.

    Raises:
        DataError: it is no line that anybody wrote.
    """
    if length > LONGEST_LINE:
        problem = f"line {line} of `{file}` has more than {LONGEST_LINE:,} bytes"
        raise DataError(problem, about="separator")


def copy_plainly(file: str, encoding: str, place: Path, keep: bool) -> None:
    """Copies text as UTF-8, with the usual ends of lines.

    Raises:
        DataError: it is in another encoding; what is not is kept where that is wanted.
    """
    errors = "surrogateescape" if keep else "strict"
    known = "utf-8-sig" if encoding in ("utf-8", "utf8") else encoding
    try:
        with (
            Path(file).open(encoding=known, errors=errors) as text,
            place.open("w", encoding="utf-8", errors=errors, newline="\n") as copy,
        ):
            line = 0
            for part in iter(lambda: text.readline(LONGEST_LINE + 1), ""):
                line += 1
                check_line(len(part), line, file)
                if "\0" in part:
                    problem = f"line {line} of `{file}` holds a zero, as no text"
                    raise DataError(problem, about="encoding")
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
