"""Rehearsal: Keras's callbacks act on a stand-in for a model, before anything is trained.

Keras looks at most arguments of a callback only when it acts: at the end of the first epoch, or
when a figure stops improving. This room owns the made-up epochs in which that happens at once, and
finds the argument without which nothing is raised. How it is told stands in `passes.callbacks`.

Decisions:
- Metrics are the program's own, since Keras asks them whether more of them is better.
- A callback that wants something of the model that the stand-in does not have is let go: nothing
  is known of it then. So are files that cannot be written, which is asked elsewhere.
- Callbacks of one's own are not called: what they do is not known. Neither are those that open a
  connection, and `_LEFT_OUT`.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np

from kerasgen.catalog.entries import Catalog, ShapeError
from kerasgen.engines.keras3.error_text import shorten
from kerasgen.engines.keras3.objects import make_object
from kerasgen.ir.program import Loss
from kerasgen.ir.values import ObjectDef
from kerasgen.ir.walks import objects_in
from kerasgen.passes.callback_files import callback_entry, opens_connection, paths_of

_LEFT_OUT = ("TensorBoard", "OrbaxCheckpoint")
"""Callbacks that import packages for seconds; no base class sets them apart."""

_WAITING = ("patience", "start_from_epoch", "cooldown")
"""Attributes that keep a callback from acting in the first epochs."""

_VALUES = (0.5, 1.0, 0.25)
"""A figure of three epochs: whichever direction is better, it gets worse once."""

_MANY = 10**9
"""A batch that comes after every number of batches that a callback waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the callbacks of a program see of its training.

    Attributes:
        metrics: the metrics of all outputs, as Keras holds them.
        figures: the names that an epoch gives, those of validation included.
        batch_figures: the names that a batch gives.
        averages: whether the optimizer keeps moving averages of the weights.
        several: the names that hold a figure of each class.
    """

    metrics: tuple[Any, ...]
    figures: tuple[str, ...]
    batch_figures: tuple[str, ...]
    averages: bool
    several: frozenset[str] = frozenset()


class _NotRehearsedError(AttributeError):
    """Something was asked of a stand-in that it does not have."""


class _StandIn(SimpleNamespace):
    """A part of a model with a few attributes; a callback may ask whether it has others."""

    def __getattr__(self, name: str) -> Any:
        raise _NotRehearsedError(name)


def set_stage(
    metrics: Mapping[str, Sequence[Loss]],
    optimizer: ObjectDef,
    catalog: Catalog,
    *,
    validated: bool,
) -> Stage:
    """Makes what callbacks see of a training.

    Args:
        metrics: output name to its metrics, weighted ones included.
        optimizer: the optimizer as written.
        catalog: where class names are found.
        validated: whether there is a validation part.
    """
    made, names, several = [], ["loss"], set[str]()
    for output, values in metrics.items():
        prefix = "" if len(metrics) == 1 else f"{output}_"
        names += [f"{prefix}loss"] if prefix else []
        for value in values:
            metric = _metric(value, catalog)
            made.append(metric)
            known = f"{prefix}{metric.name}" in names
            names.append(f"{prefix}weighted_{metric.name}" if known else f"{prefix}{metric.name}")
            if isinstance(metric, keras.metrics.FBetaScore) and metric.average is None:
                several |= {names[-1], f"val_{names[-1]}"}
    training = tuple(dict.fromkeys(names))
    validation = tuple(f"val_{name}" for name in training) if validated else ()
    return Stage(
        metrics=tuple(made),
        figures=(*training, *validation),
        batch_figures=training,
        averages=_averages(optimizer),
        several=frozenset(several),
    )


def rehearse(callback: ObjectDef, stage: Stage, catalog: Catalog) -> None:
    """Lets a callback act.

    Args:
        callback: the callback as written.
        stage: what it sees.
        catalog: where its class is found.

    Raises:
        ShapeError: it raises, with the argument without which it does not.
    """
    entry = callback_entry(callback, catalog)
    if entry is None or entry.origin or entry.name in _LEFT_OUT or opens_connection(entry):
        return
    monitored = callback.arguments.get("monitor")
    if monitored in stage.several:
        told = f"`{monitored}` is a figure of each class, and one alone can be better or worse"
        raise ShapeError(told, argument="monitor", definition=callback)
    error = _acted(callback, stage, catalog)
    if error is None:
        return
    paths = paths_of(callback, catalog)
    for name in callback.arguments:
        rest = {key: value for key, value in callback.arguments.items() if key != name}
        if entry.parameters[name].required:
            if name not in paths:
                continue
            rest[name] = re.sub(r"[{}]", "", paths[name])
        if _acted(replace(callback, arguments=rest), stage, catalog) is None:
            raise ShapeError(error, argument=name, definition=callback)
    raise ShapeError(error, definition=callback)


def _acted(callback: ObjectDef, stage: Stage, catalog: Catalog) -> str | None:
    """What a callback says when it raises; None for nothing that is its own fault."""
    with (
        tempfile.TemporaryDirectory() as folder,
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        paths = {
            name: str(_below(Path(folder), path))
            for name, path in paths_of(callback, catalog).items()
        }
        placed = replace(callback, arguments={**callback.arguments, **paths})
        try:
            made = make_object(placed, ("callback",), catalog)
        except ShapeError as error:
            return str(error)
        try:
            _act(made, stage)
        except (_NotRehearsedError, OSError):
            return None
        except Exception as error:  # Callbacks raise whatever their arithmetic raises.
            said = str(error.args[0]) if isinstance(error, KeyError) and error.args else None
            return (said or shorten(error)).replace(f"{folder}{os.sep}", "")
        finally:
            with contextlib.suppress(Exception):
                made.on_train_end({})  # It closes its files.
    return None


def _act(callback: Any, stage: Stage) -> None:
    for name in _WAITING:
        if type(getattr(callback, name, None)) is int:
            setattr(callback, name, 0)
    callback.set_params({"epochs": len(_VALUES), "steps": 1})
    callback.set_model(_model(stage))
    callback.on_train_begin({})
    for epoch, value in enumerate(_VALUES):
        callback.on_epoch_begin(epoch, {})
        callback.on_train_batch_begin(_MANY, {})
        callback.on_train_batch_end(_MANY, dict.fromkeys(stage.batch_figures, value))
        callback.on_test_begin({})
        callback.on_test_end(dict.fromkeys(stage.batch_figures, value))
        figures: dict[str, Any] = dict.fromkeys(stage.figures, value)
        figures |= {name: np.full(2, value) for name in stage.several & figures.keys()}
        callback.on_epoch_end(epoch, figures)
    callback.on_train_end({})


def _model(stage: Stage) -> _StandIn:
    optimizer = _StandIn(learning_rate=np.float32(0.1), name="optimizer", use_ema=stage.averages)
    if stage.averages:
        optimizer._model_variables_moving_average = []

    def done(*_: Any, **__: Any) -> None:
        """Saves or sets nothing."""

    return _StandIn(
        metrics=[_listed(stage.metrics)],
        optimizer=optimizer,
        stop_training=False,
        get_weights=list,
        set_weights=done,
        save=done,
        save_weights=done,
    )


def _listed(metrics: Sequence[Any]) -> Any:
    """The metrics as a compiled model holds them."""
    return keras.src.trainers.compile_utils.MetricsList(list(metrics))


def _metric(value: Loss, catalog: Catalog) -> Any:
    """A metric under the name that Keras gives it."""
    if isinstance(value, str) and value in ("accuracy", "acc"):
        return keras.metrics.Accuracy(name=value)  # Keras chooses among its own by the shapes.
    if isinstance(value, str) and value in ("crossentropy", "ce"):
        return keras.metrics.CategoricalCrossentropy(name=value)
    if isinstance(value, str) and value in catalog.words(("metric",)):
        made = keras.metrics.get(value)
    else:
        written = value if isinstance(value, ObjectDef) else ObjectDef(cls=value, bare=True)
        made = make_object(written, ("metric",), catalog)
    if isinstance(value, str) or not isinstance(made, keras.metrics.Metric):
        name = value if isinstance(value, str) else getattr(made, "__name__", "metric")
        if not isinstance(made, keras.metrics.Metric):
            return keras.metrics.MeanMetricWrapper(made, name=name)
        if value in catalog.words(("metric",)):
            made.name = name
    return made


def _averages(definition: ObjectDef) -> bool:
    """Whether an optimizer, or one inside it, is told to keep moving averages."""
    return any(made.arguments.get("use_ema") is True for made in objects_in(definition))


def _below(folder: Path, path: str) -> Path:
    """A path below a folder, wherever it leads itself; its last folder is made."""
    parts: Iterator[str] = (part for part in PurePath(path).parts if part not in ("/", "..", "\\"))
    placed = folder.joinpath(*parts)
    placed.parent.mkdir(parents=True, exist_ok=True)
    return placed
