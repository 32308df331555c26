"""`kerasgen plan` and budgets as processes, with a stand-in that tells made-up figures.

The stand-in takes a second for the start, for all but the training, for the set-up of the training,
and for each of its epochs.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def plan(application: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command `kerasgen plan`, whose temporary files lie in the working directory's parent."""
    temporary = application.folder.parent / "temporary"
    temporary.mkdir()
    environment = {**application.environment, "TMPDIR": str(temporary)}
    program = (sys.executable, "-m", "kerasgen", "plan")
    environment["PYTHONPATH"] += f":{Path(__file__).parents[3]}"
    return replace(application, program=program, environment=environment)


def told(done: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def seconds(found: dict[str, Any]) -> list[float | None]:
    estimates = [job["estimate"] for job in found["jobs"]]
    return [None if each is None else each["seconds"] for each in estimates]


def test_one_of_each_kind_is_measured_and_nothing_stays(plan: Any) -> None:
    done = plan.run("-m", "seed=0,1", "fit.epochs=2,5", "fit.batch_size=8,16", "--json")
    assert done.returncode == 0, done.stderr
    found = told(done)
    assert found["warm_ups"]["count"] == 2
    assert seconds(found) == [5, 5, 8, 8] * 2
    totals = found["totals"]
    assert totals["seconds"] - totals["overhead_seconds"] == 52
    assert totals["disk"] == 8 * 2**10
    assert [job["state"] for job in found["jobs"]] == ["waiting"] * 8
    assert plan.left_behind() == []
    assert list((plan.folder.parent / "temporary").iterdir()) == []


@pytest.mark.slow
def test_jobs_that_are_done_are_told_and_cost_nothing(application: Any, plan: Any) -> None:
    assert application.run("-m", "seed=0,1", "fit.epochs=2").returncode == 0
    found = told(plan.run("-m", "seed=1,2", "fit.epochs=2", "--json"))
    assert [job["state"] for job in found["jobs"]] == ["done", "waiting"]
    assert found["jobs"][0]["run"].endswith("/1")
    assert seconds(found) == [None, 5]
    anew = told(plan.run("-m", "seed=1,2", "fit.epochs=2", "--force", "--json"))
    assert [job["state"] for job in anew["jobs"]] == ["waiting", "waiting"]
    assert "--force" in anew["command"]


def test_a_job_that_cannot_be_measured_does_not_keep_the_others_from_it(plan: Any) -> None:
    done = plan.run("-m", "name=fail", "fit.epochs=2", "seed=0,1")
    assert done.returncode == 1
    assert "jobs 0, 1 cannot be planned: failed: it failed" in done.stdout
    assert plan.left_behind() == []


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("hydra.launcher.timeout=6", "`seed=0 fit.epochs=5`, `seed=1 fit.epochs=5` take up to 8 s"),
        ("hydra.launcher.memory=2MiB", "and 1 more take up to 3.00 MiB of memory"),
    ],
)
def test_what_jobs_may_not_take_is_refused(plan: Any, setting: str, said: str) -> None:
    done = plan.run("-m", "seed=0,1", "fit.epochs=2,5", setting)
    assert done.returncode == 2
    assert "error[KG903]" in done.stderr
    assert said in done.stderr
    assert setting in done.stderr
    assert "4 jobs: 4 waiting" in done.stdout


@pytest.mark.slow
def test_a_budget_cuts_a_plan_by_whole_settings(plan: Any) -> None:
    done = plan.run("-m", "seed=0,1", "fit.epochs=2,5,4", "budget=40", "--json")
    assert done.returncode == 0, done.stderr
    states = [job["state"] for job in told(done)["jobs"]]
    assert states == ["waiting", "cut", "waiting"] * 2


@pytest.mark.slow
def test_one_run_is_planned_and_has_no_budget(plan: Any) -> None:
    done = plan.run("fit.epochs=4", "--json")
    assert seconds(told(done)) == [7]
    assert told(done)["command"] == ["kerasgen", "run", "fit.epochs=4"]
    refused = plan.run("budget=1h")
    assert refused.returncode == 2
    assert "error[KG126]: `budget` does nothing for a single run" in refused.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["-m", "fit.epochs=0,3"], "KG204"),
        (["-m", "seed=range(5,5)"], "KG104"),
        (["-m", "hydra.launcher.n_jobs=0"], "KG204"),
    ],
)
def test_what_is_refused_for_the_sweep_is_refused_for_the_plan(
    plan: Any, words: list[str], code: str
) -> None:
    done = plan.run(*words)
    assert done.returncode == 2
    assert f"error[{code}" in done.stderr
    assert plan.left_behind() == []


@pytest.mark.slow
def test_a_sweep_keeps_its_budget_and_goes_on_with_a_larger_one(application: Any) -> None:
    words = ("-m", "seed=0,1", "fit.epochs=2,400", "hydra.sweep.dir=s")
    done = application.run(*words, "budget=60")
    assert done.returncode == 0, done.stderr
    assert "the budget is not enough for jobs 1, 3; the same command" in done.stdout
    assert [name for name, r in application.records().items() if r["status"] == "completed"] == [
        "0",
        "2",
    ]
    again = application.run(*words, "budget=1d")
    assert again.returncode == 0
    assert sorted(application.records()) == ["0", "1", "2", "3"]
    assert again.stdout.count("completed earlier") == 2
