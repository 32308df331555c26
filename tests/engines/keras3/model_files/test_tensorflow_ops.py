"""Operations of TensorFlow in old files give what they gave there."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import CompileError, Sink

X = np.linspace(-2, 3, 24, dtype="float32").reshape(2, 3, 4)

Run = Callable[..., Any]


@pytest.fixture
def run(catalog: Catalog, tmp_path: Path) -> Run:
    """Imports a model of one operation, and gives what it makes of `X`."""
    import keras

    from kerasgen.engines.keras3.decompile.model import decompile_built
    from kerasgen.engines.keras3.decompile.sources import find_model
    from kerasgen.engines.keras3.deferred_weights import allocate_weights

    def compute(cls: str, config: dict[str, Any], node: Any) -> Any:
        layers = [
            {
                "name": "x", "class_name": "InputLayer", "inbound_nodes": [],
                "config": {"name": "x", "batch_input_shape": [None, 3, 4], "dtype": "float32"},
            },
            {
                "name": "op", "class_name": cls, "inbound_nodes": [node],
                "config": {"name": "op", **config},
            },
        ]  # fmt: skip
        inner = {
            "name": "m", "layers": layers,
            "input_layers": [["x", 0, 0]], "output_layers": [["op", 0, 0]],
        }  # fmt: skip
        topology = {"class_name": "Functional", "config": inner, "keras_version": "2.4.0"}
        (tmp_path / "m.json").write_text(json.dumps(topology))
        found = find_model(str(tmp_path / "m.json"), Sink(), catalog)
        made = decompile_built(found.model, catalog, Sink(), found.file)
        allocate_weights(made.built)
        return keras.ops.convert_to_numpy(made.built(X))

    return compute


@pytest.mark.parametrize(
    ("function", "named", "expected"),
    [
        ("math.multiply", {"y": 2.0}, X * 2),
        ("__operators__.add", {"y": ["x", 0, 0]}, X + X),
        ("math.subtract", {"y": 1.5, "name": "minus"}, X - 1.5),
        ("math.truediv", {"y": 4.0}, X / 4),
        ("math.maximum", {"y": 0.0}, np.maximum(X, 0)),
        ("nn.relu", {"name": None}, np.maximum(X, 0)),
        ("math.reduce_mean", {"axis": [1], "keepdims": True}, X.mean(1, keepdims=True)),
        ("reshape", {"shape": [-1, 12]}, X.reshape(2, 12)),
        ("transpose", {"perm": [0, 2, 1]}, X.transpose(0, 2, 1)),
        ("expand_dims", {"axis": 1}, X[:, None]),
        ("clip_by_value", {"clip_value_min": -1.0, "clip_value_max": 1.0}, X.clip(-1, 1)),
        ("math.squared_difference", {"y": 1.0}, (X - 1) ** 2),
        ("linalg.matmul", {"b": ["x", 0, 0], "transpose_b": True}, X @ X.transpose(0, 2, 1)),
        ("tile", {"multiples": [1, 2, 1]}, np.tile(X, (1, 2, 1))),
        ("pad", {"paddings": [[0, 0], [1, 0], [0, 2]], "constant_values": 7.0},
         np.pad(X, ((0, 0), (1, 0), (0, 2)), constant_values=7)),
        ("math.l2_normalize", {"axis": -1}, X / np.sqrt((X**2).sum(-1, keepdims=True))),
    ],
)  # fmt: skip
def test_a_function_gives_what_it_gave(
    function: str, named: dict[str, Any], expected: Any, run: Run
) -> None:
    found = run("TFOpLambda", {"function": function}, ["x", 0, 0, named])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_a_constant_may_come_first(run: Run) -> None:
    node = ["_CONSTANT_VALUE", -1, 1.0, {"y": ["x", 0, 0]}]
    np.testing.assert_allclose(run("TFOpLambda", {"function": "math.subtract"}, node), 1 - X)


def test_a_slice_gives_what_it_gave(run: Run) -> None:
    spec = [
        {"start": None, "stop": None, "step": None},
        {"class_name": "__ellipsis__", "config": {}},
        {"start": 1, "stop": None, "step": 2},
    ]
    found = run("SlicingOpLambda", {}, ["x", 0, 0, {"slice_spec": spec}])
    np.testing.assert_allclose(found, X[:, ..., 1::2])


def graph_node(op: str, inputs: int, **attributes: Any) -> str:
    return json.dumps({"name": "n", "op": op, "input": ["i"] * inputs, "attr": attributes})


@pytest.mark.parametrize(
    ("node_def", "constants", "expected"),
    [
        (graph_node("AddV2", 2), {"1": 1.0}, X + 1),
        (graph_node("Sub", 2), {"0": 1.0}, 1 - X),
        (graph_node("Mean", 2, keep_dims={"b": True}), {"1": [1]}, X.mean(1, keepdims=True)),
        (graph_node("Reshape", 2), {"1": [-1, 12]}, X.reshape(2, 12)),
        (graph_node("Squeeze", 1, squeeze_dims={"list": {}}), {}, X),
        (graph_node("LeakyRelu", 1, alpha={"f": 0.5}), {}, np.where(X > 0, X, X / 2)),
        (graph_node("Cast", 1, DstT={"type": "DT_INT32"}), {}, X.astype("int32")),
        (
            graph_node("StridedSlice", 4, begin_mask={"i": "1"}, end_mask={"i": "5"},
                       shrink_axis_mask={"i": "2"}),
            {"1": [0, 1, 1], "2": [0, 2, 0], "3": [1, 1, 1]},
            X[:, 1, 1:],
        ),
    ],
)  # fmt: skip
def test_a_node_of_a_graph_gives_what_it_gave(
    node_def: str, constants: dict[str, Any], expected: Any, run: Run
) -> None:
    config = {"node_def": node_def, "constants": constants}
    found = run("TensorFlowOpLayer", config, [["x", 0, 0, {}]])
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("cls", "config", "node", "words"),
    [
        ("TFOpLambda", {"function": "shape"}, ["x", 0, 0, {}], "calls `tf.shape`"),
        ("TFOpLambda", {"function": "io.write_file"}, ["x", 0, 0, {}], "calls `tf.io.write_file`"),
        ("TFOpLambda", {"function": "reshape"}, ["x", 0, 0, {"shape": [["x", 0, 0], 4]}],
         "known when it runs"),
        ("TensorFlowOpLayer", {"node_def": "{"}, [["x", 0, 0, {}]], "cannot be read"),
        ("TensorFlowOpLayer", {"node_def": graph_node("PyFunc", 1)}, [["x", 0, 0, {}]], "`PyFunc`"),
        ("SlicingOpLambda", {}, ["x", 0, 0, {"slice_spec": [["x", 0, 0]]}], "numbers nor slices"),
    ],
)  # fmt: skip
def test_an_operation_without_an_equal_is_refused_by_name(
    cls: str, config: dict[str, Any], node: Any, words: str, run: Run
) -> None:
    with pytest.raises(CompileError) as caught:
        run(cls, config, node)
    (found,) = caught.value.diagnostics
    assert found.code == "KG616"
    assert words in found.message
