"""For each code of lint: plain Keras trains the wrong thing, and raises nothing.

A proof trains a tiny model with Keras alone, without kerasgen, and shows what went wrong. Where
Keras warns, the warning is let pass: it is no error, and training goes on.
"""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from kerasgen.frontend.parse.lint import LINT_CODES

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(48, 4)).astype("float32")
SIGN = (X[:, :1] > 0).astype("float32")
THREE = np.arange(48) % 3
ONE_HOT = np.eye(3, dtype="float32")[THREE]
IMAGES = RANDOM.random((48, 6, 6, 1)).astype("float32")


def trained(layers: Any, x: Any, y: Any, loss: Any, **settings: Any) -> tuple[Any, dict[str, Any]]:
    """A Sequential model after `fit`, and its history; the arguments of `compile` come first."""
    import keras

    compiled = {key: settings.pop(key) for key in ("metrics", "loss_weights") if key in settings}
    optimizer = settings.pop("optimizer", None) or keras.optimizers.SGD(settings.pop("rate", 0.1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = keras.Sequential([keras.Input(x.shape[1:]), *layers])
        # Eager, since tracing a tiny model takes longer than training it; JAX traces each op.
        eager = keras.backend.backend() != "jax"
        model.compile(optimizer, loss, run_eagerly=eager, **compiled)
        if set(settings) <= {"epochs", "batch_size"}:
            return model, stepped(model, np.asarray(x), np.asarray(y), **settings)
        history = model.fit(x, y, **{"batch_size": 16, "verbose": 0, **settings}).history
    return model, history


def stepped(
    model: Any, x: Any, y: Any, *, epochs: int = 1, batch_size: int = 16
) -> dict[str, list[float]]:
    """What `fit` does without shuffling, in a tenth of the time; figures of each last batch."""
    history: dict[str, list[float]] = {}
    for _ in range(epochs):
        model.reset_metrics()
        for begin in range(0, len(x), batch_size):
            rows = slice(begin, begin + batch_size)
            figures = model.train_on_batch(x[rows], y[rows], return_dict=True)
        for name, figure in figures.items():
            history.setdefault(name, []).append(float(figure))
    return history


def dense(units: int, activation: str | None = None, **arguments: Any) -> Any:
    import keras

    return keras.layers.Dense(units, activation, **arguments)


def ones(units: int, activation: str | None = None) -> Any:
    return dense(units, activation, kernel_initializer="ones")


def predicted(model: Any, x: Any) -> Any:
    import keras

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return keras.ops.convert_to_numpy(model(x, training=False))


def weights(model: Any) -> Any:
    return np.concatenate([np.asarray(w).ravel() for w in model.get_weights()])


CROSS = "sparse_categorical_crossentropy"


def logits_of_a_softmax() -> None:
    import keras

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    scaled = keras.initializers.Constant(50 * np.eye(3))
    # Behind a softmax itself, Keras on TensorFlow warns and takes the logits before it.
    layers = [dense(3, "softmax", kernel_initializer=scaled), keras.layers.Reshape((3,))]
    _, history = trained(layers, ONE_HOT, THREE, loss, metrics=["accuracy"], rate=0.0)
    assert history["accuracy"] == [1.0]
    assert history["loss"][0] > 0.5  # of a model without a mistake


def softmax_of_one() -> None:
    model, _ = trained([dense(1, "softmax")], X, SIGN, "binary_crossentropy", epochs=3)
    assert np.allclose(predicted(model, X), 1)


def sigmoids_that_are_no_shares() -> None:
    model, _ = trained([dense(3, "sigmoid")], X, ONE_HOT, "categorical_crossentropy")
    assert np.abs(predicted(model, X).sum(axis=1) - 1).mean() > 0.05


def binary_loss_of_a_softmax() -> None:
    model, history = trained([dense(3, "softmax")], X, ONE_HOT, "binary_crossentropy", rate=0.0)
    shares = (predicted(model, X) * ONE_HOT).sum(axis=1)
    assert abs(history["loss"][0] + np.log(shares).mean()) > 0.1


def relu_beyond_one() -> None:
    x = np.abs(X) + 1
    layers = [dense(1, "relu", kernel_initializer="ones")]
    model, _ = trained(layers, x, 0 * SIGN, "binary_crossentropy", epochs=3)
    assert np.allclose(model.get_weights()[0], 1)  # as at the beginning
    assert predicted(model, x).min() > 1


def one_class_alone() -> None:
    _, history = trained([dense(1, "sigmoid")], X, SIGN, "categorical_crossentropy", epochs=2)
    assert np.allclose(history["loss"], 0, atol=1e-6)


def hinge_of_a_sigmoid() -> None:
    model, history = trained([dense(1, "sigmoid")], X, 0 * SIGN - 1, "hinge", epochs=3)
    assert predicted(model, X).min() >= 0
    assert min(history["loss"]) >= 1


def labels_turned_around() -> None:
    import keras

    loss = keras.losses.BinaryCrossentropy(label_smoothing=1.5)
    settings = {"epochs": 4, "rate": 1.0, "metrics": ["accuracy"]}
    _, history = trained([dense(1, "sigmoid")], X, SIGN, loss, **settings)
    assert history["accuracy"][-1] < 0.2


def threshold_of_logits() -> None:
    import keras

    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    x = np.where(SIGN > 0, 0.3, -0.3)
    layers = [ones(1)]
    _, history = trained(layers, x, SIGN, loss, metrics=["accuracy"], rate=0.0)
    assert history["accuracy"][0] < 0.8  # and every sign is right


def accuracy_of_distances() -> None:
    layers = [ones(1)]
    _, history = trained(layers, X[:, :1], X[:, :1] + 1e-3, "mse", metrics=["accuracy"], rate=0.0)
    assert history["loss"][0] < 1e-5
    assert history["accuracy"] == [0.0]


def one_right_label_of_several() -> None:
    import keras

    several = (X[:, :3] > 0).astype("float32")
    scaled = keras.initializers.Constant(np.diag([20.0, 30.0, 40.0]))
    shifted = keras.initializers.Constant([-10.0, -15.0, -20.0])
    layers = [dense(3, "sigmoid", kernel_initializer=scaled, bias_initializer=shifted)]
    settings = {"metrics": ["accuracy"], "rate": 0.0}
    _, history = trained(layers, several, several, "binary_crossentropy", **settings)
    assert history["loss"][0] < 1e-3
    assert history["accuracy"][0] < 0.9


def best_five_of_three() -> None:
    import keras

    metric = keras.metrics.SparseTopKCategoricalAccuracy(k=5, name="best")
    _, history = trained([dense(3, "softmax")], X, THREE, CROSS, metrics=[metric], rate=0.0)
    assert history["best"] == [1.0]


def loss_of_no_weight() -> None:
    layers = [ones(1)]
    model, _ = trained(layers, X, SIGN, "mse", loss_weights=0.0, epochs=2)
    assert np.allclose(model.get_weights()[0], 1)


def half_precision() -> None:
    layers = [dense(3, "softmax", dtype="mixed_float16")]
    model, _ = trained(layers, 40 * ONE_HOT, THREE, CROSS, epochs=3, rate=1.0)
    shares = predicted(model, 40 * ONE_HOT)
    assert shares.dtype == "float16"
    assert shares.min() == 0


def scores_dropped() -> None:
    import keras

    layers = [dense(3, "softmax"), keras.layers.Dropout(0.5)]
    _, history = trained(layers, X, THREE, CROSS, rate=0.0)
    assert not history["loss"][0] < 2 * np.log(3)  # what guessing costs is log 3


def relu_below_a_softmax() -> None:
    import keras

    cut = keras.initializers.Constant(-1.0)
    layers = [dense(3, "relu", kernel_initializer=cut), keras.layers.Softmax()]
    model, _ = trained(layers, np.abs(X) + 1, THREE, CROSS, epochs=2)
    assert np.allclose(model.get_weights()[0], -1)


def softmax_inside() -> None:
    def spread(activation: str) -> float:
        model, _ = trained([dense(50, activation), dense(3, "softmax")], X, THREE, CROSS)
        return float(np.ptp(np.asarray(model.layers[0](X)), axis=0).mean())

    assert spread("softmax") < spread("relu") / 10


def two_layers_are_one() -> None:
    model, _ = trained([dense(8), dense(3)], X, ONE_HOT, "mse")
    first, bias, second, last = model.get_weights()
    assert np.allclose(predicted(model, X), X @ (first @ second) + bias @ second + last, atol=1e-5)


def one_pixel_at_a_time() -> None:
    import keras

    layers = [dense(5, "relu"), keras.layers.Flatten(), dense(3, "softmax")]
    model, _ = trained(layers, IMAGES, THREE, CROSS)
    assert model.get_weights()[0].shape == (1, 5)


def relu_of_zeros() -> None:
    layers = [dense(8, "relu", kernel_initializer="zeros"), dense(3, "softmax")]
    model, _ = trained(layers, X, THREE, CROSS, epochs=3)
    assert not model.get_weights()[0].any()


def nearly_all_dropped() -> None:
    import keras

    model, _ = trained([keras.layers.Dropout(0.9), dense(3, "softmax")], X, THREE, CROSS)
    left = np.asarray(model.layers[0](np.ones((100, 100)), training=True)) != 0
    assert left.mean() < 0.2


def frozen() -> None:
    _, history = trained([dense(3, "softmax", trainable=False)], X, THREE, CROSS, epochs=2)
    assert np.isclose(*history["loss"], rtol=1e-5)


def padding_as_data() -> None:
    import keras

    ids = np.tile([[3, 2, 0, 0]], (48, 1))
    layers = [keras.layers.Embedding(9, 2, mask_zero=True), keras.layers.Flatten(), dense(1)]
    model, _ = trained(layers, ids, SIGN, "mse")
    before = predicted(model, ids[:1])
    table = model.layers[0].get_weights()[0]
    table[0] += 10
    model.layers[0].set_weights([table])
    assert not np.allclose(predicted(model, ids[:1]), before)


def samples_mixed() -> None:
    import keras

    model, _ = trained([dense(3), keras.layers.Softmax(axis=0)], X, THREE, CROSS)
    assert not np.allclose(predicted(model, X)[:1], predicted(model, X[:1]))


def norm_of_rows() -> None:
    import keras

    norm = keras.layers.BatchNormalization(axis=1)
    layers = [keras.layers.Conv2D(2, 3), norm, keras.layers.Flatten(), dense(3, "softmax")]
    trained(layers, IMAGES, THREE, CROSS)
    assert norm.gamma.shape == (4,)  # four rows, and two channels


def width_as_channels() -> None:
    import keras

    layers = [keras.layers.Conv2D(2, 3, padding="same"), keras.layers.Flatten(), dense(1)]
    model, _ = trained(layers, np.zeros((48, 3, 8, 8)), SIGN, "mse")
    assert model.get_weights()[0].shape == (3, 3, 8, 2)


def scaled_twice() -> None:
    import keras

    layers = [keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), dense(3, "softmax")]
    model, _ = trained(layers, IMAGES, THREE, CROSS)
    assert np.ptp(np.asarray(model.layers[0](IMAGES))) < 0.005


def last_batch_alone() -> None:
    import keras

    norm = keras.layers.BatchNormalization(momentum=0.1)
    x = np.repeat([0.0, 0.0, 10.0], 16)[:, np.newaxis]
    trained([norm, dense(1)], x, SIGN, "mse", shuffle=False)
    assert float(np.asarray(norm.moving_mean)[0]) > 8  # and the mean is 3.3


def nothing_of_the_sample() -> None:
    import keras

    norm = keras.layers.BatchNormalization()
    trained([norm, dense(1)], X[:4], SIGN[:4], "mse", batch_size=1, rate=0.0)
    assert np.allclose(np.asarray(norm(X[:1], training=True)), 0)


def never_stopped() -> None:
    import keras

    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=0)
    settings = {"callbacks": [stop], "epochs": 4, "rate": 0.0}
    _, history = trained([dense(1)], X, SIGN, "mse", **settings)
    assert len(history["loss"]) == 4


