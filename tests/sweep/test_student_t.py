"""Student's t against SciPy's."""

import math

import pytest
from scipy.special import stdtr, stdtrit

from kerasgen.sweep.student_t import half_width, two_sided


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 9, 29, 100, 999, 100_000])
def test_probabilities_are_scipys(freedom: int) -> None:
    for t in (0.0, 1e-9, 1e-3, 0.1, 0.5, 1.0, 1.9, 2.0, 4.5, 12.7, 100.0, 1e6):
        expected = 2 * stdtr(freedom, -t)
        assert math.isclose(two_sided(t, freedom), expected, rel_tol=1e-9, abs_tol=1e-290)
        assert two_sided(-t, freedom) == two_sided(t, freedom)
    assert two_sided(math.inf, freedom) == 0


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 9, 29, 100, 999, 100_000])
def test_intervals_are_scipys(freedom: int) -> None:
    for confidence in (0.5, 0.9, 0.95, 0.99, 0.999):
        expected = stdtrit(freedom, (1 + confidence) / 2)
        assert math.isclose(half_width(confidence, freedom), expected, rel_tol=1e-9)
