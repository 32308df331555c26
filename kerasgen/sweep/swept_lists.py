"""What a sweep says beside products of values: keys that go in pairs, and a list of settings.

This room owns the reading of `hydra.sweeper.paired` and `hydra.sweeper.settings`. What jobs follow
stands in `sweep.grid`.

Decisions:
- A list of settings stands in the config, on the command line, or in a file of YAML, JSON or CSV
  that the command line names. Each setting is a mapping of keys to values.
- It may be a stranger's: it is read within bounds, and sets no more than a config file may sweep
  over (`compose.hydra_keys`): nothing of Hydra's own, no path, no interpolation.
- A value stands for itself. In a CSV it is what the command line would make of it; an empty cell
  sets nothing.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Never

from hydra._internal.grammar.utils import escape_special_characters
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from kerasgen.diagnostics import Diagnostic, Sink, SourceLocation, describe
from kerasgen.foreign.json_data import Bounds
from kerasgen.foreign.regular_files import ForeignFileError, decoded, read_bytes
from kerasgen.foreign.yaml_data import parse_yaml
from kerasgen.frontend.compose.hydra_keys import refused_parameters
from kerasgen.frontend.compose.origins import marks_of_items, shown_path
from kerasgen.frontend.compose.selectors_through_hydra import carried
from kerasgen.frontend.compose.sweep_size import JOBS

CODE = "KG130"

PAIRED, SETTINGS = "hydra.sweeper.paired", "hydra.sweeper.settings"

_BOUNDS = Bounds(size=16 * 2**20, levels=16, values=1_000_000)

_WORD = re.compile(r"[A-Za-z_][\w./-]*", re.ASCII)
_NOT_TEXT = ("true", "false", "null", "nan", "inf", "infinity", "none")
"""Words that Hydra's grammar reads as something else, or that look as if it did."""

_POWER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]+")
"""A number as `1e-3`, which a config file has for one, and YAML for a text."""

