"""What a run warns of: a loss that is no number, a model no better than none, weights of one's own.

This room owns these warnings. What is measured stands in `steps`, the rule in `passes.lint`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kerasgen.diagnostics import Sink, SourceMap
from kerasgen.frontend.parse.lint import silence
from kerasgen.run.active_run import ActiveRun
from kerasgen.run.events import WarningsRaised

if TYPE_CHECKING:
    from kerasgen.ir.program import LintDef
    from kerasgen.passes.lint.results import Results

_SHOWN = 8
"""Weights that are named."""


def warn_of_results(lint: LintDef, results: Results, run: ActiveRun) -> None:
    """Says where the model is no better than a trivial answer.

    Args:
        lint: which warnings are not shown.
        results: what was measured.
        run: the run.
    """
    from kerasgen.passes.lint.results import lint_results

    sink = Sink(run.source_map)
    lint_results(results, sink)
    silence(sink, lint)
    if sink.diagnostics:
        run.events.emit(WarningsRaised(diagnostics=tuple(sink.diagnostics)))


def warn_of_own_weights(run: ActiveRun, weights: Sequence[str]) -> None:
    """Says which initial weights may differ between engines after all (KG674)."""
    named = ", ".join(f"`{name}`" for name in weights[:_SHOWN])
    more = f" and {len(weights) - _SHOWN} more" if len(weights) > _SHOWN else ""
    sink = Sink(run.source_map)
    sink.warn(
        "KG674",
        f"code of one's own draws {named}{more}: they may differ between engines",
        key="backend.initial_weights",
        help="what it draws by `keras.random` is the same everywhere",
    )
    run.events.emit(WarningsRaised(diagnostics=tuple(sink.diagnostics)))


def warn_of_divergence(run: ActiveRun, source_map: SourceMap) -> None:
    """Says that the loss became NaN or infinite (KG802)."""
    lost = [row for row in run.history if not math.isfinite(row.get("loss", 0.0))]
    if not lost:
        return
    sink = Sink(source_map)
    sink.warn(
        "KG802",
        f"the loss is `{lost[0]['loss']}` from epoch {int(lost[0]['epoch'])} on",
        key="optimizer.learning_rate",
        help="lower the learning rate, scale the features, or clip the gradients; "
        "`fit.terminate_on_nan=true` ends such a run",
    )
    run.events.emit(WarningsRaised(diagnostics=tuple(sink.diagnostics)))