def stopped_for_being_better() -> None:
    import keras

    stop = keras.callbacks.EarlyStopping(monitor="accuracy", mode="min", patience=1)
    settings = {"callbacks": [stop], "epochs": 9, "metrics": ["accuracy"], "rate": 1.0}
    _, history = trained([dense(1, "sigmoid")], X, SIGN, "binary_crossentropy", **settings)
    assert len(history["loss"]) < 9
    assert history["accuracy"][-1] > history["accuracy"][0]


def too_patient() -> None:
    import keras

    stop = keras.callbacks.EarlyStopping(monitor="loss", patience=4)
    settings = {"callbacks": [stop], "epochs": 4, "rate": 0.0}
    assert len(trained([dense(1)], X, SIGN, "mse", **settings)[1]["loss"]) == 4


def epochs_for_batches() -> None:
    import keras

    rate = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=3)
    settings = {"optimizer": keras.optimizers.SGD(rate), "epochs": 4}
    model, history = trained([dense(1)], X, SIGN, "mse", **settings)
    assert float(np.asarray(model.optimizer.learning_rate)) == 0
    assert np.allclose(history["loss"][2:], history["loss"][1], rtol=1e-5)


def two_masters() -> None:
    import keras

    def train(epochs: int) -> None:
        rate = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=100)
        lower = keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=2, min_delta=9.0)
        settings = {"optimizer": keras.optimizers.SGD(rate), "callbacks": [lower]}
        trained([dense(1)], X, SIGN, "mse", epochs=epochs, **settings)

    train(2)  # In silence, until it acts.
    with pytest.raises(TypeError, match="LearningRateSchedule"):
        train(6)


