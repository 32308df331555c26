"""Composition: Hydra's configs and overrides become one resolved mapping with known origins.

This room owns the dealings with Hydra and OmegaConf: where the config folder is, which files
took part, what interpolations resolve to. It must not know what a key means, apart from
`data.facts`, whose entries other configs may refer to as `${data.classes}`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from kerasgen.diagnostics import CompileError, Diagnostic, Sink, SourceMap
from kerasgen.frontend.compose.config_folders import ConfigPlace, Folders, place_of
from kerasgen.frontend.compose.config_limits import check_overrides
from kerasgen.frontend.compose.group_choices import check_taken_out, plain_choices
from kerasgen.frontend.compose.hydra_settings import RunSettings, run_settings
from kerasgen.frontend.compose.interpolation_size import check_composed
from kerasgen.frontend.compose.loader import ComposedLoader, ingredients
from kerasgen.frontend.compose.origins import (
    SetByOverride,
    config_files,
    groups_taken_out,
    shown_path,
    trace_origins,
)
from kerasgen.frontend.compose.references import (
    missing_keys,
    plain_node,
    remarks_on_references,
    report_missing,
    report_unresolved,
)
from kerasgen.frontend.compose.resolvers import withhold_environment
from kerasgen.frontend.compose.search_path import OF_THE_USER, make_search_path
from kerasgen.frontend.compose.selector_syntax import (
    Selector,
    marks_of_given,
    read_selectors,
    with_value,
)
from kerasgen.frontend.grammar import SELECTORS
from kerasgen.registry import NOBODY, Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """A composed config before its interpolations are resolved.

    Attributes:
        config: Hydra's composed config, without the `hydra` node.
        source_map: where each value was written.
        overrides: the task overrides as written.
        choices: group to chosen option, Hydra's own groups left out.
        folders: the user's folders of configs, in the order in which they count.
        diagnostics: what was found while composing.
        selectors: those of the config files and, behind them, of the command line.
        trust: whose code may run for it; a config itself cannot say so.
        run: what it says of the run itself; None where a run is begun already.
    """

    config: DictConfig
    source_map: SourceMap
    overrides: tuple[str, ...]
    choices: Mapping[str, str | None]
    folders: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    selectors: tuple[Selector, ...] = ()
    trust: Trust = NOBODY
    run: RunSettings | None = None

    def sink(self) -> Sink:
        """A sink that finds the places of the config's keys; what composing found is in it."""
        sink = Sink(self.source_map)
        sink.add(self.diagnostics)
        return sink


class UnresolvedError(CompileError):
    """The end of resolving: values are not given, or refer to what is not there.

    Attributes:
        references: those of the diagnostics that tell of a reference. It may lead to a fact of the
            data, which is known once the data is opened.
    """

    def __init__(
        self, diagnostics: Sequence[Diagnostic], references: Sequence[Diagnostic] = ()
    ) -> None:
        super().__init__(diagnostics)
        self.references = tuple(references)


def compose(overrides: Sequence[str], where: Folders | ConfigPlace = None) -> Composition:
    """Composes a config outside a Hydra application.

    Args:
        overrides: Hydra overrides, as on the command line.
        where: folders of configs that come before the shipped ones, or all that is said of where
            configs are.

    Returns:
        The composition.

    Raises:
        CompileError: an override or a file is too large or too deep.
        Exception: whatever Hydra raises; `refusals.culprits.diagnose` turns it into diagnostics.
    """
    check_overrides(overrides)
    place = place_of(where)
    loader = make_loader(place)
    config = loader.load_configuration(place.config_name, list(overrides), RunMode.RUN)
    if isinstance(loader, ComposedLoader):
        loader.offer_hydra(config)
    settings = run_settings(config)
    return replace(read_composition(config, loader), run=settings)


def make_loader(where: Folders | ConfigPlace = None) -> ConfigLoader:
    """Hydra's config loader over the shipped configs and folders of the user's.

    Args:
        where: folders of configs that come before the shipped ones, or all that is said of where
            configs are.
    """
    from hydra.core.utils import setup_globals

    from kerasgen.frontend.compose.selectors_through_hydra import SelectorLoader

    setup_globals()
    return SelectorLoader(config_search_path=make_search_path(place_of(where)))


