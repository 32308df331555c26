"""Which file of a run an event fills, and when `record.json` is written."""

from pathlib import Path
from typing import Any

import pytest

from kerasgen.diagnostics import Diagnostic, Severity, Sink
from kerasgen.record.file_names import (
    CONFIG,
    DATA,
    DIAGNOSTICS,
    METRICS,
    MODEL,
    PREDICTIONS,
    RECORD,
    SOURCE_MAP,
    SUMMARY,
)
from kerasgen.record.read import read_facts, read_history, read_record
from kerasgen.record.run_folder import open_record
from kerasgen.record.write import Record
from kerasgen.run.events import (
    ArtifactSaved,
    DataOpened,
    EpochEnded,
    MetricsComputed,
    ModelDefined,
    ProgramSettled,
    RunStarted,
    StepFinished,
    TrainingEnded,
    WarningsRaised,
)
from kerasgen.run.listeners.record import RecordKeeper

STARTED = RunStarted(folder="x", backend={"backend": "jax"}, devices=("cpu:0",))
SETTLED = ProgramSettled(
    name="mlp",
    config="model: {}\n",
    source_map=[["model", "a.yaml", 1]],
    parameters=7,
    objective={"loss": "mse"},
    data={"fingerprint": "sha256:0", "samples": {"training": 3}},
)
WEIGHTS = {"epoch": 1, "epochs": 1, "set_by": None}


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return open_record(tmp_path, Sink())


def fields(record: Record) -> dict[str, Any]:
    return dict(read_record(record.folder).fields)


def warning(code: str) -> WarningsRaised:
    found = Diagnostic(code=code, severity=Severity.WARNING, message="look")
    return WarningsRaised(diagnostics=(found,))


def codes(record: Record) -> list[str]:
    found: Any = read_facts(record.folder, DIAGNOSTICS)
    return [diagnostic["code"] for diagnostic in found]


def test_a_run_that_starts_is_running_on_what_the_engine_tells(record: Record) -> None:
    RecordKeeper(record).hear(STARTED)
    found = fields(record)
    assert found["status"] == "running"
    assert (found["backend"], found["devices"]) == ({"backend": "jax"}, ["cpu:0"])


def test_what_is_known_before_training_is_on_the_disk_before_it(record: Record) -> None:
    keeper = RecordKeeper(record)
    for event in (
        STARTED,
        StepFinished(name="load", text="", seconds=0.12345),
        DataOpened(description={"rows": 3}),
        SETTLED,
    ):
        keeper.hear(event)
    found = fields(record)
    assert (found["name"], found["parameters"]) == ("mlp", 7)
    assert (found["objective"], found["data"]) == (SETTLED.objective, SETTLED.data)
    assert found["timings"] == {"load": 0.1235}
    assert (record.folder / CONFIG).read_text() == "model: {}\n"
    assert read_facts(record.folder, SOURCE_MAP) == SETTLED.source_map
    assert read_facts(record.folder, DATA) == {"rows": 3}
    assert codes(record) == []


def test_warnings_are_kept_together(record: Record) -> None:
    keeper = RecordKeeper(record)
    keeper.hear(warning("KG764"))
    keeper.hear(SETTLED)
    assert codes(record) == ["KG764"]
    keeper.hear(warning("KG802"))
    assert codes(record) == ["KG764", "KG802"]


def test_an_epoch_is_a_row_at_once(record: Record) -> None:
    keeper = RecordKeeper(record)
    keeper.hear(EpochEnded(epoch=1, seconds=0.123456, figures={"loss": 1 / 3}))
    assert read_history(record.folder) == [{"epoch": 1, "seconds": 0.1235, "loss": 1 / 3}]


def test_what_training_left_is_on_the_disk_when_it_ends(record: Record) -> None:
    RecordKeeper(record).hear(TrainingEnded(epochs=1, weights=WEIGHTS))
    found = fields(record)
    assert (found["epochs"], found["weights"]) == (1, WEIGHTS)


def test_metrics_stand_in_the_record_and_in_a_file(record: Record) -> None:
    figures = {"test": {"loss": 0.5}}
    RecordKeeper(record).hear(MetricsComputed(figures=figures, weights=WEIGHTS))
    assert fields(record)["metrics"] == figures
    assert read_facts(record.folder, METRICS) == {**figures, "weights": WEIGHTS}


def test_the_facts_of_the_saved_model_go_with_the_next_writing(record: Record) -> None:
    keeper = RecordKeeper(record)
    keeper.hear(ArtifactSaved(file=PREDICTIONS))
    keeper.hear(ArtifactSaved(file=MODEL, facts={"bytes": 7}))
    record.finish("completed")
    assert fields(record)["model"] == {"bytes": 7}


def test_the_summary_is_a_file(record: Record) -> None:
    RecordKeeper(record).hear(ModelDefined(summary="Model: größe\n"))
    assert (record.folder / SUMMARY).read_text(encoding="utf-8") == "Model: größe\n"


def test_the_hashes_of_portable_weights_go_with_the_next_writing(record: Record) -> None:
    RecordKeeper(record).hear(ModelDefined(summary="", drawn={"hidden": "0489ef38f254cb0c"}))
    record.finish("completed")
    assert fields(record)["drawn_weights"] == {"hidden": "0489ef38f254cb0c"}


def test_a_record_that_cannot_be_written_ends_the_run(record: Record, tmp_path: Path) -> None:
    (tmp_path / RECORD).unlink()
    tmp_path.rmdir()
    with pytest.raises(OSError, match="No such file"):
        RecordKeeper(record).hear(STARTED)
