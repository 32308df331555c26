import os
import re
import shlex
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kerasgen.record.provenance import at_work


def more(*values: Any) -> Any:
    """A further case of what the cases beside it say."""
    return pytest.param(*values, marks=pytest.mark.slow)


def statuses(application: Any) -> dict[str, str]:
    return {name: record["status"] for name, record in application.records().items()}


def test_each_job_is_a_process_of_its_own_with_its_own_backend(application: Any) -> None:
    done = application.run("-m", "backend=tensorflow,jax", "seed=range(2)")
    assert done.returncode == 0
    assert re.findall(r"^ran (\w+) (\d)", done.stdout, re.M) == [
        ("tensorflow", "0"),
        ("tensorflow", "1"),
        ("jax", "0"),
        ("jax", "1"),
    ]
    processes = [record["process"]["pid"] for record in application.records().values()]
    assert len(set(processes)) == 4


@pytest.mark.slow
def test_a_heading_names_what_a_job_is_about(application: Any) -> None:
    done = application.run("-m", "optimizer=sgd,adam", "fit.epochs=3")
    assert "[1/2] optimizer=sgd\nran" in done.stdout
    assert "[2/2] optimizer=adam\nran" in done.stdout


def test_the_sweep_ends_with_a_table(application: Any) -> None:
    done = application.run("-m", "seed=1,2", "hydra.sweep.dir=s")
    jobs, settings = done.stdout.rstrip().split("\n\n")[-2:]
    assert settings.split("\n")[1].split()[:4] == ["all", "2", "0.265", "0.0071"]
    assert jobs.split("\n") == [
        "job  overrides  status     test           folder",
        "0    seed=1     completed  accuracy 0.26  s/0",
        "1    seed=2     completed  accuracy 0.27  s/1",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["seed=choice(1,2)"],
        more(["seed=range(1,3)"]),
        ["fit=glob(*)", "seed=1,2"],
        more(["seed=1,2"]),
    ],
)
def test_every_form_of_a_discrete_sweep_works(application: Any, arguments: list[str]) -> None:
    assert application.run("-m", *arguments).returncode == 0
    assert sorted(statuses(application)) == ["0", "1"]


@pytest.mark.slow
def test_jobs_look_into_all_folders_of_configs(application: Any) -> None:
    for folder, option in (("one", "mine"), ("conf", "mine"), ("conf", "own"), ("two", "yours")):
        file = application.folder / folder / "optimizer" / f"{option}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"class: {'SGD' if folder == 'one' else 'Adam'}\n")
    words = ["-m", "optimizer=mine,own,yours", "--config-dir", "two", "--config-dir", "one"]
    assert application.run(*words, "hydra.job.chdir=true").returncode == 0
    assert statuses(application) == dict.fromkeys("012", "completed")


@pytest.mark.slow
def test_a_sweep_that_is_started_again_runs_what_is_not_done(application: Any) -> None:
    assert application.run("-m", "seed=1,2", "hydra.sweep.dir=s").returncode == 0
    before = application.records()
    done = application.run("-m", "seed=1,2,3", "hydra.sweep.dir=s")
    assert done.returncode == 0
    assert done.stdout.rstrip().split("\n\n")[-2].split("\n")[1:] == [
        "0    seed=1     completed (earlier)  accuracy 0.26  s/0",
        "1    seed=2     completed (earlier)  accuracy 0.27  s/1",
        "2    seed=3     completed            accuracy 0.28  s/2",
    ]
    after = application.records()
    assert {name: after[name] for name in before} == before
    other = application.run("-m", "seed=7,8", "hydra.sweep.dir=s")
    assert other.returncode == 2
    assert "of another job: `seed=1` (and 1 more); no job was started" in other.stderr


@pytest.mark.slow
def test_jobs_that_fail_exit_or_are_killed_do_not_end_the_sweep(application: Any) -> None:
    done = application.run("-m", "name=kill,exit,raise,fail,refuse,fine", "hydra.sweep.dir=s")
    assert done.returncode == 1
    records = application.records()
    assert [(r["status"], r.get("error")) for r in records.values()] == [
        ("failed", "killed by signal 9 (SIGKILL)"),
        ("failed", "exit code 1"),
        ("failed", "exit code 1"),
        ("failed", "it failed"),
        ("rejected", "refused"),
        ("completed", None),
    ]
    assert all(record["finished"] for record in records.values())
    assert "failed: killed by signal 9 (SIGKILL)" in done.stdout


def test_a_sweep_whose_jobs_were_only_refused_ends_with_2(application: Any) -> None:
    done = application.run("-m", "name=refuse,fine")
    assert done.returncode == 2
    assert statuses(application) == {"0": "rejected", "1": "completed"}


