"""MLflow: which store a run goes to, and the process that talks to it.

This room owns the address of the store. What is written into it stands in `mlflow_board`; MLflow
itself is imported there alone, in a process of its own.

Decisions:
- MLflow would keep artefacts in `mlruns` in the working directory, whatever the store. For a store
  of SQLite they lie beside its file; where they lie for a server, the server says.
- A folder stands for a store of SQLite in it: MLflow keeps none of plain files any more.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from kerasgen.passes.compiled import CompiledProgram
from kerasgen.run.events import Plain
from kerasgen.run.listeners.board import BoardTracker
from kerasgen.run.listeners.board_process import BoardProcess

NAME = "tracking.mlflow"
"""The key that asks for it."""

BOARD = "kerasgen.run.listeners.mlflow_board"
"""The module that is run."""

_SQLITE = "sqlite:///"

_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # A server that is gone is asked for minutes otherwise.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
}


def mlflow_tracker(compiled: CompiledProgram, origin: Plain, resumed: bool) -> BoardTracker | None:
    """The tracker, if the config asks for it.

    Args:
        compiled: the compiled program.
        origin: what the record says of where the run comes from.
        resumed: whether its training goes on.
    """
    settings = compiled.program.tracking.mlflow
    if settings is None:
        return None
    uri, artifacts = store(settings.uri)
    made = {**dataclasses.asdict(settings), "uri": uri, "artifacts": artifacts}
    board = BoardProcess(BOARD, made, _ENVIRONMENT)
    return BoardTracker(name=NAME, board=board, origin=origin, resumed=resumed, ended=board.end)


def store(uri: str) -> tuple[str, str | None]:
    """The address of a store as MLflow takes it, and the folder of its artefacts.

    Args:
        uri: the address as written: a folder, `sqlite:///FILE`, or that of a server.

    Returns:
        The address, and None where a server says where artefacts lie.
    """
    if uri.startswith(_SQLITE):
        file = Path(uri[len(_SQLITE) :]).absolute()
        return f"{_SQLITE}{file}", str(file.with_name(f"{file.stem}_artifacts"))
    if "://" in uri:
        return uri, None
    folder = Path(uri).expanduser().absolute()
    return f"{_SQLITE}{folder / 'mlflow.db'}", str(folder / "artifacts")
