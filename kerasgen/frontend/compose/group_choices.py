"""How the choice of a group's option may be written on the command line.

This room owns the forms that mean `group=option` and that Hydra refuses: with a `+` although the
root config chooses an option already, and with the option's file. It works on the overrides that
Hydra has parsed, so that what is shown and recorded stays as it was written. What an option
holds is not known here.

Decisions:
- `+experiment=x` is what Hydra wants where the root config does not choose the group, and
  `experiment=x` where it does; nobody remembers which, and both can mean one thing only.
- An option that is one value of another group (`optimizer/learning_rate`) takes the place of what
  stands there, a number or an object: the keys of two classes do not mix. In a file it stands where
  its defaults list has it, so that an experiment or an optimizer may choose one and go on from it;
  on the command line it wins over every file, and a root config need not know of the group.
- A file stands for an option where it lies in one of the config folders, in the folder of the
  group that is chosen. Any other file is left to be refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hydra._internal.config_repository import IConfigRepository
from hydra.core.config_loader import ConfigLoader
from hydra.core.default_element import ConfigDefault, GroupDefault, ResultDefault
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.types import Override, OverrideType
from hydra.plugins.config_source import ConfigSource
from omegaconf import DictConfig

from kerasgen.diagnostics import Note, Sink, SourceMap
from kerasgen.foreign.regular_files import is_regular, path_of
from kerasgen.frontend.compose.origins import place_of_text
from kerasgen.frontend.grammar import VALUE_GROUPS

ENDINGS = (".yaml", ".yml")
"""Endings of config files; Hydra reads the first alone."""

_PACKAGES: Mapping[str, str] = {group.replace("/", "."): f"{group}/" for group in VALUE_GROUPS}
"""Where the option of a group of values stands, to how the paths of such options begin."""

_DEEPEST = 8
"""Root configs that take up one another."""


def settle_choices(
    parsed: Sequence[Override], repository: IConfigRepository, config_name: str | None
) -> None:
    """Makes the choices among parsed overrides such as Hydra takes them.

    Args:
        parsed: the overrides, whose kind or value is changed where it has to be.
        repository: Hydra's configs.
        config_name: name of the root config.
    """
    chosen: set[str] | None = None
    for override in parsed:
        added = override.is_add() or override.is_force_add() or _is_value(override)
        named = isinstance(override._value, str) and override._value.endswith(ENDINGS)
        if not (added or named) or not repository.group_exists(override.key_or_group):
            continue
        if named and (option := _option_of_file(str(override._value), override, repository)):
            override._value = option
        if added:
            if chosen is None:
                chosen = set(_chosen_groups(repository, config_name, _DEEPEST))
            known = override.get_key_element().lstrip("+") in chosen
            override.type = OverrideType.CHANGE if known else OverrideType.ADD


def in_merged_order(
    defaults: Sequence[ResultDefault], typed: Sequence[Override]
) -> list[ResultDefault]:
    """The files of a composition in the order in which they are merged.

    Args:
        defaults: the files, in the order of the defaults lists.
        typed: the overrides.

    Returns:
        The files, an option of `VALUE_GROUPS` behind all others where it was typed. Before each
        such option, with those that it goes on from, stands one whose path is that of its group,
        for no file: nothing is left there.
    """
    order = list(defaults)
    for group in VALUE_GROUPS:
        order = _apart(order, group, _typed_option(typed, group))
    return order


def at_home(defaults: Sequence[ResultDefault]) -> list[ResultDefault]:
    """The files of a composition, an option of `VALUE_GROUPS` where its group stands.

    Hydra would put one that an optimizer's file chooses (`- /optimizer/learning_rate: …`) below
    what that file holds, a second time: `optimizer.optimizer.learning_rate`.
    """
    doubled = {f"{one.partition('.')[0]}.{one}": one for one in _PACKAGES}
    return [
        replace(one, package=doubled[one.package])
        if one.package in doubled and str(one.config_path).startswith(tuple(_PACKAGES.values()))
        else one
        for one in defaults
    ]


def plain_choices(choices: Mapping[str, str | None]) -> dict[str, str | None]:
    """Group to option, one of `VALUE_GROUPS` under its own name wherever it was chosen."""
    found = dict(choices)
    for package, beginning in _PACKAGES.items():
        group = beginning.rstrip("/")
        inner = found.pop(f"{group}@{package.partition('.')[0]}.{package}", None)
        if inner is not None and found.get(group) is None:
            found[group] = inner
    return found


def check_taken_out(
    overrides: Sequence[str], config: DictConfig, source_map: SourceMap, sink: Sink
) -> None:
    """Refuses to take a choice out (`~optimizer/learning_rate`) whose option files have changed.

    Args:
        overrides: the overrides as they were written.
        config: what was composed.
        source_map: where it was written.
        sink: gets the mistake.
    """
    for group in VALUE_GROUPS:
        text = next((one for one in overrides if re.fullmatch(f"~{group}(=.*)?", one)), None)
        outer, inner = group.split("/")
        around = config._get_node(outer) if text is not None else None
        left = around._get_node(inner) if isinstance(around, DictConfig) else None
        if text is None or not isinstance(left, DictConfig) or "class" in left:
            continue
        key = f"{outer}.{inner}"
        told = ", ".join(f"`{name!s}`" for name in left)
        sink.report_at(
            "KG203",
            f"`{text}` leaves `{key}` without a `class`: a file changes {told} of the option",
            place_of_text(text),
            help=f"write a value of your own, `{key}=0.001`, or leave `{text}` out",
            notes=[Note(message="it is written here", location=source_map.locate(key, "key"))],
        )


def _apart(defaults: Sequence[ResultDefault], group: str, typed: str | None) -> list[ResultDefault]:
    """The files in which the options of a group that are chosen take each other's place."""
    package, beginning = group.replace("/", "."), f"{group}/"
    rest: list[ResultDefault] = []
    last: list[ResultDefault] = []
    family: list[ResultDefault] = []
    for one in defaults:
        if one.package != package or not str(one.config_path).startswith(beginning):
            family = []
            rest.append(one)
            continue
        # An option may go on from another one of its group, before or behind which it stands.
        inside = str(one.parent).startswith(beginning)
        if not family or not (inside or family[-1].parent == one.config_path):
            family = [ResultDefault(config_path=group, package=package)]
            rest.append(family[0])
        family.append(one)
        rest.append(one)
        if one.config_path == typed:
            last = family
    if last:  # Typed words win over every file.
        rest = [one for one in rest if not any(one is each for each in last)]
    return [*rest, *last]


