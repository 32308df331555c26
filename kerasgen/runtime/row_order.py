"""Rows in the order of their time: the newest ones are what a model is asked for."""

from __future__ import annotations

from datetime import UTC

import numpy as np

from kerasgen.runtime.date_steps import read_date
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.values import Array


def moments(times: Array) -> Array:
    """Makes numbers of times, later ones larger; words are dates of ISO 8601.

    Raises:
        DataError: a row has no time, or a word that is no date.
    """
    if times.dtype.kind != "U":
        missing = (
            np.isnan(times) if times.dtype.kind == "f" else np.zeros(1, dtype=bool)
        )
        if missing.any():
            raise DataError(
                f"row {int(missing.argmax()) + 1} has no time", about="time"
            )
        return times
    words, first, numbers = np.unique(times, return_index=True, return_inverse=True)
    found = np.zeros(len(words), dtype="int64")
    for place, word in enumerate(words.tolist()):
        moment = read_date(word, int(first[place]))
        moment = (
            moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        )
        found[place] = np.datetime64(moment, "us").astype("int64")
    return found[numbers]


def newest_rows(
    part: str, rows: Array, count: int, seeds: list[int], times: Array
) -> Array:
    """Takes the newest rows; of rows of one time, those that come last."""
    order = np.argsort(times[rows], kind="stable")
    return np.sort(rows[order[len(rows) - count :]])
