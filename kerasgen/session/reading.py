"""Reading: the stages from a resolved config to the program that it describes.

This room owns the order of these stages: sections, expansion, selection, parsing. What a stage does
stands in the frontend; which facts the config was resolved with it must not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerasgen.diagnostics import Sink
from kerasgen.frontend.expand.model import expand_config
from kerasgen.frontend.parse.program import check_sections, parse_program
from kerasgen.frontend.select.apply import select_config
from kerasgen.ir.program import Program


def read_program(
    config: Mapping[str, Any], sink: Sink, *, name: str | None = None
) -> tuple[Program, Sink]:
    """Reads the program that a resolved config describes.

    Args:
        config: plain data, as `composition.resolve` gives it.
        sink: gets every mistake, and knows where the config was written.
        name: name of the experiment where the config gives none.

    Returns:
        The program, and a sink for the stages behind: it adds to the same list, and knows where
        the parts of the program were written.

    Raises:
        CompileError: the config has mistakes.
    """
    check_sections(config, sink)
    expanded = expand_config(config, sink)
    selected = select_config(expanded.config, sink.over(expanded.source_map))
    sink = sink.over(selected.source_map)
    return parse_program(selected.config, sink, name=name), sink
