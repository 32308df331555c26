"""Folds and groups: every row is tested once, groups stay whole, classes keep their shares."""

from functools import partial

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold, TimeSeriesSplit

from kerasgen.runtime.errors import DataError
from kerasgen.runtime.folds import (
    deal_in_order,
    deal_rows,
    deal_stratified,
    take_fold,
    take_next_rows,
)
from kerasgen.runtime.groups import deal_groups, draw_groups
from kerasgen.runtime.row_order import moments, newest_rows
from kerasgen.runtime.split import draw_rows, split_rows


@pytest.fixture
def labels():
    return np.random.default_rng(0).choice(3, 600, p=[0.7, 0.2, 0.1])


@pytest.fixture
def groups(labels):
    sizes = np.random.default_rng(1).integers(1, 25, 80)
    return np.repeat(np.arange(80), sizes)[: len(labels)]


def folds_of(count, seed, deal, folds=5, validation=None):
    return [
        split_rows(
            count,
            seed,
            {"test": None, "validation": validation},
            draw_rows,
            fold=partial(take_fold, number=number, folds=folds, deal=deal),
        )
        for number in range(1, folds + 1)
    ]


@pytest.mark.parametrize("deal", [deal_rows, deal_in_order])
def test_every_row_is_in_one_fold_and_folds_are_of_one_size(deal) -> None:
    parts = folds_of(103, 4, deal, validation=0.1)

    assert sorted(np.concatenate([part["test"] for part in parts])) == list(range(103))
    assert {len(part["test"]) for part in parts} == {20, 21}
    for part in parts:
        assert sorted(np.concatenate(list(part.values()))) == list(range(103))


def test_stratified_folds_keep_the_shares_of_the_classes(labels) -> None:
    deal = partial(deal_stratified, labels=labels)
    shares = [np.bincount(labels[p["test"]]) for p in folds_of(600, 0, deal)]

    assert np.ptp(np.array(shares), axis=0).max() <= 1


def test_no_group_is_in_two_folds_and_classes_are_kept_as_well_as_scikit_learn_does(
    labels, groups
) -> None:
    deal = partial(deal_groups, groups=groups, labels=labels)
    tests = [part["test"] for part in folds_of(600, 0, deal)]
    theirs = [
        test
        for _, test in StratifiedGroupKFold(5, shuffle=True, random_state=0).split(
            labels, labels, groups
        )
    ]

    def worst(found):
        counts = np.array([np.bincount(labels[rows], minlength=3) for rows in found])
        return np.abs(counts - counts.mean(axis=0)).max()

    assert sorted(np.concatenate(tests)) == list(range(600))
    assert sum(len(np.unique(groups[rows])) for rows in tests) == len(np.unique(groups))
    assert worst(tests) <= worst(theirs)


def test_each_fold_gets_a_group_where_there_are_as_many_as_folds() -> None:
    groups = np.array([0, 0, 0, 0, 1, 2, 3, 4])
    labels = np.array([0, 0, 0, 0, 1, 2, 3, 4])

    for known in ({}, {"labels": labels}):
        numbers = deal_groups(np.arange(8), 5, [1], groups, **known)
        assert sorted(np.unique(numbers)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("stratified", [True, False])
def test_a_drawn_part_has_whole_groups_and_nearly_the_wanted_rows(
    labels, groups, seed, stratified
) -> None:
    known = {"labels": labels} if stratified else {}
    draw = partial(draw_groups, groups=groups, **known)
    parts = split_rows(600, seed, {"test": 0.2, "validation": 60}, draw)
    found = [set(groups[rows].tolist()) for rows in parts.values()]

    assert len(set.union(*found)) == sum(map(len, found))
    assert abs(len(parts["test"]) - 120) <= 12
    assert abs(len(parts["validation"]) - 60) <= 12
    if stratified:
        wanted = np.bincount(labels) * 0.2
        assert np.abs(np.bincount(labels[parts["test"]]) - wanted).max() <= 12


def test_a_group_larger_than_the_part_is_left_to_training_where_others_will_do() -> None:
    groups = np.array([0] * 50 + [1] * 3 + [2] * 4)
    for seed in range(10):
        rows = draw_groups("test", np.arange(57), 5, [seed], groups)
        assert set(groups[rows].tolist()) <= {1, 2}


def test_two_large_groups_give_one_part_one_of_them() -> None:
    groups = np.array([0] * 50 + [1] * 50)
    assert len(draw_groups("test", np.arange(100), 2, [0], groups)) == 50


@pytest.mark.parametrize(
    ("deal", "problem"),
    [
        (partial(deal_groups, groups=np.arange(9) // 3), "there are 3 groups, too few"),
        (deal_rows, "9 rows are too few for 12 folds"),
    ],
)
def test_too_few_rows_or_groups_are_told(deal, problem) -> None:
    folds = 12 if deal is deal_rows else 5
    with pytest.raises(DataError, match=problem):
        take_fold(np.arange(9), [0], 1, folds, deal)
    with pytest.raises(DataError, match="needs a group of its own"):
        draw_groups("test", np.arange(9), 2, [0], np.zeros(9))


def test_folds_in_time_are_trained_on_what_is_older_as_scikit_learn_does() -> None:
    times = np.random.default_rng(0).permutation(60)
    order = np.argsort(times)
    theirs = TimeSeriesSplit(5).split(order)
    for number, (before, now) in enumerate(theirs, 1):
        test, rest = take_next_rows(np.arange(60), [0], number, 5, times)
        assert sorted(test) == sorted(order[now])
        assert sorted(rest) == sorted(order[before])


def test_the_newest_rows_are_those_of_the_latest_dates() -> None:
    words = np.array(["2024-03-01", "2023-12-31T23:30:00-01:00", "2024-01-01", "2024-02"])
    times = moments(words)

    assert np.argsort(times).tolist() == [2, 1, 3, 0]
    assert newest_rows("test", np.arange(4), 2, [], times).tolist() == [0, 3]


def test_a_row_without_a_time_is_told() -> None:
    with pytest.raises(DataError, match="row 2 has no time"):
        moments(np.array([1.0, np.nan]))
    with pytest.raises(DataError, match='"soon" in row 1 is no date'):
        moments(np.array(["soon", "2024-01-01"]))
