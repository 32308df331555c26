"""When a training's state is taken and laid, batch by batch: the list of its callbacks.

This room owns the moments. What there is to be taken stands in `training_state`.

Decisions:
- It is a list of callbacks and no callback: it must act before all of them or behind all, and hold
  back from them the batches that were trained on before.
- A state is taken before a batch or behind an epoch: never behind an epoch's last batch, where the
  loop has not yet done what ends the epoch.
- A training that goes on within an epoch is one call of `fit` like any other, whose first batches
  are passed over: a second call would finish the averages of an optimizer in between.
- Variables are laid again when the epoch begins, since the loop has reset the metrics by then;
  random generators at the first batch, since making a loader of PyTorch draws a number.
- A request to end waits for such a moment: no signal is raised into the loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import keras
import numpy as np
from keras.callbacks import CallbackList

from kerasgen.engine import DivergedError
from kerasgen.engines.keras3.diverged import LossGuard, broken_layers
from kerasgen.engines.keras3.encoded_values import Form, decoded, encoded
from kerasgen.engines.keras3.named_weights import layer_forms
from kerasgen.engines.keras3.pace import Pace
from kerasgen.engines.keras3.training_state import (
    CallbackStates,
    StateMismatchError,
    lay_randomness,
    lay_variables,
    taken_randomness,
    taken_variables,
    training_variables,
)
from kerasgen.ir.program import CheckpointDef
from kerasgen.ir.training import Array, FeedPosition, TrainingState
from kerasgen.process import interruption

Logs: TypeAlias = "Mapping[str, object] | None"
"""What Keras tells of a batch or an epoch."""

_HISTORY = "#history"
"""The name of Keras's own history among the callbacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoints:
    """What is to be kept of a training.

    Attributes:
        due: how often; None for never, not even when the process is to end.
        keep: keeps a state.
        start: where the phase begins or goes on.
        begun: the state that it goes on from, None for its beginning.
        guard: looks at the losses, None for whoever does not care.
        until: the batch before which the training ends, None for its own end.
        settle: called before a state is taken, for who trains elsewhere.
    """

    due: CheckpointDef | None
    keep: Callable[[TrainingState], None]
    start: FeedPosition
    begun: TrainingState | None = None
    guard: LossGuard | None = None
    until: FeedPosition | None = None
    settle: Callable[[], None] | None = None


class ArrivedError(Exception):
    """The training has come to where it is to end."""