def read_composition(config: DictConfig, loader: ConfigLoader) -> Composition:
    """Takes over what Hydra composed, and finds out where each value came from.

    Args:
        config: the composed config with its `hydra` node, which is taken out of it.
        loader: the loader that composed it.
    """
    from kerasgen.frontend.compose.selectors_through_hydra import others

    # Not read item by item: OmegaConf would resolve the `${…}` in an override's text.
    written = plain_node(config.hydra.overrides)
    overrides, hydra_overrides = written["task"], written["hydra"]
    made_of = ingredients(loader, config.hydra.job.config_name, others(hydra_overrides + overrides))
    config_sources = config.hydra.runtime.config_sources
    folders = [Path(source.path) for source in config_sources if source.schema == "file"]
    sink = Sink()
    if isinstance(loader, ComposedLoader):
        sink.add(loader.warned)
    origins = trace_origins(
        config_files(made_of.defaults, folders),
        (
            *groups_taken_out(overrides, config),
            *(
                SetByOverride(key=o.key_or_group, text=o.input_line or "", value=o.value())
                for o in made_of.overrides
            ),
        ),
        sink,
    )
    check_taken_out(overrides, config, origins, sink)
    choices = plain_choices(
        {
            group: option
            for group, option in plain_node(config.hydra.runtime.choices).items()
            if not group.startswith("hydra/")
        }
    )
    # Not copied first: the `hydra` node is most of a config, and copying it takes 20 ms.
    task = config
    with open_dict(task):
        del task["hydra"]
    withhold_environment(task)
    selectors, origins = _taken_off(task, overrides, origins, sink)
    source_map = replace(origins, references=remarks_on_references(task))
    return Composition(
        config=task,
        source_map=source_map,
        overrides=tuple(overrides),
        choices=choices,
        folders=tuple(
            shown_path(Path(source.path))
            for source in config_sources
            if source.provider == OF_THE_USER
        ),
        diagnostics=tuple(sink.diagnostics),
        selectors=selectors,
    )


def _taken_off(
    config: DictConfig, overrides: Sequence[str], origins: SourceMap, sink: Sink
) -> tuple[tuple[Selector, ...], SourceMap]:
    """Takes the selectors off a config, and says where they were written."""
    if SELECTORS not in config:
        return (), origins
    written = plain_node(OmegaConf.masked_copy(config, [SELECTORS]))[SELECTORS]
    with open_dict(config):
        del config[SELECTORS]
    origins = replace(origins, marks={**origins.marks, **marks_of_given(written, overrides)})
    located = Sink(origins)
    selectors = read_selectors(written, located)
    sink.add(located.diagnostics)
    return selectors, origins


def title_of(composition: Composition) -> str | None:
    """The name of an experiment that gives itself none: its recipe's, or its model's."""
    choice = composition.choices.get("experiment") or composition.choices.get("model")
    return str(choice).rpartition("/")[2] if choice else None


def resolve(
    composition: Composition,
    facts: Mapping[str, Any] | None = None,
    *,
    ungiven: str | None = None,
) -> tuple[dict[str, Any], Sink]:
    """Resolves every interpolation.

    Args:
        composition: what was composed.
        facts: facts of the data, put in the place of the config's `data.facts`.
        ungiven: key path below which a mandatory value may be missing and stays `???` (empty for
            everywhere), or None for nowhere.

    Returns:
        The config as plain data, its selectors as text with resolved values in a list; and a
        sink that locates its keys and holds what was found.

    Raises:
        UnresolvedError: an interpolation cannot be resolved, or a mandatory value is missing.
        CompileError: composing has found mistakes, or the config is too large.
    """
    sink = composition.sink()
    sink.stop_on_errors()
    with _offering(composition, facts) as (config, added):
        check_composed(config, sink)
        sink.stop_on_errors()
        plain = _resolved(config, config, sink, ungiven=ungiven)
    for key in added:
        del plain["data"][key]
    for index, selector in enumerate(composition.selectors):
        plain[SELECTORS][index] = with_value(selector, plain[SELECTORS][index])
    return {str(key): value for key, value in plain.items()}, sink


