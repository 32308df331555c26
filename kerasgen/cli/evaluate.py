"""The command `kerasgen evaluate`: loss and metrics of a finished run."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict

from kerasgen.cli.shared_arguments import (
    RUN_NAME,
    Command,
    declare_run_folders,
    declare_trust,
    run_folder_of,
    trust_of,
)
from kerasgen.process.exit_codes import DONE

_EXAMPLES = """\
examples:
  kerasgen evaluate last                                       on its test part: as its record says
  kerasgen evaluate last data.source.path=new.csv              on other data
  kerasgen evaluate outputs/2026-01-31/12-00-00 --json
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    # One positional argument: argparse cannot tell two apart with options between them.
    parser.add_argument(
        "words",
        metavar="RUN",
        nargs="+",
        help=f"{RUN_NAME}; then overrides, for what is said otherwise of its data",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    declare_run_folders(parser)
    declare_trust(parser)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.diagnostics.render import render_text
    from kerasgen.verbs.evaluate import evaluate_run

    run, *overrides = options.words
    folder = run_folder_of(run, options)
    found = evaluate_run(folder, overrides, trust_of(options))
    if found.changed:
        changed = "the data is not what the run was trained on: its fingerprint differs"
        print(changed, file=sys.stderr)
    if found.warnings:
        print(render_text(found.warnings), file=sys.stderr)
    if options.json:
        told = {key: value for key, value in asdict(found).items() if key != "warnings"}
        print(json.dumps({"run": str(folder), **told}, indent=2))
        return DONE
    print(f"{found.part}: {found.rows:,} rows")
    print("\n".join(_shown(found.metrics)))
    for name, errors in found.baselines.items():
        print("\n".join([f"{name.replace('_', ' ')} forecast:", *_shown(errors)]))
    return DONE


def _shown(figures: Mapping[str, float]) -> list[str]:
    width = max(map(len, figures))
    return [f"  {name:<{width}}  {value:.6g}" for name, value in figures.items()]


COMMAND = Command(
    summary="measure a trained run again, or on other data",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
