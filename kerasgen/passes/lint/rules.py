"""The pass that warns of what Keras trains through in silence.

It owns the list of rules and their order. A rule is a function that looks at the whole program
and reports one code; it warns only of what is certain, since a false alarm costs more than a
missing one. Rules that need the rows themselves stand in `arrays`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kerasgen.diagnostics import Sink
from kerasgen.passes.lint.data import DATA_RULES
from kerasgen.passes.lint.layers import MODEL_RULES
from kerasgen.passes.lint.losses import OBJECTIVE_RULES
from kerasgen.passes.lint.training import LENGTH_RULES, TRAINING_RULES
from kerasgen.passes.lint.view import LintView

Rule = Callable[[LintView, Sink], None]

RULES: tuple[Rule, ...] = (*OBJECTIVE_RULES, *MODEL_RULES, *TRAINING_RULES, *DATA_RULES)
"""Every rule that needs no rows, in the order in which findings are told; those of the training
look at each of its phases."""


def lint(view: LintView, sink: Sink) -> None:
    """Applies every rule; without data those of the model alone, since nothing is trained.

    Args:
        view: the program after all other passes.
        sink: gets the warnings.
    """
    for rule in MODEL_RULES if view.program.data.absent else RULES:
        for seen in view.in_phases() if rule in TRAINING_RULES else (view,):
            rule(seen, sink)


def lint_length(view: LintView, rows: int, sink: Sink) -> None:
    """Applies the rules that wait for the number of training rows, where the facts did not say it.

    Args:
        view: the program.
        rows: rows of the training part.
        sink: gets the warnings.
    """
    if view.rows is None:
        for rule in LENGTH_RULES:
            for seen in replace(view, rows=rows).in_phases():
                rule(seen, sink)
