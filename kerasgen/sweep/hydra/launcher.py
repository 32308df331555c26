"""The launcher `process`: each job of a sweep in a process of its own.

This room owns the order in which jobs start, what is printed about them, and that no job ends the
sweep. A backend, once imported, stays for a process's life, so that only a process of its own
makes a job what its config says.
"""

from __future__ import annotations

import importlib
import re
import sys
import types
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from kerasgen.diagnostics import Sink, describe
from kerasgen.frontend.compose.frozen_config import FrozenConfig
from kerasgen.frontend.compose.hydra_settings import LAUNCHER, place_of_setting
from kerasgen.frontend.compose.references import plain_node
from kerasgen.frontend.compose.selectors_through_hydra import as_written
from kerasgen.process.exit_codes import FAILED
from kerasgen.process.interruption import at_once, held
from kerasgen.record.file_names import CONSOLE
from kerasgen.sweep.executors.process import (
    MODULE,
    Child,
    end_children,
    kill_children,
    start_child,
    wait_for_one,
)
from kerasgen.sweep.folders import folder_override
from kerasgen.sweep.hydra.frozen_jobs import FreezingLoader
from kerasgen.sweep.hydra.task import Task
from kerasgen.sweep.job_spec import JobSpec, settled
from kerasgen.sweep.outcomes import EndedProcess, Outcome, earlier_outcome, settle, varying

_OF_THE_SWEEP = re.compile(
    r"\+*~?hydra([./](launcher|sweeper|sweep)\b|\.run\.dir=|\.mode=|\.job\.(num|id)=)"
)
"""Overrides that concern the sweep and not its jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One job before it starts.

    Attributes:
        number: its number in the sweep, from 0.
        title: what is printed about it.
        overrides: its task overrides.
        folder: its folder.
        arguments: the arguments of its process, which name the job in words.
        frozen: its config.
    """

    number: int
    title: str
    overrides: tuple[str, ...]
    folder: Path
    arguments: tuple[str, ...]
    frozen: FrozenConfig


