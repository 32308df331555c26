"""What Hydra calls for one job in this process: from its config to the door of the experiment.

This room owns the way from Hydra's config to `run_experiment`. Launchers of others call it as
well, in processes of theirs, so that it holds plain data only.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn
from omegaconf import DictConfig, OmegaConf, open_dict

from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.composition import Composition, make_loader, read_composition
from kerasgen.frontend.compose.config_folders import ConfigPlace
from kerasgen.frontend.compose.frozen_config import thaw
from kerasgen.frontend.compose.origins import shown_path
from kerasgen.frontend.compose.references import plain_node
from kerasgen.process import interruption
from kerasgen.registry import NOBODY, Trust
from kerasgen.run.event_stream import Listener
from kerasgen.run.pruning import PruningListener
from kerasgen.run.warm_up import Bound, Stopwatch
from kerasgen.sweep.hydra.frozen_jobs import FreezingLoader
from kerasgen.sweep.outcomes import Outcome, read_fields, read_outcome


@dataclass(slots=True, kw_only=True)
class Task:
    """The task function of a single run or of a sweep.

    Attributes:
        place: where configs are looked for.
        argv: the command line for the record, None for that of this process.
        keep_rejected: whether a refused run leaves a record.
        trust: modules whose parts the configs may name.
        exit_codes: those of the runs so far.
        outcomes: how the jobs of a sweep ended.
        error: what a run has raised; Hydra would print a line of its own about it.
        loader: the loader that composes the configs, None where another process did.
        composition: the config of the only job, where it was composed before.
        closers: what is to be called when a sweep has ended.
        closing: what makes the texts that are printed behind the table of a sweep.
        anew: whether jobs run that an earlier sweep has completed.
        measured: how long the only job is trained where it is only to be measured, else None.
        asks: the figure with which the run asks in each epoch whether it goes on, None for none.
        command: the command line of a sweep, as it can be typed again.
        sweep: the folder of a sweep whose jobs are listed.
        listed: number, overrides and folder of each of its jobs.
    """

    place: ConfigPlace
    argv: Sequence[str] | None = None
    keep_rejected: bool = False
    trust: Trust = NOBODY
    exit_codes: list[int] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    error: Exception | None = None
    loader: ConfigLoader | None = None
    composition: Composition | None = None
    closers: list[Callable[[], object]] = field(default_factory=list)
    closing: list[Callable[[], str]] = field(default_factory=list)
    anew: bool = False
    measured: Bound | None = None
    asks: str | None = None
    command: Sequence[str] = ()
    sweep: Path | None = None
    listed: list[tuple[int, tuple[str, ...], Path]] = field(default_factory=list)

    def not_begun(self) -> list[Outcome]:
        """The listed jobs that have no outcome."""
        known = {outcome.job for outcome in self.outcomes}
        return [
            Outcome(job=job, overrides=overrides, status=None, folder=folder)
            for job, overrides, folder in self.listed
            if job not in known
        ]

    def __call__(self, config: DictConfig) -> float | None:
        """Runs one job; gives its main test metric, which a sweeper may optimize.

        Args:
            config: what Hydra composed.

        Raises:
            Stopped: this process was asked to end meanwhile.
        """
        from kerasgen.run.experiment import run_experiment

        whole = config.copy()
        with open_dict(whole):
            whole["hydra"] = HydraConfig.get()
        folder = Path(str(whole.hydra.runtime.output_dir))
        if not whole.hydra.job.chdir:
            folder = Path(shown_path(folder))
        job = whole.hydra.job.get("num") if not OmegaConf.is_missing(whole.hydra.job, "num") else 0
        composition = self._composition_of(whole)
        try:
            run = run_experiment
            if listeners := self._listeners(folder, composition):
                run = partial(run, listeners=listeners)
            code = run(composition, folder, argv=self.argv, keep_rejected=self.keep_rejected)
        except Exception as error:
            self.error = error
            raise
        finally:  # A sweep tells of the job that has ended it too.
            outcome = read_outcome(job or 0, composition.overrides, folder, read_fields(folder))
            self.outcomes.append(outcome)
        self.exit_codes.append(code)
        interruption.deliver()  # A run may have answered it for itself; no job follows.
        return None if outcome.metric is None else outcome.metric[1]

    def _listeners(self, folder: Path, composition: Composition) -> list[Listener]:
        """Who else hears what the run says."""
        found: list[Listener] = []
        if self.measured is not None:
            found.append(Stopwatch(self.measured))
        if self.asks is not None and not _has_folds(composition):
            found.append(PruningListener(folder.absolute(), self.asks))
        return found

    def _composition_of(self, whole: DictConfig) -> Composition:
        """The composition of a job: frozen before, or read from what Hydra composed just now."""
        if self.composition is not None:
            return self.composition
        if isinstance(self.loader, FreezingLoader):
            frozen = self.loader.frozen(plain_node(whole.hydra.overrides.task))
            if frozen is not None:
                return thaw(frozen, self.trust)
        loader = self.loader or make_loader(self.place)
        return replace(read_composition(whole, loader), trust=self.trust)

    def outcomes_of(self, returned: object) -> list[Outcome]:
        """How the jobs ended, also where another launcher ran them in processes of its own."""
        if self.outcomes or not isinstance(returned, Sequence):
            return self.outcomes
        jobs = [job for batch in returned if isinstance(batch, Sequence) for job in batch]
        found = []
        for number, job in enumerate(jobs):
            if isinstance(job, JobReturn) and job.hydra_cfg is not None:
                folder = Path(str(job.hydra_cfg.hydra.runtime.output_dir))
                overrides = plain_node(job.hydra_cfg.hydra.overrides.task)
                found.append(read_outcome(number, overrides, folder, read_fields(folder)))
        return found


def _has_folds(composition: Composition) -> bool:
    """Whether a run has several folds, each with epochs of its own; what is wrong is told later."""
    from kerasgen.run.folds import wanted_folds  # imports NumPy

    with contextlib.suppress(CompileError):
        return wanted_folds(composition) is not None
    return False
