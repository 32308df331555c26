"""The data sets that scikit-learn ships and those that Keras offers.

This room owns the names of their columns. What is in them is asked of the two libraries.

Decisions:
- scikit-learn's `diabetes` is taken unscaled: the scaled form was fitted on all rows, so that its
  training part would know of the test part. `Normalization` under `data.prepare` does not.
- Column names are made of scikit-learn's: lower case, words joined by `_`, units left out
  (`sepal length (cm)` becomes `sepal_length`), so that they can stand on a command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from kerasgen.data.sources.arrays import ARCHIVE, Arrays
from kerasgen.data.sources.plain_functions import call_with_fields
from kerasgen.data.table import Table, argument_key, chosen
from kerasgen.diagnostics import Sink
from kerasgen.runtime.bundled import (
    digits_columns,
    join_pairs,
    keras_names,
    load_shipped,
    read_digits,
    read_keras_archive,
    read_keras_dataset,
    read_shipped_table,
    table_columns,
)
from kerasgen.runtime.source_call import SourceCall

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

    PATHS: ClassVar[tuple[str, ...]] = ()

    def plain_call(self) -> SourceCall:
        """The plain function that reads it, and its arguments."""
        if self.name == "digits":
            return call_with_fields(read_digits, self, "label")
        indexed = () if self.name in ("diabetes", "linnerud") else ("target",)
        return call_with_fields(read_shipped_table, self, *indexed)

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data; see `table.Source`."""
        del sink  # what ships with a package cannot be amiss
        bunch = load_shipped(self.name)
        columns = (digits_columns if self.name == "digits" else table_columns)(bunch)
        names = tuple(columns)
        return Table(
            columns={name: columns[name] for name in chosen(names, wanted)},
            names=names,
            class_names={
                name: tuple(map(str, bunch.target_names)) for name in self.plain_call().indexed
            },
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

    PATHS: ClassVar[tuple[str, ...]] = ("path",)

    def plain_call(self) -> SourceCall:
        """The plain function that reads it, and its arguments."""
        if self.path is not None:
            return call_with_fields(read_keras_archive, self)
        return call_with_fields(read_keras_dataset, self, "label")

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data; see `table.Source`."""
        x, y = keras_names(self.name)
        if self.path is not None:
            return _renamed(self._read_file(sink), {"x": x, "y": y}, wanted)
        training, test = self._load(sink)
        columns, given = join_pairs(training, test, (x, y))
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
        from kerasgen.engine import NotAvailableError
        from kerasgen.engines.choice import load_keras_dataset

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
