"""The settings of a sweep, each over its seeds: a seed is no setting, but a repetition of one.

This room owns how the figures of seeds become mean, deviation and interval, and whether one
setting is better than another. It must not know where figures come from.

Decisions:
- Settings are compared on the seeds that both have: the seed decides the split and the first
  weights, and what it does to one it does to the other (paired t test).
- Who compares the best of several with all others finds a difference by chance more often: the
  probabilities are Holm's.
- What is not shown to be worse is not called worse.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Literal

from kerasgen.passes.lint.directions import direction
from kerasgen.sweep.outcomes import Outcome, text_table, varying
from kerasgen.sweep.student_t import half_width, two_sided

SEED = "seed="
"""How the override begins that names a seed."""

CONFIDENCE = 0.95

EXPLODED = 1e100
"""The size from which a figure has exploded: its square would be no number any more."""

SIGNIFICANCE = 0.05
"""The probability below which a difference is not called chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingFigures:
    """One setting over its seeds.

    Attributes:
        label: the overrides that make it what it is.
        values: seed to figure.
        probability: that the best setting is no better than this one, None for the best itself,
            and where the two share fewer than two seeds.
        behind: by how much its figure is worse than that of the best, over the seeds of both.
    """

    label: str
    values: Mapping[str, float]
    probability: float | None = None
    behind: float | None = None

    @property
    def mean(self) -> float:
        """The mean of the seeds."""
        return fmean(self.values.values())

    @property
    def deviation(self) -> float | None:
        """The standard deviation of the seeds, None for a single one."""
        return stdev(self.values.values()) if len(self.values) > 1 else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval of confidence of the mean by Student's t, None for a single seed."""
        if self.deviation is None:
            return None
        count = len(self.values)
        half = half_width(CONFIDENCE, count - 1) * self.deviation / math.sqrt(count)
        return self.mean - half, self.mean + half


def over_seeds(outcomes: Sequence[Outcome]) -> tuple[str, list[SettingFigures]] | None:
    """The metric of a sweep, and its settings: the best first, where the metric's name says which.

    Args:
        outcomes: how the jobs ended.

    Returns:
        None where no setting has two seeds, or the jobs have different metrics.
    """
    ended = [outcome for outcome in outcomes if outcome.metric is not None]
    names = {outcome.metric[0] for outcome in ended if outcome.metric is not None}
    if len(names) != 1:
        return None
    (name,) = names
    kept = [[text for text in each.overrides if not is_seed(text)] for each in ended]
    labels = (
        [" ".join(own) for own in varying(kept)]
        if len(set(map(tuple, kept))) > 1
        else ["all" for _ in kept]
    )
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for label, outcome in zip(labels, ended, strict=True):
        assert outcome.metric is not None
        if is_comparable(outcome.metric[1]):
            values[label][seed_of(outcome.overrides)] = outcome.metric[1]
    if not any(len(seeds) > 1 for seeds in values.values()):
        return None
    settings = [SettingFigures(label=label, values=seeds) for label, seeds in values.items()]
    return name, compared_settings(settings, direction(name))


def compared_settings(
    settings: Sequence[SettingFigures], way: Literal["min", "max"] | None
) -> list[SettingFigures]:
    """The settings, the best mean first, and each of the others compared with it.

    Args:
        settings: the settings.
        way: which end of the figures is the better one; None leaves them as they are.
    """
    if way is None or not settings:
        return list(settings)
    sign = 1 if way == "min" else -1
    best, *others = sorted(settings, key=lambda setting: sign * setting.mean)
    found = []
    for setting in others:
        seeds = [seed for seed in best.values if seed in setting.values]
        behind = [sign * (setting.values[seed] - best.values[seed]) for seed in seeds]
        found.append((setting, behind, paired_probability(behind)))
    adjusted = holm([probability for _, _, probability in found if probability is not None])
    left = iter(adjusted)
    return [
        best,
        *(
            SettingFigures(
                label=setting.label,
                values=setting.values,
                probability=None if probability is None else next(left),
                behind=fmean(behind) if behind else None,
            )
            for setting, behind, probability in found
        ),
    ]


def paired_probability(differences: Sequence[float]) -> float | None:
    """The probability of differences at least as large by chance: two-sided paired t test.

    Args:
        differences: those of the pairs.

    Returns:
        None for fewer than two pairs.
    """
    if len(differences) < 2:
        return None
    mean, deviation = fmean(differences), stdev(differences)
    if deviation == 0:
        return 1.0 if mean == 0 else 0.0
    count = len(differences)
    return two_sided(mean / (deviation / math.sqrt(count)), count - 1)


def holm(probabilities: Sequence[float]) -> list[float]:
    """Probabilities of several tests, adjusted by Holm's method; in the same order."""
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__)
    found = [0.0] * len(probabilities)
    highest = 0.0
    for place, index in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - place) * probabilities[index]))
        found[index] = highest
    return found


def settings_table(outcomes: Sequence[Outcome]) -> str | None:
    """The table of the settings, None where no setting has two seeds."""
    if (found := over_seeds(outcomes)) is None:
        return None
    name, settings = found
    compared = direction(name) is not None
    rows = [("setting", "n", name, "deviation", "95 % interval", "beside the best")]
    for setting in settings:
        deviation, interval = setting.deviation, setting.interval
        rows.append(
            (
                setting.label,
                str(len(setting.values)),
                f"{setting.mean:.4g}",
                "" if deviation is None else f"{deviation:.2g}",
                "" if interval is None else f"{interval[0]:.4g} to {interval[1]:.4g}",
                beside_text(setting, settings[0]) if compared else "",
            )
        )
    return text_table(rows if compared else [row[:-1] for row in rows])


def beside_text(setting: SettingFigures, best: SettingFigures) -> str:
    """What is said of a setting beside the best; none is called worse that is not shown to be."""
    if setting is best:
        return "the best mean"
    if setting.probability is None or setting.behind is None:
        return "too few seeds of both"
    told = f"p {setting.probability:.2g}"
    if setting.probability < SIGNIFICANCE and setting.behind > 0:
        return f"worse by {setting.behind:.2g} ({told})"
    return f"not shown to be worse ({told})"


def is_comparable(figure: float) -> bool:
    """Whether a figure can stand in a mean: one that has exploded counts for no number."""
    return abs(figure) < EXPLODED


def is_seed(text: str) -> bool:
    """Whether an override names the seed of a run."""
    return text.lstrip("+").startswith(SEED)


def seed_of(overrides: Sequence[str]) -> str:
    """The seed that overrides name, as it was written; empty for none."""
    return next((text.lstrip("+")[len(SEED) :] for text in overrides if is_seed(text)), "")
