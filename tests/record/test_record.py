"""Opening, filling and closing the record of a run."""

import json
import math
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.record.write import (
    CONFIG,
    HISTORY,
    MODEL,
    RECORD,
    SCHEMA,
    Record,
    close_abandoned,
    open_record,
    reported,
)


def read(folder: Path) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return fields


def refusal(folder: Path) -> str:
    with pytest.raises(CompileError) as caught:
        open_record(folder, Sink())
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "KG605"
    return diagnostic.message


def test_an_open_record_says_who_runs_what(tmp_path: Path) -> None:
    open_record(
        tmp_path / "größe" / "run 1",
        Sink(),
        name="Übung",
        argv=["run.py", "model=cnn"],
        overrides=["model=cnn"],
        choices={"model": "cnn", "experiment": None},
        seed=3,
        tags=("a", "b"),
    )
    fields = read(tmp_path / "größe" / "run 1")
    assert (fields["schema"], fields["status"], fields["name"]) == (SCHEMA, "running", "Übung")
    assert fields["choices"] == {"model": "cnn", "experiment": None}
    assert (fields["argv"], fields["seed"]) == (["run.py", "model=cnn"], 3)
    assert fields["tags"] == ["a", "b"]
    assert {"process", "python", "packages", "git", "hardware"} <= set(fields)
    assert datetime.fromisoformat(fields["started"]).tzinfo is not None


def test_the_command_line_of_the_process_is_recorded_by_default(tmp_path: Path) -> None:
    open_record(tmp_path, Sink())
    assert read(tmp_path)["argv"] == sys.argv


def test_an_update_is_on_the_disk_at_once_and_merges_mappings(tmp_path: Path) -> None:
    record = open_record(tmp_path, Sink())
    record.update(metrics={"validation": {"loss": 0.5}}, epochs=1)
    record.update(metrics={"test": {"loss": math.nan}}, epochs=2)
    fields = read(tmp_path)
    assert fields["metrics"] == {"validation": {"loss": 0.5}, "test": {"loss": "NaN"}}
    assert fields["epochs"] == 2
    assert fields == record.fields


def test_a_finished_record_names_end_time_and_files(tmp_path: Path) -> None:
    record = open_record(tmp_path, Sink())
    (tmp_path / "tensorboard").mkdir()
    (tmp_path / "tensorboard" / "events").write_text("x", encoding="utf-8")
    (tmp_path / ".hidden").write_text("x", encoding="utf-8")
    record.finish("completed", epochs=3)
    fields = read(tmp_path)
    assert (fields["status"], fields["epochs"]) == ("completed", 3)
    assert fields["seconds"] >= 0
    assert fields["finished"] >= fields["started"]
    assert fields["files"] == ["record.json", "tensorboard/events"]


def test_a_completed_run_is_never_replaced(tmp_path: Path) -> None:
    open_record(tmp_path, Sink(), name="first").finish("completed")
    assert "already holds a run that is completed" in refusal(tmp_path)
    assert read(tmp_path)["name"] == "first"


def test_a_run_at_work_is_never_replaced(tmp_path: Path) -> None:
    open_record(tmp_path, Sink(), name="first")
    assert "already holds a run that is at work" in refusal(tmp_path)
    assert read(tmp_path)["name"] == "first"


@pytest.mark.parametrize("status", ["failed", "rejected"])
def test_a_run_that_went_wrong_is_replaced_with_its_results(tmp_path: Path, status: Any) -> None:
    open_record(tmp_path, Sink(), name="first").finish(status, error="no")
    stale = [CONFIG, HISTORY, MODEL, "confusion_matrix_digit.png", ".a.0123456789ab.tmp"]
    for name in [*stale, "console.log", ".a.tmp"]:
        (tmp_path / name).write_text("old", encoding="utf-8")
    open_record(tmp_path, Sink(), name="second")
    assert read(tmp_path)["name"] == "second"
    assert "error" not in read(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {RECORD, "console.log", ".a.tmp"}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"title": "Kind of Blue"}', "[" * 100_000])
def test_a_file_of_somebody_else_is_not_overwritten(tmp_path: Path, content: str) -> None:
    (tmp_path / RECORD).write_text(content, encoding="utf-8")
    assert "a file `record.json` that is not the record of a run" in refusal(tmp_path)
    assert (tmp_path / RECORD).read_text(encoding="utf-8") == content


def test_a_record_of_a_later_schema_is_kept(tmp_path: Path) -> None:
    content = json.dumps({"schema": 99, "status": "paused"})
    (tmp_path / RECORD).write_text(content, encoding="utf-8")
    assert "already holds a run that is paused" in refusal(tmp_path)


def test_a_folder_below_a_file_is_a_diagnostic(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert "cannot be written: not a directory" in refusal(tmp_path / "file" / "run")


def test_a_folder_that_is_a_file_is_a_diagnostic(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert "cannot be written: file exists" in refusal(tmp_path / "file")


def test_a_folder_name_that_is_too_long_is_a_diagnostic(tmp_path: Path) -> None:
    assert "cannot be written: file name too long" in refusal(tmp_path / ("x" * 300))


def test_an_error_of_the_disk_becomes_a_diagnostic(tmp_path: Path) -> None:
    sink = Sink()
    with pytest.raises(CompileError), reported(sink, tmp_path):
        raise OSError(28, "No space left on device")
    (diagnostic,) = sink.diagnostics
    assert diagnostic.message == f"folder `{tmp_path}` cannot be written: no space left on device"
    assert diagnostic.help is not None


def test_only_an_abandoned_record_is_closed(tmp_path: Path) -> None:
    assert not close_abandoned(tmp_path / "nowhere", "killed")
    assert not close_abandoned(tmp_path, "killed")
    record = open_record(tmp_path, Sink())
    assert not close_abandoned(tmp_path, "killed")
    record.finish("completed")
    assert not close_abandoned(tmp_path, "killed")
    assert read(tmp_path)["status"] == "completed"


def test_a_record_of_an_ended_process_is_closed_as_failed(tmp_path: Path) -> None:
    fields = dict(open_record(tmp_path, Sink()).fields)
    Record(tmp_path, fields | {"process": None}).update(process={"start": "long ago"})
    assert close_abandoned(tmp_path, "killed by signal 9")
    closed = read(tmp_path)
    assert (closed["status"], closed["error"]) == ("failed", "killed by signal 9")
    assert closed["seconds"] >= 0
    assert closed["files"] == [RECORD]
