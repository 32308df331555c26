"""A sweep as a table: by which figure it is judged, what its settings are, and how they compare."""

from pathlib import Path
from statistics import fmean

import pytest
from made_sweeps import Made, grid, made_sweep
from scipy import stats

from kerasgen.diagnostics import CompileError
from kerasgen.sweep.report.swept_table import Goal, read_table

JOBS = [
    Made(words="lr=0.1 seed=0", test={"loss": 0.5, "accuracy": 0.8}),
    Made(words="lr=0.1 seed=1", test={"loss": 0.4, "accuracy": 0.9}),
    Made(words="lr=0.1 seed=2", test={"loss": 0.45, "accuracy": 0.85}),
    Made(words="lr=0.2 seed=0", test={"loss": 0.7, "accuracy": 0.6}),
    Made(words="lr=0.2 seed=1", test={"loss": 0.65, "accuracy": 0.65}),
    Made(words="lr=0.2 seed=2", test={"loss": 0.9, "accuracy": "NaN"}),
    Made(words="lr=0.3 seed=0", status="failed", fields={"error": "killed"}),
    Made(words="lr=0.3 seed=1", status=None),
]


def test_seeds_make_no_settings_and_the_best_mean_is_first(tmp_path: Path) -> None:
    table = read_table(made_sweep(tmp_path / "s", JOBS))
    assert table.goal == Goal("test_accuracy", "max")
    assert [each.label for each in table.settings] == ["lr=0.1", "lr=0.2"]
    first, second = table.settings
    assert [row.name for row in first.rows] == ["1", "2", "0"]
    low, high = stats.t.interval(
        0.95, 2, loc=fmean([0.8, 0.9, 0.85]), scale=stats.sem([0.8, 0.9, 0.85])
    )
    assert first.figures.interval == pytest.approx((low, high))
    expected = stats.ttest_rel([0.8, 0.9], [0.6, 0.65]).pvalue
    assert second.figures.probability == pytest.approx(expected)
    assert table.names == ["lr"]
    assert (table.varied, table.has_seeds) == (["lr"], True)
    assert dict(table.counts) == {"completed": 6, "failed": 1, "waiting": 1}


def test_the_objective_of_a_sweep_judges_it(tmp_path: Path) -> None:
    said = [
        {"metric": "test_loss", "direction": "minimize"},
        {"metric": "seconds", "direction": "minimize"},
        {"metric": 3, "direction": "maximize"},
        {"metric": "x", "direction": "up"},
        "nothing",
    ]
    table = read_table(made_sweep(tmp_path / "s", JOBS, objectives=said, search={}))
    assert table.goal == Goal("test_loss", "min")
    assert table.objectives == (Goal("test_loss", "min"), Goal("seconds", "min"))


@pytest.mark.parametrize(
    ("by", "goal"),
    [
        ("loss", ("test_loss", "min")),
        ("test_loss", ("test_loss", "min")),
        ("metrics.test.loss", ("test_loss", "min")),
        ("+accuracy", ("test_accuracy", "min")),
        ("-loss", ("test_loss", "max")),
    ],
)
def test_somebody_may_ask_for_another_figure(
    by: str, goal: tuple[str, str], tmp_path: Path
) -> None:
    assert read_table(made_sweep(tmp_path / "s", JOBS), by).goal == goal


@pytest.mark.parametrize(("by", "code"), [("acuracy", "KG107"), ("speed", "KG607")])
def test_a_figure_that_judges_nothing_is_told(by: str, code: str, tmp_path: Path) -> None:
    jobs = [Made(words="a=1", test={"accuracy": 0.5, "speed": 2.0})]
    with pytest.raises(CompileError) as caught:
        read_table(made_sweep(tmp_path / "s", jobs), by)
    assert [found.code for found in caught.value.diagnostics] == [code]


def test_without_a_completed_job_nothing_judges(tmp_path: Path) -> None:
    table = read_table(made_sweep(tmp_path / "s", [Made(words="a=1", status=None)]), "accuracy")
    assert (table.goal, table.settings, table.judged) == (None, [], [])


def test_a_job_of_a_sweep_beside_it_is_borrowed(tmp_path: Path) -> None:
    made_sweep(tmp_path / "one", grid(4))
    waiting = [Made(words=job.words, status=None) for job in grid(4)]
    table = read_table(made_sweep(tmp_path / "two", waiting))
    assert [row.borrowed for row in table.rows] == [True] * 4
    assert table.rows[0].figure is not None


def test_brief_names_tell_settings_apart(tmp_path: Path) -> None:
    jobs = [Made(words=f"a.rate={n} b.rate={n} c.units={n} d.seed={n}") for n in range(2)]
    table = read_table(made_sweep(tmp_path / "s", jobs))
    assert list(table.brief_names.values()) == ["a.rate", "b.rate", "units", "d.seed"]


def test_settings_whose_texts_are_alike_stay_apart(tmp_path: Path) -> None:
    jobs = [
        Made(words=["a=1 b=2", "c=1"], test={"accuracy": 0.5}),
        Made(words=["a=1", "b=2", "c=1"], test={"accuracy": 0.6}),
    ]
    table = read_table(made_sweep(tmp_path / "s", jobs))
    assert [row.name for each in table.settings for row in each.rows] == ["1", "0"]
