"""What is checked before the engine starts, besides the config itself.

This room owns the question which facts of the data compiling needs, and the look at files that lie
at hand. It must not start an engine or open data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kerasgen.diagnostics import Sink
from kerasgen.ir import DataDef, Program
from kerasgen.passes.label_form import LABELLED
from kerasgen.passes.outline import outline
from kerasgen.registry import Trust

if TYPE_CHECKING:
    from kerasgen.catalog import Catalog


def facts_suffice(data: DataDef) -> bool:
    """Whether the declared facts are all that compiling needs to know of the data."""
    shape = data.facts.get("shape")
    by_name = isinstance(shape, Mapping) and all(name in shape for name in data.features)
    shaped = data.absent or isinstance(shape, tuple) or by_name
    classes = data.facts.get("classes")
    classified = [name for name, task in data.task.items() if task in LABELLED]
    return shaped and all(
        isinstance(classes, int) or (isinstance(classes, Mapping) and name in classes)
        for name in classified
    )


def told_of(program: Program, catalog: Catalog, trust: Trust, sink: Sink, *, needed: bool) -> None:
    """Checks all that needs no engine, the names in files at hand included."""
    outline(program, catalog, sink, trust)
    look_at(program.data, sink, needed=needed)


def look_at(data: DataDef, sink: Sink, *, needed: bool) -> None:
    """Holds the config against the names of the columns, where a file at hand tells them."""
    from kerasgen.data.at_hand import look_at_data  # NumPy takes its time

    look_at_data(data, sink, needed=needed)
