"""The command line of `run.py`: Hydra's own, with diagnostics in place of Hydra's errors.

This room owns the flags, the choice between a single run, a sweep and Hydra's informational
commands. It imports no Keras; only a run does. What ends a process before its time is answered in
`kerasgen.process.entry`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shlex
import sys
from collections.abc import Callable, Sequence

from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from kerasgen.diagnostics import CompileError, Sink, did_you_mean
from kerasgen.foreign.passwords import without_passwords
from kerasgen.foreign.printable import shown
from kerasgen.frontend.compose.config_folders import (
    ROOT,
    ConfigPlace,
    config_folder,
    folders_of,
    with_project,
)
from kerasgen.frontend.compose.config_limits import check_overrides
from kerasgen.frontend.compose.origins import place_of_text
from kerasgen.frontend.compose.references import deepest_key
from kerasgen.frontend.compose.search_path import make_search_path
from kerasgen.frontend.refusals.culprits import REFUSALS, diagnose, diagnose_error
from kerasgen.process.entry import guarded
from kerasgen.process.exit_codes import DONE, REFUSED
from kerasgen.process.interruption import at_once
from kerasgen.registry import CONNECTIONS, Trust, named_modules, trusted
from kerasgen.sweep.hydra import grid_sweeper, launcher, search_sweeper
from kerasgen.sweep.hydra.application import HydraApplication
from kerasgen.sweep.hydra.completion import SHELLS, asking_shell, candidates, typed_words
from kerasgen.sweep.hydra.single_run import run_composed, run_frozen
from kerasgen.sweep.hydra.task import Task
from kerasgen.sweep.job_spec import JobSpec
from kerasgen.sweep.outcomes import exit_code, outcome_table
from kerasgen.sweep.plan.budget import refuse_for_one_run, spelled_out
from kerasgen.sweep.settings_over_seeds import settings_table


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the application.

    Args:
        arguments: flags and overrides, None for those of this process.

    Returns:
        The exit code.

    Raises:
        SystemExit: wrong usage (code 2), or after `--version`.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser()
    args, extra = parser.parse_known_intermixed_args(given)
    if not extra:
        _check_usage(args, parser)

    def execute() -> int:
        if extra:
            from kerasgen.frontend.compose.command_line_words import refuse_flags

            refuse_flags(extra, given, parser._option_string_actions)
        # Without arguments of its own this is `run.py`.
        program = ["kerasgen", "run"] if arguments is not None else ["python", sys.argv[0]]
        return _execute(args, parser, [*program, *given])

    return guarded(lambda: _cleared(execute))


def run_job_alone(arguments: Sequence[str], *, argv: Sequence[str]) -> int:
    """Runs one job of a sweep as a single run that leaves a record even if it is refused.

    Args:
        arguments: flags and overrides.
        argv: the command line for the record.

    Returns:
        The exit code.
    """
    args = _parser().parse_intermixed_args(list(arguments))

    def execute() -> int:
        place = _place(args)
        trust = _trust(args)
        application = application_of(place, args.overrides)
        task = Task(
            place=place,
            argv=argv,
            keep_rejected=True,
            trust=trust,
            loader=application.config_loader,
        )
        return _run(application, args.overrides, task)

    return guarded(lambda: _cleared(execute))


def run_job_frozen(job: JobSpec) -> int:
    """Runs one job of a sweep as it was frozen; a refused one leaves a record.

    Returns:
        The exit code.
    """
    return guarded(lambda: _cleared(lambda: run_frozen(job)))


def _cleared(execute: Callable[[], int]) -> int:
    """Lets nothing of Hydra's state survive."""
    try:
        return execute()
    finally:
        GlobalHydra.instance().clear()


