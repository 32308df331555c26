"""The command `kerasgen`: parses arguments, calls one function, prints what it gives.

This room owns the command line: which command is called, and its help. The commands are listed in
`commands`, the exit codes in `process.exit_codes`. Importing it imports neither Keras nor a
backend; a command that needs them starts them itself.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from kerasgen import __version__
from kerasgen.cli import completion
from kerasgen.cli.commands import COMMANDS
from kerasgen.diagnostics import did_you_mean
from kerasgen.process.entry import begin, guarded

_DESCRIPTION = "Compiles Hydra configs to Keras models. Training is `kerasgen run` or `run.py`."

_EXAMPLES = """\
examples:
  kerasgen run                                         digits, an MLP, works offline
  kerasgen run model=convnet optimizer=sgd fit.epochs=20
  kerasgen run -m optimizer.learning_rate=1e-2,1e-3    a sweep
  kerasgen describe titanic.csv --target survived      what its columns are, and what is suspicious
  kerasgen init titanic.csv                            a first recipe for it
  kerasgen check experiment=cifar10_resnet             all mistakes, shapes, costs; no training
  kerasgen show model=convnet --graph convnet.svg      draw a model
  kerasgen show outputs/2026-01-31/12-00-00 --weights  look into a trained one
  kerasgen runs --sort -test_accuracy                  what was trained, best first
  kerasgen import trained.keras -o conf/model/mine.yaml   a Keras model as a config
  kerasgen eject experiment=penguins -o train.py       a config as a plain Keras script
  kerasgen schema                                      what editors complete and check with
  kerasgen explain KG701                               the manual, of a code, a class, a key …
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        argv: the arguments, None for those of the process.

    Returns:
        The exit code: 0 done, 1 a step failed, 2 something the user wrote is wrong, 128 and more
        for a signal.

    Raises:
        SystemExit: after `--help` and `--version`, and for wrong usage (code 2).
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["help"]:  # `help`, `help check`: a habit from other programs
        arguments = [*arguments[1:2], "--help"]
    if arguments[:1] == ["run"]:
        from kerasgen.sweep.hydra.command_line import main as train

        return train(arguments[1:])
    if arguments[:1] and arguments[0] in completion.FLAGS:
        return completion.complete(arguments, COMMANDS)
    command = COMMANDS[_chosen(arguments)]
    parser = _parser(f"kerasgen {arguments[0]}", command.summary, command.examples)
    command.declare(parser)
    words = _with_signs(arguments[1:])
    options, extra = parser.parse_known_intermixed_args(words)
    if extra and not hasattr(options, "overrides"):
        parser.error(f"unrecognized arguments: {' '.join(extra)}")

    def act() -> int:
        if extra:
            from kerasgen.frontend.compose.command_line_words import refuse_flags

            refuse_flags(extra, words, parser._option_string_actions)
        return command.act(options)

    return guarded(act)


def script() -> NoReturn:
    """The console script of an installation from before `kerasgen.__main__` had it."""
    begin(main)


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
    if arguments and arguments[0] in COMMANDS:
        return arguments[0]
    parser = _parser("kerasgen", _DESCRIPTION, _EXAMPLES)
    parser.usage = "kerasgen COMMAND [ARGUMENT ...]"
    parser.add_argument("--version", action="version", version=f"kerasgen {__version__}")
    group = parser.add_argument_group("commands", "`kerasgen COMMAND --help` tells more of each")
    group.add_argument("run", nargs="?", help="train: all that run.py takes, sweeps included")
    for name, command in COMMANDS.items():
        group.add_argument(name, nargs="?", help=command.summary)
    if not arguments:
        parser.print_help(sys.stderr)
        parser.exit(2)
    if not arguments[0].startswith("-"):
        hint = did_you_mean(arguments[0], ("run", *COMMANDS))
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
