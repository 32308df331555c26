"""The pass that settles how many batches one call of the compiled function trains on.

This room owns what `auto` stands for. Keras has no such word.

Decisions:
- It is told by the config and the backend alone, so that a run that goes on elsewhere, and an
  ejected script, take the same number. The batches and their order are those of single steps.
- States of a training lie at the borders of such calls. The number therefore divides the steps
  between two checkpoints.
- Keras ends no call before its last batch, unless the data ends. The number therefore divides the
  steps of an epoch or a validation that ends before the data does; another one is refused.
- Keras runs one batch a call on PyTorch.
"""

from __future__ import annotations

from dataclasses import replace
from math import gcd

from kerasgen.diagnostics import Sink
from kerasgen.ir.program import CompileDef, Program

_KEY = "compile.steps_per_execution"

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
    counted = {name: getattr(fit, name) for name in ("steps_per_epoch", "validation_steps")}
    if written == "auto":
        number = 1 if alone else LARGEST
        for steps in counted.values():
            number = gcd(number, steps or 0)
        if fit.checkpoint is not None and fit.checkpoint.unit == "steps":
            number = gcd(number, fit.checkpoint.number)
        return replace(objective, steps_per_execution=number)
    if alone and written > 1:
        sink.report(
            "KG204",
            f"`steps_per_execution` is {written}, and Keras runs one batch a call on torch",
            key=_KEY,
            help="write `steps_per_execution: auto`, which is 1 there",
        )
        return objective
    for name, steps in counted.items():
        if steps is not None and steps % written:
            whole = -(-steps // written) * written
            sink.report(
                "KG204",
                f"`steps_per_execution` is {written}, and `fit.{name}: {steps}` no multiple",
                key=_KEY,
                help="write `steps_per_execution: auto`, or a multiple",
                notes=[f"Keras would run {whole} batches: it ends no call before its last one"],
            )
    return objective
