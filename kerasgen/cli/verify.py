"""The command `kerasgen verify`: whether a run comes to the same once more."""

from __future__ import annotations

import argparse
import json
import sys

from kerasgen.cli.shared_arguments import (
    RUN_NAME,
    Command,
    declare_connections,
    declare_run_folders,
    declare_trust,
    run_folder_of,
    tolerance,
    trust_of,
)
from kerasgen.foreign.printable import shown_lines
from kerasgen.process.exit_codes import DONE, FAILED, REFUSED

_EXAMPLES = """\
examples:
  kerasgen verify last                        the same bits, on this machine, with this code?
  kerasgen verify best:test_accuracy --tolerance 1e-5
  kerasgen verify outputs/2026-01-31/12-00-00 --json

exit code: 0 identical or within tolerance, 1 differs, 2 it cannot be repeated
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help=RUN_NAME)
    parser.add_argument(
        "--tolerance",
        metavar="X",
        type=tolerance,
        default=0.0,
        help="the largest difference that counts as none, relative to the larger of 1 and the "
        "value; 0 by default",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    declare_run_folders(parser)
    declare_trust(parser)
    declare_connections(parser)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.verbs.clean_process import Repetition
    from kerasgen.verbs.finished_run import trust_help
    from kerasgen.verbs.verify import verification_text, verify_run

    folder = run_folder_of(options.run, options)
    found = verify_run(folder, trust_of(options), tolerance=options.tolerance, say=_say)
    if isinstance(found, Repetition):
        # What it says of a stranger's run must not drive the terminal.
        print(shown_lines(found.said.rstrip()), file=sys.stderr)
        hint = trust_help(folder, trust_of(options))
        print("it could not be repeated" + (f": {hint}" if hint else ""), file=sys.stderr)
        return REFUSED if found.code == REFUSED else FAILED
    if options.json:
        print(json.dumps(found.report(), indent=2))
    else:
        print(shown_lines(verification_text(found)))
    return FAILED if found.verdict == "differs" else DONE


def _say(text: str) -> None:
    print(shown_lines(text), file=sys.stderr, flush=True)


COMMAND = Command(
    summary="run a run again in a clean process, and tell whether it is the same",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
