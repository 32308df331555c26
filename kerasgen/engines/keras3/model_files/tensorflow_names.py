"""Names of TensorFlow's functions and graph nodes, with what says the same in `keras.ops`.

This room owns two tables. They hold what cannot be asked: TensorFlow is not imported here, and
what it calls `perm` Keras calls `axes`. What is in neither table is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one operation is said.

    Attributes:
        op: the name below `keras.ops`.
        operands: TensorFlow's names of the arguments that hold tensors, in order.
        plain: TensorFlow's name of a plain argument or attribute to Keras's.
        constants: Keras's names of the inputs of a graph node that follow the operands.
        defaults: arguments whose default is another one in Keras.
    """

    op: str
    operands: tuple[str, ...] = ("x",)
    plain: Mapping[str, str] = field(default_factory=dict)
    constants: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)


_AXIS = {"axis": "axis"}
_REDUCED = {"axis": "axis", "keepdims": "keepdims"}

_UNARY = {
    "abs": "abs", "exp": "exp", "log": "log", "log1p": "log1p", "sqrt": "sqrt", "rsqrt": "rsqrt",
    "square": "square", "negative": "negative", "neg": "negative", "sigmoid": "sigmoid",
    "tanh": "tanh", "relu": "relu", "relu6": "relu6", "elu": "elu", "selu": "selu",
    "softplus": "softplus", "softsign": "softsign", "silu": "silu", "swish": "silu", "sin": "sin",
    "cos": "cos", "tan": "tan", "floor": "floor", "ceil": "ceil", "round": "round", "sign": "sign",
    "erf": "erf", "reciprocal": "reciprocal", "is_nan": "isnan", "is_inf": "isinf",
    "is_finite": "isfinite", "logical_not": "logical_not", "zeros_like": "zeros_like",
    "ones_like": "ones_like", "stop_gradient": "stop_gradient", "expm1": "expm1",
}  # fmt: skip

_BINARY = {
    "add": "add", "subtract": "subtract", "sub": "subtract", "multiply": "multiply",
    "mul": "multiply", "divide": "divide", "truediv": "divide", "div": "divide",
    "floordiv": "floor_divide", "pow": "power", "maximum": "maximum", "minimum": "minimum",
    "greater": "greater", "greater_equal": "greater_equal", "less": "less",
    "less_equal": "less_equal", "equal": "equal", "not_equal": "not_equal",
    "logical_and": "logical_and", "logical_or": "logical_or", "floormod": "mod", "mod": "mod",
}  # fmt: skip

_REDUCTIONS = {
    "reduce_mean": "mean", "reduce_sum": "sum", "reduce_max": "max", "reduce_min": "min",
    "reduce_prod": "prod", "reduce_any": "any", "reduce_all": "all", "reduce_std": "std",
    "reduce_variance": "var", "reduce_logsumexp": "logsumexp",
}  # fmt: skip

