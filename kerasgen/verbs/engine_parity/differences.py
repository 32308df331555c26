"""How far two cases are apart: inputs, outputs, gradients and training, and the first layer.

Decisions:
- A difference is relative to the larger of 1 and the largest value of the array: a deep model adds
  up terms of that size, whose rounding says nothing of the small ones beside them.
- Weights after some steps are told and do not decide: an optimizer as Adam makes a whole step of a
  gradient that is nothing but rounding. Losses and outputs after them do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasgen.verbs.engine_parity.measured_case import ARRAYS, FACTS

if TYPE_CHECKING:
    from kerasgen.ir.training import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a case has written.

    Attributes:
        arrays: name to array, channels last.
        drawing: layers that draw at random although noise was silenced.
    """

    arrays: Mapping[str, Array]
    drawing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """How far a case is from the first one.

    Attributes:
        forward: the largest difference of an input or a layer.
        gradients: of a gradient.
        training: of a loss in the steps, and of the outputs after them.
        weights: of a weight after the steps.
        layer: the first input or layer that differs by more than the tolerance.
        weight: the weight whose gradient differs most, if that is more than the tolerance.
    """

    forward: float
    gradients: float
    training: float
    weights: float
    layer: str | None
    weight: str | None

    @property
    def largest(self) -> float:
        """What decides."""
        return max(self.forward, self.gradients, self.training)


def read_case(folder: Path) -> Measured:
    """What the process of a case has left."""
    import numpy as np

    facts: dict[str, Any] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    with np.load(folder / ARRAYS, allow_pickle=False) as archive:
        arrays = {name: archive[str(number)] for number, name in enumerate(facts["names"])}
    if facts["first"]:
        arrays = {name: _last(name, array) for name, array in arrays.items()}
    return Measured(arrays=arrays, drawing=tuple(facts["drawing"]))


def _last(name: str, array: Array) -> Array:
    """The ends of a model with the channels behind; inside it they are."""
    import numpy as np

    ends = name.startswith(("input/", "output/"))
    return np.moveaxis(array, 1, -1) if ends and array.ndim >= 4 else array


def differences(first: Measured, other: Measured, tolerance: float) -> Differences:
    """Compares a case with the first one.

    Args:
        first: the case that the others are compared with.
        other: another one.
        tolerance: what counts as none.
    """
    forward = dict(_apart(first, other, "input/", "layer/"))
    gradients = dict(_apart(first, other, "gradient/"))
    training = dict(_apart(first, other, "losses", "output/"))
    beyond = [name for name, found in forward.items() if found > tolerance]
    worst = max(gradients, key=lambda name: gradients[name], default=None)
    far = worst is not None and gradients[worst] > tolerance
    return Differences(
        forward=max(forward.values(), default=0.0),
        gradients=max(gradients.values(), default=0.0),
        training=max(training.values(), default=0.0),
        weights=max(dict(_apart(first, other, "weight/")).values(), default=0.0),
        layer=_told(beyond[0]) if beyond else None,
        weight=_told(worst) if far and worst is not None else None,
    )


def _told(name: str) -> str:
    kind, _, rest = name.partition("/")
    return f"input {int(rest) + 1}" if kind == "input" else rest


def _apart(first: Measured, other: Measured, *kinds: str) -> Iterator[tuple[str, float]]:
    for name, array in first.arrays.items():
        if name.startswith(kinds) and name in other.arrays:
            yield name, _difference(array, other.arrays[name])


def _difference(one: Array, two: Array) -> float:
    import numpy as np

    if one.shape != two.shape:
        return float("inf")
    if one.dtype.kind not in "fiub":
        return 0.0 if np.array_equal(one, two) else float("inf")
    first, second = one.astype("float64"), two.astype("float64")
    same = np.isfinite(first) == np.isfinite(second)
    if not same.all():
        return float("inf")
    known = np.isfinite(first)
    if not known.any():
        return 0.0
    scale = max(1.0, float(np.abs(first[known]).max()))
    return float(np.abs(first[known] - second[known]).max()) / scale
