"""What Keras logs, as plain numbers.

This room owns their form and their names; everybody who reads logs of Keras takes them from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np


def figures_of(logs: Mapping[str, Any]) -> dict[str, float]:
    """Keras's logs as single numbers; a metric with a number a class becomes `name_0`, `name_1`."""
    figures: dict[str, float] = {}
    for key, value in logs.items():
        values = np.asarray(keras.ops.convert_to_numpy(value), dtype="float64").reshape(-1)
        if values.size == 1:
            figures[key] = float(values[0])
        else:
            figures |= {f"{key}_{index}": float(number) for index, number in enumerate(values)}
    return figures
