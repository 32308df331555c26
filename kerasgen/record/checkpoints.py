"""The checkpoints of a run: states of its training, from which it can go on.

This room owns the folder `checkpoints`: that a state is in it whole or not at all, how many there
are, and which is the newest that is sound. What a state holds it does not know.

Decisions:
- A state is two files: its arrays, then its facts with the arrays' checksum and their own. Only
  with the second one is it there. Each is written aside, synced and renamed, and the folder is
  synced, so that a power cut leaves the one before.
- Arrays are not compressed: they are numbers that hardly get smaller, and a training waits.
- A state that is damaged is passed over for the one before it.
- Checkpoints may be a stranger's: they are read through the doors of `kerasgen.foreign`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasgen.foreign.json_data import read_json
from kerasgen.foreign.regular_files import ForeignFileError, is_folder
from kerasgen.record.file_names import CHECKPOINTS
from kerasgen.record.files import atomic_file, write_atomically

if TYPE_CHECKING:
    import numpy as np

_NAME = re.compile(r"(\d{6,12})\.json")

_CHECKSUM, _ARRAYS = "checksum", "arrays"
"""The keys of the checksums of the facts and of the arrays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A state that was read.

    Attributes:
        folder: the folder of the run.
        number: its number, which grows from state to state.
        facts: what was kept with it, as plain data.
        damaged: what is wrong with the states that were passed over, by file.
    """

    folder: Path
    number: int
    facts: Mapping[str, Any]
    damaged: Mapping[str, str]

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """The arrays of the state.

        Raises:
            ForeignFileError: they cannot be read.
        """
        from kerasgen.foreign.archives import open_archive
        from kerasgen.foreign.numpy_data import read_npz

        path = _arrays_file(self.folder, self.number)
        with open_archive(path, within=self.folder) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
        return read_npz(path, names, within=self.folder)


def write_checkpoint(
    folder: Path, arrays: Mapping[str, np.ndarray[Any, Any]], facts: Mapping[str, Any], keep: int
) -> None:
    """Keeps a state, and removes the oldest.

    Args:
        folder: the folder of the run.
        arrays: name to array of numbers or words.
        facts: what else there is, as JSON knows it.
        keep: how many states there may be afterwards.

    Raises:
        OSError: it cannot be written; those that are there stay.
    """
    from numpy.lib import format as npy

    place = folder / CHECKPOINTS
    if place.is_symlink():  # It would lead out of the folder of the run.
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(place))
    place.mkdir(exist_ok=True)
    number = max(_numbers(folder), default=0) + 1
    path = _arrays_file(folder, number)
    try:
        with atomic_file(path) as file, zipfile.ZipFile(file, "w") as archive:
            for name, values in arrays.items():
                entry = zipfile.ZipInfo(f"{name}.npy")
                with archive.open(entry, "w", force_zip64=True) as member:
                    npy.write_array(member, values, allow_pickle=False)
        told = {**facts, _ARRAYS: _digest(path)}
        text = json.dumps({**told, _CHECKSUM: _text_digest(told)}, allow_nan=False)
        write_atomically(_facts_file(folder, number), text)
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise
    _sync(place)
    drop_checkpoints(folder, keep)


def newest_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest state that is sound; None where there is none.

    Args:
        folder: the folder of the run.
    """
    damaged = {}
    for number in sorted(_numbers(folder), reverse=True):
        path = _facts_file(folder, number)
        try:
            facts = _read(folder, number)
        except ForeignFileError as error:
            damaged[f"{CHECKPOINTS}/{path.name}"] = str(error)
            continue
        return Checkpoint(folder=folder, number=number, facts=facts, damaged=damaged)
    return None


def has_checkpoints(folder: Path) -> bool:
    """Whether a state was ever kept whole, be it sound by now or not.

    Args:
        folder: the folder of the run.
    """
    return any(True for _ in _numbers(folder))


def drop_checkpoints(folder: Path, keep: int) -> None:
    """Removes all states but the newest, and what was never finished.

    Args:
        folder: the folder of the run.
        keep: how many stay.
    """
    place = folder / CHECKPOINTS
    numbers = sorted(_numbers(folder))
    kept = {f"{n:06}" for n in (numbers[-keep:] if keep else ())}
    for path in _files(place):
        if path.stem not in kept and re.fullmatch(r"\d{6,12}\.(npz|json)|\..+\.tmp", path.name):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
    if not keep:
        shutil.rmtree(place, ignore_errors=True)


def _read(folder: Path, number: int) -> Mapping[str, Any]:
    """The facts of one state, held against their checksum as the arrays are against theirs."""
    found = read_json(_facts_file(folder, number), within=folder)
    if not isinstance(found, Mapping) or not isinstance(found.get(_ARRAYS), str):
        raise ForeignFileError("is no checkpoint")
    facts = {key: value for key, value in found.items() if key != _CHECKSUM}
    if found.get(_CHECKSUM) != _text_digest(facts):
        raise ForeignFileError("is not as it was written: its checksum differs")
    path = _arrays_file(folder, number)
    try:
        if not path.is_file() or _digest(path) != facts[_ARRAYS]:
            raise ForeignFileError("has other arrays than were written: their checksum differs")
    except OSError as error:
        raise ForeignFileError(f"has arrays that cannot be read: {error.strerror}") from error
    return facts


def _numbers(folder: Path) -> Iterator[int]:
    for path in _files(folder / CHECKPOINTS):
        if (found := _NAME.fullmatch(path.name)) is not None:
            yield int(found[1])


def _files(place: Path) -> list[Path]:
    if place.is_symlink() or not is_folder(place):
        return []
    try:
        return list(place.iterdir())
    except OSError:
        return []


def _arrays_file(folder: Path, number: int) -> Path:
    return folder / CHECKPOINTS / f"{number:06}.npz"


def _facts_file(folder: Path, number: int) -> Path:
    return folder / CHECKPOINTS / f"{number:06}.json"


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _text_digest(facts: Mapping[str, Any]) -> str:
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _sync(place: Path) -> None:
    """Has the names of a folder's files on the disk, where a system can do that."""
    try:
        descriptor = os.open(place, os.O_RDONLY)
    except OSError:
        return
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
