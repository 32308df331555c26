"""Rows on which an exported file is held against the run that it is of.

This room owns which rows these are, and the form in which the model file takes them: rows as they
lie where it holds steps of the data, else prepared ones.

Decisions:
- Of a table that is read some rows at a time they are the first ones: which rows they are says
  nothing of a file, and a large table takes minutes to open. Of all other data they are the first
  of the test part, or of the training part where there is none.
- Data that is not there, or that would be connected to, is not looked for: rows are made up then,
  and it is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kerasgen.data.kept_preparation import apply_fitted, fitted_columns
from kerasgen.data.opened import OpenedData
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.foreign.regular_files import is_regular
from kerasgen.ir.training import Arrays
from kerasgen.passes.held_preparation import hold_preparation, rows_of_tensors
from kerasgen.passes.known_ahead import window_rows
from kerasgen.run.samples import model_inputs
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.tabular.table_files import FORMATS
from kerasgen.runtime.values import Array
from kerasgen.session.session import Session
from kerasgen.session.states import OPENED, RecordedConfig
from kerasgen.verbs.answers.checked_rows import check_rows
from kerasgen.verbs.answers.inputs import Input, asked_form, input_pieces, text_table
from kerasgen.verbs.trained_run import TrainedRun

COUNT = 25
"""Rows that are compared."""

SIZES = (1, 5)
"""Rows of a batch."""

_ANY_SIZE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRows:
    """Rows in the form in which a model takes them.

    Attributes:
        values: input name to rows, in the order of the model.
        made_up: why they are made up; empty for rows of the run's data.
    """

    values: Mapping[str, Array] = field(repr=False)
    made_up: str = ""

    def batches(self, size: int) -> list[dict[str, Array]]:
        """Batches of some rows each, five at the most."""
        rows = len(next(iter(self.values.values())))
        starts = range(0, min(rows, 5 * size) - size + 1, size)
        return [{n: v[start : start + size] for n, v in self.values.items()} for start in starts]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRows:
    """Rows of the data of a run.

    Attributes:
        columns: the source's columns, of these rows alone.
        shape: how many there are; of a forecast how many windows, and rows of one.
    """

    columns: Mapping[str, Array] = field(repr=False)
    shape: tuple[int, ...]

    def as_samples(self, values: Array, count: int | None) -> Array:
        """What steps make of the columns, a sample a row; of a window the first rows alone."""
        if len(self.shape) == 1:
            return values
        return values.reshape(*self.shape, *values.shape[1:])[:, :count]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInput:
    """An input of a file.

    Attributes:
        name: its name.
        source: the column that it is, or the step that makes it; empty for what a trained model
            alone takes.
        is_step: whether a step makes it.
        shape: the shape of a row.
        dtype: its element type.
    """

    name: str
    source: str = ""
    is_step: bool = False
    shape: tuple[int | None, ...]
    dtype: str


def as_taken(batch: Mapping[str, Array], *, whole: bool) -> Arrays:
    """A batch in the form in which a model takes it: by name where it holds steps."""
    if whole:
        return dict(batch)
    values = list(batch.values())
    return values[0] if len(values) == 1 else values


def rows_of_run(run: TrainedRun, session: Session) -> RunRows | str:
    """Rows of the data of a run; or why there are none.

    Args:
        run: the run; its data is not connected to.
        session: its config.
    """
    columns = _first_of_file(run)
    if columns is not None:
        return RunRows(columns=columns, shape=(len(next(iter(columns.values()))),))
    assert isinstance(session.begun, RecordedConfig)
    try:
        data = Session(session.begun._replace(trust=run.trust), OPENED).opened.data
    except CompileError as error:
        return error.diagnostics[0].message
    except (DataError, OSError, ImportError) as error:
        return " ".join(str(error).split())
    rows = _rows(run, data)
    chosen = {name: column[rows.reshape(-1)] for name, column in data.columns.items()}
    return RunRows(columns=chosen, shape=rows.shape)


def _first_of_file(run: TrainedRun) -> dict[str, Array] | None:
    """The first rows of a table that is read some rows at a time; None of any other data."""
    source, path = run.data.source, run.data.source.arguments.get("path")
    if source.cls not in ("Csv", "Table") or run.data.windows or not isinstance(path, str):
        return None
    asked, sink = Input(path=path, size=4 * COUNT), Sink()
    packed = FORMATS.get(Path(path).suffix.lower()) in ("parquet", "arrow")
    if not is_regular(Path(path).expanduser()) or not (packed or text_table(run, asked)):
        return None
    try:
        form = asked_form(run, asked)
        with closing(input_pieces(run, asked, form, sink)) as pieces:
            piece = next(pieces, None)
        if piece is None or not {*run.needed} <= {*piece.cells, *piece.arrays}:
            return None
        found = check_rows(run.kept, run.needed, piece, form)
    except (CompileError, DataError, OSError):
        return None  # Opening it says what is wrong.
    if len(found.rows) < max(SIZES):
        return None
    return {name: values[:COUNT] for name, values in found.columns.items()}


def raw_rows(run: TrainedRun, inputs: Sequence[FileInput], rows: RunRows | str) -> ComparedRows:
    """Rows for a file that holds steps of the data."""
    if isinstance(rows, str):
        values = {one.name: _made_up((COUNT, *one.shape), one.dtype) for one in inputs}
        return ComparedRows(values=values, made_up=rows)
    tensors = fitted_columns(run.kept, rows.columns, [one.source for one in inputs])
    sizes = _window_sizes(run)
    found: dict[str, Array] = {}
    for one in inputs:
        cut = rows.as_samples(tensors[one.source], sizes.get(one.source))
        whole = cut.reshape(rows.shape[0], *one.shape)
        found[one.name] = whole if whole.dtype.kind == "U" else whole.astype(one.dtype)
    return ComparedRows(values=found)


def prepared_rows(run: TrainedRun, rows: RunRows | str) -> ComparedRows:
    """Rows for the trained model alone."""
    names = [item.name for item in run.compiled.graph.inputs]
    made_up = rows if isinstance(rows, str) else ""
    if isinstance(rows, str):
        specs = run.compiled.inputs
        x = {name: _made_up((COUNT, *specs[name].shape[1:]), specs[name].dtype) for name in names}
    else:
        prepared, steps = apply_fitted(run.kept, rows.columns), window_rows(run.data)
        x = {name: rows.as_samples(prepared[name], steps.get(name)) for name in names}
    taken = model_inputs(run.compiled, x)
    values = list(taken) if isinstance(taken, list) else [taken]
    return ComparedRows(
        values=dict(zip(names, map(np.asarray, values), strict=True)), made_up=made_up
    )


def _rows(run: TrainedRun, data: OpenedData) -> Array:
    """The rows that are compared; of a forecast windows of them, `(windows, rows)`."""
    parts = data.parts
    part = "training" if parts.test is None else "test"
    if parts.starts is None:
        return (parts.training if parts.test is None else parts.test)[:COUNT]
    longest = max(window_rows(run.data).values())
    return np.asarray(parts.starts[part][:COUNT, np.newaxis] + np.arange(longest))


def _window_sizes(run: TrainedRun) -> dict[str, int]:
    """Of a forecast, tensor to how many rows of it a sample has."""
    steps = window_rows(run.data)
    if not steps:
        return {}
    backend = run.compiled.program.backend.backend
    held = hold_preparation(run.kept.wired(), run.schema, run.data, backend, run.started.catalog)
    return {} if held is None else rows_of_tensors(held, steps)


def _made_up(shape: tuple[int | None, ...], dtype: str) -> Array:
    sizes = tuple(size or _ANY_SIZE for size in shape)
    if dtype == "string":
        return np.full(sizes, "word")
    random = np.random.default_rng(0)
    if dtype.startswith(("int", "uint", "bool")):
        return random.integers(0, 2, sizes).astype(dtype)
    return random.normal(size=sizes).astype("float32" if dtype == "bfloat16" else dtype)
