"""Labels: what a source calls its classes becomes class indices from 0.

This room owns the check of a labelled target and the order of its classes. It must not know which
outputs there are.

Decisions:
- A row may hold many labels: one a step, one a pixel. They are indexed like those of single rows,
  all together. With a declared number of classes such indices stay as they are also where some lie
  beyond it, since masks often mark with 255 or -1 what no loss should count (`ignore_class`).
- Rows of 0 and 1 with a single 1 along the last axis are one-hot, unless the declared number of
  classes is another than the size of that axis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kerasgen.data.table import Array
from kerasgen.diagnostics import Sink
from kerasgen.foreign.printable import cut
from kerasgen.ir.data import ColumnDef
from kerasgen.runtime.category_steps import as_words
from kerasgen.runtime.label_steps import label_places, split_labels
from kerasgen.runtime.labels import index_labels as plain_labels
from kerasgen.runtime.labels import is_one_hot, ordered_labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The labels of a column.

    Attributes:
        indices: int64, class indices; or the one-hot or several labels of each row as they were.
        class_names: the names of the classes, by index; numbers are named by their digits.
        mapped: whether the source's labels were others than these indices.
    """

    indices: Array
    class_names: tuple[str, ...]
    mapped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClasses:
    """The classes of a target, where they are known before its rows are.

    Attributes:
        target: its name.
        names: the classes, in the order of their indices.
        place: says where a row stands.
        key: key path of the target.
        sink: gets a label that is none of them: KG505.
    """

    target: str
    names: tuple[str, ...]
    place: Callable[[int], str]
    key: str
    sink: Sink

    def refuse(self, label: str, row: int) -> None:
        """Reports a label that is none of the classes."""
        self.sink.report(
            "KG505",
            f'the target `{self.target}` is "{cut(label)}" in {self.place(row)}, which is none of '
            "its classes",
            key=self.key,
            help=f"its classes are {', '.join(self.names[:20])}",
        )


def index_labels(
    name: str,
    column: Array,
    *,
    declared: int | None,
    place: Callable[[int], str],
    key: str,
    sink: Sink,
) -> Labels | None:
    """Makes class indices of a column.

    Text is sorted. Whole numbers stay as they are where they are indices already: 0 to n-1, or
    below the declared number of classes. All others (1 to 10, -1 and 1) are sorted and counted
    from 0.

    Args:
        name: the column's name.
        column: its values.
        declared: number of classes that the config declares, or None.
        place: says where a row stands.
        key: key path of the target.
        sink: gets the mistake: KG505 or KG506.

    Returns:
        The labels, or None if they are no labels.
    """
    if not is_one_hot(column, declared) and not _are_labels(name, column, place, key, sink):
        return None
    indices, names = plain_labels(column, declared)
    same = column.dtype.kind != "U" and np.array_equal(indices, column)
    return Labels(indices=indices, class_names=tuple(names), mapped=not same)


def known_labels(column: Array, classes: KnownClasses) -> Labels | None:
    """Makes class indices of a column whose classes are known, in their order.

    Returns:
        The labels, or None where one is no class, which is reported.
    """
    words, names = as_words(column), classes.names
    strange = np.flatnonzero(~np.isin(words, names).reshape(len(words), -1).all(axis=1))
    if strange.size:
        row = int(strange[0])
        found = np.atleast_1d(words[row])
        classes.refuse(str(found[~np.isin(found, names)][0]), row)
        return None
    return Labels(indices=ordered_labels(column, names), class_names=names, mapped=True)


def known_flags(column: Array, separator: str, classes: KnownClasses) -> Labels | None:
    """Makes a 0 or 1 for each known label of the words of a cell.

    Returns:
        The labels, or None where one is not known, which is reported.
    """
    for row, cell in enumerate(as_words(column).tolist()):
        for label in split_labels(cell, separator):
            if label not in classes.names:
                classes.refuse(label, row)
                return None
    flags, _ = label_places(as_words(column), separator, classes.names)
    return Labels(indices=flags, class_names=classes.names, mapped=True)


def several_labels(
    name: str,
    column: Array,
    *,
    said: ColumnDef,
    place: Callable[[int], str],
    key: str,
    sink: Sink,
) -> Labels | None:
    """Checks a column of several labels a row: a 0 or 1 for each, or the words of a cell.

    Args:
        name: the column's name.
        column: its values.
        said: what the config says of it: `labels` for words that stand in one cell.
        place: says where a row stands.
        key: key path of the target.
        sink: gets the mistake: KG505.

    Returns:
        The labels, or None if they are none.
    """
    if column.dtype.kind == "U" and said.type == "labels":
        separator = said.separator or ","
        if said.vocabulary is not None:
            named = KnownClasses(
                target=name, names=said.vocabulary, place=place, key=key, sink=sink
            )
            return known_flags(column, separator, named)
        flags, names = label_places(column, separator)
        if not names:
            sink.report("KG505", f"the target `{name}` has no label in any row", key=key)
            return None
        return Labels(indices=flags, class_names=tuple(names), mapped=True)
    if column.dtype.kind == "U":
        sink.report(
            "KG505",
            f'the target `{name}` holds text, as "{column.ravel()[0]}" in {place(0)}, expected 0 '
            "or 1 for each label",
            key=key,
            help=f"say that its cells hold labels: `'data.columns.{name}={{type: labels, "
            'separator: ","}\'`; or write a column of 0 and 1 for each label',
        )
        return None
    wrong = ~np.isin(column, (0, 1)).reshape(len(column), -1).all(axis=1)
    if wrong.any():
        row = int(np.argmax(wrong))
        values = column[row].ravel()
        sink.report(
            "KG505",
            f"the target `{name}` is `{values[~np.isin(values, (0, 1))][0]}` in {place(row)}, "
            "expected 0 or 1 for each label",
            key=key,
            help="write `task: classification` for one label of many",
        )
        return None
    count = column.shape[-1] if column.ndim > 1 else 1
    return Labels(
        indices=column, class_names=tuple(str(index) for index in range(count)), mapped=False
    )


def count_labels(column: Array, classes: int) -> list[int]:
    """Labels of each class in a column, in whatever form it has them."""
    if column.ndim > 1 and column.shape[-1] == classes and np.isin(column, (0, 1)).all():
        return [int(n) for n in column.reshape(-1, classes).sum(axis=0)]
    indices = column.ravel().astype("int64")
    inside = indices[(indices >= 0) & (indices < classes)]
    return [int(n) for n in np.bincount(inside, minlength=classes)]


def _are_labels(
    name: str, column: Array, place: Callable[[int], str], key: str, sink: Sink
) -> bool:
    """Whether a column holds text or whole numbers; says where it does not."""
    if column.dtype.kind != "f":
        return True
    rows = column.reshape(len(column), -1)
    if not np.isfinite(column).all():
        row = int(np.argmin(np.isfinite(rows).all(axis=1)))
        value = rows[row][~np.isfinite(rows[row])][0]
        sink.report(
            "KG506",
            f"the target `{name}` is `{value}` in {place(row)}, expected a label",
            key=key,
        )
        return False
    broken = rows != np.rint(rows)
    if broken.any():
        row = int(np.argmax(broken.any(axis=1)))
        value = rows[row][broken[row]][0]
        sink.report(
            "KG505",
            f"the target `{name}` is `{value}` in {place(row)}, expected whole numbers or "
            "text for a classification",
            key=key,
            help="write `task: regression`, or make classes of it with `Discretization` under "
            "`data.prepare`",
        )
        return False
    return True
