"""The command `kerasgen describe`: what the columns of some data are, and what is suspicious."""

from __future__ import annotations

import argparse
import json
import shutil
import sys

from kerasgen.cli.shared_arguments import Command, declare_config, folders_of, trust_of
from kerasgen.diagnostics.render import closing_text, render_text
from kerasgen.foreign.printable import shown_lines

_EXAMPLES = """\
examples:
  kerasgen describe titanic.csv --target survived      a table: types, figures, suspicious things
  kerasgen describe photos.zip                         a folder or an archive of images
  kerasgen describe data=penguins data.source.path=penguins.csv
  kerasgen describe table.csv data.source.header=false data.columns.c0=ignore
  kerasgen describe table.csv --json                   for machines
"""

_WIDTH = 120
"""Columns of a description that goes into a pipe."""


def _declare(parser: argparse.ArgumentParser) -> None:
    declare_config(parser, metavar="FILE|OVERRIDE")
    parser.add_argument("--target", metavar="COLUMN", help="the column that is to be predicted")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _act(options: argparse.Namespace) -> int:
    from kerasgen.diagnostics.render import render_json
    from kerasgen.emit.text.column_table import figures_text, figures_tree
    from kerasgen.verbs.describe import Asked, describe

    asked = Asked(
        words=tuple(options.overrides),
        target=options.target,
        config_dir=folders_of(options),
        trust=trust_of(options),
    )
    found = describe(asked)
    if options.json:
        tree = {
            "data": found.title,
            "source": found.source,
            **figures_tree(found.figures, found.targets),
            "diagnostics": render_json(found.diagnostics),
        }
        print(json.dumps(tree, indent=2))
        return 0
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDTH
    text = figures_text(found.title, found.figures, found.targets, found.roles, width)
    # Data may be a stranger's: its words must not drive the terminal.
    print(shown_lines(text))
    if found.diagnostics:
        print(f"\n{render_text(found.diagnostics)}")
    print(f"\n{closing_text(found.diagnostics, found.silenced)}")
    return 0


COMMAND = Command(
    summary="tell what the columns of some data are, and what is suspicious in them",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