def uphill() -> None:
    _, history = trained([dense(1)], X, SIGN, "mse", epochs=3, rate=-0.1)
    assert history["loss"][0] < history["loss"][1] < history["loss"][2]


def nesterov_alone() -> None:
    import keras

    results = [
        weights(trained([ones(1)], X, SIGN, "mse", optimizer=optimizer)[0])
        for optimizer in (
            keras.optimizers.SGD(0.1, nesterov=True),
            keras.optimizers.SGD(0.1),
        )
    ]
    assert np.allclose(*results)


def clipped_by_nothing() -> None:
    import keras

    results = [
        weights(trained([ones(1)], X, SIGN, "mse", optimizer=optimizer)[0])
        for optimizer in (keras.optimizers.SGD(0.1, clipnorm=0.0), keras.optimizers.SGD(0.1))
    ]
    assert np.allclose(*results)


def gathered_for_ever() -> None:
    import keras

    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=1000)
    layers = [ones(1)]
    model, _ = trained(layers, X, SIGN, "mse", epochs=2, optimizer=optimizer)
    assert np.allclose(model.get_weights()[0], 1)


def never_validated() -> None:
    settings = {"validation_data": (X, SIGN), "validation_freq": 5, "epochs": 2}
    assert "val_loss" not in trained([dense(1)], X, SIGN, "mse", **settings)[1]


