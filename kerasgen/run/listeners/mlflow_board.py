"""The board of MLflow: `python -m kerasgen.run.listeners.mlflow_board`, fed with lines.

This room owns what of a run stands where in MLflow, within its limits: parameters are the resolved
config, metrics the figures of the epochs and of the parts of the data, tags where the run comes
from. It is the only module that imports MLflow, and no other imports it.

Decisions:
- Runs of one sweep, and folds of one run, are children of one run. It is known by the folder that
  they share, whichever process comes first, and open as long as one of them is.
- A run that goes on is found again by its folder. Epochs that MLflow has are not told twice, and
  parameters, which MLflow never changes, keep their first value; the later one becomes a tag.
- SQLite lets one process write at a time and gives up soon: the processes take turns.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kerasgen.record.file_names import MODEL
from kerasgen.record.lock import locked
from kerasgen.run.listeners.board import Board, TrackedRun
from kerasgen.run.listeners.board_process import serve
from kerasgen.run.listeners.flat_config import flat_config
from kerasgen.run.listeners.mlflow_model import write_model

_KEY, _VALUE, _AT_ONCE = 250, 6000, 100
"""MLflow's limits: characters of a key, characters of a parameter, items of a request."""

_ODD = re.compile(r"[^\w\-./ :]", re.ASCII)
"""What may not stand in the name of a parameter or a metric."""

_STATUS = {"completed": "FINISHED", "failed": "FAILED", "rejected": "FAILED"}
"""How a run ended to MLflow's word; what somebody has ended is KILLED."""

_FOLDER, _GROUP, _PARENT = "kerasgen.folder", "kerasgen.group", "mlflow.parentRunId"

_TAGS = {
    "git.revision": "mlflow.source.git.commit",
    "git.branch": "mlflow.source.git.branch",
}
"""Facts that have a tag of MLflow's own."""


