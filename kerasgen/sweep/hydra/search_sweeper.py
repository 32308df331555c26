"""The sweeper `optuna`: a search in the place of a grid.

This room owns its part as a plugin of Hydra. What is searched stands in `search_plan`, which job
comes next in `sweep.search`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from kerasgen.diagnostics import Sink
from kerasgen.foreign.passwords import without_passwords
from kerasgen.frontend.compose.search_options import SWEEPER
from kerasgen.record.run_folder import reported
from kerasgen.sweep.hydra.free_folders import require_readable, require_search
from kerasgen.sweep.hydra.frozen_jobs import FreezingLoader
from kerasgen.sweep.hydra.launcher import ProcessLauncher
from kerasgen.sweep.hydra.plugin_modules import join_plugins
from kerasgen.sweep.hydra.search_plan import (
    SearchPlan,
    extension,
    main_objective,
    plan_search,
)
from kerasgen.sweep.hydra.task import Task
from kerasgen.sweep.search.journal import JOURNAL
from kerasgen.sweep.search.objectives import Objective
from kerasgen.sweep.search.opening import open_study
from kerasgen.sweep.search.source import SearchSource
from kerasgen.sweep.search.study import Study, StudyDef
from kerasgen.sweep.search.summary import summary_text
from kerasgen.sweep.sweep_file import SearchFacts, read_search


class OptunaSweeper(Sweeper):
    """Hydra's plugin; its settings are read from the config, as Hydra would run what they name."""

    __module__ = SWEEPER.rpartition(".")[0]

    def __init__(self, **said: Any) -> None:
        self.config: DictConfig | None = None
        self.launcher: Any = None
        self.hydra_context: HydraContext | None = None
        self.task: Task | None = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Takes over what Hydra gives, and makes the launcher."""
        assert isinstance(task_function, Task)
        self.config, self.hydra_context, self.task = config, hydra_context, task_function
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> list[Any]:
        """Searches.

        Args:
            arguments: the task overrides.

        Raises:
            CompileError: the search cannot be begun, or cannot go on.
        """
        assert self.config is not None
        assert self.hydra_context is not None
        assert self.task is not None
        loader = self.hydra_context.config_loader
        assert isinstance(loader, FreezingLoader)
        plan = plan_search(self.config, arguments, loader, self.task.place, self.task.trust)
        if not isinstance(self.launcher, ProcessLauncher):
            raise plan.sink.fail(
                "KG660",
                "a search asks for one job at a time, and the launcher takes lists of them",
                help="leave `hydra/launcher` out, or take `process`",
            )
        folder = Path(str(self.config.hydra.sweep.dir))
        plan = _within(plan, self.launcher.open(plan.settings.n_jobs).limits.budget)
        require_readable(self.config)
        require_search(_place(plan), self.config)
        objectives = self._objectives(plan, folder)
        study = self._study(plan, objectives, folder)
        facts = SearchFacts(
            objectives=tuple((each.metric, each.direction) for each in objectives),
            search=_facts(plan),
        )
        source = SearchSource(
            study=study,
            door=self.launcher,
            folder=folder,
            begun=partial(self.launcher.write_sweep, search=facts),
            keep=self.task.outcomes.append,
            sink=plan.sink,
        )
        try:
            self.launcher.run(source, total=plan.settings.n_trials * len(plan.space.seeds))
        finally:
            study.sign.remove()
            self.task.closing.append(lambda: summary_text(study, source.notes))
        return []

    def _objectives(self, plan: SearchPlan, folder: Path) -> tuple[Objective, ...]:
        if plan.settings.objectives:
            return plan.settings.objectives
        known = read_search(folder)
        if known is not None and known.search.get("sha256") == plan.identity:
            return tuple(_read_objective(*each) for each in known.objectives)
        assert self.task is not None
        flags = [*self.task.place.flags(), *self.task.trust.flags()]
        return (main_objective(plan, flags),)

    def _study(self, plan: SearchPlan, objectives: Sequence[Objective], folder: Path) -> Study:
        assert self.config is not None
        assert self.task is not None
        about = StudyDef(
            name=_place(plan)["study"],
            space=plan.space,
            objectives=tuple(objectives),
            settings=plan.settings,
            seed=0,
            epochs=plan.epochs,
            extend=extension(plan, self.config, self.task.trust),
        )
        with reported(Sink(), folder, "hydra.sweep.dir"):
            folder.mkdir(parents=True, exist_ok=True)
        return open_study(about, folder, plan.sink)


def _within(plan: SearchPlan, budget: float | None) -> SearchPlan:
    """A search that begins no job once a budget is used up."""
    if budget is None:
        return plan
    most = min(budget, plan.settings.max_time or budget)
    return replace(plan, settings=replace(plan.settings, max_time=most))


def _read_objective(metric: str, way: str) -> Objective:
    part, _, name = metric.partition("_")
    return Objective(
        part=part, name=name, direction="maximize" if way == "maximize" else "minimize"
    )


def _place(plan: SearchPlan) -> dict[str, str]:
    """Where the study of a search is, and what it is called there."""
    settings = plan.settings
    return {
        "study": settings.study_name or f"kerasgen-{plan.identity[:16]}",
        "storage": without_passwords(settings.storage) if settings.storage else JOURNAL,
    }


def _facts(plan: SearchPlan) -> dict[str, Any]:
    settings = plan.settings
    return {
        "sha256": plan.identity,
        **_place(plan),
        "sampler": settings.sampler.plain(),
        "pruner": settings.pruner.plain(),
        "n_trials": settings.n_trials,
        **plan.space.plain(),
    }


def register() -> None:
    """Makes the sweeper known to Hydra."""
    join_plugins(SWEEPER, __name__)
    Plugins.instance().register(OptunaSweeper)
