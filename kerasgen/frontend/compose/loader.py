"""Hydra's loading of configs without what it does twice, and through the door for files.

This room owns the speed of composition, and nothing of what comes out of it: each class here gives
what the class of Hydra's that it extends gives, but for keys that need no `+` (`accepted_keys`), or
refuses what a config file must not say (`untrusted_files`). It must not know what a config says.

Decisions:
- The defaults list of a composition is remembered, since the place of every value is found with
  it afterwards. Hydra would compute it again: a fifth of the time of composing.
- YAML is read by libyaml where PyYAML has it, under OmegaConf's own rules. In two places the two
  read differently (a tab before a value, `?` inside `{…}`), so that a text with one of these is
  read by PyYAML's own parser; so is a faulty one, for the words in which the fault is told.
"""

from __future__ import annotations

import contextlib
import os
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import CachingConfigRepository, IConfigRepository
from hydra._internal.core_plugins.importlib_resources_config_source import (
    ImportlibResourcesConfigSource,
)
from hydra._internal.defaults_list import Overrides
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.default_element import ResultDefault
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import ConfigCompositionException
from hydra.plugins.config_source import ConfigResult, ConfigSource
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf._utils import get_yaml_loader
from omegaconf.errors import OmegaConfBaseException

from kerasgen.diagnostics import Diagnostic, Sink, SourceLocation
from kerasgen.frontend.compose.accepted_keys import without_plus
from kerasgen.frontend.compose.group_choices import (
    at_home,
    clears,
    in_merged_order,
    settle_choices,
)
from kerasgen.frontend.compose.origins import shown_path
from kerasgen.frontend.compose.untrusted_files import FileGuard

_MISSING = re.compile(r": +\?\?\? *(?:#.*)?$", re.M)
"""A value that must be given, which all parsers read alike."""

_READ_DIFFERENTLY = re.compile(r"[\t?]")
"""Characters at which libyaml and PyYAML's own parser may differ."""

HEADER = 512
"""Characters of a file in which Hydra looks for `# @package`."""


_TIMES = 4
"""How often Hydra asks for a config that is chosen once."""

MOST_ASKED = 1_000 * _TIMES
"""How often Hydra may ask for configs in one composition; it goes through a list within a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """What a config was composed of.

    Attributes:
        defaults: the files, in the order in which they were merged.
        overrides: the overrides of values, in order.
    """

    defaults: Sequence[ResultDefault]
    overrides: Sequence[Override]


class ComposedLoader(ConfigLoaderImpl):
    """Hydra's config loader, which remembers the defaults list of what it composed last."""

    def __init__(self, config_search_path: ConfigSearchPath) -> None:
        super().__init__(config_search_path)
        self._asked: tuple[str | None, list[str], list[Override]] | None = None
        self._guard = FileGuard(config_name=None)
        self._ingredients: Ingredients | None = None
        self._repository: IConfigRepository | None = None

    def offer_hydra(self, config: DictConfig) -> None:
        """Makes `${hydra:…}` give what it gives in a run, where the config asks for it.

        Args:
            config: what was composed last; its `hydra` node can only be read from now on.
        """
        if not self._guard.reads_hydra:
            return
        with contextlib.suppress(OmegaConfBaseException), open_dict(config.hydra.runtime):
            config.hydra.runtime.output_dir = os.path.abspath(str(config.hydra.run.dir))
        HydraConfig.instance().set_config(config)

    @property
    def warned(self) -> Sequence[Diagnostic]:
        """What the files say that is no mistake, but hardly meant."""
        return tuple(self._guard.sink.diagnostics)

    def composed_from(
        self, config_name: str | None, overrides: Sequence[str]
    ) -> Ingredients | None:
        """What was merged in the last composition, None if that was another one."""
        if self._ingredients is None or self._asked is None:
            return None
        name, texts, _ = self._asked
        # Task and Hydra overrides may have changed places; neither says anything of the other.
        same = name == config_name and sorted(texts) == sorted(overrides)
        return self._ingredients if same else None

    def _parse_overrides_and_create_caching_repo(
        self, config_name: str | None, overrides: list[str]
    ) -> tuple[list[Override], CachingConfigRepository]:
        """Parses overrides, and makes the repository in which Hydra looks for configs.

        Raises:
            CompileError: the root config sets what a file must not set.
        """
        parsed = OverridesParser.create().parse_overrides(overrides=overrides)
        self._guard = FileGuard(config_name=config_name, typed=parsed)
        repository = GuardedRepository(self.repository, self._guard)
        if config_name is not None:
            self._guard.check_primary(repository.load_config(config_name), config_name)
        self._process_config_searchpath(config_name, parsed, repository)
        settle_choices(parsed, repository, config_name)
        self._asked, self._ingredients = (config_name, list(overrides), parsed), None
        self._repository = repository
        return parsed, repository

    def _load_configuration_impl(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
    ) -> DictConfig:
        """Composes a config.

        Raises:
            CompileError: a file says what no file must say.
        """
        try:
            with warnings.catch_warnings():
                # The guard says it with a place.
                warnings.filterwarnings("ignore", r"In '.*': Defaults list is missing", UserWarning)
                config = super()._load_configuration_impl(
                    config_name, overrides, run_mode, from_shell, validate_sweep_overrides
                )
        except Exception:
            self._guard.sink.stop_on_errors()  # Hydra may have met only what follows from it.
            raise
        if self._guard.plugins and self._repository is not None:
            self._guard.check_plugins(config.hydra.runtime.choices, self._repository)
        self._guard.check_composed(config)
        return config

    def _compose_config_from_defaults_list(
        self, defaults: list[ResultDefault], repo: IConfigRepository
    ) -> DictConfig:
        defaults = at_home(defaults)
        for default in defaults:
            self._guard.check_merged(default, repo)
        self._guard.sink.stop_on_errors()
        typed = () if self._asked is None else self._asked[2]
        merged = in_merged_order(defaults, typed)
        config = super()._compose_config_from_defaults_list(merged, repo)
        if not isinstance(config._get_node("hydra"), DictConfig) or config.hydra is None:
            name = None if self._asked is None else self._asked[0]
            raise ConfigCompositionException(
                f"In '{name}': `hydra` is no mapping\n    full_key: hydra"
            )
        if self._asked is not None:
            known = Overrides(repo=repo, overrides_list=self._asked[2])
            without_plus(known.config_overrides, config)
            files = [default for default in merged if not clears(default)]
            self._ingredients = Ingredients(defaults=files, overrides=known.config_overrides)
        return config

    def _load_single_config(self, default: ResultDefault, repo: IConfigRepository) -> ConfigResult:
        """A file to be merged; for a group alone, the word that nothing is left there."""
        if clears(default):
            config = OmegaConf.create()
            OmegaConf.update(config, str(default.package), None)
            return ConfigResult(config=config, path="", provider="", header={})
        return super()._load_single_config(default, repo)


