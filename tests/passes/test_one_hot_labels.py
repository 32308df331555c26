"""Labels in the form that losses and metrics read, held against what Keras computes."""

import inspect
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kerasgen.diagnostics import Sink
from kerasgen.ir.data import DataDef
from kerasgen.ir.model import TensorRef
from kerasgen.ir.program import CompileDef, Loss
from kerasgen.ir.values import ObjectDef, TensorSpec
from kerasgen.passes.ends import OutputSpec
from kerasgen.passes.one_hot_labels import (
    Encoded,
    check_class_axis,
    encode_labels,
    reads_indices,
    twin,
)

CLASSES, LABELS = 5, np.array([0, 1, 2, 3, 4, 0, 2])
HOT = np.eye(CLASSES, dtype="float32")[LABELS]
ARGUMENTS = {
    "MeanIoU": {"num_classes": CLASSES},
    "OneHotMeanIoU": {"num_classes": CLASSES},
    "IoU": {"num_classes": CLASSES, "target_class_ids": [0, 1]},
    "OneHotIoU": {"num_classes": CLASSES, "target_class_ids": [0, 1]},
}
READ_NEITHER = {"CTC", "Circle", "Accuracy", "MeanMetricWrapper", "MeanIoU", "IoU"}
"""Sequences, embeddings, and predicted classes: not scores of classes."""


def scores(labels: Any) -> Any:
    found = np.full((len(labels), CLASSES), 0.06, "float32")
    found[np.arange(len(labels)), labels] = 0.76
    return found


def shipped() -> Iterator[tuple[str, type]]:
    import keras

    for kind, module in (("loss", keras.losses), ("metric", keras.metrics)):
        base = keras.losses.Loss if kind == "loss" else keras.metrics.Metric
        for name, cls in vars(module).items():
            if inspect.isclass(cls) and issubclass(cls, base) and cls.__name__ == name:
                yield kind, cls


def computed(kind: str, cls: type, truth: Any) -> Any:
    required = [
        name
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.default is parameter.empty and parameter.kind.name == "POSITIONAL_OR_KEYWORD"
    ]
    made = cls(**ARGUMENTS.get(cls.__name__, dict.fromkeys(required, 0.5)))
    if kind == "loss":
        return np.asarray(made(truth, scores(LABELS)))
    made.update_state(truth, scores(LABELS))
    return np.asarray(made.result())


@pytest.mark.filterwarnings("ignore")
def test_what_reads_indices_is_what_keras_can_compute_of_them_alone(engine: str) -> None:
    wrong, seen = [], 0
    for kind, cls in shipped():
        if cls.__name__ in READ_NEITHER or cls.__name__ in ("Loss", "Metric"):
            continue
        outcomes = []
        for truth in (LABELS.astype("int32"), HOT):
            try:
                computed(kind, cls, truth)
                outcomes.append(True)
            except Exception:  # Each backend has errors of its own.
                outcomes.append(False)
        seen += 1
        # What broadcasts both without a word was seen to look at one-hot rows alone.
        expected = outcomes == [True, False]
        if expected != reads_indices(cls.__name__):
            wrong.append((kind, cls.__name__, outcomes))
    assert wrong == []
    assert seen > 50


@pytest.mark.parametrize(
    "name",
    [
        "SparseCategoricalCrossentropy",
        "SparseCategoricalAccuracy",
        "SparseTopKCategoricalAccuracy",
    ],
)
def test_a_twin_computes_the_same_under_the_same_name(engine: str, name: str) -> None:
    import keras

    arguments = {"k": 2} if "TopK" in name else {}
    twins = twin(ObjectDef(cls=name, arguments=arguments), named=True)
    assert isinstance(twins, ObjectDef)
    one = getattr(keras.metrics, name)(**arguments)
    other = getattr(keras.metrics, twins.cls)(**twins.arguments)
    one.update_state(LABELS, scores((LABELS + 1) % CLASSES))
    other.update_state(HOT, scores((LABELS + 1) % CLASSES))
    assert other.name == one.name
    assert np.asarray(other.result()) == pytest.approx(np.asarray(one.result()))


def encoded(
    loss: Loss,
    *metrics: Loss,
    target: Any = (None,),
    own: str = "",
    places: tuple[int, ...] = (),
    backend: str = "jax",
) -> tuple[Any, Sink]:
    output = OutputSpec(
        name="out",
        tensor=TensorRef(name="out"),
        spec=TensorSpec(shape=(None, *places, 10)),
        task="classification",
        target=TensorSpec(shape=(*target[:1], *places, *target[1:])),
        classes=10,
        path="model.layers.out",
    )
    data = DataDef(
        source=ObjectDef(cls="Arrays"), features={}, target={"": "kind"}, task={"": output.task}
    )
    sink = Sink()
    written = CompileDef(loss=loss, metrics=metrics)
    found = encode_labels([output], written, data, lambda name: name == own, backend, sink)
    return found, sink


