"""Activations, regularizers, constraints and types in the words of Keras 2.3.1.

What stands here is what cannot be asked: two versions of Keras are never in one process. Words of
`carried_…` are functions that the worker brings along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from kerasgen.engines.legacy.translation.untranslated import RefusedError

Config: TypeAlias = Mapping[str, Any]
"""A part of a config of Keras."""

_SAME = (
    *("linear", "relu", "sigmoid", "tanh", "softmax", "elu", "selu", "softsign"),
    "exponential",
)
"""Activations that mean the same in both."""

_CARRIED = (
    *("gelu", "silu", "hard_sigmoid", "hard_silu", "mish", "relu6", "leaky_relu"),
    *("log_softmax", "hard_tanh", "tanh_shrink", "squareplus", "softplus"),
)

_WORDS = {"swish": "silu", "hard_swish": "hard_silu"}

_CONSTRAINTS: Mapping[str, tuple[str, ...]] = {
    "MaxNorm": ("max_value", "axis"),
    "NonNeg": (),
    "UnitNorm": ("axis",),
    "MinMaxNorm": ("min_value", "max_value", "rate", "axis"),
}


def activation(said: Any) -> str:
    """The word of an activation.

    Args:
        said: a word, or the config of a function.

    Raises:
        RefusedError: Keras 2.3.1 has none, and none is carried.
    """
    word = said.get("config", said.get("class_name")) if isinstance(said, Mapping) else said
    word = word if isinstance(word, str) else (said or {}).get("class_name", "linear")
    word = _WORDS.get(word, word)
    if said is None or word in _SAME:
        return word or "linear"
    if word in _CARRIED:
        return f"carried_{word}"
    raise RefusedError(f"there is no activation `{word}` in Keras 2.3.1")


def regularizer(said: Config | None) -> dict[str, Any] | None:
    """A regularizer of weights.

    Raises:
        RefusedError: it is none of L1, L2 and L1L2.
    """
    return None if said is None else {"class_name": "L1L2", "config": _penalty(said)}


def row_penalty(said: Config | None) -> dict[str, Any] | None:
    """A regularizer of what a layer gives, of which Keras 3 takes the mean over the rows.

    Raises:
        RefusedError: it is none of L1, L2 and L1L2.
    """
    return None if said is None else {"class_name": "RowPenalty", "config": _penalty(said)}


def _penalty(said: Config) -> dict[str, float]:
    if said["class_name"] not in ("L1", "L2", "L1L2"):
        raise RefusedError(f"there is no regularizer `{said['class_name']}` in Keras 2.3.1")
    options = said["config"]
    return {name: float(options.get(name, 0.0)) for name in ("l1", "l2")}


def constraint(said: Config | None) -> dict[str, Any] | None:
    """A constraint of weights.

    Raises:
        RefusedError: Keras 2.3.1 has none of that name.
    """
    if said is None:
        return None
    names = _CONSTRAINTS.get(said["class_name"])
    if names is None:
        raise RefusedError(f"there is no constraint `{said['class_name']}` in Keras 2.3.1")
    return {"class_name": said["class_name"], "config": {n: said["config"][n] for n in names}}


def policy_name(said: Any) -> str:
    """The name of a dtype policy, of its word or its config."""
    return str(said["config"]["name"] if isinstance(said, Mapping) else said)
