"""The config language by example: what users keep, and what it must go on to mean.

Each example is composed by Hydra from files, checked, built and run forward.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

Compile = Callable[..., tuple[Any, list[Any]]]
Write = Callable[[Mapping[str, str]], str]

DATA = """
source: {{class: ScikitLearn, name: digits}}
features: {features}
target: {target}
task: {task}
facts: {facts}
"""


def data(
    features: str = "image",
    target: str = "label",
    task: str = "classification",
    facts: str = "{classes: 10, shape: [28, 28, 1]}",
) -> str:
    return DATA.format(features=features, target=target, task=task, facts=facts)


@pytest.fixture
def run_model(compile_config: Compile, config_files: Write, keras3, catalog) -> Callable[..., Any]:
    """Compiles config files and overrides, and runs the model on one batch of two."""

    def compile_and_run(files: Mapping[str, str], *overrides: str) -> tuple[Any, Any, Any]:
        folder = config_files(files)
        choices = sorted({f"{name.split('/')[0]}=mine" for name in files if "mine" in name})
        compiled, diagnostics = compile_config([*choices, *overrides], folder)
        assert [d.message for d in diagnostics] == []
        trainable = keras3.realize(compiled, catalog)
        trainable.initialize()
        model = trainable.model
        given = {
            tensor.name: np.ones((2, *(size or 3 for size in tensor.shape[1:])), tensor.dtype)
            for tensor in model.inputs
        }
        arrays = list(given.values())
        return compiled, model, model(arrays[0] if len(arrays) == 1 else arrays)

    return compile_and_run


@pytest.fixture
def run(run_model: Callable[..., Any]) -> Callable[..., Any]:
    """Compiles and runs; gives the compiled program and what came out."""

    def compile_and_run(*arguments: Any) -> tuple[Any, Any]:
        compiled, _, outcome = run_model(*arguments)
        return compiled, outcome

    return compile_and_run


@pytest.fixture
def refused(compile_config: Compile, config_files: Write) -> Callable[..., list[str]]:
    """Compiles a model that cannot be compiled; gives `code: message`."""

    def compile_(model: str) -> list[str]:
        folder = config_files({"model/mine.yaml": model})
        compiled, diagnostics = compile_config(["model=mine"], folder)
        assert compiled is None
        return [f"{d.code}: {d.message}" for d in diagnostics]

    return compile_


def test_an_object_is_a_class_with_arguments_and_objects_nest(
    run_model: Callable[..., Any],
) -> None:
    model = """
    layers:
      flatten: Flatten
      hidden:
        class: Dense
        units: 4
        activation: relu
        kernel_initializer: {class: RandomUniform, minval: 0.0, maxval: 0.05}
      scores: {class: Dense, units: "${data.classes}", activation: softmax}
    """
    optimizer = """
    class: SGD
    learning_rate: {class: CosineDecay, initial_learning_rate: 0.1, decay_steps: 1000}
    momentum: 0.9
    """
    compiled, model, outcome = run_model(
        {"model/mine.yaml": model, "optimizer/mine.yaml": optimizer, "data/mine.yaml": data()}
    )
    kernel = model.get_layer("hidden").get_weights()[0]
    assert 0.0 <= kernel.min() < kernel.max() <= 0.05
    assert outcome.shape == (2, 10)
    assert compiled.program.optimizer.arguments["learning_rate"].cls == "CosineDecay"


def test_layers_without_from_are_a_sequential_model(run: Callable[..., Any]) -> None:
    model = """
    layers:
      flatten: Flatten
      scores: {class: Dense, units: 10}
    """
    compiled, _ = run({"model/mine.yaml": model, "data/mine.yaml": data()})
    assert compiled.graph.kind == "Sequential"
    assert [call.name for call in compiled.graph.calls] == ["flatten", "scores"]


def test_class_on_a_model_states_its_kind(run_model: Callable[..., Any]) -> None:
    model = "{class: Functional, layers: {flatten: Flatten, scores: {class: Dense, units: 10}}}"
    _, model, _ = run_model({"model/mine.yaml": model, "data/mine.yaml": data()})
    assert type(model).__name__ == "Functional"


def test_a_list_of_entries_gets_names(run: Callable[..., Any]) -> None:
    model = "layers: [Flatten, {class: Dense, units: 4}, {class: Dense, units: 10}]"
    compiled, _ = run({"model/mine.yaml": model, "data/mine.yaml": data()})
    assert [call.name for call in compiled.graph.calls] == ["flatten", "dense", "dense_1"]


def test_a_graph_with_a_shared_tower_and_ops(run: Callable[..., Any]) -> None:
    model = """
    inputs:
      left:  {shape: [28, 28, 1]}
      right: {shape: [28, 28, 1], dtype: float32}
    layers:
      tower:
        class: Sequential
        from: left
        layers: {conv: {class: Conv2D, filters: 8, kernel_size: 3}, pool: GlobalAveragePooling2D}
      tower_right: {is: tower, from: right}
      gap:   {class: ops.subtract, from: [tower, tower_right]}
      size:  {class: ops.abs}
      same:  {class: Dense, units: 1, activation: sigmoid}
    outputs: same
    """
    shapes = "{shape: {left: [28, 28, 1], right: [28, 28, 1]}, classes: 2}"
    compiled, outcome = run(
        {
            "model/mine.yaml": model,
            "data/mine.yaml": data(features="{left: left, right: right}", facts=shapes),
        }
    )
    assert compiled.cost.parameters == 8 * 9 + 8 + 8 + 1
    # Both towers see the same picture, so their gap is 0 and the sigmoid of the bias is left.
    assert np.asarray(outcome).tolist() == [[0.5], [0.5]]


@pytest.mark.parametrize(
    ("entry", "shape"),
    [
        ("{class: ops.concatenate, axis: 1, from: [a, b]}", (2, 8)),
        ("{class: ops.add, from: [a, b]}", (2, 4)),
        ("{class: ops.add, from: {x1: a, x2: 1}}", (2, 4)),
        ("{class: Concatenate, from: [a, b]}", (2, 8)),
        ("{class: ops.where, from: {condition: a, x1: a, x2: b}}", (2, 4)),
        ("{class: ops.einsum, subscripts: 'bi,bj->bij', from: [a, b]}", (2, 4, 4)),
        ("{class: Attention, from: [wide, wide]}", (2, 4, 1)),
        ("{class: MultiHeadAttention, num_heads: 1, key_dim: 2, from: [wide, wide]}", (2, 4, 1)),
    ],
)
def test_from_holds_tensors_numbers_lists_and_mappings(
    build_model: Callable[..., Any], entry: str, shape: tuple[int, ...]
) -> None:
    built = build_model(
        f"""
        inputs: {{a: {{shape: [4]}}, b: {{shape: [4]}}}}
        layers:
          wide: {{class: Reshape, target_shape: [4, 1], from: a}}
          made: {entry}
          used: {{class: ops.add, from: [a, b]}}
          too: {{class: Flatten, from: wide}}
        outputs: [made, used, too]
        """,
        {"a": [4], "b": [4]},
    )
    outcome = built.model([np.ones((2, 4)), np.ones((2, 4))])
    assert outcome[0].shape == shape


def test_sequences_with_states_and_attention(run: Callable[..., Any]) -> None:
    model = """
    inputs:
      source: {shape: [null], dtype: int32}
      target: {shape: [null], dtype: int32}
    layers:
      tokens:  {class: Embedding, input_dim: 8000, output_dim: 64, from: source, mask_zero: true}
      encoder: {class: LSTM, units: 64, return_state: true}
      wanted:  {class: Embedding, input_dim: 8000, output_dim: 64, from: target}
      decoder:
        class: LSTM
        units: 64
        return_sequences: true
        from: {sequences: wanted, initial_state: [encoder.1, encoder.2]}
      look:
        class: MultiHeadAttention
        num_heads: 4
        key_dim: 16
        from: {query: decoder, value: tokens}
        with: {use_causal_mask: false}
      pool:   GlobalAveragePooling1D
      scores: {class: Dense, units: 10}
    """
    _, outcome = run(
        {
            "model/mine.yaml": model,
            "data/mine.yaml": data(
                features="{source: source, target: target}",
                facts="{classes: 10, shape: {source: [null], target: [null]}}",
            ),
        }
    )
    assert outcome.shape == (2, 10)


def test_with_holds_plain_call_arguments(build_model: Callable[..., Any]) -> None:
    built = build_model(
        "layers: {drop: {class: Dropout, rate: 0.9, with: {training: true}}}", {"input": [50]}
    )
    assert 0.0 in np.asarray(built.model(np.ones((2, 50))))


def test_the_objective_is_keyed_by_output(run: Callable[..., Any]) -> None:
    model = """
    layers:
      flatten: Flatten
      digit: {class: Dense, units: 10, activation: softmax}
      odd:   {class: Dense, units: 1, activation: sigmoid, from: flatten}
    outputs: [digit, odd]
    """
    objective = """
    loss:
      digit: sparse_categorical_crossentropy
      odd: {class: BinaryCrossentropy, label_smoothing: 0.1}
    metrics: {digit: [accuracy], odd: [accuracy, AUC]}
    loss_weights: {digit: 1.0, odd: 0.5}
    """
    compiled, _ = run(
        {
            "model/mine.yaml": model,
            "compile/mine.yaml": objective,
            "data/mine.yaml": data(
                target="{digit: label, odd: odd}",
                facts="{classes: {digit: 10, odd: 2}, shape: [28, 28, 1]}",
            ),
        }
    )
    assert compiled.objective.loss["digit"] == "sparse_categorical_crossentropy"
    assert compiled.objective.loss["odd"].arguments == {"label_smoothing": 0.1}
    assert compiled.objective.metrics == {"digit": ("accuracy",), "odd": ("accuracy", "AUC")}


def test_data_with_preparation_and_callbacks(run: Callable[..., Any]) -> None:
    source = """
    source: {class: ScikitLearn, name: digits}
    features: image
    target: label
    task: classification
    prepare:
      scale: {class: Rescaling, scale: 0.00392156862745098}
    split: {test: 0.2, validation: 0.1, stratify: true}
    facts: {classes: 10, shape: [32, 32, 3]}
    """
    fit = """
    epochs: 10
    batch_size: 1000
    callbacks:
      stop: {class: EarlyStopping, monitor: val_loss, patience: 3, restore_best_weights: true}
    """
    compiled, outcome = run({"data/mine.yaml": source, "fit/mine.yaml": fit})
    assert outcome.shape == (2, 10)
    assert compiled.cost.batch_size == 1000
    assert compiled.program.fit.callbacks["stop"].cls == "EarlyStopping"


def test_the_backend_group_is_keras_json(run: Callable[..., Any], engine: str) -> None:
    backend = f"""
    backend: {engine}
    floatx: float32
    epsilon: 1.0e-7
    image_data_format: channels_last
    """
    compiled, _ = run({"backend/own.yaml": backend, "data/mine.yaml": data()}, "backend=own")
    assert compiled.program.backend.epsilon == 1e-7


def test_a_recipe_chooses_groups_and_the_command_line_wins(run: Callable[..., Any]) -> None:
    recipe = """
    # @package _global_
    defaults: [override /data: mine, override /model: mlp, override /optimizer: sgd]
    fit: {epochs: 10, batch_size: 1000}
    """
    recipe = "\n".join(line[4:] for line in recipe.strip("\n").splitlines())
    compiled, _ = run(
        {"experiment/book/own.yaml": recipe, "data/mine.yaml": data()},
        "experiment=book/own",
        "model.layers.hidden1.units=7",
        "fit.batch_size=50",
    )
    assert compiled.program.optimizer.cls == "SGD"
    assert compiled.program.fit.batch_size == 50
    assert compiled.cost.layers[1].shapes == ((None, 7),)


def test_layers_are_added_and_taken_out_on_the_command_line(run: Callable[..., Any]) -> None:
    compiled, _ = run(
        {"data/mine.yaml": data()},
        "~model.layers.drop1",
        "+model.layers.temper={class: Rescaling, scale: 0.5}",
    )
    assert [call.name for call in compiled.graph.calls][-2:] == ["scores", "temper"]
    assert "drop1" not in compiled.graph.layers


def test_another_class_merged_into_the_chosen_file_keeps_its_arguments(
    compile_config: Compile, config_files: Write
) -> None:
    config_files({})
    compiled, diagnostics = compile_config(["optimizer.class=SGD"])
    assert compiled is None
    assert {d.code for d in diagnostics} == {"KG202"}
    assert all(
        "optimizer=sgd" in str(d.help) and "`~optimizer." in str(d.help) for d in diagnostics
    )


MLP = """
parameters:
  width: 128
  dropout: 0.2
