"""Labels become class indices from 0, whatever the source calls its classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerasgen.runtime.category_steps import as_words
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array


def index_labels(values: Array, classes: int | None = None) -> tuple[Array, list[str]]:
    """Gives class indices and the names of the classes.

    One-hot rows stay, and so do whole numbers that are indices: 0 to n-1, or below the
    number of classes. All others, and text, are sorted and counted from 0. Of many
    labels a row, some may lie beyond the classes, as those that no loss counts.
    """
    if is_one_hot(values, classes):
        return values, [str(index) for index in range(values.shape[-1])]
    if values.dtype.kind != "U":
        values = whole_numbers(values)
    found = np.unique(values)
    if values.dtype.kind != "U":
        low, high = int(found[0]), int(found[-1])
        beyond = values.ndim > 1 and classes is not None and len(found) != classes
        ends = high == len(found) - 1 or (classes is not None and high < classes)
        if beyond or (low >= 0 and ends):
            count = classes if beyond and classes else max(high + 1, classes or 0)
            return values, [str(index) for index in range(count)]
    indices = np.searchsorted(found, values).astype("int64")
    return indices, [str(value) for value in found.tolist()]


def ordered_labels(values: Array, names: Sequence[str]) -> Array:
    """Gives the index of each label among the names of the classes.

    Raises:
        DataError: one is not among them.
    """
    words = as_words(values)
    order = np.argsort(np.asarray(names, dtype="str"))
    known = np.asarray(names, dtype="str")[order]
    places = np.minimum(np.searchsorted(known, words), len(known) - 1)
    strange = np.flatnonzero((known[places] != words).ravel())
    if strange.size:
        row = int(strange[0])
        label = words.ravel()[row]
        raise DataError(f'"{label}" in row {row + 1} is no class', about="target")
    return order[places].astype("int64")


def is_one_hot(values: Array, classes: int | None) -> bool:
    """Whether the last axis has a place for each class, a single 1 among zeros."""
    if values.ndim < 2 or values.shape[-1] < 2 or values.dtype.kind not in "iufb":
        return False
    if classes is not None and classes != values.shape[-1]:
        return False
    return bool(np.isin(values, (0, 1)).all() and (values.sum(axis=-1) == 1).all())


def whole_numbers(values: Array) -> Array:
    """Labels that are numbers as integers.

    Raises:
        DataError: one of them is no whole number.
    """
    if values.dtype.kind == "f" and (values != np.rint(values)).any():
        raise DataError("expected whole numbers or text for classes", about="target")
    return values.astype("int64")
