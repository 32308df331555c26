"""What every command is made of, and what several of them share.

This room owns the record of a command and the arguments that name a config. It imports nothing
that a command needs, so that `kerasgen --help` stays instant.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kerasgen.diagnostics import Diagnostic
from kerasgen.diagnostics.render import closing_text, render_text
from kerasgen.process.exit_codes import REFUSED
from kerasgen.registry import CONNECTIONS, Trust, named_modules, trusted

if TYPE_CHECKING:
    from kerasgen.frontend.compose.config_folders import ConfigPlace


RUN_NAME = "a run: its folder, its id or the beginning of one, `last` or `best:METRIC`"
"""What the help of a command says of the name of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: what it is for, its arguments, and what it does.

    Attributes:
        summary: what it is for, in a line.
        examples: what `--help` ends with.
        declare: adds its arguments to a parser.
        act: does the work, and gives the exit code.
        words: what may stand as its arguments, for a shell that completes; None where that is
            overrides, files, or nothing.
    """

    summary: str
    examples: str
    declare: Callable[[argparse.ArgumentParser], None]
    act: Callable[[argparse.Namespace], int]
    words: Callable[[], Iterable[str]] | None = None


def declare_config(parser: argparse.ArgumentParser, metavar: str = "OVERRIDE") -> None:
    """Declares the arguments that name a config."""
    run = f"; or {RUN_NAME}" if metavar.endswith("RUN") else ""
    parser.add_argument(
        "overrides", nargs="*", metavar=metavar, help=f"as for run.py: group=option, key=value{run}"
    )
    declare_config_folders(parser)
    declare_trust(parser)
    declare_connections(parser)


def declare_config_folders(parser: argparse.ArgumentParser) -> None:
    """Declares the argument that names folders of configs."""
    parser.add_argument(
        "--config-dir",
        metavar="DIR",
        action="append",
        default=[],
        help="a folder of configs that come before the shipped ones; several times, in order",
    )


def declare_trust(parser: argparse.ArgumentParser) -> None:
    """Declares the argument that names modules of one's own."""
    parser.add_argument(
        "--trust",
        metavar="MODULE",
        action="append",
        default=[],
        help="import a module of your own, whose layers, losses … a config may then name; "
        "several times, or with commas",
    )


def declare_connections(parser: argparse.ArgumentParser) -> None:
    """Declares the flag that lets a config open connections."""
    parser.add_argument(
        CONNECTIONS,
        action="store_true",
        help="let the config open connections, and download weights that it names",
    )


def declare_run_folders(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments that say which folder the name of a run is."""
    parser.add_argument(
        "--fold", metavar="K", type=int, help="the K-th fold of a run of several folds"
    )
    declare_outputs(parser)


def declare_outputs(parser: argparse.ArgumentParser) -> None:
    """Declares the argument that says where runs are looked for."""
    parser.add_argument(
        "--outputs", metavar="DIR", type=Path, default=Path("outputs"), help="where the runs are"
    )


def run_folder_of(name: str, options: argparse.Namespace, *, unfinished: bool = False) -> Path:
    """The folder of a run that a command line names, or of the fold of it.

    Args:
        name: what the run is called.
        options: the command line.
        unfinished: whether `last` may be a run that did not complete.

    Raises:
        CompileError: KG606 or a code of its own, there is none.
    """
    from kerasgen.diagnostics import SourceLocation
    from kerasgen.session.named_run import named_fold, named_run

    folder = named_run(name, options.outputs, unfinished=unfinished)
    if options.fold is None:
        return folder
    return named_fold(folder, options.fold, SourceLocation(override=f"--fold {options.fold}"))


def tolerance(text: str) -> float:
    """A difference, as it is typed.

    Raises:
        argparse.ArgumentTypeError: it is no number of at least 0.
    """
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 <= found < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 0")
    return found


def trust_of(options: argparse.Namespace) -> Trust:
    """What a command line allows; the modules that it names may lie in the working directory."""
    connections = getattr(options, "allow_connections", False)
    return trusted(named_modules(options.trust), os.getcwd(), connections=connections)


def folders_of(options: argparse.Namespace) -> tuple[str, ...]:
    """The folders of configs of a command line and of the working directory, in order.

    Raises:
        CompileError: what `pyproject.toml` says of them cannot be used.
    """
    from kerasgen.frontend.compose.config_folders import config_folder, with_project

    return with_project(options.config_dir, config_folder())


def place_of(options: argparse.Namespace) -> ConfigPlace:
    """Where configs are looked for; the working directory has no say in `--config-path`.

    Raises:
        CompileError: what `pyproject.toml` says of the folders cannot be used.
    """
    from kerasgen.frontend.compose.config_folders import ROOT, ConfigPlace

    path: str | None = options.config_path
    return ConfigPlace(
        config_name=options.config_name or ROOT,
        config_dirs=folders_of(options) if path is None else tuple(options.config_dir),
        config_path=path,
    )


def refuse(diagnostics: Sequence[Diagnostic]) -> int:
    """Prints the diagnostics to stderr, and gives the exit code of a refusal."""
    print(render_text(diagnostics), file=sys.stderr)
    print(f"\n{closing_text(diagnostics)}", file=sys.stderr)
    return REFUSED
