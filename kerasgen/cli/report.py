"""The command `kerasgen report`: a run as one HTML file."""

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
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help=RUN_NAME)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        default=Path("report.html"),
        help="the HTML file; report.html where none is named",
    )
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    parser.add_argument(
        "--data",
        choices=("auto", "always", "never"),
        default="auto",
        help="when the data is opened, to show the rows of the worst predictions: `auto` leaves "
        "large data closed",
    )
    declare_run_folders(parser)
    declare_trust(parser)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.verbs.report import report_run

    folder = run_folder_of(options.run, options, unfinished=False)
    told = report_run(
        folder,
        options.outputs,
        options.output,
        force=options.force,
        data=options.data,
        trust=trust_of(options),
    )
    print(shown_lines(told))
    return DONE


COMMAND = Command(
    summary="write a run as one HTML file: curves, model, worst predictions, config",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
