"""The launchers `warm` and `process`: each job of a sweep in a process of its own.

This room owns their part as plugins of Hydra: settings, and the jobs that a sweeper asks for. In
which order they run stands in `sweep.schedule`. A backend, once imported, stays for a process's
life, so that only a process of its own makes a job what its config says.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from kerasgen.diagnostics import Sink
from kerasgen.frontend.compose.frozen_config import FrozenConfig
from kerasgen.frontend.compose.hydra_settings import LAUNCHER
from kerasgen.frontend.compose.references import plain_node
from kerasgen.frontend.compose.selectors_through_hydra import as_written
from kerasgen.record.files import write_atomically
from kerasgen.record.run_folder import reported
from kerasgen.sweep.executors.process import MODULE
from kerasgen.sweep.folders import folder_override
from kerasgen.sweep.hydra.chosen_executor import Chosen, choose
from kerasgen.sweep.hydra.free_folders import require_distinct, require_free, require_readable
from kerasgen.sweep.hydra.frozen_jobs import FreezingLoader
from kerasgen.sweep.hydra.launcher_values import LauncherValues
from kerasgen.sweep.hydra.plugin_modules import join_plugins
from kerasgen.sweep.hydra.task import Task
from kerasgen.sweep.job_source import JobSource, ListedJobs, PlannedJob
from kerasgen.sweep.job_spec import JobSpec, settled
from kerasgen.sweep.outcomes import Outcome, completed_jobs, varying
from kerasgen.sweep.progress import SweepLines
from kerasgen.sweep.schedule import Schedule
from kerasgen.sweep.sweep_file import (
    SearchFacts,
    SweepWriter,
    SweptJob,
    read_sweep,
)

WHOLE = "multirun.yaml"
"""Hydra's name for the config of a sweep, in its folder."""

_OF_THE_SWEEP = re.compile(
    r"\+*~?hydra([./](launcher|sweeper|sweep)\b|\.run\.dir=|\.mode=|\.job\.(num|id)=)"
)
"""Overrides that concern the sweep and not its jobs."""


