"""The configs of a sweep's jobs, each composed once.

This room owns that a job is composed when Hydra looks whether it can be, and never again: whatever
launcher asks for it afterwards gets what was composed then, so that files may be edited meanwhile.

Decisions:
- A sweeper of others draws values as it goes along; each of its jobs is frozen when it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.config_search_path import ConfigSearchPath
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from kerasgen.frontend.compose.frozen_config import FrozenConfig, freeze, thaw_for_hydra
from kerasgen.frontend.compose.selectors_through_hydra import SelectorLoader


class FreezingLoader(SelectorLoader):
    """Hydra's config loader, which composes each job of a sweep once."""

    def __init__(self, config_search_path: ConfigSearchPath) -> None:
        super().__init__(config_search_path)
        self._frozen: dict[tuple[str, ...], FrozenConfig] = {}

    def load_sweep_config(
        self, master_config: DictConfig, sweep_overrides: list[str]
    ) -> DictConfig:
        """The config of one job.

        Args:
            master_config: the config of the sweep.
            sweep_overrides: the task overrides of the job.

        Raises:
            CompileError: it cannot be composed.
        """
        config = thaw_for_hydra(self.freeze_job(master_config, sweep_overrides))
        with read_write(config), open_dict(config):
            # It may have been composed before the sweep had its folder.
            config.hydra.sweep.dir = master_config.hydra.sweep.dir
            config.hydra.overrides.hydra = master_config.hydra.overrides.hydra
        OmegaConf.copy_cache(from_config=master_config, to_config=config)
        return config

    def freeze_job(self, master_config: DictConfig, sweep_overrides: Sequence[str]) -> FrozenConfig:
        """The frozen config of one job, which is composed when it is asked for the first time.

        Args:
            master_config: the config of the sweep.
            sweep_overrides: the task overrides of the job.

        Raises:
            CompileError: it cannot be composed.
        """
        known = self._frozen.get(tuple(sweep_overrides))
        if known is None:
            config = super().load_sweep_config(master_config, list(sweep_overrides))
            known = freeze(config, self)
            self._frozen |= {tuple(sweep_overrides): known, known.overrides: known}
        return known

    def frozen(self, sweep_overrides: Sequence[str]) -> FrozenConfig | None:
        """The frozen config of a job, None for one that was not composed.

        Args:
            sweep_overrides: the task overrides of the job, in the words of Hydra or as written.
        """
        return self._frozen.get(tuple(sweep_overrides))
