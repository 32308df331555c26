"""The command `kerasgen serve`: a trained run that answers over HTTP."""

from __future__ import annotations

import argparse
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
  kerasgen serve last                                  http://127.0.0.1:8000, this machine alone
  kerasgen serve best:test_accuracy --port 0           a free port, which is printed
  kerasgen serve last --host 0.0.0.0 --token-file token.txt
  curl --json '{"age": 31, "city": "Rome"}' 127.0.0.1:8000/predict
  curl -F files=@new.csv 127.0.0.1:8000/predict        a table; or images, for a model of images
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help=RUN_NAME)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen; others need a token")
    parser.add_argument("--port", type=int, default=8000, help="0 for a free one")
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        type=Path,
        help="a file with the token that clients must send; or the variable KERASGEN_TOKEN",
    )
    for name, kind, default, told in (
        ("batch", _count, 64, "rows that the model is asked for at once"),
        ("rows", _count, 10_000, "rows of a request"),
        ("bytes", _count, 16 * 2**20, "bytes of a request"),
        ("queue", _count, 256, "requests that wait for the model"),
        ("connections", _count, 512, "clients that are connected"),
    ):
        parser.add_argument(
            f"--max-{name}", metavar="N", type=kind, default=default, help=f"{told} ({default})"
        )
    parser.add_argument(
        "--max-wait",
        metavar="MS",
        type=_amount,
        help="milliseconds for which a request waits for others to be computed with (2 while "
        "several come at once, else 0)",
    )
    parser.add_argument(
        "--timeout",
        metavar="S",
        type=_amount,
        default=30.0,
        help="seconds in which a request has its answer (30)",
    )
    parser.add_argument(
        "--client-timeout",
        metavar="S",
        type=_amount,
        default=10.0,
        help="seconds in which a client sends its request, and takes each part of its answer (10)",
    )
    declare_run_folders(parser)
    declare_trust(parser)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.verbs.serve import Address, serve_run
    from kerasgen.verbs.serving.limits import ServingLimits

    limits = ServingLimits(
        max_bytes=options.max_bytes,
        max_rows=options.max_rows,
        timeout=options.timeout,
        body_timeout=options.client_timeout,
        max_queue=options.max_queue,
        max_connections=options.max_connections,
        max_batch=options.max_batch,
        max_wait=None if options.max_wait is None else options.max_wait / 1000,
    )
    address = Address(host=options.host, port=options.port, token_file=options.token_file)
    serve_run(run_folder_of(options.run, options), address, limits, _say, trust_of(options))
    return DONE


def _say(text: str) -> None:
    # The name of a run may be a stranger's: it must not drive the terminal.
    print(shown_lines(text), flush=True)


def _count(word: str) -> int:
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number


def _amount(word: str) -> float:
    number = float(word)
    if not 0 <= number < 1e6:
        raise argparse.ArgumentTypeError(f"{word} is no number from 0 to 1,000,000")
    return number


COMMAND = Command(
    summary="answer over HTTP with a trained run",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
