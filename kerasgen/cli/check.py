"""The command `kerasgen check`: the whole compilation of a config, without training."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Mapping, Sequence

import kerasgen
from kerasgen.cli.asking import agreed, can_ask
from kerasgen.cli.shared_arguments import Command, declare_config, place_of, refuse, trust_of
from kerasgen.diagnostics import Diagnostic
from kerasgen.diagnostics.render import closing_text, render_text
from kerasgen.process.exit_codes import DONE, REFUSED

_EXAMPLES = """\
examples:
  kerasgen check                                       the default config
  kerasgen check --fast model=convnet                  names and wiring alone, in half a second
  kerasgen check model=convnet fit.batch_size=256      with overrides
  kerasgen check experiment=diabetes data.source.path=pima.csv --open-data
  kerasgen check experiment=cifar10_resnet --json      for machines
  kerasgen check --all                                 every experiment: one command for CI
  kerasgen check -m optimizer=adam,sgd seed=1,2        every job of a sweep
  kerasgen check model=mine --fix                      mend misspelled words in the config files
"""

_AGAIN = "import sys; sys.path.append(sys.argv[1]); from kerasgen.cli import main; "
_AGAIN += "from kerasgen.process.entry import begin; begin(lambda: main(sys.argv[2:]))"


def _declare(parser: argparse.ArgumentParser) -> None:
    declare_config(parser)
    parser.add_argument("--config-name", "-cn", metavar="NAME", help="another root config")
    parser.add_argument(
        "--config-path", "-cp", metavar="DIR", help="a folder in place of the shipped configs"
    )
    parser.add_argument(
        "--fast",
        action="store_true",
        help="names, arguments and wiring alone, without importing Keras",
    )
    parser.add_argument(
        "--fix",
        action="store_true",
        help="mend misspelled and former names in the config files; shows the difference and asks",
    )
    parser.add_argument("--yes", action="store_true", help="with --fix: do not ask")
    parser.add_argument(
        "--dry-run", action="store_true", help="with --fix: only show what would be written"
    )
    parser.add_argument(
        "--all",
        metavar="GLOB",
        nargs="?",
        const="*",
        help="check every experiment, or those whose names fit, each with the overrides",
    )
    parser.add_argument(
        "-m", "--multirun", action="store_true", help="check every job of a sweep, 200 at most"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--open-data", action="store_true", help="open the data too, and verify its facts"
    )
    parser.add_argument(
        "--own-engine",
        action="store_true",
        help="use the config's own backend, also where a lighter one gives the same report",
    )


def _act(options: argparse.Namespace) -> int:
    if options.all is not None and "=" in options.all:  # The first override, and no pattern.
        options.overrides.insert(0, options.all)
        options.all = "*"
    from kerasgen.session.early_checks import SweepAskedError

    _stop_if_vain(options)
    if options.all is None and not options.multirun:
        with contextlib.suppress(SweepAskedError):
            return _act_alone(options)
    from kerasgen.cli import many_checks

    return many_checks.act(options)


def _stop_if_vain(options: argparse.Namespace) -> None:
    """Refuses options that would do nothing, so that nobody waits for what they say.

    Raises:
        CompileError: KG126, `--yes` or `--dry-run` without `--fix`, `--fix` with many configs,
            or both `--all` and `-m`.
    """
    given = (("--yes", options.yes), ("--dry-run", options.dry_run))
    vain = [] if options.fix else [flag for flag, is_given in given if is_given]
    several = options.fix and (options.multirun or options.all is not None)
    both = options.multirun and options.all is not None
    if not (vain or several or both):
        return
    from kerasgen.diagnostics import Sink
    from kerasgen.frontend.compose.origins import place_of_text

    if vain:
        raise Sink().fail_at(
            "KG126",
            f"`{vain[0]}` does nothing without `--fix`",
            location=place_of_text(vain[0]),
            help=f"write `--fix {vain[0]}`",
        )
    if not several:
        raise Sink().fail_at(
            "KG126",
            "`--all` checks each experiment once, and takes no `-m`",
            location=place_of_text("--all -m", length=len("--all")),
            help="name the experiments in the sweep, `-m experiment=NAME,NAME`, or leave out `-m`",
        )
    many = "-m" if options.multirun else "--all"
    raise Sink().fail_at(
        "KG126",
        f"`--fix` mends the files of one config, and takes no `{many}`",
        location=place_of_text(f"--fix {many}", length=len("--fix")),
        help=f"leave out `{many}`, and name one config: `--fix experiment=NAME`",
    )


def _act_alone(options: argparse.Namespace) -> int:
    if options.fix:
        # What is mended is for people: of `--json` stdout is one document.
        with contextlib.redirect_stdout(sys.stderr if options.json else sys.stdout):
            _fix(options)
    if options.fast:
        return _act_fast(options)
    from kerasgen.session.states import EngineDoubtError
    from kerasgen.verbs.check import check_config

    environment = dict(os.environ)  # Starting an engine changes it.
    try:
        outcome = check_config(
            options.overrides,
            place_of(options),
            open_data=options.open_data,
            light=not options.own_engine,
            trust=trust_of(options),
        )
    except EngineDoubtError:
        return _check_again(options, environment)
    if options.json:
        print(json.dumps(outcome.report(), indent=2))
        return DONE if outcome.valid else REFUSED
    if not outcome.valid:
        return refuse(outcome.diagnostics)
    print(outcome.text())
    if outcome.diagnostics:
        print(f"\n{render_text(outcome.diagnostics)}")
    print(f"\n{closing_text(outcome.diagnostics, outcome.silenced)}")
    return 0


def _check_again(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Checks in a new process, with the config's own engine, what a lighter one has refused."""
    import subprocess
    from pathlib import Path

    arguments = ["check", "--own-engine", *(["--json"] if options.json else [])]
    arguments += trust_of(options).flags()
    arguments += place_of(options).flags()
    root = Path(kerasgen.__file__).resolve().parent.parent
    command = [sys.executable, "-P", "-c", _AGAIN, str(root), *arguments, "--", *options.overrides]
    # In a group of its own Ctrl-C does not reach it: this process hears that, and ends it.
    group = 0 if os.name == "posix" else None
    done = subprocess.run(command, env=dict(environment), check=False, process_group=group)
    return done.returncode


