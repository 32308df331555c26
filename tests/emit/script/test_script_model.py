"""The model of a script is the compiler's: same layers, same names, same first weights."""

# ruff: noqa: E501 - one model a line

import ast
import subprocess
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.catalog.entries import Catalog
from kerasgen.emit.script.calls import ModelContext
from kerasgen.emit.script.code import Names
from kerasgen.emit.script.model import model_functions
from kerasgen.ir.model import TensorRef

MODELS: Mapping[str, tuple[str, Mapping[str, Sequence[int | None]]]] = {
    "chain": (
        "{layers: {a: {class: Dense, units: 4, activation: relu}, b: {class: Dropout, rate: 0.5}, c: {class: Dense, units: 2}}}",
        {"input": [3]},
    ),
    "functional chain": (
        "{class: Functional, layers: {a: {class: Dense, units: 4}, b: {class: Dense, units: 2}}}",
        {"input": [3]},
    ),
    "residual": (
        "{layers: {a: {class: Dense, units: 3}, b: {class: Dense, units: 3}, sum: {class: Add, from: [b, a]}, c: {class: Dense, units: 2}}}",
        {"input": [3]},
    ),
    "shared layer": (
        "{inputs: {left: {shape: [3]}, right: {shape: [3]}}, layers: {tower: {class: Dense, units: 4, from: left}, tower_right: {is: tower, from: right}, gap: {class: ops.subtract, from: [tower, tower_right]}, size: ops.abs, same: {class: Dense, units: 1}}}",
        {"left": [3], "right": [3]},
    ),
    "nested chain in a chain": (
        "{layers: {a: {class: SpectralNormalization, layer: {class: Dense, units: 3}}, tower: {class: Sequential, layers: {b: {class: Dense, units: 3}, c: {class: Dense, units: 3}}}, d: {class: SpectralNormalization, layer: {class: Dense, units: 3}}, e: {class: Dense, units: 2}}}",
        {"input": [3]},
    ),
    "nested graph, twice": (
        "{inputs: {left: {shape: [3]}, right: {shape: [3]}}, layers: {tower: {class: Functional, from: left, layers: {a: {class: Dense, units: 3}, b: {class: Dense, units: 3}, sum: {class: Add, from: [a, b]}}}, again: {is: tower, from: right}, join: {class: Concatenate, from: [tower, again]}, end: {class: Dense, units: 2}}}",
        {"left": [3], "right": [3]},
    ),
    "nested outputs by name": (
        "{layers: {tower: {class: Functional, from: input, layers: {a: {class: Dense, units: 3}, b: {class: Dense, units: 4, from: a}}, outputs: {one: b, two: a}}, end: {class: Concatenate, from: [tower.0, tower.1]}}}",
        {"input": [3]},
    ),
    "states": (
        "{inputs: {source: {shape: [5, 2]}, target: {shape: [4, 2]}}, layers: {encoder: {class: LSTM, units: 3, return_state: true, from: source}, decoder: {class: LSTM, units: 3, return_sequences: true, from: {sequences: target, initial_state: [encoder.1, encoder.2]}}, look: {class: MultiHeadAttention, num_heads: 2, key_dim: 2, from: {query: decoder, value: target}, with: {use_causal_mask: false}}, end: {class: Dense, units: 2}}}",
        {"source": [5, 2], "target": [4, 2]},
    ),
    "attention by position": (
        "{layers: {a: {class: MultiHeadAttention, num_heads: 1, key_dim: 2, from: [input, input]}, b: {class: Dropout, rate: 0.5, with: {training: false}}, c: {class: Dense, units: 1}}}",
        {"input": [4, 2]},
    ),
    "cells": (
        "{layers: {a: {class: RNN, cell: {class: StackedRNNCells, cells: [{class: LSTMCell, units: 2}, {class: GRUCell, units: 3}]}}, b: {class: Dense, units: 1}}}",
        {"input": [4, 2]},
    ),
    "wrappers": (
        "{layers: {a: {class: Bidirectional, layer: {class: GRU, units: 2, return_sequences: true}}, b: {class: TimeDistributed, layer: {layers: {c: {class: Dense, units: 3}, d: {class: Dense, units: 2}}}}, e: Flatten, f: {class: Dense, units: 1}}}",
        {"input": [4, 2]},
    ),
    "ops": (
        "{layers: {a: {class: ops.einsum, subscripts: 'bi,bi->b', from: [input, input]}, b: {class: ops.expand_dims, axis: -1}, c: {class: ops.where, from: {condition: input, x1: b, x2: 0.0}}, parts: {class: ops.split, indices_or_sections: 3, axis: -1}, d: {class: ops.concatenate, axis: 1, from: [parts.0, parts.2]}, e: {class: ops.multiply, from: [d, 2.5]}, f: {class: Dense, units: 1}}}",
        {"input": [3]},
    ),
    "items and constants": (
        "{layers: {a: {class: ops.get_item, key: [':', '1:'], from: input}, b: {class: ops.add, from: [a, [1, 2]]}, c: {class: ops.reshape, newshape: [-1, 2]}, d: {class: Dense, units: 1}}}",
        {"input": [3]},
    ),
    "a model of keras.applications": (
        "{layers: {backbone: {class: applications.MobileNetV2, weights: null, alpha: 0.35, include_top: false, pooling: avg}, d: {class: Dense, units: 1}}}",
        {"input": [32, 32, 3]},
    ),
    "a factory that is frozen": (
        "{layers: {base: {class: applications.MobileNet, weights: null, alpha: 0.25, include_top: false, input_shape: [32, 32, 3], trainable: false, with: {training: false}}, p: GlobalAveragePooling2D, d: {class: Dense, units: 1}}}",
        {"input": [32, 32, 3]},
    ),
    "a factory that is frozen in part": (
        "{layers: {base: {class: applications.MobileNet, weights: null, alpha: 0.25, include_top: false, input_shape: [32, 32, 3], pooling: avg, trainable: ['conv_pw_1?', BatchNormalization]}, d: {class: Dense, units: 1}}}",
        {"input": [32, 32, 3]},
    ),
    "several outputs, one of an op": (
        "{layers: {a: {class: Dense, units: 3}, b: {class: ops.tanh, from: a}, c: {class: Dense, units: 2, from: a}}, outputs: [b, c]}",
        {"input": [3]},
    ),
    "outputs by name": (
        "{layers: {a: {class: Dense, units: 3}, b: {class: Dense, units: 2, from: a}}, outputs: {first: a, second: b}}",
        {"input": [3]},
    ),
    "objects in arguments": (
        "{layers: {a: {class: Dense, units: 3, kernel_initializer: {class: RandomUniform, minval: 0.0, maxval: 0.5}, kernel_regularizer: {class: L2, l2: 0.01}, activation: gelu}, b: {class: BatchNormalization, momentum: 0.5}, c: {class: Dense, units: 2, kernel_initializer: he_normal, kernel_constraint: {class: MaxNorm, max_value: 2}}}}",
        {"input": [3]},
    ),
    "names that Python has": (
        "{class: Functional, layers: {class_: {class: Dense, units: 3}, lambda: {class: Dense, units: 3}, keras: {class: Dense, units: 3}, x: {class: Dense, units: 3}, sum: {class: Add, from: [lambda, x, keras]}, layers: {class: Dense, units: 3, from: sum}, with-dash: {class: Dense, units: 2, from: layers}, with_dash: {class: Add, from: [with-dash, with-dash]}, model: {class: Dense, units: 1, from: with_dash}}}",
        {"input": [3]},
    ),
    "trainable": (
        "{trainable: false, layers: {a: {class: Dense, units: 4}, b: {class: Dense, units: 2}}}",
        {"input": [3]},
    ),
    "dtypes": (
        "{inputs: {words: {shape: [4], dtype: int32}}, layers: {a: {class: Embedding, input_dim: 9, output_dim: 2, mask_zero: true}, b: {class: LSTM, units: 2}, c: {class: Dense, units: 1, dtype: float32}}}",
        {"words": [4]},
    ),
}


