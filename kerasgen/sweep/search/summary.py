"""What is said of a search at its end: the best setting, or the Pareto front, and what it has cost.

This room owns these lines. It must not know how a search is made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kerasgen.foreign.printable import shown
from kerasgen.sweep.outcomes import text_table
from kerasgen.sweep.search.study import Study, Trial

_STATES = {"complete": "completed", "pruned": "pruned", "fail": "failed", "running": "open"}


def summary_text(study: Study, notes: Sequence[str] = ()) -> str:
    """The last lines of a search.

    Args:
        study: its study.
        notes: why it has ended before all its settings were tried.
    """
    trials, best = study.trials(), study.best()
    lines = [*_best_lines(study, best), _counts(trials), *notes]
    return "\n".join(lines)


def _best_lines(study: Study, best: Sequence[Trial]) -> list[str]:
    objectives = study.about.objectives
    if not best:
        return ["no setting has completed: there is no best one"]
    if len(objectives) == 1:
        (trial,) = best[:1]
        seeds = len(study.about.space.seeds)
        over = f", the mean of {seeds} seeds" if seeds > 1 else ""
        figure = f"{objectives[0].shown} {trial.results[0]:.4g}{over}"
        label = shown(study.about.space.label(trial.values))
        return [f"best setting: {figure} (trial {trial.number})", f"  {label}"]
    rows = [("trial", *(each.shown for each in objectives), "overrides")]
    for trial in sorted(best, key=lambda each: each.results):
        figures = (f"{value:.4g}" for value in trial.results)
        rows.append((str(trial.number), *figures, shown(study.about.space.label(trial.values))))
    return ["the Pareto front: no setting is better in one figure and not worse in another",
            text_table(rows)]  # fmt: skip


def _counts(trials: Sequence[Trial]) -> str:
    counts = Counter(_STATES.get(trial.state, trial.state) for trial in trials)
    told = ", ".join(f"{count} {state}" for state, count in counts.most_common())
    pruned = counts["pruned"]
    share = f" ({pruned / len(trials):.0%} pruned)" if pruned else ""
    settings = "setting" if len(trials) == 1 else "settings"
    return f"{len(trials)} {settings}: {told}{share}"
