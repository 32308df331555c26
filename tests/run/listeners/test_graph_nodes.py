"""A model as nodes: what each takes, and models inside models."""

from kerasgen.ir.graph import Call, LayerDef, ModelGraph
from kerasgen.ir.model import InputDef, TensorRef
from kerasgen.ir.values import ObjectDef
from kerasgen.run.listeners.graph_nodes import Node, graph_nodes


def dense(units: int) -> ObjectDef:
    return ObjectDef(cls="Dense", arguments={"units": units, "activation": None})


def inner() -> ModelGraph:
    return ModelGraph(
        name="inner",
        kind="Functional",
        inputs=(InputDef(name="x"),),
        layers={"hidden": LayerDef(name="hidden", definition=dense(2))},
        calls=(Call(name="hidden", layer="hidden", operands=(TensorRef(name="x"),)),),
        outputs=TensorRef(name="hidden"),
    )


def test_a_model_inside_a_model_is_drawn_below_its_name() -> None:
    graph = ModelGraph(
        name="outer",
        kind="Functional",
        inputs=(InputDef(name="a"),),
        layers={
            "inner": LayerDef(name="inner", definition=inner()),
            "add": LayerDef(name="add", definition=ObjectDef(cls="Add")),
        },
        calls=(
            Call(name="inner", layer="inner", operands=(TensorRef(name="a"),)),
            Call(
                name="add",
                layer="add",
                operands=((TensorRef(name="inner"), TensorRef(name="a")),),
            ),
        ),
        outputs=TensorRef(name="add"),
    )
    assert list(graph_nodes(graph)) == [
        Node(name="a", cls="InputLayer"),
        Node(name="inner/x", cls="InputLayer", inputs=("a",)),
        Node(name="inner/hidden", cls="Dense", inputs=("inner/x",), arguments={"units": "2"}),
        Node(name="add", cls="Add", inputs=("inner/hidden", "a")),
    ]
