"""An experiment from Python: a config that is composed, checked and run without a command line.

This room owns what `kerasgen.compose` gives. What a check finds stands in `check`, and how an
experiment is run in `run.experiment`.

Decisions:
- What is wrong is raised as `CompileError`, with the diagnostics that a command prints; a step that
  failed is an error of its own, which has the folder with the record.
- Nothing here reads `sys.argv`, ends the process or sets a handler of signals: it works in a
  notebook, and in any thread. Ctrl-C is the `KeyboardInterrupt` of whoever called.
- A process has Keras once, with one backend. A config that wants it otherwise is refused (KG604).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kerasgen.diagnostics import CompileError, Sink, SourceLocation
from kerasgen.engine import EngineInForceError
from kerasgen.frontend.compose.config_folders import Folders
from kerasgen.process.exit_codes import DONE
from kerasgen.registry import NOBODY, Trust, trusted
from kerasgen.run.events import Event, RunEnded
from kerasgen.run.experiment import run_experiment
from kerasgen.session.composed_config import compose_config
from kerasgen.verbs.check import CheckOutcome, check_config
from kerasgen.verbs.rerun import new_folder
from kerasgen.verbs.run_table import Run


class RunFailedError(RuntimeError):
    """A run that began and did not complete.

    Attributes:
        folder: its folder, with the record.
    """

    def __init__(self, told: str, folder: Path) -> None:
        super().__init__(f"{told} (`{folder}`)")
        self.folder = folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A composed config.

    Attributes:
        overrides: what was said of it, as on the command line.
        config_dir: folders of configs that come before the shipped ones.
        trust: modules whose parts it may name, and whether it may open connections.
    """

    overrides: tuple[str, ...] = ()
    config_dir: Folders = None
    trust: Trust = NOBODY

    def check(self, *, open_data: bool = False) -> CheckOutcome:
        """Takes the config through the whole compilation, without training.

        Args:
            open_data: whether the data is opened, too, for what only its rows can tell.

        Returns:
            What was found: `valid`, `diagnostics`, `parameters`, `shapes`, `text()`, `report()`.

        Raises:
            CompileError: KG604, this process has Keras with other settings.
        """
        with _telling_in_force():
            return check_config(
                self.overrides, self.config_dir, open_data=open_data, trust=self.trust
            )

    def run(self, folder: Path | str | None = None) -> Run:
        """Trains, and leaves a record behind.

        Args:
            folder: the folder of the run, None for a new one below `outputs`.

        Returns:
            The finished run: `metrics`, `history`, `load()`.

        Raises:
            CompileError: the config or the data is refused; nothing is left behind.
            RunFailedError: a step failed; the record tells more.
        """
        composition = compose_config(self.overrides, self.config_dir, self.trust)
        place = new_folder(Path("outputs")) if folder is None else Path(folder)
        ended = _Ended()
        argv = ["kerasgen.compose", *self.overrides]
        with _telling_in_force():
            code = run_experiment(composition, place, argv=argv, listeners=[ended])
        if code == DONE:
            return Run(folder=place)
        last = ended.last
        if last is not None and last.status == "rejected":
            raise CompileError(last.diagnostics)
        raise RunFailedError("the run failed" if last is None else str(last.error), place)


def compose(
    *overrides: str,
    config_dir: Folders = None,
    trust: Sequence[str] = (),
    connections: bool = False,
) -> Experiment:
    """Composes a config, as the command line does.

        experiment = kerasgen.compose("model=convnet", "fit.epochs=3")
        print(experiment.check())
        run = experiment.run()

    Args:
        overrides: `group=option` and `key=value`, each a text of its own.
        config_dir: a folder of configs that come before the shipped ones, or several.
        trust: names of modules whose parts the config may name; what this process has registered
            it may name anyway.
        connections: whether the config may open connections and download what it names.

    Returns:
        The experiment, to be checked and run.

    Raises:
        CompileError: it cannot be composed; every reason has its place.
    """
    allowed = trusted(trust, os.getcwd(), connections=connections)
    compose_config(overrides, config_dir, allowed)
    return Experiment(overrides=overrides, config_dir=config_dir, trust=allowed)


class _Ended:
    """A listener that keeps how a run has ended; of several folds, how all have."""

    def __init__(self) -> None:
        self.last: RunEnded | None = None

    def hear(self, event: Event) -> None:
        """Keeps the last end."""
        if isinstance(event, RunEnded):
            self.last = event


@contextmanager
def _telling_in_force() -> Iterator[None]:
    try:
        yield
    except EngineInForceError as error:
        key = f"backend.{error.keys[0]}" if error.keys else "backend"
        raise Sink().fail_at(
            "KG604",
            f"the config cannot be used in this process: {error}",
            SourceLocation(key=key),
            help="begin a new process (of a notebook: restart its kernel), and import Keras "
            "neither before: kerasgen imports it with the settings of the config",
        ) from error
