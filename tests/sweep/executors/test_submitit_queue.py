"""The launchers `submitit_local` and `submitit_slurm`; SLURM itself is a stand-in."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import fake_slurm
import pytest

pytest.importorskip("submitit", reason="the extra `submitit` is not installed")

BACKEND = "backend=jax"


@pytest.fixture
def slurm(application: Any) -> Any:
    """The application on a machine with SLURM, and the folder in which that keeps its jobs."""
    variables = fake_slurm.install(application.folder.parent / "slurm")
    environment = {**application.environment, **variables}
    return replace(application, environment=environment, launcher="submitit_slurm")


def jobs_of(application: Any) -> Path:
    return Path(application.environment["FAKE_SLURM"])


def sleeping_once(application: Any) -> None:
    """Lets jobs called `sleep` do so at the first time alone."""
    module = application.folder.parent / "stand_in" / "sitecustomize.py"
    once = 'if name == "sleep" and not os.path.exists("slept"):\n            open("slept", "w")'
    module.write_text(module.read_text().replace('if name == "sleep":', once, 1))


def until(condition: Any, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.1)


def told(application: Any) -> list[tuple[str, str | None]]:
    records = application.records()
    return [(record["status"], record.get("error")) for record in records.values()]


@pytest.mark.slow
def test_jobs_go_through_the_queue_with_what_is_asked_of_it(slurm: Any) -> None:
    asked = ["partition=gpu", "account=lab", "timeout_min=30", "mem_gb=2.5", "cpus_per_task=3"]
    asked += ["additional_parameters={nice: 7}", "setup=['export OF_THE_SETUP=1']", "name=digits"]
    words = ("-m", BACKEND, "name=fine,fail,refuse", "hydra.sweep.dir=s")
    done = slurm.run(*words, *(f"hydra.launcher.{text}" for text in asked))
    assert done.returncode == 1, done.stderr
    assert told(slurm) == [("completed", None), ("failed", "it failed"), ("rejected", "refused")]
    script = (jobs_of(slurm) / "100.sh").read_text()
    lines = ["--account=lab", "--cpus-per-task=3", "--job-name=digits", "--mem=2560MB", "--nice=7"]
    lines += ["--nodes=1", "--ntasks-per-node=1", "--partition=gpu", "--time=30"]
    assert [line for line in lines if f"#SBATCH {line}\n" not in script] == []
    assert "#SBATCH --signal=USR2@120\n" in script
    assert "\nexport OF_THE_SETUP=1\n" in script
    assert "jobs of a sweep" not in done.stderr


@pytest.mark.slow
def test_a_job_that_makes_room_goes_on_when_its_turn_comes_again(slurm: Any) -> None:
    sleeping_once(slurm)
    running = slurm.start("-m", BACKEND, "name=sleep,fine", "hydra.sweep.dir=s")
    until(lambda: (slurm.folder / "slept").exists())
    os.kill(int((jobs_of(slurm) / "100.pid").read_text()), signal.SIGUSR2)
    output, errors = running.communicate(timeout=180)
    assert running.returncode == 0, output + errors
    assert told(slurm) == [("completed", None)] * 2
    console = (slurm.folder / "s" / "0" / "console.log").read_text()
    assert console == "sleeps\n"


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["submitit_slurm", "submitit_local"])
def test_jobs_leave_the_queue_with_their_sweep(launcher: str, slurm: Any) -> None:
    words = ("name=sleep,fine", "hydra.sweep.dir=s", f"hydra/launcher={launcher}")
    running = slurm.start("-m", BACKEND, *words)
    console = slurm.folder / "s" / "0" / "console.log"
    until(lambda: console.exists() and "sleeps" in console.read_text())
    running.send_signal(signal.SIGINT)
    output, errors = running.communicate(timeout=120)
    assert running.returncode == 130, output + errors
    assert told(slurm)[0][0] == "interrupted"
    if launcher == "submitit_slurm":
        assert "CANCELLED" in (jobs_of(slurm) / "100.state").read_text()


@pytest.mark.slow
def test_a_job_that_first_hears_that_it_is_to_end_makes_room_all_the_same(slurm: Any) -> None:
    sleeping_once(slurm)
    running = slurm.start("-m", BACKEND, "name=sleep,fine", "hydra.sweep.dir=s")
    until(lambda: (slurm.folder / "slept").exists())
    task = int((jobs_of(slurm) / "100.pid").read_text())
    for pid in fake_slurm.descendants(task):
        os.kill(pid, signal.SIGTERM)
    time.sleep(3)
    os.kill(task, signal.SIGUSR2)
    output, errors = running.communicate(timeout=180)
    assert running.returncode == 0, output + errors
    assert told(slurm) == [("completed", None)] * 2


@pytest.mark.slow
@pytest.mark.parametrize("state", ["NODE_FAIL", "OUT_OF_MEMORY"])
def test_a_job_whose_node_fails_runs_again_and_one_without_memory_has_failed(
    state: str, slurm: Any
) -> None:
    sleeping_once(slurm)
    running = slurm.start("-m", BACKEND, "name=sleep", "seed=0,1", "hydra.sweep.dir=s")
    until(lambda: (slurm.folder / "slept").exists())
    (jobs_of(slurm) / "100.state").write_text(state)
    number = int((jobs_of(slurm) / "100.pid").read_text())
    for pid in reversed(fake_slurm.descendants(number)):
        os.kill(pid, signal.SIGKILL)
    output, errors = running.communicate(timeout=180)
    if state == "NODE_FAIL":
        assert running.returncode == 0, output + errors
        assert told(slurm) == [("completed", None)] * 2
        assert "is started again: the queue has ended it (node_fail)" in output
    else:
        assert running.returncode == 1
        reason = "it took more memory than the cluster gave it (`mem_gb`)"
        assert told(slurm) == [("failed", reason), ("completed", None)]


def test_where_there_is_no_queue_no_job_starts(application: Any) -> None:
    done = application.run("-m", "seed=0,1", "hydra/launcher=submitit_slurm")
    assert done.returncode == 2
    assert "error[KG636]: there is no SLURM on this machine: `srun` is not on PATH" in done.stderr
    assert application.left_behind() == []


def test_what_no_job_of_a_sweep_can_have_is_refused(slurm: Any) -> None:
    settings = ("nodes=2", "tasks_per_node=4", "timeout_min=soon", "mem_gb=-1", "gpus_per_node=a")
    done = slurm.run("-m", "seed=0,1", *(f"hydra.launcher.{text}" for text in settings))
    assert done.returncode == 2
    assert done.stderr.count("error[KG204]") == 5
    assert slurm.records() == {}


@pytest.mark.slow
def test_a_queue_that_refuses_a_job_is_heard(slurm: Any) -> None:
    program = Path(slurm.environment["FAKE_SLURM"]).parent / "bin" / "sbatch"
    program.write_text(
        "#!/bin/sh\necho 'sbatch: error: invalid partition specified: gpo' >&2\nexit 1"
    )
    done = slurm.run("-m", BACKEND, "seed=0,1", "hydra.sweep.dir=s")
    assert done.returncode == 1
    assert "cannot be started" in done.stdout
    assert "invalid partition specified: gpo" in done.stdout


@pytest.mark.slow
def test_jobs_run_on_this_machine_as_in_a_queue(application: Any) -> None:
    words = ("-m", BACKEND, "name=kill,fine", "hydra.sweep.dir=s", "hydra.launcher.n_jobs=2")
    done = application.run(*words, "hydra/launcher=submitit_local")
    assert done.returncode == 1, done.stderr
    assert told(application) == [("failed", "killed by signal 9 (SIGKILL)"), ("completed", None)]
    assert "note:" not in done.stderr
