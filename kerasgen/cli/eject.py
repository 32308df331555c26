"""The command `kerasgen eject`: a config as a Keras script that needs no kerasgen."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kerasgen.cli.shared_arguments import Command, declare_config, folders_of, trust_of
from kerasgen.diagnostics.render import render_text

_EXAMPLES = """\
examples:
  kerasgen eject                                       the default config, to stdout
  kerasgen eject model=convnet optimizer=sgd -o train.py
  kerasgen eject experiment=penguins -o penguins.py    python penguins.py --data penguins.csv
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    declare_config(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="file for the script; else stdout"
    )


def _act(options: argparse.Namespace) -> int:
    from kerasgen.verbs.eject import eject_config

    text, diagnostics = eject_config(options.overrides, folders_of(options), trust_of(options))
    if diagnostics:
        print(render_text(diagnostics), file=sys.stderr)
    if options.output is None:
        sys.stdout.buffer.write(text.encode("utf-8"))
        sys.stdout.flush()
    else:
        from kerasgen.diagnostics import Sink
        from kerasgen.verbs.output import write_output

        write_output(options.output, text, Sink())
    return 0


COMMAND = Command(
    summary="write a config as a Keras script that needs no kerasgen",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
"""What `kerasgen eject` is."""
