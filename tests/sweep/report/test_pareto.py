"""The Pareto front against every pair of points."""

import numpy as np
import pytest

from kerasgen.sweep.report.pareto import pareto_front


@pytest.mark.parametrize("sizes", [(50, 2), (40, 3), (1, 2)], ids=str)
def test_the_front_is_what_no_other_point_dominates(sizes: tuple[int, int]) -> None:
    points = np.random.default_rng(0).integers(0, 8, sizes)
    better = (points[None] <= points[:, None]).all(2) & (points[None] < points[:, None]).any(2)
    expected = np.flatnonzero(~better.any(1)).tolist()
    assert pareto_front(points.tolist()) == expected


def test_equal_points_are_in_the_front_together() -> None:
    assert pareto_front([(1, 1), (0, 2), (1, 1), (2, 2)]) == [0, 1, 2]
    assert pareto_front([]) == []
