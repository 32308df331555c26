"""A recorded run once more, in a process of its own, of which nothing is left.

This room owns that process, and what it is told: the folder of the run, a folder for the new one,
and whom the person trusts who has asked for it. What becomes of its results it does not know.

Decisions:
- What shows and reports a training is left out: no picture is drawn and no tracker is told. It is
  the training of the record in every bit that its results depend on.
- Files that were edited since are taken as they are: whoever repeats a run wants to know what has
  become of it.
- A process whose parent is gone ends itself: it reads a pipe that the parent alone holds open.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import kerasgen
from kerasgen.registry import Trust, trusted

_CHILD = "import sys; sys.path.append(sys.argv.pop(1)); "
_CHILD += "from kerasgen.verbs.clean_process import repeat; repeat()"

_SILENT = (
    "fit.verbose=0",
    "fit.resume=never",
    # The last state alone, which tells what the program was.
    "fit.checkpoint={every: 100000000 epochs, keep: 1}",
    "tracking.plots=false",
    "tracking.tensorboard=null",
    "tracking.mlflow=null",
    "tracking.wandb=null",
)
"""Overrides that change nothing of what a training comes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """A run that was repeated.

    Attributes:
        folder: the folder of the new run.
        code: the exit code of its process, as of a run.
        said: what it has said.
    """

    folder: Path
    code: int
    said: str


def run_again(folder: Path, place: Path, trust: Trust) -> Repetition:
    """Runs a recorded run again in a process of its own, and waits for it.

    Args:
        folder: the folder of the run.
        place: a folder that is there, for the new run and what its process says.
        trust: modules whose parts the run may name, and whether it may open connections.

    Raises:
        OSError: the process cannot be started.
    """
    made, console = place / "run", place / "console.log"
    question = {
        "run": str(folder.resolve()),
        "place": str(made),
        "modules": trust.modules,
        "trusted_folder": trust.folder,
        "connections": trust.connections,
    }
    root = Path(kerasgen.__file__).resolve().parent.parent
    # -P: a file in the working directory must not take the place of a module.
    command = [sys.executable, "-P", "-c", _CHILD, str(root), json.dumps(question)]
    with console.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            code = process.wait()
        except BaseException:  # Ctrl-C reaches both of them; the folder goes when the child has.
            process.terminate()
            try:
                process.wait(timeout=10)
            except BaseException:
                process.kill()
                process.wait()
            raise
        finally:
            assert process.stdin is not None
            process.stdin.close()
    return Repetition(
        folder=made, code=code, said=console.read_text(encoding="utf-8", errors="replace")
    )


def repeat() -> None:
    """In the process: runs the run again.

    Raises:
        SystemExit: always, with the exit code of the run.
    """
    from kerasgen.process.entry import begin, guarded

    threading.Thread(target=_end_without_parent, daemon=True).start()
    begin(lambda: guarded(_repeat))


def _repeat() -> int:
    from kerasgen.run.experiment import run_experiment
    from kerasgen.verbs.recorded_composition import read_recorded_run

    question = json.loads(sys.argv[1])
    trust = trusted(
        question["modules"], question["trusted_folder"], connections=question["connections"]
    )
    recorded = read_recorded_run(Path(question["run"]), edited=True)
    composition = recorded.composed((), trust, silent=_SILENT)
    argv = ["kerasgen", "verify", question["run"]]
    return run_experiment(composition, Path(question["place"]), argv=argv)


def _end_without_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
