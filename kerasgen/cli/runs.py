"""The command `kerasgen runs`: the runs that were made."""

from __future__ import annotations

import argparse
import json
import sys

from kerasgen.cli.shared_arguments import Command, declare_outputs
from kerasgen.diagnostics import Sink
from kerasgen.diagnostics.render import render_text
from kerasgen.foreign.printable import shown_lines

_EXAMPLES = """\
examples:
  kerasgen runs                                        newest first
  kerasgen runs backend=jax 'metrics.test.accuracy>0.9'
  kerasgen runs status=failed
  kerasgen runs tag=paper
  kerasgen runs --sort -test_accuracy --limit 5
  kerasgen runs --columns data,optimizer.learning_rate,test_accuracy
  kerasgen runs --csv > runs.csv
  kerasgen runs --json
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "filters", nargs="*", metavar="FILTER", help="key=value, with = != > >= < <="
    )
    declare_outputs(parser)
    parser.add_argument("--sort", metavar="KEY", help="a field or metric; -KEY for descending")
    parser.add_argument("--limit", metavar="N", type=_count, help="show the first N only")
    parser.add_argument(
        "--columns",
        metavar="NAME,…",
        type=_names,
        default=[],
        help="the columns: fields, metrics, tags, keys of the config",
    )
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="print one JSON document")
    forms.add_argument("--csv", action="store_true", help="print CSV, figures in full")


def _names(text: str) -> list[str]:
    """Names with commas between them, each once."""
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _count(text: str) -> int:
    """A number of runs, as it is typed.

    Raises:
        argparse.ArgumentTypeError: it is no whole number of at least 0.
    """
    if not text.isdecimal() or not text.isascii():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 0")
    return int(text)


def _act(options: argparse.Namespace) -> int:
    import gc

    # Nearly all that is read lives to the end: looking for garbage is in vain.
    gc.disable()
    try:
        return _list(options)
    finally:
        gc.enable()


def _list(options: argparse.Namespace) -> int:
    from kerasgen.verbs.runs import list_runs, render_runs, runs_csv, runs_json

    sink = Sink()
    listing = list_runs(
        options.outputs,
        filters=options.filters,
        sort=options.sort,
        limit=options.limit,
        columns=options.columns,
        sink=sink,
    )
    sink.stop_on_errors()
    if options.json:
        print(json.dumps(runs_json(listing.runs), indent=2))
    elif options.csv:
        print(runs_csv(listing, sink), end="")
    else:
        metrics = [options.sort.lstrip("-")] if options.sort else []
        print(shown_lines(render_runs(listing.runs, metrics=metrics, named=listing.columns)))
    if sink.diagnostics:
        print(render_text(sink.diagnostics), file=sys.stderr)
    return 0


COMMAND = Command(
    summary="list what was trained, newest first",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
