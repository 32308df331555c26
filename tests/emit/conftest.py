"""Models built by hand from the IR, with the specs that the shape pass would find."""

from collections.abc import Sequence

import pytest

from kerasgen.ir.graph import Call, LayerDef, ModelGraph
from kerasgen.ir.model import InputDef, Operand, TensorRef
from kerasgen.ir.values import ObjectDef, Shape, TensorSpec, Value
from kerasgen.passes.shapes import Specs

Drawn = tuple[ModelGraph, Specs]


class Builder:
    """Collects layers and calls; each method returns the name of the tensor that it makes."""

    def __init__(self, name: str, prefix: str = "") -> None:
        self.name = name
        self.prefix = prefix
        self.inputs: list[InputDef] = []
        self.layers: dict[str, LayerDef] = {}
        self.calls: list[Call] = []
        self.specs: Specs = {}

    def input(self, name: str, *shape: int | None, dtype: str = "float32") -> str:
        self.inputs.append(InputDef(name=name, shape=shape, path=f"model.inputs.{name}"))
        self.specs[self.prefix + name] = (TensorSpec(shape=(None, *shape), dtype=dtype),)
        return name

    def add(
        self,
        name: str,
        cls: str | ModelGraph,
        takes: str | Sequence[str],
        /,
        *shapes: Shape,
        **arguments: Value,
    ) -> str:
        made = cls if isinstance(cls, ModelGraph) else ObjectDef(cls=cls, arguments=arguments)
        self.layers[name] = LayerDef(name=name, definition=made, path=f"model.layers.{name}")
        return self.call(name, name, takes, *shapes)

    def call(self, name: str, layer: str, takes: str | Sequence[str], *shapes: Shape) -> str:
        operand: Operand = (
            reference(takes) if isinstance(takes, str) else tuple(reference(t) for t in takes)
        )
        self.keep(Call(name=name, layer=layer, operands=(operand,), path=f"model.layers.{name}"))
        self.specs[self.prefix + name] = tuple(TensorSpec(shape=(None, *s)) for s in shapes)
        return name

    def keep(self, call: Call) -> None:
        self.calls.append(call)

    def graph(self, *outputs: str, kind: str = "Functional") -> ModelGraph:
        refs = tuple(reference(name) for name in outputs)
        return ModelGraph(
            name=self.name,
            kind="Sequential" if kind == "Sequential" else "Functional",
            inputs=tuple(self.inputs),
            layers=self.layers,
            calls=tuple(self.calls),
            outputs=refs[0] if len(refs) == 1 else refs,
            path="model",
        )


def reference(name: str) -> TensorRef:
    head, dot, index = name.rpartition(".")
    return TensorRef(name=head, index=int(index)) if dot else TensorRef(name=name)


@pytest.fixture
def builder() -> type[Builder]:
    """For a test that draws a model of its own."""
    return Builder


@pytest.fixture
def mlp() -> Drawn:
    return build_mlp()


@pytest.fixture
def residual() -> Drawn:
    return build_residual()


@pytest.fixture
def siamese() -> Drawn:
    return build_siamese()


@pytest.fixture
def nested() -> Drawn:
    return build_nested()


@pytest.fixture
def translation() -> Drawn:
    return build_translation()


@pytest.fixture(params=["mlp", "residual", "siamese", "nested", "translation"])
def drawn(request: pytest.FixtureRequest) -> Drawn:
    """Each of the models in turn."""
    made: Drawn = request.getfixturevalue(request.param)
    return made


def build_mlp() -> Drawn:
    made = Builder("mlp")
    made.input("input", 28, 28, 1)
    made.add("flatten", "Flatten", "input", (784,))
    made.add("hidden1", "Dense", "flatten", (128,), units=128, activation="relu")
    made.add("drop1", "Dropout", "hidden1", (128,), rate=0.2)
    made.add("scores", "Dense", "drop1", (10,), units=10, activation="softmax")
    return made.graph("scores", kind="Sequential"), made.specs


