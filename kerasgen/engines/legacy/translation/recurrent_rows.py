"""The rows of recurrent layers: what each is called in Keras 2.3.1, and where it differs."""

from __future__ import annotations

from collections.abc import Callable

from kerasgen.engines.legacy.translation import values
from kerasgen.engines.legacy.translation.layer_row import Asked, Row, flipped, plain_arguments
from kerasgen.engines.legacy.translation.untranslated import RefusedError, unable, wrong

_RECURRENT = (
    *("units", "use_bias", "unit_forget_bias", "return_sequences", "return_state"),
    *("go_backwards", "stateful", "dropout", "recurrent_dropout", "reset_after"),
)


_CONVOLUTION = (
    *("filters", "kernel_size", "strides", "data_format", "dilation_rate", "use_bias"),
    "padding",
)


def recurrent(cls: str) -> Callable[[Asked], Row]:
    """The row of `LSTM`, `GRU` and `SimpleRNN`; the steps of CNTK are unrolled."""

    def row(asked: Asked) -> Row:
        config = asked.config
        found = plain_arguments(asked, *_RECURRENT)
        if "recurrent_activation" in config:
            found["recurrent_activation"] = values.activation(config["recurrent_activation"])
        if config.get("zero_output_for_mask") and asked.masked and config["return_sequences"]:
            raise RefusedError("Keras 2.3.1 has no `zero_output_for_mask`")
        if config["stateful"]:
            raise RefusedError("states between batches are not carried over")
        if asked.engine == "cntk":
            if asked.shapes[0][1] is None:
                raise unable("cntk", "rows of any length")
            found["unroll"] = True
        else:
            found["unroll"] = bool(config.get("unroll"))
        if cls != "SimpleRNN":
            found["implementation"] = 2
        return Row(cls=cls, config=found)

    return row


def convolutional_lstm(asked: Asked) -> Row:
    """The row of `ConvLSTM2D`.

    Raises:
        RefusedError: the engine computes it otherwise.
    """
    if asked.engine == "cntk":
        raise wrong("cntk", "`ConvLSTM2D`")
    if asked.config["padding"] == "same" and not all(n % 2 for n in asked.config["kernel_size"]):
        raise wrong("theano", "padding `same` of an even kernel")
    if set(asked.config["strides"]) != {1} and asked.config["padding"] == "same":
        raise wrong("theano", "padding `same` with strides")
    found = recurrent("ConvLSTM2D")(asked).config
    for name in ("units", "implementation", "unroll"):
        found.pop(name, None)
    found |= {name: asked.config[name] for name in _CONVOLUTION}
    return Row(cls="ConvLSTM2D", config=found, flipped=flipped(asked, {0: 2, 1: 2}))
