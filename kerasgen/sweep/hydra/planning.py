"""What a command line would run, found out without running it: for a plan.

This room owns the way from overrides to the jobs of a sweep, or to the one job of a run, and to
what is known of those that are done. It composes through the same door as the sweep itself.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import DictConfig

from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.frontend.compose.config_folders import ConfigPlace
from kerasgen.frontend.compose.frozen_config import FrozenConfig, freeze, thaw
from kerasgen.frontend.compose.hydra_settings import LAUNCHER, place_of_setting, written_folder
from kerasgen.frontend.compose.references import plain_node
from kerasgen.process.machine_memory import device_memory
from kerasgen.process.usage import own_usage
from kerasgen.registry import Trust
from kerasgen.run.warm_up import Bound
from kerasgen.session.session import Session
from kerasgen.session.states import Aim, EngineDoubtError
from kerasgen.sweep.executors.cores import usable_cores
from kerasgen.sweep.executors.fork import ForkExecutor
from kerasgen.sweep.executors.process import MODULE
from kerasgen.sweep.executors.shares import shares
from kerasgen.sweep.hydra.application import HydraApplication
from kerasgen.sweep.hydra.chosen_executor import Chosen, choose
from kerasgen.sweep.hydra.job_limits import read_limits
from kerasgen.sweep.hydra.launcher_values import LauncherValues
from kerasgen.sweep.job_source import PlannedJob
from kerasgen.sweep.job_spec import JobSpec, settled
from kerasgen.sweep.outcomes import completed_jobs
from kerasgen.sweep.plan.budget import refuse_for_one_run
from kerasgen.sweep.plan.budgeted_jobs import BudgetedJobs
from kerasgen.sweep.plan.fitting import misfits
from kerasgen.sweep.plan.plan import ComingJob, Means, Plan, StaticCost, in_order, make_plan
from kerasgen.sweep.plan.plan_text import budget_text
from kerasgen.sweep.plan.warm_ups import Asked, WarmUps, measure

_SHARE = 0.1
"""Of a budget, what the warm-ups' trainings may take."""

HERE = ("fork", "process")
"""The executors that start jobs on this machine."""

_AIM = Aim(data="closed", engine="light")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be planned, and how.

    Attributes:
        place: where configs are looked for.
        trust: whose code may run for them.
        anew: whether jobs count as waiting that are done.
        bound: how long a job of each class is trained; None where nothing is measured.
    """

    place: ConfigPlace
    trust: Trust
    anew: bool = False
    bound: Bound | None = field(default_factory=Bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """What a command line would run.

    Attributes:
        config: the config of the sweep, or of the run.
        folder: where it would run.
        jobs: the jobs.
        chosen: what starts them, and what they may take.
        several: whether they are a sweep.
    """

    config: DictConfig
    folder: Path
    jobs: tuple[ComingJob, ...]
    chosen: Chosen
    several: bool


def planned(
    application: HydraApplication, overrides: list[str], wish: Wish, *, several: bool
) -> tuple[Plan, bool, tuple[Diagnostic, ...]]:
    """Plans what a command line would run.

    Args:
        application: Hydra's object over the configs.
        overrides: the overrides.
        wish: what is to be planned.
        several: whether a sweep is asked for.

    Returns:
        The plan, whether it is one of a sweep, and what of it cannot fit.

    Raises:
        CompileError: it cannot be composed, or a job's config is refused.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):  # What is said meanwhile is no answer.
            coming = _coming(application, overrides, wish, several=several)
        try:
            made = plan_of(coming, wish)
        finally:
            coming.chosen.executor.close()
    finally:
        GlobalHydra.instance().clear()
    place = partial(place_of_setting, coming.config)
    found = misfits(made, coming.chosen.limits, device_memory(None), coming.folder, place)
    return made, coming.several, found


def plan_of(coming: Coming, wish: Wish) -> Plan:
    """The plan of what is coming.

    Args:
        coming: what it is.
        wish: how it is to be planned.
    """
    limits = coming.chosen.limits

    def measuring(classes: Sequence[Asked]) -> WarmUps:
        assert wish.bound is not None
        return measure(classes, coming.chosen.executor, limits, wish.bound)

    def asked(job: ComingJob, label: str) -> Asked:
        spec = partial(_spec, coming.config, job, wish)
        return Asked(label=label, overrides=job.overrides, spec=spec)

    means = Means(
        measuring=None if wish.bound is None else measuring,
        asked=asked,
        static=partial(static_cost, trust=wish.trust),
        overhead=own_usage().cpu_seconds,
    )
    return make_plan(coming.jobs, limits, means, limits.budget)


