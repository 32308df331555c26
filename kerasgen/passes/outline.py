"""The pass that finds what can be found without shapes, and so without Keras.

It owns which checks those are: names, arguments and words, the wiring, and the names by which
groups speak of each other's parts. Each check stands in its own pass, which makes it again when
the shapes are known; a mistake that was reported before is not reported twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.program import Program
from kerasgen.passes.augmentation import check_augmentation
from kerasgen.passes.catalog_check import check
from kerasgen.passes.ends import check_end_names, output_names
from kerasgen.passes.objective import check_output_names
from kerasgen.passes.preparation import check_preparation
from kerasgen.passes.unknown_names import UnknownNamesError
from kerasgen.passes.wire import wire
from kerasgen.registry import NOBODY, Trust

UNCHECKED = (
    "values that only Keras's own constructors refuse",
    "shapes, and what a loss makes of them",
    "parameters and memory",
    "the backend and other packages",
    "the data itself",
)
"""What this pass says nothing of, for the person who reads that all is in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A program in whose names and wiring nothing is amiss.

    Attributes:
        program: the program as written.
        graph: its model as it is wired.
    """

    program: Program
    graph: ModelGraph


def outline(program: Program, catalog: Catalog, sink: Sink, trust: Trust = NOBODY) -> Outline:
    """Checks a program as far as that needs no shapes.

    Args:
        program: the program as written.
        catalog: every class that it may name, data sources included.
        sink: gets every mistake.
        trust: what the command line allows.

    Raises:
        UnknownNamesError: there are errors, and names that the catalog does not have.
        CompileError: there are other errors alone.
    """
    unknown = check(program, catalog, sink, trust)
    graph = wire(program.model, catalog, sink)
    if unknown and sink.errors:
        raise UnknownNamesError(sink.diagnostics, unknown)
    if graph is None or sink.errors:
        raise CompileError(sink.diagnostics)
    check_preparation(program.data, sink)
    check_ends(program, graph, sink)
    check_augmentation(program.data, graph, sink)
    sink.stop_on_errors()
    return Outline(program=program, graph=graph)


def check_ends(program: Program, graph: ModelGraph, sink: Sink) -> None:
    """Checks the names by which groups speak of each other's parts.

    Args:
        program: the program as written.
        graph: its model as it is wired.
        sink: gets every mistake.
    """
    check_end_names(graph, program.data, sink)
    check_output_names(program.compile, list(output_names(graph)), sink)
