"""What a process that forks jobs has imported before them, and what is left of it."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from kerasgen.ir.program import BackendDef
from kerasgen.sweep.executors import fork

ROOT = Path(__file__).parents[3]

SCRIPT = """
import json, os, sys
from kerasgen.sweep.executors import fork_server
settings = {"backend": "torch", "floatx": "float32", "epsilon": 1e-7}
settings["image_data_format"] = "channels_last"
assert fork_server._preload(settings) is None
before = set(sys.modules)
from kerasgen.sweep.hydra.command_line import main
words = ["backend=torch", "fit.epochs=1", "fit.verbose=0", "tracking.plots=false"]
sys.argv = ["run.py", *words, f"hydra.run.dir={sys.argv[1]}"]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
ours = {name for name in set(sys.modules) - before if name.startswith(("kerasgen.", "sklearn."))}
print("later", json.dumps(sorted(ours)))
"""


@pytest.mark.slow
def test_a_job_imports_next_to_nothing_itself(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "run")],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    later = json.loads(done.stdout.rpartition("later ")[2])
    assert [name for name in later if name.startswith("kerasgen.")] == []
    assert len(later) < 5, later


@pytest.mark.skipif(not fork.can_fork(), reason="this system watches no forks")
def test_a_server_that_is_killed_before_it_is_ready_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    settings = BackendDef(
        backend="torch", floatx="float32", epsilon=1e-7, image_data_format="channels_last"
    )
    kept: list[fork.ForkServer] = []
    server = fork._started(settings, set(), kept.append)
    assert kept == [server]
    until = time.monotonic() + 60
    while not list(tmp_path.glob("*/keras.json")):
        assert time.monotonic() < until
        time.sleep(0.02)
    server.process.kill()
    server.wait_ready()
    assert server.refused == "the process that would fork them has ended"
    server.close()
    assert list(tmp_path.iterdir()) == []
