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
- Python's reader of TOML takes time and memory that grow with the square of what it reads, so
  that a file with the table is read up to a size, and its faults are told up to a number.
- A folder of configs may be a link to anything. No walk through one sees more than `MOST_ENTRIES`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from kerasgen.diagnostics import Sink, SourceLocation, describe, did_you_mean
from kerasgen.foreign.regular_files import (
    ForeignFileError,
    is_folder,
    is_regular,
    is_there,
    read_text,
)
from kerasgen.frontend.grammar import GROUPS

Folders: TypeAlias = str | Sequence[str] | None
"""One folder of configs, several in the order in which they count, or none."""

PROJECT = "pyproject.toml"
OWN = "conf"
"""The folder that is found by itself."""

MOST_ENTRIES = 10_000
"""Files and folders that are looked at below a folder of configs."""

_TABLE = "tool.kerasgen"
_LONGEST = 128 * 2**10
"""Characters of a file with the table."""

_MOST_FAULTS = 20
_KEY = "config_dir"
_NAMED = re.compile(r"(?m)^(?=.*\btool\b).*\bkerasgen\b|^\s*kerasgen\s*[.=]")
"""A line that may be the table, or hold it."""

_CONFIGS = (*GROUPS, "experiment", "block")


ROOT = "config"
"""The root config's name."""


def config_folder() -> Path:
    """The folder of the shipped configs: in a wheel inside the package, in a checkout beside it."""
    package = Path(__file__).resolve().parents[2]
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigPlace:
    """Where configs are looked for, as the command line says.

    Attributes:
        config_name: name of the root config.
        config_dirs: folders that come before the others, in order.
        config_path: a folder, or `pkg://` and a package, in place of the shipped configs; or None.
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


def fault_of(folder: str, *, typed: bool = True) -> tuple[str, str | None] | None:
    """What is wrong with a folder of configs as it is named: message and help.

    Args:
        folder: the folder, as it was written.
        typed: whether it stands on the command line, behind a flag of its own.

    Returns:
        None for a folder that is there.
    """
    if is_folder(folder):
        return None
    if is_there(folder) and not Path(folder).is_symlink():
        holds = holder_of(Path(folder).parent)
        return (
            f"`{folder}` is a file, expected a folder of configs",
            None if holds is None else f"its folder of configs is `{holds}`",
        )
    several = re.split(r"\s*[,:;]\s*", folder)
    help_text = None
    if len(several) > 1 and all(is_folder(name) for name in several):
        flags = " ".join(f"--config-dir {name}" for name in several)
        listed = ", ".join(f'"{name}"' for name in several)
        help_text = f"write `{flags}`" if typed else f"write `{_KEY} = [{listed}]`"
    return f"the config folder `{folder}` is not there", help_text


def holder_of(folder: Path) -> str | None:
    """The folder of configs in which a group's folder lies, or a folder inside it."""
    parts = folder.parts
    for index in range(len(parts) - 1, -1, -1):
        if parts[index] in _CONFIGS:
            return str(Path(*parts[:index])) if index else "."
    return None


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
    if any(any(config_files(own / group)) for group in _CONFIGS):
        named.append(OWN)
    known = {shipped.resolve()}
    found = []
    for folder in named:
        place = Path(folder).resolve()
        if place not in known:
            known.add(place)
            found.append(folder)
    return tuple(found)


def config_files(folder: Path) -> Iterator[Path]:
    """The config files below a folder, links to folders not followed; of many, the first ones."""
    seen = 0
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if name.endswith(".yaml"):
                yield Path(parent) / name
        seen += len(folders) + len(files)
        if seen > MOST_ENTRIES:
            return


def _of_project(file: Path) -> list[str]:
    try:
        text = read_text(file) if is_regular(file) else ""
    except ForeignFileError:
        return []  # not kerasgen's file: whoever needs it says what is wrong with it
    if _NAMED.search(text) is None:
        return []
    if len(text) > _LONGEST:
        if _TABLE not in text:
            return []
        raise Sink().fail_at(
            "KG127",
            f"`{PROJECT}` is of {len(text):,} characters, expected at most {_LONGEST:,}",
            location=SourceLocation(file=PROJECT),
        )
    import tomllib  # Not above: most folders have no such table.

    sink = Sink()
    try:
        tool = tomllib.loads(text).get("tool", {})
        table = tool.get("kerasgen", {}) if isinstance(tool, dict) else {}
    # A number of thousands of digits is a `ValueError`, as an error of TOML is.
    except (ValueError, RecursionError) as error:
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        # Without a number it stands at the end of the file.
        line, column = (int(place[1]), int(place[2])) if place else (len(text.splitlines()), 1)
        message = str(error).partition(" (at ")[0]
        raise sink.fail_at(
            "KG127",
            f"`{PROJECT}` cannot be read: {message[:1].lower()}{message[1:]}",
            location=SourceLocation(file=PROJECT, line=line, column=column),
        ) from None
    found = list(_read_table(table, text, sink))
    sink.stop_on_errors()
    return found


def _read_table(table: Any, text: str, sink: Sink) -> Iterator[str]:
    if not isinstance(table, dict):
        sink.report_at(
            "KG128",
            f"`{_TABLE}` is {describe(table)}, expected a table",
            location=_place(text, "kerasgen"),
        )
        return
    for key, value in table.items():
        if len(sink.errors) >= _MOST_FAULTS:
            return
        if key == "trust":
            sink.report_at(
                "KG129",
                f"`{_TABLE}` cannot say whose code is trusted: the file may be a stranger's",
                location=_place(text, key),
                help="name the module on the command line, `--trust MODULE`, or once a shell: "
                "`export KERASGEN_TRUST=MODULE`",
            )
        elif key != _KEY:
            sink.report_at(
                "KG128",
                f"`{_TABLE}` has no key `{key}`",
                location=_place(text, key),
                help=did_you_mean(key, [_KEY]),
            )
        else:
            yield from _read_folders(value, text, sink)


def _read_folders(value: Any, text: str, sink: Sink) -> Iterator[str]:
    names = value if isinstance(value, list) else [value]
    for number, name in enumerate(names, 1):
        if not isinstance(name, str) or not name:
            what = f"item {number} of `{_KEY}`" if isinstance(value, list) else f"`{_KEY}`"
            others = "" if isinstance(value, list) else " or a list of folders"
            sink.report_at(
                "KG128",
                f"{what} is {describe(name)}, expected a folder{others}",
                location=_place(text, _KEY),
            )
            return
    for name in names:
        if len(sink.errors) >= _MOST_FAULTS:
            return
        fault = fault_of(name, typed=False)
        if fault is None:
            yield name
        else:
            sink.report_at("KG104", fault[0], location=_place(text, _KEY, name), help=fault[1])


def _place(text: str, key: str, value: str = "") -> SourceLocation:
    """Where a key of the table stands, or a value of it."""
    lines, inside = text.splitlines(), False
    for number, line in enumerate(lines, 1):
        header = re.match(r"\s*\[\s*([\w.\s-]+?)\s*\]", line)
        inside = header[1].replace(" ", "") == _TABLE if header else inside
        found = re.search(rf"(?<![\w-]){re.escape(value or key)}(?![\w-])", line)
        if found and (inside or _NAMED.search(line) or (value and "=" not in line)):
            at = found.start()
            return SourceLocation(file=PROJECT, line=number, column=at + 1, length=found.end() - at)
    return SourceLocation(file=PROJECT)
