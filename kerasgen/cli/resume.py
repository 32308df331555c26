"""The command `kerasgen resume`: going on with a run where it was interrupted."""

from __future__ import annotations

import argparse

from kerasgen.cli.shared_arguments import (
    RUN_NAME,
    Command,
    declare_connections,
    declare_run_folders,
    declare_trust,
    run_folder_of,
    trust_of,
)

_EXAMPLES = """\
examples:
  kerasgen resume last                        where the newest run was interrupted
  kerasgen resume last fit.epochs=30          longer, also where it is finished
  kerasgen resume outputs/2026-01-31/12-00-00
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        metavar="RUN",
        nargs="+",
        help=f"{RUN_NAME}; then overrides of `fit` and `tracking`",
    )
    declare_run_folders(parser)
    declare_trust(parser)
    declare_connections(parser)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.verbs.resume import resume_run

    run, *overrides = options.words
    folder = run_folder_of(run, options, unfinished=True)
    return resume_run(folder, overrides, trust_of(options))


COMMAND = Command(
    summary="go on with an interrupted run, or longer with a finished one",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
