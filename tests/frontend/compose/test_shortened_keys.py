"""Keys without the section in which they stand."""

import pytest

from kerasgen.diagnostics import Suggestion
from kerasgen.frontend.compose.composition import compose
from kerasgen.frontend.compose.shortened_keys import whole_key
from kerasgen.frontend.refusals.culprits import diagnose

CONFIG = {
    "model": {"layers": {"a": {"units": 1}, "b": {"units": 2}}},
    "optimizer": {"learning_rate": 0.1},
    "fit": {"epochs": 1, "batch_size": 2, "callbacks": {}},
    "seed": 0,
}


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("epochs", "fit.epochs"),
        ("nb_epoch", "fit.epochs"),
        ("lr", "optimizer.learning_rate"),
        ("bs", "fit.batch_size"),
        ("a.units", "model.layers.a.units"),
        ("net.layers", "model.layers"),
        ("random_state", "seed"),
        ("callbacks.stop", "+fit.callbacks.stop"),
    ],
)
def test_the_only_place_of_a_key_is_proposed(key: str, meant: str) -> None:
    found = whole_key(key, CONFIG)
    assert isinstance(found, Suggestion)
    assert found.replacement == meant


def test_several_places_are_listed() -> None:
    assert whole_key("units", CONFIG) == "say where: `model.layers.a.units`, `model.layers.b.units`"


def test_a_key_that_is_nowhere_is_left_to_others() -> None:
    assert whole_key("nowhere", CONFIG) is None
    assert whole_key("seed", CONFIG) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("epochs=5", "fit.epochs=5"),
        ("lr=0.1", "optimizer.learning_rate=0.1"),
        ("dataset=iris", "data=iris"),
        ("classes=3", "data.facts.classes=3"),
        ("callbacks.stop=EarlyStopping", "+fit.callbacks.stop=EarlyStopping"),
    ],
)
def test_what_is_proposed_can_be_typed(typed: str, meant: str) -> None:
    (found,) = diagnose([typed])
    key = meant.partition("=")[0]
    assert found.help == f"did you mean `{key}`?"
    assert compose([meant]).overrides == (meant,)
