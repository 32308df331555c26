"""How large a config may be: limits that turn a hang or a killed process into a diagnostic.

This room owns the limits, and the looks at files, overrides and a composed config that come
before anything is loaded, merged or resolved. PyYAML copies an alias by reference; OmegaConf then
writes every one out, and an interpolation that is taken twice doubles, so that a page of text can
ask for more memory than there is. What the values mean is not known here.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigResult
from omegaconf import OmegaConf

from kerasgen.diagnostics import CompileError, Sink, SourceLocation
from kerasgen.foreign.regular_files import TOO_MUCH, ForeignFileError, is_there, read_bytes
from kerasgen.frontend.compose.config_folders import MOST_ENTRIES
from kerasgen.frontend.compose.loader import HEADER, read_config
from kerasgen.frontend.compose.origins import shown_path

FILE_BYTES = 4 * 1024**2
"""Bytes of one config file; EfficientNetB7, written out, has a thirtieth of that."""

VALUES = 100_000
"""Keys and values of one file, aliases written out, and of a config, interpolations written out.

OmegaConf needs about 60 microseconds for each.
"""

CHARACTERS = 10_000_000
"""Characters of a config's strings, interpolations written out."""

DEPTH = 64
"""Levels of nesting; OmegaConf's recursion ends at about 90."""

LINKS = 32
"""Interpolations that lead from one to the next; OmegaConf's recursion ends at about 70."""

INTERPOLATED = 20_000
"""Characters of a string that holds interpolations: OmegaConf parses it in Python."""

DIGITS = 400
"""Digits of a number: more than any float has, and fewer than Python refuses to read."""

OVERRIDE = 20_000
"""Characters of one override: a list as long takes Hydra's parser some four seconds."""

OVERRIDES = 1_000
"""Overrides of one command line."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER = re.compile(r"[-+]?[0-9][0-9a-fA-FxXo_:.]*\Z")
_QUOTED = re.compile(r"""\\.|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""", re.S)
FILES_HELP = "repeat layers with `repeat` and `blocks`, and keep long lists in files of data"


MOST_GROUPS = 1_000
"""Folders of configs that are listed; Hydra takes milliseconds for each."""


class GuardedFiles(FileConfigSource):
    """Hydra's files of configs, each looked at before it is loaded."""

    def __init__(self, provider: str, path: str) -> None:
        super().__init__(provider, path)
        self._listed: dict[str, int] = {}

    def __deepcopy__(self, memory: object) -> GuardedFiles:
        """Itself, since Hydra copies its sources for every group that it lists."""
        return self

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        """The configs and groups of a group, as Hydra lists them.

        Left out are names that no terminal shows and nobody types, and links to a folder that the
        group lies in.

        Raises:
            CompileError: KG902, there are too many of them: a folder leads to where no configs are.
        """
        folder = os.path.realpath(os.path.join(self.path, config_path))
        self._listed[config_path] = len(os.listdir(folder))
        many = sum(self._listed.values()) > MOST_ENTRIES
        if many or len(self._listed) > MOST_GROUPS:
            what = f"{MOST_ENTRIES:,} files and folders" if many else f"{MOST_GROUPS:,} folders"
            raise Sink().fail_at(
                "KG902",
                f"a folder of configs holds more than {what}",
                location=SourceLocation(file=shown_path(Path(self.path, config_path))),
                help="keep configs in a folder of their own",
            )
        names = [n for n in super().list(config_path, results_filter) if n.isprintable()]
        if results_filter is not ObjectType.GROUP:
            return names
        return [name for name in names if not _leads_back(os.path.join(folder, name), folder)]

    def load_config(self, config_path: str) -> ConfigResult:
        """Loads a config as Hydra does.

        Raises:
            CompileError: the file is too large or too deep.
        """
        path = Path(os.path.realpath(Path(self.path) / self._normalize_file_name(config_path)))
        if is_there(path):
            content = check_file(path)
            with contextlib.suppress(UnicodeError):
                # A byte order mark would hide the line that names the package.
                text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
                place = f"{self.scheme()}://{self.path}"
                found = read_config(text, path=place, provider=self.provider)
                if found is not None:
                    return found
                if content.startswith(codecs.BOM_UTF8):
                    return ConfigResult(
                        config=OmegaConf.load(io.StringIO(text)),
                        path=place,
                        provider=self.provider,
                        header=self._get_header_dict(text[:HEADER]),
                    )
        return super().load_config(config_path)


GuardedFiles.__name__ = FileConfigSource.__name__
"""A launcher of others lets Hydra register its own anew, and Hydra tells classes by their names."""


def _leads_back(path: str, folder: str) -> bool:
    """Whether a name is a link to a folder that it lies in, so that a walk would never end."""
    return os.path.islink(path) and f"{folder}/".startswith(
        f"{os.path.realpath(path).rstrip('/')}/"
    )


def check_file(path: Path) -> bytes:
    """Checks a config file without loading it; what is no YAML is left to the loader.

    Args:
        path: the file.

    Returns:
        Its content.

    Raises:
        CompileError: KG902, the file is too large, too deep, or grows without end; KG612, it is
            no regular file; KG101, it cannot be read.
    """
    sink, shown = Sink(), shown_path(path)
    try:
        content = read_bytes(path, most=FILE_BYTES)
    except ForeignFileError as error:
        if error.code == TOO_MUCH:
            raise sink.fail_at(
                "KG902",
                f"the config file {error.reason}",
                location=SourceLocation(file=shown),
                help=FILES_HELP,
            ) from error
        raise sink.fail_file("KG101", shown, error) from error
    # What is no YAML the loader finds again, and says it with its own words.
    try:
        _FileScan(file=shown, sink=sink).run(content)
    except yaml.MarkedYAMLError as error:
        # Such an escape PyYAML's own parser takes, and nothing can write it down again.
        if "escape code" in str(error.problem) and (mark := error.problem_mark) is not None:
            raise sink.fail_at(
                "KG101",
                "an escape stands for no character of Unicode",
                location=SourceLocation(file=shown, line=mark.line + 1, column=mark.column + 1),
                help="write the character itself",
            ) from error
    except (yaml.YAMLError, ValueError):
        pass
    sink.stop_on_errors()
    return content


