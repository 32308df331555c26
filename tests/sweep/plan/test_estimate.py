"""The arithmetic of a plan, on figures that are made up."""

import json

import pytest

from kerasgen.run.measured import MeasuredRun, PhaseTimes, Spent, Weight, read_measured
from kerasgen.sweep.plan.estimate import Estimate, estimate, run_of_record, totals, wall_time

MIB = 2**20


def phase(**changes: object) -> PhaseTimes:
    usual = {
        "total": Spent(wall=9.0, cpu=4.0),
        "setup": Spent(wall=5.0, cpu=2.0),
        "epoch": Spent(wall=2.0, cpu=1.0),
        "validation": Spent(wall=0.5, cpu=0.25),
        "state": Spent(wall=0.1, cpu=0.05),
        "epochs": 10,
        "validations": 10,
        "states": 5,
    }
    return PhaseTimes(**{**usual, **changes})


def run(**changes: object) -> MeasuredRun:
    usual = {
        "start": Spent(wall=1.0, cpu=1.0),
        "rest": Spent(wall=3.0, cpu=2.0),
        "phases": (phase(),),
        "weight": Weight(memory=300 * MIB, shared=100 * MIB, disk=MIB, state=MIB, states=2),
    }
    return MeasuredRun(**{**usual, **changes})


def job(wall: float, memory: int = 300) -> Estimate:
    weight = Weight(memory=memory * MIB, shared=100 * MIB, disk=MIB, state=2 * MIB, states=2)
    return Estimate(spent=Spent(wall=wall), weight=weight, at_most=False, basis="measured")


def test_what_is_due_once_is_counted_once() -> None:
    found = estimate(run(), 10)
    # start + rest + setup + 10 epochs + 10 validations + 5 states
    assert found.spent.wall == pytest.approx(1 + 3 + 5 + 20 + 5 + 0.5)
    assert found.spent.cpu == pytest.approx(1 + 2 + 2 + 10 + 2.5 + 0.25)


def test_another_number_of_epochs_changes_what_belongs_to_them() -> None:
    longer, shorter = estimate(run(), 20).spent.wall, estimate(run(), 10).spent.wall
    assert longer - shorter == pytest.approx(25.5)


def test_phases_follow_each_other_and_folds_repeat_all_but_the_start() -> None:
    once = estimate(run(), None).spent.wall
    assert estimate(run(phases=(phase(), phase())), None).spent.wall == pytest.approx(once + 30.5)
    folded = estimate(run(folds=3), None)
    assert folded.spent.wall == pytest.approx(1 + 3 * (once - 1))
    assert folded.weight.disk == 3 * MIB


def test_jobs_that_run_side_by_side_share_what_they_have_imported() -> None:
    found = totals([job(1), job(1, memory=500), job(1)], 2)
    assert found.memory == (400 + 200 + 100) * MIB
    assert totals([job(1), job(1)], 1).memory == 300 * MIB


def test_states_count_only_of_those_that_train_at_a_time() -> None:
    found = totals([job(1)] * 5, 2)
    assert found.disk == 5 * MIB
    assert found.most_disk == 5 * MIB + 2 * 4 * MIB


@pytest.mark.parametrize(
    ("seconds", "n_jobs", "wall"),
    [
        ([4, 1, 1, 1], 2, 4),
        ([1, 1, 1, 4], 2, 5),
        ([2, 2, 2], 1, 6),
        ([3], 4, 3),
    ],
)
def test_a_job_starts_whenever_a_place_is_free(
    seconds: list[float], n_jobs: int, wall: float
) -> None:
    assert wall_time(seconds, n_jobs) == wall


def test_a_measured_run_travels_as_json() -> None:
    assert read_measured(json.loads(json.dumps(run().to_plain()))) == run()


def test_an_earlier_run_counts_as_measured() -> None:
    fields = {
        "usage": {"seconds": 20.0, "cpu_seconds": 10.0, "memory": 7, "shared_memory": 2},
        "timings": {"fit": 12.0},
    }
    history = [{"seconds": 6.0}, {"seconds": 2.0}, {"seconds": 4.0}]
    found = run_of_record(fields, history, disk=5)
    assert found is not None
    assert estimate(found, 3).spent.wall == pytest.approx(20)
    assert estimate(found, 3).spent.cpu == pytest.approx(10)
    assert estimate(found, 5).spent.wall == pytest.approx(26)
    assert found.weight == Weight(memory=7, shared=2, disk=5)


def test_a_record_that_says_too_little_is_none() -> None:
    usage = {"seconds": 20.0, "cpu_seconds": 10.0, "memory": 7, "shared_memory": 2}
    whole = {"usage": usage, "timings": {"fit": 12.0}}
    rows = [{"seconds": 6.0}]
    assert run_of_record(whole, [], 0) is None
    assert run_of_record({**whole, "usage": "much"}, rows, 0) is None
    assert run_of_record({**whole, "timings": {}}, rows, 0) is None
    assert run_of_record({**whole, "resumed": [{}]}, rows, 0) is None
