import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kerasgen.frontend.compose.frozen_config import FrozenConfig
from kerasgen.registry import NOBODY
from kerasgen.sweep.executors import executor
from kerasgen.sweep.executors.executor import end_jobs, wait_for_some
from kerasgen.sweep.executors.process import JobProcess, ProcessExecutor
from kerasgen.sweep.job_spec import JobSpec


def job_of(folder: Path, *argv: str) -> JobSpec:
    frozen = FrozenConfig(config={})
    return JobSpec(
        number=0, folder=folder, frozen=frozen, config_name="config", trust=NOBODY, argv=argv
    )


def child_of(script: str) -> JobProcess:
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return JobProcess(process=process)


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
    monkeypatch.setattr(executor, "_PATIENCE", patience)
    child = child_of(DEAF)
    end_jobs([child])
    assert child.process.returncode == -signal.SIGKILL


def test_a_child_is_first_asked_as_by_ctrl_c() -> None:
    child = child_of("import time; print(flush=True); time.sleep(60)")
    end_jobs([child])
    assert child.process.returncode == -signal.SIGINT


def test_a_child_that_has_ended_is_left_alone() -> None:
    child = child_of("print(flush=True)")
    assert wait_for_some([child]) == [child]
    end_jobs([child])
    assert child.process.returncode == 0


def test_waiting_for_nobody_ends_at_once() -> None:
    assert wait_for_some([]) == []


def test_waiting_ends_when_the_time_is_over() -> None:
    child = child_of("import time; print(flush=True); time.sleep(60)")
    begun = time.monotonic()
    assert wait_for_some([child], 0.1) == []
    assert time.monotonic() - begun < 30
    end_jobs([child])


PARENT = """
import time
from pathlib import Path
from test_process import job_of
from kerasgen.sweep.executors.process import ProcessExecutor

started = ProcessExecutor().start(job_of(Path.cwd(), "-m", "waiting"), None)
print(started.pid, flush=True)
time.sleep(60)
"""


def test_a_child_sees_that_its_parent_has_ended(tmp_path: Path) -> None:
    script = "import os; print(flush=True); os.read(int(os.environ['KERASGEN_LIFELINE']), 1)"
    (tmp_path / "waiting.py").write_text(script)
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(__file__).parent}"},
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
    log = tmp_path / "log" / "console.log"
    child = ProcessExecutor().start(job_of(tmp_path, "-c", "import yaml; print('read')"), log)
    assert wait_for_some([child]) == [child]
    assert child.poll() == 0
    child.let_go()
    assert log.read_text() == "read\n"
