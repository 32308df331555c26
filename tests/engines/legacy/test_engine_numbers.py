"""What the engines compute, beside Keras 3: `pytest -m slow tests/engines/legacy` for all of it."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from engine_pair import ROWS, Pair, runtime_or_skip
from layer_cases import CASES, THEANO_ALONE, L, chain

from kerasgen.engines.legacy.worker_process import Worker

pytestmark = pytest.mark.usefixtures("engine")

FORWARD = 1e-5
TRAINED = 1e-5

FAST = (
    *("dense", "convolution strided", "batch normalization", "masked embedding", "lstm", "nested"),
    *("depthwise", "two outputs", "states"),
)
"""Cases of the default test command, on CNTK: it compiles nothing."""


@pytest.fixture(scope="module")
def workers() -> Iterator[Callable[[str], Worker]]:
    """The process of an engine, one for all tests."""
    made: dict[str, Worker] = {}

    def get(engine: str) -> Worker:
        if engine not in made:
            made[engine] = Worker(runtime_or_skip(engine))
        return made[engine]

    yield get
    for worker in made.values():
        worker.end()


def marked(name: str, engine: str, fast: tuple[str, ...]) -> Any:
    slow = engine == "theano" or name not in fast
    return pytest.param(name, engine, marks=[pytest.mark.slow] if slow else [])


def both(names: Any, fast: tuple[str, ...]) -> list[Any]:
    return [marked(name, engine, fast) for engine in ("cntk", "theano") for name in names]


@pytest.mark.parametrize(("name", "engine"), both(CASES, FAST))
def test_a_layer_gives_and_learns_what_it_does_in_keras_3(
    name: str, engine: str, workers: Callable[[str], Worker]
) -> None:
    pair = Pair(workers(engine), engine, CASES[name]())
    forward, trained = _differences(pair, name)
    assert forward < FORWARD
    assert trained < TRAINED


@pytest.mark.slow
@pytest.mark.parametrize("name", THEANO_ALONE)
def test_a_layer_of_theano_alone_gives_what_it_does_in_keras_3(
    name: str, workers: Callable[[str], Worker]
) -> None:
    pair = Pair(workers("theano"), "theano", THEANO_ALONE[name]())
    forward, trained = _differences(pair, name)
    assert forward < FORWARD
    assert trained < TRAINED


def _differences(pair: Pair, name: str) -> tuple[float, float]:
    """The largest difference of the outputs, and in two steps; 0 for what is not trained."""
    pair.prepare()
    inputs = pair.inputs(whole="embedding" in name)
    forward = pair.forward_difference(inputs)
    if not pair.twin.trained or name == "noise":
        return forward, 0.0
    outputs = _listed(pair.model(inputs if len(inputs) > 1 else inputs[0]))
    shapes = [np.asarray(each).shape for each in outputs]
    targets = [pair.random.normal(size=shape).astype("float32") for shape in shapes]
    return forward, pair.training_difference(inputs, targets, steps=2)


def _listed(outputs: Any) -> list[Any]:
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]


OPTIMIZERS: dict[str, dict[str, Any]] = {
    "SGD": {"class": "SGD"},
    "momentum": {"class": "SGD", "momentum": 0.9},
    "nesterov": {"class": "SGD", "momentum": 0.9, "nesterov": True},
    "RMSprop": {"class": "RMSprop"},
    "centered RMSprop": {"class": "RMSprop", "momentum": 0.5, "centered": True},
    "Adagrad": {"class": "Adagrad"},
    "Adadelta": {"class": "Adadelta", "learning_rate": 1.0},
    "Adam": {"class": "Adam"},
    "AMSGrad": {"class": "Adam", "amsgrad": True},
    "AdamW": {"class": "AdamW"},
    "Adamax": {"class": "Adamax"},
    "Nadam": {"class": "Nadam"},
    "Lion": {"class": "Lion"},
    "clipnorm": {"class": "Adam", "clipnorm": 0.05},
    "global clipnorm": {"class": "SGD", "global_clipnorm": 0.05},
    "clipvalue": {"class": "SGD", "clipvalue": 0.01},
    "weight decay": {"class": "SGD", "weight_decay": 0.1},
}


@pytest.mark.parametrize(("name", "engine"), both(OPTIMIZERS, tuple(OPTIMIZERS)))
def test_an_optimizer_makes_the_steps_of_keras_3(
    name: str, engine: str, workers: Callable[[str], Worker]
) -> None:
    import keras

    said = dict(OPTIMIZERS[name])
    optimizer = getattr(keras.optimizers, said.pop("class"))(**said)
    pair = Pair(workers(engine), engine, chain((6,), L.Dense(4, activation="tanh")))
    pair.prepare(optimizer)
    targets = pair.random.normal(size=(ROWS, 4)).astype("float32")
    assert pair.training_difference(pair.inputs(), [targets]) < TRAINED


LOSSES: dict[str, tuple[str, dict[str, Any]]] = {
    "categorical": ("CategoricalCrossentropy", {}),
    "categorical of sigmoids": ("CategoricalCrossentropy", {}),
    "categorical of logits": ("CategoricalCrossentropy", {"from_logits": True}),
    "smoothed": ("CategoricalCrossentropy", {"label_smoothing": 0.1}),
    "sparse": ("SparseCategoricalCrossentropy", {}),
    "binary": ("BinaryCrossentropy", {}),
    "binary of logits": ("BinaryCrossentropy", {"from_logits": True}),
    "squared": ("MeanSquaredError", {}),
    "absolute": ("MeanAbsoluteError", {}),
    "percentage": ("MeanAbsolutePercentageError", {}),
    "logarithmic": ("MeanSquaredLogarithmicError", {}),
    "cosine": ("CosineSimilarity", {}),
    "huber": ("Huber", {"delta": 0.3}),
    "log cosh": ("LogCosh", {}),
    "divergence": ("KLDivergence", {}),
    "poisson": ("Poisson", {}),
    "hinge": ("Hinge", {}),
    "squared hinge": ("SquaredHinge", {}),
    "categorical hinge": ("CategoricalHinge", {}),
    "sum": ("MeanSquaredError", {"reduction": "sum"}),
}


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("name", "engine"), both(LOSSES, tuple(LOSSES)))
def test_a_loss_has_the_value_and_gradient_of_keras_3(
    name: str, engine: str, weighted: bool, workers: Callable[[str], Worker]
) -> None:
    import keras

    if name == "categorical of sigmoids" and keras.backend.backend() == "tensorflow":
        pytest.skip("Keras 3.15 takes a sigmoid for a softmax there, on TensorFlow alone")

    from kerasgen.engines.legacy.translation.translated_objective import said_losses
    from kerasgen.ir.program import CompileDef
    from kerasgen.ir.values import ObjectDef

    cls, options = LOSSES[name]
    logits = options.get("from_logits", False)
    softmax = "Categorical" in cls and "Hinge" not in cls and not name.endswith("sigmoids")
    activation = "linear" if logits else "softmax" if softmax else "sigmoid"
    model = chain((6,), L.Dense(4, activation=activation))
    pair = Pair(workers(engine), engine, model)
    said = said_losses(model, CompileDef(loss=ObjectDef(cls=cls, arguments=options)))
    pair.prepare("sgd", getattr(keras.losses, cls)(**options), said)
    places = pair.random.integers(0, 4, size=ROWS)
    targets = np.eye(4, dtype="float32")[places]
    if cls.startswith("Sparse"):
        targets = places
    elif cls in ("MeanAbsolutePercentageError", "KLDivergence"):
        targets = pair.random.uniform(0.2, 0.8, size=(ROWS, 4)).astype("float32")
    weights = pair.random.uniform(0.1, 2, size=ROWS).astype("float32") if weighted else None
    assert pair.training_difference(pair.inputs(), [targets], weights=weights) < TRAINED


@pytest.mark.parametrize("engine", ["cntk", pytest.param("theano", marks=pytest.mark.slow)])
def test_penalties_and_constraints_are_those_of_keras_3(
    engine: str, workers: Callable[[str], Worker]
) -> None:
    dense = L.Dense(
        5,
        activation="tanh",
        kernel_regularizer={"class_name": "L1L2", "config": {"l1": 0.01, "l2": 0.02}},
        activity_regularizer="l2",
        kernel_constraint="max_norm",
        bias_constraint="non_neg",
    )
    ended = L.Dense(3, kernel_constraint="unit_norm", bias_regularizer="l1")
    penalty = L.ActivityRegularization(l1=0.01, l2=0.02)
    pair = Pair(workers(engine), engine, chain((6,), dense, penalty, ended))
    pair.prepare("adam")
    targets = pair.random.normal(size=(ROWS, 3)).astype("float32")
    assert pair.training_difference(pair.inputs(), [targets]) < TRAINED
