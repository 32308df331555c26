"""Keras's initializers, whose numbers every engine draws alike, by what Keras says of them."""

import hashlib
import inspect
from typing import Any

import numpy as np
import pytest

from kerasgen.runtime.portable_weights import portable_draws

GOLDEN = {
    "Constant": "c15a958bf280",
    "GlorotNormal": "4e28457754dd",
    "GlorotUniform": "52136902576a",
    "HeNormal": "9a26b80b2ed4",
    "HeUniform": "8cebce8e4b46",
    "Identity": "c58fbd3c6802",
    "LecunNormal": "d3cf71795afb",
    "LecunUniform": "2c4c71f9dabc",
    "Ones": "55defaf87fe5",
    "Orthogonal": "347cc6174dd5",
    "RandomNormal": "d1473d8a323e",
    "RandomUniform": "408c50f06b89",
    "STFT": "a5204c0cd1a9",
    "TruncatedNormal": "0a150b94dacd",
    "VarianceScaling": "d3cf71795afb",
    "Zeros": "c15a958bf280",
}
"""Initializer to the hash of what it draws: whichever backend a process has, it is this."""


def names() -> list[str]:
    import keras

    found = {
        member.__name__
        for member in vars(keras.initializers).values()
        if isinstance(member, type) and member is not keras.initializers.Initializer
    }
    return sorted(found)


def shape_of(name: str) -> tuple[int, ...]:
    return {"STFT": (16, 1, 9), "Identity": (9, 9)}.get(name, (3, 3, 40, 60))


def drawn(made: Any, shape: tuple[int, ...], dtype: str = "float32", words: Any = (1, "a")) -> Any:
    import keras

    with portable_draws(words):
        return keras.ops.convert_to_numpy(made(shape, dtype=dtype))


def test_every_initializer_draws_the_same_on_whichever_engine(engine: str) -> None:
    import keras

    found = {}
    for name in names():
        made = getattr(keras.initializers, name)()
        values = drawn(made, shape_of(name))
        assert values.dtype == "float32"
        found[name] = hashlib.sha256(values.tobytes()).hexdigest()[:12]
    assert found == GOLDEN


def test_the_numbers_are_of_the_distribution_that_keras_draws(engine: str) -> None:
    import keras

    for name in names():
        made = getattr(keras.initializers, name)()
        shape = shape_of(name)
        own, wanted = drawn(made, shape), keras.ops.convert_to_numpy(made(shape))
        if name == "STFT":
            np.testing.assert_allclose(own, wanted, atol=1e-5)
            continue
        assert abs(own.mean() - wanted.mean()) < 0.05 * wanted.std() + 1e-7, name
        np.testing.assert_allclose(own.std(), wanted.std(), rtol=0.03, err_msg=name)
        np.testing.assert_allclose(np.abs(own).max(), np.abs(wanted).max(), rtol=0.3, err_msg=name)


def test_the_columns_of_an_orthogonal_matrix_stand_upright(engine: str) -> None:
    import keras

    for shape in ((30, 12), (12, 30), (3, 4, 12)):
        found = drawn(keras.initializers.Orthogonal(), shape).reshape(-1, shape[-1])
        square = found @ found.T if len(found) < shape[-1] else found.T @ found
        np.testing.assert_allclose(square, np.eye(len(square)), atol=1e-6)


def test_an_initializer_with_a_seed_draws_by_it_alone(engine: str) -> None:
    import keras

    for name in names():
        kind = getattr(keras.initializers, name)
        if "seed" not in inspect.signature(kind).parameters:
            continue
        seeded, free = kind(seed=3), kind()
        shape = shape_of(name)
        assert np.array_equal(drawn(seeded, shape), drawn(kind(seed=3), shape, words=(2, "b")))
        assert not np.array_equal(drawn(seeded, shape), drawn(kind(seed=4), shape))
        assert not np.array_equal(drawn(free, shape), drawn(free, shape, words=(2, "a")))
        assert np.array_equal(drawn(free, shape), drawn(kind(), shape))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_narrow_numbers_are_the_rounded_ones(engine: str, dtype: str) -> None:
    import keras

    made = keras.initializers.HeNormal()
    wide, narrow = (drawn(made, (20, 20), kind) for kind in ("float32", dtype))
    rounded = keras.ops.convert_to_numpy(keras.ops.cast(wide, dtype))
    assert np.array_equal(rounded.astype("float32"), narrow.astype("float32"))


def test_keras_draws_as_ever_afterwards(engine: str) -> None:
    import keras

    made = keras.initializers.GlorotUniform(seed=3)
    before = keras.ops.convert_to_numpy(made((4, 4)))
    drawn(made, (4, 4))
    assert np.array_equal(before, keras.ops.convert_to_numpy(made((4, 4))))
    assert "seed" not in vars(keras.src.initializers.random_initializers.RandomInitializer)
