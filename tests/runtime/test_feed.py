"""What Keras is given to train on, and what comes of it beside arrays that are handed to `fit`."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.process.packages import is_installed

HASHES = Path(__file__).with_name("feed_hashes.py")
ROOT = Path(__file__).resolve().parents[2]


def hashes_in_a_process(backend: str) -> list[str]:
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(HASHES)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return done.stdout.split("\n")[:-1]


def by_hand() -> list[str]:
    from feed_hashes import EPOCHS, SEED, SIZE, batch_hash, samples

    (one, two), y = samples()
    found = []
    for epoch in range(EPOCHS):
        order = np.random.default_rng([SEED, epoch]).permutation(len(y))
        for start in range(0, len(y), SIZE):
            rows = order[start : start + SIZE]
            found.append(f"{epoch} {batch_hash(([one[rows], two[rows]], y[rows]))}")
    return found


def test_the_batches_are_those_of_a_permutation_by_hand(engine: str) -> None:
    from feed_hashes import hashes

    assert hashes() == by_hand()


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_each_backend_is_given_the_same_batches_in_each_process(engine: str, backend: str) -> None:
    if not is_installed(backend):
        pytest.skip(f"{backend} is not installed")

    assert hashes_in_a_process(backend) == by_hand()


@pytest.mark.slow
def test_another_process_is_given_the_same_batches(engine: str) -> None:
    assert hashes_in_a_process(engine) == by_hand()


@pytest.mark.parametrize(("epoch", "batch"), [(0, 3), (1, 0), (1, 9), (2, 5)])
def test_a_position_in_mid_epoch_goes_on_with_the_same_batches(
    engine: str, epoch: int, batch: int
) -> None:
    from feed_hashes import hashes

    assert hashes(epoch, batch) == by_hand()[epoch * 10 + batch :]


@cache
def compiled() -> tuple[Any, list[Any]]:
    """A compiled model, and its state: tracing its steps takes far longer than they do."""
    import keras

    keras.utils.set_random_seed(3)
    made = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(8, activation="tanh"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    loss = "sparse_categorical_crossentropy"
    measured = {"metrics": ["accuracy"], "weighted_metrics": ["accuracy"]}
    made.compile(keras.optimizers.Adam(0.01), loss, **measured)
    made.optimizer.build(made.trainable_variables)
    return made, [keras.ops.convert_to_numpy(each) for each in state_of(made)]


def state_of(made: Any) -> list[Any]:
    """Weights, what dropout draws next, and what the optimizer remembers."""
    return [*made.variables, *made.optimizer.variables]


def untrained() -> Any:
    """The one model of these tests, as it was before any training."""
    made, first = compiled()
    for variable, value in zip(state_of(made), first, strict=True):
        variable.assign(value)
    return made


def rows(count: int = 150) -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(count, 4)).astype("float32"), rng.integers(0, 3, count).astype("int32")


def fed(made: Any, feed: Any, **settings: Any) -> dict[str, list[float]]:
    import keras

    begin = keras.callbacks.LambdaCallback(on_epoch_begin=feed.begin)
    return dict(made.fit(feed, callbacks=[begin], verbose=0, **settings).history)


SETTINGS: dict[str, dict[str, Any]] = {
    "a small last batch": {"epochs": 3},
    "a validation part": {"epochs": 2, "validation_data": rows(50)},
    "a later first epoch": {"epochs": 4, "initial_epoch": 2},
    "fewer steps": {"epochs": 4, "steps_per_epoch": 5},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_rows_as_they_lie_train_to_the_bits_of_arrays(engine: str, name: str) -> None:
    from kerasgen.runtime.feed import Feed

    x, y = rows()
    settings = SETTINGS[name]
    theirs = untrained().fit(x, y, batch_size=16, shuffle=False, verbose=0, **settings).history

    assert fed(untrained(), Feed((x, y), 16), batch_size=16, **settings) == theirs


@pytest.mark.parametrize("count", [32, 150, 7])
def test_weights_of_classes_train_to_the_bits_of_keras(engine: str, count: int) -> None:
    from kerasgen.runtime.feed import Feed
    from kerasgen.runtime.training import weights_of_rows

    (x, y), weights = rows(count), {0: 2.5, 2: 0.3}
    settings: dict[str, Any] = {"batch_size": 16, "epochs": 2}
    theirs = untrained().fit(x, y, shuffle=False, class_weight=weights, verbose=0, **settings)

    ours = fed(untrained(), Feed((x, y, weights_of_rows(y, weights)), 16), **settings)

    assert ours == theirs.history


def test_double_precision_is_cut_as_keras_cuts_it(engine: str) -> None:
    from kerasgen.runtime.feed import Feed

    x, y = rows()
    x = x.astype("float64") / 3
    settings: dict[str, Any] = {"batch_size": 16, "epochs": 2}
    theirs = untrained().fit(x, y, shuffle=False, verbose=0, **settings).history

    assert fed(untrained(), Feed((x, y), 16), **settings) == theirs


def test_mapped_arrays_train_to_the_bits_of_arrays_in_memory(engine: str, tmp_path: Path) -> None:
    from kerasgen.runtime.feed import Feed

    x, y = rows()
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")

    ours = fed(untrained(), Feed((mapped, y), 16, 5), epochs=3)

    assert ours == fed(untrained(), Feed((x, y), 16, 5), epochs=3)


def aligned(values: np.ndarray) -> np.ndarray:
    """The same numbers where TensorFlow takes the memory of an array, and copies nothing."""
    room = np.empty(values.nbytes + 64, dtype="uint8")
    start = -room.ctypes.data % 64
    found = room[start : start + values.nbytes].view(values.dtype).reshape(values.shape)
    found[...] = values
    return found


@pytest.mark.parametrize("rows", [32, 96])
def test_a_training_leaves_its_rows_as_they_are(engine: str, rows: int) -> None:
    import keras

    from kerasgen.runtime.feed import Feed

    pictures = aligned(np.random.default_rng(0).random((rows, 8, 8, 1)).astype("float32"))
    before = pictures.copy()
    layers = [
        keras.layers.Flatten(),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(64, activation="sigmoid"),
        keras.layers.Reshape((8, 8, 1)),
    ]
    model = keras.Sequential([keras.Input((8, 8, 1)), *layers])
    model.compile(optimizer="sgd", loss="binary_crossentropy")
    model.fit(Feed((pictures, pictures), 32), epochs=3, verbose=0)
    assert np.array_equal(pictures, before)


def test_a_training_that_stops_in_mid_epoch_goes_on_to_the_same_weights(engine: str) -> None:
    import keras

    from kerasgen.runtime.feed import Feed

    class Stop(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.epoch = epoch

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if (self.epoch, batch) == (1, 3):
                self.model.stop_training = True

    data = rows()
    made = untrained()
    fed(made, Feed(data, 16, 5), epochs=3)
    whole = made.get_weights()
    parted, feed = untrained(), Feed(data, 16, 5)
    begin = keras.callbacks.LambdaCallback(on_epoch_begin=feed.begin)
    parted.fit(feed, epochs=3, verbose=0, callbacks=[begin, Stop()])

    fed(parted, Feed(data, 16, 5, start=(1, 4)), initial_epoch=1, epochs=2)
    fed(parted, Feed(data, 16, 5), initial_epoch=2, epochs=3)

    for one, other in zip(parted.get_weights(), whole, strict=True):
        assert np.array_equal(one, other)


def test_weights_of_several_outputs_are_refused() -> None:
    from kerasgen.runtime.training import weights_of_rows

    with pytest.raises(ValueError, match="single output"):
        weights_of_rows([np.zeros(3), np.zeros(3)], {0: 1.0})
