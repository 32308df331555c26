"""The door through which every config file comes before Hydra acts on what it says.

This room owns whose word a config is: the user's (what was typed, and a root config that was
named), that of installed packages (Hydra's own configs, its plugins', ours), or a file's, which may
be a stranger's. What a file may say stands in `hydra_keys` and `resolvers`; here it is looked for
in each file as it is read, in each choice, and in the composed config, and told at its line.

Decisions:
- It stands in the loader that composes, so that every command that composes goes through it.
- The shipped root config and one in the folder of `--config-path` are the user's word, as is the
  one of `--config-name`. A `config.yaml` in any other folder of configs is a file like all others.
- Who copies the shipped configs to begin with has a `config.yaml` that repeats what the shipped one
  says to Hydra. What is repeated word for word is no stranger's.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from hydra._internal.config_repository import IConfigRepository
from hydra.core.default_element import GroupDefault, ResultDefault
from hydra.core.override_parser.types import Override
from hydra.plugins.config_source import ConfigResult
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.frontend.compose.config_folders import ROOT, config_folder
from kerasgen.frontend.compose.defaults_order import warn_of_order
from kerasgen.frontend.compose.hydra_keys import (
    FOLDERS,
    Refused,
    folder_refused,
    leads_out,
    plugin_of,
    refused_choice,
    refused_result,
    refused_settings,
    section_of,
)
from kerasgen.frontend.compose.named_interpreter import HELP, KEY, named_interpreter
from kerasgen.frontend.compose.origins import (
    ConfigFile,
    SetByOverride,
    shown_path,
    trace_origins,
)
from kerasgen.frontend.compose.refused_lines import place_of_choice
from kerasgen.frontend.compose.resolvers import (
    ENVIRONMENT_HELP,
    RESOLVER_HELP,
    calls,
    environment_name,
    holds_secret,
    resolver_problem,
    texts_in,
)
from kerasgen.frontend.compose.typed_keys import typed_keys

_FILES = ("main", "command-line")
"""Providers of folders in the search path that are no installed package's."""


