"""The data sets that scikit-learn ships and those that Keras offers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np

from kerasgen.runtime.arrays import plain_column, read_archive, with_channels
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.split import PARTS
from kerasgen.runtime.values import Array, Columns

Pair: TypeAlias = "tuple[Any, Any]"


def read_digits() -> Columns:
    """Loads the data set `digits` that scikit-learn ships."""
    from sklearn import datasets

    return digits_columns(datasets.load_digits()), None


def load_shipped(name: str) -> Any:
    """Loads what scikit-learn ships."""
    from sklearn import datasets

    # The scaled form was fitted on all rows, those of a test part too.
    options = {"scaled": False} if name == "diabetes" else {}
    return getattr(datasets, f"load_{name}")(**options)


def digits_columns(bunch: Any) -> dict[str, Array]:
    """The images, with an axis of channels, and their labels."""
    images = bunch.images.astype("uint8")[..., np.newaxis]
    return {"image": images, "label": bunch.target.astype("int64", copy=False)}


def read_shipped_table(name: str) -> Columns:
    """Loads a table that scikit-learn ships."""
    return table_columns(load_shipped(name)), None


def table_columns(bunch: Any) -> dict[str, Array]:
    """A column for each feature, and for each target."""
    columns = by_name(bunch.data, bunch.feature_names)
    if bunch.target.ndim == 2:
        columns |= by_name(bunch.target, bunch.target_names)
    else:
        columns["target"] = bunch.target
    kinds = {"f": "float32", "i": "int64"}
    return {
        name: column.astype(kinds[column.dtype.kind], copy=False)
        for name, column in columns.items()
    }


def by_name(table: Array, names: Iterable[str]) -> dict[str, Array]:
    """The columns of a table, by names in lower case without units."""
    columns = {}
    for index, name in enumerate(names):
        words = re.findall(r"[a-z0-9]+", re.sub(r"\(.*?\)", "", str(name).lower()))
        columns["_".join(words)] = table[:, index]
    return columns


def read_keras_dataset(name: str) -> Columns:
    """Loads a data set from Keras's cache, or downloads it."""
    import keras

    training, test = getattr(keras.datasets, name).load_data()
    return join_pairs(training, test, keras_names(name))


def keras_names(name: str) -> tuple[str, str]:
    """What the two columns of a data set are called."""
    return ("features", "target") if name.endswith("_housing") else ("image", "label")


def join_pairs(training: Pair, test: Pair, names: tuple[str, str]) -> Columns:
    """Puts the test part behind the training part; says which rows are whose."""
    x, y = (np.concatenate(pieces) for pieces in zip(training, test, strict=True))
    columns = dict(zip(names, (with_channels(x), plain_column(y)), strict=True))
    numbers = np.array([PARTS.index("training"), PARTS.index("test")], dtype="int8")
    return columns, np.repeat(numbers, [len(training[0]), len(test[0])])


def read_keras_archive(name: str, path: str) -> Columns:
    """Reads a local copy of one of Keras's data sets.

    Raises:
        DataError: it lacks a column, or its arrays do not fit together.
    """
    columns, given = read_archive(path, wanted=("x", "y"))
    for column in ("x", "y"):
        if column not in columns:
            raise DataError(f"`{path}` has no array `{column}_train` or `{column}`")
    x, y = keras_names(name)
    return {x: columns["x"], y: columns["y"]}, given
