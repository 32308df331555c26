"""The names of the columns: what a config may call, before or after the data is opened.

This room owns the check of these names, and those that are known without looking: of the data sets
that ship with a library, of folders of files, and of tables whose config names all columns. It
reads nothing, and needs no NumPy, so that a fast check can afford it.

Decisions:
- scikit-learn says what its columns are called only while it loads them, and importing it takes
  a second; the names stand here, and a test holds them against what it gives.
"""

from __future__ import annotations

from collections.abc import Mapping

from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.ir.data import DataDef
from kerasgen.ir.schema import Schema
from kerasgen.ir.values import ObjectDef
from kerasgen.ir.walks import references_in
from kerasgen.passes.columns import (
    column_steps,
    feature_key,
    infer_schema,
    taken_columns,
    target_key,
)

_IMAGES = ("image", "label")

_FOLDERS = {"ImageFolder": _IMAGES, "Texts": ("text", "label"), "Sounds": ("sound", "label")}
"""Source of files in folders to its columns."""

_SHIPPED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "ScikitLearn": {
        "digits": _IMAGES,
        "iris": ("sepal_length", "sepal_width", "petal_length", "petal_width", "target"),
        "wine": (
            *("alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols"),
            *("flavanoids", "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue"),
            *("od280_od315_of_diluted_wines", "proline", "target"),
        ),
        "breast_cancer": (
            *(
                pattern.format(measure)
                for pattern in ("mean_{}", "{}_error", "worst_{}")
                for measure in (
                    *("radius", "texture", "perimeter", "area", "smoothness", "compactness"),
                    *("concavity", "concave_points", "symmetry", "fractal_dimension"),
                )
            ),
            "target",
        ),
        "diabetes": ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6", "target"),
        "linnerud": ("chins", "situps", "jumps", "weight", "waist", "pulse"),
    },
    "KerasDataset": {
        **dict.fromkeys(("mnist", "fashion_mnist", "cifar10", "cifar100"), _IMAGES),
        **dict.fromkeys(("boston_housing", "california_housing"), ("features", "target")),
    },
}
"""Source and name of a data set to its columns, in their order."""


def known_columns(source: ObjectDef) -> tuple[str, ...] | None:
    """The columns of a source, None where only its files tell them."""
    name, columns = source.arguments.get("name"), source.arguments.get("columns")
    if source.cls in _SHIPPED:
        return _SHIPPED[source.cls].get(name) if isinstance(name, str) else None
    if source.cls in _FOLDERS:
        return _FOLDERS[source.cls]
    if source.cls == "Csv" and isinstance(columns, tuple) and columns:
        return tuple(str(column) for column in columns)
    return None


def check_known_columns(definition: DataDef, sink: Sink) -> None:
    """Holds the config against the names of the columns, where they are known without looking."""
    columns = None if definition.absent else known_columns(definition.source)
    if columns is not None:
        check_columns(definition, infer_schema(definition, columns), sink)


def check_columns(definition: DataDef, schema: Schema, sink: Sink) -> None:
    """Holds the columns that a config names against a source's own; KG302, KG305, KG504."""
    # A step that takes the column of its own name replaces it, and makes none.
    made = [
        "" if entry.name in taken_columns(entry) else entry.name
        for entry in column_steps(definition)
    ]
    available = list(schema.columns)
    for position, entry in enumerate(column_steps(definition)):
        taken = [(r.written, r.path) for r in references_in(entry.takes)]
        for name, key in taken:
            if name not in available and name in made[position + 1 :]:
                sink.report(
                    "KG302",
                    f"`{entry.name}` takes `{name}`, which is made later",
                    key=key,
                    help=f"put `{name}` above `{entry.name}`",
                )
            elif name not in available:
                _report_missing(name, key, available, sink)
        if entry.name in schema.columns and entry.name not in taken_columns(entry):
            sink.report(
                "KG305",
                f"`{entry.name}` is a column of the source, and the step does not take it",
                key=entry.path,
                at="key",
                help="give the step another name",
            )
        available.append(entry.name)
    used = [
        (column, feature_key(definition, name))
        for name, names in schema.features.items()
        for column in names
    ]
    used += [(column, target_key(output)) for output, column in definition.target.items()]
    for column, key in used:
        if column not in available:
            _report_missing(column, key, available, sink)
    beside = [("time", definition.time), ("series", definition.series)]
    beside += [(f"split.{key}", column) for key, column in definition.split.columns.items()]
    if definition.weights is not None and definition.weights.column is not None:
        beside.append(("weights", definition.weights.column))
    for key, column in beside:
        if column and column not in schema.columns:
            _report_missing(column, f"data.{key}", list(schema.columns), sink)


def _report_missing(name: str, key: str, available: list[str], sink: Sink) -> None:
    sink.report(
        "KG504",
        f"there is no column `{name}`",
        key=key,
        help=did_you_mean(name, available, listed=40),
    )
