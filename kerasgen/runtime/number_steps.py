"""Steps on numbers that Keras has no layer for: missing values and logarithms.

They are called as Keras's preprocessing layers are: made, fitted with `adapt`, called
with columns. What one learns is an argument of its constructor, so that a step that was
fitted before is made again without the rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array


class Impute:
    """Puts one value in the place of missing numbers: the others tell, or `fill`.

    Of several numbers a row each has a value of its own.
    """

    LEARNED = ("fill",)

    def __init__(
        self, strategy: str = "mean", fill: float | Sequence[float] | None = None
    ) -> None:
        if strategy not in ("mean", "median", "mode"):
            problem = f"`{strategy}` is no way to fill missing numbers"
            raise DataError(problem, about="strategy")
        self.strategy = strategy
        self.fill = None if fill is None else np.asarray(fill, dtype="float64")

    def adapt(self, values: Array) -> None:
        """Learns the value of the numbers that are there.

        Raises:
            DataError: there are none.
        """
        if np.isnan(as_numbers(values)).all(axis=0).any():
            raise DataError("all its numbers are missing", about="column")
        exact = values.astype("float64")
        if self.strategy == "mode":
            self.fill = np.apply_along_axis(most_frequent, 0, exact)
        else:
            reduce = np.nanmean if self.strategy == "mean" else np.nanmedian
            self.fill = np.asarray(reduce(exact, axis=0))

    def __call__(self, values: Array) -> Array:
        """Gives the numbers without holes."""
        fill = np.asarray(self.fill, as_numbers(values).dtype)
        return np.asarray(np.where(np.isnan(values), fill, values))

    def learned(self) -> dict[str, Array]:
        """What it has learned, by argument."""
        return {"fill": np.asarray(self.fill)}


def most_frequent(values: Array) -> float:
    """The number that comes most often, the smallest of several."""
    numbers, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    return float(numbers[counts.argmax()])


class IsMissing:
    """Gives 1 where a number is missing, else 0."""

    def __call__(self, values: Array) -> Array:
        """Gives a 0 or 1 for each number."""
        return np.asarray(np.isnan(as_numbers(values)), dtype="float32")


class LogScale:
    """Takes the logarithm of 1 + x; negative numbers keep their sign."""

    def __call__(self, values: Array) -> Array:
        """Gives the logarithms."""
        size = np.log1p(np.abs(as_numbers(values)))
        return np.asarray(np.sign(values) * size, dtype="float32")


def as_numbers(values: Array) -> Array:
    """Numbers as they are.

    Raises:
        DataError: they are words.
    """
    if values.dtype.kind == "U":
        raise DataError(f'it holds words, as "{values[0]}"', about="column")
    return values
