import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kerasgen.diagnostics import Sink
from kerasgen.record import provenance
from kerasgen.record.run_folder import close_abandoned, close_at_once, close_lost, open_record
from kerasgen.record.sign_of_life import leave_sign, read_sign, renew_sign
from kerasgen.record.write import Record, TakenOverError
from kerasgen.sweep.executors.sign import Sign
from kerasgen.sweep.lost_machines import LostMachines

ROOT = Path(__file__).parents[2]

HOSTS = """
import platform
import kerasgen.process.interruption
platform.node = lambda: os.environ["TEST_HOST"]
kerasgen.process.interruption.BEAT = 0.2
"""


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes this process one of a host, with a start of a job."""

    def change(host: str, attempt: str | None = None) -> None:
        monkeypatch.setattr(provenance.platform, "node", lambda: host)
        if attempt is None:
            monkeypatch.delenv(provenance.ATTEMPT, raising=False)
        else:
            monkeypatch.setenv(provenance.ATTEMPT, attempt)

    return change


def opened(folder: Path) -> Record:
    record = open_record(folder, Sink())
    record.start()
    return record


def test_a_job_that_gives_no_sign_is_taken_over_by_the_clock_of_who_looks(
    on: Any, tmp_path: Path
) -> None:
    on("far", "one")
    opened(tmp_path)
    on("here")
    clock = Clock()
    machines = LostMachines(silence=60.0, clock=clock)
    assert machines.taken_over(tmp_path) is None
    os.utime(tmp_path / ".at_work", (0, 0))  # Another machine's clock says nothing.
    clock.now += 59.0
    assert machines.taken_over(tmp_path) is None
    assert renew_sign(tmp_path, "one", 1)
    clock.now += 59.0
    assert machines.taken_over(tmp_path) is None
    clock.now += 59.0
    assert machines.taken_over(tmp_path) is None
    clock.now += 1.0
    assert machines.taken_over(tmp_path) == "`far` has given no sign of life for 60 s"
    fields = json.loads((tmp_path / "record.json").read_text())
    assert (fields["status"], fields["error"]) == (
        "interrupted",
        "`far` has given no sign of life for 60 s",
    )
    assert read_sign(tmp_path) is None


@pytest.mark.parametrize(
    ("host", "attempt"),
    [("far", None), ("here", "one")],
    ids=["started by itself", "on this machine"],
)
def test_a_run_that_gives_no_signs_and_one_that_can_be_asked_are_left(
    host: str, attempt: str | None, on: Any, tmp_path: Path
) -> None:
    on(host, attempt)
    opened(tmp_path)
    assert (read_sign(tmp_path) is not None) == (attempt is not None)
    on("here")
    clock = Clock()
    machines = LostMachines(silence=1.0, clock=clock)
    for _ in range(3):
        assert machines.taken_over(tmp_path) is None
        clock.now += 100.0


def test_the_sign_of_an_earlier_start_is_not_that_of_the_run(on: Any, tmp_path: Path) -> None:
    on("far", "two")
    opened(tmp_path)
    leave_sign(tmp_path, "one")
    on("here")
    clock = Clock()
    machines = LostMachines(silence=1.0, clock=clock)
    assert machines.taken_over(tmp_path) is None
    clock.now += 100.0
    assert machines.taken_over(tmp_path) is None


def test_who_comes_back_writes_over_nothing_and_is_told(on: Any, tmp_path: Path) -> None:
    on("far", "one")
    first = opened(tmp_path)
    sign = Sign(folder=tmp_path, attempt="one")
    assert sign.renew() is None
    assert close_lost(tmp_path, "no sign", "one")
    assert sign.renew() is None
    closed = (tmp_path / "record.json").read_bytes()
    for write in (
        lambda: first.update(x=1),
        lambda: first.write_text("summary.txt", "mine"),
        lambda: first.add_epoch({"loss": 1.0}),
        lambda: first.finish("completed"),
    ):
        with pytest.raises(TakenOverError, match="another process has taken the run over"):
            write()
    assert (tmp_path / "record.json").read_bytes() == closed
    on("here", "two")
    second = opened(tmp_path)
    draft = tmp_path / ".model.keras.0123456789ab.tmp"
    draft.touch()
    on("far", "one")
    with pytest.raises(TakenOverError, match="another process on `here` has taken the run over"):
        first.update(x=1)
    close_at_once(tmp_path, "interrupted", first)
    assert draft.exists()
    assert sign.renew() == "another machine has taken the run over"
    on("here", "two")
    second.finish("completed")
    assert sign.renew() == "another machine has taken the run over"
    assert json.loads((tmp_path / "record.json").read_text())["status"] == "completed"


def test_the_folds_of_a_job_are_freed_with_it(on: Any, tmp_path: Path) -> None:
    on("far", "one")
    opened(tmp_path)
    opened(tmp_path / "folds" / "0")
    on("here", "two")
    assert close_lost(tmp_path, "no sign", "one")
    assert open_record(tmp_path / "folds" / "0", Sink(), resumed=True)


def test_a_run_goes_on_writing_after_its_record_was_touched(on: Any, tmp_path: Path) -> None:
    on("here", "one")
    record = opened(tmp_path)
    os.utime(tmp_path / "record.json", (1, 1))
    record.update(x=1)
    record.finish("completed")
    assert not close_abandoned(tmp_path, "failed", "no")
    assert Sign(folder=tmp_path, attempt="one").renew() is None


@pytest.mark.parametrize("make", [lambda p: os.mkfifo(p), lambda p: p.symlink_to("victim")])
def test_a_strange_file_is_no_sign_and_is_left(make: Any, tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("mine")
    make(tmp_path / ".at_work")
    renew_sign(tmp_path, "mine", 1)
    assert (tmp_path / "victim").read_text() == "mine"
    leave_sign(tmp_path, "one")
    assert (tmp_path / "victim").read_text() == "mine"
    assert read_sign(tmp_path) == b"one 000000000000\n"


@pytest.fixture
def hosts(application: Any) -> Any:
    """Makes the application one of a host, on which jobs that sleep do so for a while."""
    place = Path(application.environment["PYTHONPATH"]) / "sitecustomize.py"
    nap = 'time.sleep(float(os.environ["NAP"]))'
    place.write_text(place.read_text().replace("time.sleep(60)", nap) + HOSTS)

    def of(host: str, nap: float) -> Any:
        own = {"TEST_HOST": host, "NAP": str(nap)}
        path = os.pathsep.join([application.environment["PYTHONPATH"], str(ROOT)])
        environment = {**application.environment, **own, "PYTHONPATH": path}
        return replace(application, environment=environment)

    return of


COMMAND = ("-m", "name=sleep,fine", "hydra.sweep.dir=s")


def at_sleep(process: Any, sweep: Path) -> None:
    """Waits until the first job is at work and has renewed its sign."""
    until = time.monotonic() + 60
    while (read_sign(sweep / "0") or b"").split(b" ")[-1:] <= [b"000000000000\n"]:
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)


def everybody(process: Any, number: signal.Signals) -> None:
    """Sends a signal to a sweep and to all that it has started."""
    found = [process.pid]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text(encoding="latin-1").rpartition(")")[2].split()
        except OSError:
            continue
        if fields[3] == str(process.pid) and int(folder.name) != process.pid:
            found.append(int(folder.name))
    for pid in found:
        os.kill(pid, number)


@pytest.mark.parametrize("launcher", ["process", "warm"])
@pytest.mark.slow
def test_the_job_of_a_machine_that_has_died_is_taken_over(launcher: str, hosts: Any) -> None:
    own = (*COMMAND, "backend=jax", f"hydra/launcher={launcher}")
    one, two = hosts("one", 60), hosts("two", 0)
    first = one.start(*own)
    at_sleep(first, one.folder / "s")
    everybody(first, signal.SIGKILL)
    first.communicate()
    done = two.run(*own)
    assert done.returncode == 0, done.stderr
    assert "is taken over: `one` has given no sign of life for 2.4 s" in done.stdout
    assert {r["status"] for r in two.records().values()} == {"completed"}
    assert {r["process"]["host"] for r in two.records().values()} == {"two"}
    assert not list(two.folder.rglob(".at_work"))


@pytest.mark.slow
def test_the_setting_of_a_machine_that_has_died_is_gone_on_with(hosts: Any) -> None:
    optuna = pytest.importorskip("optuna", reason="the extra `search` is not installed")
    words = ("-m", "hydra/sweeper=optuna", "hydra.sweeper.objective=test_loss", "name=sleep")
    words += ("optimizer.learning_rate=interval(1e-4,1e-1)", "hydra.sweeper.n_trials=3")
    words += ("hydra.sweep.dir=s",)
    one, two = hosts("one", 60), hosts("two", 0)
    for host in (one, two):
        host.environment["PYTHONPATH"] += f"{os.pathsep}{Path(optuna.__file__).parents[1]}"
    first = one.start(*words)
    at_sleep(first, one.folder / "s")
    everybody(first, signal.SIGKILL)
    first.communicate()
    done = two.run(*words)
    assert done.returncode == 0, done.stderr
    assert "is taken over: `one` has given no sign of life for 2.4 s" in done.stdout
    assert "3 settings: 3 completed" in done.stdout
    assert {r["process"]["host"] for r in two.records().values()} == {"two"}
    again = two.run(*words)
    assert "3 settings: 3 completed" in again.stdout
    assert not list(two.folder.rglob(".at_work"))


@pytest.mark.slow
def test_a_machine_that_comes_back_leaves_its_job_to_who_has_it(hosts: Any) -> None:
    one, two = hosts("one", 60), hosts("two", 0)
    first = one.start(*COMMAND)
    at_sleep(first, one.folder / "s")
    everybody(first, signal.SIGSTOP)
    assert two.run(*COMMAND).returncode == 0
    left = {path: path.read_bytes() for path in one.folder.rglob("*") if path.is_file()}
    everybody(first, signal.SIGCONT)
    output, errors = first.communicate(timeout=60)
    assert first.returncode == 0, errors
    assert "Traceback" not in errors
    assert "completed earlier: s/0" in output
    changed = [p for p, content in left.items() if p.read_bytes() != content]
    assert changed in ([], [one.folder / "s" / "sweep.json"])


@pytest.mark.slow
def test_a_job_whose_machine_gives_signs_is_waited_for(hosts: Any) -> None:
    one, two = hosts("one", 5), hosts("two", 0)
    first = one.start(*COMMAND)
    at_sleep(first, one.folder / "s")
    done = two.run(*COMMAND)
    assert first.wait(60) == 0
    first.communicate()
    assert done.returncode == 0, done.stderr
    assert "another process is at it" in done.stdout
    assert "taken over" not in done.stdout
    assert two.records()["0"]["process"]["host"] == "one"
