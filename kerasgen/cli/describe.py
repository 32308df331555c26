"""The command `kerasgen describe`: what the columns of some data are, and what is suspicious."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from typing import TYPE_CHECKING

from kerasgen.cli.shared_arguments import Command, declare_config, folders_of, trust_of
from kerasgen.diagnostics.render import closing_text, render_text
from kerasgen.foreign.printable import shown_lines

if TYPE_CHECKING:
    from kerasgen.verbs.describe import Description

_EXAMPLES = """\
examples:
  kerasgen describe titanic.csv --target survived      a table: types, figures, suspicious things
  kerasgen describe photos.zip                         a folder or an archive of images
  kerasgen describe data=penguins data.source.path=penguins.csv
  kerasgen describe table.csv data.source.header=false data.columns.c0=ignore
  kerasgen describe data=mine --write                  types of columns into conf/data/mine.yaml
  kerasgen describe table.csv --json                   for machines
"""

_WIDTH = 120
"""Columns of a description that goes into a pipe."""


def _declare(parser: argparse.ArgumentParser) -> None:
    declare_config(parser, metavar="FILE|OVERRIDE")
    parser.add_argument("--target", metavar="COLUMN", help="the column that is to be predicted")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="print one JSON document")
    forms.add_argument(
        "--write",
        action="store_true",
        help="write what the columns are into the config file of the data; else show it as YAML",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="with --write: only show what would be written"
    )


def _act(options: argparse.Namespace) -> int:
    from kerasgen.diagnostics.render import render_json
    from kerasgen.emit.text.column_table import figures_text, figures_tree
    from kerasgen.verbs.describe import Asked, describe

    if options.dry_run and not options.write:
        from kerasgen.diagnostics import Sink
        from kerasgen.frontend.compose.origins import place_of_text

        raise Sink().fail_at(
            "KG126",
            "`--dry-run` does nothing without `--write`",
            location=place_of_text("--dry-run"),
            help="write `--write --dry-run`",
        )
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
    if options.write:
        print(shown_lines(f"\n{_written(found, dry=options.dry_run)}"))
    return 0


def _written(found: Description, *, dry: bool) -> str:
    """Writes what the columns are; what is said of that."""
    from kerasgen.diagnostics import Sink
    from kerasgen.verbs.written_columns import write_columns, written_columns

    written = written_columns(found)
    if not written.entries:
        return "nothing is to be written: the config says of each column what it is"
    if written.mended is None:
        return f"to be written below `data` of a config of your own:\n\n{written.entries}"
    if dry:
        return f"{written.mended.difference()}\n\nnothing was written: this is a dry run"
    write_columns(written.mended, Sink())
    return f"{written.mended.difference()}\n\nwrote {written.mended.file}"


COMMAND = Command(
    summary="tell what the columns of some data are, and what is suspicious in them",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