Locate = Callable[[str], SourceLocation]
"""Gives the place of a key path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptLists:
    """What goes in pairs, and the settings of a sweep.

    Attributes:
        paired: groups of keys whose values go together.
        settings: the overrides of each setting; empty for no list of settings.
        places: an override of a setting to where it was written.
        locate: gives the place of a setting of Hydra's.
    """

    paired: tuple[tuple[str, ...], ...] = ()
    settings: tuple[tuple[str, ...], ...] = ()
    places: Mapping[str, SourceLocation] = field(default_factory=dict)
    locate: Locate = lambda key: SourceLocation(key=key)

    def at_home(self, found: Diagnostic) -> Diagnostic:
        """A diagnostic about an override of a setting at the place where it was written."""
        text = None if found.location is None else found.location.override
        place = None if text is None else self.places.get(text)
        return found if place is None else replace(found, location=place)


def read_lists(config: DictConfig, locate: Locate) -> SweptLists:
    """What the config of a sweep says.

    Args:
        config: the config with its `hydra` node.
        locate: gives the place of a key path of the config.

    Raises:
        CompileError: KG130, it cannot be used; KG112, a setting sets what a file must not set.
    """
    sweeper = OmegaConf.select(config, "hydra.sweeper")
    plain = OmegaConf.to_container(sweeper, resolve=False) if sweeper is not None else {}
    assert isinstance(plain, dict)
    paired = _read_pairs(plain.get("paired"), locate)
    said = plain.get("settings")
    if said is None:
        return SweptLists(paired=paired, locate=locate)
    if isinstance(said, str):
        found = _read_file(Path(said), locate(SETTINGS))
    elif isinstance(said, list):
        found = [(row, _below(locate, number)) for number, row in enumerate(said)]
    else:
        _refuse(locate(SETTINGS), f"`{SETTINGS}` is {describe(said)}, expected a file or a list")
    if not found:
        _refuse(locate(SETTINGS), "the list of settings is empty")
    if len(found) > JOBS:
        _refuse(locate(SETTINGS), f"the list has {len(found):,} settings, expected {JOBS:,}")
    places: dict[str, SourceLocation] = {}
    settings = []
    sink = Sink()
    for row, place in found:
        words = list(_words(row, place, sink))
        settings.append(tuple(text for text, _ in words))
        places.update(words)
    sink.stop_on_errors()
    return SweptLists(paired=paired, settings=tuple(settings), places=places, locate=locate)


def _below(locate: Locate, number: int) -> Locate:
    return lambda key: locate(f"{SETTINGS}.{number}.{key}" if key else f"{SETTINGS}.{number}")


def _read_pairs(said: object, locate: Locate) -> tuple[tuple[str, ...], ...]:
    if said is None:
        return ()
    groups = said if isinstance(said, list) else None
    if groups is not None and groups and all(isinstance(name, str) for name in groups):
        groups = [groups]  # `[a,b]` is one pair.
    if groups is None or not all(isinstance(group, list) for group in groups):
        _refuse(locate(PAIRED), f"`{PAIRED}` is {describe(said)}, expected lists of keys")
    for number, group in enumerate(groups):
        if len(group) < 2 or not all(isinstance(name, str) for name in group):
            _refuse(locate(f"{PAIRED}.{number}"), "a pair names two keys or more")
    return tuple(tuple(group) for group in groups)


def _refuse(place: SourceLocation, message: str) -> Never:
    raise Sink().fail_at(CODE, message, location=place)


def _read_file(path: Path, place: SourceLocation) -> list[tuple[object, Locate]]:
    """The settings of a file, each with what gives the places of its keys."""
    try:
        content = read_bytes(path, most=_BOUNDS.size)
        if path.suffix.lower() == ".csv":
            return list(_read_table(decoded(content), path))
        data = parse_yaml(content, _BOUNDS)
    except ForeignFileError as error:
        _refuse(place, f"`{path}` {error}")
    except csv.Error as error:
        _refuse(place, f"`{path}` is no CSV: {error}")
    if not isinstance(data, list):
        told = "holds nothing" if data is None else f"is {describe(data)}"
        _refuse(place, f"`{path}` {told}, expected a list of settings")
    marks = marks_of_items(content, shown_path(path))
    whole = SourceLocation(file=shown_path(path))

    def located(number: int) -> Locate:
        return lambda key: marks.get(f"{number}.{key}" if key else str(number), whole)

    return [(row, located(number)) for number, row in enumerate(data)]


@dataclass(frozen=True, slots=True)
class _Cell:
    """The text of a cell, which is read as the command line reads a value."""

    text: str


def _read_table(text: str, path: Path) -> Iterator[tuple[object, Locate]]:
    rows = csv.reader(io.StringIO(text), strict=True)
    header = [name.strip() for name in next(rows, [])]
    shown = shown_path(path)
    if len(set(header)) < len(header) or "" in header:
        _refuse(
            SourceLocation(file=shown, line=1), "the header names each key once, and none is empty"
        )
    for row in rows:
        line = SourceLocation(file=shown, line=rows.line_num)
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            _refuse(line, f"the row has {len(row)} cells, expected {len(header)}")
        cells = zip(header, row, strict=True)
        yield (
            {key: _Cell(cell.strip()) for key, cell in cells if cell.strip()},
            lambda key, line=line: line,  # type: ignore[misc]
        )


def _words(row: object, place: Locate, sink: Sink) -> Iterator[tuple[str, SourceLocation]]:
    """The overrides of a setting, each with its place."""
    if not isinstance(row, Mapping) or not row:
        sink.report_at(
            CODE, f"a setting is {describe(row)}, expected keys with their values", place("")
        )
        return
    plain = {
        str(key): value.text if isinstance(value, _Cell) else value for key, value in row.items()
    }
    refused = list(refused_parameters(plain))
    for one in refused:
        sink.report_at(one.code, one.message, place(one.key), help=one.help)
    for key, value in plain.items() if not refused else ():
        cell = isinstance(row.get(key), _Cell)
        text = str(value) if cell else written(value)
        fault = _fault(key, text if cell else "0")
        if fault is None:
            yield f"{key}={text}", place(key)
        else:
            sink.report_at(CODE, fault, place(key))


@cache
def _fault(key: str, text: str) -> str | None:
    """What keeps a key and a value from being one override."""
    try:
        (parsed,) = OverridesParser.create().parse_overrides(carried([f"{key}={text}"]))
    except HydraException:
        return f"`{key}: {text}` cannot be read as an override"
    if parsed.is_delete():
        return f"`{key}` takes something out, which a setting cannot do"
    return f"`{text}` is several values, expected one" if parsed.is_sweep_override() else None


def written(value: object) -> str:
    """A value in the words of the command line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        items = (
            f"{escape_special_characters(str(key))}:{written(item)}" for key, item in value.items()
        )
        return "{" + ",".join(items) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(map(written, value)) + "]"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    if _POWER.fullmatch(value):
        return value
    if _WORD.fullmatch(value) and value.lower() not in _NOT_TEXT:
        return value
    return QuotedString(text=value, quote=Quote.double).with_quotes()
