"""Loss and metrics of a finished run: on its test part again, or on other data.

This room owns which rows are measured, and how they are opened: with the vocabulary, the classes
and the statistics of the run. Nothing is fitted.

Decisions:
- Where `data.source` is said otherwise, all its rows are measured; else those of the test part, as
  the seed of the run divides them.
- Labels of other data are those of the run, by name: a label that the run does not know is a
  mistake, and a class without rows is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasgen.data.columns.rows import tidy_table
from kerasgen.data.fitted_preparation import FittedPreparation
from kerasgen.data.kept_preparation import KeptPreparation, fitted_samples
from kerasgen.data.preparation import prepare_data
from kerasgen.data.sources.source_list import known_sources, make_source
from kerasgen.data.table import Table
from kerasgen.diagnostics import Sink
from kerasgen.foreign.printable import cut
from kerasgen.frontend.compose.overridden import overridden
from kerasgen.ir.data import DataDef
from kerasgen.ir.schema import Schema
from kerasgen.ir.training import Samples
from kerasgen.passes.columns import target_key
from kerasgen.record.read import read_known_record
from kerasgen.registry import NOBODY, Trust
from kerasgen.run.forecasts import SeriesRows, scaled_errors, series_rows
from kerasgen.run.samples import fitting_samples
from kerasgen.run.steps import rows_in
from kerasgen.runtime.arrays import plain_column
from kerasgen.runtime.category_steps import as_words
from kerasgen.runtime.values import Array
from kerasgen.session.recorded import recorded_config
from kerasgen.session.session import Session
from kerasgen.session.states import CLOSED, OPENED
from kerasgen.verbs.finished_run import kept_columns, kept_steps, load_run_model


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What was measured.

    Attributes:
        part: `test`, or `data` for other data.
        rows: how many rows were measured.
        metrics: loss and metrics by name.
        changed: whether the data of the run is not what it was when it was trained.
    """

    part: str
    rows: int
    metrics: Mapping[str, float]
    changed: bool = False


