"""Keys of a section that stand elsewhere, or had another name, in the words of today's config.

This room owns the table of them: arguments of `fit` and `compile` of Keras 1 and 2, which many
still write, and words of other tools for the same settings. It must not report anything.

Decisions:
- It is written by hand, because nothing that is installed can be asked for it.
- A key that another section has by the same name is found by looking there.
- Another name for the same value is a `Suggestion`, which `--fix` may write; what stands at
  another place today, or is counted in another way, is said in words.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kerasgen.diagnostics import Suggestion, as_yaml
from kerasgen.ir.data import SplitDef
from kerasgen.ir.program import BackendDef, CompileDef, FitDef, TrackingDef
from kerasgen.ir.values import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A key that a section does not have, as it was written.

    Attributes:
        section: key path of the section, empty for the root.
        key: the key.
        value: its value, as plain data.
        around: the whole section.
        beside: the keys that were written at the same place, in one mapping.
        typed: whether it was typed on the command line, rather than written in a file.
    """

    section: str
    key: str
    value: Tree
    around: Mapping[str, Tree]
    beside: frozenset[str]
    typed: bool


_RENAMED: Mapping[str, Mapping[str, str]] = {
    "": {
        "optim": "optimizer",
        "network": "model",
        "net": "model",
        "architecture": "model",
        "dataset": "data",
        "training": "fit",
        "trainer": "fit",
        "train": "fit",
        "compiler": "compile",
        "random_seed": "seed",
        "random_state": "seed",
        "manual_seed": "seed",
        "title": "name",
        "experiment_name": "name",
    },
    "fit": {
        **dict.fromkeys(
            ("nb_epoch", "nb_epochs", "n_epochs", "num_epochs", "max_epochs", "max_iter"), "epochs"
        ),
        "bs": "batch_size",
        "nb_batch": "batch_size",
        "steps": "steps_per_epoch",
        "class_weights": "class_weight",
        "val_steps": "validation_steps",
    },
    "compile": {
        "objective": "loss",
        "loss_function": "loss",
        "loss_fn": "loss",
        "criterion": "loss",
        "losses": "loss",
        "metric": "metrics",
    },
    "data": {
        "dataset": "source",
        "loader": "source",
        "labels": "target",
        "label": "target",
        "y": "target",
        "output_features": "target",
        "x": "features",
        "inputs": "features",
        "input_features": "features",
        "preprocessing": "prepare",
        "preprocess": "prepare",
        "transforms": "prepare",
        "augmentation": "augment",
        "augmentations": "augment",
        "problem_type": "task",
    },
    "data.split": {
        "val": "validation",
        "valid": "validation",
        "validation_split": "validation",
        "validation_size": "validation",
        "val_size": "validation",
        "test_size": "test",
        "test_split": "test",
        "stratified": "stratify",
    },
    "model": {"params": "parameters", "input": "inputs", "output": "outputs"},
    "backend": {"name": "backend", "dtype": "floatx", "data_format": "image_data_format"},
}
"""Section, then a key that it never had, or has no longer, to today's in the same section."""

_MOVED: Mapping[str, str] = {
    "lr": "optimizer.learning_rate",
    "learning_rate": "optimizer.learning_rate",
    "weight_decay": "optimizer.weight_decay",
    "clipnorm": "optimizer.clipnorm",
    "nb_epoch": "fit.epochs",
    "num_epochs": "fit.epochs",
    "validation_split": "data.split.validation",
    "test_size": "data.split.test",
    "test_split": "data.split.test",
    "metric": "compile.metrics",
    "random_state": "seed",
    "random_seed": "seed",
    "input_features": "data.features",
    "output_features": "data.target",
    "features": "data.features",
    "target": "data.target",
    "task": "data.task",
    "layers": "model.layers",
    "path": "data.source.path",
}
"""A key that stands in another section today, under whatever section it was written."""

_HOMES: Mapping[str, type] = {
    "fit": FitDef,
    "compile": CompileDef,
    "data.split": SplitDef,
    "backend": BackendDef,
    "tracking": TrackingDef,
}

_WAY = {
    "workers": "kerasgen feeds the model by itself",
    "sample_weight": "rows have no weights of their own; `fit.class_weight` weights classes",
    "saved": "a run saves `model.keras` in its folder",
    "loss": "the form of the labels follows from the loss",
    "data": "the group `data` says what the model is trained on",
}

_LEFT_OUT: Mapping[str, Mapping[str, str]] = {
    "fit": {
        **dict.fromkeys(
            (
                "workers",
                "nb_worker",
                "num_workers",
                "max_queue_size",
                "max_q_size",
                "use_multiprocessing",
                "pickle_safe",
            ),
            _WAY["workers"],
        ),
        **dict.fromkeys(("sample_weight", "sample_weights"), _WAY["sample_weight"]),
        **dict.fromkeys(("save_format", "save_path", "save_model", "filepath"), _WAY["saved"]),
        **dict.fromkeys(("x", "y", "generator", "dataset", "train_data"), _WAY["data"]),
        "class_mode": _WAY["loss"],
        "initial_epoch": "a run begins with its first epoch",
        "validation_batch_size": "it is `fit.batch_size`",
    },
    "compile": {
        "sample_weight_mode": _WAY["sample_weight"],
        "target_tensors": _WAY["data"],
        "class_mode": _WAY["loss"],
        "run_eagerly": "kerasgen compiles each step; `jit_compile: false` leaves XLA out",
        "auto_scale_loss": "the optimizer's `loss_scale_factor` scales the loss",
    },
    "data": {
        "class_mode": _WAY["loss"],
        "one_hot": "indices of classes are taken as they are, with a sparse loss",
        "to_categorical": "indices of classes are taken as they are, with a sparse loss",
        "categorical": "indices of classes are taken as they are, with a sparse loss",
        **dict.fromkeys(("workers", "num_workers"), _WAY["workers"]),
        **dict.fromkeys(("horizontal_flip", "vertical_flip"), "`RandomFlip` is a layer"),
        "rotation_range": "`RandomRotation` is a layer",
        "zoom_range": "`RandomZoom` is a layer",
    },
    "data.split": {
        **dict.fromkeys(
            ("train", "training", "train_size", "train_split"),
            "all rows that are neither for the test nor for validation are for training",
        ),
    },
    "model": {"weights": "layers begin with the weights of their initializers"},
    "tracking": {"save_format": _WAY["saved"]},
}
"""Section, then a key, to why nothing is written in its place."""