def _fix(options: argparse.Namespace) -> None:
    """Mends the config files; what is left is then reported as without `--fix`.

    The fast check finds all that is misspelled; the whole one comes once, after the mending.
    """
    from kerasgen.verbs.fast_check import check_fast
    from kerasgen.verbs.fix import fix

    def check(overrides: Sequence[str]) -> Sequence[Diagnostic]:
        return check_fast(overrides, place_of(options), trust=trust_of(options)).diagnostics

    def refuse_to_write(files: int) -> str | None:
        if options.dry_run:
            return "nothing was written: this is a dry run; what is mended may bring more to light"
        return None if options.yes else _asked(files)

    fix(options.overrides, check, refuse_to_write, lambda text: print(f"{text}\n"))


def _asked(files: int) -> str | None:
    """Asks whether files may be written: why nothing is, None if they may be."""
    if not can_ask():
        return "nothing was written: there is no terminal to ask at; `--yes` writes unasked"
    what = "this file" if files == 1 else f"these {files} files"
    return None if agreed(f"write {what}?") else "nothing was written"


def _act_fast(options: argparse.Namespace) -> int:
    import gc

    # Nearly all that so short a process makes lives to its end: looking for garbage is in vain.
    gc.disable()
    try:
        return _report_fast(options)
    finally:
        gc.freeze()
        gc.enable()


def _report_fast(options: argparse.Namespace) -> int:
    from kerasgen.verbs.fast_check import check_fast

    outcome = check_fast(options.overrides, place_of(options), trust=trust_of(options))
    if options.json:
        print(json.dumps(outcome.report(), indent=2))
        return DONE if outcome.valid else REFUSED
    if not outcome.valid:
        return refuse(outcome.diagnostics)
    if outcome.diagnostics:
        print(f"{render_text(outcome.diagnostics)}\n")
    print(f"not checked: {'; '.join(outcome.unchecked)}")
    print(f"\n{closing_text(outcome.diagnostics)}")
    return 0


COMMAND = Command(
    summary="compile a config without training: all mistakes, shapes, costs",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