def _execute(
    args: argparse.Namespace, parser: argparse.ArgumentParser, command: Sequence[str]
) -> int:
    if args.shell_completion and (shell := asking_shell(args.overrides)) is not None:
        print(SHELLS[shell].join(complete_overrides(typed_words())))
        return DONE
    place = _place(args)
    args.overrides = spelled_out(args.overrides)
    application = application_of(place, args.overrides)
    application.resolved, application.anew = args.resolve, args.force
    application.trust = _trust(args)
    if args.help or args.hydra_help or args.cfg or args.shell_completion or args.info:
        with application.refusals(args.overrides):
            return _inform(application, args, parser)
    task = Task(
        place=place,
        trust=_trust(args),
        loader=application.config_loader,
        anew=args.force,
        command=command,
    )
    if args.multirun:
        return _multirun(application, args.overrides, task)
    return _run(application, args.overrides, task)


def complete_overrides(words: Sequence[str]) -> list[str]:
    """What the last word of a command line may become.

    Args:
        words: flags and overrides up to the cursor.

    Returns:
        Whole words; none where the line before the word does not compose: a shell that asks shows
        no diagnostics.
    """
    *before, word = words
    parser = _parser()
    if word.startswith("-"):
        flags = [flag for action in parser._actions for flag in action.option_strings]
        return sorted(flag for flag in flags if flag.startswith(word))
    try:
        with contextlib.redirect_stderr(None):
            args, _ = parser.parse_known_intermixed_args(before)  # flags of other commands
        place = _place(args)
        loader = application_of(place, args.overrides).config_loader
        return candidates(loader, place.config_name, args.overrides, word)
    except (SystemExit, CompileError, HydraException, OmegaConfBaseException, *REFUSALS):
        return []
    finally:
        GlobalHydra.instance().clear()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="kerasgen: trains a Keras model from a config",
        parents=[get_args_parser()],
        add_help=False,
        conflict_handler="resolve",  # Hydra's own `--config-dir` takes one folder alone.
    )
    parser.add_argument(
        "--config-dir",
        "-cd",
        action="append",
        help="a folder of configs that come before the shipped ones; several times, in order",
    )
    parser.add_argument(
        "--trust",
        metavar="MODULE",
        action="append",
        default=[],
        help="import a module of your own, whose layers, losses … a config may then name",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="run all jobs of a sweep, also those that an earlier one has completed",
    )
    parser.add_argument(
        CONNECTIONS,
        action="store_true",
        help="let the config open connections, and download weights that it names",
    )
    return parser


def _trust(args: argparse.Namespace) -> Trust:
    modules = named_modules(args.trust)
    return trusted(modules, os.getcwd(), connections=args.allow_connections)