def resolve_groups(
    composition: Composition, groups: Sequence[str], *, ungiven: str | None = None
) -> tuple[dict[str, Any], Sink]:
    """Resolves some groups alone: what must be known before the data is opened.

    Args:
        composition: what was composed.
        groups: names of top-level groups; one that is not there is left out.
        ungiven: key path below which a mandatory value may be missing, as for `resolve`.

    Returns:
        Group name to plain data, and a sink that locates keys and holds what was found.

    Raises:
        UnresolvedError: a group has an interpolation that cannot be resolved, or misses a value.
        CompileError: composing has found mistakes, or the config is too large.
    """
    sink = composition.sink()
    sink.stop_on_errors()
    found: dict[str, Any] = {}
    with _offering(composition, None) as (config, _):
        check_composed(config, sink)
        sink.stop_on_errors()
        for group in groups:
            node = config.get(group)
            if isinstance(node, DictConfig):
                found[group] = _resolved(node, config, sink, below=group, ungiven=ungiven)
    if "data" in found:
        declared = composition.config["data"]
        found["data"] = {key: value for key, value in found["data"].items() if key in declared}
    return found, sink


def _resolved(
    node: DictConfig, config: DictConfig, sink: Sink, *, below: str = "", ungiven: str | None = None
) -> dict[Any, Any]:
    """A node as plain data.

    Args:
        node: a config, or a group of one.
        config: the whole config.
        sink: gets the diagnostics.
        below: name of the group, empty for the whole config.
        ungiven: key path below which a mandatory value may be missing, as for `resolve`.

    Raises:
        UnresolvedError: something cannot be resolved or is not given, which is reported.
    """
    try:
        plain: Any = OmegaConf.to_container(node, resolve=True)
    except (OmegaConfBaseException, RecursionError):
        references = report_unresolved(config, sink, below=below, ungiven=ungiven)
        if not sink.errors:
            raise
        raise UnresolvedError(sink.diagnostics, references) from None
    assert isinstance(plain, dict), "a mapping stays one"
    for key in missing_keys(plain, below):
        report_missing(key, sink, ungiven=ungiven)
    if sink.errors:
        raise UnresolvedError(sink.diagnostics)
    return plain


def resolve_shown(config: DictConfig) -> None:
    """Resolves a config with its `hydra` node in place, for printing; missing values stay.

    Raises:
        OmegaConfBaseException: an interpolation cannot be resolved.
    """
    added = _offer_facts(config, None)
    OmegaConf.resolve(config)
    with open_dict(config):
        for key in added:
            del config["data"][key]


@contextlib.contextmanager
def _offering(
    composition: Composition, facts: Mapping[str, Any] | None
) -> Iterator[tuple[DictConfig, list[str]]]:
    """The config with its selectors, and with what `_offer_facts` adds to it and returns.

    It is copied only where more than a few keys change: copying takes longer than resolving.
    """
    if facts is None and not composition.selectors:
        added = _offer_facts(composition.config, None)
        try:
            yield composition.config, added
        finally:
            for key in added:
                with open_dict(composition.config.data) as data:
                    del data[key]
        return
    config = composition.config.copy()
    if composition.selectors:
        with open_dict(config):
            config[SELECTORS] = [selector.value for selector in composition.selectors]
    yield config, _offer_facts(config, facts)


def _offer_facts(config: DictConfig, facts: Mapping[str, Any] | None) -> list[str]:
    """Makes the facts of the data readable as `${data.NAME}`; returns the keys that were added."""
    data = config.get("data")
    if not isinstance(data, DictConfig):
        return []
    added = []
    with open_dict(data):
        if facts is not None:
            data["facts"] = dict(facts)
        known = data.get("facts")
        if isinstance(known, DictConfig):
            for key, value in plain_node(known).items():
                if key not in data and value != "???":
                    data[key] = value
                    added.append(str(key))
    return added
