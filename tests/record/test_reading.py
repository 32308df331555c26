"""Reading records: what an entry holds, and what a stranger's folder cannot do."""

import json
import math
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kerasgen.diagnostics import Severity, Sink
from kerasgen.record.file_names import CONFIG, RECORD
from kerasgen.record.provenance import process_identity
from kerasgen.record.runs import read_config, read_run, read_runs

MakeRun = Callable[..., Path]


def warning(root: Path, code: str = "KG606") -> str:
    """The message of the only warning that reading gives."""
    sink = Sink()
    assert read_runs(root, sink) == []
    (diagnostic,) = sink.diagnostics
    assert (diagnostic.code, diagnostic.severity) == (code, Severity.WARNING)
    return diagnostic.message


def test_an_entry_holds_what_a_listing_needs(tmp_path: Path, make_run: MakeRun) -> None:
    folder = make_run(
        "2024-05-01/größe",
        name="Übung",
        backend={"backend": "jax", "floatx": "float32"},
        seconds=12.5,
        epochs=3,
        metrics={"test": {"loss": "NaN", "accuracy": 0.5, "note": "high"}, "odd": 3},
    )
    sink = Sink()
    (run,) = read_runs(tmp_path, sink)
    assert sink.diagnostics == []
    assert (run.id, run.folder) == ("2024-05-01/größe", folder)
    assert (run.status, run.name, run.backend) == ("completed", "Übung", "jax")
    assert (run.seconds, run.epochs) == (12.5, 3)
    assert run.started == datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert math.isnan(run.metrics["test"]["loss"])
    assert list(run.metrics["test"]) == ["loss", "accuracy"]


def test_the_newest_run_comes_first_across_time_zones(tmp_path: Path, make_run: MakeRun) -> None:
    make_run("a", started="2024-05-01T12:00:00+02:00")
    make_run("b", started="2024-05-01T11:00:00+00:00")
    make_run("c", started="no date")
    make_run("d", started="2024-05-01T11:00:00+00:00")
    assert [run.id for run in read_runs(tmp_path, Sink())] == ["b", "d", "a", "c"]


def test_runs_are_found_at_any_depth_but_not_in_hidden_folders(
    tmp_path: Path, make_run: MakeRun
) -> None:
    for name in ("a", "sweeps/2024-05-01/0", "a/b", ".trash/c"):
        make_run(name)
    found = {run.id for run in read_runs(tmp_path, Sink())}
    assert found == {"a", "sweeps/2024-05-01/0", "a/b"}


def test_a_running_run_whose_process_is_gone_was_killed(tmp_path: Path, make_run: MakeRun) -> None:
    gone = process_identity() | {"start": "long ago"}
    make_run("gone", status="running", process=gone)
    make_run("here", status="running")
    make_run("elsewhere", status="running", process=gone | {"host": "elsewhere"})
    status = {run.id: run.status for run in read_runs(tmp_path, Sink())}
    assert status == {"gone": "killed", "here": "running", "elsewhere": "running"}
    assert json.loads((tmp_path / "gone" / RECORD).read_bytes())["status"] == "running"


def test_a_folder_without_runs_is_empty_and_a_missing_one_is_a_warning(tmp_path: Path) -> None:
    sink = Sink()
    assert read_runs(tmp_path, sink) == []
    assert sink.diagnostics == []
    assert warning(tmp_path / "nowhere") == f"there is no folder `{tmp_path / 'nowhere'}`"


def test_a_created_run_whose_process_is_gone_was_killed_too(
    tmp_path: Path, make_run: MakeRun
) -> None:
    make_run("gone", status="created", process=process_identity() | {"start": "long ago"})
    make_run("here", status="created")
    status = {run.id: run.status for run in read_runs(tmp_path, Sink())}
    assert status == {"gone": "killed", "here": "created"}


def test_an_interrupted_run_of_before_that_status_stays_failed(
    tmp_path: Path, make_run: MakeRun
) -> None:
    make_run("old", status="failed", error="interrupted")
    (run,) = read_runs(tmp_path, Sink())
    assert (run.status, run.fields["error"]) == ("failed", "interrupted")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        ('{"schema": 1, "status": "comp', "is not JSON"),
        ("\xff\xfe", "is not JSON"),
        ("[]", "expected a mapping"),
        ('{"title": "Kind of Blue"}', "it has no `schema` and `status`"),
        ('{"schema": "1", "status": "completed"}', "it has no `schema` and `status`"),
        ('{"schema": true, "status": "completed"}', "it has no `schema` and `status`"),
        ('{"schema": 1, "status": ["completed"]}', "it has no `schema` and `status`"),
        (
            '{"schema": 1, "status": "failed", "status": "completed"}',
            "holds the key `status` twice",
        ),
    ],
)
def test_a_broken_or_foreign_record_is_a_warning(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / RECORD).write_bytes(content.encode("latin-1"))
    assert reason in warning(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("1" * 10_000, "holds a number of 10,000 characters, expected at most 400"),
        ("[" * 200_000, "nested too deeply"),
        ('{"a":' * 100 + "1" + "}" * 100, "nested too deeply"),
    ],
)
def test_a_record_that_asks_for_too_much_is_a_warning(
    tmp_path: Path, content: str, reason: str
) -> None:
    (tmp_path / RECORD).write_text(content)
    assert reason in warning(tmp_path, "KG614")


