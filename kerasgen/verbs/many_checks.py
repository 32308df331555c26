"""Checks of many configs: in one process as far as one engine serves them, else in a few.

This room owns the order of the checks, and which process makes which. What one check finds is the
business of `check` and `fast_check`.

Decisions:
- The light engine is tried with every config first. Those that it cannot speak for go together to
  a child process, which starts the engine of the first of them and gives back those that ask for
  another; they go to the next child.
- The processes speak JSON over pipes: lists, mappings, strings and numbers alone.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kerasgen
from kerasgen.diagnostics import Diagnostic
from kerasgen.diagnostics.diagnostic import read_diagnostic
from kerasgen.frontend.compose.config_folders import ConfigPlace
from kerasgen.registry import NOBODY, Trust, trusted

_CHILD = "import sys; sys.path.append(sys.argv[1]); "
_CHILD += "from kerasgen.verbs.many_checks import answer; answer()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One config that is to be checked.

    Attributes:
        name: what it is called in the report.
        overrides: its overrides.
    """

    name: str
    overrides: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How configs are checked.

    Attributes:
        place: where configs are looked for.
        trust: modules whose parts the configs may name.
        fast: whether no engine is started.
        open_data: whether the data is opened.
        own_engine: whether each is checked with its own engine.
    """

    place: ConfigPlace = field(default_factory=ConfigPlace)
    trust: Trust = NOBODY
    fast: bool = False
    open_data: bool = False
    own_engine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found of one config.

    Attributes:
        case: the config.
        report: as one check gives it; see `emit.text.report`.
        diagnostics: errors and warnings.
    """

    case: Case
    report: Mapping[str, Any]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def valid(self) -> bool:
        """Whether there are no errors."""
        return bool(self.report["valid"])


def check_many(cases: Sequence[Case], manner: Manner) -> list[Checked]:
    """Checks configs.

    Args:
        cases: the configs.
        manner: how they are checked.

    Returns:
        What was found, in the order of the configs.
    """
    found: dict[Case, Checked] = {}
    if manner.fast:
        found = {case: _fast(case, manner) for case in cases}
    elif not (manner.own_engine or manner.open_data):
        found = {case: made for case in cases if (made := _light(case, manner)) is not None}
    left = [case for case in cases if case not in found]
    while left:
        answered = _ask_child(left, manner)
        found |= answered
        left = [case for case in left if case not in found]
    return [found[case] for case in cases]


def _fast(case: Case, manner: Manner) -> Checked:
    from kerasgen.verbs.fast_check import check_fast

    outcome = check_fast(case.overrides, manner.place, trust=manner.trust)
    return Checked(case=case, report=outcome.report(), diagnostics=outcome.diagnostics)


def _light(case: Case, manner: Manner) -> Checked | None:
    """A check with the light engine; None where only its own can tell."""
    from kerasgen.session.states import EngineDoubtError

    try:
        return _checked(case, manner, light=True)
    except EngineDoubtError:
        return None


def _checked(case: Case, manner: Manner, *, light: bool = False) -> Checked:
    from kerasgen.verbs.check import check_config

    outcome = check_config(
        case.overrides,
        manner.place,
        open_data=manner.open_data,
        light=light,
        trust=manner.trust,
    )
    return Checked(case=case, report=outcome.report(), diagnostics=outcome.diagnostics)


def _ask_child(cases: Sequence[Case], manner: Manner) -> dict[Case, Checked]:
    root = Path(kerasgen.__file__).resolve().parent.parent
    question = {
        "cases": [dataclasses.asdict(case) for case in cases],
        "place": dataclasses.asdict(manner.place),
        "modules": manner.trust.modules,
        "trusted_folder": manner.trust.folder,
        "connections": manner.trust.connections,
        "open_data": manner.open_data,
    }
    done = subprocess.run(
        [sys.executable, "-P", "-c", _CHILD, str(root)],
        input=json.dumps(question).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    by_name = {case.name: case for case in cases}
    return {
        by_name[name]: Checked(
            case=by_name[name],
            report=made["report"],
            diagnostics=tuple(read_diagnostic(data) for data in made["diagnostics"]),
        )
        for name, made in json.loads(done.stdout.decode()).items()
    }


def answer() -> None:
    """Checks, in a child process, the configs of which its parent asks over the pipe."""
    from kerasgen.engine import EngineInForceError

    question = json.loads(sys.stdin.buffer.read())
    place = question["place"]
    trust = trusted(
        question["modules"], question["trusted_folder"], connections=question["connections"]
    )
    manner = Manner(
        place=ConfigPlace(**{**place, "config_dirs": tuple(place["config_dirs"])}),
        trust=trust,
        open_data=question["open_data"],
    )
    answers: dict[str, Any] = {}
    with contextlib.redirect_stdout(sys.stderr):
        for data in question["cases"]:
            case = Case(name=data["name"], overrides=tuple(data["overrides"]))
            with contextlib.suppress(EngineInForceError):  # for the next child
                made = _checked(case, manner)
                told = [dataclasses.asdict(found) for found in made.diagnostics]
                answers[case.name] = {"report": made.report, "diagnostics": told}
    sys.stdout.write(json.dumps(answers))


def many_text(found: Sequence[Checked], size: Callable[[int], str]) -> str:
    """The table of what was found, one line a config.

    Args:
        found: what was found.
        size: writes a number of bytes for a person.
    """
    rows = [("config", "result", "parameters", "memory to train")]
    for made in found:
        totals = made.report.get("totals") or {}
        parameters, memory = totals.get("parameters"), totals.get("training_bytes")
        rows.append(
            (
                made.case.name,
                _result(made),
                "" if parameters is None else f"{parameters:,}",
                "" if memory is None else size(memory),
            )
        )
    if not any(row[2] for row in rows[1:]):
        rows = [(*row[:2], "", "") for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = (
        (f"{name:{widths[0]}}  {result:{widths[1]}}  {number:>{widths[2]}}  {memory:>{widths[3]}}")
        for name, result, number, memory in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _result(made: Checked) -> str:
    from kerasgen.diagnostics.render import count_text

    return count_text(made.diagnostics) or "ok"
