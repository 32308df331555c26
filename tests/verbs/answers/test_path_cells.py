"""Rows of a table that name images or sounds, as a run is asked about them."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.data import parse_data
from kerasgen.ir.schema import Column, Schema
from kerasgen.verbs.answers.path_cells import with_file_cells
from kerasgen.verbs.answers.pieces import Piece
from kerasgen.verbs.answers.sound_files import sound_pieces, takes_sounds


@pytest.fixture
def run() -> Any:
    """What of a run of photos, each with a number beside it, is looked at."""
    group = {
        "source": {"class": "Table", "path": "elsewhere/rows.csv"},
        "columns": {"photo": {"type": "image", "size": [2, 3]}},
        "features": {"photo": "photo", "rest": "left"},
        "target": "kind",
        "task": "classification",
    }
    columns = {
        "photo": Column(name="photo", type="image", shape=(2, 3, 3), dtype="uint8"),
        "left": Column(name="left", shape=(), dtype="float32"),
    }
    features = {"photo": ("photo",), "rest": ("left",)}
    schema = Schema(columns=columns, complete=True, features=features)
    data = parse_data(group, Sink())
    return SimpleNamespace(data=data, schema=schema, needed=("photo", "left"))


def test_paths_start_from_the_table_that_is_asked_about(run: Any, tmp_path: Path) -> None:
    for value in (10, 20):
        Image.new("RGB", (6, 4), (value, 0, 0)).save(tmp_path / f"{value}.png")
    cells = {"photo": ["20.png", "10.png"], "left": [1.0, 2.0]}
    piece = Piece(cells=cells, first=1, rows=2)
    found = with_file_cells(run, piece, str(tmp_path / "new.csv"))
    assert found.problems == {}
    assert found.arrays["photo"].shape == (2, 2, 3, 3)
    assert found.arrays["photo"][:, 0, 0, 0].tolist() == [20, 10]
    assert found.cells == cells


def test_a_file_that_cannot_be_used_is_a_problem_of_its_row(run: Any, tmp_path: Path) -> None:
    Image.new("RGB", (6, 4)).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"no image")
    paths = ["bad.png", "good.png", "../out.png", None]
    piece = Piece(cells={"photo": paths, "left": [1.0] * 4}, first=1, rows=4)
    found = with_file_cells(run, piece, str(tmp_path / "new.csv"))
    assert found.problems == {
        0: "`bad.png` is not an image",
        2: f"`../out.png` leads out of `{tmp_path}`",
        3: "`` names no file",
    }


def test_rows_that_hold_pixels_already_stay_as_they_are(run: Any) -> None:
    piece = Piece(cells={}, first=1, rows=1, arrays={"photo": np.ones((1, 2, 3, 3), "uint8")})
    assert with_file_cells(run, piece, "") is piece


def _wav(count: int) -> bytes:
    stream = io.BytesIO()
    wavfile.write(stream, 8000, np.full(count, 2**14, dtype="int16"))
    return stream.getvalue()


def test_sounds_have_the_rate_and_the_length_of_the_training(tmp_path: Path) -> None:
    group = {
        "source": {"class": "Table", "path": "elsewhere/rows.csv"},
        "columns": {"call": {"type": "audio", "rate": 8000, "length": 6}},
        "features": "call",
        "target": "kind",
        "task": "classification",
    }
    column = Column(name="call", type="audio", shape=(6,), dtype="float32")
    schema = Schema(columns={"call": column}, complete=True, features={"input": ("call",)})
    data = parse_data(group, Sink())
    run: Any = SimpleNamespace(data=data, schema=schema, needed=("call",))
    (tmp_path / "short.wav").write_bytes(_wav(4))
    (tmp_path / "bad.wav").write_bytes(b"")
    piece = Piece(cells={"call": ["short.wav", "bad.wav", "../x.wav"]}, first=1, rows=3)
    found = with_file_cells(run, piece, str(tmp_path / "new.csv"))
    assert found.arrays["call"][0].tolist() == [0.5, 0.5, 0.5, 0.5, 0.0, 0.0]
    assert found.problems == {
        1: "`bad.wav` is empty",
        2: f"`../x.wav` leads out of `{tmp_path}`",
    }
    (files,) = sound_pieces(run, tmp_path / "short.wav", 10, Sink())
    assert takes_sounds(run)
    assert files.arrays["call"].tolist() == [[0.5, 0.5, 0.5, 0.5, 0.0, 0.0]]