class CheckpointingCallbacks(CallbackList):  # type: ignore[misc]
    """The callbacks of a training that is kept as it goes on.

    Args:
        callbacks: name to callback, in order.
        states: what they remember.
        checkpoints: what is to be kept.
        told: what Keras tells callbacks: `epochs`, `steps` and `verbose`.
        model: the model.
        pace: tells where the training is.
    """

    def __init__(
        self,
        callbacks: Mapping[str, Any],
        states: CallbackStates,
        checkpoints: Checkpoints,
        told: Mapping[str, Any],
        model: keras.Model,
        pace: Pace,
    ) -> None:
        bar = told["verbose"] != 0
        acting = list(callbacks.values())
        super().__init__(acting, add_history=True, add_progbar=bar, model=model, **told)
        self._checkpoints = checkpoints
        states.join(_HISTORY, self._history)
        self._states = states
        self._pace = pace
        self._position = checkpoints.start
        self._passing = checkpoints.start.batch
        self._steps = self._steps_done
        self._moment = time.monotonic()
        self._before_validation: _BeforeValidation | None = None
        self._function: Callable[..., object] | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        """Lays the state that the training goes on from."""
        begun = self._checkpoints.begun
        if begun is not None:
            self._states.prepare(begun.facts["callbacks"])
        super().on_train_begin(logs)
        self._states.begin()
        if begun is None:
            return
        self._lay(begun)
        self.model._initial_epoch = None  # `BackupAndRestore` would go on from its own.
        if self._passing:
            self._pass_over()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Notes the epoch; one that is gone on with is as it was once it has begun again."""
        super().on_epoch_begin(epoch, logs)
        if self._passing and self._checkpoints.begun is not None:
            self._lay(self._checkpoints.begun)
        else:
            self._position = replace(self._position, epoch=epoch, batch=0)

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Takes the state where that is due, and ends the training where that is asked for.

        Raises:
            ArrivedError: it has come to where it is to end.
        """
        if batch < self._passing:
            return
        if self._passing:
            self._arrive()
        elif batch:
            self._position = replace(self._position, batch=batch)
            self._look(self._steps_due or self._minutes_due)
        until = self._checkpoints.until
        if until is not None and (self._position.epoch, batch) >= (until.epoch, until.batch):
            raise ArrivedError
        super().on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Tells of the batch, unless it was passed over."""
        if not self._passing:
            super().on_train_batch_end(batch, logs)
            self._pace.trained(self._position.epoch, batch + 1, logs)
            if self._checkpoints.guard is not None:
                self._checkpoints.guard.note(self._position.epoch, batch, logs)

    def on_test_begin(self, logs: Logs = None) -> None:
        """Notes what the validation will change."""
        if self._passing:  # All batches of the epoch were trained on before.
            self._arrive()
        if self._checkpoints.due is not None:
            self._before_validation = _BeforeValidation(self.model)
        super().on_test_begin(logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Ends the training where that is asked for: the validation is made again."""
        if interruption.requested() and self._before_validation is not None:
            position = replace(self._position, batch=self.params["steps"])
            self._keep(position, self._before_validation)
            interruption.stop()
        super().on_test_batch_begin(batch, logs)

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Tells of the batch."""
        super().on_test_batch_end(batch, logs)
        self._pace.validated(self._position.epoch, logs)

    def on_test_end(self, logs: Logs = None) -> None:
        """Forgets what was noted."""
        self._before_validation = None
        super().on_test_end(logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Takes the state behind all that has happened in the epoch."""
        if self._passing:
            self._arrive()
        if self._checkpoints.guard is not None:
            self._checkpoints.guard.look()
        super().on_epoch_end(epoch, logs)
        self._position = replace(self._position, epoch=epoch + 1, batch=0)
        last = self.model.stop_training or epoch + 1 == self.params["epochs"]
        self._look(last or self._epochs_due or self._steps_due or self._minutes_due)

    @property
    def _steps_done(self) -> int:
        """The steps before the position."""
        steps: int = self.params["steps"]
        return self._position.epoch * steps + self._position.batch

    @property
    def _epochs_due(self) -> bool:
        due = self._checkpoints.due
        return due is not None and due.unit == "epochs" and self._position.epoch % due.number == 0

    @property
    def _steps_due(self) -> bool:
        due = self._checkpoints.due
        if due is None or due.unit != "steps":
            return False
        return self._steps_done // due.number > self._steps // due.number

    @property
    def _minutes_due(self) -> bool:
        due = self._checkpoints.due
        if due is None or due.unit != "minutes":
            return False
        return time.monotonic() - self._moment >= 60 * due.number

    def _look(self, due: bool) -> None:
        """Takes the state if it is due or the process is to end, which it does then."""
        if self._checkpoints.due is None:
            return
        asked = interruption.requested()
        if due or asked:
            self._keep(self._position)
        if asked:
            interruption.stop()

    def _keep(self, position: FeedPosition, before: _BeforeValidation | None = None) -> None:
        if self._async_train:
            self._flush_futures()
        if self._checkpoints.settle is not None:
            self._checkpoints.settle()
        arrays: dict[str, Array] = {}
        variables = taken_variables(self.model, arrays, before.variables if before else None)
        self._require_finite(position)
        facts = {
            "variables": variables,
            "layers": layer_forms(self.model, variables),
            "random": taken_randomness(arrays) if before is None else before.randomness(arrays),
            "callbacks": self._states.taken(arrays),
        }
        ended = bool(self.model.stop_training)
        state = TrainingState(position=position, arrays=arrays, facts=facts, ended=ended)
        self._checkpoints.keep(state)
        self._steps, self._moment = self._steps_done, time.monotonic()

    def _require_finite(self, position: FeedPosition) -> None:
        """Lets no state be kept that is not good."""
        guard = self._checkpoints.guard
        if guard is not None:
            guard.look()
            if broken_layers(self.model):
                raise DivergedError(position.epoch, max(position.batch - 1, 0), None)

    def _lay(self, state: TrainingState) -> None:
        try:
            lay_variables(self.model, state.facts["variables"], state.arrays)
            self._states.lay(state.facts["callbacks"], state.arrays)
            lay_randomness(state.facts["random"], state.arrays)
        except (KeyError, AttributeError, TypeError, ValueError) as error:
            if isinstance(error, StateMismatchError):
                raise
            told = f"the checkpoint does not fit: {type(error).__name__}: {error}"
            raise StateMismatchError(told) from error

    def _pass_over(self) -> None:
        """Lets the loop pass over batches without training on them."""
        model, backend = self.model, keras.backend.backend()
        # The loop compares these names with those that it measures.
        logs = dict.fromkeys(model.get_metrics_result(), 0.0)
        steps = model.steps_per_execution

        def passed(*given: Iterator[object]) -> object:
            if backend != "torch":  # whose loop itself has taken the batch
                for _ in range(steps):
                    next(given[-1], None)
            return (dict(logs), given[0]) if backend == "jax" else dict(logs)

        self._function, model.train_function = model.train_function, passed

    def _arrive(self) -> None:
        """Goes on with training at the first batch that was not trained on."""
        self._passing = 0
        self.model.train_function = self._function
        if self._checkpoints.begun is not None:
            lay_randomness(self._checkpoints.begun.facts["random"], self._checkpoints.begun.arrays)


class _BeforeValidation:
    """What a validation changes in the midst of a training, as it was before.

    Attributes:
        variables: `id` of a variable to its value, of all but weights and those of the optimizer:
            a recurrent layer draws masks also where it uses none.
    """

    def __init__(self, model: keras.Model) -> None:
        kept = {id(v) for v in [*model.weights, *model.optimizer.variables]}
        changed = [v for v in training_variables(model) if id(v) not in kept]
        self.variables = {id(v): np.array(keras.ops.convert_to_numpy(v)) for v in changed}
        self._arrays: dict[str, Array] = {}
        self._random = taken_randomness(self._arrays)

    def randomness(self, arrays: MutableMapping[str, Array]) -> dict[str, Form]:
        """The forms of the random generators' states."""
        return {n: encoded(decoded(f, self._arrays), arrays) for n, f in self._random.items()}
