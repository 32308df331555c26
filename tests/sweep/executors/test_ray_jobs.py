"""The launcher `ray`: each slow test starts a Ray of its own, which takes some ten seconds.

pytest -n 0 -m 'slow or not slow' tests/sweep/executors/test_ray_jobs.py
"""

import importlib.util
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

BACKEND = "backend=jax"

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="the extra `ray` is not installed"
)


@pytest.fixture
def on_ray(application: Any) -> Any:
    return replace(application, launcher="ray")


def edited(application: Any, old: str, new: str) -> None:
    module = application.folder.parent / "stand_in" / "sitecustomize.py"
    assert old in module.read_text()
    module.write_text(module.read_text().replace(old, new, 1))


def until(condition: Any, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.1)


def told(application: Any) -> list[tuple[str, str | None]]:
    records = application.records()
    return [(record["status"], record.get("error")) for record in records.values()]


def left(application: Any) -> list[str]:
    """What works that has the environment of the application."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            environment = (folder / "environ").read_bytes().decode(errors="replace")
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(application.folder.parent) in environment and state not in "ZX":
            found.append(line)
    return found


def test_a_launcher_whose_package_is_not_there_names_its_extra(on_ray: Any) -> None:
    edited(on_ray, "import logging", "import sys; sys.modules['ray'] = None\nimport logging")
    done = on_ray.run("-m", "seed=0,1")
    assert done.returncode == 2
    assert "error[KG603]: the launcher needs the package `ray`" in done.stderr
    assert "help: pip install 'kerasgen[ray]'" in done.stderr
    assert on_ray.left_behind() == []


@needs_ray
def test_an_address_at_which_nobody_listens_is_told_at_once(on_ray: Any) -> None:
    done = on_ray.run("-m", "seed=0,1", "hydra.launcher.address=127.0.0.1:9")
    assert done.returncode == 2
    assert "error[KG636]: nobody answers at `127.0.0.1:9`" in done.stderr
    assert on_ray.left_behind() == []


def test_what_no_cluster_can_be_asked_for_is_refused(on_ray: Any) -> None:
    settings = ("cpus=-1", "gpus=1.5", "memory=lots", "wait=0", "resources={CPU: 2}")
    done = on_ray.run("-m", "seed=0,1", *(f"hydra.launcher.{text}" for text in settings))
    assert done.returncode == 2
    assert done.stderr.count("error[KG204]") == 5
    assert on_ray.records() == {}


@needs_ray
@pytest.mark.slow
def test_no_job_ends_the_others_and_nothing_is_left(on_ray: Any) -> None:
    done = on_ray.run("-m", BACKEND, "name=kill,exit,fail,refuse,fine", "hydra.sweep.dir=s")
    assert done.returncode == 1, done.stderr
    assert told(on_ray) == [
        ("failed", "killed by signal 9 (SIGKILL)"),
        ("failed", "exit code 1"),
        ("failed", "it failed"),
        ("rejected", "refused"),
        ("completed", None),
    ]
    assert "ran jax 0 ['jax', 'keras']" in (on_ray.folder / "s" / "4" / "console.log").read_text()
    assert done.stderr == ""
    assert sorted(path.name for path in (on_ray.folder / "s").glob(".*")) == []
    until(lambda: left(on_ray) == [], 30)


@needs_ray
@pytest.mark.slow
def test_what_no_node_has_is_told_before_a_job_starts(on_ray: Any) -> None:
    done = on_ray.run("-m", BACKEND, "seed=0,1", "hydra.launcher.resources={tape: 1}")
    assert done.returncode == 2
    assert "error[KG636]: no node has what a job takes (CPU 1, tape 1)" in done.stderr
    assert on_ray.left_behind() == []
    until(lambda: left(on_ray) == [], 30)


UNSHARED = """
import dataclasses
from kerasgen.sweep.executors.ray.node import NodePlace
_look = NodePlace.look
NodePlace.look = lambda self, *words: dataclasses.replace(_look(self, *words), shared=False)
"""


@needs_ray
@pytest.mark.slow
def test_the_folder_of_a_job_travels_where_no_folder_is_shared(on_ray: Any) -> None:
    edited(
        on_ray,
        "module.run_experiment = run_experiment",
        "module.run_experiment = run_experiment\n" + UNSHARED,
    )
    edited(on_ray, 'print("ran", ', 'print("in", folder, flush=True)\n        print("ran", ')
    done = on_ray.run("-m", BACKEND, "name=fine,fail,kill", "hydra.sweep.dir=s")
    assert done.returncode == 1, done.stderr
    assert told(on_ray) == [
        ("completed", None),
        ("failed", "it failed"),
        ("failed", "killed by signal 9 (SIGKILL)"),
    ]
    consoles = sorted((on_ray.folder / "s").glob("*/console.log"))
    assert ["kerasgen-job-" in console.read_text() for console in consoles] == [True] * 3
    assert "hydra.run.dir=s/0" in on_ray.records()["0"]["argv"]


@needs_ray
@pytest.mark.slow
def test_a_job_whose_worker_dies_is_started_again(on_ray: Any) -> None:
    once = 'if name == "sleep" and not os.path.exists("slept"):\n            open("slept", "w")'
    edited(on_ray, 'if name == "sleep":', once)
    running = on_ray.start("-m", BACKEND, "name=sleep,fine", "hydra.sweep.dir=s")
    until(lambda: (on_ray.folder / "slept").exists())
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
            environment = (folder / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if line.startswith(b"ray::NodePlace") and str(on_ray.folder.parent) in environment:
            signal.pidfd_send_signal(__import__("os").pidfd_open(int(folder.name)), signal.SIGKILL)
    output, errors = running.communicate(timeout=180)
    assert running.returncode == 0, output + errors
    assert "is started again: its place on the cluster was lost" in output
    assert told(on_ray) == [("completed", None)] * 2


@needs_ray
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_a_sweep_that_is_ended(on_ray: Any, number: int) -> None:
    running = on_ray.start("-m", BACKEND, "name=sleep,fine", "hydra.sweep.dir=s")
    console = on_ray.folder / "s" / "0" / "console.log"
    until(lambda: console.exists() and "sleeps" in console.read_text())
    running.send_signal(number)
    output, errors = running.communicate(timeout=60)
    assert running.returncode == (128 + number if number != signal.SIGKILL else -number)
    assert number == signal.SIGKILL or "the same command goes on with what is not done" in output
    assert "***" not in errors
    until(lambda: left(on_ray) == [])
    assert told(on_ray)[0][0] == "interrupted"


@needs_ray
@pytest.mark.slow
def test_limits_hold_on_a_cluster(on_ray: Any) -> None:
    done = on_ray.run("-m", BACKEND, "name=sleep,fine", "hydra.launcher.timeout=3")
    assert done.returncode == 1, done.stderr
    assert told(on_ray) == [
        ("failed", "ended by the sweep: it took longer than 3 s"),
        ("completed", None),
    ]
