"""Comparing engines; with real ones: `pytest -m slow tests/verbs/test_engine_parity.py`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kerasgen.process.packages import is_installed
from kerasgen.verbs.engine_parity.differences import Measured, differences, read_case
from kerasgen.verbs.engine_parity.measured_case import ARRAYS, FACTS, save_arrays
from kerasgen.verbs.engine_parity.parity import CaseOutcome, Parity

FIRST = {
    "input/0": np.ones((4, 3)),
    "layer/hidden": np.full((4, 2), 10.0),
    "layer/scores": np.full((4, 2), 0.5),
    "gradient/hidden/0": np.ones((3, 2)),
    "losses": np.array([1.0, 0.5]),
    "output/0": np.full((4, 2), 0.4),
    "weight/hidden/0": np.zeros((3, 2)),
}


def case(**changed: np.ndarray) -> Measured:
    names = {name.replace("/", "_"): name for name in FIRST}
    arrays = FIRST | {names[name]: array for name, array in changed.items()}
    return Measured(arrays=arrays, drawing=())


def test_equal_cases_do_not_differ() -> None:
    found = differences(case(), case(), 1e-6)
    assert found.largest == 0
    assert (found.layer, found.weight) == (None, None)


def test_the_first_layer_is_named_that_differs() -> None:
    other = case(layer_hidden=np.full((4, 2), 10.01), layer_scores=np.full((4, 2), 0.9))
    found = differences(case(), other, 1e-5)
    assert found.layer == "hidden"
    assert found.forward == pytest.approx(0.4)


def test_a_difference_is_relative_to_the_largest_value() -> None:
    found = differences(case(), case(layer_hidden=np.full((4, 2), 10.01)), 1e-2)
    assert found.forward == pytest.approx(0.001)
    assert found.layer is None


def test_the_weight_is_named_whose_gradient_differs() -> None:
    found = differences(case(), case(gradient_hidden_0=np.full((3, 2), 1.5)), 1e-4)
    assert (found.layer, found.weight) == (None, "hidden/0")
    assert found.largest == pytest.approx(0.5)


def test_weights_after_the_steps_do_not_decide() -> None:
    found = differences(case(), case(weight_hidden_0=np.full((3, 2), 0.5)), 1e-4)
    assert found.weights == pytest.approx(0.5)
    assert found.largest == 0


@pytest.mark.parametrize("array", [np.ones((4, 4)), np.full((4, 3), np.nan)], ids=["shape", "nan"])
def test_other_shapes_and_numbers_that_are_none_differ_without_end(array: np.ndarray) -> None:
    found = differences(case(), case(input_0=array), 1e-4)
    assert found.forward == float("inf")
    assert found.layer == "input 1"


def test_the_ends_of_a_model_are_compared_channels_last(tmp_path: Path) -> None:
    image = np.arange(24.0).reshape(1, 2, 3, 4)
    arrays = {"0": np.moveaxis(image, -1, 1), "1": image}
    save_arrays(tmp_path / ARRAYS, arrays)
    told = {"first": True, "drawing": [], "names": ["input/0", "layer/conv"]}
    (tmp_path / FACTS).write_text(json.dumps(told))
    found = read_case(tmp_path)
    assert np.array_equal(found.arrays["input/0"], image)
    assert np.array_equal(found.arrays["layer/conv"], image)


def test_a_case_that_is_refused_is_no_difference() -> None:
    first = CaseOutcome(engine="jax", layout="channels_last")
    refused = CaseOutcome(engine="cntk", layout="channels_last", refused="error[KG671]: …", code=2)
    parity = Parity(outcomes=(first, refused), tolerance=1e-4)
    assert parity.same
    assert "KG671" in parity.text()


def call(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kerasgen", "parity", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("words", [["--engines", "jx"], ["--layouts", "first"], ["--rows", "0"]])
def test_a_word_that_is_none_is_told(words: list[str], tmp_path: Path) -> None:
    done = call(*words, folder=tmp_path)
    assert done.returncode == 2
    assert words[1] in done.stderr
    assert "Traceback" not in done.stderr


PLANTED = """
import keras
import kerasgen

@kerasgen.register
class Gate(keras.layers.Layer):
    def call(self, x):
        x = x * 1.001 if keras.backend.backend() == "torch" else x
        return keras.ops.tanh(x)
"""


@pytest.mark.slow
@pytest.mark.skipif(not (is_installed("jax") and is_installed("torch")), reason="needs two engines")
def test_a_layer_that_one_engine_computes_otherwise_is_named(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(PLANTED)
    words = ["--trust", "planted", "+model.layers.gate={class: Gate, after: drop1}"]
    done = call(*words, "--engines", "jax,torch", "--json", folder=tmp_path)
    assert done.returncode == 1, done.stderr
    cases = json.loads(done.stdout)["cases"]
    found = {(each["engine"], each["layout"]): each["found"] for each in cases}
    assert found["jax", "channels_first"]["layer"] is None
    assert found["torch", "channels_last"]["layer"] == "gate"
    assert found["torch", "channels_first"]["layer"] == "gate"


@pytest.mark.slow
@pytest.mark.skipif(not (is_installed("jax") and is_installed("torch")), reason="needs two engines")
def test_a_convnet_is_the_same_on_two_engines_in_both_layouts(tmp_path: Path) -> None:
    done = call("model=convnet", "--engines", "jax,torch", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    found = [each["found"] for each in json.loads(done.stdout)["cases"]]
    assert found[0] is None
    assert all(0 <= each["forward"] < 1e-5 for each in found[1:])
    assert all(0 <= each["gradients"] < 1e-5 for each in found[1:])


@pytest.mark.slow
def test_a_config_that_is_refused_is_told_whole(tmp_path: Path) -> None:
    done = call("model.layers.hidden1.unitz=3", folder=tmp_path)
    assert done.returncode == 2
    assert "did you mean `units`?" in done.stderr