@dataclass(slots=True)
class FileGuard:
    """What was found while one config is composed.

    Attributes:
        config_name: name of the root config.
        typed: the overrides.
        sink: what must not stand where it stands.
        files: the files that were merged, in order, with their packages.
        strangers: those of them that are a file's word.
        folders: settings of folders that a file has set, to the file.
        plugins: launcher and sweeper to the option that a file last chose, and the file.
        reads_hydra: whether the composed config reads Hydra's settings (`${hydra:…}`).
    """

    config_name: str | None
    typed: Sequence[Override] = ()
    sink: Sink = field(default_factory=Sink)
    files: list[ConfigFile] = field(default_factory=list)
    strangers: set[str] = field(default_factory=set)
    folders: dict[str, tuple[ConfigResult, str]] = field(default_factory=dict)
    plugins: dict[str, tuple[str, Path]] = field(default_factory=dict)
    reads_hydra: bool = False

    def is_file(self, result: ConfigResult, config_path: str) -> bool:
        """Whether a config is a file's word."""
        searched = "hydra.searchpath" in result.provider
        if not (result.provider in _FILES or searched or result.path.startswith("file://")):
            return False
        if result.provider == "main" and "/" not in config_path:
            return False  # The shipped root config, or what takes its place by `--config-path`.
        return config_path != self.config_name or self.config_name == ROOT

    def check_read(self, result: ConfigResult, config_path: str) -> None:
        """Checks the choices of a config as it is read.

        Raises:
            CompileError: a choice must not even be looked up.
        """
        if not self.is_file(result, config_path):
            return
        path = _file_of(result, config_path)
        if config_path == "hydra/config":
            message = "a config file takes the place of Hydra's own settings"
            self._report(
                Refused(code="KG112", key="hydra", message=message, help="give it another name"),
                SourceLocation(file=shown_path(path), line=1, column=1),
            )
            self.sink.stop_on_errors()
        for default in result.defaults_list or ():
            refused = refused_choice(default, config_path)
            if (
                isinstance(default, GroupDefault)
                and default.package is None
                and _repeats_choice(config_path, default.group, default.value)
            ):
                continue
            if refused is not None:
                place = place_of_choice(refused.key.strip("/"), None, [path])
                place = place or place_of_choice(*_split(refused.key), [path])
                self._report(refused, place or SourceLocation(file=shown_path(path)))
                if refused.code == "KG114":  # it would be resolved to find the file
                    self.sink.stop_on_errors()
            elif (group := plugin_of(default, config_path)) is not None:
                self.plugins[group] = (str(default.get_name()), path)

    def check_primary(self, result: ConfigResult | None, config_path: str) -> None:
        """Checks a root config before Hydra takes its search path.

        Raises:
            CompileError: it sets something that it must not.
        """
        if result is None or not isinstance(result.config, DictConfig):
            return
        warn_of_order(result, _file_of(result, config_path), self.sink)
        if self.is_file(result, config_path) and result.config._get_node("hydra") is not None:
            self._check_settings(result, config_path, "")
            self.sink.stop_on_errors()

    def check_merged(self, default: ResultDefault, repo: IConfigRepository) -> None:
        """Checks a config that is merged next: what it sets of Hydra's, and who chose it."""
        assert default.config_path is not None
        result = repo.load_config(default.config_path)
        if result is None:
            return
        package = default.package if default.package is not None else result.header["package"]
        package = "" if package in (None, "_global_") else str(package)
        path = _file_of(result, default.config_path)
        if result.path.startswith("file://"):
            self.files.append(ConfigFile(path=path, package=package, primary=default.primary))
        if self.is_file(result, default.config_path):
            self.strangers.add(shown_path(path))
            self._check_settings(result, default.config_path, package)
        elif refused_result(default.config_path, package):
            self._check_chooser(default, repo)

    def _check_settings(self, result: ConfigResult, config_path: str, package: str) -> None:
        section = section_of(result.config, package)
        path = _file_of(result, config_path)
        for key in FOLDERS:
            parent, _, last = key.partition(".")
            inner = section.get(parent) if isinstance(section, Mapping) else None
            if isinstance(inner, Mapping) and last in inner:
                self.folders[key] = (result, config_path)
        refusals = list(refused_settings(section)) if section is not None else []
        if config_path == ROOT and refusals:
            shipped = {"hydra": _shipped_root().get("hydra")}
            refusals = [
                refused
                for refused in refusals
                if _at({"hydra": section}, refused.key) != _at(shipped, refused.key)
            ]
        if refusals:
            origins = trace_origins([ConfigFile(path=path, package=package)], (), Sink())
            for refused in refusals:
                place = origins.locate(refused.key, "key")
                if place.line is None:  # it is the header that names the package
                    place = SourceLocation(key=refused.key, file=shown_path(path), line=1, column=1)
                self._report(refused, place)

    def _check_chooser(self, default: ResultDefault, repo: IConfigRepository) -> None:
        """Refuses a config of Hydra's own that a file has put where it stands."""
        if self.sink.errors:
            return  # the choice itself was refused where it was read
        chooser = default.parent or ""
        by = repo.load_config(chooser) if chooser and not chooser.startswith("<") else None
        if by is None or not self.is_file(by, chooser) or self._appended(default):
            return
        if _repeats_choice(chooser, *_split(str(default.config_path))):
            return
        path = _file_of(by, chooser)
        refused = Refused(
            code="KG112",
            key=str(default.config_path),
            message=f"a config file cannot choose `{default.config_path}`",
            help="choose it on the command line",
        )
        place = place_of_choice(*_split(str(default.config_path)), [path])
        self._report(refused, place or SourceLocation(file=shown_path(path)))

    def _appended(self, default: ResultDefault) -> bool:
        group = str(default.config_path).rpartition("/")[0]
        return any(override.key_or_group.strip("/") == group for override in self.typed)

    def check_composed(self, config: DictConfig) -> None:
        """Checks a composed config, overrides included.

        Raises:
            CompileError: something of all that was found must not stand there.
        """
        typed = set(typed_keys(self.typed))
        self._check_folders(config, typed)
        self._check_sweeps(config, typed)
        self._check_interpreter(config, typed)
        for key, text, _ in texts_in(_without_hydra(config)):
            self.reads_hydra |= "hydra:" in text
            if holds_secret(key) and (name := environment_name(text)) is not None:
                self._check_is_set(name, key)
                continue
            if key in typed:
                self._check_typed(key, text)
                continue
            problem = resolver_problem(text, key)
            if problem is not None:
                environment = problem == "reads the environment"
                refused = Refused(
                    code="KG114",
                    key=key,
                    message=f"`{key}` is `{text}`, which {problem}: a config file cannot do that",
                    help=ENVIRONMENT_HELP if environment else RESOLVER_HELP,
                )
                self._report(refused, self._place(key))
        self.sink.stop_on_errors()

    def _check_interpreter(self, config: DictConfig, typed: set[str]) -> None:
        """Refuses an interpreter, which is a program that is run, unless the user names it."""
        named = named_interpreter(config)
        if named is None or (named.plain and KEY in typed):
            return
        place = self._place(KEY)
        if not named.plain or place.file is None or place.file in self.strangers:
            self._report(Refused(code="KG121", key=KEY, message=named.refusal, help=HELP), place)

    def _check_typed(self, key: str, text: str) -> None:
        """Refuses a typed value that would write the environment's into the record."""
        if any(name == "oc.env" or "$" in name for name, _ in calls(text)):
            written = (
                SetByOverride(key=o.key_or_group, text=o.input_line or "", value=o.value())
                for o in self.typed
            )
            self.sink.report_at(
                "KG114",
                f"`{key}` is `{text}`, which reads the environment and would stand in the record",
                location=trace_origins((), written, Sink()).locate(key),
                help=ENVIRONMENT_HELP,
            )

    def _check_is_set(self, name: str, key: str) -> None:
        if name not in os.environ:
            self.sink.report_at(
                "KG105",
                f"the environment has no variable `{name}`",
                location=self._place(key),
                help=f"set it: `export {name}=…`",
            )

    def check_plugins(self, used: Mapping[str, str], repo: IConfigRepository) -> None:
        """Refuses a file's own launcher or sweeper where the root config has settled which it is.

        Args:
            used: group to the option that is in force.
            repo: the configs.
        """
        for group, (option, path) in self.plugins.items():
            chosen = repo.load_config(f"{group}/{option}")
            if chosen is None or not self.is_file(chosen, f"{group}/{option}"):
                continue
            if used[group] != option and group not in (o.key_or_group for o in self.typed):
                message = f"`{group}` is `{used[group]}`, a file cannot choose `{option}` for it"
                help_text = f"choose it on the command line: `{group}={option}`"
                refused = Refused(code="KG112", key=group, message=message, help=help_text)
                place = place_of_choice(group, None, [path])
                self._report(refused, place or SourceLocation(file=shown_path(path)))

    def _check_folders(self, config: DictConfig, typed: set[str]) -> None:
        for key, (result, config_path) in self.folders.items():
            if f"hydra.{key}" in typed:
                continue
            parent, _, last = key.partition(".")
            node = OmegaConf.to_container(config.hydra[parent], resolve=False)
            text = str(node.get(last)) if isinstance(node, Mapping) else ""
            with contextlib.suppress(OmegaConfBaseException, ValueError, OSError):
                if leads_out(key, _resolved(text, config)):
                    place = trace_origins(
                        [ConfigFile(path=_file_of(result, config_path), package="")], (), Sink()
                    ).locate(f"hydra.{key}")
                    self._report(folder_refused(key, text), place)

    def _check_sweeps(self, config: DictConfig, typed: set[str]) -> None:
        """Refuses sweeps in a file that have more jobs than those of the command line may have."""
        from kerasgen.frontend.compose.sweep_size import JOBS, count_jobs, parameters_of

        parameters = parameters_of(config)
        if not parameters or "hydra.sweeper.params" in typed:
            return
        counts = {key: count_jobs(key, value) for key, value in parameters.items()}
        jobs = math.prod(counts.values())
        if jobs > JOBS:
            largest = max(counts, key=lambda key: counts[key])
            self.sink.report_at(
                "KG902",
                f"the sweep has {jobs:,} jobs, expected at most {JOBS:,}",
                location=self._place(f"hydra.sweeper.params.{largest}"),
                help="sweep over fewer values, or draw from them with another sweeper",
            )

    def _place(self, key: str) -> SourceLocation:
        return trace_origins(self.files, (), Sink()).locate(key)

    def _report(self, refused: Refused, place: SourceLocation) -> None:
        self.sink.report_at(refused.code, refused.message, location=place, help=refused.help)


