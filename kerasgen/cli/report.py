"""The command `kerasgen report`: a run, or a sweep, as one HTML file; a sweep as a table, too."""

from __future__ import annotations

import argparse
from pathlib import Path

from kerasgen.cli.shared_arguments import (
    RUN_NAME,
    Command,
    declare_run_folders,
    declare_trust,
    run_folder_of,
    trust_of,
)
from kerasgen.foreign.printable import shown_lines
from kerasgen.process.exit_codes import DONE

_EXAMPLES = """\
examples:
  kerasgen report last                                 the newest run, as report.html
  kerasgen report best:test_accuracy -o best.html
  kerasgen report last --data never                    without a look at the rows of its data
  kerasgen report last --sweep                         the newest sweep
  kerasgen report outputs/sweeps/2026-11-24/09-56-31-609752 -o sweep.csv
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help=f"{RUN_NAME}; or the folder of a sweep")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help="the file; report.html where none is named. A sweep is written as the name ends: "
        ".html, .csv, .json or .tex",
    )
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    parser.add_argument(
        "--sweep", action="store_true", help="RUN is a sweep: its folder, or `last` for the newest"
    )
    parser.add_argument(
        "--format", choices=("html", "csv", "json", "tex"), help="of a sweep: the form of the file"
    )
    parser.add_argument(
        "--by",
        metavar="METRIC",
        help="of a sweep: the metric that judges it; +METRIC for the smallest, -METRIC for the "
        "largest",
    )
    parser.add_argument(
        "--data",
        choices=("auto", "always", "never"),
        help="of a run: when the data is opened, to show the rows of the worst predictions; "
        "`auto`, the default, leaves large data closed",
    )
    declare_run_folders(parser)
    declare_trust(parser)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.sweep.swept_runs import LAST, named_sweep, names_sweep

    if options.sweep or names_sweep(options.run, options.outputs):
        from kerasgen.sweep.report.written_report import report_sweep

        _refuse(options, "a sweep", ("data", "fold", "trust"))
        told = report_sweep(
            named_sweep(options.run, options.outputs),
            options.output,
            form=options.format,
            by=options.by,
            force=options.force,
        )
    else:
        from kerasgen.verbs.report import REPORT, report_run

        _refuse(options, "a run", ("format", "by"))
        folder = run_folder_of(options.run, options, unfinished=False)
        told = report_run(
            folder,
            options.outputs,
            options.output or REPORT,
            force=options.force,
            data=options.data or "auto",
            trust=trust_of(options),
        )
        if options.run == LAST and names_sweep(str(folder.parent), options.outputs):
            told += (
                f"\nit is a job of a sweep, whose own report is: kerasgen report {folder.parent}"
            )
    print(shown_lines(told))
    return DONE


def _refuse(options: argparse.Namespace, what: str, flags: tuple[str, ...]) -> None:
    """Refuses flags that say nothing of what is reported.

    Raises:
        CompileError: KG126.
    """
    from kerasgen.diagnostics import Sink
    from kerasgen.frontend.compose.origins import place_of_text

    for name in flags:
        if getattr(options, name) not in (None, []):
            raise Sink().fail_at(
                "KG126",
                f"`--{name}` does nothing here: `{options.run}` is {what}",
                location=place_of_text(f"--{name}", length=len(name) + 2),
                help="leave it out",
            )


COMMAND = Command(
    summary="write a run or a sweep as one HTML file, a sweep as CSV, JSON or LaTeX, too",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
