"""Labels: what a source calls its classes becomes class indices from 0.

This room owns the check of a classification's target and the order of its classes. It must not
know which outputs there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kerasgen.data.table import Array
from kerasgen.diagnostics import Sink


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The labels of a column.

    Attributes:
        indices: int64, one class index a row.
        class_names: the names of the classes, by index; numbers are named by their digits.
        mapped: whether the source's labels were others than these indices.
    """

    indices: Array
    class_names: tuple[str, ...]
    mapped: bool


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
    if column.ndim != 1:
        sink.report(
            "KG505",
            f"the target `{name}` has the shape {list(column.shape[1:])} a row, expected one label",
            key=key,
            help=f"for one-hot labels write `{name}: {{class: ops.argmax, axis: -1, "
            f"from: {name}}}` under `data.prepare`",
        )
        return None
    if column.dtype.kind == "U":
        names, indices = np.unique(column, return_inverse=True)
        return Labels(
            indices=indices.astype("int64"), class_names=tuple(names.tolist()), mapped=True
        )
    whole = _whole_numbers(name, column, place, key, sink)
    if whole is None:
        return None
    values = np.unique(whole)
    low, high = int(values[0]), int(values[-1])
    if low >= 0 and (high == len(values) - 1 or (declared is not None and high < declared)):
        count = max(high + 1, declared or 0)
        return Labels(
            indices=whole, class_names=tuple(str(index) for index in range(count)), mapped=False
        )
    return Labels(
        indices=np.searchsorted(values, whole).astype("int64"),
        class_names=tuple(str(value) for value in values.tolist()),
        mapped=True,
    )


def _whole_numbers(
    name: str, column: Array, place: Callable[[int], str], key: str, sink: Sink
) -> Array | None:
    if column.dtype.kind in "iub":
        return column.astype("int64")
    if not np.isfinite(column).all():
        row = int(np.argmin(np.isfinite(column)))
        sink.report(
            "KG506",
            f"the target `{name}` is `{column[row]}` in {place(row)}, expected a label",
            key=key,
        )
        return None
    broken = column != np.rint(column)
    if broken.any():
        row = int(np.argmax(broken))
        sink.report(
            "KG505",
            f"the target `{name}` is `{column[row]}` in {place(row)}, expected whole numbers or "
            "text for a classification",
            key=key,
            help="write `task: regression`, or make classes of it with `Discretization` under "
            "`data.prepare`",
        )
        return None
    return column.astype("int64")
