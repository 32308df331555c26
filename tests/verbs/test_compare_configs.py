"""Comparing configs that never ran: layers, parameters and cost."""

import json
import os

import pytest

from kerasgen.cli import main
from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.config_folders import ConfigPlace
from kerasgen.ir.canonical import ABSENT
from kerasgen.verbs.compare_configs import compare_configs
from kerasgen.verbs.comparison_text import configs_text

BACKEND = f"backend={os.environ['KERAS_BACKEND']}"


def test_layers_parameters_and_cost_are_compared() -> None:
    found = compare_configs(
        [
            ("a", [BACKEND, "model=mlp"]),
            ("b", [BACKEND, "model=mlp", "model.layers.hidden2.units=32", "~model.layers.drop1"]),
        ],
        ConfigPlace(),
    )
    drop = {"class": "Dropout", "rate": 0.2}
    assert {row.key: row.values for row in found.config} == {
        "model.layers.drop1": (drop, ABSENT),
        "model.layers.hidden2.units": (64, 32),
    }
    assert {row.key: row.change for row in found.layers} == {
        "drop1": "removed",
        "hidden2": "changed",
        "scores": "changed",
    }
    totals = {row.key: row.values for row in found.totals}
    # 64 inputs, 128, 64 or 32, and 10 units, each with its bias.
    first, second = (65 * 128 + 129 * units + (units + 1) * 10 for units in (64, 32))
    assert totals["parameters"] == totals["trainable"] == (first, second)
    assert totals["parameter_bytes"] == (4 * first, 4 * second)
    lines = configs_text(found).splitlines()
    assert [line.split()[:2] for line in lines if line[2:3] in ("~", "-", "+")] == [
        ["-", "drop1"],
        ["~", "hidden2"],
        ["~", "scores"],
    ]


def test_configs_that_mean_the_same_are_the_same() -> None:
    words = [BACKEND, "model=mlp"]
    found = compare_configs([("a", words), ("b", [*words, "fit.epochs=10"])], ConfigPlace())
    assert (found.config, found.layers, found.left) == ((), (), {})
    assert "config: the same\nlayers: the same\ncost" in configs_text(found)


def test_what_follows_from_closed_data_is_said_not_to_be_checked() -> None:
    auto = [BACKEND, "data=table", "model=table", "data.source.path=x.csv", "data.target=y"]
    found = compare_configs([("a", [BACKEND]), ("b", auto)], ConfigPlace())
    assert list(found.left) == ["b"]
    totals = {row.key: row.values for row in found.totals}
    assert isinstance(totals["parameters"][0], int)
    assert totals["parameters"][1] is ABSENT
    assert any(row.key.startswith("data.") for row in found.config)


def test_the_mistakes_of_a_config_are_told() -> None:
    bad = ("b", [BACKEND, "model=mlp", "model.layers.hidden1.unitz=3"])
    with pytest.raises(CompileError) as caught:
        compare_configs([("a", [BACKEND]), bad], ConfigPlace())
    assert "KG202" in {found.code for found in caught.value.diagnostics}


def test_the_command_takes_a_config_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    other = f"{BACKEND} fit.epochs=4 'name=\"my run\"'"
    assert main(["compare", "--config", BACKEND, other, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["configs"] == [BACKEND, other]
    keys = {row["key"]: row["values"] for row in found["config"]}
    assert keys["fit.epochs"] == {BACKEND: 10, other: 4}
    assert keys["name"][other] == "my run"
    assert found["layers"] == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["model=mlp"], "KG630"),
        (["model=mlp", "model=mlp"], "KG630"),
        (["model=mlp", "name='open"], "KG102"),
        (["model=mlp", "model=mlpp"], "KG104"),
        (["model=mlp", "seed=1", "--plot", "x.png"], "KG126"),
    ],
)
def test_what_cannot_be_compared_is_told(
    words: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "--config", *words]) == 2
    assert f"error[{code}]" in capsys.readouterr().err