class ProcessLauncher(Launcher):
    """Hydra's plugin.

    Args:
        executor: what starts the jobs, as `chosen_executor` names it.
        limits: what jobs may take, as the config says it.
    """

    # Hydra takes plugins only from a package of this name, which a project cannot add to its own.
    __module__ = LAUNCHER.rpartition(".")[0]

    def __init__(self, executor: str = "process", **limits: Any) -> None:
        self._kind = executor
        self._said = limits
        self._chosen: Chosen | None = None
        self._began = time.monotonic()
        self.config: DictConfig | None = None
        self.loader: FreezingLoader | None = None
        self.task: Task | None = None
        self._shared: list[str] | None = None
        self._pattern: tuple[Path, str] | None = None
        self._file: SweepWriter | None = None
        self._before: dict[Path, str] | None = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Takes over what Hydra gives."""
        assert isinstance(task_function, Task)
        assert isinstance(hydra_context.config_loader, FreezingLoader)
        self.config, self.loader, self.task = config, hydra_context.config_loader, task_function

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Runs jobs; a job that fails or dies does not end the others.

        Args:
            job_overrides: the overrides of each.
            initial_job_idx: number of the first.

        Raises:
            CompileError: KG605, two of them have the same folder, or one that of another run;
                KG204, KG603 or KG636, a setting has a value that it cannot have, or leads to what
                is not there.
        """
        jobs = self._jobs(job_overrides, initial_job_idx)
        chosen = self.open()  # It refuses what cannot be before anything is written.
        self.write_sweep(jobs)
        outcomes = self.run(self._source(jobs, job_overrides, chosen), total=len(jobs))
        return [_returned(outcomes[job.number]) for job in jobs if job.number in outcomes]

    def run(self, source: JobSource, total: int | None = None) -> dict[int, Outcome]:
        """Runs the jobs of a source.

        Args:
            source: gives the jobs.
            total: how many jobs it has, None where it draws them.

        Returns:
            The outcome of each by its number.

        Raises:
            CompileError: as for `launch`.
        """
        assert self.task is not None
        chosen, keep = self.open(), self.task.outcomes.append
        watch = _watch(total, chosen.limits.n_jobs)
        schedule = Schedule(executor=chosen.executor, limits=chosen.limits, keep=keep, watch=watch)
        return schedule.run(source)

    def _source(
        self,
        jobs: Sequence[PlannedJob],
        job_overrides: Sequence[Sequence[str]],
        chosen: Chosen,
    ) -> JobSource:
        """What gives the schedule its jobs: all of them, or those that a budget is enough for."""
        budget = chosen.limits.budget
        if budget is None:
            return ListedJobs(jobs)
        assert self.config is not None
        assert self.loader is not None
        assert self.task is not None
        from kerasgen.sweep.hydra.planning import HERE, Wish, budgeted, coming_jobs

        frozen = [self.loader.freeze_job(self.config, words) for words in job_overrides]
        folder = Path(str(self.config.hydra.sweep.dir))
        wish = Wish(place=self.task.place, trust=self.task.trust, anew=self.task.anew)
        here = chosen if self._kind in HERE else None
        coming = coming_jobs(self.config, folder, frozen, wish, here)
        self.task.closers.append(coming.chosen.executor.close)
        source = budgeted(jobs, coming, wish, self._began + budget)
        self.task.closers.append(source.tell)
        return source

    def open(self, n_jobs: int | None = None) -> Chosen:
        """The executor with its limits, opened when the first job is to run.

        Args:
            n_jobs: jobs at a time, None for those that the launcher says.

        Raises:
            CompileError: as for `launch`.
        """
        assert self.config is not None
        assert self.task is not None
        if self._chosen is None:
            self._said |= {} if n_jobs is None else {"n_jobs": n_jobs}
            values = LauncherValues(self._said, self.config)
            sweep = Path(str(self.config.hydra.sweep.dir))
            self._chosen = choose(self._kind, values, sweep, _say)
            self.task.closers.append(self._chosen.executor.close)
        return self._chosen

    def write_sweep(self, jobs: Sequence[PlannedJob], search: SearchFacts | None = None) -> None:
        """Says in the folder of the sweep which jobs it has, and what it searches.

        Raises:
            CompileError: KG605, the folder is another sweep's, or cannot be written in.
        """
        assert self.config is not None
        assert self.task is not None
        sweep = self.task.sweep = Path(str(self.config.hydra.sweep.dir))
        swept = [
            SweptJob(
                identity=job.identity,
                folder=os.path.relpath(job.folder, sweep),
                overrides=job.overrides,
            )
            for job in jobs
        ]
        if self._file is None:
            require_readable(self.config)
        require_free(jobs, self.config)
        with reported(Sink(), sweep, "hydra.sweep.dir"):
            if self._file is None:
                write_atomically(sweep / WHOLE, OmegaConf.to_yaml(self.config))
                self._file = SweepWriter(sweep)
            self._file.write(swept, search)

    def _jobs(self, job_overrides: Sequence[Sequence[str]], first: int) -> list[PlannedJob]:
        assert self.config is not None
        assert self.loader is not None
        assert self.task is not None
        written = [[as_written(text) for text in overrides] for overrides in job_overrides]
        labels = varying(written)
        total = first + len(written)
        sweep = Path(str(self.config.hydra.sweep.dir))
        configs = [self.loader.freeze_job(self.config, job) for job in job_overrides]
        identities = [frozen.content_hash() for frozen in configs]
        done = {} if self.task.anew else completed_jobs(sweep, identities)
        jobs: list[PlannedJob] = []
        for number, (overrides, label) in enumerate(zip(written, labels, strict=True), first):
            identity = identities[number - first]
            job = self._planned(overrides, number, configs[number - first])
            jobs.append(
                replace(
                    job,
                    title=f"[{number + 1}/{total}] {' '.join(label)}".rstrip(),
                    elsewhere=None if done.get(identity) == job.folder else done.get(identity),
                )
            )
        require_distinct(jobs, self.config)
        self.task.sweep = sweep
        self.task.listed += [(job.number, job.overrides, job.folder) for job in jobs]
        return jobs

    def planned(
        self, overrides: Sequence[str], number: int, title: str, asks: str | None = None
    ) -> PlannedJob:
        """A job of a search as it is before it starts.

        Args:
            overrides: its task overrides in the words of Hydra.
            number: its number.
            title: what is printed about it.
            asks: the figure with which it asks in each epoch whether it goes on, None for none.

        Raises:
            CompileError: its config cannot be composed.
        """
        assert self.config is not None
        assert self.loader is not None
        frozen = self.loader.freeze_job(self.config, overrides)
        job = self._planned([as_written(text) for text in overrides], number, frozen)
        return replace(
            job,
            title=title.rstrip(),
            spec=job.spec if asks is None else lambda: replace(job.spec(), asks=asks),
        )

    def _planned(self, overrides: Sequence[str], number: int, frozen: FrozenConfig) -> PlannedJob:
        """A job with what its number and its overrides say, as they are written."""
        assert self.task is not None
        folder = self.folder(overrides, number)
        own = [folder_override("hydra.run.dir", folder), f"hydra.job.num={number}"]
        identity = frozen.content_hash()
        argv = ("-m", MODULE, *self._flags(), *overrides, *self._of_hydra(), *own)
        return PlannedJob(
            number=number,
            title="",
            overrides=tuple(overrides),
            folder=folder,
            argv=argv,
            identity=identity,
            known=self._named_before().get(folder) == identity,
            anew=self.task.anew,
            spec=partial(self._spec, number, folder, frozen, argv),
        )

    def _named_before(self) -> dict[Path, str]:
        """Folder to identity of the jobs that the sweep had before this start."""
        if self._before is None:
            assert self.config is not None
            sweep = Path(str(self.config.hydra.sweep.dir))
            self._before = {sweep / job.folder: job.identity for job in read_sweep(sweep)}
        return self._before

    def _of_hydra(self) -> list[str]:
        """The overrides of Hydra's that the jobs have too."""
        if self._shared is None:
            assert self.config is not None
            given = plain_node(self.config.hydra.overrides.hydra)
            self._shared = [text for text in given if not _OF_THE_SWEEP.match(text)]
        return self._shared

    def _flags(self) -> list[str]:
        """The flags of the sweep that its jobs have too."""
        assert self.task is not None
        return [*self.task.place.flags(), *self.task.trust.flags()]

    def folder(self, overrides: Sequence[str], number: int) -> Path:
        """The folder of a job.

        Args:
            overrides: its task overrides as written.
            number: its number.
        """
        assert self.config is not None
        assert self.loader is not None
        if self._pattern is None:
            sweep = plain_node(self.config.hydra.sweep)
            self._pattern = Path(str(self.config.hydra.sweep.dir)), str(sweep["subdir"])
        root, pattern = self._pattern
        plain = re.sub(r"\$\{hydra\.job\.(num|id)\}", str(number), pattern)
        if "$" not in plain:  # the usual case, without composing the job's config
            return root / plain
        config = self.loader.load_sweep_config(self.config, list(overrides))
        with open_dict(config):
            config.hydra.job.id = str(number)
            config.hydra.job.num = number
        HydraConfig.instance().set_config(config)
        return root / str(OmegaConf.select(config, "hydra.sweep.subdir"))

    def _spec(
        self, number: int, folder: Path, frozen: FrozenConfig, argv: tuple[str, ...]
    ) -> JobSpec:
        """The job as its process gets it."""
        assert self.task is not None
        assert self.config is not None
        return JobSpec(
            number=number,
            folder=folder,
            frozen=settled(frozen, self.config, number, folder),
            config_name=self.task.place.config_name,
            trust=self.task.trust,
            argv=argv,
        )


def _watch(total: int | None, at_a_time: int) -> SweepLines:
    """What tells of the jobs: a table where several run at a time in front of somebody."""
    if at_a_time > 1 and total != 1 and sys.stdout.isatty():
        from kerasgen.sweep.live_table import SweepTable

        return SweepTable(total, at_a_time)
    return SweepLines(total, at_a_time)


def _say(line: str) -> None:
    print(f"note: {line}", file=sys.stderr, flush=True)


def register() -> None:
    """Makes the launcher known to Hydra."""
    join_plugins(LAUNCHER, __name__)
    Plugins.instance().register(ProcessLauncher)


def _returned(outcome: Outcome) -> JobReturn:
    """What a sweeper gets: the main test metric, None for a job that has none."""
    returned = JobReturn(overrides=outcome.overrides)
    returned.return_value = None if outcome.metric is None else outcome.metric[1]
    # Also for one that failed, which would end the sweep else.
    returned.status = JobStatus.COMPLETED
    return returned