class MlflowBoard:
    """Writes a run into MLflow.

    Args:
        settings: `uri`, `artifacts`, `experiment`, `run_name` and `model`.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._client: Any = None
        self._experiment = self._id = ""
        self._groups: tuple[str, ...] = ()
        self._parents: list[str] = []
        self._folder, self._backend = Path(), ""
        self._known = 0
        self._last = 0

    def start(self, run: TrackedRun) -> None:
        """Finds or makes the run, and tells what is known at its beginning."""
        from mlflow import MlflowClient

        self._client = MlflowClient(tracking_uri=self._settings["uri"])
        self._experiment = self._experiment_id()
        self._folder, self._groups = Path(run.folder), run.groups
        self._backend = run.facts.get("backend", "")
        for folder in run.groups:
            with self._alone(folder):
                self._parents.append(self._parent(folder))
        tags = {_TAGS.get(name, f"kerasgen.{name}"): fact for name, fact in run.facts.items()}
        tags |= {_FOLDER: run.folder, "mlflow.source.name": "kerasgen"}
        if self._parents:
            tags[_PARENT] = self._parents[-1]
        found = self._found(_FOLDER, run.folder) if run.resumed else None
        if found is None:
            name = self._settings["run_name"] or run.name
            self._id = self._client.create_run(
                self._experiment, tags=tags, run_name=name
            ).info.run_id
        else:
            self._id = found.info.run_id
            self._known = self._steps_of(found)
            self._client.update_run(self._id, status="RUNNING")
        self._parameters(flat_config(run.config), {} if found is None else found.data.params)

    def scalars(self, step: int | None, figures: Mapping[str, float]) -> None:
        """Takes numbers of an epoch, or of the whole run."""
        from mlflow.entities import Metric

        if step is not None and step <= self._known:
            return
        self._last = step if step is not None else max(self._last, self._known)
        moment = int(time.time() * 1000)
        metrics = [Metric(_key(name), value, moment, self._last) for name, value in figures.items()]
        for first in range(0, len(metrics), _AT_ONCE):
            self._client.log_batch(self._id, metrics=metrics[first : first + _AT_ONCE])

    def text(self, name: str, text: str) -> None:
        """Takes a text as an artefact."""
        self._client.log_text(self._id, text, name)

    def artifact(self, path: str) -> None:
        """Takes a file."""
        self._client.log_artifact(self._id, path)

    def finish(self, status: str) -> None:
        """Logs the model where it is wanted, and closes the run, and its groups with the last."""
        saved = status == "completed" and (self._folder / MODEL).is_file()
        if self._settings["model"] and saved:
            self._log_model()
        self._client.set_terminated(self._id, _STATUS.get(status, "KILLED"))
        for folder, parent in zip(reversed(self._groups), reversed(self._parents), strict=True):
            with self._alone(folder):
                running = f"tags.`{_PARENT}` = '{parent}' and attributes.status = 'RUNNING'"
                if not self._client.search_runs([self._experiment], running, max_results=1):
                    self._client.set_terminated(parent, "FINISHED")

    def _alone(self, folder: str) -> contextlib.AbstractContextManager[None]:
        """Keeps other processes of a group away, where no turn at the store does so already."""
        turns = str(self._settings["uri"]).startswith("sqlite:")
        return contextlib.nullcontext() if turns else locked(Path(folder))

    def _experiment_id(self) -> str:
        name, artifacts = self._settings["experiment"], self._settings["artifacts"]
        found = self._client.get_experiment_by_name(name)
        if found is None:
            place = None if artifacts is None else Path(artifacts).as_uri()
            try:
                made: str = self._client.create_experiment(name, artifact_location=place)
            except Exception:  # On a server another process may have been faster.
                found = self._client.get_experiment_by_name(name)
                if found is None:
                    raise
            else:
                return made
        known: str = found.experiment_id
        return known

    def _parent(self, folder: str) -> str:
        """The run of a group, open; made if it is not there."""
        found = self._found(_GROUP, folder)
        if found is not None:
            self._client.update_run(found.info.run_id, status="RUNNING")
            known: str = found.info.run_id
            return known
        tags = {_GROUP: folder, "mlflow.source.name": "kerasgen"}
        if self._parents:
            tags[_PARENT] = self._parents[-1]
        name = "/".join(Path(folder).parts[-2:])
        made = self._client.create_run(self._experiment, tags=tags, run_name=name)
        new: str = made.info.run_id
        return new

    def _found(self, tag: str, folder: str) -> Any:
        """The newest run with a tag, None where there is none."""
        quote = '"' if "'" in folder else "'"
        runs = self._client.search_runs(
            [self._experiment],
            f"tags.`{tag}` = {quote}{folder}{quote}",
            order_by=["attributes.start_time DESC"],
            max_results=1,
        )
        return runs[0] if runs else None

    def _steps_of(self, run: Any) -> int:
        """The last epoch that MLflow has of a run."""
        epochs = [name for name in run.data.metrics if "/" not in name]
        steps = [
            metric.step
            for name in epochs[:1]
            for metric in self._client.get_metric_history(run.info.run_id, name)
        ]
        return max(steps, default=0)

    def _parameters(self, flat: Mapping[str, str], known: Mapping[str, str]) -> None:
        from mlflow.entities import Param, RunTag

        wanted = {_key(name): value[:_VALUE] for name, value in flat.items()}
        new = [Param(name, value) for name, value in wanted.items() if name not in known]
        changed = [
            RunTag(_key(f"resumed.{name}"), value)
            for name, value in wanted.items()
            if known.get(name, value) != value
        ]
        for first in range(0, len(new), _AT_ONCE):
            self._client.log_batch(self._id, params=new[first : first + _AT_ONCE])
        for first in range(0, len(changed), _AT_ONCE):
            self._client.log_batch(self._id, tags=changed[first : first + _AT_ONCE])

    def _log_model(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            write_model(self._folder, self._backend, Path(place))
            self._client.log_artifacts(self._id, place, "model")


class TakingTurns:
    """A board on a store of SQLite, which one process at a time may talk to.

    Args:
        settings: those of the board; `uri` names the store.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._board: Board = MlflowBoard(settings)
        scheme, _, file = str(settings["uri"]).partition(":///")
        self._folder = Path(file).parent if scheme == "sqlite" else None
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            _require_writable(self._folder, Path(file))

    def start(self, run: TrackedRun) -> None:
        """Begins or goes on with a run."""
        with self._turn():
            self._board.start(run)

    def scalars(self, step: int | None, figures: Mapping[str, float]) -> None:
        """Takes numbers."""
        with self._turn():
            self._board.scalars(step, figures)

    def text(self, name: str, text: str) -> None:
        """Takes a text."""
        with self._turn():
            self._board.text(name, text)

    def artifact(self, path: str) -> None:
        """Takes a file."""
        with self._turn():
            self._board.artifact(path)

    def finish(self, status: str) -> None:
        """Ends the run."""
        with self._turn():
            self._board.finish(status)

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        with contextlib.nullcontext() if self._folder is None else locked(self._folder):
            yield


def _require_writable(*places: Path) -> None:
    """Refuses at once a store that MLflow would try to open for minutes."""
    for place in places:
        if place.exists() and not os.access(place, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))


def _key(name: str) -> str:
    return _ODD.sub("_", name)[:_KEY]


if __name__ == "__main__":
    sys.exit(serve(TakingTurns, sys.stdin.buffer))