def context_of(catalog: Catalog, specs: Any, *, first: bool = False) -> ModelContext:
    taken = {"keras", "layers", "ops", "np"}
    return ModelContext(
        catalog=catalog,
        specs=specs,
        floatx="float32",
        channels_first=first,
        functions=Names(taken=taken),
    )


def executed(functions: Sequence[str], *, seed: int = 0) -> Any:
    import keras
    from keras import layers, ops

    space = {"keras": keras, "layers": layers, "ops": ops, "np": np, "fnmatchcase": fnmatchcase}
    exec("\n\n\n".join(functions), space)
    return space["build_model"](seed)


def plain_config(config: Any) -> Any:
    """A model's config without the names that Keras counts up in a process."""
    if isinstance(config, Mapping):
        dropped = ("registered_name", "build_config")
        return {k: plain_config(v) for k, v in config.items() if k not in dropped}
    if isinstance(config, list | tuple):
        return [plain_config(item) for item in config]
    return config


@pytest.mark.parametrize("name", MODELS)
def test_the_model_of_a_script_has_the_layers_and_first_weights_of_the_compiled_one(
    name: str, build_model: Any, catalog: Catalog
) -> None:
    text, inputs = MODELS[name]
    dtypes = {"words": "int32"} if "words" in inputs else None
    built = build_model(text, inputs, seed=3, dtypes=dtypes)

    functions, _ = model_functions(built.graph, context_of(catalog, built.specs), policy=None)
    model = executed(functions, seed=3)

    assert type(model) is type(built.model)
    mine, theirs = ([w.path for w in m.weights] for m in (model, built.model))
    assert len(mine) == len(theirs)
    trained = ([w.path for w in m.trainable_weights] for m in (model, built.model))
    assert len(next(trained)) == len(next(trained))
    for one, other in zip(model.weights, built.model.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other), err_msg=one.path)
    feed = [np.ones((2, *(n or 2 for n in shape)), "float32") for shape in inputs.values()]
    fed = feed[0] if len(feed) == 1 else feed
    import keras

    outcomes = [keras.tree.flatten(m.predict(fed, verbose=0)) for m in (model, built.model)]
    for one, other in zip(*outcomes, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "name", ["chain", "residual", "states", "objects in arguments", "trainable"]
)
def test_the_model_of_a_script_has_the_config_of_the_compiled_one(
    name: str, build_model: Any, catalog: Catalog
) -> None:
    text, inputs = MODELS[name]
    built = build_model(text, inputs)

    functions, _ = model_functions(built.graph, context_of(catalog, built.specs), policy=None)

    model = executed(functions)
    assert plain_config(model.get_config()) == plain_config(built.model.get_config())