layers:
  flatten: Flatten
  hidden:  {class: Dense, units: $width, activation: relu, repeat: 2}
  drop:    {if: $dropout > 0, class: Dropout, rate: $dropout}
  scores:  {class: Dense, units: "${data.classes}", activation: softmax}
"""


def test_a_model_has_parameters_copies_and_conditions(run_model: Callable[..., Any]) -> None:
    compiled, model, _ = run_model({"model/mine.yaml": MLP, "data/mine.yaml": data()})
    names = ["flatten", "hidden_0", "hidden_1", "drop", "scores"]
    assert [call.name for call in compiled.graph.calls] == names
    assert compiled.graph.kind == "Sequential"
    assert model.get_layer("hidden_1").units == 128
    assert model.get_layer("drop").rate == 0.2


def test_a_parameter_is_set_on_the_command_line(run_model: Callable[..., Any]) -> None:
    compiled, model, _ = run_model(
        {"model/mine.yaml": MLP, "data/mine.yaml": data()},
        "model.parameters.width=256",
        "model.parameters.dropout=0",
    )
    assert model.get_layer("hidden_0").units == 256
    assert "drop" not in compiled.graph.layers


def test_an_entry_is_spliced_in_on_the_command_line(run: Callable[..., Any]) -> None:
    compiled, _ = run(
        {"model/mine.yaml": MLP, "data/mine.yaml": data()},
        "+model.layers.noise={class: GaussianNoise, stddev: 0.1, after: flatten}",
    )
    assert [call.name for call in compiled.graph.calls][:3] == ["flatten", "noise", "hidden_0"]


RESIDUAL = """
parameters:
  filters: ???
  strides: 1
