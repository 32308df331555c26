"""The command `kerasgen tag`: words by which a run is found again."""

from __future__ import annotations

import argparse

from kerasgen.cli.shared_arguments import RUN_NAME, Command, declare_outputs
from kerasgen.foreign.printable import shown
from kerasgen.process.exit_codes import DONE

_EXAMPLES = """\
examples:
  kerasgen tag last paper baseline                     gives the newest run two tags
  kerasgen tag best:test_accuracy best --remove draft
  kerasgen tag last                                    prints its tags
  kerasgen runs tag=paper                              the runs that have one
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    # One positional argument: argparse cannot tell two apart with options between them.
    parser.add_argument("words", metavar="RUN", nargs="+", help=f"{RUN_NAME}; then its new tags")
    parser.add_argument(
        "--remove", metavar="WORD", nargs="+", action="extend", default=[], help="tags that go"
    )
    declare_outputs(parser)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.session.named_run import named_run
    from kerasgen.verbs.tag import tag_run

    run, *added = options.words
    folder = named_run(run, options.outputs)
    tags = tag_run(folder, added, options.remove)
    print(shown(f"{folder}: {' '.join(tags) or 'no tags'}"))
    return DONE


COMMAND = Command(
    summary="give a run words by which it is found again",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
