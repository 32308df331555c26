"""Writes model files with multi-backend Keras 2.0 - 2.3.1, on Theano, CNTK or TensorFlow 1.

It runs in an environment of its own (Python 3.6 or 3.7), not in kerasgen's; README.md says which.
With `KERAS_PACKAGE=tf_keras` it is `tf_keras` that writes; `make_tf_keras.py` has its own kinds.
Usage: `python make_keras2.py FOLDER PREFIX [KIND ...]`. Each kind gives `PREFIX_KIND.h5`, `.json`,
`.yaml` and `.npz` (inputs `x0`, `x1` ..., outputs `y0`, `y1` ..., number of weights `params`).
"""

from __future__ import annotations

import importlib
import os

from model_writing import RNG, save_arrays, save_text, uniform, words, write_all

PACKAGE = os.environ.get("KERAS_PACKAGE", "keras")
keras = importlib.import_module(PACKAGE)
K, L, Model, Sequential = keras.backend, keras.layers, keras.models.Model, keras.models.Sequential

if K.backend() == "theano":
    import theano.ifelse  # noqa: F401  # older Keras forgets to import it

VERSION = tuple(int(part) for part in keras.__version__.split(".")[:2])


def spread(model):
    """Random weights everywhere, so that a wrong order shows."""
    pairs = []
    for weight in model.weights:
        positive = "variance" in weight.name or "running_std" in weight.name
        low, high = (0.3, 1.7) if positive else (-0.6, 0.6)
        shape = K.get_value(weight).shape
        pairs.append((weight, RNG.uniform(low, high, size=shape).astype("float32")))
    K.batch_set_value(pairs)
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):  # `Normalization` works with copies.
            layer.finalize_state()


def mlp():
    model = Sequential(name="mlp")
    model.add(L.Dense(8, activation="relu", input_shape=(6,), kernel_regularizer="l2"))
    model.add(L.Dropout(0.2))
    model.add(L.BatchNormalization(momentum=0.9))
    model.add(L.Dense(7, activation="elu", kernel_constraint="max_norm"))
    model.add(L.PReLU())
    model.add(L.BatchNormalization(scale=False))
    model.add(L.LeakyReLU(0.2))
    model.add(L.Dense(5, activation="hard_sigmoid", use_bias=False))
    model.add(L.BatchNormalization(center=False, scale=False))
    model.add(L.ThresholdedReLU(0.1))
    model.add(L.Activation("softsign"))
    model.add(L.ELU(0.7))
    model.add(L.Activation("hard_sigmoid"))
    model.add(L.GaussianNoise(0.1))
    model.add(L.Dense(3, activation="softmax", kernel_initializer="he_uniform"))
    return model, [uniform(4, 6)]


def merges():
    a, b = L.Input((6,), name="left"), L.Input((6,), name="right")
    p, q = L.Dense(5, activation="selu")(a), L.Dense(5, activation="softplus")(b)
    parts = [L.add([p, q]), L.multiply([p, q]), L.average([p, q]), L.maximum([p, q])]
    parts += [L.dot([p, q], axes=1), L.dot([p, q], axes=1, normalize=True)]
    if VERSION >= (2, 2):
        parts += [L.subtract([p, q]), L.minimum([p, q])]
    joined = L.concatenate(parts)
    one = L.Dense(3, activation="sigmoid", name="one")(joined)
    two = L.Dense(2, activation="tanh", name="two")(L.concatenate([joined, a], axis=-1))
    return Model([a, b], [one, two]), [uniform(4, 6), uniform(4, 6)]


def shared():
    a, b = L.Input((5,), name="first"), L.Input((5,), name="second")
    embed, dense, norm = L.Embedding(20, 4), L.Dense(3, activation="tanh"), L.BatchNormalization()
    ends = [L.Flatten()(norm(dense(embed(x)))) for x in (a, b)]
    return Model([a, b], L.Dense(2)(L.concatenate(ends))), [words(3, 5), words(3, 5)]


def nested():
    inner = Sequential(name="inner")
    inner.add(L.Dense(5, activation="relu", input_shape=(6,)))
    inner.add(L.BatchNormalization())
    inner.add(L.Dense(6, trainable=False))
    inner.add(L.BatchNormalization())
    x = L.Input((6,))
    deep = Model(x, inner(L.Dense(6)(inner(x))), name="deep")
    frozen = Sequential(name="frozen")
    frozen.add(L.Dense(4, input_shape=(6,)))
    frozen.add(L.BatchNormalization())
    frozen.add(L.Dense(4))
    frozen.trainable = False
    model = Sequential(name="outer")
    model.add(L.Dense(6, input_shape=(6,)))
    model.add(deep)
    model.add(frozen)
    model.add(L.BatchNormalization(trainable=False))
    model.add(L.Dense(2))
    return model, [uniform(4, 6)]


