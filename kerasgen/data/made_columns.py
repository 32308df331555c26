"""What `data.prepare` has made, held against what it is for.

This room owns the checks of columns that steps make: targets that are labels, features that are
numbers, inputs that are finite. The source's own columns are checked when the data is opened.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kerasgen.data.facts import declared_classes
from kerasgen.data.table import Array
from kerasgen.diagnostics import Sink
from kerasgen.ir.data import DataDef
from kerasgen.ir.model import Entry
from kerasgen.ir.schema import Schema
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.columns import column_steps, feature_key
from kerasgen.runtime.split import PARTS


def check_made(
    definition: DataDef, schema: Schema, columns: Mapping[str, Array], sink: Sink
) -> None:
    """Checks the targets and features that steps made.

    Args:
        definition: the data group.
        schema: the columns of the source.
        columns: the columns after all column steps.
        sink: gets what cannot be trained on: KG505, KG506, KG508, KG509.
    """
    made = {entry.name: entry for entry in column_steps(definition)}
    for names in schema.features.values():
        for column in names:
            if column in made and columns[column].dtype.kind not in "iufb":
                sink.report(
                    "KG509",
                    f"`{column}` holds `{columns[column].dtype}`, expected numbers",
                    key=made[column].path,
                    at="key",
                )
    for output, column in definition.target.items():
        if column not in made:
            continue
        task = definition.task.get(output)
        if task == "multilabel":
            _check_made_flags(made[column], columns[column], sink)
        elif task == "classification":
            known = schema.class_names.get(column)
            classes = len(known) if known else declared_classes(definition, output)
            _check_made_labels(output, made[column], columns[column], classes, sink)
        elif columns[column].dtype.kind == "f" and not np.isfinite(columns[column]).all():
            sink.report(
                "KG506",
                f"`{column}` makes values that are not finite",
                key=made[column].path,
                at="key",
            )


def _check_made_flags(entry: Entry, column: Array, sink: Sink) -> None:
    """Checks several labels a row, a 0 or 1 for each."""
    if not np.isin(column, (0, 1)).all():
        sink.report(
            "KG505",
            f"`{entry.name}` makes values from `{column.min()}` to `{column.max()}`, expected 0 "
            "or 1 for each label",
            key=entry.path,
            at="key",
        )


def _check_made_labels(
    output: str, entry: Entry, column: Array, classes: int | None, sink: Sink
) -> None:
    """Checks labels that a step makes: class indices, or one-hot rows, within the classes."""
    flags = column.ndim > 1 and column.shape[-1] > 1 and bool(np.isin(column, (0, 1)).all())
    if flags and (column.sum(axis=-1) == 1).all():
        if classes is not None and column.shape[-1] != classes:
            sink.report(
                "KG505",
                f"`{entry.name}` encodes {column.shape[-1]} classes, expected {classes}",
                key=entry.path,
                at="key",
            )
        return
    encoding = (
        isinstance(entry.definition, ObjectDef) and entry.definition.cls == "CategoryEncoding"
    )
    if flags and column.ndim == 2 and (encoding or classes in (None, column.shape[-1])):
        sink.report(
            "KG505",
            f"`{entry.name}` has rows that are not one-hot, row "
            f"{int(np.argmax(column.sum(axis=-1) != 1)) + 1} for one",
            key=entry.path,
            at="key",
            help="a label at or above `num_tokens` gives a row of zeros"
            if encoding
            else "for several labels a row write `data.task: multilabel`",
        )
        return
    if not np.isfinite(column).all() or (column != np.rint(column)).any() or column.min() < 0:
        sink.report(
            "KG505",
            f"`{entry.name}` makes values from `{column.min()}` to `{column.max()}`, expected "
            "class indices, whole numbers from 0",
            key=entry.path,
            at="key",
        )
    elif classes is not None and column.max() >= classes:
        key = f"data.facts.classes.{output}" if output else "data.facts.classes"
        sink.report(
            "KG508",
            f"`classes` is declared as `{classes}`, and `{entry.name}` goes up to class "
            f"`{int(column.max())}`",
            key=key,
        )


def check_inputs(definition: DataDef, x: Mapping[str, Mapping[str, Array]], sink: Sink) -> None:
    """Checks that what goes into the model is finite: a step may divide by zero.

    Args:
        definition: the data group.
        x: part to input name to array.
        sink: gets what is not: KG506.
    """
    for part, arrays in x.items():
        for name, array in arrays.items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                sink.report(
                    "KG506",
                    f"the input `{name}` is not finite in the "
                    f"{f'{part} part' if part in PARTS else part} after `data.prepare`",
                    key="data.prepare" if definition.prepare else feature_key(definition, name),
                    at="key",
                )
