"""A sweep as it stands: status and best, as commands and from its folder."""

import json
from pathlib import Path
from typing import Any

import pytest

from kerasgen.cli import main
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.record.run_folder import Invocation, open_record
from kerasgen.sweep.sweep_file import SearchFacts, SweepWriter, SweptJob
from kerasgen.sweep.swept_runs import best_setting, named_sweep, swept_runs


def swept(folder: Path, jobs: list[tuple[str, float | None]]) -> Path:
    """The folder of a sweep over optimizer and seed; a job without a figure is waiting."""
    folder.mkdir(parents=True)
    named = []
    for number, (words, figure) in enumerate(jobs):
        overrides = tuple(words.split())
        named.append(SweptJob(identity=words, folder=str(number), overrides=overrides))
        if figure is not None:
            asked = Invocation(argv=[], overrides=overrides)
            record = open_record(folder / str(number), Sink(), asked)
            metrics = {"test": {"loss": 1 - figure, "accuracy": figure, "speed": figure}}
            record.finish("completed", metrics=metrics, seconds=2.0, epochs=3)
    SweepWriter(folder).write(named)
    return folder


_LONE = '{"schema": 1, "jobs": [{"sha256": "1", "folder": "?", "overrides": []}]}'


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return swept(
        Path("outputs/sweeps/2026-01-02/one"),
        [
            ("optimizer=sgd seed=0", 0.5),
            ("optimizer=sgd seed=1", 0.95),
            ("optimizer=adam seed=0", 0.8),
            ("optimizer=adam seed=1", 0.9),
            ("optimizer=adam seed=2", None),
        ],
    )


def test_the_status_tells_of_every_job(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "status", "last"]) == 0
    lines = capsys.readouterr().out.rstrip().split("\n")
    assert lines[0] == str(sweep)
    assert lines[3] == "0    optimizer=sgd seed=0   completed  3       accuracy 0.5   2.0"
    assert lines[7] == "4    optimizer=adam seed=2  waiting"
    assert lines[-1] == "5 jobs: 4 completed, 1 waiting"


def test_a_job_is_borrowed_from_the_sweep_that_has_completed_it(sweep: Path) -> None:
    one = swept(sweep.parent / "two", [("optimizer=adam seed=2", 0.7)])
    other = swept(sweep.parent / "three", [("optimizer=adam seed=2", None)])
    open_record(other / "0", Sink()).finish("failed", error="it failed")
    (borrowed,) = [each.run for each in swept_runs(sweep) if each.job.folder == "4"]
    assert borrowed is not None
    assert borrowed.folder == one / "0"


