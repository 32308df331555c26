"""Mistakes in the sweep of a config file: what stands in `hydra.sweeper.params`.

This room owns their places. How a sweep of the command line is refused, it takes from `culprits`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hydra.types import RunMode
from omegaconf import DictConfig

from kerasgen.diagnostics import CompileError, Diagnostic, Sink, SourceMap
from kerasgen.frontend.compose.composition import make_loader, read_composition
from kerasgen.frontend.compose.config_folders import ConfigPlace
from kerasgen.frontend.compose.sweep_size import parameters_of
from kerasgen.frontend.refusals.culprits import diagnose, report_intervals


def check_parameters(
    config: DictConfig, first: Sequence[str], overrides: Sequence[str], place: ConfigPlace
) -> None:
    """Checks the parameters of a sweep that a config file asks for, as if they had been typed.

    Args:
        config: the composed config of the first job, with its `hydra` node.
        first: the overrides of that job.
        overrides: the overrides of the sweep.
        place: where configs are looked for.

    Raises:
        CompileError: a parameter cannot be swept over.
    """
    texts = {f"{key}={value}": key for key, value in parameters_of(config).items()}
    if not texts:
        return
    sink = Sink()
    report_intervals(list(texts), sink)
    found = sink.diagnostics or diagnose([*texts, *overrides], place, multirun=True)
    if found:
        loader = make_loader(place)
        again = loader.load_configuration(place.config_name, list(first), RunMode.RUN)
        origins = read_composition(again, loader).source_map
        raise CompileError([in_file(diagnostic, texts, origins) for diagnostic in found])


def in_file(diagnostic: Diagnostic, texts: Mapping[str, str], origins: SourceMap) -> Diagnostic:
    """A diagnostic about a parameter at the place where the file has it.

    Args:
        diagnostic: what was found, at an override.
        texts: override to the parameter that it was made of; others stay where they are.
        origins: where the config was written.
    """
    place = diagnostic.location
    if place is None or place.override is None or place.override not in texts:
        return diagnostic
    key = texts[place.override]
    inside = place.column is not None and place.column > len(key) + 1
    located = origins.locate(f"hydra.sweeper.params.{key}", "value" if inside else "key")
    told = diagnostic.help
    if told is not None and f"`{key}=" in told:
        told = told.replace(f"`{key}=", f"`{key}: ")
    return replace(diagnostic, location=located, help=told)
