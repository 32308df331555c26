import pytest

from kerasgen.ir.names import free_name, snake_case


@pytest.mark.parametrize(
    ("taken", "free"),
    [((), "dense"), (("dense",), "dense_2"), (("dense", "dense_2", "dense_4"), "dense_3")],
)
def test_a_taken_name_gets_the_first_free_number(taken: tuple[str, ...], free: str) -> None:
    assert free_name("dense", taken) == free


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Conv2D", "conv2d"),
        ("BatchNormalization", "batch_normalization"),
        ("LSTM", "lstm"),
        ("ops.add", "add"),
        ("GlobalAveragePooling2D", "global_average_pooling2d"),
    ],
)
def test_a_class_name_becomes_a_layer_name_as_in_keras(name: str, snake: str) -> None:
    assert snake_case(name) == snake
