"""Loss and metrics: what is inferred, and what is told beforehand. No Keras here."""

from typing import Any

import pytest

from kerasgen.diagnostics import Sink
from kerasgen.ir.graph import Call, LayerDef, ModelGraph
from kerasgen.ir.model import InputDef, TensorRef
from kerasgen.ir.program import CompileDef
from kerasgen.ir.values import ObjectDef, TensorSpec
from kerasgen.passes.ends import OutputSpec
from kerasgen.passes.objective import last_activation, settle_objective


def output(
    name: str = "out", task: str = "classification", size: int = 10, target: Any = (None,)
) -> OutputSpec:
    return OutputSpec(
        name=name,
        tensor=TensorRef(name=name),
        spec=TensorSpec(shape=(None, size)),
        task=task,
        target=None if target is None else TensorSpec(shape=target),
        classes=None,
        path=f"model.layers.{name}",
    )


def graph(**made: ObjectDef) -> ModelGraph:
    return ModelGraph(
        name="m",
        kind="Functional",
        inputs=(InputDef(name="input"),),
        layers={name: LayerDef(name=name, definition=one) for name, one in made.items()},
        calls=tuple(Call(name=name, layer=name) for name in made),
        outputs=TensorRef(name=next(iter(made))),
    )


def dense(activation: str | None) -> ObjectDef:
    return ObjectDef(
        cls="Dense", arguments={} if activation is None else {"activation": activation}
    )


def settled(
    written: CompileDef, *outputs: OutputSpec, activation: str | None = "softmax"
) -> tuple[CompileDef, list[str]]:
    sink = Sink()
    model = graph(**{one.name: dense(activation) for one in outputs})
    return settle_objective(written, outputs, model, sink), [d.code for d in sink.diagnostics]


@pytest.mark.parametrize(
    ("out", "activation", "loss"),
    [
        (output(), "softmax", "sparse_categorical_crossentropy"),
        (output(target=(None, 10)), "softmax", "categorical_crossentropy"),
        (output(size=1), "sigmoid", "binary_crossentropy"),
        (output(task="multilabel", target=(None, 10)), "sigmoid", "binary_crossentropy"),
        (output(task="regression"), None, "mean_squared_error"),
        (output(task="autoencoding"), "sigmoid", "mean_squared_error"),
    ],
)
def test_a_loss_follows_from_task_and_output(
    out: OutputSpec, activation: str | None, loss: str
) -> None:
    found, codes = settled(CompileDef(), out, activation=activation)
    assert (found.loss, codes) == (loss, [])


@pytest.mark.parametrize(
    ("size", "target", "cls"),
    [
        (10, (None,), "SparseCategoricalCrossentropy"),
        (10, (None, 10), "CategoricalCrossentropy"),
        (1, (None,), "BinaryCrossentropy"),
    ],
)
def test_an_output_without_activation_is_taken_for_logits(size: int, target: Any, cls: str) -> None:
    found, codes = settled(CompileDef(), output(size=size, target=target), activation=None)
    assert found.loss == ObjectDef(cls=cls, arguments={"from_logits": True})
    assert codes == []


def test_metrics_follow_from_the_task_unless_they_are_written() -> None:
    assert settled(CompileDef(), output())[0].metrics == ("accuracy",)
    assert settled(CompileDef(), output(task="regression"))[0].metrics == ("mean_absolute_error",)
    assert settled(CompileDef(), output(task="autoencoding"))[0].metrics == ()
    assert settled(CompileDef(metrics=()), output())[0].metrics == ()
    logit = settled(CompileDef(), output(size=1), activation=None)[0].metrics
    assert logit == (ObjectDef(cls="BinaryAccuracy", arguments={"threshold": 0.0}),)


def test_several_outputs_are_keyed_by_name() -> None:
    found, codes = settled(CompileDef(), output("a"), output("b", task="regression", size=1))
    assert found.loss == {"a": "sparse_categorical_crossentropy", "b": "mean_squared_error"}
    assert found.metrics == {"a": ("accuracy",), "b": ("mean_absolute_error",)}
    assert codes == []


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        (CompileDef(loss={"a": "mse"}), ["KG203"]),
        (CompileDef(loss={"a": "mse", "b": "mse", "c": "mse"}), ["KG107"]),
        (CompileDef(metrics=("mae",)), ["KG204"]),
        (CompileDef(metrics={"c": ("mae",)}), ["KG107"]),
        (CompileDef(loss_weights={"c": 1.0}), ["KG107"]),
    ],
)
def test_names_of_outputs_are_checked(written: CompileDef, codes: list[str]) -> None:
    outputs = (output("a", task="regression"), output("b", task="regression"))
    assert settled(written, *outputs, activation=None)[1] == codes


@pytest.mark.parametrize(
    ("loss", "activation", "target", "codes"),
    [
        ("sparse_categorical_crossentropy", "softmax", (None,), []),
        ("sparse_categorical_crossentropy", None, (None,), ["KG701"]),
        ("sparse_categorical_crossentropy", "softmax", (None, 10), ["KG403"]),
        ("SparseCategoricalCrossentropy", "softmax", (None, 10), ["KG403"]),
        ("categorical_crossentropy", "softmax", (None,), []),
        ("categorical_crossentropy", "softmax", (None, 10), []),
        (ObjectDef(cls="SparseCategoricalCrossentropy", arguments={"from_logits": True}),
         "softmax", (None,), ["KG701"]),
        (ObjectDef(cls="losses.SparseCategoricalCrossentropy", arguments={"from_logits": True}),
         None, (None,), []),
        ("mse", None, (None,), []),
        ("categorical_crossentropy", "softmax", None, []),
    ],
)  # fmt: skip
def test_a_loss_is_held_against_output_and_target(
    loss: Any, activation: str | None, target: Any, codes: list[str]
) -> None:
    found = settled(CompileDef(loss=loss), output(target=target), activation=activation)
    assert found[1] == codes


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (dense("relu"), "relu"),
        (dense(None), "linear"),
        (ObjectDef(cls="Softmax"), "softmax"),
        (ObjectDef(cls="ops.sigmoid"), "sigmoid"),
        (ObjectDef(cls="Flatten"), None),
        (ObjectDef(cls="Activation", arguments={"activation": "softmax"}), "softmax"),
        (ObjectDef(cls="Dense", arguments={"activation": ObjectDef(cls="ReLU")}), None),
    ],
)
def test_the_last_activation_is_read_off_the_last_layer(
    made: ObjectDef, expected: str | None
) -> None:
    assert last_activation(output("out"), graph(out=made)) == expected
