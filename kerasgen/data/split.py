"""Splitting: which rows are for training, validation and test.

This room owns the division of rows. It draws from generators of its own, so that the split
depends on the seed and the data alone, and the test part not on the wish for a validation part.

Decisions:
- `given` takes the rows that the source marks; a fraction or a number is taken of the rows that
  are not given to another part. Rows whose given part is not asked for are ordinary rows.
- The validation part is taken of what is not test.
- Each part lists its rows in the order of the source; `fit.shuffle` decides about batches.
- A fraction gives the nearest whole number of rows, one at least.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from kerasgen.data.table import Array
from kerasgen.diagnostics import Sink
from kerasgen.ir.data import DataDef
from kerasgen.ir.schema import Schema
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.labels import is_one_hot
from kerasgen.runtime.split import PARTS, draw_rows, draw_stratified, last_rows
from kerasgen.runtime.split import split_rows as plain_split

_HELPS = {
    "stratify": "write `stratify: false`, or leave the class out",
    "stratified": "ask for another size, or write `stratify: false`",
}
"""What an error of the plain division is about to what may help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Divided:
    """Rows that are to be divided.

    Attributes:
        columns: their columns, labels as class indices.
        schema: what the columns are.
        given: number in `PARTS` of each row's part, None where the source says nothing.
    """

    columns: Mapping[str, Array]
    schema: Schema
    given: Array | None

    @property
    def samples(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values())))


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRows:
    """The rows of each part: int64, ascending, disjoint, together all rows.

    Attributes:
        training: never empty.
        validation: None if no validation part is asked for.
        test: None if no test part is asked for.
    """

    training: Array
    validation: Array | None
    test: Array | None


def split_rows(rows: Divided, definition: DataDef, seed: int, sink: Sink) -> PartRows:
    """Divides rows.

    Args:
        rows: the rows.
        definition: the data group, with its split.
        seed: seed of the run.
        sink: gets what cannot be done: KG204 and KG507.

    Returns:
        The parts.

    Raises:
        CompileError: the split cannot be made.
    """
    labels = _stratified_by(rows, definition, sink)
    sink.stop_on_errors()
    split = definition.split
    draw = draw_rows if split.shuffle else last_rows
    if labels is not None:
        draw = partial(draw_stratified, labels=labels)
    for part in ("test", "validation"):
        if getattr(split, part) == "given":
            _check_given(rows, part, sink)
    sink.stop_on_errors()
    try:
        parts = plain_split(
            rows.samples,
            seed,
            {"test": split.test, "validation": split.validation},
            draw,
            rows.given,
        )
    except DataError as error:
        word, _, part = error.about.rpartition(" ")
        key = "data.split" if part == "split" else f"data.split.{part}"
        raise sink.fail("KG507", str(error), key=key, help=_HELPS.get(word or part)) from error
    return PartRows(
        training=parts["training"], validation=parts.get("validation"), test=parts.get("test")
    )


def _check_given(rows: Divided, part: str, sink: Sink) -> None:
    key = f"data.split.{part}"
    help_text = f"write a fraction or a number of rows: `{part}: 0.2`"
    if rows.given is None:
        sink.report(
            "KG204",
            f"`{part}` is `given`, and the source does not say which rows are which",
            key=key,
            help=help_text,
        )
    elif not (rows.given == PARTS.index(part)).any():
        sink.report(
            "KG204", f"`{part}` is `given`, and the source gives none", key=key, help=help_text
        )


def _stratified_by(rows: Divided, definition: DataDef, sink: Sink) -> Array | None:
    """The labels whose shares each part keeps: those of the first target that has classes."""
    split = definition.split
    if not split.stratify:
        return None
    if not split.shuffle:
        sink.report(
            "KG204",
            "`stratify` and `shuffle: false` exclude each other: rows from the end are what "
            "they are",
            key="data.split.stratify",
        )
        return None
    for output, column in definition.target.items():
        if column not in rows.schema.class_names:
            continue
        labels = rows.columns[column]
        if labels.ndim == 1:
            return labels
        if labels.ndim == 2 and is_one_hot(labels, len(rows.schema.class_names[column])):
            return np.asarray(labels.argmax(axis=1))
        several = definition.task.get(output) == "multilabel"
        sink.report(
            "KG511",
            f"`stratify` is true, and the rows of the target `{column}` have "
            + ("several labels each" if several else "a label for each place"),
            key="data.split.stratify",
            help="write `stratify: false`",
            notes=["a row with many labels belongs to no one class whose share could be kept"],
        )
        return None
    sink.report(
        "KG204",
        "`stratify` is true, and no target is a column of the source with classes",
        key="data.split.stratify",
        help="write `stratify: false`",
    )
    return None
