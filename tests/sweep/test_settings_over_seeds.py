from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from kerasgen.sweep.outcomes import Outcome
from kerasgen.sweep.settings_over_seeds import (
    holm,
    over_seeds,
    paired_probability,
    settings_table,
)


def outcome(value: float | None, *overrides: str, metric: str = "accuracy") -> Outcome:
    return Outcome(
        job=0,
        overrides=overrides,
        status="failed" if value is None else "completed",
        folder=Path("s"),
        metric=None if value is None else (metric, value),
    )


def sweep(figures: dict[str, list[float]], metric: str = "accuracy") -> list[Outcome]:
    return [
        outcome(value, f"optimizer={name}", "fit.epochs=3", f"seed={seed}", metric=metric)
        for name, values in figures.items()
        for seed, value in enumerate(values)
    ]


def test_mean_deviation_and_interval_are_those_of_scipy() -> None:
    values = [0.91, 0.93, 0.9, 0.95, 0.92]
    found = over_seeds(sweep({"sgd": values}))
    assert found is not None
    name, (setting,) = found
    assert name == "accuracy"
    assert setting.mean == pytest.approx(np.mean(values))
    assert setting.deviation == pytest.approx(np.std(values, ddof=1))
    expected = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert setting.interval == pytest.approx(expected)


def test_the_paired_test_is_that_of_scipy() -> None:
    generator = np.random.default_rng(0)
    one, other = generator.normal(size=(2, 7))
    expected = stats.ttest_rel(one, other).pvalue
    assert paired_probability([*(one - other)]) == pytest.approx(expected)
    assert paired_probability([0.5]) is None
    assert paired_probability([0.0, 0.0]) == 1.0
    assert paired_probability([0.5, 0.5]) == 0.0


def test_holm_is_stricter_the_more_there_are() -> None:
    # Holm, 1979: the smallest times their number, the next times one less, never falling.
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_a_difference_that_may_be_chance_is_not_called_worse() -> None:
    told = settings_table(
        sweep(
            {
                "sgd": [0.80, 0.81, 0.82, 0.80, 0.81],
                "adam": [0.95, 0.96, 0.97, 0.95, 0.96],
                "rmsprop": [0.94, 0.97, 0.96, 0.96, 0.95],
            }
        )
    )
    assert told is not None
    head, best, second, last = told.split("\n")
    assert head.split()[:4] == ["setting", "n", "accuracy", "deviation"]
    assert best.startswith("optimizer=adam     5  0.958 ")
    assert best.endswith("the best mean")
    assert second.startswith("optimizer=rmsprop")
    assert "not shown to be worse (p " in second
    assert "worse by 0.15 (p " in last
    assert "not shown" not in last


def test_the_smallest_loss_is_the_best() -> None:
    found = over_seeds(sweep({"sgd": [0.5, 0.6], "adam": [0.1, 0.2]}, metric="loss"))
    assert found is not None
    assert [setting.label for setting in found[1]] == ["optimizer=adam", "optimizer=sgd"]


def test_settings_that_share_fewer_than_two_seeds_are_not_compared() -> None:
    jobs = [
        outcome(0.9, "optimizer=sgd", "seed=0"),
        outcome(0.8, "optimizer=sgd", "seed=1"),
        outcome(0.5, "optimizer=adam", "seed=1"),
        outcome(0.4, "optimizer=adam", "seed=2"),
        outcome(None, "optimizer=adam", "seed=3"),
    ]
    told = settings_table(jobs)
    assert told is not None
    assert told.split("\n")[-1].endswith("too few seeds of both")


@pytest.mark.parametrize(
    "jobs",
    [
        [],
        [outcome(0.5, "optimizer=sgd", "seed=1"), outcome(0.6, "optimizer=adam", "seed=1")],
        [outcome(None, "seed=1"), outcome(None, "seed=2")],
        [outcome(0.5, "seed=1"), outcome(0.5, "seed=2", metric="loss")],
        [outcome(float("nan"), "seed=1"), outcome(0.5, "seed=2")],
    ],
)
def test_without_two_seeds_of_a_setting_there_is_no_table(jobs: list[Outcome]) -> None:
    assert settings_table(jobs) is None


def test_a_sweep_over_seeds_alone_is_one_setting() -> None:
    told = settings_table([outcome(0.5, "seed=1"), outcome(0.6, "seed=2")])
    assert told is not None
    assert told.split("\n")[1].startswith("all")


def test_nothing_is_best_where_the_name_of_a_metric_does_not_say_which_way_it_gets_better() -> None:
    told = settings_table(sweep({"sgd": [0.5, 0.6], "adam": [0.1, 0.2]}, metric="my_figure"))
    assert told is not None
    assert "best" not in told
    assert [line.split()[0] for line in told.split("\n")[1:]] == ["optimizer=sgd", "optimizer=adam"]
