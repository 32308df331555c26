"""The pass that refuses a scale of the loss that Keras would take away.

This room owns where a `loss_scale_factor` has an effect: in an optimizer that no
`LossScaleOptimizer` stands around. Keras puts one around each optimizer under `mixed_float16`, and
takes the factor of the one inside away without a word.
"""

from __future__ import annotations

from kerasgen.diagnostics import Sink
from kerasgen.ir.names import snake_case
from kerasgen.ir.program import Program
from kerasgen.ir.values import ObjectDef

_FACTOR = "loss_scale_factor"
_SCALING = "loss_scale_optimizer"


def check_loss_scale(program: Program, sink: Sink) -> None:
    """Refuses factors of optimizers whose loss another one scales.

    Args:
        program: the program.
        sink: gets them: KG206.
    """
    mixed = program.backend.dtype_policy == "mixed_float16"
    for phase in program.phases:
        outer = phase.program.optimizer
        scaling = snake_case(outer.cls.rpartition(".")[2]) == _SCALING
        inner = outer.arguments.get("inner_optimizer") if scaling else outer
        if not isinstance(inner, ObjectDef) or inner.arguments.get(_FACTOR) is None:
            continue
        if scaling:
            told, wanted = f"`{outer.cls}` around it finds the scale itself", "initial_scale"
        elif mixed:
            told = "under `mixed_float16` Keras finds the scale of the loss itself"
            wanted = "optimizer=lossscaleoptimizer"
        else:
            continue
        sink.report(
            "KG206",
            f"`{_FACTOR}` has no effect here: {told}",
            key=f"{inner.path}.{_FACTOR}",
            help=f"take it out; `{wanted}` says with which scale it begins",
        )