def evaluate_run(folder: Path, overrides: Sequence[str] = (), trust: Trust = NOBODY) -> Evaluation:
    """Measures a finished run.

    Args:
        folder: the folder of the run.
        overrides: what is said otherwise of its data.
        trust: modules whose parts the run may hold.

    Raises:
        CompileError: the run or the data cannot be read, or the data is not as it should be.
    """
    sink = Sink()
    recorded = recorded_config(folder, trust)
    read = recorded.resolved
    config = overridden(read.config, overrides, "data", sink)
    other = config.get("data", {}).get("source") != read.config.get("data", {}).get("source")
    begun = recorded._replace(resolved=read._replace(config=config))
    model = load_run_model(folder, trust)
    kept = _Kept(schema=kept_columns(folder), fitted=kept_steps(folder))
    session = Session(begun, CLOSED if other else OPENED)
    compiled = session.compiled.program
    changed, series = False, None
    if other:
        samples = _all_rows(session, kept, sink)
    else:
        samples, series = _test_part(session, kept, sink)
        told = read_known_record(folder).get("data")
        known = told.get("fingerprint") if isinstance(told, Mapping) else None
        changed = session.opened.data.fingerprint != known
    metrics = model.evaluate(samples, compiled.program.fit.batch_size)
    if series is not None:
        metrics |= scaled_errors(series, metrics)
    return Evaluation(
        part="data" if other else "test",
        rows=rows_in(samples),
        metrics=metrics,
        changed=changed,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What a run has kept of its data.

    Attributes:
        schema: its columns.
        fitted: what its steps have learned.
    """

    schema: Schema
    fitted: FittedPreparation


def _test_part(session: Session, kept: _Kept, sink: Sink) -> tuple[Samples, SeriesRows | None]:
    """The test part of the run's own data, prepared as it was, and the rows of a forecast.

    Raises:
        CompileError: KG625, there is none.
    """
    opened, compiled = session.opened.data, session.compiled.program
    if opened.parts.test is None:
        raise sink.fail(
            "KG625",
            "the run has no test part",
            key="data.split.test",
            help="name other data: `data.source.path=new.csv`",
        )
    prepared = prepare_data(
        opened, opened.parts, compiled.program.data, session.engine, sink, kept.fitted
    )
    assert prepared.test is not None
    series = series_rows(opened, prepared, opened.parts)
    return fitting_samples(compiled, prepared.test.x, prepared.test.y), series


def _all_rows(session: Session, kept: _Kept, sink: Sink) -> Samples:
    """All rows of other data.

    Raises:
        CompileError: it cannot be read, or is not as that of the run.
    """
    definition, compiled = session.data, session.compiled.program
    if definition.windows is not None:
        raise sink.fail(
            "KG625", "a forecast is measured on its own test part alone", key="data.source"
        )
    wanted = kept.schema.read
    source = make_source(definition.source, known_sources(), sink)
    sink.stop_on_errors()
    table = source.read(None if wanted is None else frozenset(wanted), sink)
    table = tidy_table(definition, table, sink)
    sink.stop_on_errors()
    columns = _columns(table, definition, kept.schema, sink)
    sink.stop_on_errors()
    prepared = fitted_samples(
        KeptPreparation(
            fitted=kept.fitted, schema=kept.schema, definition=definition, started=session.engine
        ),
        columns,
    )
    for name, values in prepared.x.items():
        _check_finite(name, values, table, sink)
    sink.stop_on_errors()
    return fitting_samples(compiled, prepared.x, prepared.y)


def _columns(table: Table, definition: DataDef, schema: Schema, sink: Sink) -> dict[str, Array]:
    """The columns of other data as those of the run were held."""
    targets = {column: output for output, column in definition.target.items()}
    found: dict[str, Array] = {}
    for name in schema.read or tuple(schema.columns):
        if name not in table.columns:
            sink.report("KG504", f"the data has no column `{name}`", key="data.source")
            continue
        values = plain_column(table.columns[name])
        classes = schema.columns[name].vocabulary
        if classes is not None and name in targets:
            values = _labels(name, values, classes, table, target_key(targets[name]), sink)
        else:
            values = _typed(name, values, schema, table, sink)
        found[name] = values
    return found


def _labels(
    name: str, values: Array, classes: tuple[str, ...], table: Table, key: str, sink: Sink
) -> Array:
    """Labels as the indices that they have in the run; reports the first that it does not know."""
    if values.ndim > 1:
        return values
    own = table.class_names.get(name)
    words = as_words(values) if own is None else np.asarray(own, dtype="str")[values.astype(int)]
    order = np.argsort(np.asarray(classes, dtype="str"))
    known = np.asarray(classes, dtype="str")[order]
    places = np.minimum(np.searchsorted(known, words), len(known) - 1)
    strange = np.flatnonzero(known[places] != words)
    if strange.size:
        row = int(strange[0])
        sink.report(
            "KG505",
            f'the target `{name}` is "{cut(str(words[row]))}" in {table.place(row)}, which the run '
            "does not know",
            key=key,
            help=f"its classes are {', '.join(classes[:20])}",
        )
    return order[places].astype("int64")


def _typed(name: str, values: Array, schema: Schema, table: Table, sink: Sink) -> Array:
    """A column in the type that it had; reports words in the place of numbers."""
    held = schema.columns[name].dtype
    if held in (None, "text"):
        return as_words(values) if values.ndim == 1 else values
    if values.dtype.kind == "U":
        words = values.tolist()
        exact = np.full(len(words), np.nan)
        for row, word in enumerate(words):
            try:
                exact[row] = float(word) if word else np.nan
            except ValueError:
                sink.report(
                    "KG509",
                    f'the column `{name}` holds "{cut(word)}" in {table.place(row)}, '
                    "expected a number",
                    key="data.source",
                )
                return exact
        values = exact
    return values if values.dtype.kind == "f" and held[0] in "iu" else values.astype(held)


def _check_finite(name: str, values: Array, table: Table, sink: Sink) -> None:
    if values.dtype.kind != "f":
        return
    good = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if not good.all():
        sink.report(
            "KG506",
            f"{table.place(int(np.argmin(good)))} has no finite value for the input `{name}`, and "
            "the training had none without one",
            key="data.source",
        )