def one_step_an_epoch() -> None:
    model, _ = trained([dense(1)], X, SIGN, "mse", batch_size=1000, epochs=3)
    assert int(np.asarray(model.optimizer.iterations)) == 3


def weights_of_amounts() -> None:
    settings = {"class_weight": {0: 1.0, 1: 100.0}, "rate": 0.0}
    amounts = 0 * SIGN + 1.2
    _, weighed = trained([ones(1)], X, amounts, "mse", **settings)
    _, plain = trained([ones(1)], X, amounts, "mse", rate=0.0, shuffle=False)
    assert np.isclose(weighed["loss"][0], 100 * plain["loss"][0], rtol=1e-3)


def weights_of_no_class() -> None:
    settings = {"class_weight": {7: 100.0}, "rate": 0.0}
    _, weighed = trained([ones(3, "softmax")], X, THREE, CROSS, **settings)
    _, plain = trained([ones(3, "softmax")], X, THREE, CROSS, rate=0.0)
    assert np.isclose(weighed["loss"][0], plain["loss"][0])


def answer_among_the_questions() -> None:
    told = np.concatenate([RANDOM.normal(size=(48, 3)), 9 * (2 * SIGN - 1)], axis=1)
    settings = {"epochs": 6, "rate": 1.0, "metrics": ["accuracy"]}
    _, history = trained([dense(1, "sigmoid")], told, SIGN, "binary_crossentropy", **settings)
    assert history["accuracy"][-1] == 1.0


def labels_from_one() -> None:
    settings = {"epochs": 5, "rate": 5.0}
    _, history = trained([dense(1, "sigmoid")], X, SIGN + 1, "binary_crossentropy", **settings)
    assert history["loss"][-1] < 0  # a cross-entropy below 0


def targets_out_of_reach() -> None:
    model, _ = trained([dense(1, "sigmoid")], X, 0 * SIGN + 10, "mse", epochs=2)
    assert predicted(model, X).max() <= 1


