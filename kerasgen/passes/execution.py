"""The pass that settles how many batches one call of the compiled function trains on.

This room owns what `auto` stands for. Keras has no such word.

Decisions:
- It is told by the config and the backend alone, so that a run that goes on elsewhere, and an
  ejected script, take the same number. The batches and their order are those of single steps.
- States of a training lie at the borders of such calls. The number therefore divides the steps
  between two checkpoints, and those of an epoch that ends before the data does.
- Keras runs one batch a call on PyTorch.
"""

from __future__ import annotations

from dataclasses import replace
from math import gcd

from kerasgen.diagnostics import Sink
from kerasgen.ir.program import CompileDef, Program

LARGEST = 8
"""Batches in one call at most: more save little, and an end by Ctrl-C waits for them."""


def settle_execution(objective: CompileDef, program: Program, sink: Sink) -> CompileDef:
    """Puts a number in the place of `auto`.

    Args:
        objective: loss and metrics, settled for every output.
        program: the program.
        sink: gets a number that the backend cannot take: KG204.
    """
    written, fit = objective.steps_per_execution, program.fit
    alone = program.backend.backend == "torch"
    if written != "auto":
        if alone and written > 1:
            sink.report(
                "KG204",
                f"`steps_per_execution` is {written}, and Keras runs one batch a call on torch",
                key="compile.steps_per_execution",
                help="write `steps_per_execution: auto`, which is 1 there",
            )
        return objective
    number = 1 if alone else LARGEST
    if fit.steps_per_epoch is not None:
        number = gcd(number, fit.steps_per_epoch)
    if fit.checkpoint is not None and fit.checkpoint.unit == "steps":
        number = gcd(number, fit.checkpoint.number)
    return replace(objective, steps_per_execution=number)
