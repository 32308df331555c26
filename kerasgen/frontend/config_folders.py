"""The folders in which configs are looked for, besides the shipped one.

This room owns their order, and the table `[tool.kerasgen]` of a `pyproject.toml`. It must not
know what a config says.

Decisions:
- First those of the command line, in order; then those of the table; then `./conf`. A file of an
  earlier folder takes the place of one of the same name in a later one, and all come before the
  shipped configs.
- Only the working directory is looked at, no folder above it: what a command does can be told
  from the folder in which it is typed.
- `./conf` counts if one of its folders has the name of a group and holds a config. The shipped
  folder itself, which it is in a checkout of kerasgen, does not count twice.
- The table names no modules to be trusted: it may be a stranger's, as a checkout is. What a person
  trusts is said on the command line, or once a shell, in `KERASGEN_TRUST`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from kerasgen.diagnostics import Sink, SourceLocation, describe, did_you_mean
from kerasgen.foreign.opening import ForeignFileError, is_folder, is_regular, read_text
from kerasgen.frontend.settings import GROUPS

Folders: TypeAlias = str | Sequence[str] | None
"""One folder of configs, several in the order in which they count, or none."""

PROJECT = "pyproject.toml"
OWN = "conf"
"""The folder that is found by itself."""

_TABLE = "tool.kerasgen"
_KEY = "config_dir"
_CONFIGS = (*GROUPS, "experiment", "block")


ROOT = "config"
"""The root config's name."""


def config_folder() -> Path:
    """The folder of the shipped configs: in a wheel inside the package, in a checkout beside it."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigPlace:
    """Where configs are looked for, as the command line says.

    Attributes:
        config_name: name of the root config.
        config_dirs: folders that come before the others, in order.
        config_path: a folder in place of the shipped configs, or None.
    """

    config_name: str = ROOT
    config_dirs: tuple[str, ...] = ()
    config_path: str | None = None

    def flags(self) -> list[str]:
        """The flags that say so again."""
        flags = [] if self.config_name == ROOT else ["--config-name", self.config_name]
        flags += [word for folder in self.config_dirs for word in ("--config-dir", folder)]
        return flags + ([] if self.config_path is None else ["--config-path", self.config_path])


def place_of(where: Folders | ConfigPlace) -> ConfigPlace:
    """A place, also where folders alone are given."""
    return where if isinstance(where, ConfigPlace) else ConfigPlace(config_dirs=folders_of(where))


def folders_of(given: Folders) -> tuple[str, ...]:
    """Folders as a tuple, in the order in which they count."""
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(given)


def with_project(given: Folders, shipped: Path) -> tuple[str, ...]:
    """The folders of a command line, and behind them those of the working directory.

    Args:
        given: the folders that the command line names.
        shipped: the folder of the shipped configs.

    Raises:
        CompileError: KG127 to KG129, the table in `pyproject.toml` cannot be used; KG104, a folder
            that it names is not there.
    """
    named = [*folders_of(given), *_of_project(Path(PROJECT))]
    own = Path(OWN)
    if any(any((own / group).glob("**/*.yaml")) for group in _CONFIGS):
        named.append(OWN)
    known = {shipped.resolve()}
    found = []
    for folder in named:
        place = Path(folder).resolve()
        if place not in known:
            known.add(place)
            found.append(folder)
    return tuple(found)


def _of_project(file: Path) -> list[str]:
    try:
        text = read_text(file) if is_regular(file) else ""
    except ForeignFileError:
        return []  # not kerasgen's file: whoever needs it says what is wrong with it
    if _TABLE not in text:
        return []
    import tomllib  # Not above: most folders have no such table.

    sink = Sink()
    try:
        table = tomllib.loads(text).get("tool", {}).get("kerasgen", {})
    except (tomllib.TOMLDecodeError, RecursionError, AttributeError) as error:
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        # Without a number it stands at the end of the file.
        line, column = (int(place[1]), int(place[2])) if place else (len(text.splitlines()), 1)
        message = str(error).partition(" (at ")[0]
        raise sink.fail(
            "KG127",
            f"`{PROJECT}` cannot be read: {message[:1].lower()}{message[1:]}",
            location=SourceLocation(file=PROJECT, line=line, column=column),
        ) from None
    found = list(_read_table(table, text, sink))
    sink.stop_on_errors()
    return found


def _read_table(table: Any, text: str, sink: Sink) -> Iterator[str]:
    if not isinstance(table, dict):
        sink.report(
            "KG128",
            f"`{_TABLE}` is {describe(table)}, expected a table",
            location=_place(text, "kerasgen"),
        )
        return
    for key, value in table.items():
        if key == "trust":
            sink.report(
                "KG129",
                f"`{_TABLE}` cannot say whose code is trusted: the file may be a stranger's",
                location=_place(text, key),
                help="name the module on the command line, `--trust MODULE`, or once a shell: "
                "`export KERASGEN_TRUST=MODULE`",
            )
        elif key != _KEY:
            sink.report(
                "KG128",
                f"`{_TABLE}` has no key `{key}`",
                location=_place(text, key),
                help=did_you_mean(key, [_KEY]),
            )
        else:
            yield from _read_folders(value, text, sink)


def _read_folders(value: Any, text: str, sink: Sink) -> Iterator[str]:
    names = value if isinstance(value, list) else [value]
    for name in names:
        if not isinstance(name, str) or not name:
            sink.report(
                "KG128",
                f"`{_KEY}` is {describe(value)}, expected a folder or a list of folders",
                location=_place(text, _KEY),
            )
            return
    for name in names:
        if is_folder(name):
            yield name
        else:
            sink.report(
                "KG104",
                f"the config folder `{name}` is not there",
                location=_place(text, _KEY, name),
            )


def _place(text: str, key: str, value: str = "") -> SourceLocation:
    """Where a key of the table stands, or a value of it."""
    lines, inside = text.splitlines(), False
    for number, line in enumerate(lines, 1):
        header = re.match(r"\s*\[\s*([\w.\s-]+?)\s*\]", line)
        inside = header[1].replace(" ", "") == _TABLE if header else inside
        found = re.search(rf"(?<![\w-]){re.escape(value or key)}(?![\w-])", line)
        if found and (inside or _TABLE in line or (value and "=" not in line)):
            at = found.start()
            return SourceLocation(file=PROJECT, line=number, column=at + 1, length=found.end() - at)
    return SourceLocation(file=PROJECT)
