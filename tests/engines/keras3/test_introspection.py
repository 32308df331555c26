"""Everything public of Keras is reachable by its name, with no code for any single class."""

import functools
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kerasgen.catalog.entries import MODULES, Catalog, Kind
from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.model import parse_object
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.catalog_check import Inquiry, _check_object

CLASSES: tuple[Kind, ...] = (
    "layer",
    "optimizer",
    "schedule",
    "loss",
    "metric",
    "initializer",
    "regularizer",
    "constraint",
    "callback",
    "dtype_policy",
)

DENSE = {"class": "Dense", "units": 2}
LSTM = {"class": "LSTM", "units": 2}
CELL = {"class": "LSTMCell", "units": 2}

REQUIRED: dict[str, Any] = {
    "activation": "relu",
    "axes": 1,
    "backup_dir": "backup",
    "boundaries": [1],
    "cell": CELL,
    "cells": [CELL],
    "decay_rate": 0.5,
    "decay_steps": 10,
    "dims": [1],
    "equation": "ab,bc->ac",
    "factor": 0.1,
    "filename": "log.csv",
    "filepath": "best.keras",
    "filters": 2,
    "first_decay_steps": 10,
    "fn": "mean_squared_error",
    "function": "ops.square",
    "head_dim": 2,
    "height": 4,
    "height_factor": 0.1,
    "initial_learning_rate": 0.1,
    "inner_optimizer": "adam",
    "input_dim": 5,
    "kernel_size": 3,
    "key_dim": 2,
    "layer": DENSE,
    "layers": [DENSE],
    "max_number": 3,
    "n": 2,
    "num_bins": 4,
    "num_classes": 3,
    "num_heads": 2,
    "num_key_value_heads": 2,
    "num_query_heads": 2,
    "output_dim": 3,
    "output_shape": 3,
    "optimizer_map": {"class": "OptimizerMap", "default_optimizer": "adam"},
    "output_size": 2,
    "pool_size": 2,
    "precision": 0.5,
    "rate": 0.1,
    "recall": 0.5,
    "scale": 2.0,
    "schedule": {"class": "CosineDecay", "initial_learning_rate": 0.1, "decay_steps": 3},
    "sensitivity": 0.5,
    "specificity": 0.5,
    "stddev": 0.1,
    "target_class_ids": [0],
    "target_shape": [2, 2],
    "units": 2,
    "values": [0.1, 0.2],
    "width": 4,
    "width_factor": 0.1,
}
"""A value for each argument that some class requires."""

SPECIAL: dict[str, dict[str, Any]] = {
    "AWQDTypePolicy": {"mode": "awq/4/128", "source_name": "float32"},
    "Bidirectional": {"layer": LSTM},
    "CategoryEncoding": {"num_tokens": 3},
    "Discretization": {"num_bins": 3},
    "GPTQDTypePolicy": {"mode": "gptq/4/128", "source_name": "float32"},
    "InputLayer": {"shape": [2]},
    "Int4DTypePolicy": {"mode": "int4/128", "source_name": "float32"},
    "QuantizedDTypePolicy": {"mode": "int8", "source_name": "float32"},
    "QuantizedFloat8DTypePolicy": {"mode": "float8", "source_name": "float32"},
    "RandomPosterization": {"factor": 4},
}
"""Arguments of the classes that the table above does not serve."""

NOT_BUILT = {
    "FlaxLayer": "takes a Python object",
    "JaxLayer": "takes a Python function",
    "OrbaxCheckpoint": "needs a package that is not installed",
    "TFSMLayer": "needs a SavedModel",
    "TorchModuleWrapper": "takes a Python object",
}
"""The only classes that cannot be made from a config, and why."""

NOT_LISTED = {
    "InputSpec": "no layer",
    "OptimizerMap": "no optimizer",
}
"""Public classes beside the bases that no config can name, and why."""


def public_module(kind: Kind) -> Any:
    import keras

    return functools.reduce(getattr, MODULES[kind].split("."), keras)


def required(catalog: Catalog, kind: Kind, name: str) -> dict[str, Any]:
    parameters = catalog.entries[kind][name].parameters.values()
    return {p.name: REQUIRED[p.name] for p in parameters if p.required and p.name in REQUIRED}


