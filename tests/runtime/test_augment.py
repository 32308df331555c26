"""How batches are augmented: when, from which seed, and what of their targets."""

from typing import Any

import numpy as np
import pytest

X = np.random.default_rng(0).uniform(size=(40, 6, 6, 1)).astype("float32")
Y = np.eye(4, dtype="float32")[np.arange(40) % 4]


def feed(*layers: Any, seed: int = 3, masks: Any = None, start: tuple[int, int] = (0, 0)) -> Any:
    from kerasgen.runtime.augment import Augment
    from kerasgen.runtime.feed import Feed

    augment = Augment([(layer, None) for layer in layers], seed, masks is not None)
    return Feed((X, Y if masks is None else masks), 16, None, augment, start)


def test_each_epoch_is_drawn_anew_and_the_rows_stay(engine: str) -> None:
    import keras

    fed = feed(keras.layers.GaussianNoise(0.1))

    first, second = (np.concatenate([x for x, _ in fed.batches(epoch)]) for epoch in (0, 1))

    assert not np.array_equal(first, second)
    assert 0 < np.abs(first - X).max() < 1
    assert np.array_equal(np.concatenate([y for _, y in fed.batches(0)]), Y)


# Keras 3.15 on PyTorch transposes numbers in `RandAugment`.
@pytest.mark.filterwarnings("ignore:Tensor.T is deprecated")
def test_what_is_drawn_depends_on_seed_epoch_and_batch_alone(engine: str) -> None:
    import keras

    def layers() -> list[Any]:
        flip = keras.layers.RandomFlip("horizontal")
        return [flip, keras.layers.RandAugment(value_range=(0, 1)), keras.layers.CutMix()]

    whole = list(feed(*layers()).batches(2))
    keras.utils.set_random_seed(99)
    again = feed(*layers(), start=(2, 1))

    for one, other in zip(whole[1:], again.batches(2, 1), strict=True):
        assert np.array_equal(one[0], other[0])
        assert np.array_equal(one[1], other[1])
    third = next(feed(*layers(), seed=4).batches(2))
    assert not np.array_equal(whole[0][0], third[0])


def test_keras_is_given_augmented_batches(engine: str) -> None:
    import keras

    fed = feed(keras.layers.GaussianNoise(0.1))
    fed.begin(1)
    given = {"tensorflow": fed.get_tf_dataset, "torch": fed.get_torch_dataloader}
    batches = list(given.get(engine, fed.get_jax_iterator)())

    for one, other in zip(batches, fed.batches(1), strict=True):
        assert np.array_equal(keras.ops.convert_to_numpy(one[0]), other[0])


def test_mixing_images_mixes_their_labels(engine: str) -> None:
    import keras

    (x, y), *_ = feed(keras.layers.MixUp(alpha=1.0)).batches(0)
    assert np.allclose(y.sum(axis=1), 1)
    assert ((y > 0).sum(axis=1) == 2).any()
    # Images of which each is one number tell of which two they were made.
    level = np.argmax(Y, axis=1).astype("float32")
    from kerasgen.runtime.augment import augmented

    images = np.broadcast_to(level[:16, None, None, None], (16, 6, 6, 1)).copy()
    x, y = augmented(keras.layers.MixUp(alpha=1.0), images, Y[:16], False)
    assert np.allclose(x[:, 0, 0, 0], y @ np.arange(4), atol=1e-5)


def test_masks_turn_with_their_images(engine: str) -> None:
    import keras

    masks = (X[..., 0] > 0.5).astype("int32")

    for x, y in feed(keras.layers.RandomFlip(), masks=masks).batches(0):
        assert y.dtype == np.int32
        assert np.array_equal((x[..., 0] > 0.5).astype("int32"), y)


def test_the_generators_of_the_process_are_left_alone(engine: str) -> None:
    import random

    import keras

    fed = feed(keras.layers.AugMix(value_range=(0, 1)))
    random.seed(5)
    expected = random.random()
    random.seed(5)

    list(fed.batches(0))

    assert random.random() == expected


def test_one_of_several_inputs_is_changed(engine: str) -> None:
    import keras

    from kerasgen.runtime.augment import Augment

    augment = Augment([(keras.layers.GaussianNoise(0.1), 1)], 0)
    (left, right), _, weights = augment(([X, X], Y, Y[:, 0]), 0, 0)

    assert np.array_equal(left, X)
    assert not np.array_equal(right, X)
    assert np.array_equal(weights, Y[:, 0])


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_samples_keep_their_type(engine: str, dtype: str) -> None:
    import keras

    from kerasgen.runtime.augment import augmented

    x, _ = augmented(keras.layers.RandomFlip(), (X * 9).astype(dtype), Y, False)

    assert x.dtype == dtype
