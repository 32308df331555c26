"""Splitting: which rows are for training, validation and test.

This room owns the division of rows. It draws from generators of its own, so that the split
depends on the seed and the data alone, and the test part not on the wish for a validation part.

Decisions:
- `given` takes the rows that the source marks; a fraction or a number is taken of the rows that
  are not given to another part. Rows whose given part is not asked for are ordinary rows.
- The validation part is taken of what is not test.
- Each part lists its rows in the order of the source; `fit.shuffle` decides about batches.
- A fraction gives the nearest whole number of rows, one at least; where groups stay together, as
  near to it as they allow.
- A fold is the test part: each row is tested once, and the validation part is drawn as ever. In
  time, a fold is trained on what is older, and the rows that are newer are in no part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

import numpy as np

from kerasgen.data.table import Array
from kerasgen.diagnostics import Sink
from kerasgen.foreign.printable import cut
from kerasgen.ir.data import DataDef, SplitDef
from kerasgen.ir.schema import Schema
from kerasgen.passes.division import ways_to_divide
from kerasgen.runtime.cells import missing_in
from kerasgen.runtime.date_steps import read_date
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.folds import (
    deal_in_order,
    deal_rows,
    deal_stratified,
    take_fold,
    take_next_rows,
)
from kerasgen.runtime.groups import deal_groups, draw_groups
from kerasgen.runtime.labels import is_one_hot
from kerasgen.runtime.row_order import moments, newest_rows
from kerasgen.runtime.split import (
    PARTS,
    Fold,
    draw_rows,
    draw_stratified,
    last_rows,
    named_parts,
)
from kerasgen.runtime.split import split_rows as plain_split

_WAYS: Mapping[str, Callable[..., Array]] = {
    way.__name__: way
    for way in (
        *(draw_rows, last_rows, draw_stratified, draw_groups, newest_rows),
        *(deal_rows, deal_in_order, deal_stratified, deal_groups),
    )
}
"""The functions that draw a part or deal rows out, by their names."""

_HELPS = {
    "stratify": "write `stratify: false`, or leave the class out",
    "stratified": "ask for another size, or write `stratify: false`",
    "group": "name a column with more values, or leave `group` out",
    "fold": "ask for fewer folds",
}
"""What an error of the plain division is about to what may help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Divided:
    """Rows that are to be divided.

    Attributes:
        columns: their columns, labels as class indices.
        schema: what the columns are.
        given: number in `PARTS` of each row's part, None where the source says nothing.
        place: where a row stands, as a message says it.
    """

    columns: Mapping[str, Array]
    schema: Schema
    given: Array | None
    place: Callable[[int], str]

    @property
    def samples(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values())))


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRows:
    """The rows of each part: whole numbers, ascending, disjoint, together all but newer folds.

    Attributes:
        training: never empty.
        validation: None if no validation part is asked for.
        test: None if no test part is asked for.
        starts: for a forecast, part to the first row of each of its windows.
    """

    training: Array
    validation: Array | None
    test: Array | None
    starts: Mapping[str, Array] | None = None


def split_rows(rows: Divided, definition: DataDef, seed: int, sink: Sink) -> PartRows:
    """Divides rows.

    Args:
        rows: the rows.
        definition: the data group, with its split.
        seed: seed of the run.
        sink: gets what cannot be done: KG204, KG506, KG507, KG511 and KG532.

    Returns:
        The parts.

    Raises:
        CompileError: the split cannot be made.
    """
    split = definition.split
    known = {
        "labels": _stratified_by(rows, definition, sink),
        "groups": _groups(rows, split.group, sink),
        "times": _times(rows, split.time, sink),
    }
    rows = replace(rows, given=_given(rows, split.by, sink))
    sink.stop_on_errors()
    for part in ("test", "validation"):
        _check_given(rows, split, part, sink)
    sink.stop_on_errors()
    named = {name: values for name, values in known.items() if values is not None}
    draw, deal = ways_to_divide(split, stratified="labels" in named)
    try:
        parts = plain_split(
            rows.samples,
            seed,
            {
                "test": None if split.fold is not None else split.test,
                "validation": split.validation,
            },
            partial(_WAYS[draw], **named),
            rows.given,
            _fold(split, deal, named),
        )
    except DataError as error:
        word, _, part = error.about.rpartition(" ")
        key = "data.split" if part == "split" else f"data.split.{part}"
        problem = _with_class_name(str(error), rows.schema, definition)
        raise sink.fail("KG507", problem, key=key, help=_HELPS.get(word or part)) from error
    if known["groups"] is not None:
        _check_groups(known["groups"], parts, sink)
    return PartRows(
        training=parts["training"], validation=parts.get("validation"), test=parts.get("test")
    )


