"""The report of a sweep as a file: a page, or a table for other programs.

This room owns the forms that there are, and where a file is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kerasgen.diagnostics import Sink, SourceLocation
from kerasgen.sweep.report.swept_table import SweptTable, read_table
from kerasgen.verbs.import_weights import require_free
from kerasgen.verbs.output import write_output

ENDINGS: Mapping[str, str] = {
    ".html": "html",
    ".htm": "html",
    ".csv": "csv",
    ".json": "json",
    ".tex": "tex",
}
"""How a file ends to its form."""

FORMS = ("html", "csv", "json", "tex")


def report_sweep(
    folder: Path,
    output: Path | None = None,
    *,
    form: str | None = None,
    by: str | None = None,
    force: bool = False,
) -> str:
    """Writes the report of a sweep.

    Args:
        folder: the folder of the sweep.
        output: the file, None for `report` with the ending of the form.
        form: one of `FORMS`, None for what the name of the file says.
        by: the metric by which it is judged, as `best:` takes it; None for its own.
        force: whether a file that is there is replaced.

    Returns:
        A line that says what was written.

    Raises:
        CompileError: KG605, the file is there already, cannot be written, or its ending names no
            form; KG107 or KG607, no job has such a metric, or nothing says which way it gets
            better.
    """
    sink = Sink()
    if output is None:
        output = Path(f"report.{form or 'html'}")
    if form is None:
        form = ENDINGS.get(output.suffix.lower())
    if form is None:
        raise sink.fail_at(
            "KG605",
            f"nothing says in which form `{output}` is to be written",
            SourceLocation(override=f"--output {output}"),
            help="let it end in .html, .csv, .json or .tex, or say `--format`",
        )
    if not force:
        require_free(output, sink)
    text = written(read_table(folder, by), form)
    write_output(output, text, sink)
    return f"{output}: {len(text.encode('utf-8', 'backslashreplace')):,} bytes"


def written(table: SweptTable, form: str) -> str:
    """A sweep in one of the forms."""
    from kerasgen.sweep.report.written_tables import table_csv, table_json, table_latex

    if form == "csv":
        return table_csv(table)
    if form == "json":
        return table_json(table)
    if form == "tex":
        return table_latex(table)
    from kerasgen.emit.page.markup import page_html
    from kerasgen.sweep.report.document import sweep_page

    return page_html(sweep_page(table))
