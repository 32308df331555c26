"""Models that an engine of Keras 2.3.1 trains: a Keras 3 model that has the last word.

This room owns what a run asks of such a model. Everything but training is Keras 3's own, by the
twin: predictions, figures and files are those of the weights that the engine has left.

Decisions:
- Before the first step one batch goes through engine and twin, and after the last one again: what
  differs by more than `backend.runtime.probe` ends the run, and the first layer is named that does.
- Each phase makes the model anew in the worker, since layers that are frozen compute otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from kerasgen.catalog.entries import Catalog
from kerasgen.engine import EngineDiffersError, EngineTold, TrainingListener
from kerasgen.engines.keras3.layer_traces import layer_outputs
from kerasgen.engines.keras3.trainable import KerasTrainable
from kerasgen.engines.legacy.described_model import described
from kerasgen.engines.legacy.training_loop import EngineTraining
from kerasgen.engines.legacy.translation.translated_model import translate
from kerasgen.engines.legacy.translation.translated_objective import said_losses, said_optimizer
from kerasgen.engines.legacy.twin import Twin, fed_inputs, numpy_of
from kerasgen.engines.legacy.worker_process import Runtime, Worker
from kerasgen.ir.program import CompileDef, FitDef
from kerasgen.ir.training import (
    Array,
    FeedPosition,
    KeptWeights,
    Samples,
    TrainingData,
    TrainingState,
)
from kerasgen.ir.values import ObjectDef
from kerasgen.runtime.training import largest_difference

_PROBED = 64
"""Rows of the batch that goes through both before training."""

_COMPARED = 512
"""Rows that go through both afterwards."""


class LegacyTrainable(KerasTrainable):
    """A model whose training an engine of Keras 2.3.1 does.

    Args:
        model: the twin, whose weights have no memory yet.
        seed: the seed of the program.
        catalog: where class names are found.
        runtime: the engine's interpreter.
        tolerance: the largest difference between engine and twin.
    """

    def __init__(
        self, model: Any, seed: int, catalog: Catalog, runtime: Runtime, tolerance: float
    ) -> None:
        super().__init__(model, seed, catalog)
        self._runtime, self._tolerance = runtime, tolerance
        self._objective: tuple[ObjectDef, CompileDef] | None = None

    def compile(self, optimizer: ObjectDef, objective: CompileDef) -> None:
        """Hands optimizer, losses and metrics to the twin, and keeps them for the engine."""
        super().compile(optimizer, objective)
        self._objective = optimizer, objective

    def fit(
        self,
        data: TrainingData,
        fit: FitDef,
        listener: TrainingListener,
        start: FeedPosition | TrainingState,
    ) -> KeptWeights | None:
        """Trains by the engine, and compares it with the twin before and after."""
        worker = Worker(self._runtime)
        try:
            training = self._prepared(worker, listener.told)
            self._probe(worker, data.training, listener.told)
            self._settle, self._through = training.take, training.fit
            kept = super().fit(data, fit, listener, start)
            self._compare(worker, data.validation or data.training, listener.told)
            return kept
        finally:
            self._settle = self._through = None
            worker.end()

    def _prepared(self, worker: Worker, told: Callable[[EngineTold], None]) -> EngineTraining:
        assert self._objective is not None, "a model is compiled before it is trained"
        engine, floatx = self._runtime.engine, keras.config.floatx()
        translation = translate(described(self.model), engine, floatx)
        if translation.refusals:
            raise AssertionError(f"refused after it was checked: {translation.refusals[0]}")
        twin = Twin(self.model, translation)
        losses = said_losses(self.model, self._objective[1])
        header = {
            "model": translation.model,
            "floatx": floatx,
            "epsilon": keras.config.epsilon(),
            "seed": self._seed,
            "trained": twin.trained,
            "optimizer": said_optimizer(self.model.optimizer),
            "losses": losses,
        }
        told(EngineTold(name="engine", facts=worker.ask("hello")[0]))
        worker.ask_with("prepare", header, twin.weights())
        self._twin = twin

        def compiled(seconds: float) -> None:
            told(EngineTold(name="compiled", facts={"compile_seconds": round(seconds, 2)}))

        return EngineTraining(twin, worker, losses, compiled)

    def _probe(self, worker: Worker, part: Samples, told: Callable[[EngineTold], None]) -> None:
        """Compares engine and twin on a batch, and says which layer differs first."""
        x = keras.tree.map_structure(lambda values: values[:_PROBED], part.x)
        difference = self._difference(worker, x)
        told(EngineTold(name="probe", facts={"probe_difference": difference}))
        if difference > self._tolerance:
            raise EngineDiffersError(difference, self._tolerance, self._first_layer(worker, x))

    def _compare(self, worker: Worker, part: Samples, told: Callable[[EngineTold], None]) -> None:
        """Compares the predictions of the trained model."""
        worker.ask_with("lay", {}, self._twin.weights())  # A callback may have set them last.
        x = keras.tree.map_structure(lambda values: values[:_COMPARED], part.x)
        difference = self._difference(worker, x)
        told(EngineTold(name="trained", facts={"trained_difference": difference}))
        if difference > self._tolerance:
            raise EngineDiffersError(difference, self._tolerance, self._first_layer(worker, x))

    def _difference(self, worker: Worker, x: Any) -> float:
        _, found = worker.ask_with("predict", {}, fed_inputs(x))
        own = keras.tree.flatten(self.call(x))
        return max(
            largest_difference(numpy_of(values), found[f"o{number}"])
            for number, values in enumerate(own)
        )

    def _first_layer(self, worker: Worker, x: Any) -> str | None:
        """The first layer, in the order of the model, that gives something else."""
        theirs = self._engine_outputs(worker, x)
        for name, own in layer_outputs(self.model, x).items():
            if name in theirs and largest_difference(own, theirs[name]) > self._tolerance:
                return name
        return None

    def _engine_outputs(self, worker: Worker, x: Any) -> dict[str, Array]:
        told, found = worker.ask_with("layers", {}, fed_inputs(x))
        return {name: found[f"o{number}"] for number, name in enumerate(told["layers"])}

    def layer_outputs(self, x: Any) -> dict[str, Array]:
        """What each layer gives in the engine, by its name."""
        worker = Worker(self._runtime)
        try:
            self._prepared(worker, lambda told: None)
            return self._engine_outputs(worker, x)
        finally:
            worker.end()
