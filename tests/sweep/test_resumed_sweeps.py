"""Sweeps that are started again: what is done is done, and known by its config."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from kerasgen.sweep.sweep_file import (
    NAME,
    SweepWriter,
    SweptJob,
    read_sweep,
    same_sweep,
    why_damaged,
)

SWEEPS = "outputs/sweeps"


def pids(application: Any) -> list[int]:
    """The process of each run."""
    records = application.folder.rglob("record.json")
    return sorted(json.loads(file.read_text())["process"]["pid"] for file in records)


def sweeps(application: Any) -> list[Path]:
    return sorted(file.parent for file in (application.folder / SWEEPS).rglob(NAME))


def test_the_same_command_runs_nothing_twice(application: Any) -> None:
    assert application.run("-m", "seed=1,2").returncode == 0
    first = pids(application)
    (sweep,) = sweeps(application)
    again = application.run("-m", "seed=1,2")
    assert again.returncode == 0
    assert pids(application) == first
    assert sweeps(application) == [sweep]
    place = sweep.relative_to(application.folder)
    assert f"{place} has the same jobs: it is gone on with (`--force` starts anew)" in again.stdout
    assert again.stdout.rstrip().split("\n\n")[-2].split("\n")[1:] == [
        f"0    seed=1     completed (earlier)  accuracy 0.26  {place}/0",
        f"1    seed=2     completed (earlier)  accuracy 0.27  {place}/1",
    ]


@pytest.mark.slow
def test_a_sweep_is_known_however_it_was_written(application: Any) -> None:
    assert application.run("-m", "seed=1,2", "fit.epochs=3").returncode == 0
    first = pids(application)
    assert application.run("-m", "fit.epochs=3", "seed=range(1,3)").returncode == 0
    assert pids(application) == first
    assert application.run("-m", "seed=1,2", "fit.epochs=4").returncode == 0
    assert len(pids(application)) == 4


@pytest.mark.slow
def test_a_killed_sweep_goes_on_with_what_is_not_done(application: Any) -> None:
    running = application.start("-m", "name=fine,sleep,other")
    assert running.stdout is not None
    while "sleeps" not in running.stdout.readline():
        pass
    os.kill(running.pid, signal.SIGKILL)
    running.communicate(timeout=60)
    module = application.folder.parent / "stand_in" / "sitecustomize.py"
    module.write_text(module.read_text().replace("time.sleep(60)", "pass"))
    (sweep,) = sweeps(application)
    done = json.loads((sweep / "0" / "record.json").read_text())
    assert application.run("-m", "name=fine,sleep,other").returncode == 0
    assert sweeps(application) == [sweep]
    records = {name: record["status"] for name, record in application.records().items()}
    assert records == dict.fromkeys("012", "completed")
    assert json.loads((sweep / "0" / "record.json").read_text()) == done


@pytest.mark.slow
def test_sweeps_that_overlap_share_jobs_that_are_done(application: Any) -> None:
    assert application.run("-m", "seed=1,2").returncode == 0
    (first,) = sweeps(application)
    done = application.run("-m", "seed=2,3")
    assert done.returncode == 0
    assert len(sweeps(application)) == 2
    assert len(pids(application)) == 3
    assert f"completed earlier: {first.relative_to(application.folder)}/1" in done.stdout
    # The second names a job that it did not run.
    assert application.run("-m", "seed=4,2,3").returncode == 0
    assert len(pids(application)) == 4


@pytest.mark.slow
def test_all_jobs_run_again_where_that_is_wished(application: Any) -> None:
    assert application.run("-m", "seed=1,2").returncode == 0
    assert application.run("-m", "seed=1,2", "--force").returncode == 0
    assert len(sweeps(application)) == 2
    assert len(pids(application)) == 4
    words = ("-m", "seed=1,2", "hydra.sweep.dir=s")
    assert application.run(*words, "--force").returncode == 0
    before = json.loads((application.folder / "s" / "1" / "record.json").read_text())
    assert application.run(*words, "--force").returncode == 0
    after = json.loads((application.folder / "s" / "1" / "record.json").read_text())
    assert before["process"]["pid"] != after["process"]["pid"]


@pytest.mark.slow
def test_a_failed_job_runs_again(application: Any) -> None:
    assert application.run("-m", "name=fine,fail").returncode == 1
    first = application.records()
    assert application.run("-m", "name=fine,fail").returncode == 1
    again = application.records()
    assert again["0"] == first["0"]
    assert again["1"]["process"] != first["1"]["process"]


def test_two_starts_of_a_sweep_share_its_jobs(application: Any) -> None:
    module = application.folder.parent / "stand_in" / "sitecustomize.py"
    waiting = 'while not os.path.exists("go"):\n                time.sleep(0.05)'
    module.write_text(module.read_text().replace("time.sleep(60)", waiting))
    words = ("-m", "name=sleep,fine,other", "hydra.sweep.dir=s")
    first = application.start(*words)
    heard(first, "sleeps")
    second = application.start(*words)
    heard(second, "another process is at it: s/0")
    (application.folder / "go").touch()
    told = [running.communicate(timeout=60) for running in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), told
    records = [record["status"] for record in application.records().values()]
    assert records == ["completed"] * 3
    assert len(set(pids(application))) == 3
    assert told[1][0].count("completed (earlier)") >= 1


def heard(running: Any, text: str) -> None:
    """Reads what a process prints until it has said something."""
    assert any(text in line for line in iter(running.stdout.readline, "")), text


def job(identity: str, folder: str = "0") -> SweptJob:
    return SweptJob(identity=identity, folder=folder, overrides=("seed=1",))


def test_writers_beside_one_another_lose_no_job(tmp_path: Path) -> None:
    one, other = SweepWriter(tmp_path), SweepWriter(tmp_path)
    one.write([job("a", "0")])
    other.write([job("b", "1")])
    one.write([job("c", "2")])
    one.write([job("d", "3")])
    assert [each.folder for each in read_sweep(tmp_path)] == ["0", "1", "2", "3"]
    (tmp_path / NAME).unlink()
    other.write([job("e", "4")])
    one.write([job("f", "5")])
    assert [each.folder for each in read_sweep(tmp_path)] == ["4", "5"]


def test_jobs_of_an_earlier_start_stay_named(tmp_path: Path) -> None:
    SweepWriter(tmp_path).write([job("a", "0"), job("b", "1")])
    SweepWriter(tmp_path).write([job("c", "1"), job("d", "2")])
    assert [(each.identity, each.folder) for each in read_sweep(tmp_path)] == [
        ("a", "0"),
        ("c", "1"),
        ("d", "2"),
    ]


def test_the_latest_sweep_with_the_same_jobs_is_found(tmp_path: Path) -> None:
    for number, folder in enumerate(("2026/one", "2026/two", "2026/three")):
        (tmp_path / folder).mkdir(parents=True)
        SweepWriter(tmp_path / folder).write([job("b" if number == 2 else "a")])
        os.utime(tmp_path / folder / NAME, (number, number))
    assert same_sweep(tmp_path, ["a"]) == tmp_path / "2026" / "two"
    assert same_sweep(tmp_path, ["a", "a"]) is None
    assert same_sweep(tmp_path / "none", ["a"]) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"schema": 2, "jobs": []}',
        '{"schema": 1, "jobs": 3}',
        '{"schema": 1, "jobs": [3, {"sha256": "a"}]}',
        '{"schema": 1, "jobs": [{"sha256": "a", "folder": "../b", "overrides": []}]}',
        '{"schema": 1, "jobs": [{"sha256": "a", "folder": "/b", "overrides": []}]}',
        '{"schema": 1, "jobs": [{"sha256": "a", "folder": "b", "overrides": [3]}]}',
        '{"schema": 1, "jobs": ' + "[" * 1000 + "]" * 1000 + "}",
    ],
)
def test_a_strange_file_names_no_jobs(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    assert read_sweep(tmp_path) == ()


def test_a_link_and_a_pipe_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "a" / NAME)
    assert read_sweep(tmp_path / "a") == ()
    (tmp_path / "b").mkdir()
    SweepWriter(tmp_path / "b").write([job("a")])
    (tmp_path / "c").symlink_to(tmp_path / "b", target_is_directory=True)
    assert same_sweep(tmp_path, ["a"]) == tmp_path / "b"


DAMAGED = (
    "",
    "{",
    '{"schema": 2, "jobs": []}',
    '{"schema": 1, "jobs": 3}',
    '{"schema": 1, "jobs": [{"sha256": "a", "folder": "0", "overrides": []}, 3]}',
)


@pytest.mark.parametrize("text", DAMAGED, ids=range(len(DAMAGED)))
def test_a_file_that_cannot_be_read_whole_is_damaged(tmp_path: Path, text: str) -> None:
    assert why_damaged(tmp_path) is None
    (tmp_path / NAME).write_text(text)
    assert why_damaged(tmp_path) is not None


def test_a_job_that_is_written_twice_runs_once(application: Any) -> None:
    done = application.run("-m", "seed=1,2,1")
    assert done.returncode == 0
    assert "1 of 3 jobs are written twice, and run once" in done.stdout
    assert sorted(application.records()) == ["0", "1"]
