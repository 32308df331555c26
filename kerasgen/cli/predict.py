"""The command `kerasgen predict`: the answers of a trained run for new rows."""

from __future__ import annotations

import argparse
from pathlib import Path

from kerasgen.cli.shared_arguments import Command, declare_trust, trust_of
from kerasgen.foreign.printable import shown_lines

_EXAMPLES = """\
examples:
  kerasgen predict last new.csv                        the newest run below `outputs`, to stdout
  kerasgen predict outputs/2026-01-31/12-00-00 new.csv -o answers.csv
  kerasgen predict last new.parquet -o answers.parquet --scores
  cat new.csv | kerasgen predict last - --top 3
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="folder of a run, or `last`")
    parser.add_argument("rows", metavar="INPUT", help="file of rows, `-` for the standard input")
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="file for the answers; else stdout"
    )
    parser.add_argument(
        "--top", metavar="K", type=int, default=1, help="name the K likeliest classes"
    )
    parser.add_argument("--scores", action="store_true", help="a column for each class")
    parser.add_argument(
        "--outputs", metavar="DIR", type=Path, default=Path("outputs"), help="where the runs are"
    )
    declare_trust(parser)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.verbs.named_run import named_run
    from kerasgen.verbs.predict import Question, predict_file

    question = Question(
        rows=options.rows, output=options.output, top=options.top, scores=options.scores
    )
    folder = named_run(options.run, options.outputs)
    text = predict_file(folder, question, trust_of(options))
    if text is not None:
        # Rows may be a stranger's: their words must not drive the terminal.
        print(shown_lines(text), end="")
    return 0


COMMAND = Command(
    summary="answer for new rows with a trained run",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
