"""Series in time by plain functions: their order, their parts, and windows that cross no border."""

import numpy as np
import pytest

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.series import (
    newest_of_series,
    series_ends,
    time_order,
    window_starts,
    windows,
)
from kerasgen.runtime.split import PARTS


def _written_by_hand(series, part_of_row, length, horizon):
    """Every window that is allowed, one by one: part to pairs of rows that go in, and behind."""
    found = {part: [] for part in PARTS}
    for start in range(len(series) - length - horizon + 1):
        into = list(range(start, start + length))
        behind = list(range(start + length, start + length + horizon))
        one_series = len({series[row] for row in (*into, *behind)}) == 1
        parts = {part_of_row[row] for row in behind}
        if one_series and len(parts) == 1:
            (part,) = parts
            if all(part_of_row[row] <= part for row in into):
                found[PARTS[part]].append(start)
    return found


@pytest.mark.parametrize("seed", range(40))
def test_windows_are_those_that_cross_no_border(seed):
    random = np.random.default_rng(seed)
    sizes = random.integers(12, 40, size=random.integers(1, 5))
    series = np.repeat(np.arange(len(sizes)), sizes)
    length, horizon = int(random.integers(1, 7)), int(random.integers(1, 5))
    split = {
        "test": [None, 4, 0.2][random.integers(3)],
        "validation": [None, 3, 0.25][random.integers(3)],
    }
    rows = newest_of_series(series_ends(len(series), series), split)
    part_of_row = np.full(len(series), -1)
    for part, index in rows.items():
        part_of_row[index] = PARTS.index(part)
    assert (part_of_row >= 0).all()

    ends = series_ends(len(series), series)
    every = window_starts(rows, ends, length, horizon)
    wanted = _written_by_hand(series, part_of_row, length, horizon)
    assert {part: starts.tolist() for part, starts in every.items()} == {
        part: wanted[part] for part in rows
    }

    stride = int(random.integers(2, 5))
    for part, starts in window_starts(rows, ends, length, horizon, stride).items():
        for one in range(len(sizes)):
            mine = [start for start in wanted[part] if series[start] == one]
            taken = [start for start in starts.tolist() if series[start] == one]
            assert taken == mine[::-1][::stride][::-1]


def test_no_row_that_training_sees_is_forecast_in_another_part():
    ends = np.array([40, 75])
    rows = newest_of_series(ends, {"test": 6, "validation": 5})
    starts = window_starts(rows, ends, 4, 3)
    seen = {row for start in starts["training"].tolist() for row in range(start, start + 7)}
    for part in ("validation", "test"):
        behind = {r for start in starts[part].tolist() for r in range(start + 4, start + 7)}
        assert behind <= set(rows[part].tolist())
        assert not behind & seen


def test_the_newest_of_series_of_each_series_are_its_test_part():
    rows = newest_of_series(np.array([10, 14]), {"test": 2, "validation": 0.25})
    assert rows["test"].tolist() == [8, 9, 12, 13]
    assert rows["validation"].tolist() == [6, 7, 11]
    assert rows["training"].tolist() == [0, 1, 2, 3, 4, 5, 10]


def test_parts_that_are_given_are_taken_as_they_are():
    given = np.array([0, 0, 0, 0, 0, 2, 2], dtype="int8")
    rows = newest_of_series(np.array([7]), {"test": "given", "validation": 2}, given)
    assert (rows["test"].tolist(), rows["validation"].tolist()) == ([5, 6], [3, 4])


def test_a_series_that_leaves_nothing_for_training_is_told_by_its_number():
    with pytest.raises(DataError) as caught:
        newest_of_series(np.array([10, 13]), {"test": 3, "validation": None})
    assert caught.value.about == "1 test"


def test_rows_are_put_in_order_series_by_series():
    times = np.array(["2020-03", "2020-01", "2020-02", "2019-12"])
    series = np.array(["b", "a", "b", "a"])
    assert time_order(times, series).tolist() == [3, 1, 2, 0]
    assert time_order(times).tolist() == [3, 1, 2, 0]
    assert time_order(np.array([3.0, 1.0, 2.0])).tolist() == [1, 2, 0]


def test_dates_of_several_time_zones_are_moments():
    times = np.array(["2020-01-01T00:30:00+01:00", "2020-01-01T00:00:00+00:00"])
    assert time_order(times).tolist() == [0, 1]


def test_windows_that_are_evenly_spaced_are_a_view():
    values = np.arange(40, dtype="float32").reshape(20, 2)
    for starts in (np.arange(3, 9), np.array([4]), np.arange(0, 15, 3)):
        found = windows(values, starts, 5)
        assert np.shares_memory(found, values)
        assert np.array_equal(found, np.stack([values[one : one + 5] for one in starts]))


def test_other_windows_are_the_same_rows():
    values = np.arange(20, dtype="int64")
    starts = np.array([0, 1, 7, 8, 9])
    found = windows(values, starts, 3)
    assert np.array_equal(found, np.stack([values[one : one + 3] for one in starts]))
    assert windows(values, starts[:0], 3).shape == (0, 3)


def test_windows_are_those_of_keras(engine):
    import keras

    values = np.arange(50, dtype="float32")[:, np.newaxis]
    starts = window_starts({"training": np.arange(50)}, np.array([50]), 6, 4, 1)["training"]
    oracle = keras.utils.timeseries_dataset_from_array(
        values[:-4], np.lib.stride_tricks.sliding_window_view(values[6:, 0], 4), 6, batch_size=1000
    )
    ((inputs, targets),) = list(oracle)
    assert np.array_equal(windows(values, starts, 6), np.asarray(inputs))
    assert np.array_equal(windows(values[:, 0], starts + 6, 4), np.asarray(targets))
