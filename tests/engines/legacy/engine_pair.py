"""A Keras 3 model and the same one in an engine of Keras 2.3.1, trained side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from kerasgen.engines.legacy.runtimes import check_interpreter, interpreter_of, theano_flags
from kerasgen.engines.legacy.worker_process import Runtime, Worker

ROWS = 8


def runtime_or_skip(engine: str) -> Runtime:
    """The engine's interpreter; the test is skipped where there is none."""
    python = interpreter_of(engine, None)
    if not python.is_file():
        pytest.skip(f"no interpreter with {engine}: `kerasgen engines install {engine}`")
    check_interpreter(engine, python)
    return Runtime(engine=engine, python=python, flags=theano_flags(python))


class Pair:
    """The two models.

    Args:
        worker: the engine's process.
        engine: its name.
        model: the Keras model; its weights are drawn anew.
    """

    def __init__(self, worker: Worker, engine: str, model: Any) -> None:
        from kerasgen.engines.legacy.described_model import described
        from kerasgen.engines.legacy.translation.translated_model import translate
        from kerasgen.engines.legacy.twin import Twin

        self.worker, self.model = worker, model
        self.random = np.random.default_rng(1)
        translation = translate(described(model), engine, "float32")
        assert translation.refusals == ()
        self.translation, self.twin = translation, Twin(model, translation)
        for weight in model.weights:
            drawn = self.random.normal(scale=0.4, size=weight.shape)
            weight.assign(np.abs(drawn) + 0.5 if "variance" in weight.path else drawn)

    def prepare(
        self,
        optimizer: Any = "sgd",
        loss: Any = "mse",
        said: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        """Compiles both."""
        from kerasgen.engines.legacy.translation.translated_objective import said_optimizer

        self.model.compile(optimizer=optimizer, loss=loss)
        one = {"class": "MeanSquaredError", "sparse": False, "options": {}, "weight": 1.0}
        self.losses = list(said or [one for _ in self.model.outputs])
        header = {
            "model": self.translation.model,
            "floatx": "float32",
            "epsilon": 1e-7,
            "seed": 0,
            "trained": self.twin.trained,
            "optimizer": said_optimizer(self.model.optimizer),
            "losses": self.losses,
        }
        self.worker.ask_with("prepare", header, self.twin.weights())

    def inputs(self, *, whole: bool = False) -> list[np.ndarray]:
        """Random rows."""
        shapes = [(ROWS, *(size or 5 for size in each.shape[1:])) for each in self.model.inputs]
        if whole:
            return [self.random.integers(0, 9, size=shape).astype("float32") for shape in shapes]
        return [self.random.normal(size=shape).astype("float32") for shape in shapes]

    def forward_difference(self, inputs: Sequence[np.ndarray]) -> float:
        """The largest difference of what they give for some rows."""
        from kerasgen.engines.legacy.twin import fed_inputs, numpy_of

        _, found = self.worker.ask_with("predict", {}, fed_inputs(list(inputs)))
        outputs = self.model(inputs if len(inputs) > 1 else inputs[0], training=False)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        pairs = zip(outputs, (found[f"o{n}"] for n in range(len(found))), strict=True)
        return max(float(np.abs(numpy_of(own) - theirs).max()) for own, theirs in pairs)

    def training_difference(
        self,
        inputs: Sequence[np.ndarray],
        targets: Sequence[np.ndarray],
        *,
        steps: int = 5,
        weights: np.ndarray | None = None,
    ) -> float:
        """The largest difference of their weights and losses in some steps."""
        from kerasgen.engines.legacy.twin import fed_inputs, fed_targets

        largest = 0.0
        fed = fed_inputs(list(inputs))
        fed |= fed_targets(self.model, self.losses, list(targets), weights)
        x = list(inputs) if len(inputs) > 1 else inputs[0]
        y = list(targets) if len(targets) > 1 else targets[0]
        for step in range(1, steps + 1):
            rate = float(np.asarray(self.model.optimizer.learning_rate))
            told, _ = self.worker.ask_with("train", {"step": step, "rate": rate}, fed)
            logs = self.model.train_on_batch(x, y, sample_weight=weights, return_dict=True)
            largest = max(largest, abs(float(logs["loss"]) - told["loss"]))
            _, found = self.worker.ask("weights")
            own = self.twin.weights()
            largest = max(largest, *(float(np.abs(found[n] - own[n]).max()) for n in own))
        return largest
