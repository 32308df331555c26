import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kerasgen.sweep.executors import process as children
from kerasgen.sweep.executors.process import Child, end_children, wait_for_one


def child_of(script: str) -> Child:
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return Child(process=process)


def is_there(pid: int) -> bool:
    """Whether a process works: one that ended and was not waited for does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


DEAF = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(flush=True)
time.sleep(60)
"""


def test_a_child_that_heeds_no_signal_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    patience = ((signal.SIGINT, 0.1), (signal.SIGTERM, 0.1))
    monkeypatch.setattr(children, "_PATIENCE", patience)
    child = child_of(DEAF)
    end_children([child])
    assert child.process.returncode == -signal.SIGKILL


def test_a_child_is_first_asked_as_by_ctrl_c() -> None:
    child = child_of("import time; print(flush=True); time.sleep(60)")
    end_children([child])
    assert child.process.returncode == -signal.SIGINT


def test_a_child_that_has_ended_is_left_alone() -> None:
    child = child_of("print(flush=True)")
    assert wait_for_one([child]) == [child]
    end_children([child])
    assert child.process.returncode == 0


def test_waiting_for_nobody_ends_at_once() -> None:
    assert wait_for_one([]) == []


def test_a_child_sees_that_its_parent_has_ended(tmp_path: Path) -> None:
    script = "import os; print(flush=True); os.read(int(os.environ['KERASGEN_LIFELINE']), 1)"
    parent = (
        "import subprocess, sys, time; from kerasgen.sweep.executors import process as children\n"
        "children.MODULE = 'waiting'\n"
        "child = children.start_child([], None)\n"
        "print(child.process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    (tmp_path / "waiting.py").write_text(script)
    with subprocess.Popen(
        [sys.executable, "-c", parent],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.stdout.readline()
        assert is_there(child)
        process.kill()
    until = time.monotonic() + 30
    while is_there(child) and time.monotonic() < until:
        time.sleep(0.01)
    assert not is_there(child)


def test_a_file_in_the_working_directory_does_not_take_the_place_of_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "yaml.py").write_text("raise SystemExit(99)\n")
    monkeypatch.chdir(tmp_path)
    child = children.start_child(["--version"], tmp_path / "log" / "console.log")
    wait_for_one([child])
    assert child.process.returncode == 0
    assert (tmp_path / "log" / "console.log").read_text().startswith("Hydra")
