"""WAV files that a run is asked about."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.io import wavfile

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.frontend.parse.data import parse_data
from kerasgen.ir.schema import Column, Schema
from kerasgen.verbs.answers.sound_files import sound_pieces, takes_sounds


def made(**arguments: Any) -> Any:
    """What of a run of sounds is looked at."""
    source = {"class": "Sounds", "path": "there", **arguments}
    group = {"source": source, "features": "sound", "target": "label", "task": "classification"}
    sound = Column(name="sound", type="audio", shape=(8,), dtype="float32")
    schema = Schema(columns={"sound": sound}, complete=True, features={"sound": ("sound",)})
    return SimpleNamespace(data=parse_data(group, Sink()), schema=schema, needed=("sound",))


def write(path: Path, count: int, rate: int = 4000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    wavfile.write(path, rate, np.full(count, 2**14, dtype="int16"))


def test_sounds_become_what_they_were_in_the_training(tmp_path: Path) -> None:
    write(tmp_path / "a/1.wav", 20)
    write(tmp_path / "b.wav", 5)
    (tmp_path / ".hidden.wav").write_bytes(b"")
    run = made(rate=4000, length=8)
    assert takes_sounds(run)
    (piece,) = sound_pieces(run, tmp_path, 10, Sink())
    assert piece.cells["file"] == ["a/1.wav", "b.wav"]
    assert piece.problems == {}
    assert piece.arrays["sound"].tolist() == [[0.5] * 8, [0.5] * 5 + [0.0] * 3]


def test_one_file_is_a_row_and_many_come_in_pieces(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path / f"{name}.wav", 8)
    run = made()
    (piece,) = sound_pieces(run, tmp_path / "b.wav", 10, Sink())
    assert piece.cells["file"] == ["b.wav"]
    pieces = list(sound_pieces(run, tmp_path, 2, Sink()))
    assert [(piece.first, piece.rows) for piece in pieces] == [(1, 2), (3, 1)]


def test_what_cannot_be_used_is_a_problem_of_its_row(tmp_path: Path) -> None:
    write(tmp_path / "long.wav", 9)
    (tmp_path / "none.wav").write_bytes(b"no sound")
    (piece,) = sound_pieces(made(), tmp_path, 10, Sink())
    assert piece.problems == {
        0: "`long.wav` has 9 values, and the model takes 8",
        1: "`none.wav` is not a WAV file",
    }


def test_a_folder_without_sounds_is_told(tmp_path: Path) -> None:
    with pytest.raises(CompileError) as caught:
        next(sound_pieces(made(), tmp_path, 10, Sink()))
    assert [found.code for found in caught.value.diagnostics] == ["KG503"]
