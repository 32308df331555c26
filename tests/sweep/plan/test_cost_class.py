"""Which jobs cost the same."""

import pytest

from kerasgen.frontend.compose.frozen_config import FrozenConfig
from kerasgen.sweep.plan.cost_class import cost_class, epochs_of

CONFIG = {
    "seed": 0,
    "name": None,
    "model": {"layers": {"a": {"class": "Dense", "units": 8}}},
    "optimizer": {"class": "SGD", "learning_rate": 0.1, "momentum": 0.0, "nesterov": False},
    "fit": {"epochs": 3, "batch_size": 32, "callbacks": {"s": {"patience": 3}}},
}


def key(**changes: object) -> str:
    return cost_class(FrozenConfig(config={**CONFIG, **changes}))


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 5},
        {"name": "other"},
        {"optimizer": {**CONFIG["optimizer"], "learning_rate": 1}},
        {"fit": {**CONFIG["fit"], "epochs": 300}},
        {"fit": {**CONFIG["fit"], "callbacks": {"s": {"patience": 30}}}},
    ],
)
def test_what_costs_nothing_makes_no_class(changes: dict[str, object]) -> None:
    assert key(**changes) == key()


@pytest.mark.parametrize(
    "changes",
    [
        {"model": {"layers": {"a": {"class": "Dense", "units": 9}}}},
        {"optimizer": {**CONFIG["optimizer"], "momentum": 0.9}},
        {"optimizer": {**CONFIG["optimizer"], "nesterov": True}},
        {"optimizer": {**CONFIG["optimizer"], "class": "Adam"}},
        {"fit": {**CONFIG["fit"], "batch_size": 64}},
        {"fit": {**CONFIG["fit"], "callbacks": {}}},
        {"backend": {"backend": "jax"}},
    ],
)
def test_what_may_cost_something_makes_a_class(changes: dict[str, object]) -> None:
    assert key(**changes) != key()


def test_selectors_count() -> None:
    job = FrozenConfig(config=CONFIG, selectors=(("model.layers[Dense].units=9", "x"),))
    assert cost_class(job) != key()


@pytest.mark.parametrize("epochs", ["${seed}", None, True, 0, "3"])
def test_epochs_that_are_no_number_are_those_that_were_measured(epochs: object) -> None:
    assert epochs_of(FrozenConfig(config={"fit": {"epochs": epochs}})) is None


def test_phases_have_epochs_of_their_own() -> None:
    phases = {"warm": {"epochs": 1}}
    one, other = ({"fit": {"epochs": n, "phases": phases}} for n in (1, 2))
    assert epochs_of(FrozenConfig(config=one)) is None
    assert cost_class(FrozenConfig(config=one)) != cost_class(FrozenConfig(config=other))
