"""The command `kerasgen sweep`: what a sweep has come to, from any terminal."""

from __future__ import annotations

import argparse
import json

from kerasgen.cli.shared_arguments import Command, declare_outputs
from kerasgen.foreign.printable import shown_lines
from kerasgen.process.exit_codes import DONE

_EXAMPLES = """\
examples:
  kerasgen sweep status last                           the newest sweep, also while it runs
  kerasgen sweep status outputs/sweeps/2026-11-24/09-56-31-609752
  kerasgen sweep status last --json
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=["status"], help="`status`: its jobs, and how each stands"
    )
    parser.add_argument("sweep", metavar="SWEEP", help="its folder, or `last`")
    declare_outputs(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _act(options: argparse.Namespace) -> int:
    from kerasgen.sweep.swept_runs import named_sweep, status_data, status_text, swept_runs

    folder = named_sweep(options.sweep, options.outputs)
    found = swept_runs(folder)
    if options.json:
        print(json.dumps({"folder": str(folder), **status_data(found)}, indent=2))
    else:
        print(shown_lines(f"{folder}\n\n{status_text(found)}"))
    return DONE


COMMAND = Command(
    summary="tell how the jobs of a sweep stand",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
