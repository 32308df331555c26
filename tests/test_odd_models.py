"""Whatever is written in a model section, the answer is a diagnostic or a model, never a crash."""

# ruff: noqa: E501 - one odd model a line

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import CompileError, Diagnostic
from kerasgen.diagnostics.render import render_json, render_text
from kerasgen.passes.outline import outline

ODD = r"""
layers: {}
layers: []
layers: x
layers: 3
layers: null
null
[]
x
3
{layers: {a: null}}
{layers: {a: 3}}
{layers: {a: true}}
{layers: {a: ""}}
{layers: {a: []}}
{layers: {a: {}}}
{layers: {a: {class: null}}}
{layers: {a: {class: 3}}}
{layers: {a: {class: ""}}}
{layers: {a: {class: [Dense]}}}
{layers: {a: {class: {class: Dense}}}}
{layers: {"a.b": Flatten}}
{layers: {"a/b": Flatten}}
{layers: {"a b": Flatten}}
{layers: {"": Flatten}}
{layers: {3: Flatten}}
{layers: {-a: Flatten}}
{layers: {a: Flatten, b: {class: Dense, units: 1, from: []}}}
{layers: {a: Flatten, b: {class: Dense, units: 1, from: {}}}}
{layers: {a: Flatten, b: {class: Dense, units: 1, from: 3}}}
{layers: {a: Flatten, b: {class: Dense, units: 1, from: nowhere}}}
{layers: {a: Flatten, b: {class: Dense, units: 1, from: b}}}
{layers: {a: {class: Dense, units: 1, from: b}, b: Flatten}}
{layers: {a: {class: Dense, units: 1, from: b}, b: {class: Flatten, from: a}}}
{layers: {a: {class: Dense, units: 1, from: b}, b: {class: Flatten, from: input}}}
{layers: {a: {is: a}}}
{layers: {a: Flatten, b: {is: a, units: 3}}}
{layers: {a: Flatten, b: {is: nope}}}
{layers: {a: Flatten, b: {is: 3}}}
{layers: {a: Flatten, b: {is: null}}}
{layers: {a: Flatten, b: {is: [a]}}}
{layers: {a: Flatten, b: {is: a, class: Dense}}}
{layers: {b: {is: a, from: input}, a: {class: Dense, units: 4}}}
{layers: {a: Flatten, b: {is: a}, c: {is: b}}}
{layers: {a: {class: Dense, units: 1, with: [a]}}}
{layers: {a: {class: Dense, units: 1, with: 3}}}
{layers: {a: {class: Dense, units: 1, with: {nope: 1}}}}
{layers: {a: {class: Dropout, rate: 0.1, with: {training: false}}}}
{layers: {a: {class: Dense, units: 1}}, outputs: nope}
{layers: {a: {class: Dense, units: 1}}, outputs: []}
{layers: {a: {class: Dense, units: 1}}, outputs: {}}
{layers: {a: {class: Dense, units: 1}}, outputs: ""}
{layers: {a: {class: Dense, units: 1}}, outputs: 3}
{layers: {a: {class: Dense, units: 1}}, outputs: [3]}
{layers: {a: {class: Dense, units: 1}}, outputs: [a, a]}
{layers: {a: {class: Dense, units: 1}}, outputs: {x: a, y: a}}
{layers: {a: {class: Dense, units: 1}}, outputs: input}
{layers: {a: {class: Dense, units: 1}}, outputs: [input, a]}
{layers: {a: {class: Dense, units: 1}}, outputs: a.0}
{layers: {a: {class: Dense, units: 1}}, outputs: a.7}
{layers: {a: {class: Dense, units: 1}}, outputs: {"x/y": a}}
{inputs: {input: null}, layers: {a: {class: Dense, units: 1}}}
{inputs: {input: {}}, layers: {a: {class: Dense, units: 1}}}
{inputs: [], layers: {a: {class: Dense, units: 1}}}
{inputs: {}, layers: {a: {class: Dense, units: 1}}}
{inputs: x, layers: {a: {class: Dense, units: 1}}}
{inputs: 3, layers: {a: {class: Dense, units: 1}}}
{inputs: {input: 3}, layers: {a: {class: Dense, units: 1}}}
{inputs: {input: [3]}, layers: {a: {class: Dense, units: 1}}}
{inputs: {input: {shape: 4}}, layers: {a: {class: Dense, units: 1}}}
{inputs: {input: {shape: [4.5]}}, layers: {a: {class: Dense, units: 1}}}
{inputs: {input: {shape: [-1]}}, layers: {a: {class: Dense, units: 1}}}
{inputs: {input: {shape: [4], dtype: nope}}, layers: {a: {class: Dense, units: 1}}}
{inputs: {input: {shape: [4], dtype: 3}}, layers: {a: {class: Dense, units: 1}}}
{inputs: {input: {shape: [4], type: int32}}, layers: {a: {class: Dense, units: 1}}}
{inputs: {input: {shape: [4], dtype: string}}, layers: {a: {class: Dense, units: 1}}}
{inputs: {input: {shape: [4]}, other: {shape: [4]}}, layers: {a: {class: Dense, units: 1}}}
{inputs: {"in put": {shape: [4]}}, layers: {a: {class: Dense, units: 1}}}
{inputs: {input: {shape: [4]}}, layers: {input: {class: Dense, units: 1}}}
{layers: {input: {class: Dense, units: 1}}}
{layers: {a: Flatten, input: {class: Dense, units: 1, from: a}}}
{class: Functional, layers: {a: {class: Dense, units: 1}}}
{class: Sequential, layers: {a: Flatten, b: {class: Add, from: [a, input]}}}
{class: Model, layers: {a: {class: Dense, units: 1}}}
{class: Dense, layers: {a: {class: Dense, units: 1}}}
{class: 3, layers: {a: {class: Dense, units: 1}}}
{class: [Sequential], layers: {a: {class: Dense, units: 1}}}
{name: 3, layers: {a: {class: Dense, units: 1}}}
{name: "a b/c", layers: {a: {class: Dense, units: 1}}}
{name: [x], layers: {a: {class: Dense, units: 1}}}
{trainable: false, layers: {a: {class: Dense, units: 1}}}
{trainable: "no", layers: {a: {class: Dense, units: 1}}}
{trainable: [1], layers: {a: {class: Dense, units: 1}}}
{layers: {a: {class: Add, from: [input, input]}, b: {class: Dense, units: 1}}}
{layers: {a: {class: Add, from: input}, b: {class: Dense, units: 1}}}
{layers: {a: Add, b: {class: Dense, units: 1}}}
{layers: {a: ops.nope}}
{layers: {a: ops.abs}}
{layers: {a: {class: ops.abs, from: input}, b: {class: Dense, units: 1}}}
{layers: {a: {class: ops.add, from: [input, 1]}, b: {class: Dense, units: 1}}}
{layers: {a: {class: ops.add, from: input}, b: {class: Dense, units: 1}}}
{layers: {a: {class: ops.add, from: [input]}, b: {class: Dense, units: 1}}}
{layers: {a: {class: ops.add, from: [1, 2]}, b: {class: Dense, units: 1}}}
{layers: {a: {class: ops.add, from: [input, 1, 2]}, b: {class: Dense, units: 1}}}
{layers: {a: {class: ops.zeros, shape: [2]}}}
{layers: {a: {class: ops.shape, from: input}}}
{layers: {a: {class: ops.split, indices_or_sections: 2, axis: 1, from: input}, b: {class: Dense, units: 1, from: a.1}}}
{layers: {a: {class: ops.split, indices_or_sections: 2, axis: 1, from: input}, b: {class: Dense, units: 1}}}
{layers: {a: {class: ops.split, indices_or_sections: 2, axis: 1, from: input}, b: {class: Dense, units: 1, from: a.5}}}
{layers: {a: {class: ops.einsum, subscripts: "bi,bi->b", from: [input, input]}, b: {class: ops.expand_dims, axis: 1}, c: {class: Dense, units: 1}}}
{layers: {a: {class: ops.map, from: input}}}
{layers: {a: {class: ops.cond, from: input}}}
{layers: {a: {class: ops.custom_gradient, from: input}}}
{layers: {a: {class: Lambda, function: "lambda x: x"}}}
{layers: {a: {class: Lambda, function: {class: nope}}}}
{layers: {a: {class: InputLayer, shape: [4]}, b: {class: Dense, units: 1}}}
{layers: {a: InputLayer, b: {class: Dense, units: 1}}}
{layers: {a: Input, b: {class: Dense, units: 1}}}
{layers: {a: {class: Dense, units: -3}}}
{layers: {a: {class: Dense, units: 0}}}
{layers: {a: {class: Dense, units: 1.5}}}
{layers: {a: {class: Dense, units: "3"}}}
{layers: {a: {class: Dense, units: null}}}
{layers: {a: {class: Dense, units: [3]}}}
{layers: {a: {class: Dense, units: {a: 3}}}}
{layers: {a: {class: Dense, units: {class: Adam}}}}
{layers: {a: {class: Dense, units: true}}}
{layers: {a: {class: Dense, units: 1, activation: 3}}}
{layers: {a: {class: Dense, units: 1, activation: true}}}
{layers: {a: {class: Dense, units: 1, activation: nope}}}
{layers: {a: {class: Dense, units: 1, activation: []}}}
{layers: {a: {class: Dense, units: 1, activation: {class: relu, negative_slope: 0.3}}}}
{layers: {a: {class: Dense, units: 1, activation: {class: relu}}}}
{layers: {a: {class: Dense, units: 1, activation: {class: LeakyReLU, negative_slope: 0.3}}}}
{layers: {a: {class: Dense, units: 1, activation: LeakyReLU}}}
{layers: {a: {class: Dense, units: 1, activation: {relu: 1}}}}
{layers: {a: {class: Dense, units: 1, activation: {class: Adam}}}}
{layers: {a: {class: Dense, units: 1, kernel_initializer: {class: Adam}}}}
{layers: {a: {class: Dense, units: 1, kernel_initializer: [1, 2]}}}
{layers: {a: {class: Dense, units: 1, kernel_initializer: {a: 1}}}}
{layers: {a: {class: Dense, units: 1, kernel_initializer: {layers: {b: Flatten}}}}}
{layers: {a: {class: Dense, units: 1, kernel_regularizer: 0.01}}}
{layers: {a: {class: Dense, units: 1, dtype: nope}}}
{layers: {a: {class: Dense, units: 1, dtype: 3}}}
{layers: {a: {class: Dense, units: 1, dtype: float16}}}
{layers: {a: {class: Dense, units: 1, dtype: {class: DTypePolicy, name: mixed_float16}}}}
{layers: {a: {class: Dense, units: 1, trainable: 3}}}
{layers: {a: {class: Dense, units: 1, name: q}}}
{layers: {a: {class: Dense, units: 1, input_shape: [4]}}}
{layers: {a: {class: Dense, units: 1, foo: {class: Bar, baz: {class: Qux}}}}}
{layers: {a: {class: Dense, 3: 1, units: 1}}}
{layers: {a: {class: TimeDistributed, layer: {class: Dense, units: 3}}}}
{layers: {a: {class: TimeDistributed, layer: Flatten}}}
{layers: {a: {class: TimeDistributed, layer: 3}}}
{layers: {a: {class: TimeDistributed, layer: {layers: {b: {class: Dense, units: 2}}}}}}
{layers: {a: {class: TimeDistributed, layer: {layers: {}}}}}
{layers: {a: {class: TimeDistributed, layer: {layers: {b: {class: Dense, units: 2, from: nope}}}}}}
{layers: {a: {class: TimeDistributed, layer: {layers: {b: {class: Add, from: [input, input]}}}}}}
{layers: {a: {class: TimeDistributed, layer: {layers: {b: {layers: {c: Flatten}}}}}}}
{layers: {a: {class: TimeDistributed, layer: {layers: {b: ops.abs}}}}}
{layers: {a: {class: Bidirectional, layer: {class: Dense, units: 2}}}}
{layers: {a: {class: RNN, cell: [{class: LSTMCell, units: 3}]}}}
{layers: {a: {class: RNN, cell: 3}}}
{layers: {a: {class: RNN, cell: {class: Dense, units: 3}}}}
{layers: {a: {layers: {b: {class: Dense, units: 1}}}}}
{layers: {a: {layers: {b: {layers: {c: {layers: {d: {layers: {e: {class: Dense, units: 1}}}}}}}}}}}
{layers: {a: {layers: {}}}}
{layers: {a: {layers: null}}}
{layers: {a: {class: Sequential}}}
{layers: {a: {class: Sequential, layers: {b: {class: Dense, units: 1}}, foo: 3}}}
{layers: {a: {class: Sequential, inputs: {x: {shape: [7]}}, layers: {b: {class: Dense, units: 1}}}}}
{layers: {a: {inputs: {x: {shape: [4]}, y: {shape: [4]}}, layers: {b: {class: Add, from: [x, y]}}}}}
{layers: {a: {inputs: {x: {shape: [4]}, y: {shape: [4]}}, from: [input, input], layers: {b: {class: Add, from: [x, y]}}}, c: {class: Dense, units: 1}}}
{layers: {a: {inputs: {x: {shape: [4]}, y: {shape: [4]}}, from: {x: input, y: input}, layers: {b: {class: Add, from: [x, y]}}}, c: {class: Dense, units: 1}}}
{layers: {a: {inputs: {x: {shape: [4]}, y: {shape: [4]}}, from: {x: input, z: input}, layers: {b: {class: Add, from: [x, y]}}}, c: {class: Dense, units: 1}}}
{layers: {a: {inputs: {x: {shape: [4]}, y: {shape: [4]}}, from: {x: input}, layers: {b: {class: Add, from: [x, y]}}}, c: {class: Dense, units: 1}}}
{layers: {a: {inputs: {x: {shape: [4]}, y: {shape: [4]}}, from: [input, 3], layers: {b: {class: Add, from: [x, y]}}}, c: {class: Dense, units: 1}}}
{layers: {a: {from: 3, layers: {b: {class: Dense, units: 1}}}}}
{layers: {a: {from: input, with: {training: true}, layers: {b: {class: Dense, units: 1}}}}}
{layers: {a: {from: input, with: {nope: true}, layers: {b: {class: Dense, units: 1}}}}}
{layers: {a: {layers: {b: {class: Dense, units: 1}, c: {class: Dense, units: 2, from: b}}, outputs: [b, c]}, d: {class: Dense, units: 1, from: a.1}, e: {class: Add, from: [d, a.0]}}}
{layers: {a: {layers: {b: {class: Dense, units: 1}, c: {class: Dense, units: 2, from: b}}, outputs: {p: b, q: c}}, d: {class: Dense, units: 1, from: a.1}, e: {class: Add, from: [d, a.0]}}}
{layers: {a: {layers: {b: {class: Dense, units: 1}, c: {class: Dense, units: 2, from: b}}, outputs: {p: b, q: c}}, d: {class: Dense, units: 1, from: a.q}}}
{layers: {a: {class: applications.MobileNetV2, weights: nope}}}
{layers: {a: {class: applications.Nope}}}
{layers: {a: {class: MobileNetV2}}}
{layers: {a: {class: keras.layers.Dense, units: 1}}}
{layers: {a: {class: layers.Dense, units: 1}}}
{layers: {a: {class: tf.keras.layers.Dense, units: 1}}}
{layers: {a: {class: dense, units: 1}}}
{layers: {a: {class: Dense, units: 1, kernal_initializer: zeros}}}
{layers: {a: {_target_: keras.layers.Dense, units: 1}}}
{layers: {a: {type: Dense, units: 1}}}
{layers: {a: {class: Dense, unit: 1}}}
{layers: {a: relu}}
{layers: {a: {block: foo}}}
{layers: {a: {class: Dense, units: 1, repeat: 2}}}
{layers: {a: {class: Dense, units: 1, if: false}}}
{layers: {a: {class: Dense, units: 1, after: a}}}
{parameters: {a: 1}, layers: {a: {class: Dense, units: 1}}}
{layers: {a: {class: Dense, units: $a}}}
{foo: 1, layers: {a: {class: Dense, units: 1}}}
{layers: [Flatten, {class: Dense, units: 1}]}
{layers: [{class: Dense, units: 1}, {class: Dense, units: 1}, 3]}
{layers: [{class: Dense, units: 1}, {class: Dense, units: 1, from: dense}]}
{layers: [null]}
{layers: [[Dense]]}
{layers: [{a: 3}]}
{layers: [ops.abs, {class: Dense, units: 1}]}
{layers: {a: {class: Embedding, input_dim: 3, output_dim: 4}, b: Flatten, c: {class: Dense, units: 1}}}
{layers: {a: {class: Conv2D, filters: 3, kernel_size: 3}}}
{layers: {a: {class: Reshape, target_shape: [2, 3]}}}
{layers: {a: {class: Reshape, target_shape: [4, 1]}, b: {class: Conv1D, filters: 2, kernel_size: 9}}}
{layers: {a: {class: MultiHeadAttention, num_heads: 2, key_dim: 2}}}
{layers: {a: {class: MultiHeadAttention, num_heads: 2, key_dim: 2, from: {query: input}}}}
{layers: {a: {class: MultiHeadAttention, num_heads: 2, key_dim: 2, from: {query: input, valu: input}}}}
{layers: {a: {class: LSTM, units: 3}}}
{layers: {a: {class: Dense, units: 1, from: [input, input]}}}
{layers: {a: {class: Dense, units: 1, from: [[input]]}}}
{layers: {a: {class: Dense, units: 1, from: [null]}}}
{layers: {a: {class: Dense, units: 1, from: null}}}
{layers: {a: {class: Dense, units: 1, from: ""}}}
{layers: {a: {class: Dense, units: 1, from: {inputs: input}}}}
{layers: {a: {class: Dense, units: 1, from: {x: input}}}}
{layers: {a: {class: Dense, units: 1, from: {inputs: {inputs: input}}}}}
{layers: {a: {class: Dense, units: 1, from: input.0}}}
{layers: {a: {class: Dense, units: 1, from: input.1}}}
{layers: {a: {class: Dense, units: 1, from: true}}}
{layers: {a: {class: Concatenate, from: [input, 3]}, b: {class: Dense, units: 1}}}
{layers: {a: {class: Dot, axes: 7, from: [input, input]}}}
{layers: {a: {class: Dense, units: 100000000000}}}
{layers: {a: {class: Dense, units: 99999999999999999999999}}}
{layers: {a: {class: Dropout, rate: 3}, b: {class: Dense, units: 1}}}
{layers: {a: {class: Dropout, rate: .nan}, b: {class: Dense, units: 1}}}
{layers: {a: {class: BatchNormalization, axis: [1]}, b: {class: Dense, units: 1}}}
{layers: {a: {class: Rescaling, scale: [1, 2, 3, 4]}, b: {class: Dense, units: 1}}}
{layers: {a: {class: Rescaling, scale: [1, 2, 3]}, b: {class: Dense, units: 1}}}
{layers: {a: {class: TextVectorization}}}
{layers: {a: {class: StringLookup, vocabulary: [a, b]}}}
{layers: {a: {class: Normalization}, b: {class: Dense, units: 1}}}
{layers: {a: {class: Discretization, num_bins: 3}, b: {class: Dense, units: 1}}}
{layers: {a: {class: CategoryEncoding, num_tokens: 4}, b: {class: Dense, units: 1}}}
{layers: {a: {class: Dense, units: 1}, A: {class: Dense, units: 1}}}
{layers: {a: {class: Dense, units: 1, layers: {b: Flatten}}}}
{layers: {a: {class: Wrapper, layer: {class: Dense, units: 1}}}}
{layers: {a: {class: Layer}}}
{layers: {a: {class: ActivityRegularization, l1: 0.1}, b: {class: Dense, units: 1}}}
{layers: {a: {class: TFSMLayer, filepath: nope}}}
{layers: {a: {class: JaxLayer, call_fn: f}}}
{layers: {a: {class: TorchModuleWrapper, module: m}}}
{layers: {a: {class: FlaxLayer, module: m}}}
{layers: {a: {class: Pipeline, layers: [{class: Dense, units: 1}]}}}
"""
"""Models with something odd, one a line; some of them are fine."""

