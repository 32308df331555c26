"""Counts against numbers worked out by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from kerasgen.passes.cost import width

Build = Callable[..., Any]


@pytest.mark.parametrize(
    ("entry", "shape", "parameters", "flops"),
    [
        # A matrix is used once a sample, two operations a weight.
        ("{class: Dense, units: 5}", [7], 7 * 5 + 5, 2 * 7 * 5),
        ("{class: Dense, units: 5, use_bias: false}", [3, 7], 35, 2 * 3 * 35),
        # 3x3 kernel over 2 channels, 4 filters, at 6x6 places.
        ("{class: Conv2D, filters: 4, kernel_size: 3}", [8, 8, 2], 72 + 4, 2 * 36 * 72),
        ("{class: Conv2D, filters: 4, kernel_size: 3, strides: 2, padding: same}", [8, 8, 2],
         76, 2 * 16 * 72),
        ("{class: Conv2D, filters: 4, kernel_size: 3, groups: 2}", [8, 8, 2],
         36 + 4, 2 * 36 * 36),
        ("{class: DepthwiseConv2D, kernel_size: 3}", [8, 8, 2], 18 + 2, 2 * 36 * 18),
        ("{class: SeparableConv2D, filters: 4, kernel_size: 3}", [8, 8, 2],
         18 + 8 + 4, 2 * 36 * (18 + 8)),
        ("{class: Conv1D, filters: 4, kernel_size: 3}", [10, 2], 24 + 4, 2 * 8 * 24),
        # Each input place spreads the whole kernel.
        ("{class: Conv2DTranspose, filters: 4, kernel_size: 3, strides: 2}", [5, 5, 2],
         72 + 4, 2 * 25 * 72),
        # Four gates, of inputs and of the state, at each of 6 steps.
        ("{class: LSTM, units: 3}", [6, 2], 4 * (6 + 9 + 3), 2 * 6 * 4 * (6 + 9)),
        ("{class: LSTM, units: 3, return_sequences: true}", [6, 2], 72, 2 * 6 * 4 * (6 + 9)),
        ("{class: SimpleRNN, units: 3}", [6, 2], 6 + 9 + 3, 2 * 6 * (6 + 9)),
        ("{class: Bidirectional, layer: {class: SimpleRNN, units: 3}}", [6, 2],
         36, 2 * 6 * 2 * (6 + 9)),
        ("{class: TimeDistributed, layer: {class: Dense, units: 5}}", [3, 7], 40, 2 * 3 * 35),
        ("{class: Embedding, input_dim: 9, output_dim: 4}", [6], 36, 0),
        ("{class: BatchNormalization}", [8, 8, 2], 8, 0),
        ("{class: Flatten}", [8, 8, 2], 0, 0),
        ("{class: PReLU}", [8, 8, 2], 128, 0),
        ("{class: LayerNormalization, axis: [1, 2, 3]}", [8, 8, 2], 256, 0),
        # One sum over 7 inputs for each of 3 x 5 x 2 outputs.
        ("{class: EinsumDense, equation: 'abc,cde->abde', output_shape: [3, 5, 2]}", [3, 7],
         7 * 5 * 2, 2 * 3 * 5 * 2 * 7),
        # Four gates at 4x4 places of 3 steps; 3x3 kernels over 2 channels and over 5 of the state.
        ("{class: ConvLSTM2D, filters: 5, kernel_size: 3}", [3, 6, 6, 2],
         4 * (9 * 2 * 5 + 9 * 5 * 5 + 5), 2 * 3 * 16 * 4 * (9 * 2 * 5 + 9 * 5 * 5)),
    ],
)  # fmt: skip
def test_a_layer_costs_what_is_worked_out_by_hand(
    build_model: Build, entry: str, shape: list[int], parameters: int, flops: int
) -> None:
    built = build_model(f"layers: {{it: {entry}}}", {"input": shape})
    assert built.cost.parameters == parameters == built.model.count_params()
    assert built.cost.flops == flops


def test_attention_counts_its_projections_and_its_scores(build_model: Build) -> None:
    built = build_model(
        """
        inputs: {query: {shape: [5, 8]}, value: {shape: [7, 8]}}
        layers: {look: {class: MultiHeadAttention, num_heads: 2, key_dim: 3, from: [query, value]}}
        """,
        {"query": [5, 8], "value": [7, 8]},
    )
    projections = 2 * (5 * 8 * 6 + 7 * 8 * 6 + 7 * 8 * 6 + 5 * 6 * 8)
    scores = 2 * 5 * 7 * 6 + 2 * 5 * 7 * 6
    assert built.cost.flops == projections + scores
    assert built.cost.parameters == built.model.count_params()


def test_plain_attention_counts_its_scores(build_model: Build) -> None:
    built = build_model(
        """
        inputs: {query: {shape: [5, 8]}, value: {shape: [7, 8]}}
        layers: {look: {class: Attention, from: [query, value]}}
        """,
        {"query": [5, 8], "value": [7, 8]},
    )
    assert built.cost.flops == 4 * 5 * 7 * 8


def test_a_shared_layer_is_counted_once_and_worked_twice(build_model: Build) -> None:
    built = build_model(
        """
        inputs: {a: {shape: [4]}, b: {shape: [4]}}
        layers:
          tower: {from: a, layers: {one: {class: Dense, units: 3}, two: {class: Dense, units: 2}}}
          again: {is: tower, from: b}
          gap: {class: Subtract, from: [tower, again]}
        """,
        {"a": [4], "b": [4]},
    )
    assert built.cost.parameters == 15 + 8 == built.model.count_params()
    assert built.cost.flops == 2 * 2 * (12 + 6)
    rows = [(row.name, row.parameters, row.flops) for row in built.cost.layers]
    assert rows == [
        ("tower", 23, 36),
        ("tower/one", 15, 24),
        ("tower/two", 8, 12),
        ("again", 0, 36),
        ("gap", 0, 0),
    ]


def test_memory_is_weights_gradients_optimizer_and_activations(build_model: Build) -> None:
    built = build_model(
        """
        layers:
          fixed: {class: Dense, units: 6, trainable: false}
          free: {class: Dense, units: 2}
        """,
        {"input": [4]},
    )
    cost = built.cost
    assert (cost.parameters, cost.trainable) == (30 + 14, 14)
    assert cost.parameter_bytes == 44 * 4
    assert cost.activation_bytes == (4 + 6 + 2) * 4
    # 44 weights; a gradient and two slots of the optimizer for each of 14; a batch of 32.
    assert cost.training_bytes == (44 + 14 * 3) * 4 + 32 * 48


def test_a_frozen_model_has_no_layer_that_is_trained(build_model: Build) -> None:
    built = build_model(
        """
        trainable: false
        layers:
          inner: {layers: {one: {class: Dense, units: 3}}}
          top: {class: Dense, units: 2}
        """,
        {"input": [4]},
    )
    assert (built.cost.parameters, built.cost.trainable) == (15 + 8, 0)
    assert [row.trainable for row in built.cost.layers] == [0, 0, 0]
    assert built.cost.training_bytes == (23 * 4) + 32 * built.cost.activation_bytes


def test_a_frozen_model_inside_another_freezes_its_layers_alone(build_model: Build) -> None:
    inner = "inner: {trainable: false, layers: {one: {class: Dense, units: 3}}}"
    built = build_model(f"layers: {{{inner}, top: {{class: Dense, units: 2}}}}", {"input": [4]})
    assert built.cost.trainable == 8
    rows = [(row.name, row.trainable) for row in built.cost.layers]
    assert rows == [("inner", 0), ("inner/one", 0), ("top", 8)]


def test_an_open_length_leaves_the_work_open(build_model: Build) -> None:
    built = build_model("layers: {it: {class: Dense, units: 5}}", {"input": [None, 7]})
    assert built.cost.flops is None


def test_an_application_is_counted_in_weights_alone(build_model: Build) -> None:
    built = build_model(
        """
        layers:
          base:
            class: applications.MobileNet
            weights: null
            alpha: 0.25
            include_top: false
            input_shape: [32, 32, 3]
        """,
        {"input": [32, 32, 3]},
    )
    assert built.cost.parameters == built.model.count_params()
    assert built.cost.flops is None


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("float32", 4), ("float16", 2), ("bfloat16", 2), ("float64", 8), ("int8", 1), ("bool", 1),
     ("uint8", 1), ("int64", 8), ("float8_e4m3fn", 1), ("string", 1)],
)  # fmt: skip
def test_the_width_of_a_type_follows_from_its_name(dtype: str, expected: int) -> None:
    assert width(dtype) == expected