def test_the_status_is_data_too(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "status", str(sweep), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["folder"] == str(sweep)
    assert [job["status"] for job in told["jobs"]] == ["completed"] * 4 + ["waiting"]
    assert told["jobs"][1]["metrics"]["test"]["accuracy"] == 0.95
    assert told["jobs"][4]["run"] is None


def test_the_best_setting_is_the_one_with_the_best_mean(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["best", "last"]) == 0
    told = capsys.readouterr()
    assert told.out == "kerasgen run optimizer=adam seed=1\n"
    best = f"accuracy 0.85, the mean of 2 seeds: {sweep}/3, {sweep}/2"
    assert told.err == f"{best}; 1 of 5 jobs are not completed\n"


def test_the_status_of_a_sweep_that_goes_on_tells_how_long(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = open_record(sweep / "4", Sink(), Invocation(argv=[], overrides=("seed=2",)))
    assert main(["sweep", "status", "last"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("4 completed, 1 created; about 1 s left")
    record.finish("completed", metrics={}, seconds=1.0)


@pytest.mark.parametrize(
    ("by", "command"),
    [
        ("test_accuracy", "optimizer=adam seed=1"),
        ("loss", "optimizer=adam seed=1"),
        ("+accuracy", "optimizer=sgd seed=0"),
        ("-speed", "optimizer=adam seed=1"),
    ],
)
def test_the_best_may_be_that_of_any_metric(
    sweep: Path, by: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["best", str(sweep), f"--by={by}"]) == 0
    assert capsys.readouterr().out == f"kerasgen run {command}\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["best", "nowhere"], "KG606"),
        (["sweep", "status", "nowhere"], "KG606"),
        (["sweep", "status", "outputs/sweeps/2026-01-02/one/0"], "KG606"),
        (["best", "last", "--by", "acuracy"], "KG107"),
        (["best", "last", "--by", "speed"], "KG607"),
    ],
)
def test_what_is_not_there_is_told(
    sweep: Path, words: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    del sweep
    assert main(words) == 2
    assert f"error[{code}]" in capsys.readouterr().err


def test_a_job_that_another_sweep_has_completed_is_shown_with_it(sweep: Path) -> None:
    other = swept(sweep.parent.parent / "2026-01-03" / "two", [("optimizer=sgd seed=1", None)])
    (run,) = swept_runs(other)
    assert run.run is not None
    assert run.run.folder == sweep / "1"
    assert best_setting([run], None, other).overrides == ("optimizer=sgd", "seed=1")


def test_the_command_has_what_was_allowed_to_the_sweep(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = sweep / "3" / "record.json"
    argv = ["-m", "job", "--config-dir", "my conf", "--trust", "mine", "seed=1"]
    file.write_text(json.dumps({**json.loads(file.read_text()), "argv": argv}))
    assert main(["best", "last"]) == 0
    told = capsys.readouterr().out
    assert told == "kerasgen run --config-dir 'my conf' --trust mine optimizer=adam seed=1\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is not JSON"),
        ('{"schema": 9}', "has the schema 9, expected 1: a newer kerasgen wrote it"),
        ('{"schema": "1"}', "names no jobs of a sweep"),
        ("", "is empty"),
        (_LONE.replace("?", "\\ud800"), "names no jobs of a sweep"),
        (_LONE.replace("?", "x" * 2000), "names no jobs of a sweep"),
    ],
)
def test_a_damaged_file_of_a_sweep_is_told(
    sweep: Path, text: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (sweep / "sweep.json").write_text(text)
    assert main(["sweep", "status", str(sweep)]) == 2
    assert f"`{sweep}/sweep.json` {reason}" in capsys.readouterr().err


def test_control_characters_of_a_stranger_are_not_printed(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    SweepWriter(sweep).write([SweptJob(identity="a", folder="3", overrides=("a=\x1b[31mred\x07",))])
    assert main(["best", "last"]) == 0
    assert main(["sweep", "status", "last"]) == 0
    assert not {"\x1b", "\x07"} & set(capsys.readouterr().out)


def test_the_newest_sweep_is_the_last(sweep: Path) -> None:
    other = swept(Path("outputs/sweeps/2026-01-03/two"), [("seed=1", 0.5)])
    assert named_sweep("last", Path("outputs")) == other
    assert named_sweep("sweeps/2026-01-02/one", Path("outputs")) == sweep


def test_without_a_completed_job_nothing_is_best(tmp_path: Path) -> None:
    folder = swept(tmp_path / "s", [("seed=1", None)])
    with pytest.raises(CompileError) as caught:
        best_setting(swept_runs(folder), None, folder)
    assert [found.code for found in caught.value.diagnostics] == ["KG606"]


def test_a_record_that_cannot_be_read_is_a_job_that_waits(sweep: Path) -> None:
    (sweep / "0" / "record.json").write_text("{")
    statuses: list[Any] = [each.status for each in swept_runs(sweep)]
    assert statuses[0] == "waiting"


def test_a_figure_that_exploded_is_not_the_best(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for place in range(4):
        file = sweep / str(place) / "record.json"
        said = json.loads(file.read_text())
        said["metrics"]["test"]["accuracy"] = 1.7e308 if place != 2 else 0.8
        file.write_text(json.dumps(said))
    assert main(["best", str(sweep), "--by", "accuracy"]) == 0
    assert capsys.readouterr().out == "kerasgen run optimizer=adam seed=0\n"
    file = sweep / "2" / "record.json"
    file.write_text(file.read_text().replace("0.8", "-1e300"))
    assert main(["best", str(sweep), "--by", "accuracy"]) == 2
    assert "error[KG607]" in capsys.readouterr().err


def test_a_line_end_in_a_strangers_text_makes_no_row(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    SweepWriter(sweep).write([SweptJob(identity="x", folder="9\n8", overrides=("a=1\n2",))])
    assert main(["sweep", "status", str(sweep)]) == 0
    assert r"9\n8  a=1\n2" in capsys.readouterr().out


def test_an_objective_that_no_job_has_is_told_as_one(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = SearchFacts(objectives=(("val_speed", "maximize"),), search={"sha256": "1"})
    SweepWriter(sweep).write([], facts)
    assert main(["best", "last"]) == 2
    told = capsys.readouterr().err
    assert f"no completed job of `{sweep}` has its objective `val_speed`" in told
    assert "command line" not in told
    assert main(["best", "last", "--by", "accuracy"]) == 0
