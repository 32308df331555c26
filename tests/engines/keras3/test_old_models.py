"""Old model files with their weights: what they predict is what their writers recorded."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
COMPARE = ROOT / "tests" / "engines" / "keras3" / "old_models" / "compare.py"

QUICK = (
    "k107_conv3d",  # channels first, kernels of Keras 1 on Theano
    "k208_lstm",  # the old hard_sigmoid
    "k231_nested",  # models inside models, one frozen
    "tfk_normalization",  # a SavedModel
    "tfjs_tfj_nested",
    "k3_branches",
)
"""One of each kind of file."""


ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "KERAS_BACKEND": "jax",
    "PYTHONWARNINGS": "",
}


def compared(*names: str) -> str:
    done = subprocess.run(
        [sys.executable, str(COMPARE), *names],
        env=os.environ | ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=3000,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    return done.stdout.splitlines()[-1]


@pytest.mark.slow
def test_a_file_of_each_kind_predicts_what_its_writer_recorded() -> None:
    count = len(QUICK)
    assert compared(*QUICK).startswith(f"{count} files, {count} read, {count} with equal predict")


@pytest.mark.slow
def test_all_old_models_predict_what_their_writers_recorded() -> None:
    found = re.match(r"(\d+) files, (\d+) read, (\d+) with equal", compared())
    assert found is not None
    assert int(found[1]) >= 60
    assert found[1] == found[2] == found[3]
