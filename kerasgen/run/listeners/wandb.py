"""Weights & Biases: which settings its process gets, and where its files lie.

This room owns the environment in which W&B works. What is written stands in `wandb_board`; W&B
itself is imported there alone, in a process of its own.

Decisions:
- All of its files lie below the folder of the run, its cache included.
"""

from __future__ import annotations

import dataclasses

from kerasgen.passes.compiled import CompiledProgram
from kerasgen.run.events import Plain
from kerasgen.run.listeners.board import BoardTracker
from kerasgen.run.listeners.board_process import BoardProcess

NAME = "tracking.wandb"
"""The key that asks for it."""

BOARD = "kerasgen.run.listeners.wandb_board"
"""The module that is run."""

_ENVIRONMENT = {
    "WANDB_SILENT": "true",
    "WANDB_CONSOLE": "off",
    "WANDB_ERROR_REPORTING": "false",
    "WANDB_DISABLE_GIT": "true",  # The record has it, and asks git in a way that runs nothing.
    "WANDB_DISABLE_CODE": "true",
}


def wandb_tracker(compiled: CompiledProgram, origin: Plain, resumed: bool) -> BoardTracker | None:
    """The tracker, if the config asks for it.

    Args:
        compiled: the compiled program.
        origin: what the record says of where the run comes from.
        resumed: whether its training goes on.
    """
    settings = compiled.program.tracking.wandb
    if settings is None:
        return None
    board = BoardProcess(BOARD, dataclasses.asdict(settings), _ENVIRONMENT)
    return BoardTracker(name=NAME, board=board, origin=origin, resumed=resumed, ended=board.end)
