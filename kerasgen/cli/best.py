"""The command `kerasgen best`: the command line of a sweep's best setting."""

from __future__ import annotations

import argparse
import sys

from kerasgen.cli.shared_arguments import Command, declare_outputs
from kerasgen.process.exit_codes import DONE

_EXAMPLES = """\
examples:
  kerasgen best last                                   by the first metric of the test part
  kerasgen best last --by validation_loss
  eval "$(kerasgen best last) fit.epochs=50"           trains it for longer
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sweep", metavar="SWEEP", help="the folder of a sweep, or `last`")
    parser.add_argument(
        "--by", metavar="METRIC", help="a metric; +METRIC for the smallest, -METRIC for the largest"
    )
    declare_outputs(parser)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.sweep.swept_runs import best_setting, best_text, named_sweep, swept_runs

    folder = named_sweep(options.sweep, options.outputs)
    best = best_setting(swept_runs(folder), options.by, folder)
    print(best_text(best), file=sys.stderr)
    print(best.command)
    return DONE


COMMAND = Command(
    summary="print the command that trains the best setting of a sweep again",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
