"""Writes model files with Keras 1.0 - 1.2 on Theano, as `make_keras2.py` does with Keras 2.

Usage: `python make_keras1.py FOLDER PREFIX [KIND ...]`, in an environment of its own.
"""

from __future__ import annotations

from keras import backend as K  # noqa: N812
from keras import layers as L  # noqa: N812
from keras.models import Model, Sequential
from model_writing import RNG, save_arrays, save_text, uniform, words, write_all

if K.backend() == "theano":
    import theano.ifelse  # noqa: F401  # older Keras forgets to import it


def spread(model):
    """Random weights everywhere, so that a wrong order shows."""
    pairs = []
    for weight in model.weights:
        positive = "running_std" in weight.name
        low, high = (0.3, 1.7) if positive else (-0.6, 0.6)
        shape = K.get_value(weight).shape
        pairs.append((weight, RNG.uniform(low, high, size=shape).astype("float32")))
    K.batch_set_value(pairs)


def mlp():
    model = Sequential()
    model.add(L.Dense(8, activation="relu", input_dim=6, W_regularizer="l2", init="he_normal"))
    model.add(L.Dropout(0.2))
    model.add(L.BatchNormalization())
    model.add(L.Dense(7, activation="hard_sigmoid", W_constraint="maxnorm"))
    model.add(L.advanced_activations.PReLU())
    model.add(L.advanced_activations.LeakyReLU(0.2))
    model.add(L.Activation("hard_sigmoid"))
    model.add(L.noise.GaussianNoise(0.1))
    model.add(L.Dense(3, activation="softmax", bias=False))
    return model, [uniform(4, 6)]


def merges():
    a, b = L.Input((6,), name="left"), L.Input((6,), name="right")
    p, q = L.Dense(5, activation="tanh")(a), L.Dense(5, activation="softplus")(b)
    parts = [L.merge([p, q], mode=mode) for mode in ("sum", "mul", "ave", "max")]
    parts.append(L.merge([p, q], mode="dot", dot_axes=1))
    joined = L.merge(parts, mode="concat", concat_axis=1)
    one = L.Dense(3, activation="sigmoid", name="one")(joined)
    two = L.Dense(2, activation="tanh", name="two")(joined)
    return Model([a, b], [one, two]), [uniform(4, 6), uniform(4, 6)]


def branches():
    """The usual way of Keras 1 to join two chains: `Merge` as the first layer of a third."""
    left, right = Sequential(), Sequential()
    left.add(L.Dense(4, input_dim=6, activation="relu"))
    left.add(L.BatchNormalization())
    right.add(L.Dense(4, input_dim=5))
    model = Sequential()
    model.add(L.Merge([left, right], mode="concat"))
    model.add(L.Dense(3))
    return model, [uniform(4, 6), uniform(4, 5)]


def shared():
    a, b = L.Input((5,), dtype="int32"), L.Input((5,), dtype="int32")
    embed, lstm = L.Embedding(20, 4, input_length=5), L.LSTM(3)
    ends = [lstm(embed(x)) for x in (a, b)]
    return Model([a, b], L.Dense(2)(L.merge(ends, mode="concat"))), [
        words(3, 5, dtype="int32"),
        words(3, 5, dtype="int32"),
    ]


def nested():
    inner = Sequential()
    inner.add(L.Dense(5, activation="relu", input_dim=6))
    inner.add(L.BatchNormalization())
    inner.add(L.Dense(6, trainable=False))
    model = Sequential()
    model.add(L.Dense(6, input_dim=6))
    model.add(inner)
    model.add(L.Dense(2))
    return model, [uniform(4, 6)]


def nested_graph():
    inner = Sequential()
    inner.add(L.Dense(5, activation="relu", input_dim=6))
    inner.add(L.BatchNormalization())
    inner.add(L.Dense(6))
    a = L.Input((6,))
    return Model(a, L.Dense(2)(inner(L.Dense(6)(inner(a))))), [uniform(4, 6)]


def simple_rnn():
    model = Sequential()
    model.add(L.SimpleRNN(5, return_sequences=True, input_shape=(7, 3)))
    model.add(L.SimpleRNN(4, go_backwards=True))
    model.add(L.Dense(2))
    return model, [uniform(3, 7, 3)]


def lstm():
    model = Sequential()
    model.add(L.Embedding(20, 4, input_length=6))
    model.add(L.LSTM(5, return_sequences=True))
    model.add(L.LSTM(4, consume_less="gpu"))
    model.add(L.Dense(2, activation="softmax"))
    return model, [words(3, 6, dtype="int32")]


