"""The classics that are shipped as `conf/model/`: each has the parameters of its paper.

The counts come from the papers, from `keras.applications`, or from a model written here by hand
with Keras alone; they are never read off our own configs.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import prod
from typing import Any

import pytest

Compile = Callable[..., Any]


@pytest.fixture
def classic(compile_config: Compile, config_files: Callable[..., str]) -> Callable[..., Any]:
    """Compiles a shipped model for inputs of the given shapes; its weights have no memory."""

    def compile_(
        name: str,
        shapes: Mapping[str, Sequence[int | None]],
        *overrides: str,
        classes: int = 2,
        target: Sequence[int | None] = (),
    ) -> Any:
        data = {
            "source": {"class": "ScikitLearn", "name": "digits"},
            "features": {key: [key] for key in shapes},
            "target": "label",
            "task": "classification",
            "facts": {
                "shape": {key: list(shape) for key, shape in shapes.items()},
                "classes": classes,
                **({"target_shape": list(target)} if target else {}),
            },
        }
        folder = config_files({"data/mine.yaml": json.dumps(data)})
        compiled, diagnostics = compile_config([f"model={name}", "data=mine", *overrides], folder)
        assert [d.message for d in diagnostics if d.severity == "error"] == []
        return compiled

    return compile_


IMAGE = {"image": (224, 224, 3)}

PAPERS = [
    # 12 weights of pooling and 1,516 of the partly connected c3 are the paper's own figures.
    ("lenet5", {"image": (28, 28, 1)}, 10, 60_000),
    ("vgg16", IMAGE, 1000, 138_357_544),
    ("resnet20", {"image": (32, 32, 3)}, 10, 269_722),
    # The published Caffe model, whose auxiliary classifiers are left out as well.
    ("googlenet", IMAGE, 1000, 6_998_552),
    ("vit_tiny", IMAGE, 1000, 5_717_416),
    ("siamese", {"left": (105, 105, 1), "right": (105, 105, 1)}, 2, 38_951_745),
]


@pytest.mark.parametrize(("name", "shapes", "classes", "parameters"), PAPERS)
def test_a_classic_trains_the_parameters_of_its_paper(
    classic: Callable[..., Any],
    name: str,
    shapes: Mapping[str, Sequence[int]],
    classes: int,
    parameters: int,
) -> None:
    assert classic(name, shapes, classes=classes).cost.trainable == parameters


APPLICATIONS = [
    ("vgg16", "VGG16", 138_357_544),
    ("resnet50", "ResNet50", 25_636_712),
    ("mobilenet_v2", "MobileNetV2", 3_538_984),
    ("densenet121", "DenseNet121", 8_062_504),
]


@pytest.mark.parametrize(("name", "application", "parameters"), APPLICATIONS)
def test_a_classic_has_the_weights_of_keras_applications(
    classic: Callable[..., Any],
    realize: Callable[..., Any],
    name: str,
    application: str,
    parameters: int,
) -> None:
    import keras

    from kerasgen.engines.keras3.deferred_weights import unallocated

    compiled = classic(name, IMAGE, classes=1000)
    with unallocated():
        wanted = getattr(keras.applications, application)(weights=None)
    assert compiled.cost.parameters == wanted.count_params() == parameters
    model = realize(compiled)
    assert _weights(model) == _weights(wanted)
    assert model.output_shape == wanted.output_shape


def _weights(model: Any) -> list[tuple[int, ...]]:
    return sorted(tuple(weight.shape) for weight in model.weights)


def test_the_unet_has_the_parameters_that_its_figure_adds_up_to(
    classic: Callable[..., Any],
) -> None:
    compiled = classic("unet", {"image": (64, 64, 1)}, target=(64, 64))
    widths = [1, 64, 128, 256, 512, 1024]
    down = sum(9 * a * b + b + 9 * b * b + b for a, b in pairwise(widths))
    up = sum(4 * 2 * b * b + b + 9 * 2 * b * b + b + 9 * b * b + b for b in widths[1:-1])
    assert compiled.cost.parameters == down + up + 64 * 2 + 2 == 31_030_658


def _by_hand(name: str) -> tuple[Any, Mapping[str, Sequence[int | None]]]:
    """A model as its example or paper has it, written with Keras alone."""
    from keras import Input, Model, layers

    if name == "transformer":
        tokens = Input((200,), dtype="int32", name="tokens")
        x = layers.Embedding(20_000, 32)(tokens) + layers.Embedding(200, 32)(tokens)
        attended = layers.MultiHeadAttention(num_heads=2, key_dim=32)(x, x)
        x = layers.LayerNormalization(epsilon=1e-6)(x + attended)
        hidden = layers.Dense(32)(layers.Dense(32, activation="relu")(x))
        x = layers.LayerNormalization(epsilon=1e-6)(x + hidden)
        x = layers.Dense(20, activation="relu")(layers.GlobalAveragePooling1D()(x))
        return Model(tokens, layers.Dense(2, activation="softmax")(x)), {"tokens": (200,)}
    if name == "seq2seq":
        source, target = (Input((None,), dtype="int32", name=n) for n in ("source", "target"))
        read, *state = layers.LSTM(256, return_sequences=True, return_state=True)(
            layers.Embedding(8000, 256)(source)
        )
        written = layers.LSTM(256, return_sequences=True)(
            layers.Embedding(8000, 256)(target), initial_state=state
        )
        both = layers.Concatenate()([written, layers.Attention()([written, read])])
        out = layers.Dense(8000)(layers.Dense(256, use_bias=False)(both))
        return Model([source, target], out), {"source": (None,), "target": (None,)}
    if name == "wavenet":
        samples = Input((None, 1), name="samples")
        x = layers.Conv1D(32, 2, padding="causal")(samples)
        skips = []
        for power in range(10):
            gated = layers.Conv1D(32, 2, padding="causal", dilation_rate=2**power)(x)
            gated *= layers.Conv1D(32, 2, padding="causal", dilation_rate=2**power)(x)
            skips.append(layers.Conv1D(32, 1)(gated))
            x = x + layers.Conv1D(32, 1)(gated) if power < 9 else x
        out = layers.Conv1D(256, 1)(layers.Conv1D(32, 1)(layers.Add()(skips)))
        return Model(samples, out), {"samples": (None, 1)}
    wide, deep = Input((20,), name="wide"), Input((30,), name="deep")
    x = deep
    for units in (256, 128, 64):
        x = layers.Dense(units)(x)
    out = layers.Dense(1)(layers.Concatenate()([wide, x]))
    return Model([wide, deep], out), {"wide": (20,), "deep": (30,)}


@pytest.mark.parametrize("name", ["transformer", "seq2seq", "wavenet", "wide_deep"])
def test_a_classic_has_the_weights_of_the_model_written_by_hand(
    classic: Callable[..., Any], realize: Callable[..., Any], engine: str, name: str
) -> None:
    from kerasgen.engines.keras3.deferred_weights import unallocated

    assert engine
    with unallocated():
        wanted, shapes = _by_hand(name)
    sequence = {"seq2seq": 8000, "wavenet": 256}
    compiled = classic(
        name, shapes, classes=sequence.get(name, 2), target=(None,) if name in sequence else ()
    )
    assert compiled.cost.parameters == sum(prod(shape) for shape in _weights(wanted))
    assert _weights(realize(compiled)) == _weights(wanted)
