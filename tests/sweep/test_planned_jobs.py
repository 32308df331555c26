"""The jobs of a sweep before it starts."""

from pathlib import Path

import pytest

from kerasgen.diagnostics import CompileError
from kerasgen.sweep.jobs import planned_jobs


def test_every_combination_is_a_job() -> None:
    assert planned_jobs(["seed=range(2)", "optimizer=adam,sgd", "fit.epochs=3"]) == [
        ("seed=0", "optimizer=adam", "fit.epochs=3"),
        ("seed=0", "optimizer=sgd", "fit.epochs=3"),
        ("seed=1", "optimizer=adam", "fit.epochs=3"),
        ("seed=1", "optimizer=sgd", "fit.epochs=3"),
    ]


def test_selectors_are_swept_over_and_settings_of_hydra_kept() -> None:
    words = ["model.layers[Dropout].rate=0.1,0.2", "hydra.launcher.n_jobs=2"]
    assert planned_jobs(words) == [
        ("hydra.launcher.n_jobs=2", "model.layers[Dropout].rate=0.1"),
        ("hydra.launcher.n_jobs=2", "model.layers[Dropout].rate=0.2"),
    ]


def test_without_a_sweep_there_is_one_job() -> None:
    assert planned_jobs(["seed=3"]) == [("seed=3",)]


def test_parameters_of_the_sweeper_in_a_file_count(tmp_path: Path) -> None:
    file = tmp_path / "experiment" / "search.yaml"
    file.parent.mkdir()
    text = "# @package _global_\nhydra:\n  sweeper:\n    params: {seed: '1,2'}\n"
    file.write_text(text)
    assert planned_jobs(["experiment=search"], str(tmp_path)) == [
        ("seed=1", "experiment=search"),
        ("seed=2", "experiment=search"),
    ]


def test_what_keeps_a_sweep_from_being_composed_is_told() -> None:
    with pytest.raises(CompileError) as error:
        planned_jobs(["optimizer=adam,sdg", "sed=1,2"])
    assert sorted(d.code for d in error.value.diagnostics) == ["KG103", "KG104"]


def test_an_interval_without_a_search_has_a_place_and_a_help() -> None:
    with pytest.raises(CompileError) as error:
        planned_jobs(["seed=1,2", "optimizer.learning_rate=interval(0.1,1)"])
    (found,) = error.value.diagnostics
    assert found.code == "KG102"
    assert found.location is not None
    assert found.location.override == "optimizer.learning_rate=interval(0.1,1)"
    assert found.location.column == 25
    assert found.help is not None
    assert "`optimizer.learning_rate=0.1,1`" in found.help
