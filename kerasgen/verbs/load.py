"""Opening a finished run: the door of `kerasgen predict` and `kerasgen.load`.

This room owns what of a run must be there, and agree, before anything is asked. What it answers
stands in `trained_run`.
"""

from __future__ import annotations

from pathlib import Path

from kerasgen.data.fitted_preparation import COLUMNS, STEPS
from kerasgen.data.kept_preparation import unlearned_steps
from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.engine import EngineInForceError
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.record.file_names import CONFIG, PREPARE
from kerasgen.registry import NOBODY, Trust
from kerasgen.session.named_run import named_fold, named_run
from kerasgen.session.recorded import open_run
from kerasgen.session.session import Session
from kerasgen.verbs.finished_run import kept_columns, kept_steps, load_run_model
from kerasgen.verbs.trained_run import TrainedRun


def load_run(folder: Path | str, trust: Trust = NOBODY, *, fold: int | None = None) -> TrainedRun:
    """Opens a finished run, to ask its model: what `kerasgen.load` does.

    Args:
        folder: the folder of the run; or what the command line calls one below `outputs`: its id,
            the beginning of one, `last` or `best:METRIC`.
        trust: modules whose parts its config or its model may hold.
        fold: which of its folds is opened, from 1; None for a single run.

    Returns:
        The run, with `predict`, `evaluate`, `columns` and `classes`.

    Raises:
        CompileError: KG606 or a code of its own, the run is not there, has no model, or cannot be
            read; KG604, this process has Keras with other settings than the run's.
    """
    place = Path(folder)
    if not place.is_dir():
        place = named_run(str(folder), Path("outputs"))
    if fold is not None:
        place = named_fold(place, fold)
    session = _opened(place, trust)
    model = load_run_model(place, trust)
    schema, fitted = kept_columns(place), kept_steps(place)
    run = TrainedRun(
        folder=place,
        trust=trust,
        compiled=session.compiled.program,
        schema=schema,
        fitted=fitted,
        model=model,
        started=session.engine,
    )
    if not run.needed:
        fault = ForeignFileError("names no columns that the model takes")
        raise Sink().fail_file("KG606", place / PREPARE / COLUMNS, fault)
    if unlearned := unlearned_steps(run.kept):
        told = f"has nothing of the step `{unlearned[0]}` of `data.prepare`"
        raise Sink().fail_file("KG606", place / PREPARE / STEPS, ForeignFileError(told))
    return run


def _opened(place: Path, trust: Trust) -> Session:
    """The session of a run, with its engine in force.

    Raises:
        CompileError: KG604, the process has one with other settings.
    """
    session = open_run(place, trust)
    try:
        _ = session.engine
    except EngineInForceError as error:
        wanted = session.backend.backend
        only = error.keys == ("backend",)
        choice = f", or set `KERAS_BACKEND={wanted}` before Keras is imported" if only else ""
        raise Sink().fail_at(
            "KG604",
            f"the run cannot be opened in this process: {error}",
            SourceLocation(file=str(place / CONFIG), key=f"backend.{error.keys[0]}"),
            help="open it in a new process, before `import keras`: kerasgen imports it with the "
            f"settings of the run{choice}",
        ) from error
    return session
