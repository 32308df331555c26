"""The command `kerasgen`: parses arguments, calls one function, prints what it gives.

This room owns the command line and the exit codes. Importing it imports neither Keras nor a
backend; a command that needs them starts them itself.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from kerasgen import __version__
from kerasgen.diagnostics import (
    CompileError,
    Diagnostic,
    Sink,
    count_text,
    did_you_mean,
    render_text,
)

_DESCRIPTION = "Compiles Hydra configs to Keras models. Training is `kerasgen run` or `run.py`."

_EXAMPLES = """\
examples:
  kerasgen run                                         train on the embedded digits
  kerasgen run model=convnet optimizer=sgd fit.epochs=20
  kerasgen run -m optimizer.learning_rate=1e-2,1e-3    a sweep
  kerasgen check experiment=cifar10_resnet             all mistakes, shapes, costs; no training
  kerasgen show model=convnet --graph convnet.svg      draw a model
  kerasgen show outputs/2026-01-31/12-00-00 --weights  look into a trained one
  kerasgen runs --sort -test_accuracy                  what was trained, best first
"""

_CHECK_EXAMPLES = """\
examples:
  kerasgen check                                       the default config
  kerasgen check model=convnet fit.batch_size=256      with overrides
  kerasgen check experiment=diabetes data.source.path=pima.csv --open-data
  kerasgen check experiment=cifar10_resnet --json      for machines
"""

_SHOW_EXAMPLES = """\
examples:
  kerasgen show model=convnet                          resolved config, each value with its origin
  kerasgen show model=convnet --summary                what model.summary() prints
  kerasgen show model=convnet --graph convnet.png      a picture; .svg and .mmd work too
  kerasgen show outputs/2026-01-31/12-00-00 --weights  name, shape, type, range, mean of the weights
"""

_RUNS_EXAMPLES = """\
examples:
  kerasgen runs                                        newest first
  kerasgen runs backend=jax 'metrics.test.accuracy>0.9'
  kerasgen runs status=failed
  kerasgen runs --sort -test_accuracy --limit 5
  kerasgen runs --json
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        argv: the arguments, None for those of the process.

    Returns:
        The exit code: 0 done, 1 a step failed, 2 something the user wrote is wrong.

    Raises:
        SystemExit: after `--help` and `--version`, and for wrong usage (code 2).
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["run"]:
        from kerasgen.sweep.application import main as train

        return train(arguments[1:])
    command = _COMMANDS[_chosen(arguments)]
    parser = _parser(f"kerasgen {arguments[0]}", command.summary, command.examples)
    command.declare(parser)
    options = parser.parse_intermixed_args(_with_signs(arguments[1:]))
    try:
        return command.act(options)
    except CompileError as error:
        return _refuse(error.diagnostics)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has gone; what Python flushes at exit must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def script() -> NoReturn:
    """The console script `kerasgen`."""
    sys.exit(main())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command:
    """One command: what it is for, its arguments, and what it does."""

    summary: str
    examples: str
    declare: Callable[[argparse.ArgumentParser], None]
    act: Callable[[argparse.Namespace], int]