def _with_class_name(problem: str, schema: Schema, definition: DataDef) -> str:
    """A problem of a class, which the plain division knows by its number, by its name."""
    named = re.match(r"class (\d+) ", problem)
    column = next((c for c in definition.target.values() if c in schema.class_names), None)
    if named is None or column is None:
        return problem
    name = cut(schema.class_names[column][int(named[1])])
    return f"class `{name}` {problem[named.end() :]}"


def _fold(split: SplitDef, deal: str | None, named: Mapping[str, Array]) -> Fold | None:
    """How the rows of a fold are found, None where there are no folds."""
    numbers = split.fold_numbers
    if numbers is None:
        return None
    number, folds = numbers
    if deal is None:
        return partial(take_next_rows, number=number, folds=folds, times=named["times"])
    return partial(take_fold, number=number, folds=folds, deal=partial(_WAYS[deal], **named))


def _given(rows: Divided, column: str | None, sink: Sink) -> Array | None:
    """The number of each row's part, by the column that says it or by the source."""
    if column is None:
        return rows.given
    if column in rows.schema.target.values():
        sink.report(
            "KG204",
            f"`{column}` is the target: it cannot tell the parts as well",
            key="data.split.by",
        )
        return None
    found = named_parts(rows.columns[column])
    if (found < 0).any():
        row = int(found.argmin())
        word = cut(str(rows.columns[column][row]))
        sink.report(
            "KG532",
            f'the column `{column}` holds "{word}" in {rows.place(row)}, which names no part',
            key="data.split.by",
            help="the parts are called `train`, `validation` and `test`; true is for test rows",
        )
    return found


def _groups(rows: Divided, column: str | None, sink: Sink) -> Array | None:
    """The groups; reports rows without one."""
    if column is None:
        return None
    groups = rows.columns[column]
    if groups.ndim > 1:
        sink.report(
            "KG532", f"a row of the column `{column}` is no one group", key="data.split.group"
        )
    elif (missing := missing_in(groups)).any():
        sink.report(
            "KG506",
            f"the column `{column}` has no group in {rows.place(int(missing.argmax()))}",
            key="data.split.group",
            help=f"leave such rows out: `'data.columns.{column}={{missing: drop}}'`",
        )
    return groups


def _times(rows: Divided, column: str | None, sink: Sink) -> Array | None:
    """The times as numbers; reports a row without one."""
    if column is None:
        return None
    values = rows.columns[column]
    missing = missing_in(values)
    try:
        found = moments(values[~missing] if missing.any() else values)
    except DataError:
        row = next(row for row in np.flatnonzero(~missing).tolist() if not _is_moment(values[row]))
        sink.report(
            "KG532",
            f'the column `{column}` holds "{cut(str(values[row]))}" in {rows.place(row)}, expected '
            "a time",
            key="data.split.time",
            help="times are numbers, or dates as ISO 8601 writes them: `2024-01-31`",
        )
        return None
    if missing.any():
        sink.report(
            "KG506",
            f"the column `{column}` has no time in {rows.place(int(missing.argmax()))}",
            key="data.split.time",
            help=f"leave such rows out: `'data.columns.{column}={{missing: drop}}'`",
        )
        return None
    return found


def _is_moment(word: str) -> bool:
    try:
        read_date(word, 0)
    except DataError:
        return False
    return True


def _check_groups(groups: Array, parts: Mapping[str, Array], sink: Sink) -> None:
    """Reports a group of which a given part has some rows, and another part others."""
    found = {part: np.unique(groups[index]) for part, index in parts.items()}
    for one, other in combinations(found, 2):
        shared = np.intersect1d(found[one], found[other])
        if shared.size:
            more = f" and of {shared.size - 1} others" if shared.size > 1 else ""
            sink.report(
                "KG532",
                f"rows of the group `{cut(str(shared[0]))}`{more} are in the {one} and in the "
                f"{other} part, which are given",
                key="data.split.group",
                help="leave `group` out, or let the part be drawn",
            )
    sink.stop_on_errors()


def _check_given(rows: Divided, split: SplitDef, part: str, sink: Sink) -> None:
    key = f"data.split.{part}"
    teller = "the source" if split.by is None else f"the column `{split.by}`"
    some = rows.given is not None and bool((rows.given == PARTS.index(part)).any())
    if getattr(split, part) != "given":
        if split.by is not None and some:
            sink.report(
                "KG204",
                f"{teller} names rows of the {part} part, and `{part}` is not `given`",
                key=key if getattr(split, part) is not None else "data.split.by",
                help=f"write `{part}: given`",
            )
    elif rows.given is None:
        sink.report(
            "KG204",
            f"`{part}` is `given`, and the source does not say which rows are which",
            key=key,
            help=_drawn(part),
        )
    elif not some:
        sink.report(
            "KG204", f"`{part}` is `given`, and {teller} gives none", key=key, help=_drawn(part)
        )


def _drawn(part: str) -> str:
    return f"write a fraction or a number of rows: `{part}: 0.2`"


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
