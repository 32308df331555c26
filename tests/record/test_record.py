"""Opening, filling and closing the record of a run."""

import json
import math
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.record.file_names import CONFIG, HISTORY, MODEL, RECORD
from kerasgen.record.run_folder import (
    Invocation,
    close_abandoned,
    close_at_once,
    open_record,
    remove_drafts,
    reported,
)
from kerasgen.record.status import CLOSED
from kerasgen.record.versions import SCHEMA
from kerasgen.record.write import Record, seconds_since


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
        Invocation(
            name="Übung",
            argv=["run.py", "model=cnn"],
            overrides=["model=cnn"],
            choices={"model": "cnn", "experiment": None},
            config_dirs=("a", "b"),
            seed=3,
        ),
    )
    fields = read(tmp_path / "größe" / "run 1")
    assert (fields["schema"], fields["status"], fields["name"]) == (SCHEMA, "created", "Übung")
    assert fields["choices"] == {"model": "cnn", "experiment": None}
    assert (fields["argv"], fields["seed"]) == (["run.py", "model=cnn"], 3)
    assert fields["config_dirs"] == ["a", "b"]
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
    open_record(tmp_path, Sink(), Invocation(name="first")).finish("completed")
    assert "already holds a run that is completed" in refusal(tmp_path)
    assert read(tmp_path)["name"] == "first"


def test_a_run_at_work_is_never_replaced(tmp_path: Path) -> None:
    open_record(tmp_path, Sink(), Invocation(name="first"))
    assert "already holds a run that is at work" in refusal(tmp_path)
    assert read(tmp_path)["name"] == "first"


@pytest.mark.parametrize("status", ["failed", "interrupted", "rejected"])
def test_a_run_that_went_wrong_is_replaced_with_its_results(tmp_path: Path, status: Any) -> None:
    open_record(tmp_path, Sink(), Invocation(name="first")).finish(status, error="no")
    stale = [CONFIG, HISTORY, MODEL, "confusion_matrix_digit.png", ".a.0123456789ab.tmp"]
    for name in [*stale, "console.log", ".a.tmp"]:
        (tmp_path / name).write_text("old", encoding="utf-8")
    open_record(tmp_path, Sink(), Invocation(name="second"))
    assert read(tmp_path)["name"] == "second"
    assert "error" not in read(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {RECORD, "console.log", ".a.tmp"}


def test_what_a_dead_process_was_writing_goes_when_it_is_asked_for(tmp_path: Path) -> None:
    open_record(tmp_path, Sink()).finish("interrupted", error="interrupted")
    (tmp_path / "checkpoints").mkdir()
    drafts = [".record.json.0123456789ab.tmp", "checkpoints/.000001.npz.0123456789ab.tmp"]
    for name in [*drafts, ".mine.tmp", "checkpoints/000001.npz"]:
        (tmp_path / name).write_text("x")
    remove_drafts(tmp_path)
    left = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert left == {RECORD, ".mine.tmp", "checkpoints/000001.npz"}


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
    assert not close_abandoned(tmp_path / "nowhere", "failed", "killed")
    assert not close_abandoned(tmp_path, "failed", "killed")
    record = open_record(tmp_path, Sink())
    assert not close_abandoned(tmp_path, "failed", "killed")
    record.finish("completed")
    assert not close_abandoned(tmp_path, "failed", "killed")
    assert read(tmp_path)["status"] == "completed"


def test_a_record_of_an_ended_process_is_closed_as_failed(tmp_path: Path) -> None:
    fields = dict(open_record(tmp_path, Sink()).fields)
    Record(tmp_path, fields | {"process": None}).update(process={"start": "long ago"})
    assert close_abandoned(tmp_path, "failed", "killed by signal 9")
    closed = read(tmp_path)
    assert (closed["status"], closed["error"]) == ("failed", "killed by signal 9")
    assert closed["seconds"] >= 0
    assert closed["files"] == [RECORD]


def test_only_the_record_of_the_process_that_is_named_is_closed(tmp_path: Path) -> None:
    open_record(tmp_path, Sink()).update(process={"pid": 7, "attempt": "seventh"})
    assert not close_abandoned(tmp_path, "failed", "killed", attempt="eighth")
    assert close_abandoned(tmp_path, "interrupted", "interrupted", attempt="seventh")
    assert read(tmp_path)["status"] == "interrupted"


def test_a_run_is_created_then_running_then_closed(tmp_path: Path) -> None:
    for status in CLOSED:
        folder = tmp_path / status
        record = open_record(folder, Sink())
        seen = [read(folder)["status"]]
        record.start()
        seen.append(read(folder)["status"])
        record.finish(status)
        assert [*seen, read(folder)["status"]] == ["created", "running", status]


def test_what_is_noted_is_on_the_disk_with_the_next_writing(tmp_path: Path) -> None:
    record = open_record(tmp_path, Sink())
    record.note(timings={"load": 0.5})
    assert "timings" not in read(tmp_path)
    record.note(timings={"fit": 1.5})
    record.update(epochs=2)
    assert (read(tmp_path)["timings"], read(tmp_path)["epochs"]) == ({"load": 0.5, "fit": 1.5}, 2)


def test_a_process_that_ends_at_once_closes_its_own_record_alone(tmp_path: Path) -> None:
    open_record(tmp_path / "own", Sink())
    open_record(tmp_path / "other", Sink()).update(process={"pid": 1})
    (tmp_path / "own" / ".model.draft.keras").touch()
    for folder in ("own", "other", "none"):
        close_at_once(tmp_path / folder, "interrupted by SIGTERM")
    own, other = read(tmp_path / "own"), read(tmp_path / "other")
    assert (own["status"], own["error"]) == ("interrupted", "interrupted by SIGTERM")
    assert own["seconds"] >= 0
    assert other["status"] == "created"
    assert [path.name for path in (tmp_path / "own").iterdir()] == [RECORD]


def test_a_process_that_ends_at_once_leaves_what_was_only_noted(tmp_path: Path) -> None:
    record = open_record(tmp_path, Sink())
    record.note(timings={"load": 0.5})
    close_at_once(tmp_path, "interrupted", record)
    assert (read(tmp_path)["status"], read(tmp_path)["timings"]) == ("interrupted", {"load": 0.5})


def test_a_closed_record_is_not_closed_again(tmp_path: Path) -> None:
    record = open_record(tmp_path, Sink())
    record.finish("completed")
    close_at_once(tmp_path, "interrupted", record)
    assert read(tmp_path)["status"] == "completed"


def test_a_clock_that_was_set_back_gives_no_time_below_zero() -> None:
    later = (datetime.now().astimezone() + timedelta(days=1)).isoformat()
    assert seconds_since(later) is None
    assert seconds_since("2024-05-01T12:00:00.000+00:00") > 0
    assert seconds_since("noon") is None
