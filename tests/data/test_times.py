"""The spacing of times, and what follows them."""

import numpy as np
import pytest

from kerasgen.data.times import following, spacing_of


def _spacing(*times):
    return spacing_of(np.array(times), np.array([len(times)]))


@pytest.mark.parametrize(
    ("times", "unit", "usual", "season"),
    [
        (("2020-01", "2020-02", "2020-03"), "months", 1, 12),
        (("2020-01-31", "2020-03-31", "2020-05-31"), "months", 2, None),
        (("2020-01-01", "2020-04-01", "2020-07-01"), "months", 3, 4),
        (("2020-01-30", "2020-01-31", "2020-02-01"), "days", 1, 7),
        (("2020-01-01", "2020-01-08", "2020-01-15"), "days", 7, 52),
        (("2020-01-01T00:00:00", "2020-01-01T01:00:00"), "seconds", 3600, 24),
        (("2020-01-01 00:00:00", "2020-01-01 00:15:00"), "seconds", 900, 96),
        ((1, 2, 3), "numbers", 1, None),
        ((0.5, 1.0, 1.5), "numbers", 0.5, None),
    ],
)
def test_the_step_between_times_is_told_by_what_comes_most_often(times, unit, usual, season):
    found = _spacing(*times)
    assert (found.unit, found.usual, found.season) == (unit, usual, season)


def test_no_step_leads_from_one_series_to_the_next():
    found = spacing_of(np.array([1, 2, 3, 1, 2]), np.array([3, 5]))
    assert np.isnan(found.steps).tolist() == [False, False, True, False, True]


@pytest.mark.parametrize(
    ("times", "after"),
    [
        (("2020-10", "2020-11"), ["2020-12", "2021-01"]),
        (("2020-11-15", "2020-12-15"), ["2021-01-15", "2021-02-15"]),
        (("2020-02-27", "2020-02-28"), ["2020-02-29", "2020-03-01"]),
        (
            ("2020-01-01 22:00:00", "2020-01-01 23:00:00"),
            ["2020-01-02 00:00:00", "2020-01-02 01:00:00"],
        ),
        (
            ("2020-01-01T00:00:00+01:00", "2020-01-01T01:00:00+01:00"),
            ["2020-01-01T01:00:00Z", "2020-01-01T02:00:00Z"],
        ),
        ((7, 8), [9, 10]),
        ((0.5, 1.0), [1.5, 2.0]),
    ],
)
def test_what_follows_is_written_as_the_times_are(times, after):
    found = following(np.array(times[-1:]), 2, _spacing(*times))
    assert found[0].tolist() == after
