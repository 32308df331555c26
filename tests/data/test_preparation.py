"""`data.prepare`: columns made, inputs stacked, steps fitted on training rows alone."""

import numpy as np
import pytest

from kerasgen.data.opened import open_data
from kerasgen.data.preparation import prepare_data
from kerasgen.diagnostics import CompileError, Sink

DIGITS = "source: {class: ScikitLearn, name: digits}, features: image, task: classification"


@pytest.fixture
def prepare(define, started):
    def run(text):
        definition, sink = define(text), Sink()
        opened = open_data(definition, sink)
        parts = opened.parts
        return prepare_data(opened, parts, definition, started, sink)

    return run


@pytest.fixture
def refused_step(prepare):
    def attempt(text):
        with pytest.raises(CompileError) as caught:
            prepare(text)
        return list(caught.value.diagnostics)

    return attempt


def test_without_steps_the_arrays_are_the_columns(prepare):
    data = prepare(f"{{{DIGITS}, target: label}}")
    assert data.training.x["input"].dtype == np.uint8
    assert data.training.x["input"].shape == (1797, 8, 8, 1)
    assert data.training.y[""][:3].tolist() == [0, 1, 2]
    assert data.validation is None
    assert data.test is None


def test_a_step_without_from_acts_on_the_inputs_of_every_part(prepare):
    data = prepare(
        f"{{{DIGITS}, target: label, prepare: {{scale: {{class: Rescaling, scale: 0.0625}}}}, "
        "split: {test: 0.2, validation: 0.1}}"
    )
    for part in (data.training, data.validation, data.test):
        assert part.x["input"].max() == 1.0
        assert part.x["input"].dtype == np.float32


def test_steps_work_in_order(prepare):
    data = prepare(
        f"{{{DIGITS}, target: label, prepare: {{scale: {{class: Rescaling, scale: 0.0625}}, "
        "flat: Flatten, shape: {class: Reshape, target_shape: [32, 2]}}}"
    )
    assert data.training.x["input"].shape == (1797, 32, 2)


def test_statistics_are_those_of_the_training_rows_alone(prepare, table):
    rng = np.random.default_rng(0)
    train, test = rng.normal(5, 2, (40, 3)), rng.normal(50, 9, (20, 3))
    rest = "task: regression, prepare: {n: Normalization}, split: {test: given}"

    def run(test_rows):
        return prepare(
            table(rest, x_train=train, x_test=test_rows, y_train=np.ones(40), y_test=np.ones(20))
        )

    data, other = run(test), run(test * 1000)
    assert np.allclose(data.training.x["input"].mean(axis=0), 0, atol=1e-5)
    assert np.allclose(data.training.x["input"].std(axis=0), 1, atol=1e-4)
    expected = (test - train.mean(axis=0)) / train.std(axis=0)
    assert np.allclose(data.test.x["input"], expected, atol=1e-3)
    assert np.array_equal(data.training.x["input"], other.training.x["input"])


def test_a_column_step_is_fitted_on_the_training_rows_alone(prepare, table):
    text = table(
        "task: regression, prepare: {y: {class: Normalization, from: y}}, split: {test: given}",
        x_train=np.ones((4, 2)),
        x_test=np.ones((2, 2)),
        y_train=[1.0, 2.0, 3.0, 4.0],
        y_test=[100.0, 2.5],
    )
    data = prepare(text)
    assert data.training.y[""].shape == (4,)
    assert np.allclose(data.training.y[""].mean(), 0, atol=1e-6)
    assert np.allclose(data.test.y[""][1], 0, atol=1e-6)


def test_a_vocabulary_holds_the_words_of_the_training_rows_alone(prepare, tmp_path):
    for name, words in (("train", "red green red"), ("test", "blue red")):
        lines = "\n".join(f"{word},1" for word in words.split())
        (tmp_path / f"{name}.csv").write_text(f"color,price\n{lines}\n")
    data = prepare(
        f"{{source: {{class: Csv, path: {tmp_path}/train.csv, test_path: {tmp_path}/test.csv}}, "
        "features: color, target: price, task: regression, split: {test: given}, "
        "prepare: {color: {class: StringLookup, output_mode: one_hot, from: color}}}"
    )
    assert data.training.x["input"].tolist() == [[0, 1, 0], [0, 0, 1], [0, 1, 0]]
    assert data.test.x["input"].tolist() == [[1, 0, 0], [0, 1, 0]]


