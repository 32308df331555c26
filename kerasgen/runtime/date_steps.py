"""Dates become numbers: parts of the calendar, each a column."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from kerasgen.runtime.category_steps import as_words
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array

DATE_PARTS = {
    "year": lambda moment: moment.year,
    "quarter": lambda moment: (moment.month + 2) // 3,
    "month": lambda moment: moment.month,
    "week": lambda moment: moment.isocalendar().week,
    "day": lambda moment: moment.day,
    "weekday": lambda moment: moment.isoweekday(),
    "yearday": lambda moment: moment.timetuple().tm_yday,
    "hour": lambda moment: moment.hour,
    "minute": lambda moment: moment.minute,
}
"""Part of a date to how it is taken; weekdays are counted from 1 for Monday."""

USUAL_PARTS = ("year", "month", "weekday")
"""What is taken of a date where nothing is said."""


class DateParts:
    """Gives parts of a date as numbers; a month without a day is its first.

    Dates are written as ISO 8601 says. One that is missing has parts that are NaN.
    """

    def __init__(self, parts: Sequence[str] = USUAL_PARTS) -> None:
        unknown = [part for part in parts if part not in DATE_PARTS]
        if unknown:
            raise DataError(f"a date has no part `{unknown[0]}`", about="parts")
        self.parts = list(parts)

    def __call__(self, words: Array) -> Array:
        """Gives a row of parts for each date."""
        found = np.full((len(words), len(self.parts)), np.nan, dtype="float32")
        for row, word in enumerate(as_words(words).tolist()):
            if word:
                moment = read_date(word, row)
                found[row] = [DATE_PARTS[part](moment) for part in self.parts]
        return found


def read_date(word: str, row: int) -> datetime:
    """Reads a date as ISO 8601 writes it.

    Raises:
        DataError: it is none.
    """
    try:
        return datetime.fromisoformat(f"{word}-01" if len(word) == 7 else word)
    except ValueError:
        raise DataError(
            f'"{word}" in row {row + 1} is no date', about="words"
        ) from None
