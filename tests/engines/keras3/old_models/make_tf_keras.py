"""Writes model files with `tf_keras`, the last Keras 2, of what tf.keras alone has.

Usage: `KERAS_PACKAGE=tf_keras python make_tf_keras.py FOLDER PREFIX [KIND ...]`. Each kind gives
what `make_keras2.py` gives, and `.keras` and a SavedModel (`.saved`) besides.
"""

from __future__ import annotations

import tensorflow as tf
from make_keras2 import L, Model, Sequential, write
from model_writing import uniform, words, write_all


def operations():
    """Python's operators and functions of TensorFlow on tensors."""
    x = L.Input((6, 4))
    y = tf.nn.relu(x * 2.0 + 1.0) - x[:, :, ::-1]
    y = L.Dense(4)(y)
    y = tf.concat([y[:, 1:4], x[:, 0:3]], axis=-1)
    y = tf.reduce_mean(y, axis=1)
    y = tf.sqrt(tf.abs(y) + 0.1)
    return Model(x, L.Dense(2)(y)), [uniform(3, 6, 4)]


def norms():
    x = L.Input((5, 4, 6))
    y = L.LayerNormalization()(x)
    y = L.LayerNormalization(axis=[1, 2], center=False)(y)
    y = L.GroupNormalization(groups=3)(y)
    y = L.UnitNormalization()(y)
    y = L.BatchNormalization(axis=[2])(y)
    y = L.Rescaling(0.5, offset=0.1)(y)
    return Model(x, L.Dense(2, activation="gelu")(L.Flatten()(y))), [uniform(3, 5, 4, 6)]


def normalization():
    model = Sequential([L.Input((4,)), L.Normalization(), L.Dense(3, activation="swish")])
    model.layers[0].adapt(uniform(20, 4) * 3 + 1)
    return model, [uniform(3, 4)]


def attention():
    x = L.Input((5, 4))
    y = L.MultiHeadAttention(2, 3)(x, x)
    y = L.Attention(use_scale=True)([y, x])
    y = L.AdditiveAttention()([y, x])
    y = L.EinsumDense("abc,cd->abd", output_shape=(None, 3), bias_axes="d")(y)
    return Model(x, L.GlobalAveragePooling1D()(y)), [uniform(3, 5, 4)]


def newer():
    x = L.Input((8, 3))
    y = L.Conv1DTranspose(4, 3, strides=2)(x)
    y = L.DepthwiseConv1D(3, depth_multiplier=2)(y)
    y = L.Conv1D(6, 2, groups=2)(y)
    return Model(x, L.Flatten()(y)), [uniform(3, 8, 3)]


def mapping():
    """Inputs and outputs by name."""
    a, b = L.Input((4,), name="a"), L.Input((3,), name="b")
    joined = L.Concatenate()([L.Dense(3, name="p")(a), b])
    ends = {"u": L.Dense(2, name="u")(joined), "v": L.Dense(1, name="v")(joined)}
    return Model({"a": a, "b": b}, ends), [uniform(3, 4), uniform(3, 3)]


def keras_rnn():
    """What Keras 2.0 to 2.15 chose when nothing was said: `reset_after`, sigmoid."""
    x = L.Input((6, 3))
    y = L.GRU(4, return_sequences=True)(x)
    y = L.Bidirectional(L.GRU(3, return_sequences=True), backward_layer=L.LSTM(3, return_sequences=True, go_backwards=True))(y)  # fmt: skip  # noqa: E501
    y = L.RNN([L.LSTMCell(4), L.GRUCell(3)], return_sequences=True)(y)
    y = L.ConvLSTM1D(2, 2)(L.Reshape((6, 3, 1))(y))
    return Model(x, L.Flatten()(y)), [uniform(2, 6, 3)]


def mixed():
    """Layers with a dtype of their own."""
    x = L.Input((4,), dtype="float64")
    y = L.Dense(4, dtype="float64", activation="tanh")(x)
    y = L.Dense(3, dtype="float32")(L.Activation("linear", dtype="float32")(y))
    return Model(x, y), [uniform(3, 4).astype("float64")]


def augmented():
    model = Sequential([L.Input((8, 8, 2)), L.RandomFlip(), L.RandomRotation(0.1)])
    model.add(L.CenterCrop(6, 6))
    model.add(L.Resizing(3, 3))
    model.add(L.Conv2D(3, 2))
    model.add(L.Dropout(0.5))
    model.add(L.GlobalAveragePooling2D())
    return model, [uniform(2, 8, 8, 2)]


def spectral():
    model = Sequential([L.Input((4,)), L.SpectralNormalization(L.Dense(3))])
    return model, [uniform(3, 4)]


def frozen():
    """A frozen base, as in transfer learning: `trainable` of a model reaches all its layers."""
    base = Sequential([L.Input((6, 6, 2)), L.Conv2D(3, 2), L.BatchNormalization(), L.Conv2D(2, 2)])
    base.trainable = False
    x = L.Input((6, 6, 2))
    y = L.GlobalMaxPooling2D()(base(x, training=False))
    return Model(x, L.Dense(2)(y)), [uniform(2, 6, 6, 2)]


def shared_nested():
    inner = Sequential(
        [L.Input((4,)), L.Dense(3), L.BatchNormalization(), L.Dense(4)], name="inner"
    )
    a, b = L.Input((4,)), L.Input((4,))
    twice = L.Dense(4, name="twice")
    return Model([a, b], [inner(twice(a)), inner(inner(b)), twice(b)]), [
        uniform(3, 4),
        uniform(3, 4),
    ]


def text():
    x = L.Input((6,), dtype="int32")
    y = L.Embedding(20, 4, mask_zero=True)(x)
    y = L.Bidirectional(L.LSTM(3))(y)
    ids = words(3, 6).astype("int32")
    ids[0, 3:] = 0
    return Model(x, L.Dense(1, activation="sigmoid")(y)), [ids]


KINDS = [
    operations, norms, normalization, attention, newer, mapping, keras_rnn, mixed, augmented,
    spectral, frozen, shared_nested, text,
]  # fmt: skip

if __name__ == "__main__":
    write_all(KINDS, write)
