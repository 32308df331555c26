"""The command `kerasgen engines`: which engines are there, and those outside Keras 3 made."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from kerasgen.cli.shared_arguments import Command
from kerasgen.foreign.printable import shown_lines
from kerasgen.process.exit_codes import DONE

_EXAMPLES = """\
examples:
  kerasgen engines                                     every engine, and where it is
  kerasgen engines install theano                      an environment of its own, by pip
  kerasgen engines install cntk --python ~/.pyenv/versions/3.6.15/bin/python
  kerasgen engines check theano                        starts it, and trains a layer
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", nargs="?", choices=("list", "check", "install"), default="list", help="what to do"
    )
    parser.add_argument("engine", nargs="?", metavar="ENGINE", help="`theano` or `cntk`")
    parser.add_argument(
        "--python",
        metavar="PATH",
        help="install: the Python of which the environment is made; check: the one that is checked",
    )
    parser.add_argument(
        "--replace", action="store_true", help="install: make one that is there anew"
    )
    parser.add_argument("--json", action="store_true", help="list: print one JSON document")


def _act(options: argparse.Namespace) -> int:
    from kerasgen.verbs.engines import check, chosen, engines, engines_json, engines_text, install

    action, given = options.action, options.python
    _refuse_unused(options)
    if action == "list":
        found = engines()
        text = json.dumps(engines_json(found), indent=2) if options.json else engines_text(found)
        print(text if options.json else shown_lines(text))
    elif action == "check":
        check(chosen(options.engine, "check of it"), given, _say)
    else:
        (name,) = chosen(options.engine, "environment of it")
        python = None if given is None else Path(given)
        install(name, python, _say_apart, replace=options.replace)
    return DONE


def _refuse_unused(options: argparse.Namespace) -> None:
    """Refuses an argument that the action does not take, and one that it lacks.

    Raises:
        CompileError: KG126, there is one.
    """
    from kerasgen.diagnostics import Sink, SourceLocation

    action = options.action
    checks_one = action != "list" and options.engine is not None
    unused = {
        options.engine: action == "list",
        "--python": options.python is not None and not checks_one,
        "--replace": options.replace and action != "install",
        "--json": options.json and action != "list",
    }
    sink = Sink()
    for word in (word for word, refused in unused.items() if word is not None and refused):
        told = f"`{word}` does nothing in `engines {action}`"
        sink.report_at("KG126", told, SourceLocation(override=word), help=_USES)
    if action == "install" and options.engine is None:
        sink.report("KG126", "`engines install` needs an engine", help=_USES)
    sink.stop_on_errors()


_USES = (
    "write `engines list [--json]`, `engines check [ENGINE [--python PATH]]` or "
    "`engines install ENGINE [--python PATH] [--replace]`"
)


def _say(line: str) -> None:
    print(shown_lines(line), flush=True)


def _say_apart(line: str) -> None:
    print(shown_lines(line), file=sys.stderr, flush=True)


COMMAND = Command(
    summary="list the engines of this machine; check or install Theano and CNTK",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
    words=lambda: ("list", "check", "install", "theano", "cntk"),
)
