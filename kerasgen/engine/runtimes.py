"""What is said of the engines of a machine: which there are, whether they serve, how they come.

This room owns the values in which an engine's own room answers a command. It must not know how an
engine is found or made.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFound:
    """An engine of this machine, or one that is not there.

    Attributes:
        name: the backend, as `backend.backend` names it.
        state: `ready`, `absent`, or `faulty` for one that is there and cannot serve.
        version: its version, None if it is not known.
        python: the version of its interpreter, None if it is not known.
        interpreter: the interpreter in which it computes, None where there is none.
        origin: who says where that is.
        problem: why it cannot serve, None if it can or is not there.
        help: how it comes to this machine; None for one that is ready.
    """

    name: str
    state: Literal["ready", "absent", "faulty"]
    version: str | None = None
    python: str | None = None
    interpreter: str | None = None
    origin: str | None = None
    problem: str | None = None
    help: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckStep:
    """One step of the check of an engine.

    Attributes:
        name: what is looked at.
        told: what was found, or what is wrong.
        failed: whether it is wrong; no step follows.
        help: what to do about it.
    """

    name: str
    told: str
    failed: bool = False
    help: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallPlan:
    """What an installation will do.

    Attributes:
        engine: the engine.
        python: the interpreter of which its environment is made.
        folder: where it is made.
        commands: the commands, in order.
        own: what kerasgen does itself after them.
    """

    engine: str
    python: Path
    folder: Path
    commands: tuple[tuple[str, ...], ...]
    own: str

    def lines(self) -> list[str]:
        """The plan as it is shown."""
        return [*(f"$ {shlex.join(command)}" for command in self.commands), f"then {self.own}"]


class InstallError(Exception):
    """An engine that cannot be installed; the message says why.

    Attributes:
        advice: what to do about it.
    """

    def __init__(self, message: str, advice: str | None = None) -> None:
        super().__init__(message)
        self.advice = advice