FUNCTIONS: Mapping[str, Rule] = {
    **{name: Rule(op=op) for name, op in _UNARY.items()},
    **{name: Rule(op=op, operands=("x", "y")) for name, op in _BINARY.items()},
    **{name: Rule(op=op, plain=_REDUCED) for name, op in _REDUCTIONS.items()},
    "softmax": Rule(op="softmax", plain=_AXIS),
    "log_softmax": Rule(op="log_softmax", plain=_AXIS),
    "leaky_relu": Rule(op="leaky_relu", plain={"alpha": "negative_slope"}),
    "gelu": Rule(op="gelu", plain={"approximate": "approximate"}, defaults={"approximate": False}),
    "argmax": Rule(op="argmax", plain=_AXIS, defaults={"axis": 0}),
    "argmin": Rule(op="argmin", plain=_AXIS, defaults={"axis": 0}),
    "cast": Rule(op="cast", plain={"dtype": "dtype"}),
    "reshape": Rule(op="reshape", plain={"shape": "newshape"}),
    "transpose": Rule(op="transpose", plain={"perm": "axes"}),
    "expand_dims": Rule(op="expand_dims", plain=_AXIS),
    "squeeze": Rule(op="squeeze", plain=_AXIS),
    "concat": Rule(op="concatenate", plain=_AXIS),
    "stack": Rule(op="stack", plain=_AXIS),
    "unstack": Rule(op="unstack", plain={"num": "num", "axis": "axis"}),
    "tile": Rule(op="tile", plain={"multiples": "repeats"}),
    "split": Rule(
        op="split",
        plain={"num_or_size_splits": "indices_or_sections", "axis": "axis"},
        defaults={"axis": 0},
    ),
    "gather": Rule(op="take", operands=("params", "indices"), plain=_AXIS, defaults={"axis": 0}),
    "one_hot": Rule(op="one_hot", plain={"depth": "num_classes", "axis": "axis"}),
    "clip_by_value": Rule(op="clip", plain={"clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "pad": Rule(
        op="pad",
        operands=("tensor",),
        plain={"paddings": "pad_width", "mode": "mode", "constant_values": "constant_values"},
    ),
    "where": Rule(op="where", operands=("condition", "x", "y")),
    "matmul": Rule(
        op="matmul",
        operands=("a", "b"),
        plain={"transpose_a": "transpose_a", "transpose_b": "transpose_b"},
    ),
    "bias_add": Rule(op="add", operands=("value", "bias")),
    "squared_difference": Rule(op="square", operands=("x", "y")),
    "l2_normalize": Rule(
        op="normalize", plain=_AXIS, defaults={"order": 2, "epsilon": 1e-6, "axis": None}
    ),
    "cumsum": Rule(op="cumsum", plain=_AXIS, defaults={"axis": 0}),
    "reverse": Rule(op="flip", plain=_AXIS),
    "roll": Rule(op="roll", plain={"shift": "shift", "axis": "axis"}),
    "repeat": Rule(op="repeat", plain={"repeats": "repeats", "axis": "axis"}),
    "resize": Rule(
        op="image.resize",
        plain={"size": "size", "method": "interpolation", "antialias": "antialias"},
        defaults={"data_format": "channels_last"},
    ),
}
"""The last part of a function's name in TensorFlow's Python, to its rule."""

_KEPT = {"keep_dims": "keepdims"}

NODES: Mapping[str, Rule] = {
    **{
        name: FUNCTIONS[function]
        for name, function in {
            "AddV2": "add", "Add": "add", "BiasAdd": "bias_add", "Sub": "sub", "Mul": "mul",
            "RealDiv": "div", "Div": "div", "FloorDiv": "floordiv", "FloorMod": "mod",
            "Pow": "pow", "Maximum": "maximum", "Minimum": "minimum", "Greater": "greater",
            "GreaterEqual": "greater_equal", "Less": "less", "LessEqual": "less_equal",
            "Equal": "equal", "NotEqual": "not_equal", "LogicalAnd": "logical_and",
            "LogicalOr": "logical_or", "SquaredDifference": "squared_difference",
            "Abs": "abs", "Exp": "exp", "Log": "log", "Log1p": "log1p", "Sqrt": "sqrt",
            "Rsqrt": "rsqrt", "Square": "square", "Neg": "neg", "Sigmoid": "sigmoid",
            "Tanh": "tanh", "Relu": "relu", "Relu6": "relu6", "Elu": "elu", "Selu": "selu",
            "Softplus": "softplus", "Softsign": "softsign", "Softmax": "softmax",
            "LogSoftmax": "log_softmax", "Floor": "floor", "Ceil": "ceil", "Round": "round",
            "Sign": "sign", "Sin": "sin", "Cos": "cos", "Erf": "erf", "Reciprocal": "reciprocal",
            "IsNan": "is_nan", "LogicalNot": "logical_not", "Select": "where",
            "SelectV2": "where", "LeakyRelu": "leaky_relu", "StopGradient": "stop_gradient",
        }.items()
    },
    **{
        name: Rule(op=op, constants=("axis",), plain=_KEPT)
        for name, op in {
            "Mean": "mean", "Sum": "sum", "Max": "max", "Min": "min", "Prod": "prod",
            "Any": "any", "All": "all",
        }.items()
    },
    "ArgMax": Rule(op="argmax", constants=("axis",)),
    "ArgMin": Rule(op="argmin", constants=("axis",)),
    "Cumsum": Rule(op="cumsum", constants=("axis",)),
    "Cast": Rule(op="cast", plain={"DstT": "dtype"}),
    "Reshape": Rule(op="reshape", constants=("newshape",)),
    "Transpose": Rule(op="transpose", constants=("axes",)),
    "ExpandDims": Rule(op="expand_dims", constants=("axis",)),
    "Squeeze": Rule(op="squeeze", plain={"squeeze_dims": "axis"}),
    "ConcatV2": Rule(op="concatenate"),
    "Pack": Rule(op="stack", plain=_AXIS),
    "Tile": Rule(op="tile", constants=("repeats",)),
    "Pad": Rule(op="pad", constants=("pad_width",)),
    "PadV2": Rule(op="pad", constants=("pad_width", "constant_values")),
    "MirrorPad": Rule(op="pad", constants=("pad_width",), plain={"mode": "mode"}),
    "ReverseV2": Rule(op="flip", constants=("axis",)),
    "GatherV2": Rule(op="take", operands=("params", "indices"), constants=("axis",)),
    "ClipByValue": Rule(op="clip", constants=("x_min", "x_max")),
    "OneHot": Rule(op="one_hot", constants=("num_classes",)),
    "MatMul": FUNCTIONS["matmul"],
    "BatchMatMul": Rule(
        op="matmul",
        operands=("x", "y"),
        plain={"adj_x": "transpose_a", "adj_y": "transpose_b"},
    ),
    "BatchMatMulV2": Rule(
        op="matmul",
        operands=("x", "y"),
        plain={"adj_x": "transpose_a", "adj_y": "transpose_b"},
    ),
}  # fmt: skip
"""The kind of a node in a graph of TensorFlow, to its rule."""
