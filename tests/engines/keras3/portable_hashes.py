"""Prints the hashes of the portable initial weights of every layer of Keras, as JSON.

KERAS_BACKEND=jax PYTHONPATH=.:tests python tests/engines/keras3/portable_hashes.py
"""

import json
from collections.abc import Mapping
from typing import Any

from coverage_table import Builder, NotBuiltError, names_of, start

WRAPPED: Mapping[str, Mapping[str, Any]] = {
    "renormalized": {"class": "BatchNormalization", "renorm": True},
    "random biases": {
        "class": "LSTM",
        "units": 3,
        "bias_initializer": "random_normal",
    },
    "cells": {"class": "RNN", "cell": [{"class": "GRUCell", "units": 3}] * 2},
    "in time": {
        "class": "TimeDistributed",
        "layer": {"class": "Bidirectional", "layer": {"class": "LSTM", "units": 2}},
    },
}
"""Layers in layers, and initializers that are functions of a layer."""

INPUTS = {"in time": [3, 4, 2]}


class Hashing(Builder):
    """Makes models whose weights every engine draws alike, and keeps their hashes."""

    found: Mapping[str, str] | None = None

    def forward(self, entry: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
        from kerasgen.engines.keras3.portable_start import draw_portably

        try:
            model = self.compiled({"layers": {"it": entry}}, inputs)
        except NotBuiltError as error:
            if "KG306" not in str(error):
                raise
            model = self.compiled({"layers": {"it": entry}, "outputs": ["it.0", "it.1"]}, inputs)
        drawn = draw_portably(model, 3, ())
        assert drawn.own == (), drawn.own
        self.found = drawn.layers
        return model


def hashes() -> dict[str, Mapping[str, str]]:
    """Name of each layer that this backend makes to the hashes of its weights."""
    builder = start()
    catalog = builder._catalog
    found: dict[str, Mapping[str, str]] = {}
    for name in names_of("layers"):
        hashing = Hashing(catalog)
        if hashing.row("layers", name).failure is None and hashing.found is not None:
            found[name] = hashing.found
    for name, entry in WRAPPED.items():
        hashing = Hashing(catalog)
        hashing.forward(entry, {"a": INPUTS.get(name, [4, 2])})
        assert hashing.found
        found[name] = hashing.found
    return found


if __name__ == "__main__":
    print(json.dumps(hashes()))
