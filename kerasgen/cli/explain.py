"""The command `kerasgen explain`: what is known of a word, in the terminal."""

from __future__ import annotations

import argparse
import os
import shutil
import sys

from kerasgen.cli.shared_arguments import Command, declare_trust, trust_of

_EXAMPLES = """\
examples:
  kerasgen explain                                     what can be asked
  kerasgen explain KG701                               a code of a diagnostic
  kerasgen explain Dense ops.add                       classes of Keras: arguments, defaults
  kerasgen explain fit.epochs                          a key of the config
  kerasgen explain sweeps                              a topic, a group or a command
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="*",
        metavar="WORD",
        help="a code, a rule of lint, a class, a key of the config, a group, command or topic",
    )
    declare_trust(parser)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.cli.terminal_page import WIDTH, page_text
    from kerasgen.verbs.explain import explain, overview

    texts = explain(options.words, trust_of(options)) if options.words else [overview()]
    bold = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    print("\n\n\n".join(page_text(text, width=width, bold=bold) for text in texts))
    return 0


def _words() -> list[str]:
    from kerasgen.verbs.explain import explainable_words

    return explainable_words()


COMMAND = Command(
    summary="tell what a code, a class of Keras, a key or a command is",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
    words=_words,
)
"""What `kerasgen explain` is."""