def test_a_record_of_a_newer_version_is_listed_with_a_warning(
    tmp_path: Path, make_run: MakeRun
) -> None:
    make_run("new", schema=99, kerasgen="9.1", name="tomorrow")
    sink = Sink()
    (run,) = read_runs(tmp_path, sink)
    assert run.name == "tomorrow"
    (diagnostic,) = sink.diagnostics
    assert (diagnostic.code, diagnostic.severity) == ("KG613", Severity.WARNING)
    assert "has schema 99, expected at most 2: kerasgen 9.1 wrote it" in diagnostic.message


def test_a_folder_in_the_place_of_a_record_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "run" / RECORD).mkdir(parents=True)
    assert "is not a file but a folder" in warning(tmp_path, "KG612")


def test_a_record_that_leads_out_of_its_run_is_a_warning(tmp_path: Path, make_run: MakeRun) -> None:
    secret = make_run("run") / RECORD
    secret.rename(tmp_path / "secret.json")
    secret.symlink_to(tmp_path / "secret.json")
    assert "is a link out of its folder" in warning(tmp_path, "KG612")


def test_a_broken_record_hides_no_other(tmp_path: Path, make_run: MakeRun) -> None:
    make_run("good")
    (make_run("bad") / RECORD).write_text("{", encoding="utf-8")
    sink = Sink()
    assert [run.id for run in read_runs(tmp_path, sink)] == ["good"]
    assert len(sink.diagnostics) == 1


def test_a_huge_record_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / RECORD).open("wb") as file:
        file.truncate(2**40)  # sparse: it takes no space
    assert "is of 1,099,511,627,776 bytes, expected at most" in warning(tmp_path, "KG614")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders")
def test_a_pipe_in_the_place_of_a_record_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / RECORD)
    assert "is not a file but a pipe" in warning(tmp_path, "KG612")


def test_a_link_to_nowhere_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / RECORD).symlink_to("nowhere")
    assert "cannot be read: no such file or directory" in warning(tmp_path)


def test_fields_of_a_wrong_kind_are_left_out(tmp_path: Path, make_run: MakeRun) -> None:
    make_run(
        "odd",
        name=3,
        backend=["jax"],
        started=[1],
        seconds="long",
        epochs=2.5,
        metrics={"test": [0.5]},
        process="me",
    )
    (run,) = read_runs(tmp_path, Sink())
    assert (run.name, run.backend, run.started) == ("", None, None)
    assert (run.seconds, run.epochs, run.metrics) == (None, None, {})


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00", "9999-12-31T23:59:59-12:00"])
def test_moments_at_the_ends_of_time_do_no_harm(
    tmp_path: Path, make_run: MakeRun, moment: str
) -> None:
    make_run("odd", started=moment)
    make_run("good")
    assert len(read_runs(tmp_path, Sink())) == 2


def test_one_run_outside_the_folder_of_all_runs_is_named_by_its_path(
    tmp_path: Path, make_run: MakeRun
) -> None:
    folder = make_run("elsewhere/run")
    run = read_run(folder, tmp_path / "outputs", Sink())
    assert run.id == folder.as_posix()


def config(folder: Path) -> tuple[object, list[str]]:
    sink = Sink()
    run = read_run(folder, folder.parent, sink)
    return read_config(run, sink), [diagnostic.message for diagnostic in sink.diagnostics]


def test_the_config_of_a_run_is_read_as_written(make_run: MakeRun) -> None:
    folder = make_run("a", config="optimizer: {class: SGD}\nunits: ${data.classes}\n")
    expected = {"optimizer": {"class": "SGD"}, "units": "${data.classes}"}
    assert config(folder) == (expected, [])


def test_a_run_without_a_config_has_an_empty_one(make_run: MakeRun) -> None:
    assert config(make_run("a")) == ({}, [])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [", "is not YAML"),
        ("a: !!python/object/apply:os.system ['touch harm']", "is not YAML"),
        ("a: !!timestamp noon", "is not YAML"),
        ("a: !!int ''", "is not YAML"),
        ("a: !!bool perhaps", "is not YAML"),
        ("? [a]\n: b", "is not YAML"),
        ("a: 2024-13-45", "is not YAML"),
        ("a: &x [1]\nb: *x", "has aliases"),
        ("[" * 100_000, "nested too deeply"),
        ("- a\n- b", "expected a mapping"),
    ],
)
def test_a_config_that_cannot_be_trusted_is_a_warning(
    make_run: MakeRun, text: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run("a", config=text)
    monkeypatch.chdir(folder)
    found, (message,) = config(folder)
    assert found == {}
    assert message.startswith(f"`{folder / CONFIG}` ")
    assert reason in message
    assert not (folder / "harm").exists()


def test_configs_are_read_alike_without_the_c_library(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    import yaml

    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert config(make_run("a", config="a: {b: 1}")) == ({"a": {"b": 1}}, [])
    assert "nested too deeply" in config(make_run("b", config="[" * 5_000))[1][0]


def test_a_size_is_bounded_for_configs_too(make_run: MakeRun) -> None:
    folder = make_run("a", config="a: " + "b" * 2**24)
    found, (message,) = config(folder)
    assert found == {}
    assert "is of 16,777,219 bytes, expected at most 16,777,216" in message