def test_an_output_that_an_op_makes_keeps_its_name(build_model: Any, catalog: Catalog) -> None:
    text, inputs = MODELS["several outputs, one of an op"]
    built = build_model(text, inputs)

    functions, _ = model_functions(built.graph, context_of(catalog, built.specs), policy=None)

    assert executed(functions).output_names == built.model.output_names == ["b", "c"]


@pytest.mark.parametrize("name", MODELS)
def test_the_functions_of_a_model_are_formatted(
    name: str, build_model: Any, catalog: Catalog, tmp_path: Path
) -> None:
    text, inputs = MODELS[name]
    dtypes = {"words": "int32"} if "words" in inputs else None
    built = build_model(text, inputs, dtypes=dtypes)
    functions, _ = model_functions(built.graph, context_of(catalog, built.specs), policy=None)
    path = tmp_path / "model.py"
    path.write_text("\n\n\n".join(functions) + "\n", encoding="utf-8")

    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_a_nested_model_is_a_function_of_its_own(build_model: Any, catalog: Catalog) -> None:
    text, inputs = MODELS["nested graph, twice"]
    built = build_model(text, inputs)

    functions, _ = model_functions(built.graph, context_of(catalog, built.specs), policy=None)

    names = [ast.parse(text).body[0].name for text in functions]  # type: ignore[attr-defined]
    assert names == ["build_tower", "build_model"]


def test_a_model_says_when_it_is_too_deep_for_pythons_limit(
    build_model: Any, catalog: Catalog
) -> None:
    layers = ", ".join(f"a{n}: Flatten" for n in range(201))
    built = build_model(f"{{layers: {{{layers}}}}}", {"input": [3]})

    _, deep = model_functions(built.graph, context_of(catalog, built.specs), policy=None)

    assert deep
    assert isinstance(built.graph.outputs, TensorRef)
