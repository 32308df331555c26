"""The command `kerasgen init`: a first recipe for a file, a folder or an archive of data."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from kerasgen.cli.shared_arguments import Command, declare_config, folders_of, trust_of
from kerasgen.foreign.printable import shown_lines

_EXAMPLES = """\
examples:
  kerasgen init titanic.csv --target survived          conf/data/titanic.yaml and an experiment
  kerasgen init sales.csv --time month                 a forecast of its rows
  kerasgen init photos.zip -o work                     a folder or an archive of images
  kerasgen init rows.txt data.source.header=false      overrides say how a table is read
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    declare_config(parser, metavar="FILE|OVERRIDE")
    parser.add_argument("--target", metavar="COLUMN", help="the column to predict; else a guess")
    parser.add_argument(
        "--time", metavar="COLUMN", help="the column that orders the rows, for a forecast"
    )
    parser.add_argument(
        "--series", metavar="COLUMN", help="with --time: the column that tells several series apart"
    )
    parser.add_argument("--name", metavar="NAME", help="name of the recipe; else that of the data")
    parser.add_argument(
        "-o", "--output", metavar="DIR", type=Path, default=Path(), help="where `conf` is written"
    )


def _act(options: argparse.Namespace) -> int:
    from kerasgen.verbs.init import Wish, init

    wish = Wish(
        words=tuple(options.overrides),
        target=options.target,
        time=options.time,
        series=options.series,
        folder=options.output,
        name=options.name,
        config_dir=folders_of(options),
        trust=trust_of(options),
    )
    recipe = init(wish)
    lines = [f"wrote {wish.folder / path}" for path in recipe.files]
    lines += ["", *recipe.guessed, ""] if recipe.guessed else [""]
    if wish.folder != Path():
        lines.append(f"cd {shlex.quote(str(wish.folder))}")
    lines += [
        f"kerasgen check --open-data experiment={recipe.name}",
        f"kerasgen run experiment={recipe.name}",
    ]
    # Data may be a stranger's: its words must not drive the terminal.
    print(shown_lines("\n".join(lines)))
    return 0


COMMAND = Command(
    summary="write a first recipe for a file, a folder or an archive of data",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
