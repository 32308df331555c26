"""The layers and activations that Keras 2.3.1 does not have, or has with another meaning."""

import math

from keras import backend as K
from keras import layers
from keras.engine.base_layer import Layer
from keras.regularizers import Regularizer


class TrainedStatistics(layers.BatchNormalization):
    """Batch normalization; one that is frozen uses what it has learned, as in Keras 3."""

    def call(self, inputs, training=None):
        if not self.trainable:
            training = False
        return super().call(inputs, training=training)


class BatchStatistics(layers.BatchNormalization):
    """Batch normalization with the moving variance of Keras 3, for Theano.

    That of 2.3.1 keeps another one: multiplied by n / (n - 1 - epsilon), and with epsilon in it.
    """

    def call(self, inputs, training=None):
        rank = K.ndim(inputs)
        axis = self.axis % rank
        others = [number for number in range(rank) if number != axis]
        shape = [1] * rank
        shape[axis] = K.int_shape(inputs)[axis]

        def normalized(mean, variance):
            scale = 1.0 / K.sqrt(variance + self.epsilon)
            if self.scale:
                scale = scale * self.gamma
            offset = -mean * scale
            if self.center:
                offset = offset + self.beta
            return inputs * K.reshape(scale, shape) + K.reshape(offset, shape)

        learned = normalized(self.moving_mean, self.moving_variance)
        if training in (0, False) or not self.trainable:
            return learned
        mean = K.mean(inputs, axis=others)
        variance = K.mean(K.square(inputs - K.reshape(mean, shape)), axis=others)
        for kept, found in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moved = kept * self.momentum + found * (1.0 - self.momentum)
            self.add_update([(kept, moved)], inputs)
        return K.in_train_phase(normalized(mean, variance), learned, training=training)


class LayerNormalization(Layer):
    """Normalizes each row over its last axis."""

    def __init__(self, epsilon=1e-3, center=True, scale=True, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.epsilon, self.center, self.scale = epsilon, center, scale

    def build(self, input_shape):
        shape = (input_shape[-1],)
        if self.scale:
            self.gamma = self.add_weight(shape=shape, name="gamma", initializer="ones")
        if self.center:
            self.beta = self.add_weight(shape=shape, name="beta", initializer="zeros")
        super().build(input_shape)

    def call(self, inputs):
        mean = K.mean(inputs, axis=-1, keepdims=True)
        variance = K.mean(K.square(inputs - mean), axis=-1, keepdims=True)
        found = (inputs - mean) / K.sqrt(variance + self.epsilon)
        if self.scale:
            found = found * self.gamma
        return found + self.beta if self.center else found

    def compute_output_shape(self, input_shape):
        return input_shape


class Rescaling(Layer):
    """Multiplies by a number and adds another one."""

    def __init__(self, scale=1.0, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.factor, self.offset = scale, offset

    def call(self, inputs):
        return inputs * self.factor + self.offset

    def compute_output_shape(self, input_shape):
        return input_shape


class RowPenalty(Regularizer):
    """The penalty on what a layer gives, of which Keras 3 takes the mean over the rows."""

    def __init__(self, l1=0.0, l2=0.0):
        self.l1, self.l2 = l1, l2

    def __call__(self, x):
        axes = list(range(1, K.ndim(x)))
        found = self.l1 * K.abs(x) + self.l2 * K.square(x)
        return K.mean(K.sum(found, axis=axes) if axes else found)

    def get_config(self):
        return {"l1": self.l1, "l2": self.l2}


class Penalty(Layer):
    """Lets through what comes, with a penalty on it."""

    def __init__(self, penalty=None, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.activity_regularizer = RowPenalty(**penalty["config"])

    def compute_output_shape(self, input_shape):
        return input_shape


def _erf(x):
    if K.backend() == "theano":
        from theano import tensor

        return tensor.erf(x)
    # Abramowitz and Stegun, formula 7.1.26: off by 1.5e-7 at most.
    t = 1.0 / (1.0 + 0.3275911 * K.abs(x))
    found = 0.0
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        found = (found + factor) * t
    return K.sign(x) * (1.0 - found * K.exp(-K.square(x)))


def _gelu(x):
    return 0.5 * x * (1.0 + _erf(x / math.sqrt(2.0)))


def _log_softmax(x):
    shifted = x - K.max(x, axis=-1, keepdims=True)
    return shifted - K.log(K.sum(K.exp(shifted), axis=-1, keepdims=True))


def _hard_sigmoid(x):
    return K.clip(x / 6.0 + 0.5, 0.0, 1.0)


def _softplus(x):
    return K.relu(x) + K.log(1.0 + K.exp(-K.abs(x)))


ACTIVATIONS = {
    "carried_gelu": _gelu,
    "carried_silu": lambda x: x * K.sigmoid(x),
    "carried_hard_sigmoid": _hard_sigmoid,
    "carried_hard_silu": lambda x: x * _hard_sigmoid(x),
    "carried_mish": lambda x: x * K.tanh(_softplus(x)),
    "carried_relu6": lambda x: K.clip(x, 0.0, 6.0),
    "carried_leaky_relu": lambda x: K.relu(x) - 0.2 * K.relu(-x),
    "carried_log_softmax": _log_softmax,
    "carried_hard_tanh": lambda x: K.clip(x, -1.0, 1.0),
    "carried_tanh_shrink": lambda x: x - K.tanh(x),
    "carried_squareplus": lambda x: 0.5 * (x + K.sqrt(K.square(x) + 4.0)),
    "carried_softplus": _softplus,
}
"""Activations by the names that the translation gives them."""


def carried_objects():
    """What a config of the translation may name beside what Keras 2.3.1 has."""
    return dict(
        ACTIVATIONS,
        BatchNormalization=BatchStatistics if K.backend() == "theano" else TrainedStatistics,
        LayerNormalization=LayerNormalization,
        Penalty=Penalty,
        Rescaling=Rescaling,
        RowPenalty=RowPenalty,
    )
