"""What a config file may set of Hydra's own settings.

Hydra acts on its settings before any config is looked into: its callbacks and loggers name code by
import paths, its jobs get environment variables and folders. So these are for the person who types
a command. This room owns the short list of what is left for files, and how a value there may look.
It must not know which file it is, or whether it is one of the user's own.

Decisions:
- In a file there may stand `mode`, `job.name`, the keys of the chosen `sweeper` and `launcher`, and
  the folders of runs and sweeps below `outputs`.
- A key that Hydra does not have is left to Hydra, which refuses it in its own words.
- Plugins take commands and import paths as plain text: what a file gives them is a number, a flag,
  or a single word. The sweeps under `sweeper.params` are overrides that are not the user's: they
  cannot say what a file cannot say.
"""

from __future__ import annotations

import dataclasses
import posixpath
import re
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hydra.conf import HydraConf
from hydra.core.default_element import GroupDefault, InputDefault
from omegaconf import DictConfig, OmegaConf
from omegaconf._utils import split_key

from kerasgen.diagnostics import describe
from kerasgen.foreign.printable import cut
from kerasgen.frontend.compose.named_interpreter import may_sweep
from kerasgen.frontend.compose.resolvers import RESOLVER_HELP, resolver_problem
from kerasgen.frontend.compose.search_options import targets
from kerasgen.ir.values import Tree

OUTPUTS = "outputs"
"""The folder below which runs and sweeps lie that a file names."""

FOLDERS = ("run.dir", "sweep.dir", "sweep.subdir")
"""Settings that name folders."""

_PLUGINS = ("hydra/launcher", "hydra/sweeper")
"""Groups of Hydra's of which a file may choose an option."""

_NAMED = ("hydra.sweeper.sampler", "hydra.sweeper.pruner")
"""Where `_target_` is a name alone."""

