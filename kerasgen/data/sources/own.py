"""Data sources of one's own: what a registered function or class gives becomes a table.

This room owns the two forms that such a source may have, and what is said where it fails or gives
something else than columns. It must not know what a source reads.

A source is a function of its config's arguments that gives the columns, `{name: array}` with rows
first, a data frame of pandas or Polars, a table of pyarrow, a structured array, or a `table.Table`,
which may also say the given parts and names of classes. Or it is a
class that is made of these arguments, whose method `read()` gives the same; with the arguments
`wanted` and `sink`, as `table.Source` has them, it can leave out columns and report mistakes.
"""

from __future__ import annotations

import inspect
import os
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from kerasgen.data.table import Array, Table, chosen
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.frontend.compose.resolvers import SECRET_KEYS, with_environment
from kerasgen.ir.values import Value
from kerasgen.registry import CustomPart
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.own import take_columns
from kerasgen.runtime.source_call import SourceCall


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSource:
    """A registered source with the arguments of its config.

    Attributes:
        part: the function or class.
        arguments: argument name to value.
        path: key path of the source in the config.
    """

    part: CustomPart
    arguments: Mapping[str, Value]
    path: str

    PATHS: ClassVar[tuple[str, ...]] = ()

    def plain_call(self) -> SourceCall:
        """The function or class, and its arguments; a script imports it from its module."""
        return SourceCall(function=self.part.target, arguments=self.arguments)

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        """Reads the data; see `table.Source`.

        Raises:
            CompileError: KG501, the code raised; KG502, what it gave are no columns.
        """
        try:
            given = self._called(wanted, sink)
        except CompileError:
            raise
        except Exception as error:  # It is the user's code, which raises anything.
            text = (str(error).strip().splitlines() or [""])[0]
            raise sink.fail(
                "KG501",
                f"the source `{self.part.name}` failed: {type(error).__name__}: {text}",
                key=f"{self.path}.class",
                notes=_raised_at(error, self.part),
            ) from error
        if isinstance(given, Table):
            return given
        columns = self._columns(given, sink)
        names = tuple(columns)
        return Table(columns={name: columns[name] for name in chosen(names, wanted)}, names=names)

    def _called(self, wanted: frozenset[str] | None, sink: Sink) -> Any:
        arguments = {
            name: _plain(with_environment(value, os.environ) if name in SECRET_KEYS else value)
            for name, value in self.arguments.items()
        }
        made = self.part.target(**arguments)
        if not isinstance(self.part.target, type):
            return made
        accepted = len(inspect.signature(made.read).parameters) >= 2
        return made.read(wanted, sink) if accepted else made.read()

    def _columns(self, given: Any, sink: Sink) -> dict[str, Array]:
        names = given if isinstance(given, Mapping) else ()
        strange = [name for name in names if not isinstance(name, str)]
        if strange:
            raise self._refused(f"a column named `{strange[0]!r}`", sink)
        try:
            return take_columns(given)
        except DataError as error:
            raise self._refused(str(error), sink) from None

    def _refused(self, received: str, sink: Sink) -> CompileError:
        return sink.fail(
            "KG502",
            f"the source `{self.part.name}` gives {received}, expected columns of numbers or text",
            key=f"{self.path}.class",
            help="give a dictionary from column name to array, with equally many rows, a frame "
            "or a structured array",
        )


def _plain(value: Value) -> Any:
    """A value as Python code expects it: tuples of the config are lists."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _raised_at(error: BaseException, part: CustomPart) -> list[str]:
    """A remark with the line of the part's file from which an error came."""
    lines = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == part.file
    ]
    return [f"it was raised in {Path(part.file).name}, line {lines[-1]}"] if lines else []
