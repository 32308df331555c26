"""The launcher `warm`: jobs that are forked from a process which has imported their engine."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kerasgen.sweep.executors.fork import can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="this system watches no forks")

ROOT = Path(__file__).parents[2]
BACKEND = "backend=jax"  # the one that is imported fastest


@pytest.fixture
def warm(application: Any) -> Any:
    return replace(application, launcher="warm")


def processes(text: str, group: str = "") -> dict[int, str]:
    """Processes whose command line has a text, with their command line."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (folder / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if text in line and group in environment:
            found[int(folder.name)] = line
    return found


def until(condition: Any, seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


def test_jobs_have_their_engine_before_they_begin_and_none_ends_the_sweep(warm: Any) -> None:
    done = warm.run("-m", BACKEND, "name=kill,exit,raise,fail,refuse,fine", "hydra.sweep.dir=s")
    assert done.returncode == 1
    records = warm.records()
    assert [(r["status"], r.get("error")) for r in records.values()] == [
        ("failed", "killed by signal 9 (SIGKILL)"),
        ("failed", "exit code 1"),
        ("failed", "exit code 1"),
        ("failed", "it failed"),
        ("rejected", "refused"),
        ("completed", None),
    ]
    assert re.findall(r"^ran jax 0 (.*)", done.stdout, re.M) == ["['jax', 'keras']"] * 5
    assert len({record["process"]["pid"] for record in records.values()}) == 6
    assert "note:" not in done.stderr
    assert processes("fork_server", str(warm.folder.parent)) == {}


@pytest.mark.slow
def test_a_job_that_takes_too_long_is_a_failed_one(warm: Any) -> None:
    done = warm.run("-m", BACKEND, "name=sleep,fine", "hydra.launcher.timeout=1")
    assert done.returncode == 1
    told = [(record["status"], record.get("error")) for record in warm.records().values()]
    assert told == [
        ("failed", "ended by the sweep: it took longer than 1 s"),
        ("completed", None),
    ]


@pytest.mark.slow
def test_a_job_that_takes_too_much_memory_is_a_failed_one(warm: Any) -> None:
    done = warm.run("-m", BACKEND, "name=sleep", "seed=0,1", "hydra.launcher.memory=1MB")
    assert done.returncode == 1
    errors = {record.get("error") for record in warm.records().values()}
    assert errors == {"ended by the sweep: it took more than 1 MiB"}


@pytest.mark.slow
def test_no_job_follows_a_failed_one_where_that_is_wished(warm: Any) -> None:
    wished = ("hydra.launcher.fail_fast=true", "hydra/launcher=process")
    done = warm.run("-m", BACKEND, "name=fine,fail,other", *wished)
    assert done.returncode == 1
    assert [record["status"] for record in warm.records().values()] == ["completed", "failed"]


@pytest.mark.slow
def test_jobs_that_run_at_a_time_have_cores_of_their_own(warm: Any) -> None:
    module = warm.folder.parent / "stand_in" / "sitecustomize.py"
    asked = 'print("ran", sorted(os.sched_getaffinity(0)), '
    module.write_text(module.read_text().replace('print("ran", ', asked, 1))
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        pytest.skip("there is one core alone")
    for launcher in ("warm", "process"):
        folder = f"hydra.sweep.dir={launcher}"
        words = ("-m", BACKEND, "seed=0,1", "hydra.launcher.n_jobs=2")
        assert warm.run(*words, f"hydra/launcher={launcher}", folder).returncode == 0
        logs = sorted((warm.folder / launcher).glob("*/console.log"))
        shares = [re.findall(r"ran (\[.*?\])", log.read_text())[0] for log in logs]
        half = len(cores) // 2
        assert [json.loads(share) for share in shares] == [cores[:half], cores[half : 2 * half]]


@pytest.mark.slow
def test_jobs_are_started_again_when_the_process_that_forks_them_dies(warm: Any) -> None:
    module = warm.folder.parent / "stand_in" / "sitecustomize.py"
    # It sleeps at the first time alone.
    once = 'if name == "sleep" and not os.path.exists("slept"):\n            open("slept", "w")'
    module.write_text(module.read_text().replace('if name == "sleep":', once, 1))
    places = warm.folder.parent / "tmp"
    places.mkdir()
    warm = replace(warm, environment={**warm.environment, "TMPDIR": str(places)})
    running = warm.start("-m", BACKEND, "name=fine,sleep,other", "hydra.sweep.dir=s")
    until(lambda: (warm.folder / "slept").exists())
    (server,) = [
        pid
        for pid in processes("fork_server", str(warm.folder.parent))
        if Path(f"/proc/{pid}/stat").read_text().split()[3] == str(running.pid)
    ]
    os.kill(server, signal.SIGKILL)
    output, errors = running.communicate(timeout=120)
    assert running.returncode == 0, output + errors
    assert [record["status"] for record in warm.records().values()] == ["completed"] * 3
    assert "the process that forks jobs has ended, and another takes its place" in errors
    assert list(places.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_a_sweep_that_is_ended(warm: Any, number: int) -> None:
    running = warm.start("-m", BACKEND, "name=sleep,fine", "hydra.sweep.dir=s")
    assert running.stdout is not None
    while "sleeps" not in running.stdout.readline():
        pass
    running.send_signal(number)
    running.communicate(timeout=60)
    until(lambda: not processes("fork_server", str(warm.folder.parent)))
    (record,) = warm.records().values()
    assert record["status"] == "interrupted"


@pytest.mark.slow
def test_a_process_with_several_threads_does_not_fork(warm: Any) -> None:
    module = warm.folder.parent / "stand_in" / "sitecustomize.py"
    thread = "\nimport threading\nif os.environ.get('KERASGEN_FORK_SERVER'):\n"
    thread += "    threading.Thread(target=time.sleep, args=(30,), daemon=True).start()\n"
    module.write_text(module.read_text() + thread)
    done = warm.run("-m", BACKEND, "seed=0,1", "hydra.sweep.dir=s")
    assert done.returncode == 0
    told = "note: jobs are not forked, each starts by itself: its imports have made 2 threads"
    assert done.stderr.count(told) == 1
    assert [record["status"] for record in warm.records().values()] == ["completed"] * 2


@pytest.mark.parametrize(
    "setting", ["n_jobs=0", "n_jobs=some", "timeout=-1", "memory=lots", "fail_fast=3"]
)
def test_a_setting_that_has_no_meaning_is_refused(warm: Any, setting: str) -> None:
    done = warm.run("-m", "seed=0,1", f"hydra.launcher.{setting}")
    assert done.returncode == 2
    assert "error[KG204]" in done.stderr
    assert warm.records() == {}


def train(folder: Path, *words: str) -> None:
    command = [sys.executable, str(ROOT / "run.py"), *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr


def kept_weights(run: Path) -> dict[str, Any]:
    """All arrays in the model file of a run, by their names in it."""
    found: dict[str, Any] = {}

    def take(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with zipfile.ZipFile(run / "model.keras") as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content) as file:
        file.visititems(take)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_a_job_has_the_bits_of_the_same_run_alone(backend: str, tmp_path: Path) -> None:
    words = (f"backend={backend}", "model=convnet", "fit.epochs=2", "tracking.plots=false")
    train(tmp_path, "-m", *words, "seed=3,4", "hydra.sweep.dir=sweep")
    train(tmp_path, *words, "seed=4", "hydra.run.dir=alone")
    job, alone = kept_weights(tmp_path / "sweep" / "1"), kept_weights(tmp_path / "alone")
    assert len(job) > 4
    assert job.keys() == alone.keys()
    assert [name for name in job if not np.array_equal(job[name], alone[name])] == []


@pytest.mark.slow
def test_a_job_that_ends_the_process_that_forks_jobs_ends_no_other_job(warm: Any) -> None:
    module = warm.folder.parent / "stand_in" / "sitecustomize.py"
    ends = 'if name == "ends":\n        time.sleep(1)\n        os.kill(os.getppid(), 9)\n        '
    text = module.read_text().replace(
        'if name == "exit":', f'{ends}time.sleep(5)\n    if name == "exit":', 1
    )
    module.write_text(
        text.replace('print("sleeps", flush=True)\n            time.sleep(60)', "time.sleep(3)")
    )
    done = warm.run("-m", BACKEND, "name=ends,sleep,fine,other", "hydra.launcher.n_jobs=2")
    statuses = [record["status"] for record in warm.records().values()]
    assert statuses[1:] == ["completed"] * 3, done.stdout
    assert "is started again: the process that had forked it has ended" in done.stdout
