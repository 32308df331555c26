"""Preparing: opened and split data becomes the arrays that a model takes and is trained on.

This room owns the order in which the steps of `data.prepare` work, and on which rows they are
fitted: those of the training part alone. How a step is made is the engine's business.

What `prepare` means:
- An entry with `from` makes the column of its name, or replaces it; `from` holds a column, a
  number, or a list of these. Such entries come first, in order, whatever stands between them.
  They see labels as class indices. An op gets a column of one number a row as `(rows,)`, a layer
  as `(rows, 1)`; a layer's result of that shape is a column of one number a row again.
- Then the columns of each model input are stacked: a single column with several axes stays as it
  is, all others are joined along their last axis, where one number a row counts as one.
- An entry without `from` acts on every model input, one after the other, each with a layer of its
  own that is fitted on that input.
- A target is a column; an autoencoder's target is its input after all steps.
- A layer that learns from data (`adapt`) sees the training rows only. Layers that draw at random
  and layers with weights are refused, since their place is in the model.
- Arrays are channels last, and of the type that the last step gave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasgen.catalog.entries import Catalog, ShapeError
from kerasgen.data.column_names import feature_key
from kerasgen.data.facts import declared_classes
from kerasgen.data.opened import OpenedData
from kerasgen.data.split import Parts
from kerasgen.data.table import Array
from kerasgen.diagnostics import Sink, did_you_mean
from kerasgen.ir.data import DataDef
from kerasgen.ir.model import Constant, Entry, Operand, TensorRef
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.preparation import (
    column_name,
    column_steps,
    input_steps,
    report_refusal,
    step_operands,
)
from kerasgen.passes.wire import ENTRY_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPart:
    """The arrays of one part, rows first.

    Attributes:
        x: input name to array.
        y: output name to array; the name is empty for one unnamed target.
    """

    x: Mapping[str, Array]
    y: Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedData:
    """The arrays of all parts; None for a part that was not asked for."""

    training: PreparedPart
    validation: PreparedPart | None
    test: PreparedPart | None


def prepare_data(
    opened: OpenedData, parts: Parts, definition: DataDef, catalog: Catalog, sink: Sink
) -> PreparedData:
    """Applies `data.prepare`, fitted on the training rows.

    Args:
        opened: the opened data.
        parts: the rows of each part.
        definition: the data group.
        catalog: where class names are found.
        sink: gets what cannot be done: KG201, KG206, KG401, KG505, KG506, KG508, KG509.

    Returns:
        The arrays of each part.

    Raises:
        CompileError: a step is refused, or what comes out cannot be trained on.
    """
    _check_classes(definition, catalog, sink)
    columns = dict(opened.columns)
    for entry in column_steps(definition):
        columns[entry.name] = _made_column(entry, columns, parts, catalog, sink)
    _check_made(definition, columns, opened, sink)
    sink.stop_on_errors()
    rows = {"training": parts.training, "validation": parts.validation, "test": parts.test}
    asked = {part: index for part, index in rows.items() if index is not None}
    x = _inputs(opened.features, columns, asked, definition, sink)
    for entry in input_steps(definition):
        for name in opened.features:
            _apply(entry, name, x, catalog, sink)
    _check_inputs(definition, x, sink)
    sink.stop_on_errors()
    prepared = {
        part: PreparedPart(x=x[part], y=_targets(definition, columns, x[part], index))
        for part, index in asked.items()
    }
    return PreparedData(
        training=prepared["training"],
        validation=prepared.get("validation"),
        test=prepared.get("test"),
    )


def _check_classes(definition: DataDef, catalog: Catalog, sink: Sink) -> None:
    for entry in definition.prepare:
        if isinstance(entry.definition, ObjectDef) and not catalog.find(
            entry.definition.cls, ENTRY_KINDS
        ):
            sink.report(
                "KG201",
                f"there is no layer or op `{entry.definition.cls}`",
                key=f"{entry.path}.class",
                help=did_you_mean(entry.definition.cls, catalog.names(ENTRY_KINDS)),
            )
    sink.stop_on_errors()


def _made_column(
    entry: Entry, columns: Mapping[str, Array], parts: Parts, catalog: Catalog, sink: Sink
) -> Array:
    """The column that a step makes, for all rows, fitted on the training rows."""
    made = entry.definition
    assert isinstance(made, ObjectDef)
    layer = not made.cls.startswith("ops.")
    operands = [_operand(operand, columns, layer=layer) for operand in step_operands(entry)]
    training = [
        operand[parts.training] if isinstance(operand, np.ndarray) else operand
        for operand in operands
    ]
    result = _fit_and_apply(entry, training, [operands], catalog, sink)[0]
    scalars = all(
        columns[column_name(operand)].ndim == 1
        for operand in step_operands(entry)
        if isinstance(operand, TensorRef)
    )
    return result[:, 0] if layer and scalars and result.shape[1:] == (1,) else result


def _operand(operand: Operand, columns: Mapping[str, Array], *, layer: bool) -> Any:
    if isinstance(operand, Constant):
        return operand.value
    assert isinstance(operand, TensorRef)
    column = columns[column_name(operand)]
    return column[:, np.newaxis] if layer and column.ndim == 1 else column


def _apply(
    entry: Entry, name: str, x: Mapping[str, dict[str, Array]], catalog: Catalog, sink: Sink
) -> None:
    """Applies a step to one input in every part."""
    wholes = [[arrays[name]] for arrays in x.values()]
    results = _fit_and_apply(entry, [x["training"][name]], wholes, catalog, sink)
    for arrays, result in zip(x.values(), results, strict=True):
        arrays[name] = result


def _fit_and_apply(
    entry: Entry,
    training: Sequence[Any],
    wholes: Sequence[Sequence[Any]],
    catalog: Catalog,
    sink: Sink,
) -> list[Array]:
    # Imported here, since Keras takes seconds and its engine is chosen before.
    from kerasgen.engines.keras3.preprocessing import fit_step

    assert isinstance(entry.definition, ObjectDef)
    try:
        step = fit_step(entry.definition, catalog, training, entry.call_arguments)
        return [step(operands) for operands in wholes]
    except ShapeError as error:
        arrays = [operand for operand in training if isinstance(operand, np.ndarray)]
        report_refusal(entry, error, arrays[0].shape[1:] if arrays else None, sink)
        sink.stop_on_errors()
        raise AssertionError("a refusal is an error") from error


def _inputs(
    features: Mapping[str, tuple[str, ...]],
    columns: Mapping[str, Array],
    parts: Mapping[str, Array],
    definition: DataDef,
    sink: Sink,
) -> dict[str, dict[str, Array]]:
    """Part to input name to its stacked columns."""
    x: dict[str, dict[str, Array]] = {part: {} for part in parts}
    for name, names in features.items():
        shapes = {columns[column].shape[1:] or (1,) for column in names}
        if len({shape[:-1] for shape in shapes}) > 1:
            sink.report(
                "KG401",
                f"the columns of the input `{name}` cannot be stacked, their rows have the "
                f"shapes {', '.join(str(list(shape)) for shape in sorted(shapes))}",
                key=feature_key(definition, name),
            )
            continue
        for part, rows in parts.items():
            x[part][name] = _stacked([columns[column] for column in names], rows)
    sink.stop_on_errors()
    return x


def _stacked(columns: Sequence[Array], rows: Array) -> Array:
    pieces = [column[rows] for column in columns]
    pieces = [piece[:, np.newaxis] if piece.ndim == 1 else piece for piece in pieces]
    kinds = {piece.dtype for piece in pieces}
    dtype = np.result_type(*kinds)
    if dtype == np.float64 and dtype not in kinds:
        dtype = np.dtype("float32")  # NumPy joins float32 and int64 to what no column asked for
    return np.concatenate(pieces, axis=-1, dtype=dtype)


def _targets(
    definition: DataDef, columns: Mapping[str, Array], x: Mapping[str, Array], rows: Array
) -> dict[str, Array]:
    if not definition.target:
        return {"": next(iter(x.values()))} if len(x) == 1 else dict(x)
    return {output: columns[column][rows] for output, column in definition.target.items()}


def _check_made(
    definition: DataDef, columns: Mapping[str, Array], opened: OpenedData, sink: Sink
) -> None:
    """Checks the targets and features that steps made; the source's own were checked before."""
    made = {entry.name: entry for entry in column_steps(definition)}
    for names in opened.features.values():
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
            known = opened.class_names.get(column)
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


def _check_inputs(definition: DataDef, x: Mapping[str, Mapping[str, Array]], sink: Sink) -> None:
    """Checks that what goes in is finite: a step may divide by zero."""
    for part, arrays in x.items():
        for name, array in arrays.items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                sink.report(
                    "KG506",
                    f"the input `{name}` is not finite in the {part} part after `data.prepare`",
                    key="data.prepare" if definition.prepare else feature_key(definition, name),
                    at="key",
                )
