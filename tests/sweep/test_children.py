import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kerasgen.sweep import children
from kerasgen.sweep.children import Child, Stopped, end_children, stoppable, wait_for_one


def child_of(script: str) -> Child:
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return Child(process=process)


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


def test_a_signal_that_ends_a_process_becomes_an_exception() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stopped) as caught, stoppable():
        signal.raise_signal(signal.SIGTERM)
    assert caught.value.number == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stoppable():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_file_in_the_working_directory_does_not_take_the_place_of_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "yaml.py").write_text("raise SystemExit(99)\n")
    monkeypatch.chdir(tmp_path)
    child = children.start_child(["--version"], tmp_path / "log" / "console.log")
    wait_for_one([child])
    assert child.process.returncode == 0
    assert (tmp_path / "log" / "console.log").read_text().startswith("Hydra")
