"""Weights of rows: how much each counts, by a column of the source.

This room owns what such a column must hold. Weights of classes are none of its business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from kerasgen.data.table import Array
from kerasgen.diagnostics import Sink
from kerasgen.ir.data import DataDef

_KEY = "data.weights"


def check_weights(
    definition: DataDef, columns: Mapping[str, Array], place: Callable[[int], str], sink: Sink
) -> None:
    """Checks that the column of weights holds a number from 0 up for each row.

    Args:
        definition: the data group.
        columns: the columns of the source.
        place: where a row stands, as a message says it.
        sink: gets KG204, KG506 and KG509.
    """
    name = None if definition.weights is None else definition.weights.column
    if name is None or name not in columns:
        return
    values = columns[name]
    if definition.windows is not None:
        sink.report(
            "KG204", "a window is made of several rows, and has no weight of its own", key=_KEY
        )
    elif values.ndim > 1 or values.dtype.kind not in "iuf":
        sink.report("KG509", f"the column `{name}` holds no numbers, expected weights", key=_KEY)
    elif (wrong := ~(values >= 0) | ~np.isfinite(values)).any():
        row = int(wrong.argmax())
        sink.report(
            "KG506",
            f"the weight `{name}` is `{values[row]:g}` in {place(row)}, expected a finite number "
            "from 0 up",
            key=_KEY,
        )
    elif not values.any():
        sink.report("KG506", f"the weights `{name}` are 0 in all rows", key=_KEY)


def weights_of(definition: DataDef, columns: Mapping[str, Array], rows: Array) -> Array | None:
    """The weights of some rows, as 32-bit floats; None where no column says them."""
    name = None if definition.weights is None else definition.weights.column
    return None if name is None else columns[name][rows].astype("float32")
