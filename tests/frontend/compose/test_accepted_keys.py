"""Keys that an override may set, whether or not the chosen files write them."""

from typing import Any

import pytest
from omegaconf import OmegaConf

from kerasgen.frontend.compose.composition import compose, make_loader, resolve
from kerasgen.frontend.refusals.culprits import diagnose, first_job


def composed(*overrides: str) -> dict[str, Any]:
    config, _ = resolve(compose(list(overrides)), ungiven="")
    return config


def value(key: str, *overrides: str) -> Any:
    return OmegaConf.select(OmegaConf.create(composed(*overrides)), key)


@pytest.mark.parametrize("plus", ["", "+"])
@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("data.source.missing", "drop", "drop"),
        ("data.split.shuffle", "false", False),
        ("data.facts.samples", "10", 10),
        ("data.prepare.scale", "{class: Rescaling, scale: 2}", {"class": "Rescaling", "scale": 2}),
        ("model.name", "x", "x"),
        ("model.trainable", "false", False),
        ("model.inputs.input", "{shape: [8]}", {"shape": [8]}),
        ("model.outputs", "scores", "scores"),
        ("model.layers.more", "{class: Dropout, rate: 0.1}", {"class": "Dropout", "rate": 0.1}),
        ("model.layers.hidden1.use_bias", "false", False),
        ("model.layers.hidden1.with.training", "false", False),
        ("model.layers.hidden1.kernel_initializer", "{class: Zeros}", {"class": "Zeros"}),
        ("model.blocks.b", "{layers: {a: Flatten}}", {"layers": {"a": "Flatten"}}),
        ("optimizer.weight_decay", "0.1", 0.1),
        ("optimizer.learning_rate", "0.1", 0.1),
        ("optimizer", "{weight_decay: 0.1}", None),
        ("compile.loss", "mse", "mse"),
        ("compile.loss.scores", "mse", "mse"),
        ("compile.metrics.scores", "[acc]", ["acc"]),
        ("fit.callbacks.stop", "{class: EarlyStopping}", {"class": "EarlyStopping"}),
        ("fit.class_weight.0", "2.0", None),
        ("lint.ignore", "[KG726]", ["KG726"]),
        ("backend.memory", "null", None),
        ("tracking.mlflow", "true", True),
        ("tracking.mlflow.uri", "runs", "runs"),
        ("tracking.wandb.project", "mine", "mine"),
        ("tracking.mlflow", "{uri: runs}", {"uri": "runs"}),
        ("seed", "3", 3),
        ("name", "x", "x"),
    ],
)
def test_a_documented_key_needs_no_plus_and_takes_one(
    key: str, text: str, expected: Any, plus: str
) -> None:
    found = value(key, f"{plus}{key}={text}")
    assert expected is None or found == expected


def test_a_tracker_may_be_asked_for_and_given_a_setting_apart() -> None:
    both = ["tracking.mlflow=true", "tracking.mlflow.uri=runs"]
    assert value("tracking.mlflow", *both) == {"uri": "runs"}


@pytest.mark.parametrize(
    "overrides",
    [
        ["fit.callbacks.stop.class=EarlyStopping", "fit.callbacks.stop.patience=3"],
        ["fit.callbacks.stop.patience=3", "fit.callbacks.stop.class=EarlyStopping"],
        ["fit.callbacks.stop=EarlyStopping", "fit.callbacks.stop.patience=3"],
        ["fit.callbacks.stop={class: EarlyStopping}", "fit.callbacks.stop.patience=3"],
    ],
)
def test_a_new_name_may_be_given_its_class_and_its_arguments_apart(overrides: list[str]) -> None:
    wanted = {"class": "EarlyStopping", "patience": 3}
    assert value("fit.callbacks.stop", *overrides) == wanted


def test_an_argument_below_a_bare_class_makes_it_a_mapping() -> None:
    found = value("model.layers.flatten", "model.layers.flatten.data_format=channels_last")
    assert found == {"class": "Flatten", "data_format": "channels_last"}


def test_a_bare_class_takes_the_place_of_the_arguments_of_another() -> None:
    found = value(
        "model.layers.hidden1", "model.layers.hidden1=LSTM", "model.layers.hidden1.units=3"
    )
    assert found == {"class": "LSTM", "units": 3}


def test_a_parameter_is_added_where_something_asks_for_it() -> None:
    overrides = ["model.parameters.width=3", "model.layers.hidden1.units=$width"]
    assert value("model.parameters.width", *overrides) == 3
    assert [found.code for found in diagnose(overrides[:1])] == ["KG103"]


@pytest.mark.parametrize(
    "text",
    [
        "model.layers.hiden1.units=3",
        "model.layers.hidden1.kernel_regularizer.l2=0.1",
        "fit.callbacks.stop.patience=3",
        "fit.epoks=3",
        "data.split.valdation=0.1",
        "lint.ignroe=[]",
        "tracking.plot=true",
        "data.sorce.name=x",
        "optimizer.learning_rate.x=3",
        "~optimizer.nope",
    ],
)
def test_a_misspelt_key_is_refused_with_and_without_plus(text: str) -> None:
    (found,) = diagnose([text])
    assert found.code == "KG103"
    assert "+" not in (found.help or "")


def test_a_sweep_may_run_over_a_key_that_no_file_writes() -> None:
    assert first_job(["data.split.shuffle=true,false"], make_loader()) is not None


@pytest.mark.parametrize("plus", ["", "+"])
def test_a_step_beside_automatic_ones_leaves_them_there(plus: str) -> None:
    step = f"{plus}data.prepare.warmth={{class: Rescaling, scale: 2, from: heat}}"
    table = ["data=table", "model=table", "data.source.path=a.csv", "data.target=b"]
    found = value("data.prepare", *table, step)
    assert list(found) == ["auto", "warmth"]
    assert found["auto"] is True


def test_an_argument_that_is_added_below_a_bare_class_keeps_it() -> None:
    drop = ["model.layers.drop1=Dropout", "+model.layers.drop1.noise_shape=[1]"]
    assert value("model.layers.drop1", *drop) == {"class": "Dropout", "noise_shape": [1]}
