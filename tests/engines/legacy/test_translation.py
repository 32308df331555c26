import json
from collections.abc import Callable
from typing import Any

import pytest
from layer_cases import CASES, REFUSED, THEANO_ALONE, L, chain

from kerasgen.engines.legacy.translation.translated_model import Translation, translate

pytestmark = pytest.mark.usefixtures("engine")

ENGINES = ("theano", "cntk")


def translated(model: Any, engine: str) -> Translation:
    from kerasgen.engines.legacy.described_model import described

    return translate(described(model), engine, "float32")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", CASES)
def test_what_both_engines_have_is_translated(name: str, engine: str) -> None:
    model = CASES[name]()
    found = translated(model, engine)
    assert found.refusals == ()
    layers = {layer["name"] for layer in json.loads(json.dumps(found.model))["layers"]}
    assert {layer.name for layer in model.layers} <= layers


@pytest.mark.parametrize("name", THEANO_ALONE)
def test_what_theano_alone_has_is_refused_for_cntk(name: str) -> None:
    model = THEANO_ALONE[name]()
    assert translated(model, "theano").refusals == ()
    (refusal,) = translated(model, "cntk").refusals
    assert "CNTK" in refusal.reason


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", REFUSED)
def test_what_neither_has_is_refused_at_its_layer(name: str, engine: str) -> None:
    model = REFUSED[name]()
    (refusal,) = translated(model, engine).refusals
    assert refusal.layer[0] in {layer.name for layer in model.layers}
    assert refusal.reason


def test_a_refusal_inside_of_a_nested_model_has_the_names_around_it() -> None:
    inner = chain((6,), L.UnitNormalization(name="norm"))
    inner.name = "inner"
    (refusal,) = translated(chain((6,), inner), "theano").refusals
    assert refusal.layer == ("inner", "norm")


def test_kernels_of_convolutions_lie_the_other_way_round_on_theano_alone() -> None:
    makers: list[tuple[Callable[[], Any], dict[int, tuple[int, ...]]]] = [
        (lambda: L.Conv2D(2, 3, name="c"), {0: (0, 1)}),
        (lambda: L.Conv2DTranspose(2, 3, name="c"), {0: (0, 1)}),
        (lambda: L.DepthwiseConv2D(3, name="c"), {}),
        (lambda: L.SeparableConv2D(2, 3, name="c"), {}),
    ]
    for make, axes in makers:
        wanted = {f"c/{number}": value for number, value in axes.items()}
        assert translated(chain((8, 8, 2), make()), "theano").flipped == wanted
        assert translated(chain((8, 8, 2), make()), "cntk").flipped == {}


def test_random_initializers_are_not_drawn_there() -> None:
    model = chain((6,), L.Dense(3, kernel_initializer="orthogonal"))
    dense = translated(model, "theano").model["layers"][-1]
    assert dense["config"]["kernel_initializer"] == "zeros"


def test_an_output_with_a_mask_is_known() -> None:
    from kerasgen.engines.legacy.described_model import masked_outputs

    embedding = L.Embedding(9, 4, mask_zero=True)
    steps = L.LSTM(3, return_sequences=True)
    assert masked_outputs(chain((6,), embedding, steps)) == [0]
    assert masked_outputs(chain((6,), L.Embedding(9, 4))) == []