def build_residual(blocks: Sequence[int] = (4, 4, 4)) -> Drawn:
    """A residual network for 32x32 images: in each stage the given number of blocks."""
    made = Builder("resnet")
    made.input("image", 32, 32, 3)
    last = made.add("stem", "Conv2D", "image", (32, 32, 16), filters=16, kernel_size=3)
    size, filters = 32, 16
    for stage, count in enumerate(blocks):
        for block in range(count):
            name = f"stage{stage + 1}_{block}"
            strides = 2 if stage and not block else 1
            size, filters = size // strides, 16 * 2**stage
            shape = (size, size, filters)
            conv = {"filters": filters, "kernel_size": 3, "padding": "same"}
            inner = made.add(f"{name}_conv1", "Conv2D", last, shape, **conv, strides=strides)
            inner = made.add(f"{name}_norm1", "BatchNormalization", inner, shape)
            inner = made.add(f"{name}_relu1", "Activation", inner, shape, activation="relu")
            inner = made.add(f"{name}_conv2", "Conv2D", inner, shape, **conv)
            inner = made.add(f"{name}_norm2", "BatchNormalization", inner, shape)
            if strides > 1:
                last = made.add(
                    f"{name}_project",
                    "Conv2D",
                    last,
                    shape,
                    filters=filters,
                    kernel_size=1,
                    strides=2,
                )
            last = made.add(f"{name}_sum", "Add", [inner, last], shape)
            last = made.add(f"{name}_out", "Activation", last, shape, activation="relu")
    last = made.add("pool", "GlobalAveragePooling2D", last, (filters,))
    made.add("scores", "Dense", last, (10,), units=10, activation="softmax")
    return made.graph("scores"), made.specs


def build_siamese() -> Drawn:
    """Two inputs, two outputs, and layers that both inputs share."""
    made = Builder("siamese")
    made.input("left", 28, 28, 1)
    made.input("right", 28, 28, 1)
    made.add("flat", "Flatten", "left", (784,))
    made.call("flat_right", "flat", "right", (784,))
    made.add("tower", "Dense", "flat", (64,), units=64, activation="relu")
    made.call("tower_right", "tower", "flat_right", (64,))
    made.add("gap", "ops.subtract", ["tower", "tower_right"], (64,))
    made.add("size", "ops.abs", "gap", (64,))
    made.add("same", "Dense", "size", (1,), units=1, activation="sigmoid")
    made.add("digit", "Dense", "tower", (10,), units=10, activation="softmax")
    return made.graph("same", "digit"), made.specs


def build_nested() -> Drawn:
    """A nested model that holds another, called twice."""
    head = Builder("head", "tower/head/")
    head.input("input", 8)
    head.add("wide", "Dense", "input", (32,), units=32, activation="gelu")
    head.add("narrow", "Dense", "wide", (8,), units=8)
    tower = Builder("tower", "tower/")
    tower.input("input", 28, 28, 1)
    tower.add("conv", "Conv2D", "input", (26, 26, 8), filters=8, kernel_size=3, activation="relu")
    tower.add("pool", "GlobalAveragePooling2D", "conv", (8,))
    tower.add("head", head.graph("narrow", kind="Sequential"), "pool", (8,))
    tower.add("mix", "Add", ["head", "pool"], (8,))
    made = Builder("pair")
    made.input("left", 28, 28, 1)
    made.input("right", 28, 28, 1)
    made.add("tower", tower.graph("mix"), "left", (8,))
    made.call("tower_right", "tower", "right", (8,))
    made.add("joined", "Concatenate", ["tower", "tower_right"], (16,))
    made.add("scores", "Dense", "joined", (2,), units=2)
    return made.graph("scores"), made.specs | tower.specs | head.specs


def build_translation() -> Drawn:
    """Tensors by argument name, several outputs of one layer, and call arguments."""
    made = Builder("translation")
    made.input("source", None, dtype="int32")
    made.input("target", None, dtype="int32")
    made.add("tokens", "Embedding", "source", (None, 64), input_dim=8000, output_dim=64)
    made.add("encoder", "LSTM", "tokens", (64,), (64,), (64,), units=64, return_state=True)
    made.add("wanted", "Embedding", "target", (None, 64), input_dim=8000, output_dim=64)
    made.layers["decoder"] = LayerDef(
        name="decoder",
        definition=ObjectDef(cls="LSTM", arguments={"units": 64, "return_sequences": True}),
    )
    made.keep(
        Call(
            name="decoder",
            layer="decoder",
            keyword_operands={
                "sequences": TensorRef(name="wanted"),
                "initial_state": (
                    TensorRef(name="encoder", index=1),
                    TensorRef(name="encoder", index=2),
                ),
            },
        )
    )
    made.specs["decoder"] = (TensorSpec(shape=(None, None, 64)),)
    made.layers["look"] = LayerDef(
        name="look",
        definition=ObjectDef(cls="MultiHeadAttention", arguments={"num_heads": 4, "key_dim": 16}),
    )
    made.keep(
        Call(
            name="look",
            layer="look",
            keyword_operands={
                "query": TensorRef(name="decoder"),
                "value": TensorRef(name="tokens"),
            },
            arguments={"use_causal_mask": False},
        )
    )
    made.specs["look"] = (TensorSpec(shape=(None, None, 64)),)
    made.add("words", "Dense", "look", (None, 8000), units=8000, activation="softmax")
    return made.graph("words"), made.specs
