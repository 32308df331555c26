"""What Weights & Biases has of a run in its own file, read with its own messages."""

import json
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kerasgen.run.listeners.board import TrackedRun

pytest.importorskip("wandb", reason="needs the extra `wandb`")
pytestmark = pytest.mark.filterwarnings("ignore")  # those of its many packages

from kerasgen.run.listeners.wandb_board import WandbBoard, known_id  # noqa: E402

HEADER, BLOCK = 7, 32_768
FULL, LAST = 1, 4


def records(path: Path) -> Iterator[Any]:
    """The messages of a file of W&B: blocks with parts of messages, as LevelDB writes them."""
    from wandb.proto import wandb_internal_pb2

    data, place, message = path.read_bytes(), HEADER, b""
    while place + HEADER <= len(data):
        if BLOCK - place % BLOCK < HEADER:
            place += BLOCK - place % BLOCK
            continue
        _, length, kind = struct.unpack("<IHB", data[place : place + HEADER])
        message += data[place + HEADER : place + HEADER + length]
        place += HEADER + length
        if kind in (FULL, LAST):
            found = wandb_internal_pb2.Record()
            found.ParseFromString(message)
            message = b""
            yield found


def run(folder: Path, resumed: bool = False) -> TrackedRun:
    return TrackedRun(
        name="digits",
        folder=str(folder),
        groups=("/sweeps/day/hour",),
        resumed=resumed,
        config="seed: 1\nfit: {epochs: 2}\n",
        facts={"data": "sha256:1"},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with two epochs and a file."""
    place = tmp_path_factory.mktemp("run")
    (place / "history.csv").write_text("epoch\n1\n")
    settings = {"project": "mine", "mode": "offline", "entity": None, "run_name": None}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false"}.items():
            patch.setenv(name, value)
        for name in ("WANDB_CACHE_DIR", "WANDB_DATA_DIR"):
            patch.setenv(name, "")  # set by the board, and taken back here
        board = WandbBoard(settings)
        board.start(run(place))
        board.scalars(1, {"loss": 2.0, "val_loss": 2.5})
        board.scalars(2, {"loss": 1.0})
        board.scalars(None, {"test/loss": 0.5})
        board.artifact(str(place / "history.csv"))
        board.finish("failed")
    return place


@pytest.fixture(scope="module")
def told(folder: Path) -> list[Any]:
    (file,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    deadline = time.monotonic() + 20.0  # W&B's own process writes the end of it.
    while not any(one.HasField("exit") for one in records(file)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return list(records(file))


def test_a_run_has_its_name_project_group_and_config(told: list[Any]) -> None:
    (found,) = [one.run for one in told if one.HasField("run")]
    assert (found.display_name, found.project, found.run_group) == ("digits", "mine", "day/hour")
    config = {item.key: json.loads(item.value_json) for item in found.config.update}
    assert config["seed"] == 1
    assert config["fit"] == {"epochs": 2}
    assert config["kerasgen"]["data"] == "sha256:1"


def test_epochs_are_steps_of_the_history(told: list[Any]) -> None:
    rows = []
    for one in told:
        if one.HasField("history"):
            items = {"/".join(i.nested_key) or i.key: i.value_json for i in one.history.item}
            rows.append({name: json.loads(text) for name, text in items.items()})
    assert [(row["_step"], row["loss"]) for row in rows] == [(1, 2.0), (2, 1.0)]
    assert rows[0]["val_loss"] == 2.5


def test_figures_of_the_parts_stand_in_the_summary(told: list[Any]) -> None:
    items = [i for one in told if one.HasField("summary") for i in one.summary.update]
    found = {"/".join(i.nested_key) or i.key: json.loads(i.value_json) for i in items}
    assert found["test/loss"] == 0.5


def test_a_file_is_copied_and_the_end_is_told(folder: Path, told: list[Any]) -> None:
    (copy,) = folder.glob("wandb/offline-run-*/files/record/history.csv")
    assert not copy.is_symlink()
    assert copy.read_text() == "epoch\n1\n"
    files = [item.path for one in told if one.HasField("files") for item in one.files.files]
    assert "record/history.csv" in files
    assert [one.exit.exit_code for one in told if one.HasField("exit")] == [1]


def test_the_id_of_a_run_that_goes_on_is_found_in_its_folder(folder: Path, told: list[Any]) -> None:
    (found,) = [one.run for one in told if one.HasField("run")]
    assert known_id(folder / "wandb") == found.run_id
    assert known_id(folder / "nowhere") is None
