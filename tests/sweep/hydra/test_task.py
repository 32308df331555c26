from pathlib import Path

import pytest
from hydra.core.utils import JobReturn
from omegaconf import OmegaConf

from kerasgen.diagnostics import Sink
from kerasgen.frontend.compose.composition import compose
from kerasgen.record.run_folder import open_record
from kerasgen.sweep.hydra.task import ConfigPlace, Task


def test_flags_say_where_configs_are_looked_for() -> None:
    assert ConfigPlace().flags() == []
    place = ConfigPlace(config_name="mine", config_dirs=("a b", "d"), config_path="c")
    assert place.flags() == [
        "--config-name",
        "mine",
        "--config-dir",
        "a b",
        "--config-dir",
        "d",
        "--config-path",
        "c",
    ]


def test_the_outcomes_of_a_launcher_of_others_are_read_from_the_records(tmp_path: Path) -> None:
    open_record(tmp_path, Sink()).finish("completed", metrics={"test": {"accuracy": 0.5}})
    job = JobReturn(
        hydra_cfg=OmegaConf.create(
            {
                "hydra": {
                    "runtime": {"output_dir": str(tmp_path)},
                    "overrides": {"task": ["fit.epochs=${data.classes}"]},
                }
            }
        )
    )
    (outcome,) = Task(place=ConfigPlace()).outcomes_of([[job]])
    assert (outcome.status, outcome.metric) == ("completed", ("accuracy", 0.5))
    assert outcome.overrides == ("fit.epochs=${data.classes}",)


def test_a_sweeper_that_returns_nothing_has_no_outcomes_to_read() -> None:
    assert Task(place=ConfigPlace()).outcomes_of(None) == []


@pytest.mark.parametrize(("folds", "asking"), [("null", 1), ("3", 0)])
def test_a_run_of_folds_asks_no_pruner(tmp_path: Path, folds: str, asking: int) -> None:
    task = Task(place=ConfigPlace(), asks="val_loss")
    assert len(task._listeners(tmp_path, compose([f"fit.folds={folds}"]))) == asking