@pytest.mark.parametrize(
    ("metrics", "because"),
    [
        (("accuracy",), ()),
        (("sparse_categorical_accuracy", "SparseTopKCategoricalAccuracy"), ()),
        (("accuracy", "recall"), ("recall",)),
        ((ObjectDef(cls="F1Score"), "AUC"), ("F1Score", "AUC")),
    ],
)
def test_indices_become_one_hot_rows_where_something_needs_them(
    metrics: tuple[Loss, ...], because: tuple[str, ...]
) -> None:
    found, sink = encoded("sparse_categorical_crossentropy", *metrics)
    assert isinstance(found, Encoded)
    assert found.because == ({"out": because} if because else {})
    assert found.outputs[0].encoded is bool(because)
    changed = ObjectDef(cls="CategoricalCrossentropy", bare=True)
    wanted = changed if because else "sparse_categorical_crossentropy"
    assert found.objective.loss == wanted
    assert sink.diagnostics == []


def test_a_metric_that_reads_indices_gets_its_twin_beside_one_hot_labels() -> None:
    found, _ = encoded("categorical_crossentropy", "sparse_categorical_accuracy", target=(None, 10))
    assert found.objective.metrics == (
        ObjectDef(cls="CategoricalAccuracy", arguments={"name": "sparse_categorical_accuracy"}),
    )


@pytest.mark.parametrize(
    ("loss", "own"),
    [
        ("focal", "focal"),
        (ObjectDef(cls="SparseCategoricalCrossentropy", arguments={"ignore_class": 0}), ""),
    ],
)
def test_what_cannot_be_given_one_hot_rows_is_told_with_the_line_to_write(
    loss: Loss, own: str
) -> None:
    _, sink = encoded(loss, "recall", own=own)
    (found,) = sink.diagnostics
    assert (found.code, found.location and found.location.key) == ("KG510", "compile.metrics.0")
    assert "kind: {class: CategoryEncoding, num_tokens: 10" in str(found.help)


def test_labels_at_each_place_want_the_channels_last() -> None:
    output = OutputSpec(
        name="kinds",
        tensor=TensorRef(name="kinds"),
        spec=TensorSpec(shape=(None, 8, 8, 3)),
        task="classification",
        target=TensorSpec(shape=(None, 8, 8)),
        classes=3,
        path="model.layers.kinds",
    )
    sink = Sink()
    check_class_axis([output, replace(output, task="regression")], sink)
    (found,) = sink.diagnostics
    assert (found.code, found.location and found.location.key) == (
        "KG512",
        "backend.image_data_format",
    )


def test_a_loss_of_ones_own_gets_the_labels_as_they_are() -> None:
    found, sink = encoded("focal", "accuracy", own="focal")
    assert (found.because, sink.diagnostics) == ({}, [])


SPARSE = "sparse_categorical_crossentropy"


@pytest.mark.parametrize(
    ("places", "backend", "arguments", "fed"),
    [
        ((4, 4), "torch", {}, "one_hot"),
        ((4, 4), "torch", {"from_logits": True}, "indices"),
        ((4, 4), "jax", {}, "indices"),
        ((4,), "torch", {}, "indices"),
        ((4, 4, 4), "torch", {}, "indices"),
        ((), "torch", {}, "indices"),
    ],
)
def test_labels_at_each_place_of_a_picture_are_one_hot_where_torch_finds_no_gradient(
    places: tuple[int, ...], backend: str, arguments: dict[str, Any], fed: str
) -> None:
    loss = ObjectDef(cls="SparseCategoricalCrossentropy", arguments=arguments)
    found, sink = encoded(loss, "accuracy", places=places, backend=backend)
    assert sink.diagnostics == []
    assert found.outputs[0].fed == fed
    assert found.objective.loss.cls.startswith("Categorical") == (fed == "one_hot")


def test_a_loss_of_places_that_torch_cannot_train_with_is_told() -> None:
    loss = ObjectDef(cls="SparseCategoricalCrossentropy", arguments={"ignore_class": 255})
    _, sink = encoded(loss, places=(4, 4), backend="torch")
    (found,) = sink.diagnostics
    assert (found.code, found.location and found.location.key) == ("KG515", "compile.loss")
    assert "from_logits" in (found.help or "")
    _, sink = encoded(loss, places=(4, 4))
    assert sink.diagnostics == []


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_torch_finds_a_gradient_of_all_probabilities_but_those_of_pictures(
    engine: str, axes: int
) -> None:
    import keras

    if engine != "torch":
        pytest.skip("only PyTorch finds none")
    shape = (2, *[4] * axes)
    model = keras.Sequential([keras.Input((*shape[1:], 3)), keras.layers.Dense(3, "softmax")])
    model.compile("adam", SPARSE)
    x, y = np.ones((*shape, 3), "float32"), np.zeros(shape, "int64")
    if axes == 2:
        with pytest.raises(RuntimeError, match="must be contiguous"):
            model.fit(x, y, verbose=0)
    else:
        assert model.fit(x, y, verbose=0).history["loss"]
