"""Numbers of a row, one after the other, become steps of a sequence."""

from __future__ import annotations

import re

import numpy as np

from kerasgen.runtime.category_steps import as_words
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array

BETWEEN = re.compile(r"[\s,;|]+")
"""What stands between two numbers of a cell."""


class NumberSequence:
    """Gives the numbers of each cell as steps, filled up to one `length`.

    A step is the number, scaled to mean 0 and variance 1, and a 1; a step of two
    zeros fills a short sequence, so that a mask can tell them apart. A long one keeps
    its first numbers. Without a `length` that of the longest row is learned.
    """

    LEARNED = ("length", "mean", "deviation")

    def __init__(
        self,
        length: int | None = None,
        mean: float | None = None,
        deviation: float | None = None,
    ) -> None:
        if length is not None and length < 1:
            raise DataError("`length` is below 1", about="length")
        self.length = length
        self.mean = mean
        self.deviation = deviation

    def adapt(self, cells: Array) -> None:
        """Learns the length of the longest row, mean and deviation.

        Raises:
            DataError: a cell holds something else, or none has a number.
        """
        rows = numbers_of_rows(cells)
        numbers = np.concatenate(rows) if rows else np.zeros(0)
        if not numbers.size:
            raise DataError("no row has a number", about="column")
        self.length = self.length or max(map(len, rows))
        if self.mean is None:
            self.mean = float(numbers.mean())
        if self.deviation is None:
            self.deviation = float(numbers.std()) or 1.0

    def __call__(self, cells: Array) -> Array:
        """Gives the steps of each row."""
        length, mean, deviation = (
            self.length or 1,
            self.mean or 0.0,
            self.deviation or 1,
        )
        found = np.zeros((len(cells), length, 2), dtype="float32")
        for row, steps in enumerate(numbers_of_rows(cells)):
            numbers = steps[:length]
            found[row, : len(numbers), 0] = (numbers - mean) / deviation
            found[row, : len(numbers), 1] = 1
        return found

    def learned(self) -> dict[str, Array]:
        """What it has learned, by argument."""
        return {name: np.asarray(getattr(self, name)) for name in self.LEARNED}


def numbers_of_rows(cells: Array) -> list[Array]:
    """The numbers of each row: those of its cell, or all where it has several.

    Raises:
        DataError: a row holds something else.
    """
    words = as_words(cells)
    if words.ndim > 1:
        words = np.asarray([" ".join(row) for row in words.tolist()], dtype="str")
    return [cell_numbers(cell, row) for row, cell in enumerate(words.tolist())]


def cell_numbers(cell: str, row: int) -> Array:
    """The numbers of a cell, which may stand in brackets.

    Raises:
        DataError: something in it is no finite number.
    """
    words = [word for word in BETWEEN.split(cell.strip().strip("[](){}")) if word]
    try:
        numbers = np.asarray([float(word) for word in words], dtype="float64")
    except ValueError:
        numbers = np.asarray([np.nan])
    if not np.isfinite(numbers).all():
        shown = cell if len(cell) <= 40 else f"{cell[:40]}…"
        raise DataError(
            f'"{shown}" in row {row + 1} is no list of numbers', about="words"
        )
    return numbers
