"""The command `kerasgen parity`: whether a config is the same on all engines."""

from __future__ import annotations

import argparse
import json
import sys

from kerasgen.cli.shared_arguments import Command, declare_config, folders_of, tolerance, trust_of
from kerasgen.foreign.printable import shown_lines
from kerasgen.process.exit_codes import DONE, FAILED, REFUSED

_EXAMPLES = """\
examples:
  kerasgen parity model=convnet               every engine that is here, in both layouts
  kerasgen parity experiment=penguins --engines jax,torch --steps 10
  kerasgen parity model=mlp --json

exit code: 0 the same, 1 not the same, 2 the config is refused
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    declare_config(parser)
    parser.add_argument(
        "--engines",
        metavar="NAMES",
        type=_names,
        help="engines with commas; the first is compared with; all by default",
    )
    parser.add_argument(
        "--layouts",
        metavar="NAMES",
        type=_names,
        help="channels_last, channels_first, or both with a comma, as by default",
    )
    parser.add_argument(
        "--rows", metavar="N", type=_count, default=32, help="rows of the batch; 32 by default"
    )
    parser.add_argument(
        "--steps", metavar="N", type=_count, default=3, help="steps of training; 3 by default"
    )
    parser.add_argument(
        "--tolerance",
        metavar="X",
        type=tolerance,
        default=1e-4,
        help="the largest difference that counts as none, relative to the larger of 1 and the "
        "largest value; 1e-4 by default",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"`{text}` is no number from 1 to 100,000")
    return int(text)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.engines.choice import available_engines
    from kerasgen.verbs.engine_parity.parity import LAYOUTS, Asked, compare_engines

    here = available_engines()
    asked = Asked(
        overrides=tuple(options.overrides),
        config_dirs=folders_of(options),
        trust=trust_of(options),
        engines=options.engines or tuple(here),
        layouts=options.layouts or LAYOUTS,
        rows=options.rows,
        steps=options.steps,
        tolerance=options.tolerance,
    )
    for names, known in ((asked.engines, here), (asked.layouts, LAYOUTS)):
        for name in names:
            if name not in known:
                listed = ", ".join(f"`{each}`" for each in known)
                print(f"error: `{name}` is not here; there are {listed}", file=sys.stderr)
                return REFUSED
    found = compare_engines(asked, _say)
    if len(found.outcomes) == 1 and found.outcomes[0].refused:
        print(shown_lines(found.outcomes[0].refused), file=sys.stderr)
        return REFUSED if found.outcomes[0].code == REFUSED else FAILED
    print(json.dumps(found.report(), indent=2) if options.json else shown_lines(found.text()))
    return DONE if found.same else FAILED


def _say(text: str) -> None:
    print(f"measuring {text} …", file=sys.stderr, flush=True)


COMMAND = Command(
    summary="compare a config on all engines and in both layouts",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
"""What `kerasgen parity` is."""
