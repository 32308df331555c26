"""Which arguments of Keras hold objects, and of which kinds: told by their names.

Keras writes no types on its constructors. This room owns the names by which it calls the
arguments that take a layer, an initializer, a schedule and so on.
"""

from __future__ import annotations

from collections.abc import Mapping

from kerasgen.catalog.entries import Kind

_OBJECT_ARGUMENTS: Mapping[str, tuple[Kind, ...]] = {
    "activation": ("activation", "layer"),
    "recurrent_activation": ("activation", "layer"),
    "learning_rate": ("schedule",),
    "inner_optimizer": ("optimizer",),
    "optimizer": ("optimizer",),
    "layer": ("layer",),
    "backward_layer": ("layer",),
    "cell": ("layer",),
    "cells": ("layer",),
    "layers": ("layer",),
    "default_optimizer": ("optimizer",),
    "optimizer_map": ("optimizer_map",),
    "default_policy": ("dtype_policy",),
    "policy_map": ("dtype_policy",),
    "quantization_config": ("quantizer",),
    "schedule": ("schedule",),
    "fn": ("loss", "metric"),
    "function": ("op", "activation"),
}
"""Argument name to the kinds of object that it holds; signatures and defaults do not say."""


_OBJECT_ENDINGS: tuple[tuple[str, Kind], ...] = (
    ("initializer", "initializer"),
    ("regularizer", "regularizer"),
    ("constraint", "constraint"),
)
"""Ending of an argument's name to the kind of object that it holds."""


def object_kinds(name: str, kind: Kind) -> tuple[Kind, ...]:
    """The kinds of object that an argument of this name holds in an object of a kind."""
    if name == "dtype":
        return ("dtype_policy",) if kind == "layer" else ()
    if name == "optimizer_map" and kind == "optimizer_map":
        return ("optimizer",)  # Here it maps the paths of weights to optimizers.
    if name in _OBJECT_ARGUMENTS:
        return _OBJECT_ARGUMENTS[name]
    for ending, made in _OBJECT_ENDINGS:
        if name.endswith(ending):
            return (made,)
    return ()
