"""The exporter: what the verb `export` asks of an engine that writes models for other runtimes.

This room owns the protocol behind which such a writer stands, and what is known of a format. It
imports no engine; which one writes is chosen in `kerasgen.engines.choice`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from kerasgen.engine.models import Model
from kerasgen.ir.training import Array


class ExportError(Exception):
    """A model that cannot be written in a format, or a file that its runtime does not take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFormat:
    """A format in which a model can be written.

    Attributes:
        name: its name on the command line.
        told: what it is, and what loads it.
        ending: how its file ends; empty where it is a folder.
        packages: backend to the packages that writing and loading it need there.
        extra: the extra that brings these; empty where each has its own way.
        beside: endings of further files that belong to it.
        own: whether the engine itself loads it.
        remark: what a user of the file should know; empty for nothing.
    """

    name: str
    told: str
    ending: str
    packages: Mapping[str, tuple[str, ...]]
    extra: str = ""
    beside: tuple[str, ...] = ()
    own: bool = False
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFile:
    """What a runtime made of some batches.

    Attributes:
        answers: for each batch its outputs in order; None for one that it refused.
        refused: what it said of the batches that it refused, in its own words.
    """

    answers: Sequence[Sequence[Array] | None] = field(repr=False)
    refused: Sequence[str] = ()


class Exporter(Protocol):
    """Writes models of the engine for other runtimes."""

    @property
    def formats(self) -> Mapping[str, ExportFormat]:
        """The formats by name."""

    def write(self, model: Model, path: Path, name: str) -> None:
        """Writes a model.

        Args:
            model: a model of the engine, which is in force.
            path: its file or folder, which is not there yet.
            name: the format.

        Raises:
            ExportError: the engine cannot.
            OSError: the file cannot be written.
        """

    def read_back(self, path: Path, name: str, model: Model) -> Model:
        """Loads a file of a format of the engine's own.

        Args:
            path: the file.
            name: the format.
            model: the model that was written; weights go into it, once it has none of its own.
        """

    def ask(self, path: Path, name: str, batches: Sequence[Mapping[str, Array]]) -> AskedFile:
        """Asks a file with its own runtime, in a process that has nothing of kerasgen's.

        Args:
            path: the file or folder.
            name: the format, one that has a runtime of its own.
            batches: input name to rows.

        Raises:
            ExportError: the runtime does not load it.
        """
