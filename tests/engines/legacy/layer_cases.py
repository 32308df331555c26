"""Models of one layer or a few, each of which the engines of Keras 2.3.1 have or refuse."""

from collections.abc import Callable
from typing import Any


class _Layers:
    """The layers of Keras, which is imported when the first case is made."""

    def __getattr__(self, name: str) -> Any:
        import keras

        return getattr(keras.layers, name)


L = _Layers()

ROWS = (6,)
STEPS = (7, 4)
IMAGE = (8, 6, 3)
VOLUME = (5, 4, 6, 2)


def chain(shape: tuple[int | None, ...], *layers: Any, batch: int | None = None) -> Any:
    """A Sequential model."""
    import keras

    return keras.Sequential([keras.Input(shape, batch_size=batch), *layers])


def merged(layer: Any, shape: tuple[int, ...] = ROWS) -> Any:
    """A model of two branches."""
    import keras

    given = keras.Input(shape)
    return keras.Model(given, layer([L.Dense(3)(given), L.Dense(3, activation="tanh")(given)]))


def _shared() -> Any:
    import keras

    first, second, dense = keras.Input(ROWS), keras.Input(ROWS), L.Dense(4, activation="tanh")
    return keras.Model([first, second], L.Concatenate()([dense(first), dense(second)]))


def _nested() -> Any:
    import keras

    given = keras.Input(ROWS)
    inner = keras.Sequential([keras.Input((4,)), L.Dense(3, activation="relu")], name="inner")
    part = keras.Input((3,))
    twice = keras.Model(part, L.Add()([L.Dense(3)(part), part]), name="twice")
    return keras.Model(given, twice(twice(inner(L.Dense(4)(given)))))


def _states() -> Any:
    import keras

    given = keras.Input(STEPS)
    whole, state = L.GRU(5, return_sequences=True, return_state=True)(given)
    return keras.Model(given, L.GRU(5)(whole, initial_state=state))


def _two_outputs() -> Any:
    import keras

    given = keras.Input(ROWS)
    inner = L.Dense(5, activation="relu")(given)
    return keras.Model(given, [L.Dense(3, name="first")(inner), L.Dense(2, name="second")(inner)])


FIRST = {"data_format": "channels_first"}

ACTIVATIONS = (
    *("relu", "sigmoid", "tanh", "softmax", "elu", "selu", "softplus", "softsign", "exponential"),
    *("gelu", "silu", "hard_sigmoid", "hard_silu", "mish", "relu6", "leaky_relu", "log_softmax"),
    *("hard_tanh", "tanh_shrink", "squareplus", "linear"),
)

