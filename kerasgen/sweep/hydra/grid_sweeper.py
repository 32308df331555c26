"""The sweeper `basic`: Hydra's own, whose jobs are all known and composed before it begins.

This room owns its part as a plugin of Hydra. Which jobs a sweep has stands in `sweep.jobs`.

Decisions:
- It takes the place of Hydra's sweeper of that name, and its keys with it: an experiment may choose
  another sweeper, which it could not where the root config had chosen one.
- Hydra's composes each job once more to see whether it can be; these have been.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from kerasgen.frontend.compose.hydra_settings import GRID_SWEEPER
from kerasgen.sweep.hydra.launcher import WHOLE, ProcessLauncher
from kerasgen.sweep.hydra.plugin_modules import join_plugins


class GridSweeper(Sweeper):
    """Hydra's plugin.

    Args:
        max_batch_size: how many jobs are handed to the launcher at a time, None for all.
        listed: what the config says of the jobs, which `sweep.jobs` has read.

    Attributes:
        jobs: the overrides of each job, in the words of Hydra; the application lists them.
    """

    __module__ = GRID_SWEEPER.rpartition(".")[0]

    def __init__(self, max_batch_size: int | None = None, **listed: object) -> None:
        self.jobs: Sequence[Sequence[str]] = ()
        self.config: DictConfig | None = None
        self._batch = max_batch_size
        self._launcher: Launcher | None = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Takes over what Hydra gives."""
        self.config = config
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> list[Sequence[JobReturn]]:
        """Runs the jobs.

        Args:
            arguments: the overrides of the sweep; its jobs are known by now.
        """
        assert self.config is not None
        assert self._launcher is not None
        folder = Path(str(self.config.hydra.sweep.dir))
        folder.mkdir(parents=True, exist_ok=True)
        if not isinstance(self._launcher, ProcessLauncher):  # That one looks first whose it is.
            OmegaConf.save(self.config, folder / WHOLE)
        returned: list[Sequence[JobReturn]] = []
        size = self._batch or len(self.jobs)
        for begun in range(0, len(self.jobs), size or 1):
            batch = [list(job) for job in self.jobs[begun : begun + size]]
            done = self._launcher.launch(batch, initial_job_idx=begun)
            for job in done:
                _ = job.return_value  # It raises what has ended a job that Hydra itself runs.
            returned.append(done)
        return returned


def register() -> None:
    """Makes the sweeper known to Hydra."""
    join_plugins(GRID_SWEEPER, __name__)
    Plugins.instance().register(GridSweeper)