def _typed_option(typed: Sequence[Override], group: str) -> str | None:
    """The file of the option of a group that was typed last; None for none."""
    values = [one.value() for one in typed if one.key_or_group == group and not one.is_delete()]
    return f"{group}/{values[-1]}" if values else None


def clears(default: ResultDefault) -> bool:
    """Whether it stands for no file, and for the word that nothing is left at its package."""
    group = f"{default.config_path}"
    return group in VALUE_GROUPS and default.package == group.replace("/", ".")


def _is_value(override: Override) -> bool:
    """Whether an option of a group of values is chosen, which a root config need not name."""
    return override.key_or_group in VALUE_GROUPS and override.type is OverrideType.CHANGE


def option_of(file: Path, group: str, sources: Sequence[ConfigSource]) -> str | None:
    """The option of a group that a file is, None if it lies in no config folder of that group."""
    for source in sources:
        if source.scheme() != "file":
            continue
        folder = Path(source.path).resolve() / group
        found = file.resolve()
        if found.is_relative_to(folder) and found.suffix in ENDINGS:
            return found.relative_to(folder).with_suffix("").as_posix()
    return None


def options_of(group: str, loader: ConfigLoader) -> list[str]:
    """The options of a group, those in its folders with their path; none for no group."""
    return list(_listed(group, loader, "")) if re.fullmatch(r"[\w/]+", group) else []


def _listed(group: str, loader: ConfigLoader, within: str) -> Iterator[str]:
    for option in loader.get_group_options(group, ObjectType.CONFIG):
        yield f"{within}{option}"
    for inner in loader.get_group_options(group, ObjectType.GROUP):
        if f"{group}/{inner}" in VALUE_GROUPS:
            continue
        yield from _listed(f"{group}/{inner}", loader, f"{within}{inner}/")


def groups_of(loader: ConfigLoader) -> list[str]:
    """The groups that a config may choose options of; `hydra` and `block` are among them."""
    outer = [name for name in loader.list_groups("") if not name.startswith(".")]
    return outer + [group for group in VALUE_GROUPS if options_of(group, loader)]


def _option_of_file(value: str, override: Override, repository: IConfigRepository) -> str | None:
    group = override.key_or_group
    plain = value.removesuffix(ENDINGS[0])
    if plain != value and repository.config_exists(f"{group}/{plain}"):
        return plain
    file = path_of(value)
    return option_of(file, group, repository.get_sources()) if is_regular(file) else None


def _chosen_groups(
    repository: IConfigRepository, config_name: str | None, depth: int
) -> Iterator[str]:
    """The groups of which the root config, or one that it takes up, chooses an option."""
    found = None if config_name is None else repository.load_config(config_name)
    for default in found.defaults_list or () if found is not None else ():
        if isinstance(default, GroupDefault) and not default.override:
            package = "" if default.package is None else f"@{default.package}"
            yield f"{default.group}{package}"
        elif isinstance(default, ConfigDefault) and default.path != "_self_" and depth:
            yield from _chosen_groups(repository, default.path, depth - 1)