def simple_rnn():
    model = Sequential()
    model.add(L.SimpleRNN(5, return_sequences=True, input_shape=(7, 3)))
    model.add(L.SimpleRNN(4, go_backwards=True, activation="hard_sigmoid"))
    model.add(L.Dense(2))
    return model, [uniform(3, 7, 3)]


def lstm():
    model = Sequential()
    model.add(L.Embedding(20, 4, mask_zero=VERSION >= (2, 1), input_length=6))
    model.add(L.LSTM(5, return_sequences=True, recurrent_activation="hard_sigmoid"))
    model.add(L.LSTM(4, unit_forget_bias=False, use_bias=False))
    model.add(L.Dense(2, activation="softmax"))
    x = words(3, 6)
    x[1, 4:] = 0
    return model, [x]


def gru():
    model = Sequential()
    model.add(L.GRU(5, return_sequences=True, input_shape=(6, 3), recurrent_activation="sigmoid"))
    model.add(L.GRU(4, recurrent_activation="hard_sigmoid", return_sequences=True))
    model.add(L.GRU(3, use_bias=False))
    return model, [uniform(3, 6, 3)]


def gru_after():
    model = Sequential()
    model.add(L.GRU(5, return_sequences=True, reset_after=True, input_shape=(6, 3)))
    model.add(L.GRU(4, reset_after=True, recurrent_activation="hard_sigmoid", use_bias=False))
    return model, [uniform(3, 6, 3)]


def bidirectional():
    x = L.Input((6, 3))
    y = L.Bidirectional(L.LSTM(4, return_sequences=True))(x)
    y = L.Bidirectional(L.GRU(3, return_sequences=True), merge_mode="sum")(y)
    y = L.Bidirectional(L.SimpleRNN(2), merge_mode="ave")(y)
    return Model(x, L.Dense(2)(y)), [uniform(3, 6, 3)]


def time_distributed():
    inner = Sequential(name="frame")
    inner.add(L.Dense(5, input_shape=(4,)))
    inner.add(L.BatchNormalization())
    inner.add(L.Dense(3, activation="relu"))
    x = L.Input((6, 4))
    y = L.TimeDistributed(L.Dense(4, activation="tanh"), name="each")(x)
    y = L.TimeDistributed(inner)(y)
    y = L.TimeDistributed(L.Activation("relu"))(y)
    return Model(x, L.LSTM(3)(y)), [uniform(3, 6, 4)]


def frames():
    shape = (3, 6, 7, 2)
    model = Sequential()
    conv = L.Conv2D(3, (2, 3), data_format="channels_last")
    model.add(L.TimeDistributed(conv, input_shape=shape))
    model.add(L.ConvLSTM2D(2, (3, 3), return_sequences=False, data_format="channels_last"))
    model.add(L.Flatten())
    model.add(L.Dense(2))
    return model, [uniform(2, *shape)]


def cells():
    model = Sequential()
    model.add(L.RNN(L.GRUCell(4), return_sequences=True, input_shape=(5, 3)))
    model.add(L.RNN(L.SimpleRNNCell(3), return_sequences=True))
    model.add(L.RNN(L.LSTMCell(3, recurrent_activation="hard_sigmoid")))
    return model, [uniform(3, 5, 3)]


def stateful():
    model = Sequential()
    model.add(L.LSTM(4, stateful=True, batch_input_shape=(2, 5, 3), return_sequences=True))
    model.add(L.GRU(3, stateful=True, unroll=True))
    return model, [uniform(2, 5, 3)]


def states():
    x = L.Input((5, 3))
    out, h, c = L.LSTM(4, return_state=True)(x)
    y = L.LSTM(4)(x, initial_state=[h, c])
    return Model(x, [L.Dense(2)(y), out]), [uniform(3, 5, 3)]


def conv1d():
    model = Sequential()
    model.add(L.Conv1D(4, 3, padding="causal", dilation_rate=2, input_shape=(12, 3)))
    model.add(L.Conv1D(5, 4, strides=2, activation="relu"))
    model.add(L.ZeroPadding1D(1))
    model.add(L.MaxPooling1D(2))
    model.add(L.Cropping1D((1, 0)))
    model.add(L.UpSampling1D(2))
    model.add(L.Conv1D(3, 2))
    model.add(L.GlobalAveragePooling1D())
    model.add(L.Dense(2))
    return model, [uniform(3, 12, 3)]