def pixels_as_probabilities() -> None:
    _, history = trained(
        [dense(1, "sigmoid")], X, 0 * SIGN + 16, "binary_crossentropy", epochs=3, rate=1.0
    )
    assert history["loss"][-1] < 0


def pixels_as_they_are() -> None:
    import keras

    def leap(scale: float) -> float:
        layers = [keras.layers.Flatten(), ones(3, "softmax")]
        model, _ = trained(layers, IMAGES * scale, THREE, CROSS, batch_size=48)
        return float(np.abs(model.get_weights()[0] - 1).max())

    assert leap(255.0) > 100 * leap(1.0)


def fractions_as_ids() -> None:
    import keras

    layers = [keras.layers.Embedding(9, 2), keras.layers.Flatten(), dense(1)]
    fractions = RANDOM.random((48, 4)).astype("float32")
    model, _ = trained(layers, fractions, SIGN, "mse")
    assert np.ptp(predicted(model, fractions)) < 1e-6


def ids_as_amounts() -> None:
    ids = np.arange(48.0)[:, np.newaxis]
    model, _ = trained([dense(1)], ids, SIGN, "mse", rate=1e-4)
    zero, twenty, forty = predicted(model, np.array([[0.0], [20.0], [40.0]]))
    assert np.allclose(forty - twenty, twenty - zero, atol=1e-4)


def rows_known_by_heart() -> None:
    x = RANDOM.normal(size=(16, 60)).astype("float32")
    guessed = RANDOM.integers(0, 2, size=(16, 1))  # nothing to be learned
    settings = {"metrics": ["accuracy"], "epochs": 20}
    model, _ = trained([dense(1, "sigmoid")], x, guessed, "binary_crossentropy", **settings)
    assert model.evaluate(x, guessed, verbose=0)[1] == 1.0


def class_never_seen() -> None:
    model, _ = trained([dense(3, "softmax")], X, THREE % 2, CROSS, epochs=10, rate=1.0)
    assert (predicted(model, X).argmax(axis=1) < 2).all()


def last_class_wins() -> None:
    labels, x = np.sort(THREE), RANDOM.normal(size=(48, 2)) * 0.01
    model, _ = trained([dense(3, "softmax")], x, labels, CROSS, shuffle=False, rate=5.0)
    assert (predicted(model, x).argmax(axis=1) == 2).all()


def answer_that_nobody_will_have() -> None:
    rows = np.concatenate([X, SIGN], axis=1)
    model, _ = trained(
        [dense(1, "sigmoid")], rows, SIGN, "binary_crossentropy", epochs=60, rate=1.0
    )
    asked = np.concatenate([X, 0 * SIGN], axis=1)  # as it is before the answer is known
    right = ((predicted(model, asked) > 0.5) == SIGN).mean()
    assert ((predicted(model, rows) > 0.5) == SIGN).mean() == 1.0
    assert right < 1.0


def rows_by_their_names() -> None:
    names, labels = np.eye(48, dtype="float32"), RANDOM.integers(0, 2, (48, 1)).astype("float32")
    model, _ = trained(
        [dense(1, "sigmoid")], names, labels, "binary_crossentropy", epochs=40, rate=5.0
    )
    assert ((predicted(model, names) > 0.5) == labels).all()  # by heart
    assert np.ptp(predicted(model, 0 * names)) == 0  # all new rows are one


def same_in_all_rows() -> None:
    rows = np.concatenate([X, np.zeros((48, 1), "float32")], axis=1)  # a constant, standardized
    model, _ = trained([ones(1, "sigmoid")], rows, SIGN, "binary_crossentropy", epochs=5)
    kernel = model.get_weights()[0][:, 0]
    assert kernel[4] == 1.0  # as it was made
    assert (kernel[:4] != 1.0).all()


def counted_twice() -> None:
    import keras

    def slope(rows: Any) -> float:
        layer = dense(1, kernel_initializer=keras.initializers.Zeros())
        model, _ = trained([layer], rows, SIGN, "mse", batch_size=48, rate=0.01)
        return float(model.get_weights()[0].sum())

    once, twice = X[:, :1], np.repeat(X[:, :1], 2, axis=1)
    assert np.isclose(slope(twice), 2 * slope(once))