def _check_usage(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Ends with argparse's usage and code 2 where flags do not go together."""
    commands = [args.run, bool(args.cfg), args.multirun, args.shell_completion, bool(args.info)]
    if sum(commands) > 1:
        parser.error(
            "only one of --run, --multirun, --cfg, --info and --shell-completion is allowed"
        )
    if args.resolve and not (args.cfg or args.help):
        parser.error("--resolve needs --cfg or --help")
    if args.experimental_rerun is not None:
        parser.error("--experimental-rerun is not supported: it would load a pickle")


def _place(args: argparse.Namespace) -> ConfigPlace:
    """Where configs are looked for; the working directory's own have no say in `--config-path`."""
    folders = folders_of(args.config_dir)
    if args.config_path is None:
        folders = with_project(folders, config_folder())
    return ConfigPlace(
        config_name=args.config_name or ROOT,
        # Whole paths where they lead somewhere: a job may change its working directory.
        config_dirs=tuple(os.path.abspath(f) if os.path.isdir(f) else f for f in folders),
        config_path=args.config_path,
    )


def application_of(place: ConfigPlace, overrides: list[str]) -> HydraApplication:
    """Hydra's object over the configs that the command line names.

    Raises:
        CompileError: a folder of configs is not there, or an override is too long or too deep.
    """
    check_overrides(overrides)
    try:
        search_path = make_search_path(place)
        application = HydraApplication.create_main_hydra2("kerasgen", search_path)
    except REFUSALS as error:
        found = diagnose(overrides, place)
        raise CompileError(found or diagnose_error(error)) from error
    assert isinstance(application, HydraApplication)
    application.place = place
    launcher.register()
    grid_sweeper.register()
    search_sweeper.register()
    return application


def _inform(
    application: HydraApplication, args: argparse.Namespace, parser: argparse.ArgumentParser
) -> int:
    """Hydra's commands that only print."""
    name = application.place.config_name
    if args.help:
        application.app_help(config_name=name, args_parser=parser, args=args)
    elif args.hydra_help:
        application.hydra_help(config_name=name, args_parser=parser, args=args)
    elif args.cfg:
        _check_package(application, args)
        with contextlib.redirect_stdout(io.StringIO()) as text:
            application.show_cfg(
                config_name=name,
                overrides=args.overrides,
                cfg_type=args.cfg,
                package=args.package,
                resolve=args.resolve,
            )
        print(without_passwords(text.getvalue()), end="")
    elif args.info:
        application.show_info(args.info, config_name=name, overrides=args.overrides)
    else:
        try:
            application.shell_completion(config_name=name, overrides=args.overrides)
        except ValueError as error:
            print(f"{parser.format_usage()}{parser.prog}: error: {error}", file=sys.stderr)
            return REFUSED
    return DONE


def _check_package(application: HydraApplication, args: argparse.Namespace) -> None:
    package = args.package
    if package in (None, "", "_global_"):
        return
    config = application.compose_config(application.place.config_name, args.overrides, RunMode.RUN)
    if OmegaConf.select(config, package) is None:
        parent, missing, siblings = deepest_key(config, package)
        where = f"`{parent}`" if parent else "the config"
        raise Sink().fail_at(
            "KG103",
            f"{where} has no key `{missing}`",
            location=place_of_text(f"--package {package}", at=len("--package ")),
            help=did_you_mean(missing, siblings),
        )


def _run(application: HydraApplication, overrides: list[str], task: Task) -> int:
    """A single run; a sweep if the config itself says so (`hydra.mode: MULTIRUN`)."""
    name = application.place.config_name
    alone = task.keep_rejected  # a job of a sweep is never a sweep itself
    try:
        config = application.compose_config(
            name, overrides, RunMode.RUN, with_log_configuration=True
        )
    except CompileError:
        if alone or application.get_mode(name, overrides) != RunMode.MULTIRUN:
            raise
        return _multirun(application, overrides, task)
    if config.hydra.mode == RunMode.MULTIRUN and not alone:
        return _multirun(application, overrides, task)
    refuse_for_one_run(overrides)
    return run_composed(config, task, application.config_loader)


def _multirun(application: HydraApplication, overrides: list[str], task: Task) -> int:
    returned = None
    task.keep_rejected = True  # where jobs run in this process, as the launcher `basic` has it
    try:
        with at_once(lambda: _say_at_once(task)):
            returned = application.multirun(application.place.config_name, task, overrides)
    finally:
        for close in task.closers:
            close()
        outcomes = task.outcomes_of(returned)
        if outcomes:
            print(f"\n{outcome_table([*outcomes, *task.not_begun()])}", flush=True)
            if (settings := settings_table(outcomes)) is not None:
                print(f"\n{settings}", flush=True)
            for closing in task.closing:
                print(f"\n{closing()}", flush=True)
        left = task.not_begun() + [one for one in outcomes if one.status == "interrupted"]
        if outcomes and left:
            print(f"\n{_how_to_go_on(task)}", flush=True)
    return exit_code(outcomes)


def _say_at_once(task: Task) -> None:
    """Says how to go on where a second signal leaves no time for a table."""
    # Another thread may be printing, and a pipe be full: neither is waited for.
    if task.sweep is not None and os.isatty(1):
        os.write(1, f"\n{_how_to_go_on(task)}\n".encode("utf-8", "backslashreplace"))


def _how_to_go_on(task: Task) -> str:
    """The command that goes on with what is not done, and the one that tells what is."""
    command = shown(without_passwords(shlex.join(task.command)))
    told = f"the same command goes on with what is not done:\n  {command}"
    if task.sweep is None:
        return told
    return f"{told}\n  {shown(shlex.join(['kerasgen', 'sweep', 'status', str(task.sweep)]))}"
