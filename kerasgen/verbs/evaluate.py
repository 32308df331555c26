"""Loss and metrics of a finished run: on its test part again, or on other data.

This room owns which rows are measured, and what stands beside their figures. How other data is
opened stands in `other_data`. Nothing is fitted.

Decisions:
- Where `data.source` is said otherwise, all its rows are measured; else those of the test part, as
  the seed of the run divides them.
- The naive forecasts of a part stand beside it. Those of other data see its own rows alone, and its
  absolute error is scaled by how its own rows follow from those a season before: series of another
  size have another scale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kerasgen.data.preparation import prepare_data
from kerasgen.diagnostics import Diagnostic, Sink
from kerasgen.frontend.compose.overridden import overridden
from kerasgen.ir.training import Samples
from kerasgen.record.read import read_known_record
from kerasgen.registry import NOBODY, Trust
from kerasgen.run.forecasts import SeriesRows, naive_errors, scaled_errors, series_rows
from kerasgen.run.samples import fitting_samples
from kerasgen.run.steps import rows_in
from kerasgen.session.recorded import recorded_config
from kerasgen.session.session import Session
from kerasgen.session.states import CLOSED, OPENED
from kerasgen.verbs.finished_run import kept_columns, kept_steps, load_run_model
from kerasgen.verbs.other_data import OTHER, KeptData, other_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What was measured.

    Attributes:
        part: `test`, or `data` for other data.
        rows: how many rows were measured.
        metrics: loss and metrics by name.
        changed: whether the data of the run is not what it was when it was trained.
        baselines: of a forecast, what needs no model to its errors by metric.
        warnings: what is odd about the data.
    """

    part: str
    rows: int
    metrics: Mapping[str, float]
    changed: bool = False
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    warnings: tuple[Diagnostic, ...] = ()


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
    config = overridden(read.config, overrides, ("data",), sink)
    other = config.get("data", {}).get("source") != read.config.get("data", {}).get("source")
    begun = recorded._replace(resolved=read._replace(config=config))
    model = load_run_model(folder, trust)
    kept = KeptData(schema=kept_columns(folder), fitted=kept_steps(folder))
    session = Session(begun, CLOSED if other else OPENED)
    compiled = session.compiled.program
    changed, baselines = False, {}
    if other:
        samples, series = other_rows(session, kept, sink)
    else:
        samples, series = _test_part(session, kept, sink)
        told = read_known_record(folder).get("data")
        known = told.get("fingerprint") if isinstance(told, Mapping) else None
        changed = session.opened.data.fingerprint != known
    part = OTHER if other else "test"
    metrics = model.evaluate(samples, compiled.program.fit.batch_size)
    if series is not None:
        metrics |= scaled_errors(series, metrics)
        baselines = naive_errors(series).get(part, {})
    return Evaluation(
        part=part,
        rows=rows_in(samples),
        metrics=metrics,
        changed=changed,
        baselines=baselines,
        warnings=tuple(sink.diagnostics),
    )


def _test_part(session: Session, kept: KeptData, sink: Sink) -> tuple[Samples, SeriesRows | None]:
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
    series = series_rows(opened.definition, opened.columns, prepared.rows, opened.parts)
    return fitting_samples(compiled, prepared.test.x, prepared.test.y), series
