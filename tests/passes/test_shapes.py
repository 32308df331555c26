"""The walk over a graph: who is asked, who is blamed, what is passed over. No Keras here."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from kerasgen.catalog.entries import LayerCost, ShapeError, ShapeOracle
from kerasgen.diagnostics import Sink
from kerasgen.ir.graph import Call, LayerDef, ModelGraph
from kerasgen.ir.model import InputDef, TensorRef
from kerasgen.ir.values import ObjectDef, TensorSpec
from kerasgen.passes.shapes import infer_shapes, report_call, shown_shape


class Oracle(ShapeOracle):
    """Gives what its class names say: `Bad` fails, `Refused` cannot be made, `Two` gives two."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.made: list[str] = []

    def enter(self, name: str, spec: TensorSpec) -> None:
        self.asked.append(name)

    def call(self, call: Call, layer: LayerDef) -> tuple[TensorSpec, ...]:
        self.asked.append(call.name)
        cls = layer.definition.cls if isinstance(layer.definition, ObjectDef) else "Model"
        if cls == "Refused":
            raise ShapeError("no such units", argument="units", refused=True)
        if cls == "Bad":
            raise ShapeError("too small")
        if cls == "Nothing":
            raise ShapeError("gives no tensor", unusable=True)
        spec = TensorSpec(shape=(None, len(self.asked)))
        return (spec, spec) if cls == "Two" else (spec,)

    def chain(self, graph: ModelGraph) -> Sequence[tuple[TensorSpec, ...]] | None:
        return None

    def make(self, layer: LayerDef) -> None:
        self.made.append(layer.name)
        if isinstance(layer.definition, ObjectDef) and layer.definition.cls == "Refused":
            raise ShapeError("no such units", argument="units", refused=True)

    def has(self, layer: str) -> bool:
        return layer in self.made

    def child(self) -> ShapeOracle:
        raise NotImplementedError

    def adopt(self, layer: str, graph: ModelGraph, inside: ShapeOracle) -> None:
        raise NotImplementedError

    def inside(self, layer: str) -> ShapeOracle | None:
        return None

    def cost(self, layer: str) -> LayerCost:
        raise NotImplementedError


def walked(
    *classes: str, takes: Mapping[int, TensorRef] | None = None
) -> tuple[dict[str, Any], list[tuple[str, str]], Oracle]:
    """Walks a chain `l0`, `l1`, … of the given classes."""
    calls, layers, above = [], {}, "input"
    for index, cls in enumerate(classes):
        name = f"l{index}"
        path = f"model.layers.{name}"
        made = ObjectDef(cls=cls, arguments={"units": 1}, path=path)
        layers[name] = LayerDef(name=name, definition=made, path=path)
        reference = (takes or {}).get(index, TensorRef(name=above, path=path))
        calls.append(Call(name=name, layer=name, operands=(reference,), path=path))
        above = name
    graph = ModelGraph(
        name="m",
        kind="Functional",
        inputs=(InputDef(name="input"),),
        layers=layers,
        calls=tuple(calls),
        outputs=TensorRef(name=above, path=f"model.layers.{above}"),
    )
    sink, oracle = Sink(), Oracle()
    specs = infer_shapes(graph, {"input": TensorSpec(shape=(None, 4))}, oracle, sink)
    found = [(d.code, d.location.key) for d in sink.diagnostics if d.location is not None]
    return specs, found, oracle


def test_every_call_is_asked_in_order() -> None:
    specs, found, oracle = walked("Good", "Good")
    assert found == []
    assert oracle.asked == ["input", "l0", "l1"]
    assert specs["l1"][0].shape == (None, 3)


def test_only_the_first_fault_of_a_chain_is_told() -> None:
    specs, found, oracle = walked("Good", "Bad", "Bad", "Bad")
    assert found == [("KG401", "model.layers.l1")]
    assert oracle.asked == ["input", "l0", "l1"]
    assert list(specs) == ["input", "l0"]


@pytest.mark.parametrize(("width", "told"), [(None, "name the words"), (4, None)])
def test_a_hint_is_told_of_a_tensor_whose_width_is_not_known(
    width: int | None, told: str | None
) -> None:
    made = ObjectDef(cls="Bad")
    layer = LayerDef(name="a", definition=made, path="model.layers.a")
    taken = TensorRef(name="input", path="model.layers.a")
    call = Call(name="a", layer="a", operands=(taken,), path="model.layers.a")
    specs = {"input": (TensorSpec(shape=(None, width)),)}
    sink = Sink()
    report_call(call, layer, ShapeError("too small"), specs, sink, "name the words")
    assert [d.help for d in sink.diagnostics] == [told]


def test_what_stands_behind_a_fault_is_made_for_its_arguments() -> None:
    _, found, oracle = walked("Bad", "Good", "Refused")
    assert found == [("KG401", "model.layers.l0"), ("KG206", "model.layers.l2.units")]
    assert oracle.made == ["l1", "l2"]


def test_what_gives_no_tensor_cannot_be_an_entry() -> None:
    assert walked("Nothing")[1] == [("KG307", "model.layers.l0")]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (TensorRef(name="l0", index=1, path="p"), []),
        (TensorRef(name="l0", index=2, path="p"), [("KG301", "p")]),
        (TensorRef(name="l0", path="p"), [("KG306", "p")]),
        (TensorRef(name="input", index=0, path="p"), []),
        (TensorRef(name="input", index=1, path="p"), [("KG301", "p")]),
    ],
)
def test_an_output_is_chosen_by_its_number(
    reference: TensorRef, expected: list[tuple[str, str]]
) -> None:
    assert walked("Two", "Good", takes={1: reference})[1] == expected


def test_a_model_gives_back_one_tensor_of_an_entry_with_several() -> None:
    assert walked("Two")[1] == [("KG306", "model.layers.l0")]


def test_shapes_are_shown_as_keras_prints_them() -> None:
    assert shown_shape((None, 28, 28)) == "(None, 28, 28)"
    assert shown_shape((None,)) == "(None,)"
    assert shown_shape(()) == "()"
