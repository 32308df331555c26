"""The command `kerasgen predict`: the answers of a trained run for new rows."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kerasgen.cli.shared_arguments import (
    RUN_NAME,
    Command,
    declare_run_folders,
    declare_trust,
    run_folder_of,
    trust_of,
)
from kerasgen.foreign.printable import shown_lines
from kerasgen.process.exit_codes import DONE

_EXAMPLES = """\
examples:
  kerasgen predict last new.csv                        the newest run below `outputs`, to stdout
  kerasgen predict best:test_accuracy new.csv -o answers.csv
  kerasgen predict last new.parquet -o answers.parquet --scores
  cat new.csv | kerasgen predict last - --top 3
  kerasgen predict last photos/ -o answers.csv         all images of a folder, for a model of images
  kerasgen predict last --text 'You have won a prize'
  kerasgen predict last new.csv --bad column           rows without an answer stay, and say why
  kerasgen predict last new.csv --fold 2               the second fold of a run of several
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help=RUN_NAME)
    parser.add_argument(
        "rows",
        metavar="INPUT",
        nargs="?",
        help="file of rows, image, folder of images or texts, text; `-` for the standard input",
    )
    parser.add_argument(
        "--text", metavar="TEXT", action="append", default=[], help="a text; several times"
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="file for the answers; else stdout"
    )
    parser.add_argument(
        "--top", metavar="K", type=int, default=1, help="name the K likeliest classes"
    )
    parser.add_argument("--scores", action="store_true", help="a column for each class")
    parser.add_argument(
        "--bad",
        choices=("error", "skip", "column"),
        help="rows without an answer end it all, are left out, or stay and say why (`problem`)",
    )
    declare_run_folders(parser)
    declare_trust(parser)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.verbs.predict import Question, predict_rows

    question = Question(
        rows=options.rows,
        texts=tuple(options.text),
        output=options.output,
        top=options.top,
        scores=options.scores,
        bad=options.bad,
    )
    folder = run_folder_of(options.run, options)
    counted = predict_rows(folder, question, _say, trust_of(options))
    if counted.without:
        print(f"{counted.without:,} of {counted.rows:,} rows have no answer", file=sys.stderr)
    return DONE


def _say(text: str) -> None:
    # Rows may be a stranger's: their words must not drive the terminal.
    print(shown_lines(text), end="")


COMMAND = Command(
    summary="answer for new rows with a trained run",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
