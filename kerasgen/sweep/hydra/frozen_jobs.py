"""The configs of a sweep's jobs, each composed once.

This room owns that a job is composed when Hydra looks whether it can be, and never again: whatever
launcher asks for it afterwards gets what was composed then, so that files may be edited meanwhile.

Decisions:
- Of jobs that differ in numbers alone the first is composed, and the others are made from it.
- A sweeper of others draws values as it goes along; each of its jobs is frozen when it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.config_search_path import ConfigSearchPath
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from kerasgen.frontend.compose.configs_by_numbers import Pattern, Shape, shape_of
from kerasgen.frontend.compose.frozen_config import FrozenConfig, freeze, thaw_for_hydra
from kerasgen.frontend.compose.selectors_through_hydra import SelectorLoader, as_written


class FreezingLoader(SelectorLoader):
    """Hydra's config loader, which composes each job of a sweep once."""

    def __init__(self, config_search_path: ConfigSearchPath) -> None:
        super().__init__(config_search_path)
        self._frozen: dict[tuple[str, ...], FrozenConfig] = {}
        self._patterns: dict[Shape, Pattern | None] = {}

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
        words = tuple(sweep_overrides)
        known = self._frozen.get(words)
        if known is None:
            known = self._freeze(master_config, words)
            self._frozen |= {words: known, known.overrides: known}
        return known

    def _freeze(self, master_config: DictConfig, words: tuple[str, ...]) -> FrozenConfig:
        shape, written = shape_of(words), tuple(as_written(text) for text in words)
        if (pattern := self._patterns.get(shape)) is not None:
            return pattern.with_numbers_of(written)
        known = freeze(super().load_sweep_config(master_config, list(words)), self)
        if shape != words and shape not in self._patterns:
            self._patterns[shape] = Pattern.of(known) if known.overrides == written else None
        return known

    def frozen(self, sweep_overrides: Sequence[str]) -> FrozenConfig | None:
        """The frozen config of a job, None for one that was not composed.

        Args:
            sweep_overrides: the task overrides of the job, in the words of Hydra or as written.
        """
        return self._frozen.get(tuple(sweep_overrides))
