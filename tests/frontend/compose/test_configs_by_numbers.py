"""Configs that are made from one that differs in numbers: what composing would have given."""

import pytest
from hydra.types import RunMode

from kerasgen.frontend.compose.composition import make_loader
from kerasgen.frontend.compose.config_folders import ROOT
from kerasgen.frontend.compose.configs_by_numbers import Pattern, shape_of
from kerasgen.frontend.compose.frozen_config import FrozenConfig, freeze


def composed(*overrides: str) -> FrozenConfig:
    loader = make_loader()
    return freeze(loader.load_configuration(ROOT, list(overrides), RunMode.RUN), loader)


PAIRS = {
    "a seed": (["seed=0"], ["seed=123456"]),
    "a rate": (["optimizer.learning_rate=0.1"], ["optimizer.learning_rate=1e-3"]),
    "an integer and a float": (
        ["optimizer=sgd", "optimizer.momentum=0", "seed=1"],
        ["optimizer=sgd", "optimizer.momentum=0.95", "seed=1"],
    ),
    "several, and words among them": (
        ["model=convnet", "seed=1", "fit.epochs=2", "name=x", "data.split.test=0.2"],
        ["model=convnet", "seed=12", "fit.epochs=30", "name=x", "data.split.test=0.25"],
    ),
    "a key that no file has": (["fit.steps_per_epoch=3"], ["fit.steps_per_epoch=10"]),
    "a key inside one": (
        ["model.layers.drop={class: Dropout}", "model.layers.drop.rate=0.5"],
        ["model.layers.drop={class: Dropout}", "model.layers.drop.rate=0.125"],
    ),
    "a selector": (
        ["model.layers[Dense].use_bias=false", "seed=1"],
        ["model.layers[Dense].use_bias=false", "seed=-2"],
    ),
    "an experiment": (
        ["experiment=cifar10_resnet", "seed=1"],
        ["experiment=cifar10_resnet", "seed=7"],
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_config_with_other_numbers_is_what_composing_gives(name: str) -> None:
    first, other = PAIRS[name]
    assert shape_of(first) == shape_of(other)
    pattern = Pattern.of(composed(*first))
    assert pattern is not None
    made, expected = pattern.with_numbers_of(other), composed(*other)
    assert made == expected
    assert made.content_hash() == expected.content_hash() != pattern.frozen.content_hash()
    assert pattern.frozen == composed(*first)


@pytest.mark.parametrize(
    "overrides",
    [
        ["seed=1,2"], ["seed=0x1"], ["seed=01"], ["seed=1_000"], ["seed=true"], ["seed=null"],
        ["seed=inf"], ["+seed=1"], ["optimizer=adam"], ["data/x=3"], ["seed=${fit.epochs}"],
        ["seed=1."], ["seed=.5"], ["seed= 1"], ["seed=1 "], ["model.layers[Dense].units=3"],
    ],
)  # fmt: skip
def test_what_is_not_plainly_a_number_keeps_its_words(overrides: list[str]) -> None:
    assert shape_of(overrides) == tuple(overrides)


def test_numbers_that_another_override_replaces_make_no_pattern() -> None:
    assert Pattern.of(composed("fit.epochs=3", "fit.epochs=4")) is None
    assert Pattern.of(composed("fit.epochs=4", "fit={epochs: 5}")) is None
