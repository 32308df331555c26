"""What MLflow's own client reads back of a run."""

from pathlib import Path
from typing import Any

import pytest

from kerasgen.run.listeners.board import TrackedRun
from kerasgen.run.listeners.mlflow import store

pytest.importorskip("mlflow", reason="needs the extra `mlflow`")
pytestmark = pytest.mark.filterwarnings("ignore")  # those of its many packages

from kerasgen.run.listeners.mlflow_board import TakingTurns  # noqa: E402


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store, whose tables are made once."""
    return tmp_path_factory.mktemp("mlflow")


def board(place: Path, experiment: str, **settings: Any) -> TakingTurns:
    uri, artifacts = store(str(place / "store"))
    given = {"experiment": experiment, "run_name": None, "model": False, **settings}
    return TakingTurns({"uri": uri, "artifacts": artifacts, **given})


def client(place: Path) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=store(str(place / "store"))[0])


def runs(place: Path, experiment: str) -> list[Any]:
    """The runs of an experiment, the oldest first."""
    found = client(place).get_experiment_by_name(experiment)
    order = ["attributes.start_time ASC"]
    return list(client(place).search_runs([found.experiment_id], order_by=order))


def run(
    folder: Path, *groups: Path, config: str = "fit: {epochs: 3}\n", **given: Any
) -> TrackedRun:
    for one in (folder, *groups):
        one.mkdir(parents=True, exist_ok=True)
    facts = {"kerasgen": "0.1", "git.revision": "abc", "data": "sha256:1", "backend": "jax"}
    return TrackedRun(
        name="digits",
        folder=str(folder),
        groups=tuple(map(str, groups)),
        config=config,
        facts=facts,
        **{"resumed": False, **given},
    )


def history(place: Path, one: Any, name: str) -> list[tuple[int, float]]:
    found = client(place).get_metric_history(one.info.run_id, name)
    return [(metric.step, metric.value) for metric in found]


def test_config_figures_origin_and_files_are_read_back(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("seed: 1\n")
    text = f"seed: 1\nname: {'x' * 7000}\nmodel: {{layers: {{'a@b': {{units: [1, 2]}}}}}}\n"
    one = board(place, "whole")
    one.start(run(tmp_path / "run", config=text))
    one.scalars(1, {"loss": 2.0, "val loss@top": 1.0})
    one.scalars(2, {"loss": float("nan")})
    one.scalars(None, {"test/loss": 0.5})
    one.artifact(str(tmp_path / "config.yaml"))
    one.finish("completed")
    (found,) = runs(place, "whole")
    assert (found.info.run_name, found.info.status) == ("digits", "FINISHED")
    assert found.data.params == {
        "seed": "1",
        "name": "x" * 6000,
        "model.layers.a_b.units": "[1, 2]",
    }
    assert history(place, found, "loss")[0] == (1, 2.0)
    assert str(history(place, found, "loss")[1][1]) == "nan"
    assert history(place, found, "val loss_top") == [(1, 1.0)]
    assert history(place, found, "test/loss") == [(2, 0.5)]
    tags = {"kerasgen.folder": str(tmp_path / "run"), "mlflow.source.git.commit": "abc"}
    assert found.data.tags.items() >= tags.items()
    assert [file.path for file in client(place).list_artifacts(found.info.run_id)] == [
        "config.yaml"
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml", "run"]


@pytest.mark.parametrize(
    ("status", "told"),
    [("failed", "FAILED"), ("rejected", "FAILED"), ("interrupted", "KILLED"), ("killed", "KILLED")],
)
def test_a_run_is_closed_as_it_ended(place: Path, tmp_path: Path, status: str, told: str) -> None:
    one = board(place, status)
    one.start(run(tmp_path))
    one.finish(status)
    assert [found.info.status for found in runs(place, status)] == [told]


def test_a_run_that_goes_on_is_the_same_run_without_epochs_told_twice(
    place: Path, tmp_path: Path
) -> None:
    first = board(place, "resumed")
    first.start(run(tmp_path))
    first.scalars(1, {"loss": 2.0})
    first.scalars(2, {"loss": 1.0})
    first.finish("killed")
    later = board(place, "resumed")
    later.start(run(tmp_path, config="fit: {epochs: 5}\nseed: 1\n", resumed=True))
    later.scalars(2, {"loss": 1.0})
    later.scalars(3, {"loss": 0.5})
    later.finish("completed")
    (found,) = runs(place, "resumed")
    assert found.info.status == "FINISHED"
    assert history(place, found, "loss") == [(1, 2.0), (2, 1.0), (3, 0.5)]
    assert found.data.params == {"fit.epochs": "3", "seed": "1"}
    assert found.data.tags["resumed.fit.epochs"] == "5"


def test_a_run_that_begins_anew_in_the_same_folder_is_another(place: Path, tmp_path: Path) -> None:
    for _ in range(2):
        one = board(place, "anew")
        one.start(run(tmp_path))
        one.finish("completed")
    assert len(runs(place, "anew")) == 2


def test_jobs_of_a_sweep_are_children_of_one_run_that_ends_with_the_last(
    place: Path, tmp_path: Path
) -> None:
    one, other = board(place, "sweep"), board(place, "sweep")
    one.start(run(tmp_path / "0", tmp_path))
    other.start(run(tmp_path / "1", tmp_path))
    one.finish("completed")
    parent, *children = runs(place, "sweep")
    assert [child.data.tags["mlflow.parentRunId"] for child in children] == [parent.info.run_id] * 2
    assert parent.data.tags["kerasgen.group"] == str(tmp_path)
    assert parent.info.status == "RUNNING"
    other.finish("failed")
    assert runs(place, "sweep")[0].info.status == "FINISHED"


def test_folds_are_children_of_a_run_that_is_a_child_of_the_sweep(
    place: Path, tmp_path: Path
) -> None:
    one = board(place, "folds")
    one.start(run(tmp_path / "0" / "folds" / "1", tmp_path, tmp_path / "0"))
    one.finish("completed")
    sweep, middle, fold = runs(place, "folds")
    assert middle.data.tags["mlflow.parentRunId"] == sweep.info.run_id
    assert fold.data.tags["mlflow.parentRunId"] == middle.info.run_id
    assert {sweep.info.status, middle.info.status} == {"FINISHED"}


@pytest.mark.parametrize(
    ("uri", "address", "artifacts"),
    [
        ("runs", "sqlite:///{here}/runs/mlflow.db", "{here}/runs/artifacts"),
        ("sqlite:///a.db", "sqlite:///{here}/a.db", "{here}/a_artifacts"),
        ("sqlite:////b/a.db", "sqlite:////b/a.db", "/b/a_artifacts"),
    ],
)
def test_artifacts_lie_beside_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str, address: str, artifacts: str
) -> None:
    monkeypatch.chdir(tmp_path)
    told = (address.format(here=tmp_path), artifacts.format(here=tmp_path))
    assert store(uri) == told


def test_a_store_that_cannot_be_written_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda place, mode: Path(place) != tmp_path / "store")
    with pytest.raises(PermissionError, match="store"):
        board(tmp_path, "closed")


def test_a_server_says_itself_where_artifacts_lie() -> None:
    assert store("https://host:5000") == ("https://host:5000", None)