layers:
  conv1: {class: Conv2D, filters: $filters, kernel_size: 3, strides: $strides, padding: same, use_bias: false}
  norm1: BatchNormalization
  relu1: {class: Activation, activation: relu}
  conv2: {class: Conv2D, filters: $filters, kernel_size: 3, padding: same, use_bias: false}
  norm2: BatchNormalization
  project: {if: $strides != 1, class: Conv2D, filters: $filters, kernel_size: 1, strides: $strides, from: input}
  sum:   {class: Add, from: [norm2, project]}
  out:   {class: Activation, activation: relu}
"""  # noqa: E501 - one entry, one line

STAGES = """
defaults: [/block@blocks.residual: residual]
layers:
  stem:   {class: Conv2D, filters: 16, kernel_size: 3, padding: same}
  stage1: {block: residual, filters: 16, repeat: 3}
  stage2: {block: residual, filters: 32, repeat: 3, strides: 2 if $index == 0 else 1}
  pool:   GlobalAveragePooling2D
  scores: {class: Dense, units: "${data.classes}", activation: softmax}
"""


def test_a_block_from_its_group_is_used_and_repeated(run: Callable[..., Any]) -> None:
    compiled, outcome = run(
        {
            "block/residual.yaml": RESIDUAL,
            "model/mine.yaml": STAGES,
            "data/mine.yaml": data(),
        }
    )
    assert outcome.shape == (2, 10)
    layers = compiled.graph.layers
    assert "stage2_0_project" in layers
    assert "stage1_0_project" not in layers
    by_hand = 9 * 16 + 16 + 3 * (2 * 9 * 16 * 16 + 2 * 4 * 16)
    by_hand += (9 * 16 * 32 + 5 * 9 * 32 * 32 + 6 * 4 * 32) + (16 * 32 + 32) + 32 * 10 + 10
    assert compiled.cost.parameters == by_hand


def test_a_mistake_in_a_block_of_the_group_is_found_in_its_file(
    compile_config: Compile, config_files: Write
) -> None:
    folder = config_files(
        {
            "block/residual.yaml": RESIDUAL.replace("3, padding: same", "3, paddng: same"),
            "model/mine.yaml": STAGES,
            "data/mine.yaml": data(),
        }
    )
    _, diagnostics = compile_config(["model=mine", "data=mine"], folder)
    (found,) = diagnostics
    assert found.code == "KG202"
    assert found.location.file == "conf/block/residual.yaml"
    assert found.location.line == 9
    assert found.location.key == "model.blocks.residual.layers.conv2.paddng"
    note = found.notes[-1]
    assert (note.location.file, note.location.line) == ("conf/model/mine.yaml", 5)
    assert note.message == "`stage1_0` uses the block `residual`"


def test_a_block_that_uses_itself_is_refused_with_its_path(
    refused: Callable[[str], list[str]],
) -> None:
    model = """
    blocks:
      a: {layers: {x: {block: b}}}
      b: {layers: {y: {block: a}}}
    layers: {q: {block: a}}
    """
    assert refused(model) == ["KG310: the blocks use each other: `a` -> `b` -> `a`"]


def test_no_class_of_keras_has_an_argument_that_the_compiler_owns(catalog: Any) -> None:
    owned = {"class", "from", "with", "is", "if", "after", "block", "repeat"}
    for by_name in catalog.entries.values():
        for entry in by_name.values():
            assert owned.isdisjoint(entry.parameters), entry.name
            assert owned.isdisjoint(entry.call), entry.name
