"""Opening a finished run: the door of `kerasgen predict` and `kerasgen.load`.

This room owns what of a run must be there, and agree, before anything is asked. What it answers
stands in `trained_run`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kerasgen.data.fitted_preparation import COLUMNS, STEPS
from kerasgen.data.kept_preparation import unlearned_steps
from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.engine import EngineInForceError, Model
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.record.file_names import CONFIG, PREPARE
from kerasgen.registry import NOBODY, Trust
from kerasgen.session.named_run import named_fold, named_run
from kerasgen.session.recorded import open_run
from kerasgen.session.session import Session
from kerasgen.verbs.finished_run import kept_columns, kept_steps, load_run_file, trained_part
from kerasgen.verbs.trained_run import TrainedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRun:
    """A run with all that was opened of it.

    Attributes:
        run: it.
        file: the model of its file, with the steps of the data that this holds.
        session: its config.
    """

    run: TrainedRun
    file: Model
    session: Session


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
    place = run_place(folder, fold)
    return load_opened(place, open_run(place, trust), trust).run


def run_place(folder: Path | str, fold: int | None) -> Path:
    """The folder of a run that Python names, or of a fold of it; as for `load_run`.

    Raises:
        CompileError: KG606 or a code of its own, there is none.
    """
    place = Path(folder)
    if not place.is_dir():
        place = named_run(str(folder), Path("outputs"))
    return place if fold is None else named_fold(place, fold)


def load_opened(place: Path, session: Session, trust: Trust) -> LoadedRun:
    """Loads a run that was opened.

    Args:
        place: its folder.
        session: as `open_run` gives it.
        trust: modules whose parts its config or its model may hold.

    Raises:
        CompileError: as for `load_run`.
    """
    _start(place, session)
    file = load_run_file(place, session, trust)
    schema, fitted = kept_columns(place), kept_steps(place)
    run = TrainedRun(
        folder=place,
        trust=trust,
        compiled=session.compiled.program,
        schema=schema,
        fitted=fitted,
        model=trained_part(place, file),
        started=session.engine,
    )
    if not run.needed:
        fault = ForeignFileError("names no columns that the model takes")
        raise Sink().fail_file("KG606", place / PREPARE / COLUMNS, fault)
    if unlearned := unlearned_steps(run.kept):
        told = f"has nothing of the step `{unlearned[0]}` of `data.prepare`"
        raise Sink().fail_file("KG606", place / PREPARE / STEPS, ForeignFileError(told))
    return LoadedRun(run=run, file=file, session=session)


def _start(place: Path, session: Session) -> None:
    """Puts the engine of a run in force.

    Raises:
        CompileError: KG604, the process has one with other settings.
    """
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
