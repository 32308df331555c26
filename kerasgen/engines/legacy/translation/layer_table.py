"""The table of layers: what each class of Keras 3 is called in Keras 2.3.1, and where it differs.

Sources: each row was compared with Keras 3 on both engines, forward and in training. A class that
has no row is refused: what was not compared may be silently wrong.

Decisions:
- Padding that an engine lays otherwise than Keras 3 becomes a layer of its own before it.
- What an engine computes wrongly under some condition is refused under that condition alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kerasgen.engines.legacy.translation import values
from kerasgen.engines.legacy.translation.layer_row import (
    NO_ARGUMENT,
    Asked,
    Row,
    flipped,
    plain_arguments,
    unless,
)
from kerasgen.engines.legacy.translation.recurrent_rows import convolutional_lstm, recurrent
from kerasgen.engines.legacy.translation.untranslated import RefusedError, absent, unable, wrong


def _same(cls: str, *names: str) -> Callable[[Asked], Row]:
    """A layer of the same name and meaning, with these arguments."""

    def row(asked: Asked) -> Row:
        found = plain_arguments(asked, *names)
        if asked.config.get("activity_regularizer") is not None and cls not in _PENALIZED:
            raise RefusedError("Keras 2.3.1 takes no `activity_regularizer` here")
        return Row(cls=cls, config=found)

    return row


_PENALIZED = ("Dense", "Embedding", "PReLU")


def _dense(asked: Asked) -> Row:
    unless(NO_ARGUMENT, "lora_rank", "quantization_config")(asked)
    return _same("Dense", "units", "use_bias")(asked)


def _spatial(asked: Asked) -> list[int]:
    """The axes of a picture, without batch and channels."""
    rank = len(asked.shapes[0])
    first = asked.config.get("data_format") == "channels_first"
    return list(range(2, rank)) if first else list(range(1, rank - 1))


def _padded(asked: Asked) -> tuple[str, dict[str, Any]] | None:
    """The zeros that `same` stands for; None where the engine lays the same ones."""
    config, axes = asked.config, _spatial(asked)
    plain = all(size % 2 for size in config["kernel_size"]) and set(config["strides"]) == {1}
    if config["padding"] != "same" or plain:
        return None
    if len(axes) == 1 and config["data_format"] == "channels_first":
        raise RefusedError("channels first, Keras 2.3.1 cannot pad it as Keras 3 does")
    around = []
    for axis, size, step, wide in zip(
        axes, config["kernel_size"], config["strides"], config["dilation_rate"], strict=True
    ):
        length = asked.shapes[0][axis]
        if length is None:
            raise RefusedError("padding `same` of rows of any length differs in Keras 2.3.1")
        reach = (size - 1) * wide + 1
        total = max((-(-length // step) - 1) * step + reach - length, 0)
        around.append([total // 2, total - total // 2])
    cls = f"ZeroPadding{len(axes)}D"
    if len(axes) == 1:
        return cls, {"padding": around[0]}
    return cls, {"padding": around, "data_format": config["data_format"]}


_CONVOLUTION = ("filters", "kernel_size", "strides", "data_format", "dilation_rate", "use_bias")


def _convolution(asked: Asked) -> Row:
    config = asked.config
    if config.get("groups", 1) != 1:
        raise RefusedError("Keras 2.3.1 has no groups")
    unless(NO_ARGUMENT, "lora_rank", "quantization_config")(asked)
    _check_dilation(asked)
    if config["padding"] == "causal" and config["data_format"] == "channels_first":
        raise RefusedError("Keras 2.3.1 has no causal padding channels first")
    padding = _padded(asked)
    found = plain_arguments(asked, *_CONVOLUTION)
    found["padding"] = "valid" if padding else config["padding"]
    rank = len(config["kernel_size"])
    return Row(cls=f"Conv{rank}D", config=found, padding=padding, flipped=flipped(asked, {0: rank}))


def _check_dilation(asked: Asked) -> None:
    if asked.engine == "cntk" and set(asked.config.get("dilation_rate", [1])) != {1}:
        raise unable("cntk", "dilated convolutions on a processor")


def _transposed(asked: Asked) -> Row:
    config = asked.config
    rank = len(config["kernel_size"])
    unless(NO_ARGUMENT, "output_padding")(asked)
    _check_dilation(asked)
    if config["padding"] == "same":
        sizes, steps = config["kernel_size"], config["strides"]
        plain = all(size % 2 for size in sizes) and set(steps) == {1}
        even = all(size % 2 == 0 for size in sizes)
        if rank == 3 or not (plain or (asked.engine == "cntk" and even)):
            raise wrong(asked.engine, "transposed convolutions with padding `same`")
    found = plain_arguments(asked, *_CONVOLUTION, "padding")
    if rank == 3 and set(found.pop("dilation_rate")) != {1}:  # There it has no such argument.
        raise RefusedError(NO_ARGUMENT.format("dilation_rate"))
    return Row(cls=f"Conv{rank}DTranspose", config=found, flipped=flipped(asked, {0: rank}))


def _depthwise(cls: str) -> Callable[[Asked], Row]:
    def row(asked: Asked) -> Row:
        _check_dilation(asked)
        if cls == "SeparableConv1D" and asked.config["padding"] == "causal":
            raise absent("SeparableConv1D` with padding `causal")
        padding = _padded(asked)
        names = (*_CONVOLUTION, "depth_multiplier")
        found = plain_arguments(asked, *names)
        found["padding"] = "valid" if padding else asked.config["padding"]
        if cls == "DepthwiseConv2D":
            for name in ("filters", "kernel_initializer"):
                found.pop(name, None)
        return Row(cls=cls, config=found, padding=padding)

    return row


def _pooling(cls: str) -> Callable[[Asked], Row]:
    def row(asked: Asked) -> Row:
        config = asked.config
        if config["padding"] == "same":
            odd = all(size % 2 for size in config["pool_size"])
            strided = set(config["strides"]) != {1}
            fine = (odd and not strided) if asked.engine == "theano" else not (odd and strided)
            if not fine:
                raise wrong(asked.engine, "this pooling with padding `same`")
        names = ("pool_size", "strides", "padding", "data_format")
        return Row(cls=cls, config=plain_arguments(asked, *names))

    return row


def _global_pooling(cls: str) -> Callable[[Asked], Row]:
    def row(asked: Asked) -> Row:
        unless(NO_ARGUMENT, "keepdims")(asked)
        if asked.masked:
            raise RefusedError("Keras 2.3.1 does not leave masked steps out of a mean")
        return Row(cls=cls, config=plain_arguments(asked, "data_format"))

    return row


def _upsampling(asked: Asked) -> Row:
    if asked.config.get("interpolation", "nearest") != "nearest":
        raise wrong(asked.engine, "any interpolation but `nearest`")
    return Row(cls="UpSampling2D", config=plain_arguments(asked, "size", "data_format"))


def _zero_padding_1d(asked: Asked) -> Row:
    if asked.config.get("data_format") == "channels_first":
        raise RefusedError("Keras 2.3.1 pads channels last alone")
    return Row(cls="ZeroPadding1D", config=plain_arguments(asked, "padding"))


def _batch_normalization(asked: Asked) -> Row:
    unless(NO_ARGUMENT, "renorm", "synchronized")(asked)
    if asked.masked:
        raise RefusedError("Keras 2.3.1 does not leave masked steps out of the statistics")
    config = {**asked.config}
    if isinstance(config["axis"], list | tuple):
        (config["axis"],) = config["axis"]
    again = Asked(engine=asked.engine, config=config, shapes=asked.shapes)
    return _same("BatchNormalization", "axis", "momentum", "epsilon", "center", "scale")(again)


def _layer_normalization(asked: Asked) -> Row:
    axis, rank = asked.config["axis"], len(asked.shapes[0])
    last = axis[-1] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
    if last not in (-1, rank - 1):
        raise RefusedError("it is carried over the last axis alone")
    unless(NO_ARGUMENT, "rms_scaling")(asked)
    for part in ("beta", "gamma"):
        unless("it is carried without `{}`", f"{part}_regularizer", f"{part}_constraint")(asked)
    return Row(
        cls="LayerNormalization",
        config={name: asked.config[name] for name in ("epsilon", "center", "scale")},
    )


def _rescaling(asked: Asked) -> Row:
    said = {name: asked.config[name] for name in ("scale", "offset")}
    if not all(isinstance(value, int | float) for value in said.values()):
        raise RefusedError("it is carried with single numbers alone")
    return Row(cls="Rescaling", config=said)


def _noise(cls: str, *names: str) -> Callable[[Asked], Row]:
    def row(asked: Asked) -> Row:
        if asked.engine == "cntk":
            raise unable("cntk", "noise of rows of any number")
        return Row(cls=cls, config=plain_arguments(asked, *names))

    return row


def _permute(asked: Asked) -> Row:
    return Row(cls="Permute", config={"dims": list(asked.config["dims"])})


def _penalty(asked: Asked) -> Row:
    said = {"class_name": "L1L2", "config": {n: asked.config[n] for n in ("l1", "l2")}}
    return Row(cls="Penalty", config={"penalty": values.row_penalty(said)})


def _leaky(asked: Asked) -> Row:
    return Row(cls="LeakyReLU", config={"alpha": asked.config["negative_slope"]})


def _softmax(asked: Asked) -> Row:
    if asked.masked:
        raise RefusedError("Keras 2.3.1 does not leave masked steps out of it")
    axis = asked.config["axis"]
    if isinstance(axis, list | tuple) and len(axis) != 1:
        raise RefusedError("Keras 2.3.1 takes one axis")
    return Row(cls="Softmax", config={"axis": axis[0] if isinstance(axis, list) else axis})


LAYERS: Mapping[str, Callable[[Asked], Row]] = {
    "Dense": _dense,
    "Activation": _same("Activation"),
    "ReLU": _same("ReLU", "max_value", "negative_slope", "threshold"),
    "LeakyReLU": _leaky,
    "ELU": _same("ELU", "alpha"),
    "PReLU": _same("PReLU", "shared_axes"),
    "Softmax": _softmax,
    "Dropout": _same("Dropout", "rate", "noise_shape"),
    "SpatialDropout1D": _same("SpatialDropout1D", "rate"),
    "SpatialDropout2D": _same("SpatialDropout2D", "rate", "data_format"),
    "SpatialDropout3D": _same("SpatialDropout3D", "rate", "data_format"),
    "GaussianNoise": _noise("GaussianNoise", "stddev"),
    "GaussianDropout": _noise("GaussianDropout", "rate"),
    "AlphaDropout": _noise("AlphaDropout", "rate", "noise_shape"),
    "ActivityRegularization": _penalty,
    "Embedding": _same("Embedding", "input_dim", "output_dim", "mask_zero"),
    "Masking": _same("Masking", "mask_value"),
    "Flatten": _same("Flatten", "data_format"),
    "Reshape": _same("Reshape", "target_shape"),
    "Permute": _permute,
    "RepeatVector": _same("RepeatVector", "n"),
    "Identity": lambda asked: Row(cls="Activation", config={"activation": "linear"}),
    "Rescaling": _rescaling,
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "Conv1D": _convolution,
    "Conv2D": _convolution,
    "Conv3D": _convolution,
    "Conv2DTranspose": _transposed,
    "Conv3DTranspose": _transposed,
    "DepthwiseConv2D": _depthwise("DepthwiseConv2D"),
    "SeparableConv1D": _depthwise("SeparableConv1D"),
    "SeparableConv2D": _depthwise("SeparableConv2D"),
    **{
        f"{kind}Pooling{rank}D": _pooling(f"{kind}Pooling{rank}D")
        for kind in ("Max", "Average")
        for rank in (1, 2, 3)
    },
    **{
        f"Global{kind}Pooling{rank}D": _global_pooling(f"Global{kind}Pooling{rank}D")
        for kind in ("Max", "Average")
        for rank in (1, 2, 3)
    },
    "UpSampling1D": _same("UpSampling1D", "size"),
    "UpSampling2D": _upsampling,
    "UpSampling3D": _same("UpSampling3D", "size", "data_format"),
    "ZeroPadding1D": _zero_padding_1d,
    "ZeroPadding2D": _same("ZeroPadding2D", "padding", "data_format"),
    "ZeroPadding3D": _same("ZeroPadding3D", "padding", "data_format"),
    "Cropping1D": _same("Cropping1D", "cropping"),
    "Cropping2D": _same("Cropping2D", "cropping", "data_format"),
    "Cropping3D": _same("Cropping3D", "cropping", "data_format"),
    **{name: _same(name) for name in ("Add", "Subtract", "Multiply", "Average")},
    **{name: _same(name) for name in ("Maximum", "Minimum")},
    "Concatenate": _same("Concatenate", "axis"),
    "Dot": _same("Dot", "axes", "normalize"),
    "LSTM": recurrent("LSTM"),
    "GRU": recurrent("GRU"),
    "SimpleRNN": recurrent("SimpleRNN"),
    "ConvLSTM2D": convolutional_lstm,
}
"""Class of Keras 3 to its row."""


def translate_layer(cls: str, asked: Asked) -> Row:
    """A layer of Keras 3 as one of Keras 2.3.1.

    Raises:
        RefusedError: the engine cannot have it.
    """
    row = LAYERS.get(cls)
    if row is None:
        raise absent(cls)
    return row(asked)
