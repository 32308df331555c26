"""What the record of a run holds for a page of it, each part as far as it can be read.

This room owns which files are read, and that a part that is missing, edited or spoilt takes no
other part with it: why it is left out is told in the page. It must not know how a page looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from kerasgen.diagnostics import Sink, SourceMap
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.ir.schema import Schema
from kerasgen.record.file_names import (
    CONFIG,
    DATA,
    DIAGNOSTICS,
    HISTORY,
    OVERRIDES,
    PREPARE,
    SOURCE_MAP,
)
from kerasgen.record.read import (
    read_config,
    read_facts,
    read_history,
    read_overrides,
    read_source_map,
)
from kerasgen.record.runs import RunEntry, read_run

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What is known of a run.

    Attributes:
        run: the run as a listing has it, its record included.
        name: what commands call it.
        config: its config; empty where it cannot be read.
        source_map: where its config was written; None where that is not known.
        overrides: the overrides as they were written.
        history: the figures of each epoch.
        diagnostics: what was warned of.
        data: what is known of its data.
        schema: the columns of its data, None where they are not known.
        left_out: what could not be read, and why.
    """

    run: RunEntry
    name: str
    config: Mapping[str, Any]
    source_map: SourceMap | None
    overrides: Sequence[str]
    history: Sequence[Mapping[str, float]]
    diagnostics: Sequence[Mapping[str, Any]]
    data: Mapping[str, Any]
    schema: Schema | None
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> Mapping[str, Any]:
        """The record."""
        return self.run.fields

    def group(self, name: str) -> Mapping[str, Any]:
        """A mapping of the record; empty where it has none of that name."""
        found = self.fields.get(name)
        return found if isinstance(found, Mapping) else {}


def read_material(folder: Path, outputs: Path) -> Material:
    """Reads the record of a run.

    Args:
        folder: the folder of the run.
        outputs: the folder of all runs.

    Raises:
        CompileError: KG606 or a code of its own, the record itself cannot be read.
    """
    run = read_run(folder, outputs, Sink())
    reading = _Reading(folder)
    return Material(
        run=run,
        name=run.id,
        config=reading.part(CONFIG, read_config, {}),
        source_map=reading.part(SOURCE_MAP, read_source_map, None),
        overrides=reading.part(OVERRIDES, read_overrides, []),
        history=reading.part(HISTORY, read_history, []),
        diagnostics=_mappings(reading.part(DIAGNOSTICS, _facts(DIAGNOSTICS), None)),
        data=_mapping(reading.part(DATA, _facts(DATA), None)),
        schema=reading.part(f"{PREPARE}/columns.json", _columns, None),
        left_out=reading.left_out,
    )


@dataclass(slots=True)
class _Reading:
    folder: Path
    left_out: dict[str, str] = field(default_factory=dict)

    def part(self, name: str, read: Callable[[Path], Read], absent: Read) -> Read:
        """What a file holds; what stands for it where it is not there or cannot be read."""
        try:
            return read(self.folder)
        except ForeignFileError as error:
            if not error.missing:
                self.left_out[name] = error.reason
            return absent


def _facts(name: str) -> Callable[[Path], object]:
    return lambda folder: read_facts(folder, name)


def _columns(folder: Path) -> Schema | None:
    from kerasgen.data.fitted_preparation import UnreadPreparationError, read_columns

    try:
        return read_columns(folder / PREPARE)
    except UnreadPreparationError as error:
        raise error.fault from error


def _mapping(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {}


def _mappings(found: object) -> list[Mapping[str, Any]]:
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