def former_key(written: Written) -> str | None:
    """What to write today for a key that its section does not have, None where nobody knows."""
    section, key = written.section, written.key
    if (restate := _RESTATED.get((section, key))) is not None:
        return restate(written)
    if (new := _RENAMED.get(section, {}).get(key)) is not None:
        if new in written.beside:
            return f"leave it out: `{new}` is there too"
        return Suggestion(f"write `{new}`", new)
    if (reason := _LEFT_OUT.get(section, {}).get(key)) is not None:
        return f"leave it out: {reason}"
    home = _MOVED.get(key) or next(
        (
            f"{home}.{key}"
            for home, record in _HOMES.items()
            if home != section and key in {field.name for field in dataclasses.fields(record)}
        ),
        None,
    )
    if home is None or home.rpartition(".")[0] == section or section in ("optimizer",):
        return None
    own = home.removeprefix("optimizer.")
    if own != home and section.startswith("fit.phases."):
        return f"write `optimizer: {{{own}: {as_yaml(written.value)}}}` in its place"
    return placed(home, written.value, typed=written.typed)


def placed(path: str, value: Tree, *, typed: bool) -> str:
    """The words for a value that stands at another place of the config.

    Args:
        path: its key path there.
        value: the value, as plain data.
        typed: whether only the command line is spoken of.
    """
    text = as_yaml(value)
    override = f"{path}={text}"
    if any(mark in text for mark in ' ,[{"'):
        override = f"'{override}'"
    if typed:
        return f"write `{override}` in its place"
    section, _, key = path.rpartition(".")
    where = f"under `{section}`" if section else "at the root of the config"
    return f"write `{key}: {text}` {where} in its place, or `{override}` on the command line"


def _validation_split(written: Written) -> str:
    value = written.value
    fraction = isinstance(value, float) and 0 < value < 1
    return placed("data.split.validation", value if fraction else 0.1, typed=written.typed)


def _steps(name: str) -> Callable[[Written], str]:
    """Keras 1 counted the samples of an epoch, Keras 3 counts its batches."""

    def restated(written: Written) -> str:
        size = written.around.get("batch_size")
        size = size if isinstance(size, int) and size > 0 else 32
        if not isinstance(written.value, int):
            return f"write `{name}: …`, counted in batches, in its place"
        return (
            f"write `{name}: {math.ceil(written.value / size)}`, counted in batches, in its place"
        )

    return restated


def _optimizer(written: Written) -> str:
    value = written.value
    if isinstance(value, str):
        return f"choose it by its group: `optimizer={value.lower()}`"
    return "the optimizer stands beside `compile`: write it under `optimizer`"


def _early_stopping(written: Written) -> str:
    patience = written.value if type(written.value) is int else 3
    callback: Tree = {"class": "EarlyStopping", "patience": patience}
    return placed("fit.callbacks.stop", callback, typed=written.typed)


def _best_only(written: Written) -> str:
    callback: Tree = {"class": "EarlyStopping", "patience": 3, "restore_best_weights": True}
    return placed("fit.callbacks.stop", callback, typed=written.typed)


def _rescale(written: Written) -> str:
    scale = written.value if isinstance(written.value, float) else 1 / 255
    return placed("data.prepare.scale", {"class": "Rescaling", "scale": scale}, typed=written.typed)


def _accuracy(written: Written) -> str:
    return placed("compile.metrics", ["accuracy"], typed=written.typed)


def _input_shape(written: Written) -> str:
    value = written.value
    if isinstance(value, list) and value and value[0] is None:
        value = value[1:]
    if isinstance(value, int):
        value = [value]
    return placed("model.inputs", {"input": {"shape": value}}, typed=written.typed)


_RESTATED: Mapping[tuple[str, str], Callable[[Written], str]] = {
    ("fit", "validation_split"): _validation_split,
    ("fit", "validation_fraction"): _validation_split,
    ("fit", "validation_data"): _validation_split,
    ("data", "validation_split"): _validation_split,
    ("data", "validation_data"): _validation_split,
    ("data", "validation"): _validation_split,
    ("", "validation_split"): _validation_split,
    ("", "validation_data"): _validation_split,
    ("fit", "samples_per_epoch"): _steps("steps_per_epoch"),
    ("fit", "nb_val_samples"): _steps("validation_steps"),
    ("fit", "val_samples"): _steps("validation_steps"),
    ("fit", "early_stopping"): _early_stopping,
    ("fit", "patience"): _early_stopping,
    ("fit", "early_stopping_patience"): _early_stopping,
    ("fit", "save_best_only"): _best_only,
    ("fit", "restore_best_weights"): _best_only,
    ("fit", "show_accuracy"): _accuracy,
    ("fit", "optimizer"): _optimizer,
    ("compile", "optimizer"): _optimizer,
    ("data", "rescale"): _rescale,
    ("model", "input_shape"): _input_shape,
    ("model", "batch_input_shape"): _input_shape,
    ("model", "input_dim"): _input_shape,
}
"""Section and key to the function that says the same with today's keys."""
