"""Which layers a phase trains, and what training changes of the weights."""

from collections.abc import Callable
from typing import Any

import pytest

Compile = Callable[..., tuple[Any, list[Any]]]

NESTED = (
    "model.layers.scores.activation=relu",
    "+model.layers.inner={layers: {first: {class: Dense, units: 5}, "
    "norm: {class: BatchNormalization}, last: {class: Dense, units: 10, activation: softmax}}}",
)


def trained(compile_config: Compile, *overrides: str) -> tuple[list[Any], Any]:
    compiled, diagnostics = compile_config(list(overrides))
    assert diagnostics == []
    return [(one.layers, one.weights) for one in compiled.phases], compiled.cost


def test_without_patterns_layers_are_as_they_say_themselves(compile_config: Compile) -> None:
    (found,), cost = trained(compile_config, "+model.layers.hidden1.trainable=false")
    assert found == (None, 17_226 - 8_320)
    assert cost.trainable == 17_226 - 8_320


@pytest.mark.parametrize(
    ("pattern", "weights"),
    [("scores", 650), ("hidden*", 8_320 + 8_256), ("Dense", 17_226), ("*", 17_226)],
)
def test_patterns_are_names_globs_and_classes(
    compile_config: Compile, pattern: str, weights: int
) -> None:
    (found,), cost = trained(compile_config, f"fit.trainable=['{pattern}']")
    assert (found[1], cost.trainable) == (weights, weights)
    assert sum(layer.trainable for layer in cost.layers) == weights


def test_a_pattern_has_the_last_word(compile_config: Compile) -> None:
    (found,), _ = trained(
        compile_config, "+model.layers.hidden1.trainable=false", "fit.trainable=[hidden1]"
    )
    assert found == (("hidden1",), 8_320)


@pytest.mark.parametrize(
    ("pattern", "layers", "weights"),
    [
        ("inner", ("inner.first", "inner.norm", "inner.last"), 55 + 10 + 60),
        ("norm", ("inner.norm",), 10),
        ("inner.l*", ("inner.last",), 60),
        ("Sequential", ("inner.first", "inner.norm", "inner.last"), 55 + 10 + 60),
    ],
)
def test_patterns_reach_into_models(
    compile_config: Compile, pattern: str, layers: tuple[str, ...], weights: int
) -> None:
    (found,), cost = trained(compile_config, *NESTED, f"fit.trainable=['{pattern}']")
    assert found == (layers, weights)
    assert {one.name: one.trainable for one in cost.layers}["inner"] == weights


def test_patterns_reach_into_what_a_factory_makes(compile_config: Compile) -> None:
    base = (
        "model.layers.scores={units: 3072, activation: relu}",
        "+model.layers.image={class: Reshape, target_shape: [32, 32, 3]}",
        "+model.layers.base={class: applications.MobileNetV2, weights: null, include_top: false, "
        "input_shape: [32, 32, 3]}",
        "+model.layers.pool=GlobalAveragePooling2D",
        "+model.layers.head={class: Dense, units: 10, activation: softmax}",
    )
    (found,), cost = trained(compile_config, *base, "fit.trainable=[head, base.block_16_*]")
    assert {name.split("_")[0] for name in found[0]} == {"head", "base.block"}
    assert 12_810 < found[1] == cost.trainable < cost.parameters


def test_the_training_of_all_phases_is_counted(compile_config: Compile) -> None:
    phases = (
        "fit.phases={warm: {trainable: [scores]}, fine: {trainable: [hidden1], batch_size: 99}}"
    )
    found, cost = trained(compile_config, phases)
    assert found == [(("scores",), 650), (("hidden1",), 8_320)]
    assert cost.trainable == 650 + 8_320
    assert cost.batch_size == 99


def test_patterns_that_mean_nothing_are_told_once(compile_config: Compile) -> None:
    _, found = compile_config(["fit.trainable=[hiden1]", "fit.phases={a: {}, b: {epochs: 2}}"])
    assert [(d.code, d.location.key) for d in found] == [("KG110", "fit.trainable.0")]
    assert found[0].help == "did you mean `hidden1`?"


def test_a_phase_without_weights_is_warned_of(compile_config: Compile) -> None:
    _, found = compile_config(["fit.phases={idle: {trainable: [flatten]}, b: {}}"])
    assert [(d.code, d.location.key) for d in found] == [("KG727", "fit.phases.idle.trainable")]


def test_patterns_that_train_nothing_are_warned_of_once(compile_config: Compile) -> None:
    _, found = compile_config(["fit.trainable=[flatten]"])
    assert [(d.code, d.location.key) for d in found] == [("KG727", "fit.trainable")]


def test_a_former_argument_in_a_phase_takes_the_name_of_today(compile_config: Compile) -> None:
    _, found = compile_config(["fit.phases={fine: {optimizer: {lr: 0.1}}}"])
    assert found[0].help == "write `learning_rate`, its name in Keras 3"


def test_rules_of_lint_look_at_each_phase(compile_config: Compile) -> None:
    rates = "a: {optimizer: {learning_rate: 50}}, b: {optimizer: {learning_rate: 0}}"
    _, found = compile_config([f"fit.phases={{{rates}}}"])
    assert [(d.code, d.location.key) for d in found] == [
        ("KG745", "fit.phases.a.optimizer.learning_rate"),
        ("KG745", "fit.phases.b.optimizer.learning_rate"),
    ]


def test_a_mistake_that_a_phase_takes_over_is_told_once(compile_config: Compile) -> None:
    _, found = compile_config(
        ["+optimizer.momentun=3", "fit.phases={a: {optimizer: {epsilon: 1}}}"]
    )
    assert [(d.code, d.location.key) for d in found] == [("KG202", "optimizer.momentun")]
