"""The spacing of times: how far apart rows are, what follows, and when a series repeats itself.

This room owns the arithmetic of the calendar that a forecast needs. It must not know of series that
are too short, or of windows.

Decisions:
- Dates of whole months (the same day of each) are counted in months, others in days where they have
  no hours, else in seconds. Months are unequally long, and one is no gap.
- The usual step is the one that comes most often.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kerasgen.data.table import Array
from kerasgen.runtime.date_steps import read_date
from kerasgen.runtime.row_order import moments

_SEASONS = {("months", 1): 12, ("months", 3): 4, ("days", 1): 7, ("days", 7): 52}
"""Unit and step of dates to the rows after which a series repeats itself."""

_HOUR, _DAY = 3600, 86400

Unit = Literal["months", "days", "seconds", "numbers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spacing:
    """How far apart the rows of series are.

    Attributes:
        unit: what the steps are counted in.
        steps: from each row to the next one; NaN from the last of a series.
        usual: the step that comes most often, 0 where there is none.
    """

    unit: Unit
    steps: Array
    usual: float

    @property
    def words(self) -> str:
        """The usual step as a message says it."""
        if self.unit == "numbers":
            return f"a step of {self.usual:g}"
        return f"{self.usual:g} {self.unit if self.usual != 1 else self.unit[:-1]} later"

    @property
    def season(self) -> int | None:
        """The rows after which a series of such times repeats itself; None for nobody knows."""
        found = _SEASONS.get((self.unit, int(self.usual)))
        if found is None and self.unit == "seconds" and self.usual:
            within = _HOUR if self.usual < 60 else _DAY
            return int(within // self.usual) if within % self.usual == 0 else None
        return found


def spacing_of(times: Array, ends: Array) -> Spacing:
    """The spacing of times.

    Args:
        times: the times of rows in order, numbers or dates.
        ends: the row behind the last one of each series.
    """
    unit, counted = _counted(times)
    steps = np.full(len(counted), np.nan)
    steps[:-1] = np.diff(counted)
    steps[ends - 1] = np.nan
    found, counts = np.unique(steps[steps > 0], return_counts=True)
    usual = float(found[counts.argmax()]) if found.size else 0.0
    return Spacing(unit=unit, steps=steps, usual=usual)


def following(last: Array, count: int, spacing: Spacing) -> Array:
    """The times that follow, in the form in which times were written.

    Args:
        last: the last time of each series, as it was written.
        count: how many times follow each.
        spacing: the spacing of the series.

    Returns:
        `(series, count)`, words for dates.
    """
    known = as_moments(last)
    steps = np.arange(1, count + 1) * spacing.usual
    if spacing.unit == "numbers":
        made = known[:, np.newaxis].astype("float64") + steps
        whole = known.dtype.kind in "iu" or bool((made == np.rint(made)).all())
        return np.asarray(made.astype("int64") if whole else made)
    if spacing.unit == "months":
        months = known.astype("datetime64[M]")
        within = known - months.astype(known.dtype)
        later = months[:, np.newaxis] + steps.astype("int64").astype("timedelta64[M]")
        made = later.astype(known.dtype) + within[:, np.newaxis]
    else:
        second = 1_000_000 * (_DAY if spacing.unit == "days" else 1)
        made = known[:, np.newaxis] + (steps * second).astype("timedelta64[us]")
    return _written(made, last)


def as_moments(times: Array) -> Array:
    """Dates as NumPy has them; numbers as they are."""
    found = moments(times)
    return found.astype("datetime64[us]") if times.dtype.kind == "U" else found


def _counted(times: Array) -> tuple[Unit, Array]:
    """Times as numbers, and what these count."""
    known = as_moments(times)
    if known.dtype.kind != "M":
        return "numbers", known.astype("float64")
    months = known.astype("datetime64[M]")
    within = known - months.astype(known.dtype)
    if len(known) and (within == within[0]).all():
        return "months", months.astype("int64").astype("float64")
    days = known.astype("datetime64[D]")
    if (days.astype(known.dtype) == known).all():
        return "days", days.astype("int64").astype("float64")
    return "seconds", known.astype("int64").astype("float64") / 1e6


def _written(dates: Array, like: Array) -> Array:
    """Dates as words of the form of others: `2026-01`, `2026-01-31`, or with hours."""
    size = len(str(like[0]))
    unit: Literal["M", "D", "s"] = "M" if size == 7 else "D" if size == 10 else "s"
    words = np.datetime_as_string(dates, unit=unit)
    if size > 10 and read_date(str(like[0]), 0).tzinfo is not None:
        words = np.char.add(words, "Z")  # Moments are counted in universal time.
    blank = size > 10 and str(like[0])[10] == " "
    return np.char.replace(words, "T", " ") if blank else words
