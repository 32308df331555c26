"""The pass that finds what can be found without shapes, and so without Keras.

It owns which checks those are: names, arguments and words, the wiring, and the names by which
groups speak of each other's parts. Each check stands in its own pass, which makes it again when
the shapes are known; a mistake that was reported before is not reported twice.
"""

from __future__ import annotations

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Sink
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.program import Program
from kerasgen.passes.check import check
from kerasgen.passes.ends import check_end_names, output_names
from kerasgen.passes.objective import check_output_names
from kerasgen.passes.preparation import check_preparation
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


def outline(program: Program, catalog: Catalog, sink: Sink, trust: Trust = NOBODY) -> ModelGraph:
    """Checks a program as far as that needs no shapes.

    Args:
        program: the program as written.
        catalog: every class that it may name, data sources included.
        sink: gets every mistake.
        trust: what the command line allows.

    Returns:
        The wired model.

    Raises:
        CompileError: there are errors.
    """
    check(program, catalog, sink, trust)
    graph = wire(program.model, catalog, sink)
    sink.stop_on_errors()
    assert graph is not None
    check_preparation(program.data, sink)
    check_end_names(graph, program.data, sink)
    check_output_names(program.compile, list(output_names(graph)), sink)
    sink.stop_on_errors()
    return graph
