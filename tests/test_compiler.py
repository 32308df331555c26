"""The stages in their order: what each tells, where they stop, and what comes out at the end."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

Compile = Callable[..., tuple[Any, list[Any]]]
Realize = Callable[[Any], Any]


def found(outcome: tuple[Any, list[Any]]) -> list[tuple[str, str | None]]:
    return [(d.code, d.location and d.location.key) for d in outcome[1]]


def test_the_default_config_compiles_to_a_costed_model(
    compile_config: Compile, realize: Realize
) -> None:
    compiled, diagnostics = compile_config([])
    assert diagnostics == []
    assert compiled.cost.parameters == realize(compiled).count_params()
    assert compiled.cost.parameters == 64 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10
    assert compiled.objective.loss == "sparse_categorical_crossentropy"
    assert compiled.objective.metrics == ("accuracy",)
    assert [output.name for output in compiled.outputs] == ["scores"]


def test_two_inputs_and_two_outputs_compile(compile_config: Compile, realize: Realize) -> None:
    compiled, diagnostics = compile_config(["experiment=digits_two_inputs"])
    assert diagnostics == []
    assert [tensor.name for tensor in realize(compiled).inputs] == ["left", "right"]
    assert list(compiled.objective.loss) == ["digit", "odd"]
    assert compiled.cost.parameters == realize(compiled).count_params()


@pytest.mark.parametrize("name", ["mlp", "book_mlp", "convnet", "resnet8"])
def test_the_shipped_models_for_images_compile(
    compile_config: Compile, realize: Realize, name: str
) -> None:
    compiled, diagnostics = compile_config([f"model={name}"])
    assert diagnostics == []
    assert compiled.cost.parameters == realize(compiled).count_params()
    assert compiled.outputs[0].spec.shape == (None, 10)


def test_the_same_config_gives_the_same_weights(
    compile_config: Compile, keras3: Any, catalog: Any
) -> None:
    def weights(*overrides: str) -> list[Any]:
        compiled, _ = compile_config(list(overrides))
        trainable = keras3.realize(compiled, catalog)
        trainable.initialize()
        made: list[Any] = trainable.model.get_weights()
        return made

    first, second, other = weights("seed=3"), weights("seed=3"), weights("seed=4")
    assert all(np.array_equal(one, two) for one, two in zip(first, second, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_faults_of_names_and_of_references_are_told_together(compile_config: Compile) -> None:
    outcome = compile_config(
        ["model.layers.hidden1.activation=rleu", "+model.layers.drop1.from=hiden1"]
    )
    assert found(outcome) == [
        ("KG205", "model.layers.hidden1.activation"),
        ("KG301", "model.layers.drop1.from"),
    ]


def test_refused_arguments_of_all_groups_are_told_together(compile_config: Compile) -> None:
    outcome = compile_config(
        [
            "optimizer=sgd",
            "optimizer.momentum=2.0",
            "model.layers.hidden1.units=-1",
            "model.layers.drop1.rate=7",
            "+fit.callbacks.keep={class: ModelCheckpoint, filepath: a.txt}",
        ]
    )
    assert found(outcome) == [
        ("KG206", "optimizer.momentum"),
        ("KG206", "fit.callbacks.keep.filepath"),
        ("KG206", "model.layers.hidden1.units"),
        ("KG206", "model.layers.drop1.rate"),
    ]


def test_a_misfit_of_an_inferred_loss_is_told_once_at_the_output(compile_config: Compile) -> None:
    outcome = compile_config(
        ["data.task=regression", "~model.layers.flatten", "~model.layers.scores.activation"]
    )
    assert found(outcome) == [("KG403", "model.layers.scores")]


def test_a_misfit_of_a_written_loss_is_told_at_the_loss(compile_config: Compile) -> None:
    outcome = compile_config(
        [
            "data.task=regression",
            "~model.layers.flatten",
            "~model.layers.scores.activation",
            "compile.loss=mae",
        ]
    )
    assert found(outcome) == [("KG403", "compile.loss")]


def test_arguments_that_a_loss_refuses_are_told_before_training(compile_config: Compile) -> None:
    outcome = compile_config(["compile.metrics=[{class: F1Score, threshold: 3}, MeanIoU]"])
    assert ("KG203", "compile.metrics.1") in found(outcome)
    outcome = compile_config(["compile.metrics=[{class: F1Score, threshold: 3}]"])
    assert found(outcome) == [("KG206", "compile.metrics.0.threshold")]


def test_a_huge_output_is_costed_without_being_tried_out(compile_config: Compile) -> None:
    compiled, _ = compile_config(
        [
            "data.task=regression",
            "model.layers.scores={class: Dense, units: 100000000000}",
            "backend.memory=null",
        ]
    )
    assert compiled.cost.parameters > 10**12


def test_a_learning_rate_may_be_written_as_an_integer(compile_config: Compile) -> None:
    assert compile_config(["optimizer.learning_rate=1"])[1] == []


def test_a_model_s_optimizer_counts_in_its_memory(compile_config: Compile) -> None:
    plain, _ = compile_config(["optimizer=sgd"])
    adam, _ = compile_config(["optimizer=adam"])
    weights = adam.cost.parameter_bytes
    assert adam.cost.training_bytes - plain.cost.training_bytes == 2 * weights


TARGETS = """\
source: {class: ScikitLearn, name: linnerud}
features: x
target: y
task: regression
facts: {shape: [4], target_shape: %s}
"""


@pytest.mark.parametrize(("units", "target"), [(1, [2]), (2, [1]), (3, [2]), (2, [])])
def test_a_regression_target_of_another_size_is_told(
    compile_config: Compile, config_files: Callable[..., str], units: int, target: list[int]
) -> None:
    model = f"layers:\n  scores: {{class: Dense, units: {units}}}\n"
    folder = config_files({"model/two.yaml": model, "data/two.yaml": TARGETS % target})
    outcome = compile_config(["model=two", "data=two"], folder)
    assert found(outcome) == [("KG403", "model.layers.scores")]


def test_a_regression_target_of_several_numbers_compiles(
    compile_config: Compile, config_files: Callable[..., str]
) -> None:
    model = "layers:\n  scores: {class: Dense, units: 3}\n"
    folder = config_files({"model/two.yaml": model, "data/two.yaml": TARGETS % [3]})
    compiled, diagnostics = compile_config(["model=two", "data=two"], folder)
    assert diagnostics == []
    assert compiled.outputs[0].target.shape == (None, 3)


def test_labels_become_one_hot_rows_for_a_loss_that_needs_them(compile_config: Compile) -> None:
    compiled, diagnostics = compile_config(
        ["data.facts.classes=2", "model.layers.scores.units=2", "compile.loss=mse"]
    )
    assert diagnostics == []
    assert compiled.encoded == {"scores": ("mse",)}
    assert compiled.outputs[0].fed == "one_hot"


def test_a_chain_deeper_than_pythons_limit_of_recursion_compiles(
    compile_config: Compile, config_files: Callable[..., str]
) -> None:
    lines = [f"  a{index}: {{class: Activation, activation: relu}}" for index in range(1100)]
    model = "\n".join(["layers:", "  flatten: Flatten", *lines, "  s: {class: Dense, units: 10}"])
    compiled, diagnostics = compile_config(["model=deep"], config_files({"model/deep.yaml": model}))
    assert diagnostics == []
    assert len(compiled.graph.calls) == 1102
