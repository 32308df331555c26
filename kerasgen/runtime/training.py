"""What is computed around training: weights of classes, figures, predictions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasgen.runtime.values import Array


def balanced_weights(labels: Array) -> dict[int, float]:
    """Weighs the classes so that each counts the same: `n / (classes * count)`."""
    indices = class_numbers(labels)
    classes, counts = np.unique(indices, return_counts=True)
    return {
        int(index): len(indices) / (len(classes) * int(count))
        for index, count in zip(classes, counts, strict=True)
    }


def weights_of_rows(labels: Any, weights: Mapping[int, float]) -> Array:
    """Gives each row the weight of its class; a class without one has the weight 1.

    Raises:
        ValueError: the labels are those of several outputs.
    """
    if not isinstance(labels, np.ndarray):
        raise ValueError("class weights need a model with a single output")
    classes, places = np.unique(class_numbers(labels), return_inverse=True)
    return np.array([weights.get(int(index), 1.0) for index in classes])[places]


def balance_classes(part: tuple[Any, Any], way: str, seed: int) -> tuple[Any, Any]:
    """Repeats rows of small classes, or leaves rows of large ones out.

    Then all classes are of one size. Rows are drawn at random, and stay in their order.
    """
    import keras

    labels = class_numbers(part[1])
    _, counts = np.unique(labels, return_counts=True)
    wanted = counts.max() if way == "oversample" else counts.min()
    random = np.random.default_rng([3, abs(seed), int(seed < 0)])
    chosen = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        chosen += [rows] * (wanted // len(rows))
        chosen.append(random.permutation(rows)[: wanted % len(rows)])
    order = np.sort(np.concatenate(chosen))
    inputs, targets = keras.tree.map_structure(lambda values: values[order], part)
    return inputs, targets


def class_numbers(labels: Array) -> Array:
    """Gives the class of each row, of class indices or of one-hot rows."""
    one_hot = labels.ndim > 1 and labels.shape[-1] != 1
    indices = labels.argmax(axis=-1) if one_hot else labels.reshape(len(labels))
    return np.round(indices).astype(int)


def evaluate(model: Any, part: tuple[Any, ...], batch_size: int) -> Any:
    """Measures loss and metrics."""
    inputs, targets, *weights = part
    return model.evaluate(
        inputs,
        targets,
        batch_size=batch_size,
        sample_weight=weights[0] if weights else None,
        verbose=0,
        return_dict=True,
    )


def predict(model: Any, part: tuple[Any, ...], batch_size: int) -> Any:
    """Gives what the model predicts."""
    inputs = part[0]
    return model.predict(inputs, batch_size=batch_size, verbose=0)


def own_memory(model: Any) -> None:
    """Gives the weights memory of their own, which what set them may share."""
    import keras

    # On JAX averages become the weights without a copy, and evaluating frees both.
    if keras.config.backend() == "jax":
        for weight in model.weights:
            weight.assign(keras.ops.copy(weight))


def largest_difference(before: Array, after: Array) -> float:
    """Compares two predictions, relative to the larger of 1 and the values."""
    if not np.array_equal(np.isfinite(before), np.isfinite(after)):
        return float("inf")
    known = np.isfinite(before)
    if not known.any():
        return 0.0
    first, second = before[known].astype("float64"), after[known].astype("float64")
    return float(np.max(np.abs(first - second) / np.maximum(1.0, np.abs(first))))