def gru():
    model = Sequential()
    model.add(L.GRU(5, return_sequences=True, input_shape=(6, 3), inner_activation="sigmoid"))
    model.add(L.GRU(4, consume_less="gpu", return_sequences=True))
    model.add(L.GRU(3, consume_less="mem"))
    return model, [uniform(3, 6, 3)]


def bidirectional():
    x = L.Input((6, 3))
    y = L.Bidirectional(L.LSTM(4, return_sequences=True))(x)
    y = L.Bidirectional(L.GRU(3), merge_mode="sum")(y)
    return Model(x, L.Dense(2)(y)), [uniform(3, 6, 3)]


def time_distributed():
    x = L.Input((6, 4))
    y = L.TimeDistributed(L.Dense(4, activation="tanh"))(x)
    return Model(x, L.LSTM(3)(y)), [uniform(3, 6, 4)]


def conv1d():
    model = Sequential()
    model.add(L.Convolution1D(4, 3, border_mode="same", input_shape=(12, 3)))
    model.add(L.Convolution1D(5, 4, subsample_length=2, activation="relu"))
    model.add(L.ZeroPadding1D(1))
    model.add(L.MaxPooling1D(2))
    model.add(L.UpSampling1D(2))
    if hasattr(L, "AtrousConvolution1D"):
        model.add(L.AtrousConvolution1D(3, 2, atrous_rate=2))
    model.add(L.GlobalAveragePooling1D())
    model.add(L.Dense(2))
    return model, [uniform(3, 12, 3)]


def _image(order):
    first = order == "th"
    shape = (2, 11, 9) if first else (11, 9, 2)
    model = Sequential()
    model.add(L.Convolution2D(3, 3, 2, dim_ordering=order, activation="relu", input_shape=shape))
    model.add(L.BatchNormalization(axis=1 if first else -1))
    model.add(L.ZeroPadding2D((1, 1), dim_ordering=order))
    model.add(L.MaxPooling2D(dim_ordering=order))
    model.add(L.Convolution2D(3, 3, 3, border_mode="same", dim_ordering=order, bias=False))
    model.add(L.UpSampling2D(dim_ordering=order))
    model.add(L.AtrousConvolution2D(2, 2, 2, atrous_rate=(2, 2), dim_ordering=order))
    model.add(L.AveragePooling2D(dim_ordering=order))
    model.add(L.Flatten())
    model.add(L.Dense(3, activation="softmax"))
    return model, [uniform(2, *shape)]


def conv2d_th():
    return _image("th")


def conv2d_tf():
    return _image("tf")


def _deconvolution(order):
    shape = (None, 3, 10, 11) if order == "th" else (None, 10, 11, 3)
    given = (2, 4, 5) if order == "th" else (4, 5, 2)
    model = Sequential()
    model.add(
        L.Deconvolution2D(
            3, 4, 3, output_shape=shape, dim_ordering=order, subsample=(2, 2),
            input_shape=given, border_mode="valid",
        )
    )  # fmt: skip
    model.add(L.GlobalAveragePooling2D(dim_ordering=order))
    return model, [uniform(2, *given)]


def deconvolution():
    return _deconvolution("th")


def deconvolution_tf():
    return _deconvolution("tf")


def conv3d():
    model = Sequential()
    model.add(L.Convolution3D(3, 2, 3, 2, input_shape=(2, 5, 6, 5), dim_ordering="th"))
    model.add(L.MaxPooling3D(dim_ordering="th"))
    model.add(L.Flatten())
    model.add(L.Dense(2))
    return model, [uniform(2, 2, 5, 6, 5)]


def shapes():
    model = Sequential()
    model.add(L.Masking(0.0, input_shape=(4, 6)))
    model.add(L.LSTM(6))
    model.add(L.RepeatVector(3))
    model.add(L.Permute((2, 1)))
    model.add(L.Reshape((-1, 3)))
    model.add(L.TimeDistributedDense(4))
    model.add(L.GlobalMaxPooling1D())
    model.add(L.Dense(3))
    x = uniform(3, 4, 6)
    x[1, 2:] = 0
    return model, [x]


KINDS = [
    mlp, merges, branches, shared, nested, nested_graph, simple_rnn, lstm, gru, bidirectional,
    time_distributed, conv1d, conv2d_th, conv2d_tf, deconvolution, deconvolution_tf, conv3d, shapes,
]  # fmt: skip


def write(stem, kind):
    model, inputs = kind()
    spread(model)
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], batch_size=len(inputs[0]))
    save_arrays(stem, inputs, outputs, sum(weight.size for weight in model.get_weights()))
    model.save(stem + ".h5")
    model.save_weights(stem + ".weights.h5", overwrite=True)
    save_text(stem + ".json", model.to_json())
    save_text(stem + ".yaml", model.to_yaml())


if __name__ == "__main__":
    write_all(KINDS, write)
