"""Losses and optimizers as the worker takes them, and those that it does not have.

Decisions:
- Arguments of a loss come from the config: what Keras's `get_config` says of `Huber` has no
  `delta`. Those of an optimizer come from the made one, whose `get_config` is complete.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from kerasgen.engines.keras3.layer_traces import graph_of
from kerasgen.engines.legacy.translation.untranslated import Refusal
from kerasgen.ir.program import CompileDef, Loss, loss_word
from kerasgen.ir.values import ObjectDef

OPTIMIZERS = (
    *("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "AdamW", "Adamax", "Nadam", "Lion"),
)
"""The optimizers whose rules are carried."""

_LOSSES = (
    *("CategoricalCrossentropy", "SparseCategoricalCrossentropy", "BinaryCrossentropy"),
    *("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError"),
    *("MeanSquaredLogarithmicError", "CosineSimilarity", "Huber", "LogCosh", "KLDivergence"),
    *("Poisson", "Hinge", "SquaredHinge", "CategoricalHinge"),
)

_WORDS = {
    "crossentropy": "CategoricalCrossentropy",
    "mse": "MeanSquaredError",
    "mae": "MeanAbsoluteError",
    "mape": "MeanAbsolutePercentageError",
    "msle": "MeanSquaredLogarithmicError",
    "kld": "KLDivergence",
    "kullbackleiblerdivergence": "KLDivergence",
    "bce": "BinaryCrossentropy",
    "huberloss": "Huber",
}
_WORDS |= {name.lower(): name for name in _LOSSES}

_REDUCTIONS = ("sum_over_batch_size", "mean", "sum")

_UNUSED = ("use_ema", "loss_scale_factor", "gradient_accumulation_steps")
"""Arguments of an optimizer that the worker does not have."""


def loss_class(value: Loss) -> str | None:
    """The class of a loss, None if the worker has none such."""
    return _WORDS.get(loss_word(value))


def refused_loss(value: Loss) -> str | None:
    """Why a loss cannot be had, None if it can."""
    cls = loss_class(value)
    if cls is None:
        return "it is not carried to Keras 2.3.1"
    said = value.arguments if isinstance(value, ObjectDef) else {}
    if said.get("axis", -1) != -1:
        return "it is carried over the last axis alone"
    if said.get("ignore_class") is not None:
        return "it is carried without `ignore_class`"
    if said.get("reduction", "sum_over_batch_size") not in _REDUCTIONS:
        return f"it is carried without the reduction `{said['reduction']}`"
    return None


def is_carried(optimizer: str) -> bool:
    """Whether the worker has the rule of an optimizer, by its class or word."""
    known = {name.lower() for name in OPTIMIZERS}
    return optimizer.removeprefix("keras.").removeprefix("optimizers.").lower() in known


def refused_optimizer(optimizer: Any) -> Iterator[Refusal]:
    """What of an optimizer of Keras cannot be had."""
    for name in _UNUSED:
        if getattr(optimizer, name, None):
            yield Refusal(layer=(), reason=f"its rule is carried without `{name}`", argument=name)


def said_optimizer(optimizer: Any) -> dict[str, Any]:
    """Class and options of an optimizer for the worker."""
    options = optimizer.get_config()
    options.pop("learning_rate", None)  # It is told with each step.
    return {"class": type(optimizer).__name__, "options": options}


def said_losses(model: Any, objective: CompileDef) -> list[dict[str, Any]]:
    """Class, options and weight of the loss of each output, in order."""
    named = isinstance(objective.loss, Mapping)
    weights = objective.loss_weights or {}
    found = []
    names = graph_of(model).output_names
    for name in names if named else names[:1]:
        value = objective.loss[name] if isinstance(objective.loss, Mapping) else objective.loss
        assert value is not None, "the objective was settled"
        cls = loss_class(value)
        assert cls is not None, "what is not carried was refused"
        sparse = cls == "SparseCategoricalCrossentropy"
        found.append(
            {
                "class": "CategoricalCrossentropy" if sparse else cls,
                "sparse": sparse,
                "options": _options(cls, value),
                "weight": float(weights.get(name, 1.0)),
            }
        )
    return found


def _options(cls: str, value: Loss) -> dict[str, Any]:
    """The arguments of a loss, with Keras's defaults for those that the config leaves out."""
    plain = (bool, int, float, str)
    known = inspect.signature(getattr(keras.losses, cls)).parameters.values()
    found = {p.name: p.default for p in known if isinstance(p.default, plain)}
    return found | (dict(value.arguments) if isinstance(value, ObjectDef) else {})