class GuardedRepository(CachingConfigRepository):
    """Hydra's configs, each looked at when it is read for the first time."""

    def __init__(self, delegate: IConfigRepository, guard: FileGuard) -> None:
        super().__init__(delegate)
        self._guard = guard
        self._seen: set[str] = set()
        self._asked = 0

    def load_config(self, config_path: str) -> ConfigResult | None:
        """Loads a config as Hydra does.

        Raises:
            CompileError: its defaults list must not even be looked up; or KG902, the defaults lists
                have chosen too often, as those do that choose each other in pairs.
        """
        self._asked += 1
        if self._asked > MOST_ASKED:
            raise Sink().fail_at(
                "KG902",
                f"the defaults lists choose more than {MOST_ASKED // _TIMES:,} configs",
                location=SourceLocation(file=shown_path(self._place(config_path))),
                help="choose each config once, and let it say what belongs together",
            )
        result = super().load_config(config_path)
        if result is not None and config_path not in self._seen:
            self._seen.add(config_path)
            self._guard.check_read(result, config_path)
        return result

    def _place(self, config_path: str) -> Path:
        result = super().load_config(config_path)
        folder = "" if result is None else result.path.partition("://")[2]
        return Path(folder) / f"{config_path}.yaml"


def ingredients(loader: ConfigLoader, config_name: str, overrides: Sequence[str]) -> Ingredients:
    """What a config is composed of: remembered, or found out by Hydra.

    Args:
        loader: the loader.
        config_name: name of the root config.
        overrides: all overrides that the loader knows.
    """
    if isinstance(loader, ComposedLoader):
        found = loader.composed_from(config_name, overrides)
        if found is not None:
            return found
    computed = loader.compute_defaults_list(config_name, list(overrides), RunMode.RUN)
    return Ingredients(defaults=computed.defaults, overrides=computed.config_overrides)


def read_config(text: str, *, path: str, provider: str) -> ConfigResult | None:
    """What Hydra's sources make of the text of a config file.

    Args:
        text: the text.
        path: where it came from, with its scheme.
        provider: who put the source into the search path.

    Returns:
        The config, or None where Hydra must read it itself.

    Raises:
        ValueError: it begins with a `# @` line that is no header.
    """
    loader = _quick_loader()
    if loader is None or _READ_DIFFERENTLY.search(_MISSING.sub("", text)):
        return None
    try:
        content = yaml.load(text, Loader=loader)
    except yaml.YAMLError:
        return None
    if content is not None and not isinstance(content, list | dict | str):
        return None
    return ConfigResult(
        config=OmegaConf.create() if content is None else OmegaConf.create(content),
        path=path,
        provider=provider,
        header=ConfigSource._get_header_dict(text[:HEADER]),
    )


@cache
def _quick_loader() -> type[Any] | None:
    """OmegaConf's loader over libyaml; None where PyYAML was built without that."""
    if not hasattr(yaml, "CSafeLoader"):
        return None
    from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs leave it out

    def initialize(self: Any, stream: str) -> None:
        CParser.__init__(self, stream)
        yaml.constructor.SafeConstructor.__init__(self)
        yaml.resolver.Resolver.__init__(self)

    return type("QuickLoader", (CParser, get_yaml_loader()), {"__init__": initialize})


def offer_sources(files: type[ConfigSource]) -> None:
    """Puts the sources of configs in the place of Hydra's own.

    Args:
        files: the source that reads folders.
    """
    # Not `register`, which replaces none.
    SourcesRegistry.instance().types |= {"file": files, "pkg": PackageSource}


class PackageSource(ImportlibResourcesConfigSource):
    """Hydra's configs inside a package."""

    def is_group(self, config_path: str) -> bool:
        """Whether there is such a group; a name that no file can have is none."""
        try:
            return bool(super().is_group(config_path))
        except (OSError, ValueError):  # Too long, or with a NUL in it.
            return False

    def is_config(self, config_path: str) -> bool:
        """Whether there is such a config; a name that no file can have is none."""
        try:
            return bool(super().is_config(config_path))
        except (OSError, ValueError):
            return False

    def _read_config(self, res: Any) -> ConfigResult:
        text = res.read_text(encoding="utf-8")
        found = read_config(text, path=f"{self.scheme()}://{self.path}", provider=self.provider)
        return super()._read_config(res) if found is None else found


# A launcher of others lets Hydra register its own anew, and Hydra tells classes by their names.
PackageSource.__name__ = ImportlibResourcesConfigSource.__name__
