"""Which way figures get better, by their names: losses and errors fall, accuracies rise."""

from __future__ import annotations

import re
from typing import Literal

_LOWER = re.compile(
    r"(.*_)?(loss|mse|mae|mape|msle|rmse|\w*error|\w*crossentropy|\w*hinge|poisson|\w*divergence)"
)
_HIGHER = re.compile(
    r"(.*_)?(\w*accuracy|acc|auc|precision|recall|f1_score|fbeta_score|r2_score|\w*iou|\w*io_u)"
)


def direction(name: str) -> Literal["min", "max"] | None:
    """Whether the smallest or the largest of a figure is the best; None where the name is silent.

    Args:
        name: the figure, without `val_`.
    """
    if _LOWER.fullmatch(name):
        return "min"
    return "max" if _HIGHER.fullmatch(name) else None
