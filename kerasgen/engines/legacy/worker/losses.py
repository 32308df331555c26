"""The losses of Keras 3, written with the backend functions of Keras 2.3.1.

Each gives a value for each row, or for each place of it. Targets come as the parent has prepared
them: class indices as one-hot rows, smoothed, those of hinge losses as -1 and 1.
"""

import math

from keras import backend as K


def _crossentropy(t, o, options):
    if options.get("from_logits"):
        shifted = o - K.max(o, axis=-1, keepdims=True)
        logs = shifted - K.log(K.sum(K.exp(shifted), axis=-1, keepdims=True))
    else:
        o = o / K.sum(o, axis=-1, keepdims=True)
        logs = K.log(K.clip(o, K.epsilon(), 1.0 - K.epsilon()))
    return -K.sum(t * logs, axis=-1)


def _binary(t, o, options):
    if options.get("from_logits"):
        each = K.relu(o) - o * t + K.log(1.0 + K.exp(-K.abs(o)))
    else:
        o = K.clip(o, K.epsilon(), 1.0 - K.epsilon())
        each = -(t * K.log(o) + (1.0 - t) * K.log(1.0 - o))
    return K.mean(each, axis=-1)


def _huber(t, o, options):
    delta = options.get("delta", 1.0)
    error = K.abs(o - t)
    inner = K.minimum(error, delta)
    return K.mean(0.5 * K.square(inner) + delta * (error - inner), axis=-1)


def _log_cosh(t, o, options):
    error = o - t
    return K.mean(error + K.softplus(-2.0 * error) - math.log(2.0), axis=-1)


def _divergence(t, o, options):
    t, o = K.clip(t, K.epsilon(), 1.0), K.clip(o, K.epsilon(), 1.0)
    return K.sum(t * K.log(t / o), axis=-1)


def _logarithmic(t, o, options):
    first = K.log(K.maximum(o, K.epsilon()) + 1.0)
    second = K.log(K.maximum(t, K.epsilon()) + 1.0)
    return K.mean(K.square(first - second), axis=-1)


def _percentage(t, o, options):
    return 100.0 * K.mean(K.abs((t - o) / K.maximum(K.abs(t), K.epsilon())), axis=-1)


def _cosine(t, o, options):
    def normalized(x):
        return x / K.sqrt(K.maximum(K.sum(K.square(x), axis=-1, keepdims=True), 1e-12))

    return -K.sum(normalized(t) * normalized(o), axis=-1)


def _categorical_hinge(t, o, options):
    wanted, other = K.sum(t * o, axis=-1), K.max((1.0 - t) * o, axis=-1)
    return K.maximum(other - wanted + 1.0, 0.0)


LOSSES = {
    "CategoricalCrossentropy": _crossentropy,
    "BinaryCrossentropy": _binary,
    "MeanSquaredError": lambda t, o, options: K.mean(K.square(t - o), axis=-1),
    "MeanAbsoluteError": lambda t, o, options: K.mean(K.abs(t - o), axis=-1),
    "MeanAbsolutePercentageError": _percentage,
    "MeanSquaredLogarithmicError": _logarithmic,
    "CosineSimilarity": _cosine,
    "Huber": _huber,
    "LogCosh": _log_cosh,
    "KLDivergence": _divergence,
    "Poisson": lambda t, o, options: K.mean(o - t * K.log(o + K.epsilon()), axis=-1),
    "Hinge": lambda t, o, options: K.mean(K.maximum(1.0 - t * o, 0.0), axis=-1),
    "SquaredHinge": lambda t, o, options: K.mean(K.square(K.maximum(1.0 - t * o, 0.0)), axis=-1),
    "CategoricalHinge": _categorical_hinge,
}
"""The losses by the names of Keras 3."""


def loss_of(said, target, output, weights):
    """The loss of one output over a batch.

    Args:
        said: class and options of the loss.
        target: its targets.
        output: what the model gives.
        weights: a weight for each value of the loss.
    """
    values = LOSSES[said["class"]](target, output, said["options"]) * weights
    return K.sum(values) if said["options"].get("reduction") == "sum" else K.mean(values)
