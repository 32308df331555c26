"""What `data.augment` may say, and what becomes of labels beside it."""

from collections.abc import Callable
from typing import Any

import pytest

DIGITS = """\
source: {class: ScikitLearn, name: digits}
features: image
target: label
task: classification
facts: {classes: 10, shape: [8, 8, 1]}
"""

PAIR = """\
source: {class: ScikitLearn, name: digits}
features: {left: left, right: right}
target: label
task: classification
facts: {classes: 10, shape: {left: [8, 8, 1], right: [8, 8, 1]}}
"""

CHAIN = "layers: {flatten: Flatten, scores: {class: Dense, units: 10, activation: softmax}}"

JOINED = """\
inputs: {left: {}, right: {}}
layers:
  both: {class: Concatenate, from: [left, right]}
  flatten: Flatten
  scores: {class: Dense, units: 10, activation: softmax}
"""

Compile = Callable[..., Any]


@pytest.fixture
def compiled(compile_config: Compile, config_files: Callable[..., str]) -> Compile:
    def compile_it(augment: str, *more: str, data: str = DIGITS, model: str = CHAIN) -> Any:
        text = f"{data}augment: {augment}\n"
        folder = config_files({"model/own.yaml": model, "data/own.yaml": text})
        return compile_config(["model=own", "data=own", *more], folder)

    return compile_it


FAULTS = {
    "{x: AutoContrast}": ("KG536", "draws nothing at random"),
    "{x: {class: Dense, units: 1}}": ("KG536", "draws nothing at random"),
    "{x: {class: RandomCrop, height: 4, width: 4}}": (
        "KG536",
        "(None, 4, 4, 1) of (None, 8, 8, 1)",
    ),
    "{x: ops.relu}": ("KG536", "expected a layer that draws at random"),
    "{x: {class: RandomFlip, from: photo}}": ("KG537", "changes `photo`"),
    "{x: {class: GaussianNoise, stddev: -1}}": ("KG206", "refuses its arguments"),
    "{x: {class: RandomFlipp}}": ("KG201", "RandomFlipp"),
    "{x: {class: RandomFlip, axis: 1}}": ("KG202", "axis"),
}


@pytest.mark.parametrize("augment", FAULTS)
def test_what_is_no_augmentation_is_told(compiled: Compile, augment: str) -> None:
    code, words = FAULTS[augment]

    program, (found,) = compiled(augment)

    assert program is None
    assert (found.code, words in found.message) == (code, True)
    assert found.location.key.startswith("data.augment.x")


@pytest.mark.filterwarnings("ignore:Tensor.T is deprecated")  # Keras 3.15 on PyTorch
@pytest.mark.parametrize(
    "augment",
    [
        "{x: RandomFlip, y: {class: RandomRotation, factor: 0.1}}",
        "{x: {class: RandAugment, value_range: [0, 1]}}",
        "{x: {class: AugMix, value_range: [0, 1]}}",
        "{x: {class: GaussianNoise, stddev: 0.1}, y: {class: GaussianDropout, rate: 0.1}}",
    ],
)
def test_layers_that_draw_at_random_are_taken(compiled: Compile, augment: str) -> None:
    program, diagnostics = compiled(augment)

    assert diagnostics == []
    assert not program.outputs[0].encoded


@pytest.mark.parametrize("mixer", ["MixUp", "CutMix"])
def test_labels_that_are_mixed_become_one_hot(compiled: Compile, mixer: str) -> None:
    program, diagnostics = compiled(f"{{mix: {mixer}}}")

    assert diagnostics == []
    assert program.outputs[0].encoded
    assert program.encoded == {"scores": (mixer,)}
    assert program.objective.loss.cls == "CategoricalCrossentropy"


def test_a_loss_that_must_have_indices_cannot_stand_beside_mixed_labels(compiled: Compile) -> None:
    _, (found,) = compiled(
        "{mix: MixUp}", "compile.loss={class: CategoricalGeneralizedCrossEntropy}"
    )

    assert found.code == "KG510"


def test_one_of_several_inputs_must_be_named(compiled: Compile) -> None:
    _, (found,) = compiled("{x: RandomFlip}", data=PAIR, model=JOINED)

    assert (found.code, found.help) == (
        "KG537",
        "write `from: left`, or another of `left`, `right`",
    )
    program, diagnostics = compiled(
        "{x: {class: RandomFlip, from: right}}", data=PAIR, model=JOINED
    )
    assert (program is not None, diagnostics) == (True, [])


def test_samples_of_several_inputs_are_not_mixed(compiled: Compile) -> None:
    _, (found,) = compiled("{x: {class: MixUp, from: left}}", data=PAIR, model=JOINED)

    assert found.code == "KG537"


def test_an_autoencoder_has_no_labels_to_mix(compiled: Compile) -> None:
    data = DIGITS.replace("target: label\n", "").replace("classification", "autoencoding")
    model = "layers: {same: {class: Conv2D, filters: 1, kernel_size: 1}}"

    _, (found,) = compiled("{x: MixUp}", data=data.replace("classes: 10, ", ""), model=model)

    assert (found.code, "mixes labels" in found.message) == ("KG537", True)
