"""The data sets that scikit-learn ships and those that Keras offers.

This room owns the names of their columns. What is in them is asked of the two libraries.

Decisions:
- scikit-learn's `diabetes` is taken unscaled: the scaled form was fitted on all rows, so that its
  training part would know of the test part. `Normalization` under `data.prepare` does not.
- Column names are made of scikit-learn's: lower case, words joined by `_`, units left out
  (`sepal length (cm)` becomes `sepal_length`), so that they can stand on a command line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from kerasgen.data.sources.arrays import ARCHIVE, Arrays
from kerasgen.data.table import PARTS, Array, Table, argument_key, chosen, with_channels
from kerasgen.diagnostics import Sink

BundledName: TypeAlias = Literal["digits", "iris", "wine", "breast_cancer", "diabetes", "linnerud"]
KerasName: TypeAlias = Literal[
    "mnist",
    "fashion_mnist",
    "cifar10",
    "cifar100",
    "boston_housing",
    "california_housing",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScikitLearn:
    """A data set that scikit-learn ships; nothing is downloaded.

    `digits` has the columns `image` (8, 8, 1; 0 to 16) and `label`; the tables have a column for
    each feature, and `target` (`linnerud` one for each of its three targets).

    Attributes:
        name: which data set.
    """

    name: BundledName

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data; see `table.Source`."""
        del sink  # what ships with a package cannot be amiss
        from sklearn import datasets

        options: Mapping[str, Any] = {"scaled": False} if self.name == "diabetes" else {}
        bunch = getattr(datasets, f"load_{self.name}")(**options)
        if self.name == "digits":
            columns = {"image": bunch.images.astype("uint8")[..., np.newaxis]}
        else:
            columns = _by_name(bunch.data, bunch.feature_names)
        if bunch.target.ndim == 2:
            columns |= _by_name(bunch.target, bunch.target_names)
        else:
            columns["label" if self.name == "digits" else "target"] = bunch.target
        names = tuple(columns)
        classes = {} if bunch.target.ndim == 2 else _class_names(bunch)
        return Table(
            columns={name: _narrow(columns[name]) for name in chosen(names, wanted)},
            names=names,
            class_names=classes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KerasDataset:
    """A data set of `keras.datasets`, with its given test part.

    Image sets have the columns `image` and `label`, the housing sets `features` and `target`.

    Attributes:
        name: which data set.
        path: a local `.npz` file to read in its place, with `x_train`, `y_train`, `x_test` and
            `y_test` (or `x` and `y`, without a test part); None for Keras's cache.
        download: whether it may be downloaded if Keras does not have it in its cache.
    """

    name: KerasName
    path: str | None = None
    download: bool = False

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data; see `table.Source`."""
        images = not self.name.endswith("_housing")
        x, y = ("image", "label") if images else ("features", "target")
        if self.path is not None:
            return _renamed(self._read_file(sink), {"x": x, "y": y}, wanted)
        (x_train, y_train), (x_test, y_test) = self._load(sink)
        columns = {
            x: with_channels(np.concatenate([x_train, x_test])),
            y: np.concatenate([y_train, y_test]),
        }
        given = np.repeat(
            np.array([PARTS.index("training"), PARTS.index("test")], dtype="int8"),
            [len(x_train), len(x_test)],
        )
        names = tuple(columns)
        return Table(
            columns={name: columns[name] for name in chosen(names, wanted)},
            names=names,
            given=given,
        )

    def _read_file(self, sink: Sink) -> Table:
        table = Arrays(path=self.path).read(frozenset({"x", "y"}), sink)
        if missing := [name for name in ("x", "y") if name not in table.names]:
            raise sink.fail(
                "KG502",
                f"`{self.path}` has no array `{missing[0]}_train` or `{missing[0]}`",
                key=argument_key("path"),
                help=f"a `{ARCHIVE}` file of other arrays is read by the source `Arrays`",
            )
        return table

    def _load(self, sink: Sink) -> Any:
        # Imported here, since Keras takes seconds and its engine is chosen before.
        from kerasgen.engines.keras3.datasets import NotAvailableError, load_keras_dataset

        try:
            return load_keras_dataset(self.name, download=self.download)
        except NotAvailableError as error:
            if error.refused:
                raise sink.fail(
                    "KG501",
                    f"`{self.name}` is not in Keras's cache, and `download` is false",
                    key=argument_key("name"),
                    help="name a local `.npz` file with `data.source.path=…`, or let it be "
                    "downloaded with `data.source.download=true`",
                ) from error
            raise sink.fail(
                "KG501",
                f"`{self.name}` could not be loaded: {error}",
                key=argument_key("download"),
                help="without a network, name a local `.npz` file with `data.source.path=…`",
            ) from error


def _renamed(table: Table, names: Mapping[str, str], wanted: frozenset[str] | None) -> Table:
    columns = {names[name]: array for name, array in table.columns.items()}
    kept = chosen(tuple(columns), wanted)
    return Table(
        columns={name: columns[name] for name in kept},
        names=tuple(columns),
        given=table.given,
        notes=table.notes,
    )


def _by_name(table: Array, names: Any) -> dict[str, Array]:
    return {_plain_name(str(name)): table[:, index] for index, name in enumerate(names)}


def _plain_name(name: str) -> str:
    without_unit = re.sub(r"\(.*?\)", "", name)
    return "_".join(re.findall(r"[a-z0-9]+", without_unit.lower()))


def _narrow(column: Array) -> Array:
    kinds = {"f": "float32", "i": "int64"}
    return column.astype(kinds.get(column.dtype.kind, column.dtype), copy=False)


def _class_names(bunch: Any) -> dict[str, tuple[str, ...]]:
    names = getattr(bunch, "target_names", None)
    if names is None:
        return {}
    column = "label" if "images" in bunch else "target"
    return {column: tuple(str(name) for name in names)}
