"""Writing whole files, JSON without loss, histories and predictions."""

import csv
import json
import math
import os
from datetime import date
from enum import StrEnum
from pathlib import Path

import numpy as np
import pytest

from kerasgen.record.files import (
    atomic_file,
    number,
    plain,
    write_arrays,
    write_atomically,
    write_history,
    write_json,
    write_named,
)
from kerasgen.record.read import read_history


def test_a_written_file_takes_the_place_of_the_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    write_atomically(path, "old")
    write_atomically(path, "größer 日本")
    assert path.read_text(encoding="utf-8") == "größer 日本"
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_a_failed_write_leaves_the_earlier_file_and_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    write_atomically(path, "old")

    def write_half() -> None:
        with atomic_file(path) as file:
            file.write(b"half")
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        write_half()
    assert path.read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_a_disk_that_fails_on_the_last_step_leaves_the_earlier_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notes.txt"
    write_atomically(path, "old")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["notes.txt"]


@pytest.mark.parametrize("name", ["", ".", "..", "/", "folder", "link"])
def test_a_folder_is_no_place_for_a_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(IsADirectoryError):
        write_named(Path(name), "text")
    assert sorted(os.listdir(tmp_path)) == ["folder", "link"]
    assert (tmp_path / "link").is_symlink()


def test_a_written_file_may_be_read_by_others_as_the_umask_says(tmp_path: Path) -> None:
    earlier = os.umask(0o022)
    try:
        write_atomically(tmp_path / "notes.txt", "shared")
    finally:
        os.umask(earlier)
    assert (tmp_path / "notes.txt").stat().st_mode & 0o777 == 0o644


def test_an_argument_that_is_not_utf8_is_still_legal_json(tmp_path: Path) -> None:
    write_json(tmp_path / "record.json", {"argv": ["name=caf\udce9"]})
    assert json.loads((tmp_path / "record.json").read_bytes()) == {"argv": ["name=caf\udce9"]}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_lacks_is_read_back(tmp_path: Path, value: float) -> None:
    write_json(tmp_path / "metrics.json", {"loss": np.float32(value)})
    text = (tmp_path / "metrics.json").read_text(encoding="utf-8")

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    read = number(json.loads(text, parse_constant=refuse)["loss"])
    assert read == value or (read is not None and math.isnan(read) and math.isnan(value))


def test_only_numbers_are_read_as_numbers() -> None:
    values = [3, 0.5, "NaN", True, "3", None, [1], 10**400]
    assert [number(value) is not None for value in values] == [True] * 3 + [False] * 5


class Color(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.longdouble(0.5), 0.5),
        ((1, "a", None), [1, "a", None]),
        ({"b", "a"}, ["a", "b"]),
        ({1: {"x": Path("a/b")}}, {"1": {"x": "a/b"}}),
        (Color.RED, "red"),
        (date(2024, 5, 1), "2024-05-01"),
        (range(2), [0, 1]),
        (b"raw", "b'raw'"),
    ],
)
def test_every_value_has_a_plain_form(value: object, expected: object) -> None:
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


def test_a_history_reads_back_bit_by_bit(tmp_path: Path) -> None:
    rows = [
        {"loss": 0.1 + 0.2, "epoch": 1, "seconds": 1.5, "größe": 5e-324},
        {"epoch": 2, "seconds": 2.5, "loss": math.inf, "val_loss": 1 / 3},
    ]
    write_history(tmp_path / "history.csv", rows)
    assert read_history(tmp_path) == rows


def test_a_history_keeps_a_loss_that_is_not_a_number(tmp_path: Path) -> None:
    write_history(tmp_path / "history.csv", [{"epoch": 1, "loss": float("nan")}])
    (row,) = read_history(tmp_path)
    assert math.isnan(row["loss"])
    assert isinstance(row["epoch"], int)


def test_a_history_begins_with_epoch_and_seconds(tmp_path: Path) -> None:
    write_history(tmp_path / "history.csv", [{"loss": 1.0, "seconds": 2.0, "epoch": 1}])
    with (tmp_path / "history.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == ["epoch", "seconds", "loss"]


def test_a_history_of_no_epoch_is_empty(tmp_path: Path) -> None:
    write_history(tmp_path / "history.csv", [])
    assert read_history(tmp_path) == []


def test_predictions_load_without_pickle(tmp_path: Path) -> None:
    arrays = {
        "file": np.arange(6.0).reshape(2, 3),
        "labels": np.array(["cat", "hund"], dtype=object),
        "größe": np.array(1, dtype="int8"),
    }
    write_arrays(tmp_path / "predictions.npz", arrays)
    with np.load(tmp_path / "predictions.npz", allow_pickle=False) as loaded:
        assert loaded["file"].tolist() == [[0, 1, 2], [3, 4, 5]]
        assert loaded["labels"].tolist() == ["cat", "hund"]
        assert loaded["größe"].dtype == np.int8


def test_predictions_are_compressed_and_equal_ones_make_equal_files(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        write_arrays(tmp_path / name, {"x": np.zeros(100_000)})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert (tmp_path / "a.npz").stat().st_size < 10_000


def test_a_pipe_that_is_named_gets_the_content_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_named(pipe, "text")
    assert os.read(reader, 10) == b"text"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_link_that_is_named_is_replaced_and_what_it_leads_to_is_not(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "link").symlink_to("precious")
    write_named(tmp_path / "link", "text")
    assert (tmp_path / "precious").read_text() == "precious"
    assert (tmp_path / "link").read_text() == "text"
