"""The jobs of a sweep before it starts: what each would be asked to run.

This room owns the expansion of a sweep without running it, by Hydra's own sweeper. Whether a job's
config is in order is not asked here.
"""

from __future__ import annotations

from collections.abc import Sequence

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from kerasgen.diagnostics import CompileError
from kerasgen.frontend.carriers import as_written, carried, with_carriers
from kerasgen.frontend.composition import CONFIG_NAME, make_loader
from kerasgen.frontend.config_folders import Folders
from kerasgen.frontend.references import plain_node
from kerasgen.frontend.rejections import diagnose, diagnose_error, first_job


def planned_jobs(overrides: Sequence[str], folders: Folders = None) -> list[tuple[str, ...]]:
    """The overrides of each job, in the order in which `-m` would start them.

    Args:
        overrides: the overrides of the sweep.
        folders: folders of configs that come before the shipped ones.

    Returns:
        One job where nothing is swept over, or where another sweeper than Hydra's own draws the
        values: the first of each.

    Raises:
        CompileError: the sweep cannot be composed.
    """
    loader = make_loader(folders)
    try:
        first = first_job(overrides, loader)
    except HydraException as error:
        found = diagnose(overrides, folders, multirun=True)
        raise CompileError(found or diagnose_error(error)) from None
    if first is None:
        raise CompileError(diagnose(overrides, folders, multirun=True))
    config = loader.load_configuration(CONFIG_NAME, first, RunMode.RUN)
    own = str(OmegaConf.select(config, "hydra.sweeper._target_")).endswith(".BasicSweeper")
    if not own:
        return [tuple(first)]
    parameters = OmegaConf.select(config, "hydra.sweeper.params")
    task = [text for text in overrides if not text.lstrip("+~").startswith("hydra")]
    of_hydra = [text for text in overrides if text not in task]
    words = carried(task)
    if isinstance(parameters, DictConfig):
        named = with_carriers(plain_node(parameters), len(words))
        words = [*(f"{key}={value}" for key, value in named.items()), *words]
    try:
        parsed = OverridesParser.create(config_loader=loader).parse_overrides(words)
        (jobs,) = BasicSweeper.split_arguments(parsed, None)
    except HydraException as error:
        raise CompileError(diagnose_error(error, overrides)) from None
    return [(*of_hydra, *(as_written(text) for text in job)) for job in jobs]
