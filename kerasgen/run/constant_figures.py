"""What one answer for all rows scores, by the losses and metrics whose formulas are plain.

This room owns these formulas for an answer that is the same for every row; Keras's own would have
to be traced for each part. Who asks leaves a loss or metric out that is not among them, or that has
arguments of which the formulas know nothing. A test holds each against Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from kerasgen.ir.program import Loss, loss_word
from kerasgen.ir.training import Array
from kerasgen.ir.values import ObjectDef

_EPSILON = 1e-7

_NUMBERS = 2**22
"""Numbers of targets that are looked at together."""

_ROOTS = ("rootmeansquarederror", "rmse")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """One answer for all rows of an output, beside the targets of a part.

    Attributes:
        targets: class indices, or numbers in the form of the row; rows first.
        row: probabilities, or amounts.
        indices: whether the targets are indices of classes.
        logits: whether the model gives logits in the place of the probabilities.
    """

    targets: Array
    row: Array
    indices: bool
    logits: bool

    @property
    def differences(self) -> Array:
        """Targets less the answer."""
        return self.targets.astype("float64") - self.row


def constant_figure(loss: Loss, constant: Constant) -> float | None:
    """What an answer scores by one loss or metric; None where no formula is known.

    Args:
        loss: the loss or metric.
        constant: the answer.
    """
    arguments = dict(loss.arguments) if isinstance(loss, ObjectDef) else {}
    arguments.pop("name", None)
    logits = arguments.pop("from_logits", False)
    threshold = arguments.pop("threshold", None)
    word = loss_word(loss)
    if arguments or (threshold is not None and word != "binaryaccuracy"):
        return None
    usual = 0.0 if constant.logits else 0.5
    if (word == "binaryaccuracy" or logits) and (
        (word == "binaryaccuracy" and (0.5 if threshold is None else threshold) != usual)
        or (logits and not constant.logits)
    ):
        return None
    if constant.indices:
        formula = _OF_INDICES.get(word)
    else:
        formula = None if constant.logits and word in _DISTANCES else _OF_NUMBERS.get(word)
    if formula is None:
        return None
    mean = _mean(formula, constant)
    return float(np.sqrt(mean)) if word in _ROOTS else mean


def _mean(formula: Callable[[Constant], float], constant: Constant) -> float:
    """The mean over all rows, of some of which at a time the formula gives the mean."""
    count = len(constant.targets)
    step = max(1, _NUMBERS // max(1, constant.targets[:1].size))
    total = 0.0
    for start in range(0, count, step):
        piece = replace(constant, targets=constant.targets[start : start + step])
        total += formula(piece) * len(piece.targets)
    return total / count if count else float("nan")


def _entropy_of_indices(constant: Constant) -> float:
    shares = np.clip(constant.row, _EPSILON, 1)
    return float(-np.log(shares[constant.targets]).mean())


def _share_of_largest(constant: Constant) -> float:
    return float((constant.targets == constant.row.argmax()).mean())


def _entropy_of_one_hot(constant: Constant) -> float:
    shares = np.log(np.clip(constant.row, _EPSILON, 1))
    return float(-(constant.targets * shares).sum(axis=-1).mean())


def _binary_entropy(constant: Constant) -> float:
    shares = np.clip(constant.row, _EPSILON, 1 - _EPSILON)
    targets = constant.targets
    return float(-(targets * np.log(shares) + (1 - targets) * np.log(1 - shares)).mean())


def _one_hot_accuracy(constant: Constant) -> float:
    largest = constant.row.reshape(-1, constant.row.shape[-1])[0].argmax()
    return float((constant.targets.argmax(axis=-1) == largest).mean())


def _binary_accuracy(constant: Constant) -> float:
    return float((constant.targets == (constant.row > 0.5)).mean())


def _accuracy(constant: Constant) -> float:
    several = constant.targets.ndim > 1 and constant.targets.shape[-1] > 1
    return _one_hot_accuracy(constant) if several else _binary_accuracy(constant)


def _squared(constant: Constant) -> float:
    return float(np.square(constant.differences).mean())


def _absolute(constant: Constant) -> float:
    return float(np.abs(constant.differences).mean())


def _relative(constant: Constant) -> float:
    size = np.maximum(np.abs(constant.targets), _EPSILON)
    return float(100 * (np.abs(constant.differences) / size).mean())


_DISTANCES: Mapping[str, Callable[[Constant], float]] = {
    **dict.fromkeys(("meansquarederror", "mse"), _squared),
    **dict.fromkeys(("meanabsoluteerror", "mae"), _absolute),
    **dict.fromkeys(("meanabsolutepercentageerror", "mape"), _relative),
    **dict.fromkeys(_ROOTS, _squared),
}

_OF_NUMBERS: Mapping[str, Callable[[Constant], float]] = {
    **_DISTANCES,
    **dict.fromkeys(("binarycrossentropy", "bce"), _binary_entropy),
    **dict.fromkeys(("categoricalcrossentropy", "cce"), _entropy_of_one_hot),
    "binaryaccuracy": _binary_accuracy,
    "categoricalaccuracy": _one_hot_accuracy,
    **dict.fromkeys(("accuracy", "acc"), _accuracy),
}

_OF_INDICES: Mapping[str, Callable[[Constant], float]] = {
    "sparsecategoricalcrossentropy": _entropy_of_indices,
    **dict.fromkeys(("sparsecategoricalaccuracy", "accuracy", "acc"), _share_of_largest),
}
