"""Zip archives of a stranger: their members read within bounds.

This room owns opening `.keras` and `.npz` files as the archives that they are. It must not know
what the members mean.

Decisions:
- The table of members is measured before it is read: it is built in memory as a whole.
- What a member unpacks to is bounded by what the archive says, and that is believed only as an
  upper bound; reading stops there.
- Only what programs write is read: stored and deflated members, each name once, none encrypted.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from kerasgen.foreign.regular_files import TOO_MUCH, ForeignFileError, open_regular

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MOST_TABLE = 4 * 2**20
"""Bytes of the table of members; one of ten thousand has a fifth of that."""

FREE_BYTES = 64 * 2**20
"""Bytes up to which a member may unpack however small it is packed."""

MOST_EXPANSION = 20
"""How many times its size a larger member may unpack to; weights hardly get smaller at all."""

_END, _END64, _LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"


@contextmanager
def open_archive(path: str | Path, *, within: Path | None = None) -> Iterator[zipfile.ZipFile]:
    """Opens a zip archive whose members may be read, and turns what they raise into one error.

    Args:
        path: the file.
        within: a folder that a link must not lead out of, or None.

    Raises:
        ForeignFileError: it cannot be read, is no archive, or unpacks to more than it may.
    """
    with open_regular(path, within=within) as file:
        try:
            _require_small_table(file)
            with zipfile.ZipFile(file) as archive:
                _require_sound(archive.infolist())
                yield archive
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error):
            raise ForeignFileError("is not a sound zip archive") from None
        except (UnicodeDecodeError, OverflowError):  # in the names of members, in offsets
            raise ForeignFileError("is not a sound zip archive") from None


def read_member(archive: zipfile.ZipFile, name: str, *, most: int) -> bytes:
    """The content of one member.

    Args:
        archive: the archive, opened by `open_archive`.
        name: the member.
        most: bytes above which it is not read.

    Raises:
        ForeignFileError: there is no such member, or it is too large.
    """
    try:
        with archive.open(name) as member:
            content = member.read(most + 1)
    except KeyError:
        raise ForeignFileError(f"holds no `{name}`", missing=True) from None
    if len(content) > most:
        raise ForeignFileError(f"holds a `{name}` of more than {most:,} bytes", code=TOO_MUCH)
    return content


def member_file(archive: zipfile.ZipFile, name: str) -> BinaryIO:
    """A member as a file in which one can go back and forth: where it lies, or in memory.

    Args:
        archive: the archive, opened by `open_archive`.
        name: the member.

    Raises:
        ForeignFileError: there is no such member.
    """
    try:
        member = archive.getinfo(name)
    except KeyError:
        raise ForeignFileError(f"holds no `{name}`", missing=True) from None
    if member.compress_type != zipfile.ZIP_STORED:
        return io.BytesIO(archive.read(member))
    with archive.open(member):  # It reads the member's own head, and refuses one that lies.
        file = archive.fp
        assert file is not None, "an archive that is open has its file"
    file.seek(member.header_offset)
    head = file.read(30)
    begin = member.header_offset + 30 + sum(struct.unpack("<HH", head[26:30]))
    return io.BufferedReader(_Window(file, begin, member.file_size))


class _Window(io.RawIOBase):
    """A part of an open file as a file of its own."""

    def __init__(self, file: IO[bytes], begin: int, size: int) -> None:
        self._file, self._begin, self._size, self._at = file, begin, size, 0

    def readable(self) -> bool:
        """Says that it can be read."""
        return True

    def seekable(self) -> bool:
        """Says that one can go back and forth in it."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Goes to a place, counted from the begin, from here or from the end."""
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Reads as much as fits into a buffer, up to the end of the part."""
        self._file.seek(self._begin + self._at)
        room = memoryview(buffer).cast("B")
        found = self._file.read(max(0, min(len(room), self._size - self._at)))
        room[: len(found)] = found
        self._at += len(found)
        return len(found)


def _require_small_table(file: BinaryIO) -> None:
    """Refuses an archive whose table of members is too large, as the two forms of its end say."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 2**16 - 22))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        raise ForeignFileError("is not a zip archive")
    sizes = [struct.unpack("<L", tail[at + 12 : at + 16])[0]]
    if tail[at - 20 : at - 16] == _LOCATOR64:
        file.seek(max(0, size - len(tail) + at - 76))
        end = file.read(56)
        if end[:4] == _END64:
            sizes.append(struct.unpack("<Q", end[40:48])[0])
    file.seek(0)
    if max(sizes) > MOST_TABLE:
        raise ForeignFileError(
            f"has a table of members of {max(sizes):,} bytes, expected at most {MOST_TABLE:,}",
            code=TOO_MUCH,
        )


def _require_sound(members: Sequence[zipfile.ZipInfo]) -> None:
    names: set[str] = set()
    for member in members:
        if member.filename in names:
            raise ForeignFileError(f"holds `{member.filename[:60]}` twice")
        names.add(member.filename)
        if member.flag_bits & 1:
            raise ForeignFileError(f"holds `{member.filename[:60]}` encrypted")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ForeignFileError(f"holds `{member.filename[:60]}` packed in an unknown way")
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if unpacked > FREE_BYTES + MOST_EXPANSION * packed:
        raise ForeignFileError(
            f"unpacks from {packed:,} to {unpacked:,} bytes, expected at most "
            f"{FREE_BYTES + MOST_EXPANSION * packed:,}",
            code=TOO_MUCH,
        )
