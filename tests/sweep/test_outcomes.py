import json
import signal
from pathlib import Path
from typing import Any

import pytest

from kerasgen.diagnostics import Sink
from kerasgen.record.provenance import process_identity
from kerasgen.record.run_folder import open_record
from kerasgen.sweep.outcomes import (
    EndedProcess,
    Outcome,
    exit_code,
    main_metric,
    outcome_table,
    read_fields,
    settle,
    varying,
)


def record(folder: Path, **fields: Any) -> None:
    folder.mkdir(exist_ok=True)
    gone = process_identity() | {"pid": 7, "start": "long ago", "attempt": "one"}
    (folder / "record.json").write_text(json.dumps({"schema": 1, "process": gone, **fields}))


def outcome(job: int, status: Any, **fields: Any) -> Outcome:
    return Outcome(job=job, overrides=(f"seed={job}",), status=status, folder=Path("s"), **fields)


def test_a_closed_record_tells_the_outcome(tmp_path: Path) -> None:
    record(tmp_path, status="completed", metrics={"test": {"loss": 0.5, "accuracy": 0.75}})
    found = settle(0, ["seed=1"], tmp_path, EndedProcess(attempt="one", code=0, seconds=1.0))
    assert (found.status, found.metric) == ("completed", ("accuracy", 0.75))


def test_a_record_that_a_killed_job_left_open_is_closed(tmp_path: Path) -> None:
    record(tmp_path, status="running", started="2024-05-01T12:00:00+00:00")
    found = settle(0, [], tmp_path, EndedProcess(attempt="one", code=-9, seconds=1.25))
    assert (found.status, found.error) == ("failed", "killed by signal 9 (SIGKILL)")
    fields = read_fields(tmp_path)
    assert (fields["status"], fields["error"]) == ("failed", "killed by signal 9 (SIGKILL)")
    assert fields["started"] == "2024-05-01T12:00:00+00:00"
    assert fields["seconds"] > 86_400


def test_a_job_that_died_before_it_opened_a_record_gets_one(tmp_path: Path) -> None:
    found = settle(
        3,
        ["seed=1"],
        tmp_path / "3",
        EndedProcess(attempt="one", code=-11, seconds=0.5, argv=("-m", "x", "seed=1")),
    )
    assert found.error == "killed by signal 11 (SIGSEGV)"
    fields = read_fields(tmp_path / "3")
    assert (fields["status"], fields["argv"]) == ("failed", ["-m", "x", "seed=1"])


def test_the_record_of_another_run_is_left_alone(tmp_path: Path) -> None:
    record(tmp_path, status="completed", process={"pid": 8, "attempt": "other"})
    before = (tmp_path / "record.json").read_bytes()
    found = settle(0, [], tmp_path, EndedProcess(attempt="one", code=2, seconds=1.0))
    assert found.status == "rejected"
    assert (tmp_path / "record.json").read_bytes() == before


def test_the_record_of_a_run_at_work_is_left_alone(tmp_path: Path) -> None:
    open_record(tmp_path, Sink())
    assert (
        settle(0, [], tmp_path, EndedProcess(attempt="one", code=1, seconds=1.0)).status == "failed"
    )
    assert read_fields(tmp_path)["status"] == "created"


def test_a_folder_that_cannot_be_written_spoils_no_outcome(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = settle(0, [], tmp_path / "file" / "x", EndedProcess(attempt="one", code=1, seconds=1.0))
    assert (found.status, found.error) == ("failed", "exit code 1")


def test_an_exit_without_a_result_is_a_failure(tmp_path: Path) -> None:
    record(tmp_path, status="running")
    found = settle(0, [], tmp_path, EndedProcess(attempt="one", code=0, seconds=1.0))
    assert found.status == "failed"


def test_an_interrupted_job_says_so(tmp_path: Path) -> None:
    record(tmp_path, status="running")
    found = settle(
        0, [], tmp_path, EndedProcess(attempt="one", code=-2, seconds=1.0, interrupted=True)
    )
    assert (found.status, found.error) == ("interrupted", "interrupted")
    assert read_fields(tmp_path)["status"] == "interrupted"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_job_that_was_asked_to_end_before_it_had_a_record_was_interrupted(
    tmp_path: Path, number: signal.Signals
) -> None:
    ended = EndedProcess(attempt="one", code=128 + number, seconds=1.0)
    found = settle(0, [], tmp_path, ended)
    assert (found.status, found.error) == ("interrupted", f"interrupted by {number.name}")
    assert read_fields(tmp_path)["status"] == "interrupted"


@pytest.mark.parametrize("content", ["", "[1]", "{", "null", '{"a":' * 9999])
def test_a_record_that_cannot_be_read_says_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "record.json").write_text(content)
    assert read_fields(tmp_path) == {}


@pytest.mark.parametrize(
    ("metrics", "wanted"),
    [
        ({"test": {"loss": 1.0, "accuracy": 0.5, "auc": 0.9}}, ("accuracy", 0.5)),
        (
            {"test": {"loss": 1.0, "digit_loss": 2.0, "digit_accuracy": 0.5}},
            ("digit_accuracy", 0.5),
        ),
        ({"test": {"loss": 1.0}}, ("loss", 1.0)),
        ({"test": {"loss": 1.0, "accuracy": None}}, ("loss", 1.0)),
        ({"training": {"accuracy": 1.0}}, None),
        ({"test": {}}, None),
        (None, None),
    ],
)
def test_runs_are_compared_by_the_first_test_metric_that_is_no_loss(
    metrics: Any, wanted: tuple[str, float] | None
) -> None:
    assert main_metric({"metrics": metrics}) == wanted


def test_a_metric_that_is_not_finite_is_shown(tmp_path: Path) -> None:
    name, value = main_metric({"metrics": {"test": {"loss": "NaN"}}}) or ("", 0.0)
    assert name == "loss"
    assert value != value


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        (["completed", "completed"], 0),
        (["completed", "rejected"], 2),
        (["rejected", "rejected"], 2),
        (["rejected", "failed"], 1),
        (["rejected", "interrupted"], 1),
        ([], 0),
    ],
)
def test_the_exit_code_tells_the_worst(statuses: list[Any], code: int) -> None:
    assert exit_code([outcome(job, status) for job, status in enumerate(statuses)]) == code


def test_jobs_are_named_by_what_differs() -> None:
    assert varying([["a=1", "b=2"], ["a=1", "b=3"]]) == [["b=2"], ["b=3"]]
    assert varying([["a=1"]]) == [["a=1"]]
    assert varying([["a=1"], ["a=1"]]) == [["a=1"], ["a=1"]]


def test_the_table_is_ordered_and_aligned() -> None:
    table = outcome_table(
        [
            outcome(1, "failed", error="boom\nmore lines"),
            outcome(0, "completed", metric=("accuracy", 0.987654)),
        ]
    )
    assert table.split("\n") == [
        "job  overrides  status        test             folder",
        "0    seed=0     completed     accuracy 0.9877  s",
        "1    seed=1     failed: boom                   s",
    ]


def test_an_interruption_is_not_said_twice() -> None:
    table = outcome_table(
        [
            outcome(0, "interrupted", error="interrupted by SIGTERM"),
            outcome(1, "interrupted", error="the sweep that it belongs to was killed"),
        ]
    )
    assert "seed=0     interrupted by SIGTERM  " in table
    assert "interrupted: the sweep that it belongs to was killed" in table


def test_a_long_error_is_cut_in_the_table() -> None:
    table = outcome_table([outcome(0, "failed", error="x" * 200)])
    assert max(len(line) for line in table.split("\n")) < 120
