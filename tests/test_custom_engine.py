"""The border of the engine: one of a few lines compiles programs, without Keras in its process."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("shape_engine.py")


def test_an_engine_that_only_answers_shapes_compiles_a_program_without_keras() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "mlp", "convnet"],
        cwd=SCRIPT.parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shapes = json.loads(done.stdout)
    assert shapes["mlp"] == {
        "input": [None, 8, 8, 1],
        "flatten": [None, 64],
        "hidden1": [None, 128],
        "drop1": [None, 128],
        "hidden2": [None, 64],
        "scores": [None, 10],
    }
    assert shapes["convnet"]["pool2"] == [None, 2, 2, 64]
    assert shapes["convnet"]["scores"] == [None, 10]
