"""The command `kerasgen check`: the whole compilation of a config, without training."""

from __future__ import annotations

import argparse
import json

from kerasgen.cli.command import Command, declare_config, refuse
from kerasgen.diagnostics import count_text, render_text

_EXAMPLES = """\
examples:
  kerasgen check                                       the default config
  kerasgen check model=convnet fit.batch_size=256      with overrides
  kerasgen check experiment=diabetes data.source.path=pima.csv --open-data
  kerasgen check experiment=cifar10_resnet --json      for machines
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    declare_config(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--open-data", action="store_true", help="open the data too, and verify its facts"
    )


def _act(options: argparse.Namespace) -> int:
    from kerasgen.run.checking import check_config

    outcome = check_config(options.overrides, options.config_dir, open_data=options.open_data)
    if options.json:
        print(json.dumps(outcome.report(), indent=2))
        return 0 if outcome.compiled is not None else 2
    if outcome.compiled is None:
        return refuse(outcome.diagnostics)
    print(outcome.text())
    if outcome.diagnostics:
        print(f"\n{render_text(outcome.diagnostics)}")
    print(f"\n{count_text(outcome.diagnostics) or 'no errors, no warnings'}")
    return 0


COMMAND = Command(
    summary="compile a config without training: all mistakes, shapes, costs",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
