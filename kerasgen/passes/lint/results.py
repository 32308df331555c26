"""Rules of lint that need the results: what the trained model scores, beside a trivial answer.

It owns what is certain once a model is trained and measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kerasgen.diagnostics import Sink
from kerasgen.passes.lint.directions import direction
from kerasgen.passes.lint.view import advise

Figures: TypeAlias = Mapping[str, Mapping[str, float]]
"""Part of the data to figure to number."""

_FEWEST_ROWS = 50
"""Rows below which a part tells little of a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What a rule on results sees.

    Attributes:
        figures: what the model scores.
        baselines: part to name of a trivial answer to figure to number.
        rows: part to its rows.
    """

    figures: Figures
    baselines: Mapping[str, Figures]
    rows: Mapping[str, int]


def lint_results(results: Results, sink: Sink) -> None:
    """Applies every rule that needs the results.

    Args:
        results: the results.
        sink: gets the warnings.
    """
    for rule in RESULT_RULES:
        rule(results, sink)


def no_better_than_constant(results: Results, sink: Sink) -> None:
    """KG775: a model that scores as a constant does has learned nothing of use."""
    part = next((name for name in ("test", "validation") if results.rows.get(name)), None)
    if part is None or results.rows[part] < _FEWEST_ROWS:
        return
    own = results.figures[part]
    if not all(map(math.isfinite, own.values())):
        return  # that it diverged is told already
    for name, figures in results.baselines.get(part, {}).items():
        pairs = [
            (figure, own[figure], number, direction(figure))
            for figure, number in figures.items()
            if figure in own and direction(figure) is not None
        ]
        if not pairs or any(_is_better(value, other, way) for _, value, other, way in pairs):
            continue
        shown = ", ".join(
            f"{figure} {value:.4g} against {other:.4g}" for figure, value, other, _ in pairs
        )
        advise(
            sink,
            "KG775",
            f"the model is no better on the {part} part than one answer for all rows "
            f"({name}): {shown}",
            ("fit.epochs", "value"),
            mend="train longer or with another learning rate, and look whether the features tell "
            "anything of the target",
            reason="no figure of it is better",
        )
        return


def _is_better(value: float, other: float, way: str | None) -> bool:
    return value < other if way == "min" else value > other


RESULT_RULES: Sequence[Callable[[Results, Sink], None]] = (no_better_than_constant,)
