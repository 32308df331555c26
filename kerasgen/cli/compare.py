"""The command `kerasgen compare`: what differs between runs, sweeps or configs."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from kerasgen.cli.shared_arguments import (
    RUN_NAME,
    Command,
    declare_config_folders,
    declare_outputs,
    declare_trust,
    folders_of,
    trust_of,
)
from kerasgen.diagnostics import CompileError
from kerasgen.foreign.printable import shown_lines
from kerasgen.process.exit_codes import DONE

if TYPE_CHECKING:
    from kerasgen.sweep.sweep_comparison import SweepComparison
    from kerasgen.verbs.compare import RunComparison
    from kerasgen.verbs.compare_configs import ConfigComparison

    Found = TypeVar("Found", RunComparison, ConfigComparison, SweepComparison)

_EXAMPLES = """\
examples:
  kerasgen compare last best:test_accuracy             configs, metrics, environment
  kerasgen compare 2026-01-31/12 2026-01-31/13 --plot curves.svg
  kerasgen compare last best:test_loss --json
  kerasgen compare outputs/sweeps/2026-01-31/12-00-00 outputs/sweeps/2026-02-01/09-30-00
  kerasgen compare --config model=mlp "model=mlp model.layers.hidden1.units=64"
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        metavar="RUN",
        nargs="+",
        help=f"{RUN_NAME}; or the folder of a sweep; with --config the overrides of a config, in "
        "quotes",
    )
    parser.add_argument(
        "--config", action="store_true", help="compare configs, which are not trained"
    )
    parser.add_argument(
        "--plot", metavar="FILE", type=Path, help="draw the curves over one another: .png or .svg"
    )
    parser.add_argument(
        "--by",
        metavar="METRIC",
        help="of sweeps: the metric that judges; +METRIC for the smallest, -METRIC for the largest",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    declare_outputs(parser)
    declare_config_folders(parser)
    declare_trust(parser)


def _act(options: argparse.Namespace) -> int:
    if options.config:
        return _compare_configs(options)
    from kerasgen.session.named_run import named_run
    from kerasgen.sweep.sweep_comparison import any_sweep
    from kerasgen.verbs.compare import compare_runs, draw_histories
    from kerasgen.verbs.comparison_text import runs_text

    if any_sweep(options.words, options.outputs):
        return _compare_sweeps(options)
    if options.by is not None:
        raise _needless("--by", "judges sweeps, and none is named")
    folders = [named_run(name, options.outputs) for name in options.words]
    found = compare_runs(folders, options.outputs)
    if options.plot is not None:
        draw_histories(options.plot, found.runs)
    return _tell(found, runs_text, options)


def _compare_configs(options: argparse.Namespace) -> int:
    from kerasgen.diagnostics import Sink
    from kerasgen.frontend.compose.config_folders import ConfigPlace
    from kerasgen.frontend.compose.origins import place_of_text
    from kerasgen.verbs.compare_configs import compare_configs
    from kerasgen.verbs.comparison_text import configs_text

    if options.by is not None:
        raise _needless("--by", "judges sweeps, and configs have no figures")
    if options.plot is not None:
        raise Sink().fail_at(
            "KG126",
            "`--plot` draws what runs have learned, and takes no `--config`",
            location=place_of_text("--plot --config", length=len("--plot")),
            help="train them first, and compare the runs",
        )
    configs = [(text, _overrides(text)) for text in options.words]
    place = ConfigPlace(config_dirs=folders_of(options))
    found = compare_configs(configs, place, trust_of(options))
    return _tell(found, configs_text, options)


def _compare_sweeps(options: argparse.Namespace) -> int:
    from kerasgen.sweep.comparison_text import sweeps_text
    from kerasgen.sweep.sweep_comparison import compare_sweeps

    found = compare_sweeps(options.words, options.outputs, options.by)
    if options.plot is not None:
        from kerasgen.verbs.compare import draw_histories

        draw_histories(options.plot, found.best_runs)
    return _tell(found, sweeps_text, options)


def _tell(found: Found, text: Callable[[Found], str], options: argparse.Namespace) -> int:
    print(json.dumps(found.report(), indent=2) if options.json else shown_lines(text(found)))
    return DONE


def _needless(flag: str, why: str) -> CompileError:
    from kerasgen.diagnostics import Sink
    from kerasgen.frontend.compose.origins import place_of_text

    place = place_of_text(flag, length=len(flag))
    return Sink().fail_at("KG126", f"`{flag}` {why}", location=place, help="leave it out")


def _overrides(text: str) -> tuple[str, ...]:
    """The overrides in a word of the command line, parted as a shell does it.

    Raises:
        CompileError: KG102, a quote is open.
    """
    from kerasgen.diagnostics import Sink
    from kerasgen.frontend.compose.origins import place_of_text

    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        told = str(error).lower()
        location = place_of_text(text)
        raise Sink().fail_at(
            "KG102", f"the overrides cannot be read: {told}", location=location
        ) from None


COMMAND = Command(
    summary="tell what differs between runs, sweeps or configs",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