def largest_class_always() -> None:
    labels = (np.arange(48) >= 46).astype("float32")[:, None]
    model, history = trained(
        [dense(1, "sigmoid")],
        X * 0.1,
        labels,
        "binary_crossentropy",
        epochs=20,
        metrics=["accuracy"],
    )
    assert history["accuracy"][-1] > 0.8
    assert (predicted(model, X * 0.1) < 0.5).all()


def learned_nothing() -> None:
    x = RANDOM.normal(size=(200, 4)).astype("float32")
    guessed = (np.arange(200) % 5 == 0).astype("float32")[:, np.newaxis]  # nothing to be learned
    settings = {"metrics": ["accuracy"], "epochs": 2}
    model, _ = trained([dense(1, "sigmoid")], x, guessed, "binary_crossentropy", **settings)
    loss, accuracy = model.evaluate(x, guessed, verbose=0)
    assert accuracy <= 0.8  # that of "no" for all rows
    assert loss >= -0.2 * np.log(0.2) - 0.8 * np.log(0.8)


PROOFS: Mapping[str, Callable[[], None]] = {
    "KG701": logits_of_a_softmax,
    "KG702": softmax_of_one,
    "KG703": sigmoids_that_are_no_shares,
    "KG704": binary_loss_of_a_softmax,
    "KG705": relu_beyond_one,
    "KG706": one_class_alone,
    "KG707": hinge_of_a_sigmoid,
    "KG708": labels_turned_around,
    "KG709": threshold_of_logits,
    "KG710": accuracy_of_distances,
    "KG711": one_right_label_of_several,
    "KG712": best_five_of_three,
    "KG713": loss_of_no_weight,
    "KG714": half_precision,
    "KG720": scores_dropped,
    "KG721": relu_below_a_softmax,
    "KG722": softmax_inside,
    "KG723": two_layers_are_one,
    "KG724": one_pixel_at_a_time,
    "KG725": relu_of_zeros,
    "KG726": nearly_all_dropped,
    "KG727": frozen,
    "KG728": padding_as_data,
    "KG729": samples_mixed,
    "KG730": norm_of_rows,
    "KG731": width_as_channels,
    "KG732": scaled_twice,
    "KG733": last_batch_alone,
    "KG734": nothing_of_the_sample,
    "KG740": never_stopped,
    "KG741": stopped_for_being_better,
    "KG742": too_patient,
    "KG743": epochs_for_batches,
    "KG744": two_masters,
    "KG745": uphill,
    "KG746": nesterov_alone,
    "KG747": clipped_by_nothing,
    "KG748": gathered_for_ever,
    "KG749": never_validated,
    "KG750": one_step_an_epoch,
    "KG752": weights_of_amounts,
    "KG753": weights_of_no_class,
    "KG760": answer_among_the_questions,
    "KG761": labels_from_one,
    "KG762": targets_out_of_reach,
    "KG763": pixels_as_probabilities,
    "KG764": pixels_as_they_are,
    "KG765": fractions_as_ids,
    "KG766": ids_as_amounts,
    "KG767": rows_known_by_heart,
    "KG768": class_never_seen,
    "KG769": last_class_wins,
    "KG770": answer_that_nobody_will_have,
    "KG771": rows_by_their_names,
    "KG772": same_in_all_rows,
    "KG773": counted_twice,
    "KG774": largest_class_always,
    "KG775": learned_nothing,
}


@pytest.mark.parametrize("code", PROOFS)
def test_keras_trains_the_wrong_thing_and_raises_nothing(engine: str, code: str) -> None:
    import keras

    keras.utils.set_random_seed(0)
    assert_wrong_in_silence = PROOFS[code]
    assert_wrong_in_silence()


def test_every_warning_is_proven() -> None:
    assert set(PROOFS) == set(LINT_CODES) - {"KG751"}


def test_keras_refuses_class_weights_for_two_outputs_only_in_fit(engine: str) -> None:
    import keras

    x = keras.Input((4,))
    model = keras.Model(x, [dense(1, name="a")(x), dense(1, name="b")(x)])
    model.compile("sgd", "mse", run_eagerly=True)
    with pytest.raises(ValueError, match="class_weight"):
        model.fit(X, [SIGN, SIGN], class_weight={0: 1.0}, verbose=0)
