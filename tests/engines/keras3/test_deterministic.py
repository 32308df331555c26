"""Runs that are to be the same again, bit for bit: `backend.deterministic=true`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kerasgen.process.packages import is_installed
from kerasgen.verbs.verification.results import compare_results

RUN = Path(__file__).resolve().parents[3] / "run.py"


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "tensorflow", "torch"])
def test_a_deterministic_run_is_the_same_again_on_each_backend(
    tmp_path: Path, backend: str
) -> None:
    if not is_installed(backend):
        pytest.skip(f"{backend} is not installed")
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    for name in ("first", "again"):
        said = [f"backend={backend}", "model=convnet", "backend.deterministic=true"]
        said += ["fit.epochs=2", "tracking.plots=false", f"hydra.run.dir={tmp_path / name}"]
        done = subprocess.run(
            [sys.executable, str(RUN), *said],
            capture_output=True,
            text=True,
            env=environment,
            cwd=tmp_path,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    parts = compare_results(tmp_path / "first", tmp_path / "again")
    assert [part.name for part in parts if part.identical] == [
        "weights",
        "history",
        "metrics",
        "predictions",
    ]
