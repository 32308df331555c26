"""The process that writes an exported file: the model of a run under some backend.

This room owns the value that goes to that process, and what comes back. A process has one backend:
weights trained with one are written with another here.

Decisions:
- It is a process of its own for the run's backend too: converters print, leave threads behind, and
  some end the process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import kerasgen
from kerasgen.diagnostics import CompileError
from kerasgen.engine.exporter import AskedFile, ExportError
from kerasgen.engines.choice import exporter
from kerasgen.ir.training import Array
from kerasgen.registry import Trust
from kerasgen.session.recorded import recorded_config
from kerasgen.session.session import Session
from kerasgen.session.states import CLOSED
from kerasgen.verbs.exports.compared_rows import as_taken
from kerasgen.verbs.exports.exported_part import flat
from kerasgen.verbs.finished_run import load_run_file, trained_layer

_CHILD = "import sys; sys.path.append(sys.argv.pop(1)); "
_CHILD += "from kerasgen.verbs.exports.writing_process import main; main()"

_TASK, _RESULT = "task.json", "result.json"
"""The files that say what is to be done, and what came of it."""

_BATCHES, _ANSWERS = "batches.npz", "answers.npz"
"""The files of rows, and of what a file of the engine's own makes of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WritingTask:
    """What is to be written.

    Attributes:
        folder: the folder of the run.
        modules: modules that are trusted, in order.
        modules_folder: where they may lie.
        backend: the backend under which the model is written.
        form: the format.
        whole: whether the steps of the data go into the file.
        path: the file or folder.
    """

    folder: str
    modules: tuple[str, ...] = ()
    modules_folder: str = ""
    backend: str
    form: str
    whole: bool
    path: str


def write_model(task: WritingTask, batches: Sequence[Mapping[str, Array]]) -> AskedFile:
    """Writes a model in a process of its own, and asks the file.

    Args:
        task: what is written.
        batches: input name to rows.

    Raises:
        ExportError: it cannot be written, or its runtime does not load it.
        OSError: there is no room for it, or its place cannot be written.
    """
    writer = exporter()
    own = writer.formats[task.form].own
    root = Path(kerasgen.__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory(prefix="kerasgen-") as name:
        place = Path(name)
        (place / _TASK).write_text(json.dumps(asdict(task)), encoding="utf-8")
        if own:
            named = {f"{n}/{key}": v for n, batch in enumerate(batches) for key, v in batch.items()}
            np.savez(place / _BATCHES, **named)  # type: ignore[arg-type]
        done = subprocess.run(
            # -P: a file in the working directory must not take the place of a module.
            [sys.executable, "-P", "-c", _CHILD, str(root), str(place)],
            env={**os.environ, "KERAS_BACKEND": task.backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
            check=False,
        )
        try:
            told = json.loads((place / _RESULT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise ExportError(f"the process that writes it ended: {lines[-1][:300]}") from None
        if told["errno"] is not None:
            raise OSError(told["errno"], os.strerror(told["errno"]))
        if told["error"] is not None:
            raise ExportError(told["error"])
        if not own:
            return writer.ask(Path(task.path), task.form, batches)
        with np.load(place / _ANSWERS) as arrays:
            return AskedFile(answers=[flat(_nested(arrays, n)) for n in range(len(batches))])


def _nested(arrays: Mapping[str, Array], number: int) -> list[Array]:
    count = sum(key.startswith(f"{number}/") for key in arrays)
    return [arrays[f"{number}/{place}"] for place in range(count)]


def main() -> None:
    """In the process: does the task of a folder; what came of it lies beside it."""
    place = Path(sys.argv[1])
    task = WritingTask(**json.loads((place / _TASK).read_text(encoding="utf-8")))
    error, number = None, None
    try:
        _write(task, place)
    except CompileError as refused:
        error = refused.diagnostics[0].message
    except ExportError as failed:
        error = str(failed)
    except OSError as failed:
        error, number = str(failed), failed.errno
    result = json.dumps({"error": error, "errno": number})
    (place / _RESULT).write_text(result, encoding="utf-8")


def _write(task: WritingTask, place: Path) -> None:
    folder = Path(task.folder)
    trust = Trust(modules=tuple(task.modules), folder=task.modules_folder)
    session = _under(task.backend, folder, trust)
    model = load_run_file(folder, session, trust)
    name = trained_layer(folder)
    if not task.whole and name is not None:
        model = model.inner(name)
    writer = exporter()
    writer.write(model, Path(task.path), task.form)
    if not writer.formats[task.form].own:
        return
    again = writer.read_back(Path(task.path), task.form, model)
    answers: dict[str, Array] = {}
    for number, batch in enumerate(_batches(place / _BATCHES)):
        outputs = again.call(as_taken(batch, whole=task.whole))
        answers |= {f"{number}/{at}": values for at, values in enumerate(flat(outputs))}
    np.savez(place / _ANSWERS, **answers)  # type: ignore[arg-type]


def _batches(path: Path) -> list[dict[str, Array]]:
    found: dict[str, dict[str, Array]] = {}
    with np.load(path) as arrays:
        for key in arrays.files:
            number, _, name = key.partition("/")
            found.setdefault(number, {})[name] = arrays[key]
    return list(found.values())


def _under(backend: str, folder: Path, trust: Trust) -> Session:
    """The session of a run whose engine has a backend that may be another one."""
    recorded = recorded_config(folder, trust)
    config = recorded.resolved.config
    said = {**config.get("backend", {}), "backend": backend}
    if config.get("backend", {}).get("backend") != backend:
        said.pop("device", None)
    read = recorded.resolved._replace(config={**config, "backend": said})
    return Session(recorded._replace(resolved=read), CLOSED)
