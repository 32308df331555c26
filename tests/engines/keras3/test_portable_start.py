"""Initial weights that every engine draws alike, in the models of configs."""

# ruff: noqa: E501 - one override a line

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from kerasgen.process.packages import is_installed

Compile = Callable[..., tuple[Any, list[Any]]]
Begin = Callable[..., Mapping[str, str]]

HASHES = Path(__file__).with_name("portable_hashes.py")
ROOT = Path(__file__).resolve().parents[3]

PORTABLE = "backend.initial_weights=portable"
NESTED = """\
layers:
  flat: Flatten
  enter: {class: Dense, units: 5}
  inner:
    class: Sequential
    layers:
      one: {class: Dense, units: 5}
      two: {class: Dense, units: 5}
  cut: {class: Dropout, rate: 0.5}
  again: {is: inner, from: cut}
  scores: {class: Dense, units: 10, activation: softmax}
"""


@pytest.fixture
def begin(compile_config: Compile, keras3: Any, catalog: Any) -> Begin:
    """Makes the model of a config; layer to the hash of its first weights."""

    def begun(*overrides: str, conf: str | None = None) -> Mapping[str, str]:
        compiled, told = compile_config([PORTABLE, *overrides], conf)
        assert compiled is not None, told
        drawn = keras3.realize(compiled, catalog).initialize()
        assert drawn.own == ()
        return drawn.layers  # type: ignore[no-any-return]

    return begun


def test_the_weights_of_a_config_are_the_same_on_whichever_engine(begin: Begin) -> None:
    assert begin("model=convnet") == {
        "conv1": "0489ef38f254cb0c",
        "conv2": "6ce39312bfe38aa4",
        "scores": "1ca9b1f4093c91de",
    }


def test_both_layouts_begin_with_the_same_weights(begin: Begin) -> None:
    first = begin("model=convnet", "backend.image_data_format=channels_first")
    assert first == begin("model=convnet")


def test_a_layer_that_is_inserted_changes_no_other(begin: Begin) -> None:
    before = begin("model=convnet")
    after = begin(
        "model=convnet",
        "+model.layers.extra={class: Conv2D, filters: 32, kernel_size: 3, padding: same, after: conv1}",
    )
    assert {name: after[name] for name in before} == before


def test_another_seed_gives_other_weights(begin: Begin) -> None:
    one, other = begin("model=convnet"), begin("model=convnet", "seed=1")
    assert not set(one.values()) & set(other.values())


def test_layers_of_inner_models_go_by_their_names(
    begin: Begin, config_files: Callable[..., str]
) -> None:
    found = begin("model=nested", conf=config_files({"model/nested.yaml": NESTED}))
    assert list(found) == ["enter", "inner.one", "inner.two", "scores"]
    assert len(set(found.values())) == 4


def test_what_code_of_ones_own_draws_is_told(compile_config: Compile, realize: Any) -> None:
    import keras

    from kerasgen.engines.keras3.portable_start import draw_portably

    class Halves(keras.initializers.Initializer):  # type: ignore[misc]
        def __call__(self, shape: Any, dtype: Any = None) -> Any:
            return keras.ops.full(shape, 0.5, dtype)

    class Narrow(keras.initializers.RandomNormal):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(stddev=1e-3)

    compiled, _ = compile_config(["model=convnet"])
    model = realize(compiled)
    names = {tuple(weight.path.split("/")[-2:]): weight for weight in model.weights}
    names["conv1", "kernel"]._initializer = Halves()
    names["conv2", "kernel"]._initializer = Narrow()
    names["scores", "kernel"]._initializer = lambda shape, dtype: keras.ops.zeros(shape, dtype)
    drawn = draw_portably(model, 0, ())
    assert drawn.own == ("conv1/kernel", "scores/kernel")


def hashes_in_a_process(backend: str, folder: Path) -> Any:
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": f"{ROOT}:{ROOT}/tests"}
    command = [sys.executable, str(HASHES)]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment, check=False
    )  # some layers are made of files, which are written there
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_every_layer_of_keras_begins_with_the_same_weights_on_each_backend(
    tmp_path: Path,
) -> None:
    backends = [name for name in ("jax", "torch", "tensorflow") if is_installed(name)]
    if len(backends) < 2:
        pytest.skip("one backend alone is installed")
    first, *others = (hashes_in_a_process(backend, tmp_path) for backend in backends)
    assert len([name for name, found in first.items() if found]) > 45
    for other in others:
        for name in first.keys() & other.keys():
            assert first[name] == other[name], name