RICH = """
name: rich
trainable: true
inputs:
  input: {shape: [4], dtype: float32}
layers:
  wide: {class: Reshape, target_shape: [2, 2]}
  each: {class: TimeDistributed, layer: {class: Dense, units: 3}}
  lstm: {class: LSTM, units: 3, return_state: true, kernel_initializer: {class: HeNormal, seed: 1}}
  joined: {class: Concatenate, from: [lstm.0, lstm.1]}
  inner:
    layers: {a: {class: Dense, units: 2, activation: relu}, b: {class: Dropout, rate: 0.1, with: {training: false}}}
  again: {is: inner, from: joined, with: {training: false}}
  gap: {class: ops.subtract, from: {x1: inner, x2: again}}
  out: {class: Dense, units: 1}
outputs: {value: out}
"""
"""A model with one of everything, in which each value is replaced in turn."""

WRONG: tuple[Any, ...] = (
    None,
    True,
    -3,
    1.5,
    "",
    "x",
    [],
    ["x"],
    [[]],
    {},
    {"x": 1},
    {"class": "Dense"},
)


@pytest.fixture
def compile_section(
    program: Callable[..., Any], keras3: Any, catalog: Catalog
) -> Callable[[Any], list[Diagnostic]]:
    """Compiles a model section; whatever is raised but `CompileError` is a bug."""
    from kerasgen.compiler import compile_program

    def compile_(section: Any) -> list[Diagnostic]:
        try:
            parsed, sink = program(section)
            compile_program(outline(parsed, catalog, sink), keras3, catalog, sink)
        except CompileError as error:
            return list(error.diagnostics)
        return list(sink.diagnostics)

    return compile_


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else ()
    for key, item in enumerate(value) if isinstance(value, list) else items:
        yield from places(item, (*path, key))


