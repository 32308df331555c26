"""A model that is looked at alone: `data=none`."""

from pathlib import Path

import pytest

from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.composition import compose
from kerasgen.process.exit_codes import REFUSED
from kerasgen.run.experiment import run_experiment
from kerasgen.verbs.check import check_config
from kerasgen.verbs.eject import eject_config
from kerasgen.verbs.fast_check import check_fast

TWO = ["model=two_inputs", "data=none", "+data.facts.classes.digit=10"]


def codes(*overrides: str) -> list[str]:
    return [found.code for found in check_config(list(overrides)).diagnostics]


@pytest.mark.slow
def test_shapes_and_costs_are_those_of_the_model_with_data(engine: str) -> None:
    alone = check_config(TWO)
    beside = check_config(["experiment=digits_two_inputs"])
    assert alone.diagnostics == ()
    assert alone.compiled is not None
    assert beside.compiled is not None
    assert alone.compiled.specs == beside.compiled.specs
    assert alone.compiled.cost.parameters == beside.compiled.cost.parameters
    assert "not checked: loss and metrics" in alone.text()


def test_the_report_says_that_no_loss_was_settled(engine: str) -> None:
    report = check_config(TWO).report()
    assert report["valid"]
    assert [(made["name"], made["loss"], made["task"]) for made in report["outputs"]] == [
        ("digit", None, ""),
        ("odd", None, ""),
    ]


def test_lint_speaks_of_the_model_alone(engine: str) -> None:
    inputs = "+model.inputs={input: {shape: [64]}}"
    words = ["model=mlp", "data=none", "+data.facts.classes=10", inputs]
    assert codes(*words, "model.layers.drop1.rate=0.99") == ["KG726"]
    assert codes(*words, "+fit.callbacks.stop={class: EarlyStopping, monitor: nope}") == []


def test_a_model_without_inputs_of_its_own_is_refused() -> None:
    found = check_fast(["model=mlp", "data=none", "+data.facts.classes=10"])
    assert [d.code for d in found.diagnostics] == ["KG620"]


def test_a_mistake_in_the_model_is_told_as_ever(engine: str) -> None:
    assert codes(*TWO, "model.layers.mixed.units=-3") == ["KG206"]
    assert [d.code for d in check_fast([*TWO, "model.layers.mixed.unist=3"]).diagnostics]


def test_a_run_and_a_script_need_data(engine: str, tmp_path: Path, capsys) -> None:
    assert run_experiment(compose(TWO), tmp_path / "run") == REFUSED
    assert "error[KG621]" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    with pytest.raises(CompileError) as error:
        eject_config(TWO)
    assert [d.code for d in error.value.diagnostics] == ["KG621"]
    assert [d.code for d in check_config(TWO, open_data=True).diagnostics] == ["KG621"]
