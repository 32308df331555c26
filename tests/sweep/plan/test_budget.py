"""Which jobs fit into a time, and which begin while it goes by."""

from pathlib import Path

import pytest

from kerasgen.diagnostics import CompileError
from kerasgen.sweep.job_source import PlannedJob
from kerasgen.sweep.job_spec import JobSpec
from kerasgen.sweep.outcomes import Outcome
from kerasgen.sweep.plan.budget import chosen_jobs, seconds_of, spelled_out
from kerasgen.sweep.plan.budgeted_jobs import BudgetedJobs


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (90, 90),
        (1.5, 1.5),
        ("90", 90),
        ("30s", 30),
        ("15m", 900),
        ("2h", 7200),
        ("1.5h", 5400),
        ("1d", 86400),
        (0, None),
        (-1, None),
        (True, None),
        ("", None),
        ("h", None),
        ("2w", None),
        ("0m", None),
        ("1h30m", None),
        (float("inf"), None),
        ("٣h", None),
        ([1], None),
    ],
)
def test_a_budget_is_a_time(written: object, seconds: float | None) -> None:
    assert seconds_of(written) == seconds


def test_a_budget_is_typed_in_short() -> None:
    assert spelled_out(["seed=1", "budget=2h"]) == ["seed=1", "hydra.launcher.budget=2h"]
    assert spelled_out(["budget=null"]) == ["hydra.launcher.budget=null"]
    assert spelled_out(["name=budget=2h"]) == ["name=budget=2h"]


@pytest.mark.parametrize("text", ["budget=soon", "budget=", "budget=1h,2h", "budget=-5"])
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(CompileError) as caught:
        spelled_out([text])
    (told,) = caught.value.diagnostics
    assert told.code == "KG204"
    assert told.message.endswith("a time such as `30s`, `15m`, `2h`, `1d`")


def jobs(*given: tuple[str, int, float]) -> list[tuple[int, tuple[str, ...], float]]:
    return [(n, (s, f"seed={seed}"), taken) for n, (s, seed, taken) in enumerate(given)]


THREE = jobs(
    ("a", 0, 10), ("a", 1, 10), ("b", 0, 2), ("b", 1, 2), ("c", 0, 2), ("c", 1, 2), ("d", 0, 5)
)


def test_the_cheapest_settings_come_first_and_of_equals_the_first_that_was_declared() -> None:
    assert chosen_jobs(THREE, 1, 100) == [2, 3, 4, 5, 6, 0, 1]


def test_a_setting_is_taken_whole_or_not_at_all() -> None:
    assert chosen_jobs(THREE, 1, 11) == [2, 3, 4, 5]
    assert chosen_jobs(THREE, 1, 32) == [2, 3, 4, 5, 6]


def test_where_no_setting_fits_whole_some_of_its_seeds_do() -> None:
    assert chosen_jobs(THREE, 1, 3) == [2]
    assert chosen_jobs(THREE, 1, 1) == []
    assert chosen_jobs([], 1, 1) == []


def test_jobs_side_by_side_take_less_time() -> None:
    assert chosen_jobs(THREE, 2, 4) == [2, 3, 4, 5]


def nothing_is_started() -> JobSpec:
    raise AssertionError


def planned(number: int) -> PlannedJob:
    return PlannedJob(
        number=number,
        title="",
        overrides=(f"a={number}",),
        folder=Path(str(number)),
        argv=(),
        spec=nothing_is_started,
    )


def ended(number: int, status: str = "completed", *, earlier: bool = False) -> Outcome:
    return Outcome(
        job=number, overrides=(), status=status, folder=Path(), error=None, earlier=earlier
    )


def test_no_job_begins_that_would_not_end_in_time(capsys: pytest.CaptureFixture[str]) -> None:
    left = [10.0]
    source = BudgetedJobs([planned(n) for n in range(3)], {0: 4, 1: 20, 2: 5}, lambda: left[0])
    assert source.next_job() == planned(0)
    left[0] = 6.0
    assert source.next_job() == planned(2)
    assert source.next_job() is None
    assert [job.number for job in source.cut] == [1]
    source.tell()
    assert "the budget is not enough for jobs 1; the same command" in capsys.readouterr().out


def test_what_jobs_have_taken_corrects_what_was_reckoned(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    source = BudgetedJobs([planned(n) for n in range(4)], {0: 4, 1: 4, 2: 4}, lambda: 100.0)
    first = source.next_job()
    assert first is not None
    clock[0] = 12.0
    source.told(first, ended(0))
    assert source.seconds(planned(1)) == pytest.approx(12)  # Three times what was reckoned.
    assert source.seconds(planned(3)) == pytest.approx(12)  # Nobody knows more of it.


def test_a_job_that_is_done_or_fails_teaches_nothing() -> None:
    source = BudgetedJobs([planned(0), planned(1)], {0: 4, 1: 4}, lambda: 100.0)
    for number, outcome in ((0, ended(0, earlier=True)), (1, ended(1, "failed"))):
        assert source.next_job() == planned(number)
        source.told(planned(number), outcome)
    assert source.seconds(planned(0)) == 4
