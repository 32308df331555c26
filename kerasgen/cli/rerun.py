"""The command `kerasgen rerun`: a run once more, in a new folder."""

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
from kerasgen.foreign.printable import shown_lines

_EXAMPLES = """\
examples:
  kerasgen rerun last                                  same config, same seed, a new folder
  kerasgen rerun best:test_accuracy seed=2
  kerasgen rerun last optimizer.learning_rate=0.01 fit.epochs=30
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words", metavar="RUN", nargs="+", help=f"{RUN_NAME}; then overrides of any group"
    )
    declare_run_folders(parser)
    declare_trust(parser)
    declare_connections(parser)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.verbs.rerun import rerun

    run, *overrides = options.words
    folder = run_folder_of(run, options)
    return rerun(folder, options.outputs, overrides, _say, trust_of(options))


def _say(text: str) -> None:
    # The record may be a stranger's: its words must not drive the terminal.
    print(shown_lines(text), flush=True)


COMMAND = Command(
    summary="run a run again, in a new folder",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
