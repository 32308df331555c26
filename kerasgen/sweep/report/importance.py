"""Which settings of a sweep matter: how much of a figure's variance each of them explains.

This room owns the formulas, and from how many settings on they say something. It must not know how
they are shown.

Decisions:
- A random forest learns the mean figure of each setting, and its answers are taken apart: the share
  of their variance that one setting makes alone (first-order Sobol index) and with all others
  (total index). The estimates are (b) and (f) of Saltelli et al. (2010), Computer Physics
  Communications 181, table 2; that a forest is asked, as Hutter et al. (2014) have it.
- Each value that was tried counts as often as any other: where a search looked most often says
  nothing of what matters.
- The forest is judged by settings that its trees have not seen. Where it knows no more of them than
  their mean, nothing is said of importance.
- What seeds make of one setting is not the settings' doing, and is told beside.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from kerasgen.ir.training import Array
from kerasgen.sweep.report.setting_values import Axis
from kerasgen.sweep.report.swept_table import SettingRow

LEAST_SETTINGS = 10
"""Settings with a figure below which nothing is said."""

FEW_SETTINGS = 30
"""Settings below which what is said is to be taken with care."""

MOST_SETTINGS = 2_000

MOST_NAMES = 30
"""Settings whose importance is asked, those with the most values first."""

_TREES, _DRAWS = 200, 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one setting explains of the variance between settings.

    Attributes:
        name: the setting.
        alone: the share that it makes alone.
        together: the share that would be gone without it: alone, and with others.
    """

    name: str
    alone: float
    together: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """Which settings matter.

    Attributes:
        shares: what each explains, the most important first; empty where nothing can be said.
        settings: how many settings it is learned from.
        runs: how many runs these have.
        score: how much of the variance of settings that it has not seen the forest explains
            (R squared, out of bag), None where there is no forest.
        seeds: the share of the variance between runs that seeds make, None without repetitions.
    """

    shares: tuple[Share, ...]
    settings: int
    runs: int
    score: float | None
    seeds: float | None


def importance_of(settings: Sequence[SettingRow], axes: Mapping[str, Axis]) -> Importance:
    """Which settings matter.

    Args:
        settings: the settings that have a figure.
        axes: the axis of each setting in which jobs differ.
    """
    known = Importance(
        shares=(),
        settings=len(settings),
        runs=sum(len(each.figures.values) for each in settings),
        score=None,
        seeds=share_of_seeds([list(each.figures.values.values()) for each in settings]),
    )
    if len(settings) < LEAST_SETTINGS:
        return known
    taken = settings[:: -(-len(settings) // MOST_SETTINGS)]
    columns = {name: _column(axis, taken) for name, axis in axes.items()}
    varied = {name: column for name, column in columns.items() if len(_distinct(column)) > 1}
    names = sorted(varied, key=lambda name: -len(_distinct(varied[name])))[:MOST_NAMES]
    target = np.array([each.figures.mean for each in taken])
    if not names or not np.ptp(target) > 0:
        return known
    matrix = np.column_stack([varied[name] for name in names])
    score, shares = _of_forest(names, matrix, target)
    return Importance(
        shares=shares if score > 0 else (),
        settings=len(taken),
        runs=known.runs,
        score=score,
        seeds=known.seeds,
    )


def share_of_seeds(groups: Sequence[Sequence[float]]) -> float | None:
    """The share of the variance between runs that lies within settings.

    Args:
        groups: the figures of each setting.

    Returns:
        Sum of squares within settings over that of all; None where no setting has two runs, or
        all figures are alike.
    """
    every = [value for group in groups for value in group]
    if not any(len(group) > 1 for group in groups):
        return None
    center = fmean(every)
    total = sum((value - center) ** 2 for value in every)
    inside = sum((value - fmean(group)) ** 2 for group in groups for value in group)
    return inside / total if total > 0 else None


def _of_forest(
    names: Sequence[str], matrix: Array, target: Array
) -> tuple[float, tuple[Share, ...]]:
    from sklearn.ensemble import RandomForestRegressor

    # A figure that exploded (a loss of 1e30) would overflow when it is squared.
    scaled = (target - target.mean()) / np.abs(target - target.mean()).max()
    forest = RandomForestRegressor(_TREES, oob_score=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # A setting that each tree has seen.
        forest.fit(matrix, scaled)
    score = float(forest.oob_score_)
    random = np.random.default_rng(0)
    values = [_distinct(column) for column in matrix.T]
    one, other = (np.column_stack([random.choice(own, _DRAWS) for own in values]) for _ in range(2))
    mixed = []
    for place in range(len(names)):
        mixed.append(one.copy())
        mixed[-1][:, place] = other[:, place]
    answers = forest.predict(np.concatenate([one, other, *mixed])).reshape(-1, _DRAWS)
    answers -= answers[:2].mean()
    variance = float(np.var(answers[:2]))
    if variance <= 0:
        return score, ()
    found = [
        Share(
            name=name,
            alone=_share(np.mean(answers[1] * (answer - answers[0])) / variance),
            together=_share(np.mean((answers[0] - answer) ** 2) / (2 * variance)),
        )
        for name, answer in zip(names, answers[2:], strict=True)
    ]
    return score, tuple(sorted(found, key=lambda share: -share.together))


def _column(axis: Axis, settings: Sequence[SettingRow]) -> Array:
    """The places of a setting's values; a number that is missing is NaN, which a forest takes."""
    places = [axis.place(each.rows[0].settings.get(axis.name)) for each in settings]
    # 32 bits, as the trees have them; a larger number would be refused.
    found: Array = np.clip(np.array([np.nan if p is None else p for p in places]), -3e38, 3e38)
    return found


def _distinct(column: Array) -> Array:
    found: Array = np.unique(column)
    return found


def _share(value: float) -> float:
    return float(min(max(value, 0.0), 1.0))
