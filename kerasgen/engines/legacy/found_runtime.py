"""Whether an engine of Keras 2.3.1 is on this machine, told without starting it."""

from __future__ import annotations

import os

from kerasgen.engine.runtimes import EngineFound
from kerasgen.engines.legacy.runtimes import (
    RuntimeFaultError,
    ask_interpreter,
    check_answer,
    interpreter_of,
    is_there,
    variable_of,
)


def found_runtime(engine: str) -> EngineFound:
    """What is known of an engine by asking its interpreter for its packages.

    Args:
        engine: `theano` or `cntk`.
    """
    python = interpreter_of(engine, None)
    by_variable = bool(os.environ.get(variable_of(engine)))
    origin = variable_of(engine) if by_variable else "kerasgen engines install"
    if not by_variable and not is_there(engine, None):
        return EngineFound(name=engine, state="absent", help=f"kerasgen engines install {engine}")
    version = asked_python = problem = advice = None
    try:
        asked = ask_interpreter(python)
        asked_python = ".".join(str(part) for part in asked.python)
        version = asked.packages.get(engine)
        check_answer(engine, asked)
    except RuntimeFaultError as fault:
        problem, advice = str(fault), fault.advice or f"kerasgen engines check {engine}"
    return EngineFound(
        name=engine,
        state="ready" if problem is None else "faulty",
        version=version,
        python=asked_python,
        interpreter=str(python),
        origin=origin,
        problem=problem,
        help=advice,
    )