@pytest.mark.slow
def test_a_record_names_the_command_that_runs_the_job_alone(application: Any) -> None:
    folder = 'a b/=x,"é'
    done = application.run(
        "-m",
        "seed=1,2",
        "model.layers.hidden1={class: Dense, units: 3}",
        "name='a, b'",
        "hydra.verbose=false",
        'hydra.sweep.dir="a b/=x,\\"é"',
    )
    assert done.returncode == 0, done.stderr
    record = application.records()["1"]
    assert record["argv"][:3] == ["-m", "kerasgen.sweep.executors.job", "seed=2"]
    assert record["overrides"] == [
        "seed=2",
        "model.layers.hidden1={class:Dense,units:3}",
        "name='a, b'",
    ]
    (application.folder / folder / "1" / "record.json").unlink()
    alone = replace(application, program=(sys.executable,))
    environment = {**application.environment}
    root = str(Path(__file__).parents[2])
    environment["PYTHONPATH"] = os.pathsep.join([environment["PYTHONPATH"], root])
    again = replace(alone, environment=environment).run(*shlex.split(shlex.join(record["argv"])))
    assert again.returncode == 0, again.stderr
    assert application.records()["1"]["overrides"] == record["overrides"]


@pytest.mark.slow
def test_flags_for_configs_reach_the_jobs(application: Any) -> None:
    file = application.folder / "my configs" / "model" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("layers: {a: {class: Dense, units: 3}}\n")
    done = application.run("-m", "-cd", "my configs", "model=mine,mlp")
    assert done.returncode == 0
    assert statuses(application) == {"0": "completed", "1": "completed"}


@pytest.mark.slow
def test_settings_of_hydra_reach_the_jobs(application: Any) -> None:
    done = application.run("-m", "seed=1,2", "+hydra.job.env_set={FROM_HYDRA: set}")
    assert done.returncode == 0
    assert {record["environment"] for record in application.records().values()} == {"set"}


@pytest.mark.slow
def test_a_job_knows_its_number(application: Any) -> None:
    done = application.run("-m", "optimizer=sgd,adam", "seed=${hydra:job.num}")
    assert re.findall(r"^ran \w+ (\d)", done.stdout, re.M) == ["0", "1"]


@pytest.mark.slow
def test_subfolders_may_be_named_after_the_overrides(application: Any) -> None:
    application.run("-m", "seed=1,2", "hydra.sweep.subdir=${hydra.job.override_dirname}")
    assert sorted(application.records()) == ["seed=1", "seed=2"]


def test_jobs_with_the_same_folder_are_refused_before_the_first(application: Any) -> None:
    done = application.run("-m", "seed=1,2", "hydra.sweep.subdir=x")
    assert done.returncode == 2
    assert "error[KG605]" in done.stderr
    assert application.left_behind() == []


@pytest.mark.parametrize("number", ["0", "two", *map(more, ["-1", "1.5", "true", "null"])])
def test_the_number_of_jobs_must_be_a_positive_integer(application: Any, number: str) -> None:
    done = application.run("-m", "seed=1,2", f"hydra.launcher.n_jobs={number}")
    assert done.returncode == 2
    assert "error[KG204]: `n_jobs` is" in done.stderr
    assert application.left_behind() == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["seed=1,2", "sed=3"],
        more(["seed=1,2", "optimizer=sgd,nope"]),
        more(["seed=1,2,"]),
        ["seed=interval(0,1)"],
        more(["seed=1,2", "hydra/launcher=nope"]),
        more(["seed=1,2", "hydra.launcher.jobs=2"]),
        more(["seed=1,2", "hydra.sweep.dir=${nope}"]),
        ["seed=1,2", "hydra.sweep.subdir=${nope}"],
        ["seed=1,2", "hydra.launcher._target_=nope.Nope"],
    ],
)
def test_a_sweep_that_cannot_be_composed_starts_no_job(
    application: Any, arguments: list[str]
) -> None:
    done = application.run("-m", *arguments)
    assert done.returncode == 2
    assert "error[KG" in done.stderr
    assert "Traceback" not in done.stderr
    assert "ran" not in done.stdout
    assert application.left_behind() == []


@pytest.mark.slow
def test_an_override_may_fit_the_swept_options_though_not_the_default(application: Any) -> None:
    done = application.run("-m", "optimizer=sgd,rmsprop", "optimizer.momentum=0.9")
    assert done.returncode == 0
    assert len(application.records()) == 2


@pytest.mark.slow
def test_parallel_jobs_write_their_output_into_their_folders(application: Any) -> None:
    done = application.run(
        "-m", "name=fine,kill", "seed=range(2)", "hydra.launcher.n_jobs=3", "hydra.sweep.dir=s"
    )
    assert done.returncode == 1
    assert "ran" not in done.stdout
    assert "[1/4] name=fine seed=0  -> s/0/console.log" in done.stdout
    assert re.search(r"\[1/4\] name=fine seed=0  completed after \d+\.\d s", done.stdout)
    assert re.search(r"\[3/4\] .*failed: killed by signal 9", done.stdout)
    assert (application.folder / "s/1/console.log").read_text().startswith("ran tensorflow 1")
    assert list(statuses(application).values()) == ["completed", "completed", "failed", "failed"]


@pytest.mark.slow
def test_two_sweeps_of_the_same_moment_get_folders_of_their_own(application: Any) -> None:
    for launcher in ("process", "basic"):
        words = ("-m", "--force", "seed=1,2", "hydra.sweep.dir=s/${now:%Y}")
        done = application.run(*words, f"hydra/launcher={launcher}")
        assert done.returncode == 0
    assert len(list((application.folder / "s").glob("*/*/record.json"))) == 4