_COMMANDS = frozenset(
    {
        "additional_parameters",
        "address",
        "custom_search_space",
        "pre_dispatch",
        "python",
        "setup",
        "srun_args",
        "storage",
    }
)
"""Keys of plugins that are run, imported or opened; nothing but their own code could tell."""

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*\Z")
_JOB_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*\Z", re.ASCII)
_LEADING_OUT = re.compile(
    r"""(^|[\s,=:()\[\]{}'"])([/~]|\.\.(?=[/'")\],\s]|$))|://|\.\./|\\|\$\{"""
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Something in a file that Hydra must not act on.

    Attributes:
        code: the diagnostic's code.
        key: key path, `hydra` included.
        message: what is wrong.
        help: what to do instead.
    """

    code: str
    key: str
    message: str
    help: str | None = None


def section_of(content: Any, package: str) -> Any:
    """What a config sets below `hydra` as plain data, None for nothing."""
    steps = split_key(package) if package else []
    if not steps:
        node = content._get_node("hydra") if isinstance(content, DictConfig) else None
        return None if node is None else _plain(node)
    if steps[0] != "hydra":
        return None
    section = _plain(content)
    for step in reversed(steps[1:]):
        section = {step: section}
    return section


def _plain(node: Any) -> Any:
    if OmegaConf.is_config(node):
        value = node._value()
        return value if isinstance(value, str) else OmegaConf.to_container(node, resolve=False)
    return node._value()


def refused_settings(section: Tree) -> Iterator[Refused]:
    """What is refused in the `hydra` section of a file.

    Args:
        section: the section as plain data, interpolations unresolved.
    """
    if isinstance(section, str) and "${" in section:
        yield _refused("hydra", "is an interpolation")
    for key, value in section.items() if isinstance(section, Mapping) else ():
        path = f"hydra.{key}"
        if key in ("launcher", "sweeper"):
            yield from _plugin_values(path, value)
        elif key == "mode":
            if isinstance(value, str) and "${" in value:
                yield _refused(path, "is an interpolation")
        elif key in ("job", "run", "sweep"):
            yield from _inner(key, value)
        elif _is_known(HydraConf, str(key)):
            yield _refused(path, "is for the command line")


def _inner(section: str, value: Tree) -> Iterator[Refused]:
    if isinstance(value, str) and "${" in value:
        yield _refused(f"hydra.{section}", "is an interpolation")
    kind = typing.get_type_hints(HydraConf)[section]
    for key, item in value.items() if isinstance(value, Mapping) else ():
        path = f"{section}.{key}"
        if path in FOLDERS:
            if (problem := _folder_problem(path, item)) is not None:
                yield problem
        elif path == "job.name":
            if not isinstance(item, str) or not _JOB_NAME.match(item):
                yield _refused("hydra.job.name", f"is `{item}`, expected a plain word")
        elif _is_known(kind, str(key)):
            yield _refused(f"hydra.{path}", "is for the command line")


def _refused(path: str, what: str) -> Refused:
    return Refused(
        code="KG112",
        key=path,
        message=f"`{path}` {what}: a config file cannot set it",
        help=f"write it on the command line (`{path}=…`), or in a root config of your own that you "
        "name with `--config-name`",
    )


def _is_known(kind: type[Any], name: str) -> bool:
    return any(field.name == name for field in dataclasses.fields(kind))


def _folder_problem(path: str, value: Tree) -> Refused | None:
    root = "" if path == "sweep.subdir" else OUTPUTS
    if isinstance(value, str) and value == "???":
        return None
    text = value if isinstance(value, str) else str(value)
    problem = resolver_problem(text)
    if problem is not None:
        message = f"`hydra.{path}` is `{text}`, which {problem}: a config file cannot do that"
        return Refused(code="KG114", key=f"hydra.{path}", message=message, help=RESOLVER_HELP)
    if isinstance(value, str) and _stays_below(root, _without_interpolations(text)):
        return None
    return folder_refused(path, text)


def folder_refused(path: str, text: str) -> Refused:
    """The refusal of a folder that does not lie where a file may put it."""
    where = "the folder of the sweep" if path == "sweep.subdir" else f"`{OUTPUTS}`"
    return Refused(
        code="KG113",
        key=f"hydra.{path}",
        message=f"`hydra.{path}` is `{text}`, expected a relative path below {where}",
        help=f"write another folder on the command line: `hydra.{path}=…`",
    )


def leads_out(path: str, resolved: str) -> bool:
    """Whether a folder leads out of its place once its interpolations are resolved, or by a link.

    Args:
        path: which of `FOLDERS` it is.
        resolved: the folder, resolved.
    """
    if path == "sweep.subdir":
        return not _stays_below("", resolved)
    if not _stays_below(OUTPUTS, resolved):
        return True
    return not Path(resolved).resolve().is_relative_to(Path(OUTPUTS).resolve())


def _stays_below(root: str, text: str) -> bool:
    """Whether a path, read as text, is relative, without steps upwards, and below a folder."""
    parts = text.split("/")
    plain = bool(text) and "\\" not in text and "\0" not in text and not text.startswith("~")
    if not plain or posixpath.isabs(text) or ".." in parts or re.match(r"[A-Za-z]:", text):
        return False
    return not root or (parts[0] == root and len([p for p in parts[1:] if p not in ("", ".")]) > 0)


def _without_interpolations(text: str) -> str:
    """A path with a letter in the place of each interpolation."""
    known = ""
    while known != text:
        known, text = text, re.sub(r"\$\{[^${}]*\}", "x", text)
    return text


def refused_parameters(setting: Tree) -> Iterator[Refused]:
    """What is refused in a mapping of keys to what they are swept over or set to.

    Args:
        setting: the mapping; key paths are those inside it.
    """
    for refused in _parameters("", setting):
        yield dataclasses.replace(refused, key=refused.key.removeprefix("."))


def _plugin_values(path: str, value: Tree) -> Iterator[Refused]:
    """What is refused among the values of a launcher or sweeper."""
    if path == "hydra.sweeper.params" or re.fullmatch(r"hydra\.sweeper\.settings\.\d+", path):
        yield from _parameters(path, value)
        return
    if path.startswith("hydra.sweeper.paired.") and isinstance(value, str):
        return  # It is compared with the keys of the sweep, and nothing else.
    name = path.rpartition(".")[2]
    if isinstance(value, Mapping):
        for key, item in value.items():
            below = f"{path}.{key}"
            if key == "_target_" and path in _NAMED and item in targets():
                continue  # A name alone, which nothing is called by.
            if str(key).startswith("_"):
                yield _refused(below, "names code that is to be run")
            elif str(key) in _COMMANDS and item is not None:
                yield _refused(below, "is run, imported or opened")
            else:
                yield from _plugin_values(below, item)
    elif path in ("hydra.launcher", "hydra.sweeper") and value is not None:
        yield _refused(path, f"is {describe(value)}, expected a mapping")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _plugin_values(f"{path}.{index}", item)
    elif isinstance(value, str) and value != "???" and not _WORD.match(value):
        yield _refused(path, f"is `{cut(value)}`, expected a number or a word for `{name}`")


def _parameters(path: str, value: Tree) -> Iterator[Refused]:
    """What is refused among the sweeps of a file: what a file could not set itself."""
    if isinstance(value, str):
        yield _refused(path, "is a text, expected a mapping")
    for key, item in value.items() if isinstance(value, Mapping) else ():
        bare = str(key).lstrip("+~")
        below = f"{path}.{key}"
        if re.match(r"hydra\b", bare) or bare.startswith("/"):
            yield _refused(below, "sets what is Hydra's own")
        elif re.search(r"\bdownload$", bare):
            yield _refused(below, "decides on a download")
        elif not may_sweep(bare, str(item)):
            yield _refused(below, "names a program that would be run")
        elif any(char in str(key) for char in "=\n$"):
            yield _refused(below, "is no key of a config")
        else:
            yield from _parameter_texts(below, item)


def _parameter_texts(path: str, value: Tree) -> Iterator[Refused]:
    items = value.values() if isinstance(value, Mapping) else [value]
    for item in value if isinstance(value, list) else items:
        if isinstance(item, Mapping | list):
            yield from _parameter_texts(path, item)
        elif isinstance(item, str) and _LEADING_OUT.search(item):
            what = f"is `{cut(item)}`, which holds a path or an interpolation"
            yield _refused(path, what)


def refused_choice(default: InputDefault, config_path: str) -> Refused | None:
    """What is refused about one entry of a file's defaults list.

    Args:
        default: the entry.
        config_path: the file's own path below the folder of configs, without its ending.
    """
    texts = [getattr(default, name, None) for name in ("group", "path", "value", "package")]
    for value in texts:
        for text in value if isinstance(value, list) else [value]:
            problem = resolver_problem(text) if isinstance(text, str) else None
            if problem is not None:
                message = f"the defaults list of `{config_path}` {problem}"
                return Refused(
                    code="KG114", key=_named(default), message=message, help=RESOLVER_HELP
                )
            if isinstance(text, str) and ".." in re.split(r"[/\\]", text):
                message = f"`{text}` leads out of the folder of configs"
                return Refused(code="KG112", key=_named(default), message=message)
    written = default.group if isinstance(default, GroupDefault) else getattr(default, "path", "")
    absolute = _absolute(str(written), config_path)
    package = default.package or ""
    if re.match(r"(_global_\.)?\[?hydra\b", package) and not absolute.startswith("hydra/"):
        return Refused(
            code="KG112",
            key=_named(default),
            message=f"a config file cannot put `{absolute}` at `{package}`",
            help="what is below `hydra` is set on the command line",
        )
    if not f"{absolute}/".startswith("hydra/"):
        return None
    plugin = absolute in _PLUGINS or absolute.startswith(tuple(f"{group}/" for group in _PLUGINS))
    if plugin and not package:
        return None
    return Refused(
        code="KG112",
        key=_named(default),
        message=f"a config file cannot choose `{absolute}`"
        + (f" for `{package}`" if package else "")
        + ", only `hydra/launcher` and `hydra/sweeper` of Hydra's groups",
        help=f"choose it on the command line: `{absolute}=…`",
    )


def plugin_of(default: InputDefault, config_path: str) -> str | None:
    """The group of launchers or sweepers of which an entry chooses an option, None for others."""
    group = _absolute(str(default.group), config_path) if isinstance(default, GroupDefault) else ""
    return group if group in _PLUGINS else None


def refused_result(config_path: str, package: str | None) -> bool:
    """Whether a config of Hydra's own stands where a file has put it and must not."""
    group = posixpath.normpath(config_path)
    for plugin in _PLUGINS:
        if group.startswith(f"{plugin}/"):
            place = plugin.replace("/", ".")
            return not f"{package or ''}.".startswith(f"{place}.")
    return group.startswith("hydra/")


def _absolute(written: str, config_path: str) -> str:
    if written.startswith("/"):
        return posixpath.normpath(written.lstrip("/"))
    return posixpath.normpath(posixpath.join(posixpath.dirname(config_path), written))


def _named(default: InputDefault) -> str:
    if isinstance(default, GroupDefault):
        return default.group or ""
    return str(getattr(default, "path", "") or "")
