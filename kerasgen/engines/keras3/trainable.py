"""Models of Keras as a run works with them.

This room owns which calls of Keras stand behind the words of `kerasgen.engine`. What each does
stands in `training` and `deferred_weights`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from kerasgen.catalog.entries import Catalog
from kerasgen.engine import DivergedError, InitialWeights, Model, Trainable, TrainingListener
from kerasgen.engines.keras3.deferred_weights import allocate_weights
from kerasgen.engines.keras3.diverged import LossGuard, find_fault
from kerasgen.engines.keras3.environment import set_seed
from kerasgen.engines.keras3.kept_training import ArrivedError, Checkpoints
from kerasgen.engines.keras3.layer_traces import (
    lay_weight_arrays,
    layer_outputs,
    silence,
    weight_arrays,
)
from kerasgen.engines.keras3.named_weights import take_weights
from kerasgen.engines.keras3.portable_start import draw_portably
from kerasgen.engines.keras3.raw_model import with_preparation
from kerasgen.engines.keras3.training import (
    ActingCallbacks,
    call_model,
    compile_model,
    evaluate_model,
    fit_model,
    make_callbacks,
    make_feed,
    model_config,
    predict_model,
    save_model,
    summary_text,
    weight_table,
)
from kerasgen.ir.program import CompileDef, FitDef
from kerasgen.ir.training import (
    Array,
    Arrays,
    Fault,
    FeedPosition,
    KeptWeights,
    Samples,
    TakenWeights,
    TrainingData,
    TrainingState,
)
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.held_preparation import RawInputs
from kerasgen.runtime.trained_layers import layer_flags, set_flags, train_only


class KerasModel(Model):
    """A model of Keras, such as one that was loaded.

    Attributes:
        model: the `keras.Model`.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    def summary(self) -> str:
        """What `model.summary()` prints."""
        return summary_text(self.model)

    def config(self) -> dict[str, Any]:
        """What `model.get_config()` gives, as plain data."""
        return model_config(self.model)

    def weight_table(self) -> list[dict[str, Any]]:
        """Its weight tensors."""
        return weight_table(self.model)

    def predict(self, x: Arrays, batch_size: int) -> Arrays:
        """What it gives for some inputs."""
        return predict_model(self.model, x, batch_size)

    def call(self, x: Arrays) -> Arrays:
        """What one call of it gives for some inputs."""
        return call_model(self.model, x)

    def evaluate(self, samples: Samples, batch_size: int) -> dict[str, float]:
        """Loss and metrics on some samples, by Keras's names."""
        return evaluate_model(self.model, samples, batch_size)

    def inner(self, name: str) -> Model:
        """A model that is one of its layers.

        Raises:
            KeyError: there is none of that name.
        """
        for layer in self.model.layers:
            if layer.name == name and isinstance(layer, keras.Model):
                return KerasModel(layer)
        raise KeyError(name)

    def served(self, sizes: Sequence[int]) -> Model:
        """The same model, in batches of a few sizes."""
        from kerasgen.engines.keras3.served_model import ServedModel

        return ServedModel(self.model, sizes)


