"""The command `kerasgen show`: a config, or what a model looks like."""

from __future__ import annotations

import argparse
from pathlib import Path

from kerasgen.cli.command import Command, declare_config, folders_of, trust_of

_EXAMPLES = """\
examples:
  kerasgen show model=convnet                          resolved config, each value with its origin
  kerasgen show model=resnet20 --expanded              the model without blocks and repetitions
  kerasgen show model=convnet --summary                what model.summary() prints
  kerasgen show model=convnet --graph convnet.png      a picture; .svg and .mmd work too
  kerasgen show outputs/2026-01-31/12-00-00 --weights  name, shape, type, range, mean of the weights
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    declare_config(parser, metavar="OVERRIDE|RUN")
    looks = parser.add_mutually_exclusive_group()
    for name, text in (
        ("expanded", "the model without blocks, repetitions, parameters and selectors"),
        ("summary", "what `model.summary()` prints"),
        ("shapes", "the output shape of every layer"),
        ("get-config", "`model.get_config()` as JSON"),
        ("weights", "weight tensors: name, shape, type, range, mean"),
        ("mermaid", "the graph as Mermaid text"),
    ):
        looks.add_argument(f"--{name}", dest="look", action="store_const", const=name, help=text)
    looks.add_argument(
        "--graph", metavar="FILE", type=Path, help="draw the graph: .svg, .png or .mmd"
    )


def _act(options: argparse.Namespace) -> int:
    from kerasgen.records.looking import (
        Target,
        draw_graph,
        expanded_text,
        look_at,
        resolved_text,
    )

    target = Target.named(options.overrides, folders_of(options), trust_of(options))
    if options.graph is not None:
        print(draw_graph(target, options.graph))
    elif options.look == "expanded":
        print(expanded_text(target), end="")
    elif options.look is not None:
        print(look_at(target, options.look))
    else:
        print(resolved_text(target), end="")
    return 0


COMMAND = Command(
    summary="show a config with the origin of each value, or look into a model",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
