"""The engines of this machine: which are there, whether one serves, and how one is made.

This room owns what is refused of a wish, and the order of what is told. How an engine is found,
checked and made is its own room's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from kerasgen.diagnostics import CompileError, Sink, SourceLocation, did_you_mean
from kerasgen.emit.text.alignment import aligned
from kerasgen.engine.runtimes import CheckStep, EngineFound, InstallError
from kerasgen.engines.choice import (
    OUTSIDE,
    checked_engine,
    found_engines,
    install_engine,
    made_interpreter,
    plan_install,
)

Say = Callable[[str], None]
"""What a line for a person is handed to."""


def engines() -> list[EngineFound]:
    """Every engine, and whether it is there."""
    return found_engines()


def engines_text(found: Sequence[EngineFound]) -> str:
    """The engines as a table, with what is wrong or missing below it."""
    rows = [("engine", "state", "version", "python", "where")]
    for engine in found:
        where = engine.interpreter or ""
        if engine.origin and where:
            where += f"  ({engine.origin})"
        cells = (engine.name, engine.state, engine.version or "-", engine.python or "-", where)
        rows.append(cells)
    lines = [line.rstrip() for line in aligned(rows)]
    told = [engine for engine in found if engine.problem or engine.help]
    if told:
        lines.append("")
    for engine in told:
        if engine.problem:
            lines.append(f"{engine.name}: {engine.problem}")
        if engine.help:
            lines.append(f"{engine.name}: {engine.help}")
    return "\n".join(lines)


def engines_json(found: Sequence[EngineFound]) -> list[dict[str, Any]]:
    """The engines as plain data."""
    return [dataclasses.asdict(engine) for engine in found]


def chosen(word: str | None, what: str) -> tuple[str, ...]:
    """The engines that a word names, all without one.

    Args:
        word: the word.
        what: what is to be done with it.

    Raises:
        CompileError: KG602, it names none, or one that nothing is to be done with.
    """
    if word is None or word in OUTSIDE:
        return OUTSIDE if word is None else (word,)
    place = SourceLocation(override=word)
    for engine in found_engines():
        if engine.name == word:
            advice = engine.help or "it is there: `kerasgen engines` tells of it"
            message = f"`{word}` is an engine of Keras 3, which pip installs: there is no {what}"
            raise Sink().fail_at("KG602", message, place, help=advice)
    words = " or ".join(f"`{name}`" for name in OUTSIDE)
    message = f"there is no engine `{word}`, expected {words}"
    raise Sink().fail_at("KG602", message, place, help=did_you_mean(word, OUTSIDE))


def check(names: Sequence[str], python: str | None, say: Say) -> bool:
    """Checks engines for real; whether all serve, as far as they are there.

    Args:
        names: the engines.
        python: the interpreter, None for the one that is found.
        say: takes lines.

    Raises:
        CompileError: KG670, none of them is there, or one does not serve.
    """
    known = {engine.name: engine for engine in found_engines()}
    absent = [name for name in names if python is None and known[name].state == "absent"]
    if len(absent) == len(names):
        sink = Sink()
        for name in absent:
            sink.report("KG670", f"the engine `{name}` is not there", help=known[name].help)
        raise CompileError(sink.diagnostics)
    sink = Sink()
    for name in names:
        say(name)
        if name in absent:
            say(f"  not there: {known[name].help}")
            continue
        if (fault := _told(checked_engine(name, python), say)) is not None:
            sink.report("KG670", f"`{name}` does not serve: {fault.told}", help=fault.help)
    sink.stop_on_errors()
    return True


def install(name: str, python: Path | None, say: Say, *, replace: bool) -> None:
    """Makes the environment of an engine, and checks it.

    Args:
        name: the engine.
        python: the interpreter of which it is made, None to look for one.
        say: takes lines.
        replace: whether one that is there is made anew.

    Raises:
        CompileError: KG670, it cannot be made, or does not serve.
    """
    if not replace and (made := made_interpreter(name)) is not None:
        say(f"{name} is there already: {made}; `--replace` makes it anew")
        return
    sink = Sink()
    try:
        plan = plan_install(name, python)
        say("\n".join(plan.lines()))
        say("")
        fault = _told(install_engine(plan, say, replace=replace), say)
    except InstallError as error:
        raise sink.fail("KG670", str(error), help=error.advice) from error
    if fault is not None:
        raise sink.fail("KG670", f"`{name}` does not serve: {fault.told}", help=fault.help)
    say(f"{name} is there: {plan.folder}")


def _told(steps: Iterator[CheckStep], say: Say) -> CheckStep | None:
    """Tells steps as they come; the one that failed, None if none has."""
    for step in steps:
        say(f"  {step.name:<12}{'failed: ' if step.failed else ''}{step.told}")
        if step.failed:
            return step
    return None
