"""Programs of configs that a test wrote down as plain data."""

from collections.abc import Mapping
from typing import Any

from kerasgen.diagnostics import Sink
from kerasgen.ir.program import Program
from kerasgen.session.frontend_stages import expanded, parsed, selected, with_sections
from kerasgen.session.states import Findings, ReadConfig


def read_program(
    config: Mapping[str, Any], sink: Sink, *, name: str | None = None
) -> tuple[Program, Sink]:
    """Reads the program that a resolved config describes.

    Args:
        config: plain data, as `composition.resolve` gives it.
        sink: holds what was found so far, and knows where the config was written.
        name: name of the experiment where the config gives none.

    Returns:
        The program, and a sink for the stages behind: it holds what was found, and knows where the
        parts of the program were written.

    Raises:
        CompileError: the config has mistakes.
    """
    begun = ReadConfig(config=config, findings=Findings.of(sink))
    read = parsed(selected(expanded(with_sections(begun))), name=name, first=None)
    return read.program, read.findings.sink()