def _image(first):
    form = "channels_first" if first else "channels_last"
    shape = (2, 11, 9) if first else (11, 9, 2)
    axis = 1 if first else -1
    model = Sequential()
    model.add(L.Conv2D(3, (3, 2), data_format=form, activation="relu", input_shape=shape))
    model.add(L.BatchNormalization(axis=axis))
    model.add(L.ZeroPadding2D(((1, 0), (0, 1)), data_format=form))
    model.add(L.PReLU(shared_axes=[2, 3] if first else [1, 2]))
    model.add(L.MaxPooling2D(data_format=form))
    model.add(L.Conv2DTranspose(4, (3, 2), data_format=form))
    model.add(L.UpSampling2D(data_format=form))
    model.add(L.Cropping2D(((1, 2), (0, 1)), data_format=form))
    model.add(L.Conv2D(3, 3, strides=2, padding="same", data_format=form, use_bias=False))
    model.add(L.SpatialDropout2D(0.1, data_format=form))
    model.add(L.AveragePooling2D(data_format=form))
    return model, shape, form


def conv2d_last():
    model, shape, _ = _image(False)
    model.add(L.Flatten())
    model.add(L.Dense(3, activation="softmax"))
    return model, [uniform(2, *shape)]


def conv2d_first():
    model, shape, form = _image(True)
    model.add(L.Flatten(data_format=form) if VERSION >= (2, 2) else L.Flatten())
    model.add(L.Dense(3, activation="softmax"))
    return model, [uniform(2, *shape)]


def flatten_plain():
    """A global default of channels_first, which `Flatten` follows."""
    K.set_image_data_format("channels_first")
    model = Sequential()
    model.add(L.Conv2D(3, 3, input_shape=(2, 6, 5)))
    model.add(L.MaxPooling2D())
    model.add(L.Flatten())
    model.add(L.Dense(3))
    K.set_image_data_format("channels_last")
    return model, [uniform(2, 2, 6, 5)]


def separable():
    x = L.Input((9, 8, 3))
    y = L.SeparableConv2D(4, 3, depth_multiplier=2, activation="relu")(x)
    if hasattr(L, "DepthwiseConv2D"):
        y = L.DepthwiseConv2D((2, 3), depth_multiplier=2)(y)
    y = L.GlobalMaxPooling2D()(y)
    return Model(x, L.Dense(2)(y)), [uniform(2, 9, 8, 3)]


def separable1d():
    x = L.Input((9, 3))
    y = L.SeparableConv1D(4, 3, depth_multiplier=2, padding="same")(x)
    return Model(x, L.Flatten()(y)), [uniform(2, 9, 3)]


def conv3d():
    model = Sequential()
    model.add(L.Conv3D(3, (2, 3, 2), input_shape=(5, 6, 5, 2)))
    model.add(L.MaxPooling3D())
    model.add(L.UpSampling3D(2))
    if hasattr(L, "Conv3DTranspose"):
        model.add(L.Conv3DTranspose(2, (2, 1, 2)))
    model.add(L.Flatten())
    model.add(L.Dense(2))
    return model, [uniform(2, 5, 6, 5, 2)]


def shapes():
    model = Sequential()
    model.add(L.Masking(0.0, input_shape=(4, 6)))
    model.add(L.LSTM(6))
    model.add(L.RepeatVector(3))
    model.add(L.Permute((2, 1)))
    model.add(L.Reshape((-1, 3)))
    model.add(L.ActivityRegularization(l2=0.01))
    model.add(L.SpatialDropout1D(0.1))
    model.add(L.GlobalMaxPooling1D())
    model.add(L.Dense(3, kernel_regularizer=keras.regularizers.l1_l2(0.01, 0.02)))
    if hasattr(L, "Softmax"):
        model.add(L.Softmax())
    x = uniform(3, 4, 6)
    x[1, 2:] = 0
    return model, [x]


def many():
    """So many layers that their names are cut into several attributes."""
    model = Sequential()
    for number in range(36):
        name = f"layer_{number:02d}_" + "x" * 2000
        model.add(L.Dense(2, name=name, **({"input_shape": (2,)} if not number else {})))
    return model, [uniform(2, 2)]


KINDS = [
    mlp, merges, shared, nested, simple_rnn, lstm, gru, gru_after, bidirectional, time_distributed,
    frames, cells, stateful, states, conv1d, conv2d_last, conv2d_first, flatten_plain, separable,
    separable1d, conv3d, shapes, many,
]  # fmt: skip


def write(stem, kind):
    model, inputs = kind()
    spread(model)
    outputs = model.predict(inputs, batch_size=len(inputs[0]))
    save_arrays(stem, inputs, outputs, model.count_params())
    model.save(stem + ".h5", include_optimizer=False)
    model.save_weights(stem + ".weights.h5")
    save_text(stem + ".json", model.to_json())
    if PACKAGE == "tf_keras":
        model.save(stem + ".keras", save_format="keras")
    else:
        save_text(stem + ".yaml", model.to_yaml())
    if PACKAGE != "keras":
        model.save(stem + ".saved", save_format="tf", include_optimizer=False)


if __name__ == "__main__":
    write_all(KINDS, write)
