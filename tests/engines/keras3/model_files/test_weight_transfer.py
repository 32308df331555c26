"""What cannot be carried into a model of Keras 3, and who wrote a file."""

from typing import Any

import pytest

from kerasgen.engines.keras3.model_files.array_records import Grouped
from kerasgen.engines.keras3.model_files.layer_forms import Layer, Slot, Writer
from kerasgen.engines.keras3.model_files.weights.order import MisfitError


def owner(cls: str, kernel: tuple[int, ...], **config: Any) -> Any:
    from kerasgen.engines.keras3.model_files.weights.owners import Owner

    slots = (Slot("kernel", kernel), Slot("recurrent_kernel", kernel))
    layer = Layer(names=("a",), old_class=cls, old_config=config, new_class=cls, trained=slots)
    return Owner(layer=layer, variables=())


def test_an_even_kernel_around_states_is_refused_of_theano_alone(engine: str) -> None:
    from kerasgen.engines.keras3.model_files.weights.transfer import _require_equal_padding

    theano = Writer(generation=2, theano=True)
    even, odd = owner("ConvLSTM2D", (2, 3, 4, 8)), owner("ConvLSTM2D", (3, 3, 4, 8))
    _require_equal_padding([odd, owner("Conv2D", (2, 2, 4, 8))], theano)
    _require_equal_padding([even], Writer(generation=2))
    with pytest.raises(MisfitError, match="has an even kernel") as caught:
        _require_equal_padding([even], theano)
    assert caught.value.code == "KG619"


def test_keras_1_with_channels_first_is_taken_for_theano_unless_it_is_said(engine: str) -> None:
    from kerasgen.engines.keras3.model_files.weights.transfer import WeightSource, _theano

    def source(said: str | None) -> Any:
        none: Any = None
        return WeightSource(topology={}, file=None, decompiled=none, weights=none, engine=said)

    old = Grouped(groups=(), keras_version="1.2.2")
    first = [owner("Conv2D", (3, 3, 1, 1), dim_ordering="th")]
    last = [owner("Conv2D", (3, 3, 1, 1), dim_ordering="tf")]
    assert _theano(source(None), old, first)
    assert not _theano(source(None), old, last)
    assert not _theano(source("tensorflow"), old, first)
    assert _theano(source("theano"), old, last)
    assert not _theano(source(None), Grouped(groups=(), keras_version="2.3.1"), first)
    assert _theano(source(None), Grouped(groups=(), backend="theano"), last)


def test_a_state_under_the_old_hard_sigmoid_cannot_be_carried(engine: str) -> None:
    import keras

    from kerasgen.engines.keras3.model_files.weights.owners import BuiltLayer, _steep

    place = BuiltLayer({}, {}, None, ("a",), ("a",), True)
    lstm = keras.layers.LSTM(2, activation="hard_sigmoid").cell
    with pytest.raises(MisfitError, match="cannot make up for it"):
        _steep(place, lstm, "LSTM", 2)
    gru = keras.layers.GRU(2, activation="hard_sigmoid", recurrent_activation="hard_sigmoid").cell
    assert _steep(place, gru, "GRU", 2) == (frozenset({0, 1, 2}), 3)
    assert _steep(place, lstm, "LSTM", 3) == (frozenset(), 4)
