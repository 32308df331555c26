"""The command `kerasgen show`: a config, or what a model looks like."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kerasgen.cli.shared_arguments import (
    Command,
    declare_config,
    declare_outputs,
    folders_of,
    trust_of,
)
from kerasgen.foreign.printable import shown_lines

_EXAMPLES = """\
examples:
  kerasgen show model=convnet                          resolved config, each value with its origin
  kerasgen show model=resnet20 --expanded              the model without blocks and repetitions
  kerasgen show model=convnet --summary                what model.summary() prints
  kerasgen show model=convnet --graph convnet.png      draw the graph: .png, .svg or .mmd
  kerasgen show model=resnet20 --graph r.png --depth 1  with one level of its blocks open
  kerasgen show last --expanded                        the layers of the newest run
  kerasgen show best:test_accuracy --weights           name, shape, type, range, mean of the weights
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    declare_config(parser, metavar="OVERRIDE|RUN")
    looks = parser.add_mutually_exclusive_group()
    for name, text in (
        ("expanded", "the model without blocks, repetitions, parameters and selectors"),
        ("summary", "what `model.summary()` prints"),
        ("shapes", "the output shape of every layer"),
        ("get-config", "`model.get_config()` as JSON"),
        ("weights", "name, shape, type, range and mean of the weights"),
        ("mermaid", "the graph as Mermaid text"),
        ("prepare", "what `data.prepare` makes of the columns, step by step"),
    ):
        looks.add_argument(f"--{name}", dest="look", action="store_const", const=name, help=text)
    looks.add_argument(
        "--graph", metavar="FILE", type=Path, help="draw the graph: .png, .svg or .mmd"
    )
    looks.add_argument(
        "--prepare-graph", metavar="FILE", type=Path, help="the same of `data.prepare`"
    )
    parser.add_argument(
        "--depth",
        metavar="N",
        type=_levels,
        help="with --graph or --mermaid: how many levels of blocks and nested models are open, or "
        "`all`; without it as many as keep the drawing readable",
    )
    declare_outputs(parser)


def _levels(text: str) -> int:
    """What `--depth` says; no model is deeper than `all`."""
    if text == "all":
        return sys.maxsize
    if text.isascii() and text.isdigit() and len(text) < 9:
        return int(text)
    raise argparse.ArgumentTypeError(f"`{text}` is no number of levels; write 0, 1, … or `all`")


def _check_depth(options: argparse.Namespace) -> None:
    """Refuses a depth where nothing is drawn: KG126."""
    if options.depth is None or options.graph is not None or options.look == "mermaid":
        return
    from kerasgen.diagnostics import Sink
    from kerasgen.frontend.compose.origins import place_of_text

    raise Sink().fail_at(
        "KG126",
        "`--depth` says how much of a graph is open, and no graph is drawn",
        location=place_of_text("--depth"),
        help="add `--graph FILE` or `--mermaid`",
    )


def _act(options: argparse.Namespace) -> int:
    from kerasgen.verbs.show import (
        Target,
        draw_graph,
        draw_preparation,
        expanded_text,
        look_at,
        mermaid_text,
        resolved_text,
    )

    _check_depth(options)

    target = Target.named(
        options.overrides, folders_of(options), trust_of(options), options.outputs
    )
    if options.graph is not None:
        text = draw_graph(target, options.graph, options.depth) + "\n"
    elif options.prepare_graph is not None:
        text = draw_preparation(target, options.prepare_graph) + "\n"
    elif options.look == "mermaid":
        text = mermaid_text(target, options.depth) + "\n"
    elif options.look == "expanded":
        text = expanded_text(target)
    elif options.look is not None:
        text = look_at(target, options.look) + "\n"
    else:
        text = resolved_text(target)
    # A run may be a stranger's: its names must not drive the terminal.
    print(shown_lines(text), end="")
    return 0


COMMAND = Command(
    summary="show a config with the origin of each value, or look into a model",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
