"""What a layer stored in each version of Keras, and the way from there to Keras 3."""

import numpy as np
import pytest

from kerasgen.engines.keras3.model_files.layer_forms import Layer, Slot, Writer, forms_of, steepened


def layer(cls: str, *slots: tuple[str, tuple[int, ...]], **more: object) -> Layer:
    return Layer(
        names=("one",),
        old_class=str(more.pop("old_class", cls)),
        old_config=more.pop("old_config", {}),
        new_class=cls,
        trained=tuple(Slot(role, shape) for role, shape in slots),
        **more,
    )


def numbered(*shape: int) -> np.ndarray:
    return np.arange(np.prod(shape), dtype="float32").reshape(shape)


CONVOLUTION = ("kernel", (3, 2, 4, 5)), ("bias", (5,))


def test_kernels_that_theano_wrote_are_turned_round() -> None:
    (form,) = forms_of(layer("Conv2D", *CONVOLUTION), Writer(generation=2, theano=True))
    kernel = numbered(3, 2, 4, 5)
    made, bias = form.convert([kernel, numbered(5)])
    assert np.array_equal(made, kernel[::-1, ::-1])
    assert np.array_equal(bias, numbered(5))


def test_depthwise_kernels_of_theano_stay_as_they_are() -> None:
    made = layer("DepthwiseConv2D", ("kernel", (3, 3, 4, 1)), ("bias", (4,)))
    (form,) = forms_of(made, Writer(generation=2, theano=True))
    kernel = numbered(3, 3, 4, 1)
    assert np.array_equal(form.convert([kernel, numbered(4)])[0], kernel)


def test_kernels_of_keras_1_with_channels_first_are_put_in_the_order_of_today() -> None:
    old = layer("Conv2D", *CONVOLUTION, old_config={"dim_ordering": "th"})
    form = forms_of(old, Writer(generation=1))[0]
    assert form.trained[0].shape == (5, 4, 3, 2)
    kernel = numbered(5, 4, 3, 2)
    made = form.convert([kernel, numbered(5)])[0]
    assert made.shape == (3, 2, 4, 5)
    assert made[2, 1, 3, 4] == kernel[4, 3, 2, 1]


@pytest.mark.parametrize("stored", [(3, 1, 4, 5), (5, 4, 3, 1), (3, 4, 5)])
def test_kernels_along_one_axis_had_three_shapes_in_keras_1(stored: tuple[int, ...]) -> None:
    forms = forms_of(layer("Conv1D", ("kernel", (3, 4, 5))), Writer(generation=1))
    (form,) = [form for form in forms if form.trained[0].shape == stored]
    made = form.convert([numbered(*stored)])[0]
    assert made.shape == (3, 4, 5)
    at = {(3, 1, 4, 5): (2, 0, 1, 3), (5, 4, 3, 1): (3, 1, 2, 0), (3, 4, 5): (2, 1, 3)}[stored]
    assert made[2, 1, 3] == numbered(*stored)[at]


def test_gates_of_keras_1_are_joined_in_the_order_of_today() -> None:
    old = layer("LSTM", ("kernel", (3, 8)), ("recurrent_kernel", (2, 8)), ("bias", (8,)))
    single, joined = forms_of(old, Writer(generation=1))
    assert [slot.role for slot in single.trained[:6]] == ["W_i", "U_i", "b_i", "W_c", "U_c", "b_c"]
    arrays = [np.full(slot.shape, ord(slot.role[-1]), "float32") for slot in single.trained]
    kernel, recurrent, bias = single.convert(arrays)
    assert kernel.shape == (3, 8)
    assert recurrent.shape == (2, 8)
    assert "".join(chr(int(number)) for number in bias) == "iiffccoo"
    assert joined.trained == old.trained


def test_the_two_biases_of_cudnn_become_one_for_lstm_and_stay_two_for_gru() -> None:
    lstm = layer(
        "LSTM", ("kernel", (3, 8)), ("recurrent_kernel", (2, 8)), ("bias", (8,)),
        old_class="CuDNNLSTM",
    )  # fmt: skip
    (form,) = forms_of(lstm, Writer(generation=2))
    kernel, recurrent, bias = form.convert([numbered(3, 8), numbered(2, 8), numbered(16)])
    assert np.array_equal(bias, numbered(16)[:8] + numbered(16)[8:])
    assert np.array_equal(recurrent[:, :2], numbered(2, 8)[:, :2].T)
    assert np.array_equal(kernel[:, :2], numbered(3, 8)[:, :2].T.reshape(3, 2, order="F"))
    gru = layer(
        "GRU", ("kernel", (3, 6)), ("recurrent_kernel", (2, 6)), ("bias", (2, 6)),
        old_class="CuDNNGRU",
    )  # fmt: skip
    (form,) = forms_of(gru, Writer(generation=2))
    assert form.trained[2].shape == (12,)
    assert form.convert([numbered(3, 6), numbered(2, 6), numbered(12)])[2].shape == (2, 6)


def test_gates_with_the_old_hard_sigmoid_get_larger_weights() -> None:
    old = layer("GRU", ("kernel", (1, 6)), ("bias", (2, 6)), steep=frozenset({0, 1}), gates=3)
    kernel, bias = steepened(old, [np.ones((1, 6), "float32"), np.ones((2, 6), "float32")])
    assert kernel[0].tolist() == pytest.approx([1.2, 1.2, 1.2, 1.2, 1, 1])
    assert bias[1].tolist() == pytest.approx([1.2, 1.2, 1.2, 1.2, 1, 1])
    assert kernel.dtype == "float32"


def test_of_two_kernels_one_after_the_other_one_gets_larger() -> None:
    slots = ("depthwise_kernel", (1,)), ("pointwise_kernel", (1,)), ("bias", (1,))
    old = layer("SeparableConv1D", *slots, steep=frozenset({0}))
    made = steepened(old, [np.ones(1)] * 3)
    assert [float(array[0]) for array in made] == pytest.approx([1, 1.2, 1.2])