def _parser(name: str, description: str, examples: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=name,
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _chosen(arguments: Sequence[str]) -> str:
    """The command that the first argument names; all else is told by the parser, which exits."""
    if arguments and arguments[0] in _COMMANDS:
        return arguments[0]
    parser = _parser("kerasgen", _DESCRIPTION, _EXAMPLES)
    parser.usage = "kerasgen COMMAND [ARGUMENT ...]"
    parser.add_argument("--version", action="version", version=f"kerasgen {__version__}")
    group = parser.add_argument_group("commands", "`kerasgen COMMAND --help` tells more of each")
    group.add_argument("run", nargs="?", help="train: all that run.py takes, sweeps included")
    for name, command in _COMMANDS.items():
        group.add_argument(name, nargs="?", help=command.summary)
    if not arguments:
        parser.print_help(sys.stderr)
        parser.exit(2)
    if not arguments[0].startswith("-"):
        hint = did_you_mean(arguments[0], ("run", *_COMMANDS))
        parser.error(f"there is no command `{arguments[0]}`" + (f": {hint}" if hint else ""))
    parser.parse_args(arguments[:1])
    return parser.error("a command comes first, as in `kerasgen check`")


def _with_signs(arguments: Sequence[str]) -> list[str]:
    """Joins `--sort -KEY` to one argument: argparse takes a value with a minus for an option."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--sort":
            joined[-1] = f"--sort={argument}"
        else:
            joined.append(argument)
    return joined


def _declare_config(parser: argparse.ArgumentParser, metavar: str = "OVERRIDE") -> None:
    parser.add_argument(
        "overrides", nargs="*", metavar=metavar, help="as for run.py: group=option, key=value"
    )
    parser.add_argument(
        "--config-dir", metavar="DIR", help="a folder of configs that come before the shipped ones"
    )


def _declare_check(parser: argparse.ArgumentParser) -> None:
    _declare_config(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--open-data", action="store_true", help="open the data too, and verify its facts"
    )


def _check(options: argparse.Namespace) -> int:
    from kerasgen.run.checking import check_config

    outcome = check_config(options.overrides, options.config_dir, open_data=options.open_data)
    if options.json:
        print(json.dumps(outcome.report(), indent=2))
        return 0 if outcome.compiled is not None else 2
    if outcome.compiled is None:
        return _refuse(outcome.diagnostics)
    print(outcome.text())
    if outcome.diagnostics:
        print(f"\n{render_text(outcome.diagnostics)}")
    print(f"\n{count_text(outcome.diagnostics) or 'no errors, no warnings'}")
    return 0


def _declare_show(parser: argparse.ArgumentParser) -> None:
    _declare_config(parser, metavar="OVERRIDE|RUN")
    looks = parser.add_mutually_exclusive_group()
    for name, text in (
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


def _show(options: argparse.Namespace) -> int:
    from kerasgen.records.looking import Target, draw_graph, look_at, resolved_text

    target = Target.named(options.overrides, options.config_dir)
    if options.graph is not None:
        print(draw_graph(target, options.graph))
    elif options.look is not None:
        print(look_at(target, options.look))
    else:
        print(resolved_text(target), end="")
    return 0


def _declare_runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "filters", nargs="*", metavar="FILTER", help="key=value, with = != > >= < <="
    )
    parser.add_argument(
        "--outputs", metavar="DIR", type=Path, default=Path("outputs"), help="where the runs are"
    )
    parser.add_argument("--sort", metavar="KEY", help="a field or metric; -KEY for descending")
    parser.add_argument("--limit", metavar="N", type=int, help="show the first N only")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _runs(options: argparse.Namespace) -> int:
    from kerasgen.records.listing import list_runs, render_runs, runs_json

    sink = Sink()
    entries = list_runs(
        options.outputs, filters=options.filters, sort=options.sort, limit=options.limit, sink=sink
    )
    sink.stop_on_errors()
    if options.json:
        print(json.dumps(runs_json(entries), indent=2))
    else:
        metrics = [options.sort.lstrip("-")] if options.sort else []
        print(render_runs(entries, metrics=metrics))
    if sink.diagnostics:
        print(render_text(sink.diagnostics), file=sys.stderr)
    return 0


def _refuse(diagnostics: Sequence[Diagnostic]) -> int:
    print(render_text(diagnostics), file=sys.stderr)
    print(f"\n{count_text(diagnostics)}", file=sys.stderr)
    return 2


_COMMANDS: Mapping[str, _Command] = {
    "check": _Command(
        summary="compile a config without training: all mistakes, shapes, costs",
        examples=_CHECK_EXAMPLES,
        declare=_declare_check,
        act=_check,
    ),
    "show": _Command(
        summary="show a config with the origin of each value, or look into a model",
        examples=_SHOW_EXAMPLES,
        declare=_declare_show,
        act=_show,
    ),
    "runs": _Command(
        summary="list the runs, newest first",
        examples=_RUNS_EXAMPLES,
        declare=_declare_runs,
        act=_runs,
    ),
}
