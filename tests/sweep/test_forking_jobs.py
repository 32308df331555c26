"""Jobs whose own code forks: the run is that of the process which was started for it.

`pytest -n 0 -m slow tests/sweep/test_forking_jobs.py`: a minute on two cores.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks nothing")

ROOT = Path(__file__).parents[2]

PARTS = """
import multiprocessing, os, sys, time
import keras
import kerasgen

@kerasgen.register
class Forks(keras.callbacks.Callback):
    def __init__(self, how="exits"):
        super().__init__()
        self.how = how

    def on_epoch_end(self, epoch, logs=None):
        if epoch:
            return
        if self.how == "pool":
            assert multiprocessing.get_context("fork").Pool(2).map(abs, [-1, 2]) == [1, 2]
            return
        if (pid := os.fork()) and self.how != "daemon":
            os.waitpid(pid, 0)
        elif pid == 0 and self.how == "raises":
            raise RuntimeError("in the fork")
        elif pid == 0 and self.how == "leaves":
            sys.exit(0)
        elif pid == 0 and self.how == "daemon":
            os.setsid()
            if os.fork() == 0:
                open(f"daemon-{os.getpid()}", "w").close()
                time.sleep(600)
            os._exit(0)
"""

HOW = ("goes_on", "raises", "leaves", "daemon", "pool")


def test_a_fork_closes_no_record(application: Any) -> None:
    stand_in = application.folder.parent / "stand_in" / "sitecustomize.py"
    forks = (
        'if name == "fine":\n        if (pid := os.fork()) == 0:\n'
        '            record.finish("failed", error="the fork")\n'
        '        os.waitpid(pid, 0)\n    if name == "kill"'
    )
    stand_in.write_text(stand_in.read_text().replace('if name == "kill"', forks, 1))
    done = application.run("-m", "name=fine,other", "hydra.sweep.dir=s")
    assert done.returncode == 0, done.stderr
    assert {record["status"] for record in application.records().values()} == {"completed"}


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["warm", "process"])
def test_jobs_that_fork_end_as_others_do_and_leave_nothing(launcher: str, tmp_path: Path) -> None:
    (tmp_path / "parts.py").write_text(PARTS)
    words = ["backend=torch", "fit.epochs=2", "fit.verbose=0", "tracking.plots=false"]
    words += [f"hydra/launcher={launcher}", "hydra.launcher.timeout=120", "hydra.sweep.dir=s"]
    words += ["fit.callbacks.own={class: Forks}", f"fit.callbacks.own.how={','.join(HOW)}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(tmp_path)}
    environment.pop("KERAS_BACKEND", None)
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "-m", "--trust", "parts", *words],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    records = [json.loads(file.read_text()) for file in sorted(tmp_path.glob("s/*/record.json"))]
    assert [record["status"] for record in records] == ["completed"] * len(HOW)
    assert len({json.dumps(record["metrics"]["test"]) for record in records}) == 1
    (daemon,) = tmp_path.glob("daemon-*")
    until = time.monotonic() + 20
    while Path(f"/proc/{daemon.name.partition('-')[2]}").exists():
        assert time.monotonic() < until
        time.sleep(0.1)
