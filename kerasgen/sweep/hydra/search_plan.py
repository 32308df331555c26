"""A search before it starts: settings, space, and the jobs that show whether it can run.

This room owns the way from `hydra.sweeper` of a composed config to a search. It must not import
Optuna: what is wrong with a search is told before that.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.frontend.compose.composition import read_composition
from kerasgen.frontend.compose.config_folders import ConfigPlace
from kerasgen.frontend.compose.frozen_config import FrozenConfig
from kerasgen.frontend.compose.references import plain_node
from kerasgen.frontend.compose.search_options import SWEEPER
from kerasgen.frontend.compose.selectors_through_hydra import as_written
from kerasgen.frontend.refusals.culprits import REFUSALS, diagnose, diagnose_error
from kerasgen.frontend.refusals.file_sweeps import in_file
from kerasgen.registry import NOBODY, Trust
from kerasgen.sweep.hydra.frozen_jobs import FreezingLoader
from kerasgen.sweep.hydra.job_figures import job_figures
from kerasgen.sweep.jobs import shared_by_all
from kerasgen.sweep.search.objectives import Objective, named_objective
from kerasgen.sweep.search.settings import SearchSettings, read_settings
from kerasgen.sweep.search.space import Space, read_space


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPlan:
    """A search before it starts.

    Attributes:
        settings: how it searches.
        space: what it searches.
        probes: the configs of jobs that show whether it can run; the first is that of the first
            values.
        sink: knows where its settings were written.
    """

    settings: SearchSettings
    space: Space
    probes: tuple[FrozenConfig, ...]
    sink: Sink

    @property
    def identity(self) -> str:
        """What the search is known by: all that decides what it draws, and not how long it goes."""
        settings = self.settings
        said = {
            "config": self.probes[0].content_hash(),
            "space": self.space.plain(),
            "seeds": self.space.seeds,
            "sampler": settings.sampler.plain(),
            "pruner": settings.pruner.plain(),
            "objectives": [each.plain() for each in settings.objectives],
            "custom": settings.custom_search_space,
            "study": [settings.storage, settings.study_name],
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @property
    def epochs(self) -> int | None:
        """The epochs of a job, None where they are searched over, or not said as a number."""
        fit = self.probes[0].config.get("fit")
        epochs = fit.get("epochs") if isinstance(fit, Mapping) else None
        searched = any(each.name == "fit.epochs" for each in self.space.parameters)
        return epochs if type(epochs) is int and not searched else None


def searches(config: DictConfig) -> bool:
    """Whether a config's sweeper is that of a search."""
    return str(OmegaConf.select(config, "hydra.sweeper._target_")) == SWEEPER


def plan_search(
    config: DictConfig,
    arguments: Sequence[str],
    loader: FreezingLoader,
    place: ConfigPlace,
    trust: Trust = NOBODY,
) -> SearchPlan:
    """A search that a config asks for.

    Args:
        config: the composed config of the sweep, parameters with selectors carried.
        arguments: the task overrides, selectors carried.
        loader: composes the jobs.
        place: where configs are looked for.
        trust: whose code may run where figures are asked for.

    Raises:
        CompileError: KG660, KG661, or a job of it cannot be composed.
    """
    sink = Sink(_origins(config, loader, place).source_map)
    said = OmegaConf.to_container(config.hydra.sweeper, resolve=True)
    assert isinstance(said, dict)
    named = {str(key): value for key, value in said.items()}
    shared = [as_written(text) for text in shared_by_all(arguments)]
    flags = [*place.flags(), *trust.flags()]
    settings = read_settings(named, sink, partial(job_figures, shared, flags))
    parameters = named.get("params") or {}
    assert isinstance(parameters, Mapping)
    space = read_space(parameters, arguments, settings.conditions, sink, loader)
    probes = [
        _composed(overrides, config, loader, place, sink, parameters)
        for values in space.probes()
        for overrides in space.overrides(values)[:1]
    ]
    return SearchPlan(settings=settings, space=space, probes=tuple(probes), sink=sink)


def _origins(config: DictConfig, loader: FreezingLoader, place: ConfigPlace) -> Any:
    """The composition of the sweep's own config, for the places of its settings."""
    written = [*plain_node(config.hydra.overrides.hydra), *plain_node(config.hydra.overrides.task)]
    return read_composition(
        loader.load_configuration(place.config_name, shared_by_all(written), RunMode.RUN), loader
    )


def names_search(overrides: Sequence[str]) -> bool:
    """Whether overrides choose the sweeper of a search."""
    return "hydra/sweeper=optuna" in overrides


def _composed(
    overrides: Sequence[str],
    config: DictConfig,
    loader: FreezingLoader,
    place: ConfigPlace,
    sink: Sink,
    parameters: Mapping[str, Any],
) -> FrozenConfig:
    """The config of a job; what is wrong with it, where it was written."""
    try:
        return loader.freeze_job(config, overrides)
    except (CompileError, *REFUSALS) as error:
        written = [as_written(text) for text in overrides]
        of_hydra = plain_node(config.hydra.overrides.hydra)
        found = diagnose([*of_hydra, *written], place) or (
            list(error.diagnostics) if isinstance(error, CompileError) else diagnose_error(error)
        )
        texts = {
            text: key
            for text in written
            for key in parameters
            if text.startswith(f"{as_written(f'{key}=')}")
        }
        raise CompileError([in_file(each, texts, sink.source_map) for each in found]) from None


def main_objective(plan: SearchPlan, flags: Sequence[str]) -> Objective:
    """The main metric of the validation part, or its loss.

    Args:
        plan: the search, which names no objective.
        flags: those that say where configs are and whose code may run.
    """
    overrides = [as_written(t) for t in plan.space.overrides(next(plan.space.probes()))[0]]
    for name in job_figures(overrides, flags)[:1]:
        if (found := named_objective(f"val_{name}", None, Sink())) is not None:
            return found
    return Objective(part="validation", name="loss", direction="minimize")


def extension(plan: SearchPlan, config: DictConfig, trust: Trust) -> Callable[[Any], None] | None:
    """The function that adds to the space, None where none is named.

    Args:
        plan: the search.
        config: the config of the sweep, which it is given.
        trust: modules whose code may run.

    Raises:
        CompileError: KG660, it is none of a trusted module, or is not there.
    """
    name = plan.settings.custom_search_space
    if name is None:
        return None
    key = "hydra.sweeper.custom_search_space"
    module, _, attribute = name.rpartition(".")
    if module not in trust.modules:
        raise plan.sink.fail(
            "KG660",
            f"`{name}` is code, and its module is not trusted",
            key=key,
            help=f"if it is yours, run with `--trust {module or 'MODULE'}`",
        )
    sys.path.insert(0, trust.folder or "")
    try:
        function = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # Code of somebody's own may raise anything.
        raise plan.sink.fail("KG660", f"`{name}` cannot be had: {error}", key=key) from None
    finally:
        sys.path.remove(trust.folder or "")
    task = OmegaConf.create({k: v for k, v in plain_node(config).items() if k != "hydra"})

    def extend(trial: Any) -> None:
        function(task, trial)

    return extend