@cache
def _shipped_root() -> Mapping[str, Any]:
    """The shipped root config as plain data, unresolved."""
    import yaml

    text = (config_folder() / f"{ROOT}.yaml").read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    assert isinstance(content, Mapping), "the shipped root config is a mapping"
    return content


def _repeats_choice(config_path: str, group: str | None, option: Any) -> bool:
    """Whether a root config chooses what the shipped one chooses of Hydra's groups."""
    return config_path == ROOT and {f"override {group}": option} in _shipped_root()["defaults"]


def _at(tree: Any, key: str) -> Any:
    """The value at a key path of plain data, None where there is none."""
    for step in key.split("."):
        tree = tree.get(step) if isinstance(tree, Mapping) else None
    return tree


def _file_of(result: ConfigResult, config_path: str) -> Path:
    return Path(result.path.partition("://")[2]) / f"{config_path}.yaml"


def _split(choice: str) -> tuple[str, str | None]:
    group, _, option = choice.strip("/").rpartition("/")
    return group, option


def _without_hydra(config: DictConfig) -> DictConfig:
    """The settings of the task alone, the same nodes."""
    task = OmegaConf.create()
    task.__dict__["_content"] = {
        key: node for key, node in config.__dict__["_content"].items() if key != "hydra"
    }
    return task


def _resolved(text: str, config: DictConfig) -> str:
    """A folder with its interpolations resolved; the number of a job is not known yet."""
    for name in ("job.num", "job.id"):
        text = text.replace(f"${{hydra.{name}}}", "0").replace(f"${{hydra:{name}}}", "0")
    probe = OmegaConf.create({"folder": text})
    probe._set_parent(config)
    return str(probe["folder"])
