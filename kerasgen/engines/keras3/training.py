"""Training: compile, fit, evaluate, predict, save and reload of a Keras model.

This room owns the calls of Keras's training interface. Its functions are the ones that a
hand-written script would make, in the same order, so that their results are the same.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasgen.catalog.entries import Catalog, Kind
from kerasgen.engine import TrainingListener
from kerasgen.engines.keras3.augmentation import make_augment
from kerasgen.engines.keras3.environment import no_idle_tensorflow, quiet_stderr
from kerasgen.engines.keras3.figures import figures_of
from kerasgen.engines.keras3.followers import Follower
from kerasgen.engines.keras3.kept_training import CheckpointingCallbacks, Checkpoints
from kerasgen.engines.keras3.kept_weights import WeightWatch
from kerasgen.engines.keras3.objects import make_object
from kerasgen.engines.keras3.pace import Pace
from kerasgen.engines.keras3.step_clock import StepClock
from kerasgen.engines.keras3.training_state import CallbackStates
from kerasgen.ir.program import CompileDef, FitDef, Loss
from kerasgen.ir.training import (
    Array,
    Arrays,
    FeedPosition,
    KeptWeights,
    Samples,
    TrainingData,
)
from kerasgen.ir.values import ObjectDef
from kerasgen.process.interruption import held
from kerasgen.runtime.augment import with_soft_labels
from kerasgen.runtime.feed import Feed
from kerasgen.runtime.training import evaluate, own_memory, predict, weights_of_rows

SUMMARY_WIDTH = 100
"""Columns of a model's summary."""


def compile_model(
    model: Any, optimizer: ObjectDef, objective: CompileDef, catalog: Catalog
) -> None:
    """Compiles a model.

    Args:
        model: the Keras model.
        optimizer: the optimizer.
        objective: loss and metrics, settled for every output.
        catalog: where class names are found.

    Raises:
        ShapeError: a constructor refused its arguments.
    """

    def made(value: Any, kind: Kind) -> Any:
        if isinstance(value, ObjectDef):
            return make_object(value, (kind,), catalog)
        if isinstance(value, Mapping):
            return {key: made(item, kind) for key, item in value.items()}
        if isinstance(value, tuple):
            return [made(item, kind) for item in value]
        return _word(value, kind, catalog)

    model.compile(
        optimizer=make_object(optimizer, ("optimizer",), catalog),
        loss=made(objective.loss, "loss"),
        metrics=made(objective.metrics, "metric") or None,
        weighted_metrics=made(objective.weighted_metrics, "metric") or None,
        loss_weights=dict(objective.loss_weights) if objective.loss_weights else None,
        jit_compile=objective.jit_compile,
        steps_per_execution=objective.steps_per_execution,
    )


def _word(value: Loss, kind: Kind, catalog: Catalog) -> Any:
    """A name as Keras takes it: its own words stay, a class name becomes an object."""
    if isinstance(value, str) and value not in catalog.vocabularies.get(kind, ()):
        return make_object(ObjectDef(cls=value, bare=True), (kind,), catalog)
    return value


