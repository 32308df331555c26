"""Hydra's own object, with two differences: refusals are diagnostics, and nothing is left behind.

This room owns the dealings with Hydra's application class. Composition itself stands in the
frontend; what a job does, in the task.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra._internal.hydra import Hydra
from hydra.core.config_loader import ConfigLoader
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.types import HydraContext, RunMode, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.frontend.compose.composition import read_composition, resolve, resolve_shown
from kerasgen.frontend.compose.config_folders import ConfigPlace
from kerasgen.frontend.compose.frozen_config import FrozenConfig
from kerasgen.frontend.compose.hydra_settings import (
    place_of_setting,
    root_of_new,
    setting_sink,
    written_folder,
)
from kerasgen.frontend.compose.loader import ComposedLoader
from kerasgen.frontend.compose.references import plain_node
from kerasgen.frontend.compose.selector_syntax import is_selector
from kerasgen.frontend.compose.selectors_through_hydra import carried, with_carriers
from kerasgen.frontend.compose.sweep_size import check_jobs
from kerasgen.frontend.parse.secrets import refuse_passwords, refuse_typed_passwords
from kerasgen.frontend.refusals.culprits import REFUSALS, diagnose, diagnose_error
from kerasgen.frontend.refusals.file_sweeps import check_parameters
from kerasgen.process.interruption import held
from kerasgen.record.file_names import RECORD
from kerasgen.registry import NOBODY
from kerasgen.sweep.folders import claim, folder_override, release
from kerasgen.sweep.hydra.frozen_jobs import FreezingLoader
from kerasgen.sweep.hydra.grid_sweeper import GridSweeper
from kerasgen.sweep.hydra.search_plan import (
    SearchPlan,
    names_search,
    plan_search,
    searches,
)
from kerasgen.sweep.jobs import (
    draws_no_values,
    first_words,
    listed_jobs,
    lists_of,
    refused_settings,
    shared_by_all,
)
from kerasgen.sweep.outcomes import completed_jobs
from kerasgen.sweep.sweep_file import same_search, same_sweep
from kerasgen.sweep.swept_lists import SweptLists

_DIR = "hydra.sweep.dir"
"""The setting that says where the folder of a sweep is."""

Words = tuple[str, ...]
"""The task overrides of a job, in the words of Hydra."""


class HydraApplication(Hydra):
    """Hydra's application object.

    Attributes:
        place: where configs are looked for.
        resolved: whether composed configs are for printing with interpolations resolved.
        anew: whether a sweep runs all of its jobs, whatever was done before.
        trust: whose code may run for the configs.
    """

    def __init__(self, task_name: str, config_loader: ConfigLoader) -> None:
        # Hydra makes a loader that cannot read selectors.
        loader = FreezingLoader(config_loader.get_search_path())
        super().__init__(task_name=task_name, config_loader=loader)
        self.place = ConfigPlace()
        self.resolved = self.anew = False
        self.trust = NOBODY
        self._lists = SweptLists()

    def compose_config(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        with_log_configuration: bool = False,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
    ) -> DictConfig:
        """Composes a config.

        Raises:
            CompileError: it cannot be composed, or not be resolved where that was asked for.
        """
        with self.refusals(overrides, *REFUSALS):
            config = super().compose_config(
                config_name=config_name,
                overrides=overrides,
                run_mode=run_mode,
                with_log_configuration=with_log_configuration,
                from_shell=from_shell,
                validate_sweep_overrides=validate_sweep_overrides,
            )
        if self.resolved:
            if isinstance(self.config_loader, ComposedLoader):
                self.config_loader.offer_hydra(config.copy())  # which it leaves read-only
            try:
                resolve_shown(config)
            except OmegaConfBaseException as error:
                again = self.config_loader.load_configuration(config_name, overrides, run_mode)
                resolve(read_composition(again, self.config_loader))
                raise CompileError(diagnose_error(error)) from error
        return config

    @contextlib.contextmanager
    def refusals(
        self,
        overrides: list[str],
        *kinds: type[Exception],
        multirun: bool = False,
    ) -> Iterator[None]:
        """Turns what Hydra refuses inside into a `CompileError` with every reason.

        Args:
            overrides: the overrides, among which the reasons are looked for.
            kinds: exceptions that count beside Hydra's and OmegaConf's own.
            multirun: whether a sweep is composed.

        Raises:
            CompileError: what was refused inside.
        """
        caught: tuple[type[Exception], ...] = (HydraException, OmegaConfBaseException, *kinds)
        try:
            yield
        except caught as error:
            raise CompileError(
                diagnose(overrides, self.place, multirun=multirun)
                or diagnose_error(error, overrides)
            ) from error

    def multirun(
        self,
        config_name: str | None,
        task_function: TaskFunction,
        overrides: list[str],
        with_log_configuration: bool = True,
    ) -> Any:
        """Runs a sweep.

        Returns:
            What the sweeper returns.

        Raises:
            CompileError: a job's config cannot be composed; no job was started.
        """
        config = self._compose_sweep(config_name, overrides, with_log_configuration)
        folder, new = written_folder(config, _DIR)
        search = self._planned_search(config, overrides) if searches(config) else None
        jobs = self._known_jobs(config, overrides)
        earlier = None
        if new and not self.anew:
            earlier = self._earlier_sweep(config, list(jobs.values()), search)
        probes = [] if search is None else search.probes
        self._check([*jobs.values(), *probes], earlier or folder)
        if earlier is not None:
            what = "has the same jobs" if search is None else "is the same search"
            print(f"{earlier} {what}: it is gone on with (`--force` starts anew)")
            folder, new = earlier, False
        claimed = None
        try:
            with held():
                claimed = claim(folder, new=new, sink=_sink(config, _DIR), setting=_DIR)
            config.hydra.sweep.dir = str(claimed.folder)
            # Jobs compose their configs anew, and must come to the same folder.
            of_hydra = [
                text
                for text in plain_node(config.hydra.overrides.hydra)
                if not text.startswith(f"{_DIR}=")
            ]
            config.hydra.overrides.hydra = [
                *of_hydra,
                folder_override(_DIR, claimed.folder),
            ]
            return self._sweep(config, task_function, overrides, list(jobs))
        except BaseException:
            if claimed is not None and not any(claimed.folder.rglob(RECORD)):
                release(claimed, emptied=True)
            raise

    def coming_sweep(self, overrides: list[str]) -> tuple[DictConfig, Path, list[FrozenConfig]]:
        """What a sweep would run: its config, its folder, and its jobs; nothing is made.

        Args:
            overrides: the overrides of the sweep.

        Raises:
            CompileError: a job's config cannot be composed, or is refused.
        """
        config = self._compose_sweep(self.place.config_name, overrides, False)
        folder, new = written_folder(config, _DIR)
        jobs = list(self._known_jobs(config, overrides).values())
        earlier = self._earlier_sweep(config, jobs) if new and not self.anew else None
        self._check(jobs, earlier or folder)
        return config, earlier or folder, jobs

    def _compose_sweep(
        self, config_name: str | None, overrides: list[str], with_log_configuration: bool
    ) -> DictConfig:
        """The config of the sweep itself: that of its first job, with all overrides as written.

        Hydra composes it without the swept overrides, so that `optimizer=sgd,rmsprop` beside
        `optimizer.momentum=0.9` would be refused for the default optimizer's sake.
        """
        first = None
        with self.refusals(overrides, *REFUSALS, multirun=True):
            # The parameters of a search may exclude one another: it checks its jobs by itself.
            first = shared_by_all(overrides) if names_search(overrides) else None
            whole = overrides
            if not first:
                first, whole = first_words(overrides, self.config_loader, self.place)
        config = self.compose_config(config_name, first, RunMode.RUN, with_log_configuration)
        of_hydra = set(plain_node(config.hydra.overrides.hydra))
        config.hydra.overrides.task = [text for text in overrides if text not in of_hydra]
        config.hydra.mode = RunMode.MULTIRUN
        _refuse_passwords(config, overrides)
        check_jobs(config, carried(overrides))
        check_parameters(config, first, whole, self.place)
        self._lists = lists_of(config, first, self.place)
        return config

    def _sweep(
        self,
        config: DictConfig,
        task_function: TaskFunction,
        overrides: list[str],
        jobs: Sequence[Words],
    ) -> Any:
        callbacks, config_name = Callbacks(config), self.place.config_name
        arguments = carried(plain_node(config.hydra.overrides.task))
        _carry_parameters(config, len(arguments))
        callbacks.on_multirun_start(config=config, config_name=config_name)
        # A plugin that cannot be had is a RuntimeError or an ImportError.
        with self.refusals(overrides, RuntimeError, ImportError, multirun=True):
            sweeper = Plugins.instance().instantiate_sweeper(
                config=config,
                hydra_context=HydraContext(config_loader=self.config_loader, callbacks=callbacks),
                task_function=task_function,
            )
        if isinstance(sweeper, GridSweeper):
            sweeper.jobs = jobs
        with self.refusals(overrides, multirun=True):
            returned = sweeper.sweep(arguments=arguments)
        callbacks.on_multirun_end(config=config, config_name=config_name)
        return returned

    def _planned_search(self, config: DictConfig, overrides: list[str]) -> SearchPlan:
        """The search that a config asks for, with jobs that show what can be wrong with it."""
        assert isinstance(self.config_loader, FreezingLoader)
        whole = config.copy()
        arguments = carried(plain_node(whole.hydra.overrides.task))
        _carry_parameters(whole, len(arguments))
        with self.refusals(overrides, multirun=True):
            return plan_search(whole, arguments, self.config_loader, self.place, self.trust)

    def _known_jobs(self, config: DictConfig, overrides: list[str]) -> dict[Words, FrozenConfig]:
        """The jobs of a sweep before it starts; none where its sweeper draws them one by one.

        They are composed here; Hydra would compose a batch when its turn comes. A job that is
        written twice is one.

        Args:
            config: the config of the sweep.
            overrides: its overrides.

        Returns:
            The overrides of each, in the words of Hydra, to its config.

        Raises:
            CompileError: one cannot be composed.
        """
        if not draws_no_values(config):
            return {}
        assert isinstance(self.config_loader, FreezingLoader)
        with self._refused_settings(overrides), self.refusals(overrides, multirun=True):
            task = plain_node(config.hydra.overrides.task)
            words = listed_jobs(config, task, self.config_loader, self._lists)
            jobs = {tuple(job): self.config_loader.freeze_job(config, job) for job in words}
        if (twice := len(words) - len(jobs)) > 0:
            print(f"{twice} of {len(words)} jobs are written twice, and run once")
        return jobs

    @contextlib.contextmanager
    def _refused_settings(self, overrides: list[str]) -> Iterator[None]:
        """Tells what is wrong with the overrides of a list of settings where they stand."""
        try:
            yield
        except CompileError:
            if found := refused_settings(self._lists, overrides, self.place):
                raise CompileError(found) from None
            raise

    def _check(self, jobs: Sequence[FrozenConfig], folder: Path) -> None:
        """Checks the jobs that are to run; what was completed before has been checked."""
        if jobs and not self.anew:
            done = completed_jobs(folder, [job.content_hash() for job in jobs])
            jobs = [job for job in jobs if job.content_hash() not in done]
        if jobs:
            from kerasgen.sweep.checked_jobs import check_jobs_first  # It imports all passes.

            check_jobs_first(jobs, self.trust)

    def _earlier_sweep(
        self, config: DictConfig, jobs: Sequence[FrozenConfig], search: SearchPlan | None = None
    ) -> Path | None:
        """The folder of the latest sweep that has exactly these jobs, or is the same search."""
        root = root_of_new(config, _DIR)
        if root is not None and search is not None:
            return same_search(root, search.identity)
        if root is None or not jobs:
            return None
        return same_sweep(root, [job.content_hash() for job in jobs])


def _refuse_passwords(config: DictConfig, overrides: Sequence[str]) -> None:
    """Refuses passwords before the folder of the sweep holds them.

    Raises:
        CompileError: KG520, there is one.
    """
    sink = Sink()
    refuse_typed_passwords(overrides, sink)
    source = OmegaConf.select(config, "data.source")
    if isinstance(source, DictConfig) and not sink.errors:
        refuse_passwords(plain_node(source), "data.source", sink)
    sink.stop_on_errors()


def _carry_parameters(config: DictConfig, first: int) -> None:
    """Puts carriers in the place of selectors among the parameters of the config's sweeper."""
    parameters = OmegaConf.select(config, "hydra.sweeper.params")
    if isinstance(parameters, DictConfig) and any(is_selector(str(key)) for key in parameters):
        with open_dict(config.hydra.sweeper):
            config.hydra.sweeper.params = with_carriers(plain_node(parameters), first)


def _sink(config: DictConfig, key: str) -> Sink:
    """A sink for what is wrong with one setting of Hydra's."""
    return setting_sink(key, place_of_setting(config, key))
