"""Series in time: the order of their rows, their parts, and windows over them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.row_order import moments
from kerasgen.runtime.split import PARTS, Size, count_rows
from kerasgen.runtime.values import Array


def time_order(times: Array, series: Array | None = None) -> Array:
    """Gives the rows in order: one series after the other, the oldest row first."""
    keys = [moments(times)]
    return np.lexsort(keys if series is None else [*keys, series])


def series_ends(count: int, series: Array | None = None) -> Array:
    """Gives the row behind the last one of each series, for rows in order."""
    if series is None:
        return np.array([count])
    changes = np.flatnonzero(series[1:] != series[:-1]) + 1
    return np.append(changes, count)


def newest_of_series(
    ends: Array, sizes: Mapping[str, Size], given: Array | None = None
) -> dict[str, Array]:
    """Divides the rows of each series: the newest are the test part.

    Raises:
        DataError: a series has too few rows; the error is about its number.
    """
    numbers = np.zeros(ends[-1], dtype="int8")
    for part, size in sizes.items():
        if size == "given":
            numbers[given == PARTS.index(part)] = PARTS.index(part)
    begin = 0
    for end in ends.tolist():
        rest = begin + np.flatnonzero(numbers[begin:end] == 0)
        for part, size in sizes.items():
            if size and not isinstance(size, str):
                try:
                    count = count_rows(part, size, len(rest))
                except DataError as error:
                    raise DataError(
                        str(error), about=f"{(ends <= begin).sum()} {part}"
                    ) from None
                numbers[rest[len(rest) - count :]] = PARTS.index(part)
                rest = rest[: len(rest) - count]
        begin = end
    asked = ["training", *(part for part, size in sizes.items() if size)]
    return {
        part: np.flatnonzero(numbers == PARTS.index(part))
        for part in PARTS
        if part in asked
    }


def window_starts(
    rows: Mapping[str, Array], ends: Array, length: int, horizon: int, stride: int = 1
) -> dict[str, Array]:
    """Gives the first row of each window, part by part.

    A window is `length` rows and the `horizon` rows behind them, of one series. The
    latter, which are forecast, are of one part; the rows before may be of an older one.
    Every `stride`-th window is taken, the newest of each series included.
    """
    numbers = np.zeros(ends[-1], dtype="int8")
    for part, index in rows.items():
        numbers[index] = PARTS.index(part)
    begins = np.arange(max(0, len(numbers) - length - horizon + 1))
    owner = np.searchsorted(ends, begins, side="right")
    inside = begins + length + horizon <= ends[owner] if len(begins) else owner == 0
    starts = {}
    for part in rows:
        number = PARTS.index(part)
        newer = np.append(0, np.cumsum(numbers > number))
        other = np.append(0, np.cumsum(numbers != number))
        aims = begins + length
        known = newer[aims] == newer[begins]
        whole = other[aims + horizon] == other[aims]
        found, series = begins[inside & known & whole], owner[inside & known & whole]
        newest = np.zeros(len(ends), dtype="int64")
        np.maximum.at(newest, series, found)
        starts[part] = found[(newest[series] - found) % stride == 0]
    return starts


def windows(values: Array, starts: Array, size: int) -> Array:
    """Gives `size` rows from each start on; a view where starts are evenly spaced."""
    if not len(starts):
        return np.empty((0, size, *values.shape[1:]), dtype=values.dtype)
    view = np.lib.stride_tricks.sliding_window_view(
        values, size, axis=0, writeable=True
    )
    every = np.moveaxis(view, -1, 1)
    steps = np.diff(starts)
    step = int(steps[0]) if len(steps) else 1
    if (steps == step).all():
        return every[starts[0] : starts[-1] + 1 : step]
    return every[starts]