class ProcessLauncher(Launcher):
    """Hydra's plugin; `hydra.launcher.n_jobs` is the number of jobs at a time."""

    # Hydra takes plugins only from a package of this name, which a project cannot add to its own.
    __module__ = LAUNCHER.rpartition(".")[0]

    def __init__(self, n_jobs: Any = 1) -> None:
        self.n_jobs = n_jobs
        self.config: DictConfig | None = None
        self.loader: FreezingLoader | None = None
        self.task: Task | None = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Takes over what Hydra gives.

        Raises:
            CompileError: KG204, `n_jobs` is not a positive integer.
        """
        assert isinstance(task_function, Task)
        assert isinstance(hydra_context.config_loader, FreezingLoader)
        self.config, self.loader, self.task = config, hydra_context.config_loader, task_function
        if not isinstance(self.n_jobs, int) or isinstance(self.n_jobs, bool) or self.n_jobs < 1:
            raise Sink().fail_at(
                "KG204",
                f"`n_jobs` is {describe(self.n_jobs)}, expected a positive integer",
                location=place_of_setting(config, "hydra.launcher.n_jobs"),
            )

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Runs jobs; a job that fails or dies does not end the others.

        Args:
            job_overrides: the overrides of each.
            initial_job_idx: number of the first.

        Raises:
            CompileError: KG605, two of them have the same folder.
        """
        assert self.task is not None
        jobs = self._jobs(job_overrides, initial_job_idx)
        outcomes: dict[int, Outcome] = {}
        waiting = deque(jobs)
        running: dict[int, tuple[_Job, Child]] = {}
        with at_once(lambda: self._end_now(running)):
            try:
                while waiting or running:
                    while waiting and len(running) < self.n_jobs:
                        with held():  # of a child that was started nobody may lose sight
                            job = waiting.popleft()
                            child = self._start(job)
                            if isinstance(child, Outcome):
                                outcomes[job.number] = child
                            else:
                                running[job.number] = (job, child)
                    ended = wait_for_one([child for _, child in running.values()])
                    for job, child in [pair for pair in running.values() if pair[1] in ended]:
                        with held():
                            del running[job.number]
                            outcomes[job.number] = self._settle(job, child)
            except BaseException:
                end_children([child for _, child in running.values()])
                for job, child in running.values():
                    self._settle(job, child, interrupted=True)
                raise
        return [_returned(outcomes[job.number]) for job in jobs]

    def _jobs(self, job_overrides: Sequence[Sequence[str]], first: int) -> list[_Job]:
        assert self.config is not None
        assert self.loader is not None
        written = [[as_written(text) for text in overrides] for overrides in job_overrides]
        labels = varying(written)
        total = first + len(written)
        jobs: list[_Job] = []
        for number, (overrides, label) in enumerate(zip(written, labels, strict=True), first):
            folder = self._folder(overrides, number)
            frozen = self.loader.freeze_job(self.config, job_overrides[number - first])
            jobs.append(
                _Job(
                    number=number,
                    title=f"[{number + 1}/{total}] {' '.join(label)}".rstrip(),
                    overrides=tuple(overrides),
                    folder=folder,
                    arguments=tuple(self._arguments(overrides, number, folder)),
                    frozen=frozen,
                )
            )
        _check_distinct(jobs, self.config)
        return jobs

    def _arguments(self, overrides: Sequence[str], number: int, folder: Path) -> list[str]:
        """What runs this job alone: the overrides of task and Hydra, its folder and number."""
        assert self.task is not None
        assert self.config is not None
        of_hydra = plain_node(self.config.hydra.overrides.hydra)
        kept = [text for text in of_hydra if not _OF_THE_SWEEP.match(text)]
        own = [folder_override("hydra.run.dir", folder), f"hydra.job.num={number}"]
        return [*self.task.place.flags(), *self.task.trust.flags(), *overrides, *kept, *own]

    def _folder(self, overrides: Sequence[str], number: int) -> Path:
        assert self.config is not None
        assert self.loader is not None
        sweep = Path(str(self.config.hydra.sweep.dir))
        pattern = str(plain_node(self.config.hydra.sweep)["subdir"])
        plain = re.sub(r"\$\{hydra\.job\.(num|id)\}", str(number), pattern)
        if "$" not in plain:  # the usual case, without composing the job's config
            return sweep / plain
        config = self.loader.load_sweep_config(self.config, list(overrides))
        with open_dict(config):
            config.hydra.job.id = str(number)
            config.hydra.job.num = number
        HydraConfig.instance().set_config(config)
        return sweep / str(OmegaConf.select(config, "hydra.sweep.subdir"))

    def _start(self, job: _Job) -> Child | Outcome:
        """Starts a job; gives its outcome if that is not possible."""
        done = earlier_outcome(job.number, job.overrides, job.folder)
        if done is not None:
            print(f"{job.title}  completed earlier: {job.folder}", flush=True)
            return self._keep(done)
        several = self.n_jobs > 1
        console = job.folder / CONSOLE if several else None
        print(f"{job.title}  -> {console}" if several else f"\n{job.title}", flush=True)
        try:
            return start_child(job.arguments, console, self._spec(job).to_json())
        except OSError as error:
            reason = f"cannot be started: {(error.strerror or str(error)).lower()}"
            print(f"{job.title}  {reason}", flush=True)
            outcome = Outcome(
                job=job.number,
                overrides=job.overrides,
                status="failed",
                folder=job.folder,
                error=reason,
            )
            return self._keep(outcome)

    def _spec(self, job: _Job) -> JobSpec:
        """The job as its process gets it."""
        assert self.task is not None
        assert self.config is not None
        return JobSpec(
            number=job.number,
            folder=job.folder,
            frozen=settled(job.frozen, self.config, job.number, job.folder),
            config_name=self.task.place.config_name,
            trust=self.task.trust,
            argv=("-m", MODULE, *job.arguments),
        )

    def _end_now(self, running: Mapping[int, tuple[_Job, Child]]) -> None:
        """Ends the jobs without waiting for them, and closes their records."""
        kill_children([child for _, child in running.values()])
        for job, child in running.values():
            self._settle(job, child, interrupted=True)

    def _settle(self, job: _Job, child: Child, *, interrupted: bool = False) -> Outcome:
        child.let_go()
        code = child.process.returncode
        ended = EndedProcess(
            pid=child.process.pid,
            code=FAILED if code is None else code,
            seconds=child.seconds,
            argv=("-m", MODULE, *job.arguments),
            interrupted=interrupted,
        )
        outcome = settle(job.number, job.overrides, job.folder, ended)
        shown = self.n_jobs > 1 or outcome.status in ("failed", "interrupted")
        if shown and not interrupted:
            print(f"{job.title}  {outcome.text} after {child.seconds:.1f} s", flush=True)
        return self._keep(outcome)

    def _keep(self, outcome: Outcome) -> Outcome:
        assert self.task is not None
        self.task.outcomes.append(outcome)
        return outcome


def register() -> None:
    """Makes the launcher known to Hydra.

    Hydra imports a plugin by its name below `hydra_plugins`. That is a package which all plugins
    of an environment share, or which is not there; this module joins it while the process lives.
    """
    package, _, module = LAUNCHER.rpartition(".")[0].partition(".")
    try:
        plugins = importlib.import_module(package)
    except ModuleNotFoundError:
        plugins = sys.modules[package] = types.ModuleType(package)
        plugins.__path__ = []
    sys.modules[f"{package}.{module}"] = sys.modules[__name__]
    setattr(plugins, module, sys.modules[__name__])
    Plugins.instance().register(ProcessLauncher)


def _returned(outcome: Outcome) -> JobReturn:
    """What a sweeper gets: the main test metric, None for a job that has none."""
    returned = JobReturn(overrides=outcome.overrides)
    returned.return_value = None if outcome.metric is None else outcome.metric[1]
    # Also for one that failed, which would end the sweep else.
    returned.status = JobStatus.COMPLETED
    return returned


def _check_distinct(jobs: Sequence[_Job], config: DictConfig | None) -> None:
    assert config is not None
    seen: dict[Path, _Job] = {}
    for job in jobs:
        if (other := seen.setdefault(job.folder, job)) is not job:
            raise Sink().fail_at(
                "KG605",
                f"jobs {other.number} and {job.number} have the same folder `{job.folder}`",
                location=place_of_setting(config, "hydra.sweep.subdir"),
                help="let `hydra.sweep.subdir` hold `${hydra.job.num}`",
            )
