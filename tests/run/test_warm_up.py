"""A run that is measured: what it trains, what it tells, and what it leaves out."""

import json
from pathlib import Path

import pytest
from short_runs import SHORT, fields

from kerasgen.frontend.compose.composition import compose
from kerasgen.run.experiment import run_experiment
from kerasgen.run.measured import NAME, MeasuredRun, read_measured
from kerasgen.run.warm_up import Bound, Stopwatch


def measured(engine: str, folder: Path, bound: Bound, *overrides: str) -> MeasuredRun:
    composition = compose([f"backend={engine}", *SHORT, *overrides])
    code = run_experiment(composition, folder, argv=["run.py"], listeners=[Stopwatch(bound)])
    assert code == 0
    (file,) = folder.rglob(NAME)
    return read_measured(json.loads(file.read_text()))


@pytest.mark.slow
def test_a_few_epochs_tell_what_many_take(engine: str, tmp_path: Path) -> None:
    found = measured(engine, tmp_path / "run", Bound(seconds=60), "fit.epochs=1000")
    (phase,) = found.phases
    trained = fields(tmp_path / "run")["epochs"]
    assert 3 <= trained < 1000
    assert (phase.epochs, phase.validations, phase.states) == (1000, 1000, 1000)
    # What was measured comes out again.
    counted = phase.epoch + phase.validation + phase.state
    assert (phase.setup + counted * trained).wall == pytest.approx(phase.total.wall, rel=0.3)
    assert phase.setup.wall > counted.wall
    assert found.parameters == 17226
    assert found.weight.memory > 50 * 2**20
    assert found.weight.disk > found.weight.state > 17226 * 4


@pytest.mark.slow
def test_an_epoch_is_cut_after_some_steps(engine: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    bound = Bound(seconds=60, steps=7)
    found = measured(
        engine, folder, bound, "fit.epochs=30", "fit.batch_size=8", "fit.checkpoint.every=10 epochs"
    )
    (phase,) = found.phases
    assert fields(folder)["epochs"] == 1
    assert phase.states == 3
    # 162 steps were not made: an epoch takes longer than all that was seen of one.
    assert phase.epoch.wall > 0
    assert phase.epoch.wall * 8 / 162 < phase.total.wall


@pytest.mark.slow
def test_each_phase_is_measured_and_of_folds_the_first(engine: str, tmp_path: Path) -> None:
    phases = "fit.phases={warm: {epochs: 5, trainable: [scores]}, fine: {epochs: 40}}"
    found = measured(engine, tmp_path / "run", Bound(seconds=0.5), phases, "fit.folds=3")
    assert [phase.epochs for phase in found.phases] == [5, 40]
    assert found.folds == 3
    assert sorted(path.name for path in (tmp_path / "run" / "folds").iterdir()) == ["1"]


def test_a_callback_may_end_it_early_and_nobody_outside_hears_of_it(
    engine: str, tmp_path: Path
) -> None:
    told = "fit.callbacks={stop: {class: EarlyStopping}}"
    found = measured(
        engine, tmp_path / "run", Bound(seconds=0.2), told, "tracking.tensorboard=true"
    )
    assert found.ends_early
    assert not (tmp_path / "run" / "tensorboard").exists()
