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

from dataclasses import dataclass

import numpy as np

from kerasgen.data.labels import is_one_hot
from kerasgen.data.opened import OpenedData
from kerasgen.data.table import PARTS, Array
from kerasgen.diagnostics import Sink
from kerasgen.ir.data import DataDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The rows of each part: int64, ascending, disjoint, together all rows.

    Attributes:
        training: never empty.
        validation: None if no validation part is asked for.
        test: None if no test part is asked for.
    """

    training: Array
    validation: Array | None
    test: Array | None


def split_rows(opened: OpenedData, definition: DataDef, seed: int, sink: Sink) -> Parts:
    """Divides the rows of opened data.

    Args:
        opened: the opened data.
        definition: the data group, with its split.
        seed: seed of the run.
        sink: gets what cannot be done: KG204 and KG507.

    Returns:
        The parts.

    Raises:
        CompileError: the split cannot be made.
    """
    labels = _stratified_by(opened, definition, sink)
    sink.stop_on_errors()
    marked = {
        part: _given_rows(opened, part, sink)
        for part in ("test", "validation")
        if getattr(definition.split, part) == "given"
    }
    sink.stop_on_errors()
    rest = np.arange(opened.samples, dtype="int64")
    for rows in marked.values():
        rest = np.setdiff1d(rest, rows, assume_unique=True)
    parts: dict[str, Array | None] = {}
    for number, part in enumerate(("test", "validation")):
        parts[part] = marked.get(part)
        size = getattr(definition.split, part)
        if part in marked or not size:
            continue
        count = _count(part, size, len(rest), sink)
        sink.stop_on_errors()
        generator = np.random.default_rng([number, abs(seed), int(seed < 0)])
        if not definition.split.shuffle:
            taken = rest[len(rest) - count :]
        elif labels is None:
            taken = np.sort(generator.permutation(rest)[:count])
        else:
            taken = _draw_stratified(part, rest, labels[rest], count, generator, sink)
        rest = np.setdiff1d(rest, taken, assume_unique=True)
        parts[part] = taken
    if len(rest) == 0:
        raise sink.fail(
            "KG507", f"no rows of {opened.samples} are left for training", key="data.split"
        )
    return Parts(training=rest, validation=parts["validation"], test=parts["test"])


def _given_rows(opened: OpenedData, part: str, sink: Sink) -> Array:
    key = f"data.split.{part}"
    help_text = f"write a fraction or a number of rows: `{part}: 0.2`"
    if opened.given is None:
        sink.report(
            "KG204",
            f"`{part}` is `given`, and the source does not say which rows are which",
            key=key,
            help=help_text,
        )
        return np.empty(0, dtype="int64")
    rows = np.flatnonzero(opened.given == PARTS.index(part)).astype("int64")
    if len(rows) == 0:
        sink.report(
            "KG204", f"`{part}` is `given`, and the source gives none", key=key, help=help_text
        )
    return rows


def _count(part: str, size: float, rows: int, sink: Sink) -> int:
    """The number of rows that a fraction or number asks for."""
    key = f"data.split.{part}"
    count = max(1, round(size * rows)) if isinstance(size, float) else size
    if count >= rows:
        asked = f"{count} rows" if isinstance(size, int) else f"{size} of {rows} rows"
        sink.report(
            "KG507",
            f"`{part}` asks for {asked}, and {rows} are there to share with training",
            key=key,
        )
    return count


def _stratified_by(opened: OpenedData, definition: DataDef, sink: Sink) -> Array | None:
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
        if column not in opened.schema.class_names:
            continue
        labels = opened.columns[column]
        if labels.ndim == 1:
            return labels
        if labels.ndim == 2 and is_one_hot(labels, len(opened.schema.class_names[column])):
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


def _draw_stratified(
    part: str, rows: Array, labels: Array, count: int, generator: np.random.Generator, sink: Sink
) -> Array:
    classes, members = np.unique(labels, return_counts=True)
    key = f"data.split.{part}"
    if members.min() < 2:
        raise sink.fail(
            "KG507",
            f"class {classes[members.argmin()]} has one row, which cannot be divided in proportion",
            key="data.split.stratify",
            help="write `stratify: false`, or leave the class out",
        )
    if min(count, len(rows) - count) < len(classes):
        raise sink.fail(
            "KG507",
            f"`{part}` has {count} rows of {len(rows)}, and each side needs one for each of the "
            f"{len(classes)} classes",
            key=key,
            help="ask for another size, or write `stratify: false`",
        )
    from sklearn.model_selection import StratifiedShuffleSplit

    splitter = StratifiedShuffleSplit(
        n_splits=1, test_size=count, random_state=int(generator.integers(2**32))
    )
    _, taken = next(splitter.split(rows[:, np.newaxis], labels))
    return np.sort(rows[taken])
