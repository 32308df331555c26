"""Columns of paths to WAV files become sounds, of one rate and one length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerasgen.runtime.file_cells import read_file_cells, with_cells
from kerasgen.runtime.sounds import decode_sound, same_sounds
from kerasgen.runtime.values import Array


def read_sound_cells(
    table: str | Sequence[str],
    columns: Mapping[str, Array],
    sounds: Mapping[str, Mapping[str, Any]],
    bad: str,
) -> tuple[dict[str, Array], Array]:
    """The columns with sounds in the place of paths, and the rows that are left.

    Raises:
        DataError: a file cannot be used and is not to be skipped, or has another rate
            or length than others.
    """
    known: dict[str, dict[str, tuple[int, int]]] = {name: {} for name in sounds}

    def decode(name: str, path: str, content: bytes) -> tuple[Array, str]:
        said = sounds[name]
        samples, rate, problem = decode_sound(
            content, said["rate"], said["length"], said["channels"]
        )
        if not problem:
            known[name][path] = rate, len(samples)
        return samples, problem

    folders = {name: said["folder"] for name, said in sounds.items()}
    found, kept = read_file_cells(table, columns, folders, bad, decode)
    for files in known.values():
        if files:
            same_sounds(files)
    return with_cells(columns, found, kept), kept
