"""What TensorBoard's own reader finds in the event files of a run."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kerasgen.run.listeners.board import TrackedRun
from kerasgen.run.listeners.graph_nodes import Node
from kerasgen.run.listeners.tensorboard import EventFiles

NODES = (
    Node(name="image", cls="InputLayer"),
    Node(name="scores", cls="Dense", inputs=("image",), arguments={"units": "10"}),
)


def run(folder: Path, resumed: bool = False) -> TrackedRun:
    return TrackedRun(
        name="digits",
        folder=str(folder),
        groups=(),
        resumed=resumed,
        config="seed: 1\nfit: {epochs: 2, shuffle: true}\n",
        facts={},
    )


def written(folder: Path) -> None:
    board = EventFiles(NODES)
    board.start(run(folder))
    board.scalars(1, {"loss": 2.0, "val_loss": 2.5})
    board.scalars(2, {"loss": float("nan"), "val_loss": 1.5})
    board.scalars(None, {"test/loss": 0.5})
    board.finish("completed")


def reader(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(folder)).Reload()


def figures(folder: Path, tag: str) -> list[tuple[int, float]]:
    tensors = reader(folder).Tensors(tag)
    return [(one.step, one.tensor_proto.float_val[0]) for one in tensors]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the event files of a run with two epochs."""
    folder = tmp_path_factory.mktemp("run")
    written(folder)
    return folder / "tensorboard"


@pytest.mark.filterwarnings("ignore")
def test_epochs_are_steps_of_one_name_in_both_parts(files: Path) -> None:
    losses = figures(files / "train", "epoch_loss")
    assert losses[0] == (1, 2.0)
    assert str(losses[1][1]) == "nan"
    assert figures(files / "validation", "epoch_loss") == [(1, 2.5), (2, 1.5)]


@pytest.mark.filterwarnings("ignore")
def test_figures_of_the_parts_stand_at_the_last_epoch(files: Path) -> None:
    assert figures(files, "test/loss") == [(2, 0.5)]


@pytest.mark.filterwarnings("ignore")
def test_the_config_is_a_text(files: Path) -> None:
    (found,) = reader(files).Tensors("config")
    assert found.tensor_proto.string_val[0].decode().startswith("    seed: 1\n")


@pytest.mark.filterwarnings("ignore")
def test_the_model_is_a_graph(files: Path) -> None:
    from tensorboard.compat.proto.graph_pb2 import GraphDef

    graph = GraphDef.FromString(reader(files)._graph)
    assert [(n.name, n.op, list(n.input)) for n in graph.node] == [
        ("image", "InputLayer", []),
        ("scores", "Dense", ["image"]),
    ]
    assert graph.node[1].attr["units"].s == b"10"


@pytest.mark.filterwarnings("ignore")
def test_settings_are_hyperparameters_of_a_session_that_ends(files: Path) -> None:
    from tensorboard.plugins.hparams import metadata

    content = reader(files).summary_metadata
    start = metadata.parse_session_start_info_plugin_data(
        content[metadata.SESSION_START_INFO_TAG].plugin_data.content
    )
    assert start.hparams["fit.epochs"].number_value == 2
    assert start.hparams["fit.shuffle"].bool_value is True
    end = metadata.parse_session_end_info_plugin_data(
        content[metadata.SESSION_END_INFO_TAG].plugin_data.content
    )
    assert end.status == 1  # api.proto: STATUS_SUCCESS


@pytest.mark.filterwarnings("ignore")
def test_a_run_that_goes_on_tells_no_epoch_twice(tmp_path: Path) -> None:
    written(tmp_path)
    (file,) = (tmp_path / "tensorboard" / "train").iterdir()
    with file.open("ab") as cut:  # as a process that is killed leaves it
        cut.write(b"\x20\0\0\0\0\0\0\0\0\0\0\0half")
    board = EventFiles(NODES)
    board.start(run(tmp_path, resumed=True))
    board.scalars(2, {"loss": 1.0})
    board.scalars(3, {"loss": 0.5})
    board.finish("completed")
    losses = figures(tmp_path / "tensorboard" / "train", "epoch_loss")
    assert [losses[0], losses[2]] == [(1, 2.0), (3, 0.5)]
    assert [step for step, _ in losses] == [1, 2, 3]


def test_event_files_are_written_without_tensorflow(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from kerasgen.run.listeners.board import TrackedRun\n"
        "from kerasgen.run.listeners.tensorboard import EventFiles\n"
        "run = TrackedRun(name='a', folder=sys.argv[1], groups=(), resumed=False, facts={},\n"
        "                 config='seed: 1')\n"
        "board = EventFiles(())\n"
        "board.start(run), board.scalars(1, {'loss': 1.0}), board.finish('completed')\n"
        "sys.exit('tensorflow' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 0