class KerasTrainable(KerasModel, Trainable):
    """A model that was made of a compiled program.

    Args:
        model: the `keras.Model`, whose weights have no memory yet.
        seed: the seed of the program.
        catalog: where class names are found.

    Attributes:
        portable: the models inside it whose layers have names of the config, where its initial
            weights are to be the same on every engine; None where Keras draws them.
    """

    portable: frozenset[str] | None = None

    def __init__(self, model: Any, seed: int, catalog: Catalog) -> None:
        super().__init__(model)
        self._seed, self._catalog = seed, catalog
        self._flags = layer_flags(model)
        self._acting: ActingCallbacks | None = None
        self._settle: Callable[[], None] | None = None
        self._through: Callable[..., object] | None = None

    def initialize(self) -> InitialWeights | None:
        """Seeds every random generator, and gives the weights memory and first values."""
        set_seed(self._seed)
        if self.portable is not None:
            return draw_portably(self.model, self._seed, self.portable)
        allocate_weights(self.model)
        return None

    def take_weights(self, source: Path | TrainingState, inside: str | None) -> TakenWeights:
        """Gives layers the weights that a file or a state has under their names."""
        return take_weights(self.model, source, inside)

    def train_only(self, layers: Collection[str] | None) -> None:
        """Freezes all other layers; None gives each what it says itself."""
        if layers is None:
            set_flags(self._flags)
        else:
            train_only(self.model, frozenset(layers))

    def compile(self, optimizer: ObjectDef, objective: CompileDef) -> None:
        """Hands optimizer, losses and metrics to Keras."""
        compile_model(self.model, optimizer, objective, self._catalog)

    def fit(
        self,
        data: TrainingData,
        fit: FitDef,
        listener: TrainingListener,
        start: FeedPosition | TrainingState,
    ) -> KeptWeights | None:
        """Trains; what ran before, such as preprocessing, does not change what is drawn."""
        begun = start if isinstance(start, TrainingState) else None
        position = start.position if isinstance(start, TrainingState) else start
        feed = make_feed(data, fit, self._seed, self._catalog, position)
        if self._acting is None:
            set_seed(self._seed)
            callbacks = make_callbacks(fit.callbacks, self._catalog)
            self._acting = ActingCallbacks(callbacks, listener)
        checkpoints = Checkpoints(
            due=fit.checkpoint,
            keep=listener.state_due,
            start=position,
            begun=begun,
            guard=LossGuard() if fit.terminate_on_nan else None,
            settle=self._settle,
        )
        given = feed, data.validation
        return fit_model(self.model, given, fit, self._acting, checkpoints, self._through)

    def find_fault(
        self,
        data: TrainingData,
        fit: FitDef,
        start: FeedPosition | TrainingState,
        error: DivergedError,
    ) -> Fault | None:
        """Trains again as far as a batch, and finds what is not finite there."""
        begun = start if isinstance(start, TrainingState) else None
        position = start.position if isinstance(start, TrainingState) else start
        until = replace(position, epoch=error.epoch, batch=error.batch)
        quiet = TrainingListener(
            epoch_ended=lambda number, figures: None,
            followers=frozenset(),
            follower_failed=lambda name, cause: None,
        )
        checkpoints = Checkpoints(
            due=None, keep=quiet.state_due, start=position, begun=begun, until=until
        )
        feed = make_feed(data, fit, self._seed, self._catalog, position)
        set_seed(self._seed)
        try:
            fit_model(
                self.model,
                (feed, data.validation),
                replace(fit, checkpoint=None),
                ActingCallbacks({}, quiet),
                checkpoints,
            )
        except ArrivedError:
            if keras.backend.backend() == "jax":
                self.model.jax_state_sync()
            feed = make_feed(data, fit, self._seed, self._catalog, until)
            feed.passed = 0
            return find_fault(self.model, next(feed.coming()))
        return None

    def weight_arrays(self) -> dict[str, Array]:
        """Its weights, by layer and number."""
        return weight_arrays(self.model)

    def lay_weight_arrays(self, arrays: Mapping[str, Array]) -> None:
        """Gives it weights of those names."""
        lay_weight_arrays(self.model, arrays)

    def layer_outputs(self, x: Arrays) -> dict[str, Array]:
        """What each layer gives, by its name."""
        return layer_outputs(self.model, x)

    def silence(self) -> list[str]:
        """Lets layers draw nothing in training."""
        return silence(self.model)

    def save(self, path: Path, raw: RawInputs | None = None) -> None:
        """Saves it as a `.keras` file, with steps before it or alone."""
        whole = self.model if raw is None else with_preparation(self.model, raw, self._catalog)
        save_model(whole, path)
