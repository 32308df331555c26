"""A run as one HTML file.

This room owns where the file is written. What stands in it is told by `run.page`, what it looks
like by `emit.page`. Nothing of a run is executed, and its model is not loaded.
"""

from __future__ import annotations

from pathlib import Path

from kerasgen.diagnostics import Sink
from kerasgen.emit.page.markup import page_html
from kerasgen.registry import NOBODY, Trust
from kerasgen.run.page.document import run_page
from kerasgen.run.page.opened_rows import When
from kerasgen.verbs.import_weights import require_free
from kerasgen.verbs.output import write_output

REPORT = Path("report.html")
"""The file where nobody names another one."""


def report_run(
    folder: Path,
    outputs: Path,
    output: Path = REPORT,
    *,
    force: bool = False,
    data: When = "auto",
    trust: Trust = NOBODY,
) -> str:
    """Writes the report of a run.

    Args:
        folder: the folder of the run.
        outputs: the folder of all runs.
        output: the file.
        force: whether a file that is there is replaced.
        data: when the data of the run is opened, to show the rows of the worst predictions.
        trust: modules whose parts its model or its data may have.

    Returns:
        A line that says what was written.

    Raises:
        CompileError: KG605, the file is there already or cannot be written; KG606 or a code of its
            own, the record cannot be read.
    """
    sink = Sink()
    if not force:
        require_free(output, sink)
    text = page_html(run_page(folder, outputs, trust, data))
    write_output(output, text, sink)
    return f"{output}: {len(text.encode()):,} bytes"
