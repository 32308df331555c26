"""The bounds of numbers: what no argument of Keras can mean, though its constructor takes it.

This room owns limits that Keras cannot be asked for. Most classes refuse a number that they
cannot use themselves; those in the tables here were tried, are taken in silence, and train into
NaN, run for ever or fail hours later.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from kerasgen.catalog.entries import Kind
from kerasgen.diagnostics import Sink, describe
from kerasgen.ir.values import Value

LARGEST = 2**63 - 1
"""The largest integer that a backend can hold."""

_LARGEST_SEED = 2**31 - 1
"""JAX takes a seed of 32 bits without a sign, PyTorch one of 31."""

_NAN_FITS: frozenset[Kind] = frozenset({"op", "source"})
"""Kinds with arguments that may be NaN (`ops.nan_to_num`)."""

_INFINITY_FITS: frozenset[Kind] = _NAN_FITS | {"callback"}
"""Kinds with arguments that may be infinite: masks with minus infinity, a first best value."""

_Bounds = tuple[float, float | None]

_SHARE: _Bounds = (0, 1)
_NOT_NEGATIVE: _Bounds = (0, None)

_BOUNDS: Mapping[Kind, Mapping[str, _Bounds]] = {
    "optimizer": {
        "learning_rate": _NOT_NEGATIVE,
        "weight_decay": _NOT_NEGATIVE,
        "clipnorm": _NOT_NEGATIVE,
        "clipvalue": _NOT_NEGATIVE,
        "global_clipnorm": _NOT_NEGATIVE,
        "loss_scale_factor": _NOT_NEGATIVE,
        "epsilon": _NOT_NEGATIVE,
        "beta_1": _SHARE,
        "beta_2": _SHARE,
        "rho": _SHARE,
    },
    "schedule": {
        "initial_learning_rate": _NOT_NEGATIVE,
        "end_learning_rate": _NOT_NEGATIVE,
        "warmup_target": _NOT_NEGATIVE,
        "decay_rate": _NOT_NEGATIVE,
        "values": _NOT_NEGATIVE,
    },
    "layer": {
        "epsilon": _NOT_NEGATIVE,
        "momentum": _SHARE,
        "dropout": _SHARE,
        "recurrent_dropout": _SHARE,
        # Each is written out in the compiled graph.
        "power_iterations": (1, 1000),
        "seed": (0, _LARGEST_SEED),
    },
    "initializer": {"stddev": _NOT_NEGATIVE, "seed": (0, _LARGEST_SEED)},
    "constraint": {"max_value": _NOT_NEGATIVE, "min_value": _NOT_NEGATIVE, "rate": _SHARE},
    "callback": {"patience": _NOT_NEGATIVE, "factor": _SHARE, "min_lr": _NOT_NEGATIVE},
}
"""Kind and argument to its least and largest value."""

_SHAPES = frozenset({"target_shape", "newshape", "output_shape", "input_shape", "shape", "dims"})
"""Arguments that hold a shape; Keras takes a string apart into its characters."""


def check_bounds(value: Value, name: str, kind: Kind, path: str, sink: Sink) -> None:
    """Reports KG204 for a number that an argument cannot mean, and for text as a shape.

    Args:
        value: the argument as written; objects in it are checked by themselves.
        name: its name.
        kind: the kind of the class that takes it.
        path: key path of the value.
        sink: gets the mistake.
    """
    if name in _SHAPES and kind != "source" and _is_no_shape(value):
        shown = describe(value) if isinstance(value, str) else "a list with other things than sizes"
        sink.report(
            "KG204",
            f"`{name}` is {shown}, expected a list of integers",
            key=path,
            help=f"write `{name}: [28, 28, 1]`, without quotes",
        )
        return
    bounds = _BOUNDS.get(kind, {}).get(name)
    for number, key in _numbers(value, path):
        expected = _expected(number, kind, bounds)
        if expected is not None:
            shown = f"{number}" if len(str(number)) <= 40 else f"{str(number)[:37]}..."
            sink.report("KG204", f"`{name}` is `{shown}`, expected {expected}", key=key)


def _is_no_shape(value: Value) -> bool:
    if isinstance(value, tuple):
        return any(isinstance(item, str | float | bool) for item in value)
    return isinstance(value, str)


def _numbers(value: Value, path: str) -> Iterator[tuple[int | float, str]]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield value, path
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _numbers(item, f"{path}.{index}")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _numbers(item, f"{path}.{key}")


def _expected(number: int | float, kind: Kind, bounds: _Bounds | None) -> str | None:
    """What was expected in place of a number, None if it can be meant."""
    if isinstance(number, int) and abs(number) > LARGEST:
        return f"at most {LARGEST}"
    if math.isnan(number) and kind not in _NAN_FITS:
        return "a number"
    if bounds is not None and not math.isnan(number):
        least, largest = bounds
        if largest is not None and not least <= number <= largest:
            return f"a number from {least} to {largest}"
        if number < least:
            return f"at least {least}"
    if math.isinf(number) and kind not in _INFINITY_FITS:
        return "a finite number"
    return None
