"""Shares of variance against what is known of a function, and against sums of squares."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from made_sweeps import Made, made_sweep

from kerasgen.sweep.report.importance import Importance, importance_of, share_of_seeds
from kerasgen.sweep.report.swept_table import read_table


def importance(folder: Path, jobs: list[Made]) -> Importance:
    table = read_table(made_sweep(folder / "sweep", jobs))
    return importance_of(table.settings, table.axes)


def test_the_shares_of_a_sum_are_those_of_its_terms(tmp_path: Path) -> None:
    """Of 3 a + b over a full grid of equal values nine tenths are those of a, and c has none."""
    jobs = [
        Made(words=f"a={a} b={b} c={c}", test={"score": 3 * a + b})
        for a, b, c in product(range(6), range(6), "xy")
    ]
    found = importance(tmp_path, jobs)
    shares = {share.name: share for share in found.shares}
    assert (found.settings, found.runs, found.seeds) == (72, 72, None)
    assert found.score is not None
    assert found.score > 0.95
    assert [share.name for share in found.shares] == ["a", "b", "c"]
    assert shares["a"].alone == pytest.approx(0.9, abs=0.04)
    assert shares["b"].alone == pytest.approx(0.1, abs=0.04)
    assert shares["a"].together == pytest.approx(0.9, abs=0.04)
    assert shares["c"].together < 0.01


def test_what_two_settings_do_only_together_is_no_share_of_one_alone(tmp_path: Path) -> None:
    jobs = [
        Made(words=f"a={a} b={b} c={c}", test={"score": float(a == b)})
        for a, b, c in product("xy", "xy", range(10))
    ]
    shares = {share.name: share for share in importance(tmp_path, jobs).shares}
    assert shares["a"].alone < 0.1
    assert shares["b"].alone < 0.1
    assert shares["a"].together > 0.9
    assert shares["c"].together < 0.05


def test_of_noise_nothing_is_said_to_matter(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    jobs = [
        Made(words=f"a={a} b={b}", test={"score": random.normal()})
        for a, b in product(range(8), range(8))
    ]
    found = importance(tmp_path, jobs)
    assert found.score is not None
    assert found.score < 0
    assert found.shares == ()


@pytest.mark.parametrize("count", [1, 2, 9])
def test_of_few_settings_nothing_is_said(count: int, tmp_path: Path) -> None:
    found = importance(tmp_path, [Made(words=f"a={n}", test={"score": n}) for n in range(count)])
    assert (found.score, found.shares, found.settings) == (None, (), count)


def test_settings_that_are_all_alike_have_no_shares(tmp_path: Path) -> None:
    found = importance(tmp_path, [Made(words=f"a={n}", test={"score": 1.0}) for n in range(20)])
    assert (found.score, found.shares) == (None, ())


def test_a_figure_that_exploded_and_a_value_that_is_missing_are_taken(tmp_path: Path) -> None:
    jobs = [Made(words=f"a={n} b={10**n}", test={"loss": float(n)}) for n in range(20)]
    jobs += [Made(words="b=3", test={"loss": 1e99}), Made(words="a=1e38", test={"loss": "NaN"})]
    found = importance(tmp_path, jobs)
    assert found.settings == 21
    assert found.score is not None


def test_the_share_of_seeds_is_that_of_the_sums_of_squares() -> None:
    random = np.random.default_rng(1)
    groups = [random.normal(center, 1.0, 4) for center in (0.0, 1.0, 5.0)]
    every = np.concatenate(groups)
    within = sum(((group - group.mean()) ** 2).sum() for group in groups)
    expected = within / ((every - every.mean()) ** 2).sum()
    assert share_of_seeds([group.tolist() for group in groups]) == pytest.approx(expected)
    assert share_of_seeds([[1.0], [2.0]]) is None
    assert share_of_seeds([[1.0, 1.0]]) is None
