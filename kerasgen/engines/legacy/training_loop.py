"""The loop of `fit`, whose steps are made by the engine's process.

This room owns the order of a training: it is the one of Keras 3's own `fit`, with Keras's callbacks
and metrics. Losses and gradients are the worker's.

Decisions:
- Metrics are Keras 3's, fed from what the engine's model gave: none is translated.
- The twin gets weights and slots at the end of each epoch, and before a state is kept. What a
  callback changes of them goes back before the next step; the rate goes with each step.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras.src.trainers.data_adapters import data_adapter_utils
from keras.src.utils.python_utils import pythonify_logs

from kerasgen.engines.keras3.layer_traces import graph_of
from kerasgen.engines.legacy.twin import Twin, fed_inputs, fed_targets
from kerasgen.engines.legacy.worker_process import Worker
from kerasgen.runtime.feed import Feed


class EngineTraining:
    """A training of a twin by the worker.

    Args:
        twin: the model.
        worker: the process, which has the model too.
        losses: class, options and weight of the loss of each output.
        compiled: hears how many seconds the engine took to compile its step.
    """

    def __init__(
        self,
        twin: Twin,
        worker: Worker,
        losses: Sequence[Mapping[str, Any]],
        compiled: Callable[[float], None],
    ) -> None:
        self._twin, self._worker, self._losses = twin, worker, losses
        self._compiled = compiled
        self._sent = b""
        self._steps = 0

    def fit(self, feed: Feed, *, callbacks: Any, **told: Any) -> None:
        """Trains as `keras.Model.fit` does.

        Args:
            feed: the batches.
            callbacks: a list of callbacks of Keras.
            **told: the other arguments of `fit`.
        """
        model = self._twin.model
        model.stop_training = False
        model.train_function = self._step
        callbacks.on_train_begin()
        self._steps = int(keras.ops.convert_to_numpy(model.optimizer.iterations))
        logs: dict[str, Any] = {}
        for epoch in range(model._initial_epoch or told["initial_epoch"], told["epochs"]):
            model.reset_metrics()
            callbacks.on_epoch_begin(epoch)
            self._give()
            batches: Iterator[Any] = feed.coming()
            if told.get("steps_per_epoch") is not None:
                batches = itertools.islice(batches, told["steps_per_epoch"])
            for number, batch in enumerate(batches):
                callbacks.on_train_batch_begin(number)
                passing = model.train_function != self._step  # They were trained on before.
                found = {} if passing else self._step(batch)
                callbacks.on_train_batch_end(number, found)
                if model.stop_training:
                    break
            logs = pythonify_logs(model.get_metrics_result())
            self.take()
            if told["validation_data"] is not None and model._should_eval(
                epoch, told["validation_freq"]
            ):
                found = self._validate(callbacks, told)
                logs |= {f"val_{name}": value for name, value in found.items()}
            callbacks.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        callbacks.on_train_end(logs)

    def take(self) -> None:
        """Gives the twin what the worker has."""
        if not self._sent:
            return
        _, found = self._worker.ask("weights")
        self._twin.lay_weights(found)
        self._twin.lay_optimizer_state(found, self._steps)
        self._sent = self._digest()

    def _give(self) -> None:
        """Gives the worker what the twin has, where anything of it was changed."""
        digest = self._digest()
        if digest == self._sent:
            return
        self._worker.ask_with("lay", {}, self._twin.weights() | self._twin.optimizer_state())
        self._sent = digest

    def _digest(self) -> bytes:
        found = hashlib.blake2b(digest_size=16)
        for array in (self._twin.weights() | self._twin.optimizer_state()).values():
            found.update(array.tobytes())
        return found.digest()

    def _step(self, batch: Any) -> dict[str, Any]:
        model = self._twin.model
        x, y, weights = data_adapter_utils.unpack_x_y_sample_weight(batch)
        model.optimizer.iterations.assign(self._steps)
        rate = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
        self._steps += 1
        fed = fed_inputs(x) | fed_targets(model, self._losses, y, weights)
        told, found = self._worker.ask_with("train", {"step": self._steps, "rate": rate}, fed)
        if "compiled" in told:
            self._compiled(told["compiled"])
        model.optimizer.iterations.assign(self._steps)
        return self._measured((x, y, weights), told["loss"], found)

    def _measured(
        self, batch: tuple[Any, Any, Any], loss: float, found: Mapping[str, Any]
    ) -> dict[str, Any]:
        model = self._twin.model
        x, y, weights = batch
        rows = len(keras.tree.flatten(x)[0])
        outputs = [keras.ops.convert_to_tensor(found[f"o{n}"]) for n, _ in enumerate(model.outputs)]
        given = keras.tree.pack_sequence_as(graph_of(model)._outputs_struct, outputs)
        targets = keras.tree.map_structure(keras.ops.convert_to_tensor, y)
        shares = weights if weights is None else keras.ops.convert_to_tensor(weights)
        model._loss_tracker.update_state(np.float32(loss), sample_weight=rows)
        if len(outputs) > 1:  # Each output has a loss of its own, which Keras tells.
            model._compile_loss(targets, given, shares)
        logs: dict[str, Any] = pythonify_logs(model.compute_metrics(x, targets, given, shares))
        return logs

    def _validate(self, callbacks: Any, told: Mapping[str, Any]) -> dict[str, Any]:
        model = self._twin.model
        batches = _batches(told["validation_data"], told["batch_size"])
        model.reset_metrics()
        callbacks.on_test_begin()
        for number, batch in enumerate(itertools.islice(batches, told["validation_steps"])):
            callbacks.on_test_batch_begin(number)
            x, y, weights = data_adapter_utils.unpack_x_y_sample_weight(batch)
            fed = fed_inputs(x) | fed_targets(model, self._losses, y, weights)
            answer, found = self._worker.ask_with("test", {}, fed)
            measured = self._measured((x, y, weights), answer["loss"], found)
            callbacks.on_test_batch_end(number, measured)
        logs: dict[str, Any] = pythonify_logs(model.get_metrics_result())
        callbacks.on_test_end(logs)
        return logs


def _batches(data: Sequence[Any], size: int) -> Iterator[tuple[Any, ...]]:
    """Some samples batch by batch, as they lie."""
    rows = len(keras.tree.flatten(data[0])[0])
    for start in range(0, rows, size):
        part = slice(start, start + size)
        taken = [keras.tree.map_structure(lambda a, part=part: a[part], each) for each in data]
        yield tuple(taken)