def budgeted(
    jobs: Sequence[PlannedJob],
    coming: Coming,
    wish: Wish,
    until: float,
) -> BudgetedJobs:
    """The source of jobs for which a budget is enough.

    Args:
        jobs: the jobs of the sweep.
        coming: the same jobs, as they are planned.
        wish: how they are planned.
        until: when they are to have ended, by the monotonic clock.
    """
    budget = coming.chosen.limits.budget
    assert budget is not None
    seconds = min(Bound().seconds, budget * _SHARE / max(1, len(jobs)))
    plan = plan_of(coming, replace(wish, bound=Bound(seconds=seconds)))
    print(budget_text(plan), flush=True)
    by_number = dict(zip((job.number for job in coming.jobs), jobs, strict=True))
    chosen = [by_number[row.job.number] for row in in_order(plan)]
    expected = {
        by_number[row.job.number].number: row.estimate.spent.wall
        for row in plan.rows
        if row.estimate is not None
    }
    return BudgetedJobs(chosen, expected, lambda: until - time.monotonic())


def _coming(
    application: HydraApplication, overrides: list[str], wish: Wish, *, several: bool
) -> Coming:
    name = application.place.config_name
    if not several and application.get_mode(name, overrides) != RunMode.MULTIRUN:
        config = application.compose_config(name, overrides, RunMode.RUN)
        refuse_for_one_run(overrides)
        folder, _ = written_folder(config, "hydra.run.dir")
        frozen = freeze(config, application.config_loader)
        from kerasgen.sweep.checked_jobs import check_jobs_first  # It imports all passes.

        check_jobs_first([frozen], wish.trust)
        return replace(coming_jobs(config, None, [frozen], wish), folder=folder, several=False)
    application.anew, application.trust = wish.anew, wish.trust
    config, folder, jobs = application.coming_sweep(overrides)
    if not jobs:
        raise Sink().fail_at(
            "KG204",
            "the sweeper draws its jobs as it goes along: there are none to plan before it starts",
            location=place_of_setting(config, "hydra/sweeper"),
            help="plan one of its jobs: leave out `-m`, and give each swept key one value",
        )
    return coming_jobs(config, folder, jobs, wish)


def coming_jobs(
    config: DictConfig,
    folder: Path | None,
    jobs: Sequence[FrozenConfig],
    wish: Wish,
    chosen: Chosen | None = None,
) -> Coming:
    """What is coming of jobs that are composed.

    Args:
        config: the config of the sweep.
        folder: its folder, in and beside which jobs may be done already; None for none.
        jobs: the configs of its jobs.
        wish: what is to be planned.
        chosen: what starts them; None to choose it by the config.

    Raises:
        CompileError: KG204, a limit of the jobs has a value that it cannot have.
    """
    done: Mapping[str, Path] = {}
    if folder is not None and not wish.anew:
        done = completed_jobs(folder, [job.content_hash() for job in jobs])
    return Coming(
        config=config,
        folder=folder or Path(),
        chosen=chosen or _chosen(config, folder or Path()),
        several=True,
        jobs=tuple(
            ComingJob(
                number=number,
                overrides=job.overrides,
                frozen=job,
                done=done.get(job.content_hash()),
            )
            for number, job in enumerate(jobs)
        ),
    )


def _chosen(config: DictConfig, folder: Path) -> Chosen:
    """What starts the jobs that are measured, and the limits of the sweep.

    On this machine it is what the sweep itself has; jobs of a cluster or a queue are measured here.
    """
    launcher = plain_node(config.hydra.launcher)
    own = launcher.pop("_target_", None) == LAUNCHER
    kind = launcher.pop("executor", "fork")
    values = LauncherValues(launcher if own else {}, config)
    if not own or kind in HERE:
        return choose(kind, values, folder, _unheard)
    limits = read_limits(values, lambda: len(usable_cores()))
    values.sink.stop_on_errors()
    return Chosen(executor=ForkExecutor(_unheard, shares(limits.n_jobs)), limits=limits)


def _unheard(line: str) -> None:
    """What the sweep itself would say; a plan needs no note of it."""


def _spec(config: DictConfig, job: ComingJob, wish: Wish, folder: Path) -> JobSpec:
    return JobSpec(
        number=job.number,
        folder=folder,
        frozen=settled(job.frozen, config, job.number, folder),
        config_name=wish.place.config_name,
        trust=wish.trust,
        argv=("-m", MODULE, *job.overrides),
    )


def static_cost(job: FrozenConfig, trust: Trust) -> StaticCost | str:
    """What a config alone tells of a job; the reason where it tells nothing.

    Args:
        job: the config.
        trust: whose code may run for it.
    """
    try:
        compiled = Session(thaw(job, trust), _AIM).compiled.program
    except CompileError as error:
        return error.diagnostics[0].message
    except EngineDoubtError:
        return "the config does not say enough without its data"
    cost = compiled.cost
    return StaticCost(
        parameters=cost.parameters,
        flops=cost.flops,
        training_bytes=cost.training_bytes,
        disk=cost.parameter_bytes,
    )
