"""Looks into a finished run: a section of its config, and its trained model.

This room owns how the model of a run folder is loaded. A run may come from a stranger: its model is
loaded in Keras's safe mode, so no code of it runs. Modules that its record says were trusted are
trusted again only by the person who looks at it. Its config is opened by `session.open_run`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kerasgen.data.fitted_preparation import (
    ARRAYS,
    COLUMNS,
    STEPS,
    FittedPreparation,
    UnreadPreparationError,
    read_columns,
    read_fitted,
)
from kerasgen.diagnostics import CompileError, Sink, describe
from kerasgen.engine import Model
from kerasgen.engines.choice import explain
from kerasgen.foreign.regular_files import ForeignFileError, is_there
from kerasgen.ir.schema import Schema
from kerasgen.record.file_names import CONFIG, MODEL, PREPARE
from kerasgen.record.read import read_known_record, require_written
from kerasgen.registry import NOBODY, Trust
from kerasgen.session.recorded import open_run
from kerasgen.session.session import Session


def run_section(folder: Path, name: str) -> Mapping[str, Any]:
    """One section of the resolved config of a run.

    Raises:
        CompileError: as for `open_run`; KG606, there is no such section.
    """
    section = open_run(folder).resolved.config.get(name)
    if not isinstance(section, Mapping):
        told = f"has no `{name}`" if section is None else f"has {describe(section)} as `{name}`"
        raise Sink().fail("KG606", f"`{folder / CONFIG}` {told}, expected a mapping")
    return section


def kept_columns(folder: Path) -> Schema:
    """The columns of the data of a run.

    Raises:
        CompileError: KG606 or a code of its own, they cannot be read.
    """
    _require_written(folder, f"{PREPARE}/{COLUMNS}")
    with _telling_unread():
        return read_columns(folder / PREPARE)


def kept_steps(folder: Path) -> FittedPreparation:
    """What the steps of a run have learned.

    Raises:
        CompileError: KG606 or a code of its own, it cannot be read.
    """
    for name in (STEPS, ARRAYS):
        _require_written(folder, f"{PREPARE}/{name}")
    with _telling_unread():
        return read_fitted(folder / PREPARE)


def _require_written(folder: Path, name: str) -> None:
    """Refuses a file that is there and is not the one that the run has written.

    Raises:
        CompileError: KG640, or another code of its own.
    """
    try:
        require_written(folder, name)
    except ForeignFileError as error:
        if not error.missing:  # Whoever reads it knows what that means.
            raise Sink().fail_file("KG606", folder / name, error) from error


def load_run_model(
    folder: Path,
    trust: Trust = NOBODY,
) -> Model:
    """The trained model of a run, loaded with the engine that trained it.

    A file that holds steps of the data before the model gives the model inside it.

    Args:
        folder: the folder of the run.
        trust: modules whose parts stand in the model.

    Raises:
        CompileError: KG606, there is no model, or it cannot be loaded safely; KG640, it was edited.
    """
    return trained_part(folder, load_run_file(folder, open_run(folder, trust), trust))


def trained_part(folder: Path, loaded: Model) -> Model:
    """The trained model in the model of a file, which may hold steps of the data before it.

    Raises:
        CompileError: KG606, the file holds no such model.
    """
    name = trained_layer(folder)
    try:
        return loaded if name is None else loaded.inner(name)
    except KeyError:
        fault = ForeignFileError(f"holds no model `{name}`, which its record names")
        raise Sink().fail_file("KG606", folder / MODEL, fault) from None


def load_run_file(folder: Path, session: Session, trust: Trust = NOBODY) -> Model:
    """The model file of a run, with the steps of the data that it holds.

    Args:
        folder: the folder of the run.
        session: the run's; its engine is started.
        trust: modules whose parts stand in the model.

    Raises:
        CompileError: KG606, there is no model, or it cannot be loaded safely; KG640, it was edited.
    """
    sink = Sink()
    path = folder / MODEL
    if not is_there(path):
        raise sink.fail(
            "KG606",
            f"`{folder}` has no `{MODEL}`",
            help="it did not complete, or ran with tracking.model=false",
        )
    _require_written(folder, MODEL)
    engine = session.start_alone().engine
    try:
        return engine.load_foreign(path, folder)
    except CompileError:
        raise
    except ForeignFileError as error:
        raise sink.fail_file("KG606", path, error) from error
    except Exception as error:  # Keras raises anything for a file that is not its own.
        raise sink.fail(
            "KG606",
            f"`{path}` cannot be loaded: {explain(error)}",
            help=trust_help(folder, trust),
        ) from error


@contextmanager
def _telling_unread() -> Iterator[None]:
    """Tells what was kept of the preparation and cannot be read: KG606 or a code of its own."""
    try:
        yield
    except UnreadPreparationError as error:
        hint = "runs made by earlier versions kept nothing of it; train again to ask for new rows"
        help_ = hint if error.fault.missing else None
        raise Sink().fail_file("KG606", error.file, error.fault, help=help_) from error


def trained_layer(folder: Path) -> str | None:
    """What the trained model is called inside a file that holds steps of the data; None for all."""
    try:
        told = read_known_record(folder).get("model")
    except ForeignFileError:
        return None
    held = told.get("preparation") if isinstance(told, Mapping) else None
    name = held.get("trained") if isinstance(held, Mapping) else None
    return name if isinstance(name, str) else None


def trust_help(folder: Path, trust: Trust) -> str | None:
    """Which modules the run was made with; whether they are trusted is not for a record to say.

    Args:
        folder: the folder of the run.
        trust: the modules that are trusted.

    Returns:
        What to add to the command line; None where nothing is missing.
    """
    try:
        record = read_known_record(folder)
    except ForeignFileError:
        return None
    trusted = record.get("trust")
    modules = trusted.get("modules") if isinstance(trusted, Mapping) else None
    named = [str(module) for module in modules] if isinstance(modules, list) else []
    if not (missing := [module for module in named if module not in trust.modules]):
        return None
    flags = " ".join(f"--trust {module}" for module in missing)
    return f"it was made with modules of its author's: if you trust them, add `{flags}`"