def test_a_layer_that_was_given_its_statistics_is_not_fitted(prepare, table):
    text = table(
        "task: regression, prepare: {n: {class: Normalization, mean: 1.0, variance: 4.0}}",
        x=[[1.0], [5.0]],
        y=[1.0, 2.0],
    )
    assert prepare(text).training.x["input"].tolist() == [[0.0], [2.0]]


def test_two_inputs_and_two_targets_are_made_of_two_columns(prepare):
    data = prepare(
        "{source: {class: ScikitLearn, name: digits}, features: {left: left, right: right}, "
        "target: {digit: label, odd: odd}, task: classification, prepare: {"
        "left: {class: Cropping2D, cropping: [[0, 0], [0, 4]], from: image}, "
        "right: {class: Cropping2D, cropping: [[0, 0], [4, 0]], from: image}, "
        "odd: {class: ops.mod, from: [label, 2]}, "
        "scale: {class: Rescaling, scale: 0.0625}}}"
    )
    from sklearn.datasets import load_digits

    images = load_digits().images / 16
    whole = np.concatenate([data.training.x["left"], data.training.x["right"]], axis=2)
    assert np.allclose(whole[..., 0], images)
    assert (data.training.y["odd"] == data.training.y["digit"] % 2).all()


def test_labels_can_be_encoded(prepare):
    data = prepare(
        f"{{{DIGITS}, target: label, prepare: {{label: {{class: CategoryEncoding, "
        "num_tokens: 10, output_mode: one_hot, from: label}}}"
    )
    assert data.training.y[""].shape == (1797, 10)
    assert data.training.y[""].argmax(axis=1)[:3].tolist() == [0, 1, 2]


def test_one_hot_labels_can_be_decoded(prepare, table):
    text = table(
        "task: classification, prepare: {y: {class: ops.argmax, axis: -1, from: y}}",
        x=np.ones((3, 2)),
        y=[[0, 1], [1, 0], [0, 1]],
    )
    assert prepare(text).training.y[""].tolist() == [1, 0, 1]


def test_columns_are_stacked_in_the_written_order(prepare):
    data = prepare(
        "{source: {class: ScikitLearn, name: iris}, features: [petal_width, sepal_length], "
        "target: target, task: classification}"
    )
    assert data.training.x["input"][0].tolist() == pytest.approx([0.2, 5.1])
    assert data.training.x["input"].dtype == np.float32


def test_an_encoded_column_widens_the_input(prepare, table):
    text = table(
        "task: regression, prepare: {k: {class: CategoryEncoding, num_tokens: 3, "
        "output_mode: one_hot, from: k}}",
        x=[1.5, 2.5],
        k=[2, 0],
        y=[1.0, 2.0],
    ).replace("features: x", "features: [x, k]")
    assert prepare(text).training.x["input"].tolist() == [[1.5, 0, 0, 1], [2.5, 1, 0, 0]]


def test_a_list_goes_into_a_merging_layer_as_one_list(prepare, table):
    text = table(
        "task: regression, prepare: {z: {class: Concatenate, from: [x, x]}, "
        "w: {class: ops.subtract, from: [1, y]}}",
        x=[[1.0, 2.0]],
        y=[3.0],
    ).replace("features: x", "features: [z, w]")
    assert prepare(text).training.x["input"].tolist() == [[1, 2, 1, 2, -2]]


def test_call_arguments_reach_the_call(prepare, table):
    text = table(
        "task: regression, prepare: {x: {class: ops.sum, axis: 1, from: x, "
        "with: {keepdims: true}}}",
        x=[[1.0, 2.0]],
        y=[3.0],
    )
    assert prepare(text).training.x["input"].tolist() == [[3.0]]


def test_an_autoencoder_is_trained_on_its_prepared_input(prepare):
    data = prepare(
        "{source: {class: ScikitLearn, name: digits}, features: image, task: autoencoding, "
        "prepare: {scale: {class: Rescaling, scale: 0.0625}}}"
    )
    assert data.training.y[""] is data.training.x["input"]
    assert data.training.y[""].max() == 1.0


def test_an_autoencoder_of_several_inputs_has_a_target_for_each(prepare, table):
    text = table(x=np.ones((2, 3)), y=np.zeros((2, 4))).replace(
        "features: x, target: y, task: classification",
        "features: {a: x, b: y}, task: autoencoding",
    )
    data = prepare(text)
    assert data.training.y["a"].shape == (2, 3)
    assert data.training.y["b"].shape == (2, 4)