@pytest.mark.slow
def test_a_sweep_in_the_folder_of_a_finished_one_changes_nothing_there(application: Any) -> None:
    assert application.run("-m", "seed=1,2", "hydra.sweep.dir=s").returncode == 0
    files = [path for path in (application.folder / "s").rglob("*") if path.is_file()]
    assert application.folder / "s" / "multirun.yaml" in files
    for words in ("seed=3,4", "seed=1,2"):
        left = {path: path.read_bytes() for path in files}
        done = application.run("-m", words, "hydra.sweep.dir=s")
        assert (done.returncode, done.stderr.count("error[KG605]")) == (2, 1), done.stderr
        found = [path for path in (application.folder / "s").rglob("*") if path.is_file()]
        assert {path: path.read_bytes() for path in found} == left
        (application.folder / "s" / "sweep.json").write_text('{"schema": 2, "jobs": []}')


def test_the_basic_launcher_of_hydra_stays_usable(application: Any) -> None:
    done = application.run("-m", "seed=1,2", "name=fine,fail", "hydra/launcher=basic")
    assert done.returncode == 1
    assert statuses(application) == {
        "0": "completed",
        "1": "failed",
        "2": "completed",
        "3": "failed",
    }
    assert "#1 : seed=1 name=fail" in done.stdout
    assert "accuracy 0.26" in done.stdout


@pytest.mark.slow
def test_a_refused_job_of_the_basic_launcher_leaves_a_record(application: Any) -> None:
    done = application.run("-m", "name=fine,refuse,other", "hydra/launcher=basic")
    assert done.returncode == 2
    assert list(statuses(application).values()) == ["completed", "rejected", "completed"]
    assert re.search(r"^1 +name=refuse +rejected", done.stdout, re.M)


@pytest.mark.slow
def test_an_interrupted_sweep_of_the_basic_launcher_prints_its_table(application: Any) -> None:
    process = application.start(
        "-m", "name=fine,sleep,other", "hydra/launcher=basic", "hydra.sweep.dir=s"
    )
    while "sleeps" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert statuses(application) == {"0": "completed", "1": "interrupted"}
    assert re.search(r"^1 +name=sleep +interrupted", output, re.M)


@pytest.mark.slow
def test_batches_of_a_sweep_count_on(application: Any) -> None:
    done = application.run("-m", "seed=range(3)", "hydra.sweeper.max_batch_size=2")
    assert done.returncode == 0
    assert sorted(application.records()) == ["0", "1", "2"]


@pytest.mark.slow
def test_a_config_may_ask_for_a_sweep_by_itself(application: Any) -> None:
    done = application.run("hydra.mode=MULTIRUN", "seed=1,2")
    assert done.returncode == 0
    assert sorted(application.records()) == ["0", "1"]


@pytest.mark.parametrize(
    ("number", "code", "jobs"),
    [
        (signal.SIGINT, 130, 1),
        (signal.SIGTERM, 143, 2),
        more(signal.SIGINT, 130, 2),
        more(signal.SIGTERM, 143, 1),
    ],
)
def test_ending_a_sweep_ends_its_jobs_and_keeps_finished_records(
    application: Any, number: signal.Signals, code: int, jobs: int
) -> None:
    process = application.start(
        "-m", "name=fine,sleep,sleep,sleep", f"hydra.launcher.n_jobs={jobs}", "hydra.sweep.dir=s"
    )
    working = application.folder / "s" / "1" / "record.json"
    while not working.is_file() or "completed" not in statuses(application).values():
        assert process.poll() is None
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert errors in ("interrupted\n", "interrupted by SIGTERM\n")
    records = application.records()
    assert records["0"]["status"] == "completed"
    assert records["1"]["status"] == "interrupted"
    assert records["1"]["error"] == "interrupted"
    assert "3" not in records
    assert "accuracy 0.25" in output
    assert not any(at_work(record) for record in records.values())


def test_a_full_disk_ends_a_sweep_with_the_first_job_that_fails_on_it(application: Any) -> None:
    place = application.folder.parent / "stand_in" / "sitecustomize.py"
    full = """
import errno, tempfile
known = tempfile.TemporaryFile
def temporary_file(*args, **options):
    if "dir" in options and os.path.exists("full"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return known(*args, **options)
tempfile.TemporaryFile = temporary_file
"""
    place.write_text(place.read_text() + full)
    (application.folder / "full").touch()
    words = ("-m", "name=fine,fail,other", "hydra.sweep.dir=s")
    done = application.run(*words)
    assert done.returncode == 1
    assert "error[KG803]: `s` cannot be read or written: no space left on device" in done.stderr
    assert "the same command goes on with what is not done:" in done.stdout
    assert statuses(application) == {"0": "completed", "1": "failed"}
    (application.folder / "full").unlink()
    place.write_text(place.read_text().replace('name == "fail"', 'name == "never"'))
    assert application.run(*words).returncode == 0
    assert set(statuses(application).values()) == {"completed"}
