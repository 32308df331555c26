"""All public names of Keras: each is built from a config entry, or is listed with its reason.

`coverage_table.py` beside this file walks the names and prints the table. The second half holds
that arguments of every kind reach Keras exactly as they were written.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from coverage_table import KINDS, REASONS, Builder, modules_of_keras, names_of, reason

from kerasgen.catalog.entries import Catalog, ClassEntry
from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.model import parse_model, parse_object
from kerasgen.passes.catalog_check import Inquiry, _check_object, check

WALKED = [module for module in KINDS if module != "applications"]


@pytest.fixture(scope="module")
def builder(catalog: Catalog) -> Builder:
    return Builder(catalog.extended([ClassEntry(name="Digits", kind="source", parameters={})]))


@pytest.mark.filterwarnings("ignore")  # What Keras and its backends say of such small sizes.
@pytest.mark.parametrize("module", WALKED)
def test_every_public_name_is_built_or_listed_with_its_reason(
    builder: Builder, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [builder.row(module, name) for name in names_of(module)]
    unexplained = {r.name: r.failure for r in rows if r.failure and reason(module, r.name) is None}
    built = [r.name for r in rows if not r.failure and reason(module, r.name) is not None]
    assert unexplained == {}
    assert built == [], "these are listed as names that cannot be built"


def test_every_public_module_is_walked_or_listed_with_its_reason(engine: str) -> None:
    assert modules_of_keras() == set(KINDS) | set(REASONS["modules"])


def test_every_listed_name_is_one_of_keras(engine: str) -> None:
    strangers = [
        f"{module}.{name}"
        for module, listed in REASONS["names"].items()
        for names in listed.values()
        for name in set(names) - set(names_of(module))
    ]
    assert strangers == []


def test_an_application_is_built_without_memory(builder: Builder) -> None:
    assert builder.row("applications", "MobileNet").failure is None


@pytest.mark.slow
def test_every_application_is_built_or_listed_with_its_reason(builder: Builder) -> None:
    rows = [builder.row("applications", name) for name in names_of("applications")]
    failed = {row.name: row.failure for row in rows if row.failure is not None}
    assert {n: why for n, why in failed.items() if reason("applications", n) is None} == {}


EXACT: dict[str, tuple[str, Any, Callable[[Any], Any]]] = {
    "objects in objects": (
        "layer",
        {"class": "Bidirectional", "merge_mode": "sum",
         "layer": {"class": "LSTM", "units": 2, "kernel_regularizer": {"class": "L2", "l2": 0.5}}},
        lambda k: k.layers.Bidirectional(
            k.layers.LSTM(2, kernel_regularizer=k.regularizers.L2(0.5)), merge_mode="sum"
        ),
    ),
    "cells in a list": (
        "layer",
        {"class": "RNN", "return_state": True,
         "cell": [{"class": "LSTMCell", "units": 2}, {"class": "GRUCell", "units": 3}]},
        lambda k: k.layers.RNN([k.layers.LSTMCell(2), k.layers.GRUCell(3)], return_state=True),
    ),
    "an activation as a function": (
        "layer",
        {"class": "Dense", "units": 2, "activation": {"class": "silu"}},
        lambda k: k.layers.Dense(2, activation=k.activations.silu),
    ),
    "an activation as a layer": (
        "layer",
        {"class": "Dense", "units": 2, "activation": {"class": "PReLU"}},
        lambda k: k.layers.Dense(2, activation=k.layers.PReLU()),
    ),
    "an op as a function": (
        "layer",
        {"class": "Lambda", "function": "ops.square"},
        lambda k: k.layers.Lambda(k.ops.square),
    ),
    "lists for tuples": (
        "layer",
        {"class": "Conv2D", "filters": 2, "kernel_size": [3, 1], "strides": [1, 2]},
        lambda k: k.layers.Conv2D(2, (3, 1), strides=(1, 2)),
    ),
    "pairs of pairs": (
        "layer",
        {"class": "ZeroPadding2D", "padding": [[1, 0], [0, 1]]},
        lambda k: k.layers.ZeroPadding2D(((1, 0), (0, 1))),
    ),
    "a dtype policy by name": (
        "layer",
        {"class": "Dense", "units": 2, "dtype": "mixed_bfloat16"},
        lambda k: k.layers.Dense(2, dtype="mixed_bfloat16"),
    ),
    "a dtype policy": (
        "layer",
        {"class": "Dense", "units": 2, "dtype": {"class": "DTypePolicy", "name": "mixed_float16"}},
        lambda k: k.layers.Dense(2, dtype=k.DTypePolicy("mixed_float16")),
    ),
    "a quantized dtype policy": (
        "layer",
        {"class": "Dense", "units": 2, "dtype": {
            "class": "QuantizedFloat8DTypePolicy", "mode": "float8", "source_name": "float32"}},
        lambda k: k.layers.Dense(
            2, dtype=k.dtype_policies.QuantizedFloat8DTypePolicy("float8", "float32")
        ),
    ),
    "a quantized type by name": (
        "layer",
        {"class": "Dense", "units": 2, "dtype": "int8_from_float32"},
        lambda k: k.layers.Dense(2, dtype="int8_from_float32"),
    ),
    "a map of dtype policies": (
        "layer",
        {"class": "Dense", "units": 2, "dtype": {
            "class": "DTypePolicyMap", "default_policy": "float32",
            "policy_map": {"a/.*": "float16"}}},
        lambda k: k.layers.Dense(2, dtype=k.dtype_policies.DTypePolicyMap(
            k.dtype_policies.get("float32"), {"a/.*": k.dtype_policies.get("float16")})),
    ),
    "a configuration of quantization": (
        "layer",
        {"class": "Dense", "units": 2, "quantization_config": {
            "class": "Int8QuantizationConfig",
            "weight_quantizer": {"class": "AbsMaxQuantizer", "axis": 0}}},
        lambda k: k.layers.Dense(2, quantization_config=k.quantizers.Int8QuantizationConfig(
            weight_quantizer=k.quantizers.AbsMaxQuantizer(axis=0))),
    ),
    "null": (
        "layer",
        {"class": "Dense", "units": 2, "activation": None, "bias_initializer": None},
        lambda k: k.layers.Dense(2, activation=None, bias_initializer=None),
    ),
    "a seed": (
        "layer",
        {"class": "Dropout", "rate": 0.5, "seed": 7, "noise_shape": [None, 1]},
        lambda k: k.layers.Dropout(0.5, seed=7, noise_shape=(None, 1)),
    ),
    "a seed generator": (
        "initializer",
        {"class": "HeNormal", "seed": {"class": "SeedGenerator", "seed": 7, "name": "own"}},
        lambda k: k.initializers.HeNormal(seed=k.random.SeedGenerator(7, name="own")),
    ),
    "a vocabulary of strings that look like other things": (
        "layer",
        {"class": "StringLookup", "vocabulary": ["1", "0.5", "true", "null", "relu"]},
        lambda k: k.layers.StringLookup(vocabulary=["1", "0.5", "true", "null", "relu"]),
    ),
    "a vocabulary of integers": (
        "layer",
        {"class": "IntegerLookup", "vocabulary": [12, 36], "output_mode": "multi_hot"},
        lambda k: k.layers.IntegerLookup(vocabulary=[12, 36], output_mode="multi_hot"),
    ),
    "statistics": (
        "layer",
        {"class": "Normalization", "axis": None, "mean": 3.0, "variance": 2.0},
        lambda k: k.layers.Normalization(axis=None, mean=3.0, variance=2.0),
    ),
    "boundaries": (
        "layer",
        {"class": "Discretization", "bin_boundaries": [-0.5, 0.0, 1.5], "output_mode": "one_hot"},
        lambda k: k.layers.Discretization([-0.5, 0.0, 1.5], output_mode="one_hot"),
    ),
    "a constant as a list": (
        "initializer",
        {"class": "Constant", "value": [1.0, 2.0]},
        lambda k: k.initializers.Constant([1.0, 2.0]),
    ),
    "every option of an optimizer": (
        "optimizer",
        {"class": "AdamW", "learning_rate": {"class": "CosineDecay", "initial_learning_rate": 0.1,
         "decay_steps": 5}, "weight_decay": 0.01, "clipnorm": 1.0, "use_ema": True,
         "ema_momentum": 0.9, "ema_overwrite_frequency": 4, "loss_scale_factor": 128.0,
         "gradient_accumulation_steps": 2},
        lambda k: k.optimizers.AdamW(
            k.optimizers.schedules.CosineDecay(0.1, 5), weight_decay=0.01, clipnorm=1.0,
            use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=4, loss_scale_factor=128.0,
            gradient_accumulation_steps=2),
    ),
    "clipping by value": (
        "optimizer",
        {"class": "SGD", "clipvalue": 0.5},
        lambda k: k.optimizers.SGD(clipvalue=0.5),
    ),
    "clipping by the norm of all gradients": (
        "optimizer",
        {"class": "SGD", "global_clipnorm": 0.5},
        lambda k: k.optimizers.SGD(global_clipnorm=0.5),
    ),
    "an optimizer around another": (
        "optimizer",
        {"class": "LossScaleOptimizer", "inner_optimizer": {"class": "SGD", "momentum": 0.9},
         "initial_scale": 1024.0, "dynamic_growth_steps": 10},
        lambda k: k.optimizers.LossScaleOptimizer(
            k.optimizers.SGD(momentum=0.9), initial_scale=1024.0, dynamic_growth_steps=10),
    ),
    "a metric of a function with its argument": (
        "metric",
        {"class": "MeanMetricWrapper", "fn": "huber", "name": "h", "delta": 0.5},
        lambda k: k.metrics.MeanMetricWrapper(k.losses.huber, name="h", delta=0.5),
    ),
}  # fmt: skip
"""Kind of value to the kind of its object, the entry, and the same by hand."""


@pytest.mark.parametrize("case", EXACT)
def test_arguments_come_through_exactly(builder: Builder, case: str) -> None:
    import keras

    kind, written, by_hand = EXACT[case]
    ours = builder.made_from(written, kind)  # type: ignore[arg-type]
    theirs = by_hand(keras)
    assert type(ours) is type(theirs)
    assert plain(ours.get_config()) == plain(theirs.get_config())


def plain(config: Any) -> Any:
    """A config as plain data, without the names that Keras makes of classes and counts up."""
    import keras

    if isinstance(config, Mapping):
        given = ("own", "h")
        kept = {k: v for k, v in config.items() if k != "name" or v in given}
        return {key: plain(value) for key, value in kept.items()}
    if isinstance(config, list | tuple):
        return [plain(item) for item in config]
    if isinstance(config, np.ndarray):
        return config.tolist()
    if hasattr(config, "get_config"):
        return plain(keras.saving.serialize_keras_object(config))
    return config


def test_each_weight_has_the_optimizer_of_its_path(builder: Builder) -> None:
    import keras

    optimizer = builder.made_from(
        {
            "class": "MultiOptimizer",
            "optimizer_map": {
                "class": "OptimizerMap",
                "default_optimizer": {"class": "SGD", "learning_rate": 0.5},
                "optimizer_map": {".*bias": {"class": "SGD", "learning_rate": 0.25}},
            },
        }
    )
    kernel = keras.Variable(np.zeros((2, 2), "float32"), name="kernel")
    bias = keras.Variable(np.zeros(2, "float32"), name="bias")
    optimizer.build([kernel, bias])
    optimizer.apply([keras.ops.ones((2, 2)), keras.ops.ones(2)])
    assert float(keras.ops.convert_to_numpy(kernel)[0, 0]) == -0.5
    assert float(keras.ops.convert_to_numpy(bias)[0]) == -0.25


def test_a_schedule_sets_the_learning_rate_of_each_epoch(builder: Builder) -> None:
    import keras

    schedule = {"class": "ExponentialDecay", "initial_learning_rate": 0.5, "decay_steps": 1,
                "decay_rate": 0.5}  # fmt: skip
    made = builder.made_from({"class": "LearningRateScheduler", "schedule": schedule}, "callback")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((2, 2), "float32"), np.ones((2, 1), "float32")
    history = model.fit(x, y, epochs=3, verbose=0, callbacks=[made])
    assert history.history["learning_rate"] == [0.5, 0.25, 0.125]


def test_weights_of_a_seed_generator_are_those_of_keras(builder: Builder) -> None:
    import keras

    seed = {"class": "SeedGenerator", "seed": 7}
    entry = {
        "class": "Dense",
        "units": 2,
        "kernel_initializer": {"class": "HeNormal", "seed": seed},
    }
    ours = builder.forward(entry, {"a": [4]}).get_layer("it")
    theirs = keras.layers.Dense(
        2, kernel_initializer=keras.initializers.HeNormal(keras.random.SeedGenerator(7))
    )
    theirs.build((None, 4))
    assert np.array_equal(ours.get_weights()[0], theirs.get_weights()[0])


def test_a_stateful_layer_keeps_its_state_where_the_input_fixes_its_batch(builder: Builder) -> None:
    import keras

    declared = {"shape": [3, 2], "batch_size": 2}
    model = builder.forward({"class": "LSTM", "units": 2, "stateful": True}, {"a": declared})
    assert model.input_shape == (2, 3, 2)
    x = np.ones((2, 3, 2), "float32")
    first = keras.ops.convert_to_numpy(model(x))
    assert not np.array_equal(first, keras.ops.convert_to_numpy(model(x)))


STATEFUL = [
    {"class": "Bidirectional", "layer": {"class": "GRU", "units": 2, "stateful": True}},
    {"class": "RNN", "stateful": True, "cell": {"class": "LSTMCell", "units": 2}},
    {"class": "ConvLSTM1D", "filters": 2, "kernel_size": 2, "stateful": True},
]


@pytest.mark.parametrize("entry", STATEFUL, ids=lambda entry: entry["class"])
def test_states_have_no_memory_before_the_other_weights(
    builder: Builder, entry: Mapping[str, Any]
) -> None:
    import keras
    from keras.src.layers.rnn.rnn import RNN

    from kerasgen.engines.keras3.deferred_weights import allocate_weights

    shape = [3, 4, 2] if entry["class"] == "ConvLSTM1D" else [3, 2]
    model = builder.compiled({"layers": {"it": entry}}, {"a": {"shape": shape, "batch_size": 2}})
    inside = [layer for layer in model._flatten_layers() if isinstance(layer, RNN)]
    states = [state for layer in inside for state in keras.tree.flatten(layer.states)]
    assert [state._value for state in [*states, *model.variables]] == [None] * (
        len(states) + len(model.variables)
    )
    allocate_weights(model)
    model(np.ones((2, *shape), "float32"))
    assert all(np.any(keras.ops.convert_to_numpy(state.value)) for state in states)


def test_a_mask_goes_through_the_layers_between(builder: Builder) -> None:
    import keras

    chain = [{"class": "Masking"}, {"class": "Dropout", "rate": 0.1}, {"class": "LSTM", "units": 2}]
    from kerasgen.engines.keras3.deferred_weights import allocate_weights

    model = builder.compiled({"layers": chain}, {"a": [None, 2]})
    allocate_weights(model)
    x = np.random.default_rng(2).uniform(0.1, 1, (1, 3, 2)).astype("float32")
    padded = np.concatenate([x, np.zeros((1, 2, 2), "float32")], axis=1)
    short, long = (keras.ops.convert_to_numpy(model(value)) for value in (x, padded))
    assert np.allclose(short, long, atol=1e-6)


def test_attention_takes_a_mask_and_gives_its_scores(builder: Builder) -> None:
    import keras

    from kerasgen.engines.keras3.deferred_weights import allocate_weights

    entry = {
        "class": "MultiHeadAttention",
        "num_heads": 2,
        "key_dim": 3,
        "from": {"query": "a", "value": "b", "attention_mask": "m"},
        "with": {"return_attention_scores": True},
    }
    inputs = {"a": [4, 6], "b": [5, 6], "m": {"shape": [4, 5], "dtype": "bool"}}
    section = {"layers": {"look": entry}, "outputs": ["look.0", "look.1"]}
    model = builder.compiled(section, inputs)
    allocate_weights(model)
    mask = np.ones((1, 4, 5), bool)
    mask[..., 0] = False
    _, scores = model([np.ones((1, 4, 6)), np.ones((1, 5, 6)), mask])
    assert scores.shape == (1, 2, 4, 5)
    assert float(abs(keras.ops.convert_to_numpy(scores)[..., 0]).max()) < 1e-6


def test_an_op_of_an_inner_module_has_both_its_names(catalog: Catalog) -> None:
    assert catalog.find("ops.nn.relu", ("op",)) is catalog.find("ops.relu", ("op",))
    assert catalog.find("ops.image.resize", ("op",)) is not None
    assert catalog.find("ops.image.relu", ("op",)) is None
    assert catalog.find("ops.resize", ("op",)) is None


def test_a_function_by_name_has_no_arguments_of_its_own(catalog: Catalog) -> None:
    sink = Sink()
    written = {"class": "Lambda", "function": {"class": "ops.sum", "axis": 1}}
    definition = parse_object(written, "it", sink)
    assert definition is not None
    _check_object(definition, ("layer",), Inquiry(catalog=catalog, sink=sink, names=sink))
    assert [d.code for d in sink.diagnostics] == ["KG202"]


def test_a_number_is_no_schedule_of_a_callback(catalog: Catalog) -> None:
    sink = Sink()
    definition = parse_object({"class": "LearningRateScheduler", "schedule": 0.1}, "it", sink)
    assert definition is not None
    _check_object(definition, ("callback",), Inquiry(catalog=catalog, sink=sink, names=sink))
    assert [d.message for d in sink.diagnostics] == [
        "`schedule` is the number `0.1`, expected a schedule"
    ]


def test_a_batch_size_is_a_positive_integer() -> None:
    for wrong in (0, -1, 2.5, "4", True):
        sink = Sink()
        section = {"inputs": {"a": {"shape": [2], "batch_size": wrong}}, "layers": {"b": "Flatten"}}
        parse_model(section, "model", sink, name="m")
        assert [(d.code, d.location and d.location.key) for d in sink.diagnostics] == [
            ("KG204", "model.inputs.a.batch_size")
        ]


def test_a_fixed_batch_is_the_batch_of_training(program: Any, catalog: Catalog) -> None:
    model = {
        "inputs": {"input": {"shape": [4], "batch_size": 4}},
        "layers": {"a": {"class": "Dense", "units": 1}},
    }
    parsed, sink = program(model, fit={"batch_size": 8})
    check(parsed, catalog, sink)
    assert [d.code for d in sink.errors] == ["KG402"]