class EpochReporter(keras.callbacks.Callback):  # type: ignore[misc]
    """Hands the figures of each finished epoch to a function."""

    def __init__(self, report: Callable[[int, dict[str, float]], None]) -> None:
        super().__init__()
        self._report = report

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Reports the epoch, counted from 0."""
        figures = figures_of(logs or {})
        optimizer = getattr(self.model, "optimizer", None)
        # One that is made of several has no rate of its own.
        if optimizer is not None and not isinstance(optimizer, keras.optimizers.MultiOptimizer):
            figures["learning_rate"] = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
        self._report(epoch, figures)


def make_callbacks(callbacks: Mapping[str, ObjectDef], catalog: Catalog) -> dict[str, Any]:
    """The callbacks of a run by name, in order."""
    return {name: make_object(made, ("callback",), catalog) for name, made in callbacks.items()}


def make_feed(
    data: TrainingData,
    fit: FitDef,
    seed: int,
    catalog: Catalog,
    position: FeedPosition,
) -> Feed:
    """The batches of a training, in the order that the seed tells.

    Args:
        data: what to fit on; of weights of classes each row gets its own.
        fit: batch size, and whether rows are shuffled.
        seed: the seed of the order, and of what is augmented.
        catalog: where class names are found.
        position: where the training begins or goes on.
    """
    samples: tuple[Any, ...] = data.training.whole
    if data.class_weight:
        samples += (weights_of_rows(data.training.y, data.class_weight),)
    augment = None
    if data.augmentation is not None:
        augment = make_augment(data.augmentation, seed, catalog)
        if data.augmentation.mixes:
            samples = with_soft_labels(samples)
    start = (position.epoch, position.batch)
    order, steps = seed if fit.shuffle else None, fit.steps_per_epoch
    feed = Feed(samples, fit.batch_size, order, augment, start, steps)
    feed.passed = position.batch
    return feed


class ActingCallbacks:
    """The callbacks of a training, which act in all of its phases.

    Args:
        callbacks: name to Keras callback, in order.
        listener: hears of each finished epoch, and of a follower that failed.

    Attributes:
        named: name to callback, in order, those of our own too.
        watch: who looks after the weights.
        states: what they remember.
        progressed: who hears where the training is.
        clock: who measures its steps, behind all callbacks; empty where nobody does.
    """

    def __init__(self, callbacks: Mapping[str, Any], listener: TrainingListener) -> None:
        guarded = {
            name: Follower(callback, partial(listener.follower_failed, name))
            if name in listener.followers
            else callback
            for name, callback in callbacks.items()
        }
        self.watch = WeightWatch(guarded)
        self.named = {**self.watch.callbacks, "#report": EpochReporter(listener.epoch_ended)}
        self.states = CallbackStates(self.named)
        self.progressed = listener.progressed
        self.clock = {} if listener.watch is None else {"#clock": StepClock(listener.watch)}

    def begin(self, epochs: int, *, again: bool) -> None:
        """Begins a phase, which ends with that epoch; `again` where it is not the first one."""
        self.watch.begin(epochs)
        for callback in self.named.values() if again else ():
            if isinstance(callback, keras.callbacks.CSVLogger):
                callback.append = True  # It would begin its file anew.


def fit_model(
    model: Any,
    data: tuple[Feed, Samples | None],
    fit: FitDef,
    acting: ActingCallbacks,
    checkpoints: Checkpoints,
    through: Callable[..., object] | None = None,
) -> KeptWeights | None:
    """Fits a compiled model through one phase.

    Args:
        model: the compiled model.
        data: what to fit it on, and what each epoch is measured on, or None.
        fit: epochs, batch size and the like; `verbose` is 0, 1 (progress bar) or 2 (a line an
            epoch), as in Keras.
        acting: the callbacks.
        checkpoints: what is kept of the training, and where it begins or goes on.
        through: what trains in place of the model's own `fit`, with the same arguments.

    Returns:
        Which weights the model has now, None if no epoch was finished.

    Raises:
        StateMismatchError: the state is none of this model.
    """
    feed, validation = data
    start, begun = checkpoints.start, checkpoints.begun
    end = start.began + fit.epochs
    done = begun is not None and (begun.ended or start.epoch >= end)
    epochs = start.epoch if done else end
    if begun is not None or through is not None:
        _build(model, feed)
    acting.begin(end, again=start.phase > 0)
    steps = fit.steps_per_epoch or feed.num_batches or 0
    told = {"epochs": epochs, "steps": steps, "verbose": fit.verbose}
    begin = keras.callbacks.LambdaCallback(on_epoch_begin=feed.begin)
    callbacks = CheckpointingCallbacks(
        {"#feed": begin, **acting.named, **acting.clock},
        acting.states,
        checkpoints,
        told,
        model,
        Pace(acting.progressed, steps),
    )
    with held() if fit.checkpoint is not None else contextlib.nullcontext():
        (through or model.fit)(
            feed,
            batch_size=fit.batch_size,  # of the validation part
            epochs=epochs,
            initial_epoch=start.epoch,
            verbose=fit.verbose,
            callbacks=callbacks,
            validation_data=None if validation is None else validation.whole,
            steps_per_epoch=fit.steps_per_epoch,
            validation_steps=fit.validation_steps,
            validation_freq=fit.validation_freq,
        )
    own_memory(model)
    return acting.watch.kept()


def _build(model: Any, feed: Feed) -> None:
    """Gives optimizer and metrics their variables; TensorFlow leaves that to the first step."""
    batch = keras.tree.map_structure(_as_fed, feed.stand_in())
    model._symbolic_build(data_batch=keras.tree.pack_sequence_as(feed.data, batch))
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)


def evaluate_model(model: Any, samples: Samples, batch_size: int) -> dict[str, float]:
    """Loss and metrics of a compiled model on some samples, by Keras's names."""
    _reset_states(model)
    return figures_of(evaluate(model, samples.whole, batch_size))


