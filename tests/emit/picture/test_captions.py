import pytest

from kerasgen.emit.picture.captions import (
    NAME_LENGTH,
    named_outputs,
    shortened_name,
    shown_spec,
    summarize_call,
    text_width,
    tone_of,
)
from kerasgen.ir.graph import Call, ModelGraph
from kerasgen.ir.model import Constant, TensorRef
from kerasgen.ir.values import ObjectDef, TensorSpec, Value


def summary(cls: str, **arguments: Value) -> str:
    made = ObjectDef(cls=cls, arguments=arguments)
    return summarize_call(made, Call(name="call", layer="call"))


@pytest.mark.parametrize(
    ("cls", "arguments", "expected"),
    [
        (
            "Conv2D",
            {"filters": 64, "kernel_size": 3, "strides": 2, "activation": "relu"},
            "64, 3x3, /2, relu",
        ),
        ("Conv2D", {"filters": 64, "kernel_size": (3, 5), "strides": (2, 1)}, "64, 3x5, /2x1"),
        ("Conv1D", {"filters": 8, "kernel_size": 3, "strides": 1}, "8, 3"),
        ("MaxPooling3D", {"pool_size": 2, "strides": (2, 2, 2)}, "2x2x2, /2"),
        ("Dropout", {"rate": 0.25, "seed": 3}, "0.25"),
        ("MultiHeadAttention", {"num_heads": 4, "key_dim": 16}, "num_heads=4, key_dim=16"),
        ("Flatten", {}, ""),
    ],
)
def test_the_arguments_that_shape_the_data_are_told_in_short(
    cls: str, arguments: dict[str, Value], expected: str
) -> None:
    assert summary(cls, **arguments) == expected


def test_arguments_that_do_not_shape_the_data_are_left_out() -> None:
    quiet = {"use_bias": False, "padding": "same", "kernel_initializer": "he_normal"}
    assert summary("Conv2D", filters=4, kernel_size=1, **quiet) == "4, 1x1"


def test_a_wrapped_layer_is_told_with_its_own_arguments() -> None:
    inner = ObjectDef(cls="LSTM", arguments={"units": 32})
    assert summary("Bidirectional", layer=inner) == "LSTM(32)"


def test_constants_and_plain_arguments_of_the_call_are_told() -> None:
    call = Call(
        name="scaled",
        layer="scaled",
        operands=(TensorRef(name="x"), Constant(value=0.5)),
        arguments={"training": False},
    )
    assert summarize_call(ObjectDef(cls="ops.multiply"), call) == "0.5, training=false"


def test_a_long_summary_is_cut_and_marked() -> None:
    told = summary("Reshape", target_shape=tuple(range(100)))
    assert len(told) == 42
    assert told.endswith("…")


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    shown = shortened_name("encoder_" + "x" * 80 + "_attention_output")
    assert len(shown) == NAME_LENGTH
    assert shown.startswith("encoder_")
    assert shown.endswith("_attention_output")


def test_a_type_other_than_the_usual_one_stands_behind_the_shape() -> None:
    assert shown_spec(TensorSpec(shape=(None, 3))) == "(None, 3)"
    assert shown_spec(TensorSpec(shape=(None,), dtype="int32")) == "(None,) int32"


def test_an_output_is_called_by_its_own_name_or_by_its_tensor() -> None:
    refs = (TensorRef(name="encoder", index=1), TensorRef(name="scores"))
    listed = ModelGraph(name="m", kind="Functional", inputs=(), layers={}, calls=(), outputs=refs)
    named = ModelGraph(
        name="m", kind="Functional", inputs=(), layers={}, calls=(), outputs={"digit": refs[1]}
    )
    assert [name for name, _ in named_outputs(listed)] == ["encoder.1", "scores"]
    assert [name for name, _ in named_outputs(named)] == ["digit"]


@pytest.mark.parametrize(
    ("cls", "tone"),
    [
        ("Conv2DTranspose", "convolution"),
        ("MultiHeadAttention", "attention"),
        ("GlobalMaxPooling1D", "pooling"),
        ("ops.add", "merging"),
        ("SpatialDropout2D", "regularization"),
        ("LeakyReLU", "activation"),
        ("Mine", "plain"),
    ],
)
def test_boxes_of_one_family_look_alike(cls: str, tone: str) -> None:
    assert tone_of(ObjectDef(cls=cls)) == tone


def test_wide_characters_and_bold_type_take_more_room() -> None:
    assert text_width("日本", 10) > text_width("ab", 10)
    assert text_width("layer", 10, bold=True) > text_width("layer", 10)
