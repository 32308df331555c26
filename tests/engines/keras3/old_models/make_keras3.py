"""Writes model files with Keras 3, as `make_keras2.py` does with Keras 2: `.keras`, `.h5`, `.json`.

Usage: `KERAS_BACKEND=jax python make_keras3.py FOLDER PREFIX [KIND ...]`.
"""

from __future__ import annotations

import os
import sys

import keras
import numpy as np
from keras import layers as L  # noqa: N812

RNG = np.random.RandomState(7)


def uniform(*shape):
    return RNG.uniform(-1, 1, size=shape).astype("float32")


def spread(model):
    """Random weights everywhere, so that a wrong order shows."""
    for weight in model.weights:
        low, high = (0.3, 1.7) if "variance" in weight.name else (-0.6, 0.6)
        weight.assign(RNG.uniform(low, high, size=weight.shape))


def branches():
    """Layers alike side by side, in an order that is not that of their outputs."""
    a, b = L.Input((4,), name="a"), L.Input((4,), name="b")
    late = L.Dense(3, name="late")(b)
    early = L.Dense(3, name="early")(a)
    third = L.Dense(3, name="third")(early)
    joined = L.Concatenate()([third, L.BatchNormalization(name="norm")(late), early + late * 2])
    return keras.Model([a, b], [L.Dense(2)(joined), L.Dense(2)(early)]), [uniform(3, 4)] * 2


def nested():
    inner = keras.Sequential([L.Input((4,)), L.Dense(5), L.BatchNormalization(), L.Dense(4)])
    inner.layers[0].trainable = False
    x = L.Input((4,))
    deep = keras.Model(x, inner(L.Dense(4)(inner(x))), name="deep")
    model = keras.Sequential([L.Input((4,)), L.Dense(4), deep, L.Dense(2), L.BatchNormalization()])
    return model, [uniform(3, 4)]


def recurrent():
    x = L.Input((6, 3))
    y = L.GRU(4, return_sequences=True, recurrent_activation="hard_sigmoid")(x)
    y = L.Bidirectional(L.LSTM(3, return_sequences=True))(y)
    y = L.RNN([L.LSTMCell(4), L.GRUCell(3)], return_sequences=True)(y)
    y = L.TimeDistributed(L.Dense(3))(y)
    y = L.MultiHeadAttention(2, 3)(y, y)
    return keras.Model(x, L.SimpleRNN(2)(y)), [uniform(2, 6, 3)]


def images():
    x = L.Input((8, 8, 3))
    y = L.SeparableConv2D(4, 3, activation="relu")(x)
    y = L.BatchNormalization()(y)
    y = L.Conv2DTranspose(3, 3, strides=2)(y)
    y = L.DepthwiseConv2D(2)(y)
    y = L.GroupNormalization(groups=3)(y)
    return keras.Model(x, L.Dense(2)(L.GlobalAveragePooling2D()(y))), [uniform(2, 8, 8, 3)]


KINDS = [branches, nested, recurrent, images]


def main():
    folder, prefix, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
    for kind in KINDS:
        if wanted and kind.__name__ not in wanted:
            continue
        model, inputs = kind()
        spread(model)
        outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        stem = os.path.join(folder, prefix + "_" + kind.__name__)
        arrays = {f"x{i}": x for i, x in enumerate(inputs)}
        arrays.update({f"y{i}": y for i, y in enumerate(outputs)})
        np.savez_compressed(stem + ".npz", params=model.count_params(), **arrays)
        model.save(stem + ".keras")
        model.save(stem + ".h5")
        model.save_weights(stem + ".weights.h5")
        with open(stem + ".json", "w", encoding="utf-8") as file:
            file.write(model.to_json())
        print(f"{prefix}_{kind.__name__}: written")


if __name__ == "__main__":
    main()