def predict_model(model: Any, x: Arrays, batch_size: int) -> Arrays:
    """What a model gives for some inputs, as NumPy arrays in the form of its outputs."""
    _reset_states(model)
    fed = keras.tree.map_structure(_as_fed, x)
    outputs: Arrays = predict(model, (fed, None), batch_size)
    return outputs


def predict_batch(model: Any, x: Arrays) -> Arrays:
    """What a model gives for one batch, as NumPy arrays in the form of its outputs."""
    _reset_states(model)
    outputs: Arrays = model.predict_on_batch(keras.tree.map_structure(_as_fed, x))
    return outputs


def call_model(model: Any, x: Arrays) -> Arrays:
    """What one call of a model gives, as NumPy arrays; nothing is traced or compiled for it."""
    _reset_states(model)
    fed = keras.tree.map_structure(lambda a: keras.ops.convert_to_tensor(_as_fed(a)), x)
    outputs = model(fed, training=False)
    arrays: Arrays = keras.tree.map_structure(keras.ops.convert_to_numpy, outputs)
    return arrays


def _as_fed(values: Array) -> Any:
    """An array as Keras takes it: words as tensors of TensorFlow, which alone has such."""
    if values.dtype.kind != "U":
        return values
    import tensorflow

    return tensorflow.constant(values)


def _reset_states(model: Any) -> None:
    """Lets stateful layers begin anew: an outcome must not depend on what was computed before."""
    # Not `layers`, which does not look into nested models and wrappers.
    for layer in model._flatten_layers(include_self=False):
        if getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
            layer.reset_state()


def save_model(model: Any, path: Path) -> None:
    """Saves a model as a `.keras` file; the file appears whole or not at all.

    Raises:
        OSError: it cannot be written; the error names the file that was asked for.
    """
    draft = path.with_name(f".{path.stem}.draft.keras")
    try:
        with quiet_stderr(), no_idle_tensorflow():
            model.save(draft)
        draft.replace(path)
    except OSError as error:
        if error.filename in (None, str(draft)):
            error.filename, error.filename2 = str(path), None  # the name that the user knows
        raise
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def load_model(path: Path) -> Any:
    """Loads a `.keras` file; code inside it is refused by Keras's safe mode."""
    with quiet_stderr():
        try:
            with no_idle_tensorflow():
                return keras.models.load_model(path, safe_mode=True)
        except Exception:
            # A layer that needs TensorFlow itself (`StringLookup`) says so in many ways.
            return keras.models.load_model(path, safe_mode=True)


def summary_text(model: Any) -> str:
    """What `model.summary()` prints, `SUMMARY_WIDTH` columns wide whatever the terminal has."""
    lines: list[str] = []
    # Keras cuts its table to the console's width, which rich reads from the environment.
    known = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(SUMMARY_WIDTH)
    try:
        model.summary(
            print_fn=lambda line, **_: lines.append(line),
            expand_nested=True,
            line_length=SUMMARY_WIDTH,
        )
    finally:
        if known is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = known
    return "\n".join(lines) + "\n"


def model_config(model: Any) -> dict[str, Any]:
    """What `model.get_config()` gives, as plain data."""
    config: dict[str, Any] = json.loads(model.to_json())["config"]
    return config


def weight_table(model: Any) -> list[dict[str, Any]]:
    """The model's weight tensors: path, shape, type, whether trained, smallest, largest, mean."""
    rows = []
    trainable = {id(weight) for weight in model.trainable_weights}
    for weight in model.weights:
        values = np.asarray(keras.ops.convert_to_numpy(weight), dtype="float64")
        rows.append(
            {
                "path": weight.path,
                "shape": list(weight.shape),
                "dtype": str(weight.dtype),
                "trainable": id(weight) in trainable,
                "min": float(values.min()) if values.size else None,
                "max": float(values.max()) if values.size else None,
                "mean": float(values.mean()) if values.size else None,
            }
        )
    return rows
