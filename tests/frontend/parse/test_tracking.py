"""How a config asks for trackers, and which addresses of theirs are refused."""

from typing import Any

import pytest

from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.tracking import parse_tracking
from kerasgen.ir.trackers import MlflowDef, TensorBoardDef, WandbDef


def told(section: Any) -> list[tuple[str, str]]:
    sink = Sink()
    assert parse_tracking(section, sink) is None
    return [(d.code, d.location.key) for d in sink.diagnostics if d.location is not None]


@pytest.mark.parametrize("value", [None, False])
def test_null_and_false_ask_for_no_tracker(value: Any) -> None:
    found = parse_tracking({"mlflow": value}, Sink())
    assert found is not None
    assert found.mlflow is None


def test_true_asks_for_a_tracker_with_its_defaults() -> None:
    found = parse_tracking({"mlflow": True}, Sink())
    assert found is not None
    assert found.mlflow == MlflowDef()


def test_a_mapping_gives_settings() -> None:
    found = parse_tracking({"mlflow": {"uri": "runs", "experiment": "mine"}}, Sink())
    assert found is not None
    assert found.mlflow == MlflowDef(uri="runs", experiment="mine")


def test_a_word_is_no_tracker() -> None:
    assert told({"mlflow": "yes"}) == [("KG204", "tracking.mlflow")]


def test_an_unknown_setting_is_refused() -> None:
    assert told({"mlflow": {"url": "runs"}}) == [("KG107", "tracking.mlflow.url")]


STORES = ["runs", "sqlite:///a.db", "https://host:5000", "postgresql+psycopg://host/a", "C:\\runs"]


@pytest.mark.parametrize("uri", STORES)
def test_folders_files_of_sqlite_servers_and_databases_are_stores(uri: str) -> None:
    assert parse_tracking({"mlflow": {"uri": uri}}, Sink()) is not None


@pytest.mark.parametrize("uri", ["", "file:./mlruns", "ftp://host/a", "sqlite:a.db", "https://"])
def test_what_mlflow_keeps_no_runs_in_is_refused(uri: str) -> None:
    assert told({"mlflow": {"uri": uri}}) == [("KG635", "tracking.mlflow.uri")]


@pytest.mark.parametrize("uri", ["https://me:wordfish@host/", "postgresql://me:wordfish@host/a"])
def test_a_password_in_an_address_is_refused_and_not_shown(uri: str) -> None:
    sink = Sink()
    assert parse_tracking({"mlflow": {"uri": uri}}, sink) is None
    assert [d.code for d in sink.diagnostics] == ["KG520"]
    assert "wordfish" not in str(sink.diagnostics)


def test_weights_and_biases_are_offline_unless_told_otherwise() -> None:
    found = parse_tracking({"wandb": True}, Sink())
    assert found is not None
    assert found.wandb == WandbDef(project="kerasgen", mode="offline")


def test_another_mode_of_weights_and_biases_is_refused() -> None:
    assert told({"wandb": {"mode": "dryrun"}}) == [("KG204", "tracking.wandb.mode")]


def test_histograms_are_asked_for_beside_event_files() -> None:
    plain = parse_tracking({"tensorboard": True}, Sink())
    more = parse_tracking({"tensorboard": {"histograms": True}}, Sink())
    assert plain is not None
    assert more is not None
    found = (plain.tensorboard, more.tensorboard)
    assert found == (TensorBoardDef(), TensorBoardDef(histograms=True))
