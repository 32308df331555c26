"""What jobs leave behind when they end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from test_process import job_of

from kerasgen.sweep.executors.leftovers import send_to_attempt
from kerasgen.sweep.executors.process import ProcessExecutor

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells enough")

LEAVES = """
import subprocess, sys
sleep = [sys.executable, "-c", "import time; time.sleep(300)"]
left = [subprocess.Popen(sleep), subprocess.Popen(sleep, start_new_session=True)]
open("left", "w").write(" ".join(str(each.pid) for each in left))
"""


def works(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def left(folder: Path) -> list[int]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if (folder / "left").exists() and (text := (folder / "left").read_text()):
            return [int(pid) for pid in text.split()]
        time.sleep(0.05)
    raise AssertionError("the job has left nothing")


def all_end(pids: list[int]) -> bool:
    until = time.monotonic() + 20
    while any(map(works, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(map(works, pids))


@pytest.mark.parametrize("ends", ["by itself", "killed"])
def test_what_a_job_leaves_behind_ends_with_it(
    ends: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leaves.py").write_text(
        LEAVES + ("" if ends == "by itself" else "import time; time.sleep(300)\n")
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    running = ProcessExecutor().start(job_of(tmp_path, "-m", "leaves"), None)
    found = left(tmp_path)
    if ends == "killed":
        running.kill()
    while running.poll() is None:
        time.sleep(0.01)
    running.let_go()
    assert all_end(found)


def test_all_that_a_start_of_a_job_has_brought_up_is_found(tmp_path: Path) -> None:
    script = "import os, time; os.setsid(); print(flush=True); time.sleep(300)"
    word = os.urandom(8).hex()
    environment = {**os.environ, "KERASGEN_ATTEMPT": word}
    with subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        send_to_attempt(f"{word}0", signal.SIGKILL)
        assert process.poll() is None
        send_to_attempt(word, signal.SIGKILL)
        assert process.wait(20) == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["warm", pytest.param("process", marks=pytest.mark.slow)])
def test_no_process_of_a_sweep_outlives_its_job(launcher: str, application: Any) -> None:
    stand_in = application.folder.parent / "stand_in" / "sitecustomize.py"
    leaves = 'if name == "fine":\n        exec(LEAVES)\n    if name == "kill"'
    text = stand_in.read_text().replace('if name == "kill"', leaves, 1)
    stand_in.write_text(f"LEAVES = {LEAVES!r}\n{text}")
    # The second job shows that the first one's were gone while the sweep went on.
    words = ("-m", "backend=jax", "name=fine,kill", f"hydra/launcher={launcher}")
    application.run(*words, "hydra.sweep.dir=s")
    assert all_end(left(application.folder))
