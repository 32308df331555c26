"""How well classes were told apart: counts of a confusion matrix, and the curves of two classes.

This room owns the formulas. The thresholds of a curve are the scores that occur, each once, so that
rows of one score stand or fall together; the area under a receiver operating characteristic is that
of its straight pieces, the average precision the sum of precisions weighted by the growth of the
recall (T. Fawcett, "An introduction to ROC analysis", 2006; the definitions of scikit-learn).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasgen.ir.training import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoClassCurves:
    """The curves of scores for one of two classes, from the highest threshold down.

    Attributes:
        false_positive: share of the other class that is taken for it.
        true_positive: share of it that is found, which is its recall.
        precision: share of what is taken for it that is it.
        area: area under the receiver operating characteristic.
        average_precision: the average of the precisions.
    """

    false_positive: Array
    true_positive: Array
    precision: Array
    area: float
    average_precision: float


def confusion_counts(true: Array, predicted: Array, classes: int) -> Array:
    """How often each true class (a row) was taken for each class (a column)."""
    places = true.astype("int64") * classes + predicted.astype("int64")
    return np.asarray(np.bincount(places, minlength=classes**2).reshape(classes, classes))


def two_class_curves(true: Array, scores: Array) -> TwoClassCurves | None:
    """The curves of two classes; None where a class does not occur, or a score is no number.

    Args:
        true: 0 or 1 for each row.
        scores: how much each row is taken for 1.
    """
    positives = int(true.sum())
    if not 0 < positives < true.size or not np.isfinite(scores).all():
        return None
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), true.size - 1)
    found = np.cumsum(true[order])[ends].astype("float64")
    taken = (ends + 1).astype("float64")
    recall, precision = found / positives, found / taken
    wrong = (taken - found) / (true.size - positives)
    rise = np.concatenate([[0.0], recall])
    run = np.concatenate([[0.0], wrong])
    area = float(np.sum(np.diff(run) * (rise[1:] + rise[:-1]) / 2))
    average = float(np.sum(np.diff(rise) * precision))
    return TwoClassCurves(
        false_positive=run,
        true_positive=rise,
        precision=np.concatenate([[precision[0]], precision]),
        area=area,
        average_precision=average,
    )


def thinned(length: int, most: int) -> Array:
    """Places of at most so many points of a curve, its ends among them."""
    if length <= most:
        return np.arange(length)
    return np.unique(np.linspace(0, length - 1, most).round().astype("int64"))


def probabilities(scores: Array, given: bool) -> Array:
    """Scores of classes, or of one, as probabilities.

    Args:
        scores: one score, or one for each class, in the last axis.
        given: whether they are probabilities already.
    """
    values = scores.astype("float64")
    if given:
        return np.asarray(values)
    if values.shape[-1] == 1:
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -700.0, 700.0))))
    shifted = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def label_probabilities(scores: Array) -> Array:
    """Scores of labels, any number of which may be right, as a probability each.

    What is no number says nothing of its label, and becomes 0.
    """
    values = scores.astype("float64")
    finite = values[np.isfinite(values)]
    if finite.size and (finite.min() < 0.0 or finite.max() > 1.0):
        values = probabilities(values[..., np.newaxis], given=False)[..., 0]
    return np.asarray(np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0))


def are_probabilities(scores: Array) -> bool:
    """Whether scores lie between 0 and 1, and sum up to 1 where there is one for each class."""
    finite = scores[np.isfinite(scores).all(axis=-1)].astype("float64")
    if not finite.size:
        return True
    if finite.min() < 0.0 or finite.max() > 1.0 + 1e-6:
        return False
    return finite.shape[-1] == 1 or bool(np.abs(finite.sum(axis=-1) - 1.0).max() < 1e-2)
