"""What a factory's entry says under `trainable`, against the same written for Keras by hand."""

from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pytest

from kerasgen.diagnostics import CompileError

MODEL = """
layers:
  base:
    class: applications.MobileNet
    weights: null
    alpha: 0.25
    input_shape: [32, 32, 3]
    include_top: false
    pooling: avg
    trainable: {}
    with: {{training: false}}
  scores: {{class: Dense, units: 2, activation: softmax}}
"""


def by_hand(trained: Any) -> Any:
    """The same model, as the guide to transfer learning has it."""
    import keras

    base = keras.applications.MobileNet(
        weights=None, alpha=0.25, input_shape=(32, 32, 3), include_top=False, pooling="avg"
    )
    for layer in base.layers:
        layer.trainable = trained(layer)
    inputs = keras.Input((32, 32, 3))
    scores = keras.layers.Dense(2, activation="softmax")(base(inputs, training=False))
    return keras.Model(inputs, scores)


def one_step(model: Any) -> tuple[set[str], set[str]]:
    """The paths of all weights, and of those that one step of training has changed."""
    before = {weight.path: np.array(weight.value) for weight in model.weights}
    pictures = np.random.default_rng(0).normal(size=(4, 32, 32, 3)).astype("float32")
    model.train_on_batch(pictures, np.array([1, 1, 0, 1]))
    after = {weight.path: np.array(weight.value) for weight in model.weights}
    return set(before), {path for path in before if not np.array_equal(before[path], after[path])}


CASES = {
    "false": lambda layer: False,
    "true": lambda layer: True,
    "[conv_pw_13*]": lambda layer: fnmatchcase(layer.name, "conv_pw_13*"),
    "[Conv2D, keras.layers.DepthwiseConv2D]": lambda layer: (
        type(layer).__name__ in ("Conv2D", "DepthwiseConv2D")
    ),
    "{BatchNormalization: false}": lambda layer: type(layer).__name__ != "BatchNormalization",
    "{'*': false, 'conv_*': true, 'conv_dw*': false}": lambda layer: (
        fnmatchcase(layer.name, "conv_*") and not fnmatchcase(layer.name, "conv_dw*")
    ),
}


@pytest.mark.parametrize("written", CASES)
def test_the_weights_that_are_trained_are_those_of_a_model_by_hand(
    written: str, build_model: Any
) -> None:
    built = build_model(MODEL.format(written), {"input": [32, 32, 3]})
    wanted = by_hand(CASES[written])
    shapes = [[tuple(w.shape) for w in m.trainable_weights] for m in (built.model, wanted)]
    assert shapes[0] == shapes[1]
    assert built.cost.trainable == sum(int(np.prod(shape)) for shape in shapes[1])
    assert built.cost.parameters == wanted.count_params()


def test_a_step_of_training_leaves_frozen_weights_and_statistics_as_they_were(
    build_model: Any,
) -> None:
    model = build_model(MODEL.format("[conv_pw_13*]"), {"input": [32, 32, 3]}).model
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    before, changed = one_step(model)
    trained = {path for path in before if path.startswith(("conv_pw_13", "scores"))}
    assert changed <= trained
    assert {"scores/bias", "conv_pw_13_bn/beta"} <= changed


def test_a_frozen_factory_keeps_every_weight_and_statistic(build_model: Any) -> None:
    model = build_model(MODEL.format("false"), {"input": [32, 32, 3]}).model
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    _, changed = one_step(model)
    assert "scores/bias" in changed
    assert changed <= {"scores/bias", "scores/kernel"}


def test_patterns_that_mean_no_layer_are_told_where_they_stand(build_model: Any) -> None:
    with pytest.raises(CompileError) as caught:
        build_model(MODEL.format("[conv_pw_13, Con2D, nope*]"), {"input": [32, 32, 3]})
    found = caught.value.diagnostics
    assert [(one.code, one.location.key) for one in found if one.location] == [
        ("KG110", "model.layers.base.trainable.1"),
        ("KG110", "model.layers.base.trainable.2"),
    ]
    assert found[0].help == "did you mean `Conv2D`?"


@pytest.mark.parametrize(
    "written", ["3", "conv_1", "[]", "[3]", "{a: 1}", "{}", "null", "{class: Dense, units: 1}"]
)
def test_what_is_no_choice_of_layers_is_refused(written: str, build_model: Any) -> None:
    with pytest.raises(CompileError) as caught:
        build_model(MODEL.format(written), {"input": [32, 32, 3]})
    (found,) = caught.value.diagnostics
    assert found.code == "KG204"
    assert "expected true, false, or patterns of layers" in found.message


def test_the_call_of_a_factory_takes_training_and_nothing_else(build_model: Any) -> None:
    text = MODEL.format("true").replace("training: false", "trainin: false")
    with pytest.raises(CompileError) as caught:
        build_model(text, {"input": [32, 32, 3]})
    (found,) = caught.value.diagnostics
    assert (found.code, found.help) == ("KG202", "did you mean `training`?")


def test_an_imported_model_keeps_what_is_frozen_and_how_it_is_called(build_model: Any) -> None:
    from kerasgen.engines.keras3.decompile.model import decompile_model

    model = build_model(MODEL.format("[conv_pw_13*]"), {"input": [32, 32, 3]}).model
    base = decompile_model(model).entries[0]
    frozen = {
        e.name for e in base.definition.entries if e.definition.arguments.get("trainable") is False
    }
    assert "conv_pw_13" not in frozen
    assert {"conv1", "conv_pw_12", "conv1_bn"} <= frozen
    assert base.call_arguments == {"training": False}
