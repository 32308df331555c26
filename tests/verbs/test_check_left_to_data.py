"""`kerasgen check` of configs whose model follows from data that is not opened."""

import json
from pathlib import Path

import pytest

from kerasgen.cli import main
from kerasgen.ir.values import ObjectDef
from kerasgen.process.exit_codes import DONE, REFUSED
from kerasgen.verbs.check import LEFT, check_config
from kerasgen.verbs.fast_check import check_fast

TABLE = ("data=table", "model=table", "data.source.path=no/such.csv", "data.target=y")
SERIES = (*TABLE[:1], "data=series", "model=series", *TABLE[2:], "data.time=t")
OWN = ("data=table", "model=table_classes", *TABLE[2:])


@pytest.mark.parametrize("config", [TABLE, SERIES, OWN])
def test_it_is_in_order_and_says_what_is_left_to_the_data(
    config: tuple[str, ...], engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *config, f"backend={engine}"]) == DONE
    assert capsys.readouterr().out.startswith("not checked: the layers, ")
    assert main(["check", "--json", *config, f"backend={engine}"]) == DONE
    report = json.loads(capsys.readouterr().out)
    assert (report["valid"], report["model"], report["unchecked"]) == (True, None, [*LEFT])


@pytest.mark.parametrize("config", [TABLE, SERIES])
@pytest.mark.parametrize(
    ("override", "code", "key"),
    [
        ("optimizer.learning_rate=abc", "KG204", "optimizer.learning_rate"),
        ("compile.loss=rubbish", "KG205", "compile.loss"),
        ("fit.callbacks={stop: EarlyStoping}", "KG201", "fit.callbacks.stop.class"),
        ("fit.epochs=two", "KG204", "fit.epochs"),
        ("model.parameters.hidden=[a]", "KG204", "model.layers.hidden.units"),
    ],
)
def test_what_stands_beside_the_layers_is_checked(
    config: tuple[str, ...], override: str, code: str, key: str
) -> None:
    found = check_fast([*config, override]).diagnostics
    assert [(told.code, told.location and told.location.key) for told in found] == [(code, key)]


def test_a_selector_of_layers_that_are_not_written_yet_is_let_be() -> None:
    assert check_fast([*TABLE, "model.layers[Dropout].rate=0.3"]).diagnostics == ()


def test_objects_are_made_as_far_as_no_shape_is_needed(engine: str) -> None:
    words = [*TABLE, f"backend={engine}", "optimizer={class: Adam, beta_1: 2.0}"]
    words += ["fit.callbacks={log: {class: CSVLogger, filename: ''}}"]
    outcome = check_config(words)
    assert outcome.compiled is None
    assert {told.code for told in outcome.diagnostics} <= {"KG204", "KG206"}


def test_words_that_differ_in_capitals_alone_are_told_of_features_and_targets(
    engine: str, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.csv"
    lines = [
        f"{i * i},{('Rome', 'rome', 'Oslo')[i % 3]},{('Yes', 'yes')[i % 2]}" for i in range(90)
    ]
    rows.write_text("\n".join(["x,town,y", *lines]) + "\n")
    words = [*TABLE[:2], f"data.source.path={rows}", "data.target=y", f"backend={engine}"]
    found = check_config(words, open_data=True).diagnostics
    assert [told.message for told in found if told.code == "KG774"] == [
        "words of `town` differ in capitals alone: `Rome`, `rome`",
        "words of `y` differ in capitals alone: `Yes`, `yes`",
    ]


def test_a_fact_that_a_config_may_declare_is_asked_for(
    engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["data=cifar10_images", "model=convnet", "~data.facts", "data.split.stratify=false"]
    assert main(["check", *words, f"backend={engine}"]) == REFUSED
    assert "KG105" in capsys.readouterr().err


def test_a_selector_changes_layers_that_follow_from_the_data(engine: str, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("x,y\n" + "".join(f"{i},{i % 2}\n" for i in range(60)))
    words = [*TABLE[:2], f"data.source.path={rows}", "data.target=y", f"backend={engine}"]
    outcome = check_config([*words, "model.layers[Dropout].rate=0.3"], open_data=True)
    assert outcome.compiled is not None
    drop = outcome.compiled.graph.layers["drop"].definition
    assert isinstance(drop, ObjectDef)
    assert drop.arguments["rate"] == 0.3