def is_within_limits(path: Path) -> bool:
    """Whether a file is a regular one that may be loaded; no FIFO, for one, which never ends."""
    try:
        check_file(path)
    except CompileError:
        return False
    return True


def check_overrides(overrides: Sequence[str]) -> None:
    """Checks the overrides of a command line before Hydra parses them.

    Raises:
        CompileError: KG902, there are too many, or one is too long or too deep.
    """
    sink = Sink()
    if len(overrides) > OVERRIDES:
        sink.report(
            "KG902",
            f"there are {len(overrides):,} overrides, expected at most {OVERRIDES:,}",
            help="write them into a config file: `experiment=mine`",
        )
    for text in overrides[:OVERRIDES]:
        problem = _override_problem(text)
        if problem is not None:
            shown = text if len(text) <= 60 else text[:57] + "..."
            sink.report_at(
                "KG902",
                problem,
                location=SourceLocation(override=shown, column=1, length=len(shown)),
                help="write it into a config file",
            )
    sink.stop_on_errors()


def _override_problem(text: str) -> str | None:
    if len(text) > OVERRIDE:
        return f"the override has {len(text):,} characters, expected at most {OVERRIDE:,}"
    deepest = level = text.partition("=")[0].count(".")
    for char in _QUOTED.sub("", text.partition("=")[2]):
        level += (char in "[{(") - (char in "]})")
        deepest = max(deepest, level)
    if deepest > DEPTH:
        return f"the override is nested {deepest} levels deep, expected at most {DEPTH}"
    if any(len(digits) > DIGITS for digits in re.findall(r"[0-9]+", text)):
        return f"the override holds a number of more than {DIGITS} digits"
    return None if (found := _interpolation_problem(text)) is None else f"the override {found}"


def _interpolation_problem(text: str) -> str | None:
    if "${" not in text:
        return None
    if len(text) > INTERPOLATED:
        return (
            f"holds interpolations in {len(text):,} characters, expected at most {INTERPOLATED:,}"
        )
    level = deepest = 0
    for mark in re.findall(r"\$\{|\}", text):
        level = max(0, level + (1 if mark == "${" else -1))
        deepest = max(deepest, level)
    if deepest > LINKS:
        return f"holds interpolations nested {deepest} levels deep, expected at most {LINKS}"
    return None


@dataclass(slots=True)
class _Open:
    """A mapping or sequence that is being read: its values so far and the levels below it."""

    anchor: str | None
    values: int = 1
    height: int = 1


_TOO_DEEP = f"the config is nested more than {DEPTH} levels deep"


@dataclass(slots=True)
class _FileScan:
    """One pass over the events of a YAML file, which builds nothing."""

    file: str
    sink: Sink
    total: int = 0
    opened: list[_Open] = field(default_factory=list)
    closed: dict[str, _Open] = field(default_factory=dict)

    def run(self, content: bytes) -> None:
        """Reads events until the end or the first fault."""
        try:
            for event in yaml.parse(content, Loader=_LOADER):
                if (problem := self._take(event)) is not None:
                    self._report(problem, event.start_mark)
                    return
        except yaml.MarkedYAMLError as error:
            # A reader with a limit of its own looks so far ahead that no event came yet.
            if "nesting depth" not in str(error):
                raise
            self._report(_TOO_DEEP, error.problem_mark)

    def _report(self, problem: str, mark: Any) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        place = SourceLocation(file=self.file, line=line, column=column)
        self.sink.report_at("KG902", problem, location=place)

    def _take(self, event: yaml.Event) -> str | None:
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self.opened.append(_Open(event.anchor))
            self.total += 1
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._close(self.opened.pop())
        elif isinstance(event, yaml.ScalarEvent):
            self.total += 1
            self._close(_Open(event.anchor, height=0))
            if (problem := _scalar_problem(event)) is not None:
                return problem
        elif isinstance(event, yaml.AliasEvent):
            if any(part.anchor == event.anchor for part in self.opened):
                return f"`*{event.anchor}` refers to itself: it stands inside `&{event.anchor}`"
            meant = self.closed.get(event.anchor or "", _Open(None, height=0))
            self.total += meant.values
            self._close(_Open(None, values=meant.values, height=meant.height))
        if len(self.opened) + (self.opened[-1].height - 1 if self.opened else 0) > DEPTH:
            return _TOO_DEEP
        if self.total > VALUES:
            written_out = ", with every `*alias` written out" if self.closed else ""
            return f"the config file holds more than {VALUES:,} keys and values{written_out}"
        return None

    def _close(self, part: _Open) -> None:
        if part.anchor is not None:
            self.closed[part.anchor] = part
        if self.opened:
            outer = self.opened[-1]
            outer.values += part.values
            outer.height = max(outer.height, part.height + 1)


def _scalar_problem(event: yaml.ScalarEvent) -> str | None:
    text = event.value
    if event.implicit[0] and len(text) > DIGITS and _NUMBER.match(text):
        return f"the number has {len(text):,} digits, expected at most {DIGITS}"
    problem = _interpolation_problem(text)
    return None if problem is None else f"the string {problem}"
