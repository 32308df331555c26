"""Models compiled from configs against the same models written by hand in Keras.

Same seed, so the same weights; same outputs, with difference 0; the same `get_config` apart from
the names that Keras gives to what a hand-written model leaves unnamed.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.diagnostics import CompileError

Inputs = Mapping[str, Sequence[int | None]]
ByHand = Callable[[Any, dict[str, Any]], Any]
Compare = Callable[..., Any]


def arrays(inputs: Inputs, dtypes: Mapping[str, str]) -> list[np.ndarray[Any, Any]]:
    random = np.random.default_rng(7)
    made = []
    for name, shape in inputs.items():
        sizes = (3, *(size or 5 for size in shape))
        if dtypes.get(name, "float32").startswith("int"):
            made.append(random.integers(1, 6, sizes).astype(dtypes[name]))
        else:
            made.append(random.normal(size=sizes).astype("float32"))
    return made


@pytest.fixture
def assert_same(build_model: Callable[..., Any]) -> Compare:
    """Holds a config against a function that writes the same model by hand."""
    import keras

    def compare(
        model: str,
        inputs: Inputs,
        by_hand: ByHand,
        *,
        dtypes: Mapping[str, str] | None = None,
        training: bool = False,
        configs: bool = True,
    ) -> Any:
        dtypes = dtypes or {}
        built = build_model(model, inputs, seed=3, dtypes=dtypes).model
        keras.utils.set_random_seed(3)
        tensors = {
            name: keras.Input(shape, dtype=dtypes.get(name, "float32"), name=name)
            for name, shape in inputs.items()
        }
        outcome = by_hand(keras, tensors)
        written = (
            outcome
            if isinstance(outcome, keras.Model)
            else keras.Model(
                next(iter(tensors.values())) if len(tensors) == 1 else list(tensors.values()),
                outcome,
            )
        )
        assert [w.shape for w in built.weights] == [w.shape for w in written.weights]
        for ours, theirs in zip(built.get_weights(), written.get_weights(), strict=True):
            assert np.array_equal(ours, theirs)
        fed = arrays(inputs, dtypes)
        given: Any = fed[0] if len(fed) == 1 else fed
        ours, theirs = built(given, training=training), written(given, training=training)
        assert isinstance(ours, dict) == isinstance(theirs, dict)
        if isinstance(ours, dict):
            assert list(ours) == list(theirs)
        for one, other in zip(keras.tree.flatten(ours), keras.tree.flatten(theirs), strict=True):
            one, other = keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other)
            assert one.shape == other.shape
            assert one.dtype == other.dtype
            assert np.array_equal(one, other)
        if configs:
            assert nameless(built.get_config()) == nameless(written.get_config())
        return built

    return compare


NAMES = {"name", "keras_history", "input_layers", "output_layers", "module_objects_name"}


def nameless(config: Any) -> Any:
    """A config without the names of layers and models."""
    if isinstance(config, dict):
        return {key: nameless(value) for key, value in config.items() if key not in NAMES}
    if isinstance(config, list | tuple):
        return [nameless(item) for item in config]
    return config


def test_a_chain_is_the_hand_written_sequential_model(assert_same: Compare) -> None:
    built = assert_same(
        """
        layers:
          conv: {class: Conv2D, filters: 4, kernel_size: 3, activation: relu}
          pool: MaxPooling2D
          flatten: Flatten
          drop: {class: Dropout, rate: 0.5}
          scores: {class: Dense, units: 3, activation: softmax}
        """,
        {"input": [8, 8, 1]},
        lambda keras, inputs: keras.Sequential(
            [
                inputs["input"],
                keras.layers.Conv2D(4, 3, activation="relu", name="conv"),
                keras.layers.MaxPooling2D(name="pool"),
                keras.layers.Flatten(name="flatten"),
                keras.layers.Dropout(0.5, name="drop"),
                keras.layers.Dense(3, activation="softmax", name="scores"),
            ]
        ),
        training=True,
    )
    assert type(built).__name__ == "Sequential"
    assert [layer.name for layer in built.layers] == ["conv", "pool", "flatten", "drop", "scores"]


def test_several_inputs_merges_and_skips(assert_same: Compare) -> None:
    def by_hand(keras: Any, inputs: dict[str, Any]) -> Any:
        left = keras.layers.Dense(4, activation="tanh")(inputs["left"])
        right = keras.layers.Dense(4)(inputs["right"])
        total = keras.layers.Add()([left, right])
        skip = keras.layers.Add()([total, left])
        both = keras.layers.Concatenate()([skip, inputs["right"]])
        angle = keras.layers.Dot(axes=1, normalize=True)([left, right])
        return keras.layers.Concatenate(axis=-1)([both, angle])

    assert_same(
        """
        inputs: {left: {shape: [4]}, right: {shape: [3]}}
        layers:
          l: {class: Dense, units: 4, activation: tanh, from: left}
          r: {class: Dense, units: 4, from: right}
          total: {class: Add, from: [l, r]}
          skip: {class: Add, from: [total, l]}
          both: {class: Concatenate, from: [skip, right]}
          angle: {class: Dot, axes: 1, normalize: true, from: [l, r]}
          all: {class: Concatenate, axis: -1, from: [both, angle]}
        """,
        {"left": [4], "right": [3]},
        by_hand,
    )


def test_several_outputs_as_a_list(assert_same: Compare) -> None:
    def by_hand(keras: Any, inputs: dict[str, Any]) -> Any:
        middle = keras.layers.Dense(4)(inputs["input"])
        return [keras.layers.Dense(2)(middle), keras.layers.Dense(1)(middle)]

    assert_same(
        """
        layers:
          middle: {class: Dense, units: 4}
          one: {class: Dense, units: 2}
          two: {class: Dense, units: 1, from: middle}
        outputs: [one, two]
        """,
        {"input": [3]},
        by_hand,
    )


def test_several_outputs_as_a_mapping(assert_same: Compare) -> None:
    def by_hand(keras: Any, inputs: dict[str, Any]) -> Any:
        middle = keras.layers.Dense(4)(inputs["input"])
        return {"b": keras.layers.Dense(2)(middle), "a": keras.layers.Dense(1)(middle)}

    assert_same(
        """
        layers:
          middle: {class: Dense, units: 4}
          one: {class: Dense, units: 2}
          two: {class: Dense, units: 1, from: middle}
        outputs: {b: one, a: two}
        """,
        {"input": [3]},
        by_hand,
    )


def test_a_shared_layer_has_its_weights_once(assert_same: Compare) -> None:
    def by_hand(keras: Any, inputs: dict[str, Any]) -> Any:
        shared = keras.layers.Dense(4)
        one, two = shared(inputs["left"]), shared(inputs["right"])
        return keras.layers.Subtract()([one, two])

    built = assert_same(
        """
        inputs: {left: {shape: [3]}, right: {shape: [3]}}
        layers:
          tower: {class: Dense, units: 4, from: left}
          again: {is: tower, from: right}
          gap: {class: Subtract, from: [tower, again]}
        """,
        {"left": [3], "right": [3]},
        by_hand,
    )
    assert built.count_params() == 16


def test_a_shared_nested_model(assert_same: Compare) -> None:
    def by_hand(keras: Any, inputs: dict[str, Any]) -> Any:
        tower = keras.Sequential(
            [keras.Input((3,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2)]
        )
        one, two = tower(inputs["left"]), tower(inputs["right"])
        return keras.layers.Concatenate()([one, two])

    built = assert_same(
        """
        inputs: {left: {shape: [3]}, right: {shape: [3]}}
        layers:
          tower:
            class: Sequential
            from: left
            layers: {a: {class: Dense, units: 4, activation: relu}, b: {class: Dense, units: 2}}
          again: {is: tower, from: right}
          both: {class: Concatenate, from: [tower, again]}
        """,
        {"left": [3], "right": [3]},
        by_hand,
        configs=False,  # the hand-written model names its own input
    )
    assert built.get_layer("tower").get_layer("a").units == 4


def test_a_nested_model_with_two_inputs_and_two_outputs(assert_same: Compare) -> None:
    def by_hand(keras: Any, inputs: dict[str, Any]) -> Any:
        x, y = keras.Input((3,)), keras.Input((3,))
        total = keras.layers.Add()([x, y])
        inner = keras.Model([x, y], [keras.layers.Dense(2)(total), keras.layers.Dense(2)(total)])
        one, two = inner([inputs["right"], inputs["left"]])
        return keras.layers.Subtract()([two, one])

    assert_same(
        """
        inputs: {left: {shape: [3]}, right: {shape: [3]}}
        layers:
          inner:
            from: {y: left, x: right}
            inputs: {x: {shape: [3]}, y: {shape: [3]}}
            layers:
              total: {class: Add, from: [x, y]}
              one: {class: Dense, units: 2}
              two: {class: Dense, units: 2, from: total}
            outputs: [one, two]
          gap: {class: Subtract, from: [inner.1, inner.0]}
        """,
        {"left": [3], "right": [3]},
        by_hand,
        configs=False,
    )


OPS = [
    ("{class: ops.add, from: [a, 1.5]}", lambda o, a, b: o.add(a, 1.5)),
    ("{class: ops.subtract, from: [2, a]}", lambda o, a, b: o.subtract(2, a)),
    ("{class: ops.multiply, from: {x1: a, x2: b}}", lambda o, a, b: o.multiply(x1=a, x2=b)),
    ("{class: ops.abs, from: a}", lambda o, a, b: o.abs(a)),
    ("{class: ops.concatenate, axis: 1, from: [a, b]}", lambda o, a, b: o.concatenate([a, b], 1)),
    ("{class: ops.stack, axis: 1, from: [a, b]}", lambda o, a, b: o.stack([a, b], axis=1)),
    ("{class: ops.einsum, subscripts: 'bi,bi->b', from: [a, b]}",
     lambda o, a, b: o.einsum("bi,bi->b", a, b)),
    ("{class: ops.where, from: {condition: a, x1: b, x2: 0}}", lambda o, a, b: o.where(a, b, 0)),
    ("{class: ops.mean, axis: 1, keepdims: true, from: a}",
     lambda o, a, b: o.mean(a, axis=1, keepdims=True)),
    ("{class: ops.clip, x_min: -0.5, x_max: 0.5, from: a}", lambda o, a, b: o.clip(a, -0.5, 0.5)),
    ("{class: ops.reshape, newshape: [-1, 4, 1], from: a}",
     lambda o, a, b: o.reshape(a, (-1, 4, 1))),
    ("{class: ops.cast, dtype: int32, from: a}", lambda o, a, b: o.cast(a, "int32")),
    ("{class: ops.relu, from: a}", lambda o, a, b: o.relu(a)),
    ("{class: ops.softmax, axis: -1, from: a}", lambda o, a, b: o.softmax(a)),
    ("{class: ops.expand_dims, axis: 1, from: a}", lambda o, a, b: o.expand_dims(a, 1)),
    ("{class: ops.maximum, from: [a, b]}", lambda o, a, b: o.maximum(a, b)),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "by_hand"), OPS, ids=[entry[12:30] for entry, _ in OPS])
def test_an_op_in_the_graph_is_the_hand_written_call(
    assert_same: Compare, entry: str, by_hand: Any
) -> None:
    names = [name for name in "ab" if f" {name}" in entry or f"[{name}" in entry]
    model = f"""
        inputs: {{{", ".join(f"{name}: {{shape: [4]}}" for name in names)}}}
        layers: {{made: {entry}}}
    """
    given = {name: [4] for name in names}
    assert_same(
        model, given, lambda keras, t: by_hand(keras.ops, t.get("a"), t.get("b")), configs=False
    )


def test_each_output_of_an_op_can_be_taken(assert_same: Compare) -> None:
    def by_hand(keras: Any, inputs: dict[str, Any]) -> Any:
        first, second = keras.ops.split(inputs["input"], 2, axis=1)
        return keras.layers.Subtract()([second, first])

    assert_same(
        """
        layers:
          halves: {class: ops.split, indices_or_sections: 2, axis: 1}
          gap: {class: Subtract, from: [halves.1, halves.0]}
        """,
        {"input": [4]},
        by_hand,
        configs=False,
    )


def test_states_of_a_recurrent_layer_and_attention_by_argument(assert_same: Compare) -> None:
    def by_hand(keras: Any, inputs: dict[str, Any]) -> Any:
        tokens = keras.layers.Embedding(8, 6, mask_zero=True)(inputs["source"])
        _, hidden, cell = keras.layers.LSTM(6, return_state=True)(tokens)
        wanted = keras.layers.Embedding(8, 6)(inputs["target"])
        decoder = keras.layers.LSTM(6, return_sequences=True)(
            sequences=wanted, initial_state=[hidden, cell]
        )
        attention = keras.layers.MultiHeadAttention(2, 3)
        look = attention(query=decoder, value=tokens, use_causal_mask=True)
        return keras.layers.Dense(8)(look)

    assert_same(
        """
        inputs: {source: {shape: [5], dtype: int32}, target: {shape: [4], dtype: int32}}
        layers:
          tokens: {class: Embedding, input_dim: 8, output_dim: 6, from: source, mask_zero: true}
          encoder: {class: LSTM, units: 6, return_state: true}
          wanted: {class: Embedding, input_dim: 8, output_dim: 6, from: target}
          decoder:
            class: LSTM
            units: 6
            return_sequences: true
            from: {sequences: wanted, initial_state: [encoder.1, encoder.2]}
          look:
            class: MultiHeadAttention
            num_heads: 2
            key_dim: 3
            from: {query: decoder, value: tokens}
            with: {use_causal_mask: true}
          words: {class: Dense, units: 8}
        """,
        {"source": [5], "target": [4]},
        by_hand,
        dtypes={"source": "int32", "target": "int32"},
    )


def test_a_list_is_spread_where_a_call_has_several_required_arguments(assert_same: Compare) -> None:
    def by_hand(keras: Any, inputs: dict[str, Any]) -> Any:
        attention = keras.layers.MultiHeadAttention(2, 3)
        return attention(inputs["a"], inputs["b"])

    assert_same(
        """
        inputs: {a: {shape: [4, 6]}, b: {shape: [5, 6]}}
        layers: {look: {class: MultiHeadAttention, num_heads: 2, key_dim: 3, from: [a, b]}}
        """,
        {"a": [4, 6], "b": [5, 6]},
        by_hand,
    )


def test_layers_inside_layers(assert_same: Compare) -> None:
    def by_hand(keras: Any, inputs: dict[str, Any]) -> Any:
        layers = keras.layers
        x = layers.TimeDistributed(layers.Dense(4))(inputs["input"])
        chain = keras.Sequential([layers.Dense(3), layers.LayerNormalization()])
        x = layers.TimeDistributed(chain)(x)
        x = layers.Bidirectional(layers.LSTM(3, return_sequences=True), merge_mode="sum")(x)
        cells = [layers.LSTMCell(2), layers.GRUCell(3)]
        return layers.RNN(cells)(x)

    assert_same(
        """
        layers:
          each: {class: TimeDistributed, layer: {class: Dense, units: 4}}
          chain:
            class: TimeDistributed
            layer: {layers: {a: {class: Dense, units: 3}, b: LayerNormalization}}
          both:
            class: Bidirectional
            merge_mode: sum
            layer: {class: LSTM, units: 3, return_sequences: true}
          deep: {class: RNN, cell: [{class: LSTMCell, units: 2}, {class: GRUCell, units: 3}]}
        """,
        {"input": [5, 4]},
        by_hand,
        configs=False,
    )


def test_a_bare_class_name_stands_for_an_object_inside_an_object(assert_same: Compare) -> None:
    assert_same(
        "layers: {each: {class: TimeDistributed, layer: Flatten}}",
        {"input": [3, 2, 2]},
        lambda keras, t: keras.layers.TimeDistributed(keras.layers.Flatten())(t["input"]),
        configs=False,
    )


def test_objects_as_arguments_of_a_layer(assert_same: Compare) -> None:
    def by_hand(keras: Any, inputs: dict[str, Any]) -> Any:
        return keras.Sequential(
            [
                inputs["input"],
                keras.layers.Dense(
                    6,
                    activation=keras.layers.LeakyReLU(negative_slope=0.2),
                    kernel_initializer=keras.initializers.RandomUniform(0.0, 0.05),
                    bias_initializer=keras.initializers.Constant(0.1),
                    kernel_regularizer=keras.regularizers.L1L2(l1=0.01, l2=0.02),
                    kernel_constraint=keras.constraints.MaxNorm(max_value=0.5),
                    name="a",
                ),
                keras.layers.Dense(
                    3, kernel_initializer="he_normal", kernel_regularizer="l2", name="b"
                ),
                keras.layers.Dense(2, dtype=keras.DTypePolicy("mixed_float16"), name="c"),
                keras.layers.Dense(2, dtype="float16", trainable=False, name="d"),
            ]
        )

    built = assert_same(
        """
        layers:
          a:
            class: Dense
            units: 6
            activation: {class: LeakyReLU, negative_slope: 0.2}
            kernel_initializer: {class: RandomUniform, minval: 0.0, maxval: 0.05}
            bias_initializer: {class: Constant, value: 0.1}
            kernel_regularizer: {class: L1L2, l1: 0.01, l2: 0.02}
            kernel_constraint: {class: MaxNorm, max_value: 0.5}
          b: {class: Dense, units: 3, kernel_initializer: he_normal, kernel_regularizer: l2}
          c: {class: Dense, units: 2, dtype: {class: DTypePolicy, name: mixed_float16}}
          d: {class: Dense, units: 2, dtype: float16, trainable: false}
        """,
        {"input": [4]},
        by_hand,
    )
    assert len(built.losses) == 2
    assert len(built.trainable_weights) == 6


def test_a_model_that_is_not_trained(assert_same: Compare) -> None:
    built = assert_same(
        "{trainable: false, layers: {a: {class: Dense, units: 2}}}",
        {"input": [4]},
        lambda keras, t: keras.Sequential([t["input"], keras.layers.Dense(2)], trainable=False),
    )
    assert built.trainable_weights == []


def test_a_list_of_layers_gets_the_names_of_keras(assert_same: Compare) -> None:
    def by_hand(keras: Any, inputs: dict[str, Any]) -> Any:
        keras.backend.clear_session()
        layers = [keras.layers.Dense(3), keras.layers.Dense(3), keras.layers.BatchNormalization()]
        model = keras.Sequential([inputs["input"], *layers, keras.layers.GlobalMaxPooling1D()])
        names.extend(layer.name for layer in model.layers)
        return model

    names: list[str] = []
    built = assert_same(
        """
        layers:
          - {class: Dense, units: 3}
          - {class: Dense, units: 3}
          - BatchNormalization
          - GlobalMaxPooling1D
        """,
        {"input": [4, 2]},
        by_hand,
    )
    assert [layer.name for layer in built.layers] == names


APPLICATION = """
layers:
  base:
    class: applications.MobileNetV2
    weights: {weights}
    alpha: 0.35
    input_shape: [32, 32, 3]
    include_top: false
    pooling: avg
  scores: {{class: Dense, units: 2}}