def test_steps_are_channels_last_whatever_the_settings_say(prepare, engine):
    import keras

    keras.config.set_image_data_format("channels_first")
    try:
        data = prepare(
            f"{{{DIGITS}, target: label, prepare: "
            "{small: {class: Resizing, height: 4, width: 2}}}"
        )
    finally:
        keras.config.set_image_data_format("channels_last")
    assert data.training.x["input"].shape == (1797, 4, 2, 1)


def test_steps_have_full_precision_under_a_mixed_policy(prepare, engine):
    import keras

    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        data = prepare(
            f"{{{DIGITS}, target: label, prepare: {{s: {{class: Rescaling, scale: 0.0625}}}}}}"
        )
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")
    assert data.training.x["input"].dtype == np.float32


def test_more_rows_than_a_batch_come_out_in_order(prepare, table):
    x = np.arange(10000.0).reshape(-1, 1)
    data = prepare(
        table("task: regression, prepare: {s: {class: Rescaling, scale: 2}}", x=x, y=x[:, 0])
    )
    assert np.array_equal(data.training.x["input"], (2 * x).astype("float32"))


@pytest.mark.parametrize(
    ("step", "code", "key"),
    [
        ("{class: Reshape, target_shape: [5, 5]}", "KG401", "data.prepare.s"),
        ("{class: Rescaling, scale: x}", "KG401", "data.prepare.s"),
        ("{class: Discretization, num_bins: -3}", "KG206", "data.prepare.s.num_bins"),
        ("{class: Nothing}", "KG201", "data.prepare.s.class"),
        ("{class: RandomFlip}", "KG206", "data.prepare.s"),
        ("{class: Dropout, rate: 0.5}", "KG206", "data.prepare.s"),
        ("{class: Dense, units: 3}", "KG206", "data.prepare.s"),
        ("{class: ops.mean}", "KG401", "data.prepare.s"),
    ],
)
def test_what_keras_refuses_is_located(step, code, key, refused_step):
    (found,) = refused_step(f"{{{DIGITS}, target: label, prepare: {{s: {step}}}}}")
    assert (found.code, found.location.key) == (code, key)


def test_labels_above_the_number_of_tokens_are_found(refused_step):
    (found,) = refused_step(
        f"{{{DIGITS}, target: label, prepare: {{label: {{class: CategoryEncoding, "
        "num_tokens: 9, output_mode: one_hot, from: label}}}"
    )
    assert found.location.key == "data.prepare.label"
    assert found.code in ("KG505", "KG401")


def test_more_tokens_than_classes_are_found(refused_step):
    (found,) = refused_step(
        f"{{{DIGITS}, target: label, prepare: {{label: {{class: CategoryEncoding, "
        "num_tokens: 12, output_mode: one_hot, from: label}}}"
    )
    assert (found.code, found.message) == (
        "KG505",
        "`label` encodes 12 classes, expected 10",
    )


def test_a_made_target_must_hold_class_indices(refused_step):
    (found,) = refused_step(
        f"{{{DIGITS}, target: half, prepare: {{half: {{class: ops.divide, from: [label, 2]}}}}}}"
    )
    assert (found.code, found.location.key) == ("KG505", "data.prepare.half")


def test_a_made_target_is_held_against_the_declared_classes(refused_step):
    (found,) = refused_step(
        f"{{{DIGITS}, target: m, prepare: {{m: {{class: ops.mod, from: [label, 3]}}}}, "
        "facts: {classes: 2}}"
    )
    assert (found.code, found.location.key) == ("KG508", "data.facts.classes")


def test_an_input_that_is_not_finite_after_the_steps_is_found(refused_step, table):
    (found,) = refused_step(
        table("task: regression, prepare: {l: ops.log}", x=[[0.0], [1.0]], y=[1.0, 2.0])
    )
    assert (found.code, found.location.key) == ("KG506", "data.prepare")


def test_columns_of_different_axes_cannot_be_stacked_after_a_step(refused_step, table):
    text = table(
        "task: regression, prepare: {z: {class: Reshape, target_shape: [2, 1], from: x}}",
        x=[[1.0, 2.0]],
        y=[3.0],
    ).replace("features: x", "features: [x, z]")
    (found,) = refused_step(text)
    assert (found.code, found.location.key) == ("KG401", "data.features")
