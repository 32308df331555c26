"""The folder of a job on its way between machines that share none: as one archive.

This room owns what travels, how much of it, and that taking an archive apart writes nothing
outside one folder. It must not know which machines these are.

Decisions:
- Plain files and folders travel, nothing else: a link or a device of another machine means nothing
  on this one, and may mean harm.
- The archive is a tar file in memory. The limit counts the files as they are, so that a small
  archive cannot become a full disk.
"""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from pathlib import Path, PurePosixPath

from kerasgen.record.file_names import SIGN
from kerasgen.record.files import write_atomically

MOST_BYTES = 4 * 2**30
"""Bytes of all files of a folder that travels."""

MOST_FILES = 20_000
"""Files and folders of a folder that travels."""


class FolderTooLargeError(OSError):
    """A folder holds more than may travel."""


def packed(folder: Path, *, most: int = MOST_BYTES) -> bytes:
    """A folder as an archive.

    Args:
        folder: the folder; one that is not there is empty.
        most: bytes of all its files.

    Raises:
        OSError: a file cannot be read, or there is too much.
    """
    content = io.BytesIO()
    size = count = 0
    with tarfile.open(fileobj=content, mode="w") as archive:
        for parent, folders, files in os.walk(folder):
            for name in sorted([*folders, *files]):
                path = Path(parent, name)
                plain = path.is_file() or path.is_dir()
                if name == SIGN or path.is_symlink() or not plain:
                    continue
                size += path.stat().st_size if path.is_file() else 0
                count += 1
                if size > most or count > MOST_FILES:
                    raise FolderTooLargeError(0, _too_large(most))
                archive.add(path, arcname=str(path.relative_to(folder)), recursive=False)
    return content.getvalue()


def unpack(content: bytes, folder: Path, *, most: int = MOST_BYTES) -> None:
    """Writes what an archive holds into a folder; what is there by the same name is replaced.

    Args:
        content: the archive.
        folder: the folder, made where it is not there.
        most: bytes of all its files.

    Raises:
        OSError: a file cannot be written, or there is too much.
        ValueError: it is no archive of a folder, or leads out of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            members = _sound(archive, most)
            for member, path in members:
                place = folder.joinpath(*path.parts)
                _require_inside(place.parent if member.isfile() else place, folder)
                if member.isdir():
                    place.mkdir(parents=True, exist_ok=True)
                    continue
                place.parent.mkdir(parents=True, exist_ok=True)
                found = archive.extractfile(member)
                assert found is not None, "a plain file has content"
                if place.is_dir() and not place.is_symlink():
                    shutil.rmtree(place)
                write_atomically(place, found.read())
    except (tarfile.TarError, EOFError) as error:
        raise ValueError("it is no sound archive") from error


def _sound(archive: tarfile.TarFile, most: int) -> list[tuple[tarfile.TarInfo, PurePosixPath]]:
    """The members of an archive, none of which leads anywhere else."""
    found: list[tuple[tarfile.TarInfo, PurePosixPath]] = []
    size = 0
    for member in archive:
        path = PurePosixPath(member.name)
        outside = path.is_absolute() or ".." in path.parts or not path.parts
        if outside or "\0" in member.name or "\\" in member.name:
            raise ValueError(f"it leads out of its folder: {member.name[:80]!r}")
        if not (member.isdir() or member.isreg()):
            raise ValueError(f"it holds what is no plain file: {member.name[:80]!r}")
        size += max(0, member.size)
        if size > most or len(found) >= MOST_FILES:
            raise FolderTooLargeError(0, _too_large(most))
        found.append((member, path))
    return found


def _require_inside(place: Path, folder: Path) -> None:
    """Refuses a place that a link in the folder has put somewhere else."""
    if not place.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"it leads out of its folder: `{place}`")


def _too_large(most: int) -> str:
    return f"the folder of the job holds more than {most / 2**30:g} GiB or {MOST_FILES:,} files"
