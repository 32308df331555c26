"""The command `kerasgen plan`: what a run or a sweep will take, before it starts."""

from __future__ import annotations

import argparse
import json
import math

from kerasgen.cli.shared_arguments import Command, declare_config, place_of, refuse, trust_of
from kerasgen.foreign.printable import shown_lines
from kerasgen.process.exit_codes import DONE, FAILED, REFUSED

_EXAMPLES = """\
examples:
  kerasgen plan model=convnet fit.epochs=50            one run: time, memory, disk
  kerasgen plan -m model=mlp,convnet 'seed=range(5)'   a sweep: each job, and all together
  kerasgen plan -m model=mlp,convnet budget=2h         which of its jobs two hours are enough for
  kerasgen plan -m model=mlp,convnet --fast            parameters and arithmetic alone, at once
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    declare_config(parser)
    parser.add_argument("--config-name", "-cn", metavar="NAME", help="another root config")
    parser.add_argument(
        "--config-path", "-cp", metavar="DIR", help="a folder in place of the shipped configs"
    )
    parser.add_argument("-m", "--multirun", action="store_true", help="plan a sweep")
    parser.add_argument(
        "--force", action="store_true", help="plan all jobs, also those that are done"
    )
    parser.add_argument(
        "--seconds",
        type=_seconds,
        default=10.0,
        metavar="S",
        help="how long one job of each kind is trained, 10 by default",
    )
    parser.add_argument(
        "--steps", type=_steps, metavar="N", help="steps of that training at the most"
    )
    parser.add_argument(
        "--fast",
        "--no-measure",
        action="store_true",
        help="train nothing: parameters, arithmetic and bytes as the configs tell them",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 < found < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return found


def _steps(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no positive integer")
    return int(text)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.run.warm_up import Bound
    from kerasgen.sweep.hydra.command_line import application_of
    from kerasgen.sweep.hydra.planning import Wish, planned
    from kerasgen.sweep.plan.budget import spelled_out
    from kerasgen.sweep.plan.plan_text import plan_data, plan_text

    place, trust = place_of(options), trust_of(options)
    bound = None if options.fast else Bound(seconds=options.seconds, steps=options.steps)
    overrides = spelled_out(options.overrides)
    wish = Wish(place=place, trust=trust, anew=options.force, bound=bound)
    application = application_of(place, overrides)
    plan, several, misfits = planned(application, overrides, wish, several=options.multirun)
    flags = [*place.flags(), *trust.flags(), *(["--force"] if options.force else [])]
    swept = ["-m"] if several else []
    command = ["kerasgen", "run", *swept, *flags, *options.overrides]
    if options.json:
        from kerasgen.diagnostics.render import render_json

        found = plan_data(plan, command)
        print(json.dumps({**found, "diagnostics": render_json(misfits)}, indent=2))
    else:
        print(shown_lines(plan_text(plan, command)), flush=True)
    if misfits:
        return REFUSED if options.json else refuse(misfits)
    return FAILED if plan.of("fails") else DONE


COMMAND = Command(
    summary="tell what a run or a sweep will take: time, memory, disk",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
