"""Opening a finished run: the door of `kerasgen predict` and `kerasgen.load`.

This room owns what of a run must be there, and agree, before anything is asked. What it answers
stands in `trained_run`.
"""

from __future__ import annotations

from pathlib import Path

from kerasgen.data.fitted_preparation import COLUMNS, STEPS
from kerasgen.data.kept_preparation import unlearned_steps
from kerasgen.diagnostics import Sink
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.record.file_names import PREPARE
from kerasgen.registry import NOBODY, Trust
from kerasgen.session.recorded import open_run
from kerasgen.verbs.finished_run import check_files, kept_columns, kept_steps, load_run_model
from kerasgen.verbs.named_run import named_fold, named_run
from kerasgen.verbs.trained_run import TrainedRun


def load_run(folder: Path | str, trust: Trust = NOBODY, *, fold: int | None = None) -> TrainedRun:
    """Opens a finished run, to ask its model: what `kerasgen.load` does.

    Args:
        folder: the folder of the run; or what the command line calls it, `last` or a folder below
            `outputs`.
        trust: modules whose parts its config or its model may hold.
        fold: which of its folds is opened, from 1; None for a single run.

    Returns:
        The run, with `predict`, `evaluate`, `columns` and `classes`.

    Raises:
        CompileError: KG606 or a code of its own, the run is not there, has no model, or cannot be
            read.
    """
    place = Path(folder)
    if not place.is_dir():
        place = named_run(str(folder), Path("outputs"))
    if fold is not None:
        place = named_fold(place, fold)
    session = open_run(place, trust)
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
    check_files(place)
    return run
