"""The first calls of a model, before anybody waits for them.

This room owns the made-up rows with which a run is asked for every number of rows once: what is
compiled for each is there then.

Decisions:
- The model is asked for zeros, the preparation for rows without words: neither must have an answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerasgen.ir.values import TensorSpec
from kerasgen.run.samples import model_inputs
from kerasgen.runtime.values import Array
from kerasgen.verbs.answers.pieces import Cells, Piece
from kerasgen.verbs.trained_run import TrainedRun

ANY_SIZE = 8
"""The size of an axis that may have any."""


def warm(run: TrainedRun, sizes: Sequence[int]) -> None:
    """Asks a run for every number of rows once; what it says does not matter.

    Args:
        run: the run.
        sizes: the numbers of rows.
    """
    for size in sizes:
        try:
            x = {name: _zeros(spec, size) for name, spec in run.compiled.inputs.items()}
            run.model.predict(model_inputs(run.compiled, x), size)
            if run.data.windows is None:
                run.answered(_made_up(run, size), {})
        except Exception:  # The first request shows what is wrong with the run, in its own words.
            return


def _zeros(spec: TensorSpec, rows: int) -> Array:
    shape = (rows, *(size or ANY_SIZE for size in spec.shape[1:]))
    if spec.dtype == "string":
        return np.full(shape, "", dtype="U1")
    return np.zeros(shape, "float32" if spec.dtype == "bfloat16" else spec.dtype)


def _made_up(run: TrainedRun, rows: int) -> Piece:
    cells: dict[str, Cells] = {}
    for name in run.needed:
        column = run.schema.columns.get(name)
        if column is None or column.dtype in (None, "text"):
            cells[name] = [""] * rows
        elif column.shape:
            shape = [size or ANY_SIZE for size in column.shape]
            cells[name] = np.zeros((rows, *shape), column.dtype)
        else:
            cells[name] = [0] * rows
    return Piece(cells=cells, first=1, rows=rows)