"""


def test_an_application_is_an_entry_with_weights_of_a_file(
    build_model: Callable[..., Any], tmp_path: Path, engine: str
) -> None:
    import keras

    size: dict[str, Any] = {"input_shape": (32, 32, 3), "alpha": 0.35, "include_top": False}
    keras.utils.set_random_seed(3)
    written = keras.applications.MobileNetV2(weights=None, pooling="avg", **size)
    drawn = build_model(APPLICATION.format(weights="null"), {"input": [32, 32, 3]}, seed=3).model
    for ours, theirs in zip(drawn.layers[0].get_weights(), written.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)

    path = tmp_path / "base.weights.h5"
    written.save_weights(path)
    loaded = build_model(APPLICATION.format(weights=path), {"input": [32, 32, 3]}, seed=4).model
    for ours, theirs in zip(loaded.layers[0].get_weights(), written.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)


def test_weights_are_not_downloaded_for_a_mere_check(
    program: Callable[..., Any], catalog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keras.src.utils import file_utils

    from kerasgen.engines.keras3.build import KerasOracle
    from kerasgen.ir.values import TensorSpec
    from kerasgen.passes.shapes import infer_shapes
    from kerasgen.passes.wire import wire

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a download was asked for")

    monkeypatch.setattr(file_utils, "get_file", refuse)
    parsed, sink = program(
        """
        layers:
          base:
            class: applications.MobileNetV2
            alpha: 0.35
            include_top: false
            input_shape: [96, 96, 3]
        """,
        {"input": [96, 96, 3]},
    )
    graph = wire(parsed.model, catalog, sink)
    oracle = KerasOracle(catalog)
    specs = infer_shapes(graph, {"input": TensorSpec(shape=(None, 96, 96, 3))}, oracle, sink)
    assert sink.diagnostics == []
    assert specs["base"][0].shape == (None, 3, 3, 1280)
    oracle.discard()


@pytest.mark.parametrize(
    ("definition", "by_hand"),
    [
        (
            {"class": "CosineDecay", "initial_learning_rate": 0.1, "decay_steps": 10},
            lambda s: s.CosineDecay(0.1, 10),
        ),
        (
            {"class": "PiecewiseConstantDecay", "boundaries": [2, 4], "values": [1.0, 0.5, 0.1]},
            lambda s: s.PiecewiseConstantDecay([2, 4], [1.0, 0.5, 0.1]),
        ),
        (
            {"class": "ExponentialDecay", "initial_learning_rate": 0.1, "decay_steps": 3,
             "decay_rate": 0.5, "staircase": True},
            lambda s: s.ExponentialDecay(0.1, 3, 0.5, staircase=True),
        ),
    ],
)  # fmt: skip
def test_a_schedule_inside_an_optimizer(catalog: Any, definition: Any, by_hand: Any) -> None:
    import keras

    from kerasgen.diagnostics import Sink
    from kerasgen.engines.keras3.objects import make_object
    from kerasgen.frontend.parse.model import parse_object

    written = {"class": "SGD", "learning_rate": definition, "momentum": 0.9}
    made = make_object(parse_object(written, "optimizer", Sink()), ("optimizer",), catalog)
    schedule = by_hand(keras.optimizers.schedules)
    for step in range(6):
        assert float(made._learning_rate(step)) == float(schedule(step))
    assert made.momentum == 0.9


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "Exception encountered when calling Dense.call().\n\nno good.\n\n"
            "Arguments received by Dense:\n  * x",
            "no good",
        ),
        (
            "Input 0 with name 'None' of layer 'a' is incompatible with the layer: expected ndim=3",
            "expected ndim=3",
        ),
        (
            "{{function_node __wrapped__Sub}} Incompatible shapes: [2] vs. [2,4] [Op:Sub] name: ",
            "Incompatible shapes: [2] vs. [2,4]",
        ),
        ("\x1b[1mbold\x1b[0m  and\n  wrapped.", "bold and wrapped"),
        ("", "ValueError"),
    ],
)  # fmt: skip
def test_what_keras_says_becomes_one_line(engine: str, said: str, expected: str) -> None:
    from kerasgen.engines.keras3.error_text import shorten

    assert shorten(ValueError(said)) == expected


def test_a_list_of_constants_must_make_an_array(build_model: Callable[..., Any]) -> None:
    take = {"class": "ops.take", "axis": -1, "from": {"x": "input", "indices": [0, [1]]}}
    with pytest.raises(CompileError) as caught:
        build_model({"layers": {"take": take}}, {"input": [3]})
    (found,) = caught.value.diagnostics
    assert found.code == "KG401"
    assert found.message.endswith("its numbers make no array: lists in a list differ in length")