CASES: dict[str, Callable[[], Any]] = {
    "dense": lambda: chain(ROWS, L.Dense(4)),
    "dense without bias": lambda: chain(ROWS, L.Dense(4, use_bias=False)),
    "dense of steps": lambda: chain(STEPS, L.Dense(5, activation="tanh")),
    **{f"activation {a}": lambda a=a: chain(ROWS, L.Dense(4, activation=a)) for a in ACTIVATIONS},
    "relu": lambda: chain(ROWS, L.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.2)),
    "leaky relu": lambda: chain(ROWS, L.LeakyReLU(negative_slope=0.2)),
    "elu": lambda: chain(ROWS, L.ELU(alpha=0.7)),
    "prelu": lambda: chain(IMAGE, L.PReLU(shared_axes=[1, 2])),
    "softmax": lambda: chain(STEPS, L.Softmax()),
    "dropout": lambda: chain(ROWS, L.Dropout(0.5)),
    "spatial dropout": lambda: chain(IMAGE, L.SpatialDropout2D(0.5)),
    "flatten": lambda: chain(IMAGE, L.Flatten()),
    "flatten first": lambda: chain(IMAGE, L.Flatten(**FIRST)),
    "reshape": lambda: chain(STEPS, L.Reshape((14, 2))),
    "permute": lambda: chain(STEPS, L.Permute((2, 1))),
    "repeat": lambda: chain(ROWS, L.RepeatVector(3)),
    "identity": lambda: chain(ROWS, L.Identity(), L.Dense(2)),
    "rescaling": lambda: chain(ROWS, L.Rescaling(0.5, offset=-1.0)),
    "masking": lambda: chain(STEPS, L.Masking(), L.LSTM(3)),
    "embedding": lambda: chain(ROWS, L.Embedding(9, 4), L.Flatten()),
    "masked embedding": lambda: chain(ROWS, L.Embedding(9, 4, mask_zero=True), L.LSTM(3)),
    "batch normalization": lambda: chain(ROWS, L.BatchNormalization()),
    "batch normalization of images": lambda: chain(IMAGE, L.BatchNormalization(momentum=0.5)),
    "batch normalization first": lambda: chain(IMAGE, L.BatchNormalization(axis=1, scale=False)),
    "layer normalization": lambda: chain(STEPS, L.LayerNormalization()),
    "convolution": lambda: chain(IMAGE, L.Conv2D(4, 3)),
    "convolution same": lambda: chain(IMAGE, L.Conv2D(4, 3, padding="same", activation="relu")),
    "convolution strided": lambda: chain(IMAGE, L.Conv2D(4, 3, strides=2, padding="same")),
    "convolution even": lambda: chain(IMAGE, L.Conv2D(4, 2, padding="same")),
    "convolution odd and even": lambda: chain(IMAGE, L.Conv2D(4, (2, 5), strides=(1, 2))),
    "convolution first": lambda: chain(IMAGE, L.Conv2D(4, 3, padding="same", **FIRST)),
    "convolution first strided": lambda: chain(
        IMAGE, L.Conv2D(4, 3, strides=2, padding="same", **FIRST)
    ),
    "convolution of steps": lambda: chain(STEPS, L.Conv1D(4, 3, padding="same")),
    "convolution causal": lambda: chain(STEPS, L.Conv1D(4, 3, padding="causal")),
    "convolution of volumes": lambda: chain(VOLUME, L.Conv3D(3, 3, padding="same")),
    "transposed": lambda: chain(IMAGE, L.Conv2DTranspose(4, 3, strides=2)),
    "transposed same": lambda: chain(IMAGE, L.Conv2DTranspose(4, 3, padding="same")),
    "transposed of volumes": lambda: chain(VOLUME, L.Conv3DTranspose(3, 2)),
    "depthwise": lambda: chain(IMAGE, L.DepthwiseConv2D(3, depth_multiplier=2)),
    "separable": lambda: chain(IMAGE, L.SeparableConv2D(4, 3, padding="same")),
    "separable of steps": lambda: chain(STEPS, L.SeparableConv1D(4, 3)),
    "max pooling": lambda: chain(IMAGE, L.MaxPooling2D(2)),
    "max pooling same": lambda: chain(IMAGE, L.MaxPooling2D(3, strides=1, padding="same")),
    "average pooling": lambda: chain(IMAGE, L.AveragePooling2D((2, 3), strides=(2, 1))),
    "pooling of steps": lambda: chain(STEPS, L.MaxPooling1D(2)),
    "pooling of volumes": lambda: chain(VOLUME, L.AveragePooling3D(2)),
    "global pooling": lambda: chain(IMAGE, L.GlobalAveragePooling2D()),
    "global max pooling": lambda: chain(STEPS, L.GlobalMaxPooling1D()),
    "upsampling": lambda: chain(IMAGE, L.UpSampling2D((2, 3))),
    "upsampling of steps": lambda: chain(STEPS, L.UpSampling1D(2)),
    "zeros": lambda: chain(IMAGE, L.ZeroPadding2D(((1, 2), (0, 3)))),
    "zeros of steps": lambda: chain(STEPS, L.ZeroPadding1D((1, 2))),
    "cropping": lambda: chain(IMAGE, L.Cropping2D(((1, 2), (0, 3)))),
    "add": lambda: merged(L.Add()),
    "subtract": lambda: merged(L.Subtract()),
    "multiply": lambda: merged(L.Multiply()),
    "average": lambda: merged(L.Average()),
    "maximum": lambda: merged(L.Maximum()),
    "minimum": lambda: merged(L.Minimum()),
    "concatenate": lambda: merged(L.Concatenate()),
    "dot": lambda: merged(L.Dot(axes=1)),
    "lstm": lambda: chain(STEPS, L.LSTM(5)),
    "lstm sequences": lambda: chain(STEPS, L.LSTM(5, return_sequences=True, go_backwards=True)),
    "gru": lambda: chain(STEPS, L.GRU(5)),
    "gru before": lambda: chain(STEPS, L.GRU(5, reset_after=False)),
    "simple rnn": lambda: chain(STEPS, L.SimpleRNN(5)),
    "bidirectional": lambda: chain(STEPS, L.Bidirectional(L.LSTM(3, return_sequences=True))),
    "bidirectional sum": lambda: chain(STEPS, L.Bidirectional(L.GRU(3), merge_mode="sum")),
    "steps of dense": lambda: chain(STEPS, L.TimeDistributed(L.Dense(3))),
    "steps of convolution": lambda: chain((4, *IMAGE), L.TimeDistributed(L.Conv2D(2, 3))),
    "shared": _shared,
    "nested": _nested,
    "states": _states,
    "two outputs": _two_outputs,
}
"""What both engines have, by name."""

THEANO_ALONE: dict[str, Callable[[], Any]] = {
    "dilated": lambda: chain(IMAGE, L.Conv2D(4, 3, dilation_rate=2)),
    "noise": lambda: chain(ROWS, L.GaussianNoise(0.5)),
    "convolutional lstm": lambda: chain((3, *IMAGE), L.ConvLSTM2D(2, 3)),
    "lstm of any length": lambda: chain((None, 4), L.LSTM(5)),
}

REFUSED: dict[str, Callable[[], Any]] = {
    "attention": lambda: merged(L.Attention(), STEPS),
    "group normalization": lambda: chain(IMAGE, L.GroupNormalization(3)),
    "grouped": lambda: chain(IMAGE, L.Conv2D(6, 3, groups=3)),
    "resizing": lambda: chain(IMAGE, L.Resizing(4, 4)),
    "bilinear": lambda: chain(IMAGE, L.UpSampling2D(2, interpolation="bilinear")),
    "pooling same strided": lambda: chain(IMAGE, L.MaxPooling2D(3, strides=2, padding="same")),
    "transposed same strided": lambda: chain(
        IMAGE, L.Conv2DTranspose(4, 3, strides=2, padding="same")
    ),
    "causal first": lambda: chain(STEPS, L.Conv1D(4, 3, padding="causal", **FIRST)),
    "kept dimensions": lambda: chain(IMAGE, L.GlobalMaxPooling2D(keepdims=True)),
    "normalization over a row": lambda: chain(STEPS, L.LayerNormalization(axis=(1, 2))),
    "celu": lambda: chain(ROWS, L.Dense(3, activation="celu")),
    "half": lambda: chain(ROWS, L.Dense(3, dtype="float16")),
    "orthogonal": lambda: chain(ROWS, L.Dense(3, kernel_regularizer="orthogonal_regularizer")),
    "stateful": lambda: chain(STEPS, L.LSTM(3, stateful=True), batch=8),
}
"""What neither has."""
