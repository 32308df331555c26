"""The pass that takes `average` out of precision and recall: what computes that is Keras's F-score.

This room owns which object of Keras stands for a metric that is averaged over classes.

Decisions:
- Keras averages F-scores over classes, and neither precision nor recall. An F-score whose `beta`
  is next to nothing is the precision, and one whose `beta` is huge the recall: a saved model then
  holds classes of Keras alone, and an ejected script needs no others. Keras's own epsilon makes a
  precision too small by the share 1e-7 / recall, which shows in no figure.
- The class of a row is that of its largest score, as everywhere else; where the rows have several
  labels, or a threshold is written, each score counts apart. One score alone has no classes to
  average over: there it is Keras's own metric.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from kerasgen.diagnostics import Sink
from kerasgen.ir.averaged_metrics import AVERAGE, AVERAGED
from kerasgen.ir.names import snake_case
from kerasgen.ir.program import CompileDef, Loss
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.ends import OutputSpec

_BESIDE = frozenset({AVERAGE, "thresholds", "name", "dtype"})
"""Arguments that an averaged metric may have."""

_EVEN = 0.5
"""The threshold that Keras's own metrics have."""


def settle_averages(objective: CompileDef, outputs: Sequence[OutputSpec], sink: Sink) -> CompileDef:
    """Puts Keras's F-scores in the place of precision and recall that are averaged over classes.

    Args:
        objective: loss and metrics, settled for every output.
        outputs: the outputs beside their targets.
        sink: gets arguments that cannot stand beside `average`: KG206.
    """
    named = {output.name: output for output in outputs}

    def changed(value: Any, output: OutputSpec) -> Any:
        if isinstance(value, Mapping):
            return {name: changed(item, named[name]) for name, item in value.items()}
        return value and tuple(map(partial(_settled, output=output, sink=sink), value))

    if not outputs:
        return objective
    return replace(
        objective,
        metrics=changed(objective.metrics, outputs[0]),
        weighted_metrics=changed(objective.weighted_metrics, outputs[0]),
    )


def _settled(metric: Loss, output: OutputSpec, sink: Sink) -> Loss:
    if not isinstance(metric, ObjectDef) or AVERAGE not in metric.arguments:
        return metric
    word = metric.cls.rpartition(".")[2]
    known = next((cls for cls in AVERAGED if snake_case(cls) == snake_case(word)), None)
    if known is None:
        return metric
    given = dict(metric.arguments)
    if output.spec.shape[-1] == 1:
        return replace(metric, arguments={n: v for n, v in given.items() if n != AVERAGE})
    for name in given.keys() - _BESIDE:
        sink.report(
            "KG206",
            f"`{name}` of `{metric.cls}` counts some scores alone, and `{AVERAGE}` all of them",
            key=f"{metric.path}.{name}",
            help="leave one of the two out",
        )
    threshold = given.pop("thresholds", _EVEN if output.fed == "multi_hot" else None)
    if threshold is not None and not isinstance(threshold, int | float):
        sink.report(
            "KG206",
            f"`{AVERAGE}` takes one threshold for all classes",
            key=f"{metric.path}.thresholds",
            help="write one number, or leave `thresholds` out: the largest score counts then",
        )
    return replace(
        metric,
        cls="FBetaScore",
        arguments={
            "name": snake_case(known),
            "beta": AVERAGED[known],
            **({} if threshold is None else {"threshold": threshold}),
            **given,
        },
    )