def defaults(member: Any) -> Iterator[tuple[str, Any]]:
    """The arguments of a constructor, inherited ones included, with their defaults."""
    seen: set[str] = set()
    for cls in member.__mro__[:-1]:
        constructor = vars(cls).get("__init__")
        if constructor is None:
            continue
        signature = inspect.signature(constructor).parameters.values()
        for parameter in signature:
            if parameter.name not in seen and parameter.default is not inspect.Parameter.empty:
                yield parameter.name, parameter.default
            seen.add(parameter.name)
        if not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in signature):
            return


@pytest.mark.parametrize("kind", CLASSES)
def test_every_public_class_is_in_the_catalog(catalog: Catalog, kind: Kind) -> None:
    bases = {"Layer", "Optimizer", "LearningRateSchedule", "Loss", "Metric"} | {
        "Initializer",
        "Regularizer",
        "Constraint",
        "Callback",
    }
    public = {name for name, _ in inspect.getmembers(public_module(kind), inspect.isclass)}
    # Besides them there are the layers that a model of `keras.applications` has for itself.
    listed = {name for name in catalog.entries[kind] if not name.startswith("applications.")}
    assert public - bases - set(NOT_LISTED) == listed


@pytest.mark.filterwarnings("ignore::UserWarning")  # what some classes say of such small sizes
@pytest.mark.parametrize("kind", CLASSES)
def test_every_class_is_made_from_its_name(
    catalog: Catalog, kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerasgen.engines.keras3.objects import make_object, public_object

    monkeypatch.chdir(tmp_path)
    refused = {}
    for name in catalog.entries[kind]:
        # The layers of one application alone are made where that application is read.
        if name in NOT_BUILT or name.startswith("applications."):
            continue
        arguments = SPECIAL.get(name) or required(catalog, kind, name)
        sink = Sink()
        definition = parse_object({"class": name, **arguments}, "it", sink)
        assert definition is not None
        _check_object(definition, (kind,), Inquiry(catalog=catalog, sink=sink, names=sink))
        if sink.diagnostics:
            refused[name] = [d.message for d in sink.diagnostics]
            continue
        made = make_object(definition, (kind,), catalog)
        assert isinstance(made, public_object(name, (kind,), catalog))
    assert refused == {}


def test_what_cannot_be_made_is_refused_with_words(catalog: Catalog) -> None:
    from kerasgen.catalog.entries import ShapeError
    from kerasgen.engines.keras3.objects import make_object

    kinds: tuple[Kind, ...] = CLASSES
    for name in NOT_BUILT:
        with pytest.raises(ShapeError) as raised:
            make_object(ObjectDef(cls=name), kinds, catalog)
        assert raised.value.refused


@pytest.mark.parametrize("kind", CLASSES)
def test_every_default_of_keras_passes_the_check(catalog: Catalog, kind: Kind) -> None:
    from kerasgen.engines.keras3.objects import public_object

    refused = {}
    for name, entry in catalog.entries[kind].items():
        for argument, default in defaults(public_object(name, (kind,), catalog)):
            if argument not in entry.parameters:
                continue
            value = list(default) if isinstance(default, tuple) else default
            if value is not None and not isinstance(value, bool | int | float | str | list):
                continue  # a Python object (`bias_initializer=Zeros()`), which YAML cannot hold
            sink = Sink()
            definition = parse_object({"class": name, argument: value}, "it", sink)
            assert definition is not None
            _check_object(definition, (kind,), Inquiry(catalog=catalog, sink=sink, names=sink))
            found = [d.message for d in sink.diagnostics if d.code != "KG203"]
            if found:
                refused[f"{name}.{argument}"] = found
    assert refused == {}


ACCEPTED = [
    ("layer", {"class": "Rescaling", "scale": [0.1, 0.2, 0.3], "offset": [1, 2, 3]}),
    ("layer", {"class": "Conv2D", "filters": 2, "kernel_size": [3, 1], "strides": [1, 2]}),
    ("layer", {"class": "LayerNormalization", "axis": [1, 2]}),
    ("layer", {"class": "ZeroPadding2D", "padding": [[1, 0], [0, 1]]}),
    ("layer", {"class": "Normalization", "axis": None, "mean": 1, "variance": 2.0}),
    ("layer", {"class": "RandomRotation", "factor": [-0.1, 0.2]}),
    ("layer", {"class": "Dense", "units": 2, "dtype": "int8_from_float32"}),
    ("layer", {"class": "Dense", "units": 2, "activation": "LeakyReLU"}),
    ("layer", {"class": "Dense", "units": 2, "kernel_regularizer": "L2"}),
    ("layer", {"class": "StringLookup", "vocabulary": ["a", "b"], "output_mode": "one_hot"}),
    ("layer", {"class": "LSTM", "units": 2, "use_cudnn": False}),
    ("layer", {"class": "EinsumDense", "equation": "ab,bc->ac", "output_shape": [3],
               "bias_axes": "c"}),
    ("optimizer", {"class": "Adam", "learning_rate": 1, "use_ema": True,
                   "ema_overwrite_frequency": 3}),
    ("optimizer", {"class": "SGD", "weight_decay": None, "clipnorm": 1}),
    ("optimizer", {"class": "LossScaleOptimizer", "inner_optimizer": "SGD"}),
    ("callback", {"class": "EarlyStopping", "monitor": "val_loss", "baseline": 0.5, "mode": "min"}),
    ("callback", {"class": "TensorBoard", "update_freq": "batch", "profile_batch": [2, 4]}),
    ("callback", {"class": "TensorBoard", "update_freq": 100, "profile_batch": 0}),
    ("callback", {"class": "ModelCheckpoint", "filepath": "a.keras", "save_freq": 10}),
    ("callback", {"class": "ReduceLROnPlateau", "patience": 3, "min_lr": 1.0e-5}),
    ("loss", {"class": "CategoricalFocalCrossentropy", "alpha": [0.25, 0.75]}),
    ("metric", {"class": "F1Score", "average": None, "threshold": 0.5}),
    ("metric", {"class": "AUC", "curve": "PR", "thresholds": [0.2, 0.5]}),
    ("metric", {"class": "Precision", "thresholds": [0.2, 0.5], "top_k": 2, "class_id": 1}),
    ("initializer", {"class": "Constant", "value": [1.0, 2.0]}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "written"), ACCEPTED, ids=[f"{w['class']}-{i}" for i, (_, w) in enumerate(ACCEPTED)]
)
def test_what_keras_accepts_is_not_refused(
    catalog: Catalog, engine: str, kind: Kind, written: dict[str, Any]
) -> None:
    from kerasgen.engines.keras3.objects import make_object

    sink = Sink()
    definition = parse_object(written, "it", sink)
    assert definition is not None
    _check_object(definition, (kind,), Inquiry(catalog=catalog, sink=sink, names=sink))
    assert sink.diagnostics == []
    if written.get("profile_batch") and engine == "jax" and sys.version_info < (3, 12):
        pytest.skip("Keras profiles with the jax backend from Python 3.12 on")
    assert make_object(definition, (kind,), catalog) is not None


def test_every_word_of_a_vocabulary_is_one_that_keras_knows(catalog: Catalog) -> None:
    import keras

    unknown = []
    for kind in ("activation", "initializer", "regularizer", "constraint", "loss", "optimizer"):
        for word in catalog.vocabularies[kind]:
            try:
                getattr(keras, MODULES[kind]).get(word)
            except ValueError:
                unknown.append(word)
            except (TypeError, KeyError):
                continue  # Known, and its class needs arguments.
    assert unknown == []


def test_arguments_of_a_call_are_told_from_arguments_of_an_op(catalog: Catalog) -> None:
    concatenate = catalog.find("ops.concatenate", ("op",))
    einsum = catalog.find("ops.einsum", ("op",))
    where = catalog.find("ops.where", ("op",))
    attention = catalog.find("MultiHeadAttention", ("layer",))
    assert concatenate is not None
    assert (list(concatenate.call), list(concatenate.parameters)) == (["xs"], ["axis"])
    assert einsum is not None
    assert einsum.call["operands"].variadic
    assert where is not None
    assert [name for name, p in where.call.items() if p.required] == ["condition"]
    assert attention is not None
    assert [name for name, p in attention.call.items() if p.required] == ["query", "value"]


def test_the_layers_that_learn_before_training_are_those_with_adapt(catalog: Catalog) -> None:
    names = ("Normalization", "Discretization", "StringLookup", "TextVectorization", "Dense")
    found = {name: catalog.find(name, ("layer",)) for name in names}
    assert [name for name, entry in found.items() if entry is not None and entry.adapts] == [
        *names[:-1]
    ]