def replaced(section: Any, path: tuple[Any, ...], value: Any) -> Any:
    section = copy.deepcopy(section)
    inner = section
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = copy.deepcopy(value)
    return section


@pytest.mark.slow
def test_an_odd_model_gives_diagnostics_or_a_model(
    compile_section: Callable[[Any], list[Diagnostic]],
) -> None:
    for line in filter(None, ODD.splitlines()):
        found = compile_section(yaml.safe_load(line))
        messages = [(d.message, d.location and d.location.key) for d in found]
        assert len(set(messages)) == len(messages), line
        assert render_text(found).count("[KG") >= len(found)
        assert len(render_json(found)) == len(found)


@pytest.mark.slow
def test_any_value_of_a_model_may_be_wrong(
    compile_section: Callable[[Any], list[Diagnostic]],
) -> None:
    rich = yaml.safe_load(RICH)
    assert compile_section(rich) == []
    for path in places(rich):
        for value in WRONG:
            compile_section(replaced(rich, path, value))


def test_any_part_of_a_model_may_be_missing(
    compile_section: Callable[[Any], list[Diagnostic]],
) -> None:
    rich = yaml.safe_load(RICH)
    for path in places(rich):
        section = copy.deepcopy(rich)
        inner = section
        for key in path[:-1]:
            inner = inner[key]
        del inner[path[-1]]
        assert isinstance(compile_section(section), list)


def test_a_model_in_a_model_in_a_model_is_compiled(
    compile_section: Callable[[Any], list[Diagnostic]],
) -> None:
    section: dict[str, Any] = {"layers": {"last": {"class": "Dense", "units": 1}}}
    for depth in range(12):
        section = {"layers": {f"level{depth}": section}}
    assert compile_section(section) == []


def test_a_faulty_model_that_is_called_twice_is_told_once(
    compile_section: Callable[[Any], list[Diagnostic]],
) -> None:
    section = yaml.safe_load(
        """
        layers:
          tower: {layers: {conv: {class: Conv2D, filters: 2, kernel_size: 3}}}
          again: {is: tower, from: input}
          both: {class: Add, from: [tower, again]}
        """
    )
    assert [d.code for d in compile_section(section)] == ["KG401"]
