"""The jobs of a sweep before it starts: what each would be asked to run.

This room owns the expansion of a sweep without running it, by Hydra's own sweeper. Whether a job's
config is in order is not asked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from kerasgen.diagnostics import CompileError, Diagnostic, SourceLocation, SourceMap
from kerasgen.frontend.compose.composition import make_loader, read_composition
from kerasgen.frontend.compose.config_folders import ConfigPlace, Folders, place_of
from kerasgen.frontend.compose.references import plain_node
from kerasgen.frontend.compose.selector_syntax import is_selector
from kerasgen.frontend.compose.selectors_through_hydra import (
    as_written,
    carried,
    carrier,
    with_carriers,
)
from kerasgen.frontend.compose.sweep_size import check_jobs, lists_its_jobs
from kerasgen.frontend.refusals.culprits import REFUSALS, diagnose, diagnose_error, first_job
from kerasgen.frontend.refusals.file_sweeps import check_parameters
from kerasgen.sweep.grid import jobs_of
from kerasgen.sweep.swept_lists import SETTINGS, SweptLists, read_lists

MOST_REFUSED = 100
"""Settings of a list that are looked through for what is wrong with them."""


def planned_jobs(
    overrides: Sequence[str], folders: Folders | ConfigPlace = None
) -> list[tuple[str, ...]]:
    """The overrides of each job, in the order in which `-m` would start them.

    Args:
        overrides: the overrides of the sweep.
        folders: folders of configs that come before the shipped ones, or all that is said of where
            configs are.

    Returns:
        One job where nothing is swept over, or where another sweeper than Hydra's own draws the
        values: the first of each.

    Raises:
        CompileError: the sweep cannot be composed.
    """
    place = place_of(folders)
    try:
        loader = make_loader(place)
        first, whole = first_words(overrides, loader, place)
    except REFUSALS as error:
        raise CompileError(
            diagnose(overrides, place, multirun=True) or diagnose_error(error)
        ) from None
    config = loader.load_configuration(place.config_name, first, RunMode.RUN)
    check_jobs(config, carried(list(overrides)))
    check_parameters(config, first, whole, place)
    if not draws_no_values(config):
        alone = ["hydra.mode=RUN"] if config.hydra.mode == RunMode.MULTIRUN else []
        return [(*first, *alone)]
    task = [text for text in overrides if not text.lstrip("+~").startswith("hydra")]
    of_hydra = [text for text in overrides if text not in task]
    if config.hydra.mode == RunMode.MULTIRUN:
        of_hydra.append("hydra.mode=RUN")  # each job by itself
    try:
        jobs = listed_jobs(config, task, loader, lists_of(config, first, place))
    except HydraException as error:
        raise CompileError(diagnose_error(error, overrides)) from None
    return [(*of_hydra, *(as_written(text) for text in job)) for job in jobs]


def first_words(
    overrides: Sequence[str], loader: ConfigLoader, place: ConfigPlace
) -> tuple[list[str], list[str]]:
    """The overrides of a job by which a sweep itself is composed.

    What is typed beside a list of settings may fit these alone, as `optimizer.momentum=0.9` does
    where each of them takes an optimizer that has one. Then one of them is taken.

    Args:
        overrides: the overrides of the sweep.
        loader: the loader of configs.
        place: where configs are looked for.

    Returns:
        The overrides of that job; and those of the sweep, after the setting that was taken.

    Raises:
        CompileError: some job cannot be composed.
    """
    first = first_job(overrides, loader, place.config_name)
    if first is not None:
        return first, list(overrides)
    lists = _typed_lists(overrides, loader, place)
    for setting in lists.settings[:MOST_REFUSED]:
        whole = beside_typed(setting, overrides)
        if (first := first_job(whole, loader, place.config_name)) is not None:
            return first, whole
    raise CompileError(
        refused_settings(lists, overrides, place) or diagnose(overrides, place, multirun=True)
    )


def _typed_lists(overrides: Sequence[str], loader: ConfigLoader, place: ConfigPlace) -> SweptLists:
    """What a sweep says of settings, as far as that hangs on no value below a group."""
    try:
        words = [
            text
            for text in shared_by_all(overrides)
            if "." not in _key(text) or _key(text) == SETTINGS
        ]
        config = loader.load_configuration(place.config_name, words, RunMode.RUN)
    except (CompileError, *REFUSALS):
        return SweptLists()
    return lists_of(config, words, place)


def shared_by_all(overrides: Sequence[str]) -> list[str]:
    """The overrides that are no sweeps: all jobs have them."""
    parse = OverridesParser.create().parse_override
    return [text for text in overrides if not parse(_readable(text)).is_sweep_override()]


def _readable(text: str) -> str:
    return carrier(text, 0) if is_selector(text) else text


def _key(text: str) -> str:
    return text.partition("=")[0].lstrip("+~")


def beside_typed(setting: Sequence[str], overrides: Sequence[str]) -> list[str]:
    """A setting and what is typed beside it, which wins."""
    typed = set(map(_key, overrides))
    return [*(text for text in setting if _key(text) not in typed), *overrides]


def refused_settings(
    lists: SweptLists, overrides: Sequence[str], place: ConfigPlace
) -> list[Diagnostic]:
    """What is wrong with the first settings of a list, where they stand.

    Args:
        lists: the settings.
        overrides: the overrides of the sweep.
        place: where configs are looked for.
    """
    found = [
        lists.at_home(told)
        for setting in lists.settings[:MOST_REFUSED]
        for told in diagnose(beside_typed(setting, overrides), place, multirun=True)
    ]
    return list(dict.fromkeys(found))


def draws_no_values(config: DictConfig) -> bool:
    """Whether a sweep's jobs are known before the first of them."""
    return lists_its_jobs(OmegaConf.select(config, "hydra.sweeper._target_"))


def lists_of(config: DictConfig, first: Sequence[str], place: ConfigPlace) -> SweptLists:
    """What a sweep says of pairs and settings.

    Args:
        config: the config of its first job, with its `hydra` node.
        first: the overrides of that job.
        place: where configs are looked for.

    Raises:
        CompileError: it cannot be used.
    """
    if not draws_no_values(config):
        return SweptLists()

    return read_lists(config, _Origins(place, tuple(first)).locate)


@dataclass(slots=True)
class _Origins:
    """Where settings of a sweep were written; a launcher of others may send it to its processes."""

    place: ConfigPlace
    first: tuple[str, ...]
    _known: SourceMap | None = None

    def locate(self, key: str) -> SourceLocation:
        """The place of a key path; what was written where is asked for once it is wanted."""
        if self._known is None:
            loader = make_loader(self.place)
            words = list(self.first)
            again = loader.load_configuration(self.place.config_name, words, RunMode.RUN)
            self._known = read_composition(again, loader).source_map
        return self._known.locate(key)


def listed_jobs(
    config: DictConfig, task: Sequence[str], loader: ConfigLoader, lists: SweptLists
) -> list[list[str]]:
    """The task overrides of each job of a grid, in the words of Hydra.

    Args:
        config: the config of the sweep, or of its first job, with its `hydra` node.
        task: the task overrides of the sweep.
        loader: lists the options of a group for `glob(…)`.
        lists: what goes in pairs, and the settings.

    Raises:
        HydraException: a value cannot be swept over.
        CompileError: a pairing does not fit, there are too many jobs, or none.
    """
    words = carried(task)
    parameters = OmegaConf.select(config, "hydra.sweeper.params")
    if isinstance(parameters, DictConfig):
        named = with_carriers(plain_node(parameters), len(words))
        words = [*(f"{key}={value}" for key, value in named.items()), *words]
    parsed = OverridesParser.create(config_loader=loader).parse_overrides(words)
    jobs = jobs_of(parsed, lists)
    return [carried(job) for job in jobs] if lists.settings else jobs
