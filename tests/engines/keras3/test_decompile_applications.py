"""Every model of `keras.applications` there and back: same weights, same outputs, difference 0."""

import gc
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf

from kerasgen.diagnostics import Sink

Rebuild = Callable[[str], Any]

# fmt: off
NAMES = [
    "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtSmall", "ConvNeXtTiny", "ConvNeXtXLarge",
    "DenseNet121", "DenseNet169", "DenseNet201", "EfficientNetB0", "EfficientNetB1",
    "EfficientNetB2", "EfficientNetB3", "EfficientNetB4", "EfficientNetB5", "EfficientNetB6",
    "EfficientNetB7", "EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2",
    "EfficientNetV2B3", "EfficientNetV2L", "EfficientNetV2M", "EfficientNetV2S",
    "InceptionResNetV2", "InceptionV3", "MobileNet", "MobileNetV2", "MobileNetV3Large",
    "MobileNetV3Small", "NASNetLarge", "NASNetMobile", "ResNet101", "ResNet101V2", "ResNet152",
    "ResNet152V2", "ResNet50", "ResNet50V2", "VGG16", "VGG19", "Xception",
]
# fmt: on


@pytest.fixture
def rebuild(build_model: Callable[..., Any]) -> Rebuild:
    """Compiles the text of a `model` config as it comes out of Hydra, and gives it weights."""

    def make(text: str) -> Any:
        from kerasgen.frontend.expand.expressions import unescaped
        from kerasgen.frontend.expand.whole_model import expand_model

        section = OmegaConf.to_container(OmegaConf.create(text), resolve=True)
        sink = Sink()
        section = unescaped(expand_model(section, "model", sink).section)
        sink.stop_on_errors()
        assert isinstance(section, dict)
        inputs = {name: facts["shape"] for name, facts in section["inputs"].items()}
        return build_model(section, inputs).model

    return make


def assert_same(name: str, text: str, rebuild: Rebuild, folder: Path) -> None:
    """Holds a config against the application: weights out of a file of Keras's, and outputs."""
    import keras

    original = getattr(keras.applications, name)(weights=None)
    remade = rebuild(text)
    weights = original.get_weights()
    assert [w.shape for w in weights] == [w.shape for w in remade.get_weights()]
    random = np.random.default_rng(3)
    # Fresh weights hide a wrong order, since zeros and ones are alike; far ones overflow.
    moved = [
        (w * random.uniform(0.9, 1.1, w.shape) + random.uniform(0, 1e-3, w.shape)).astype(w.dtype)
        for w in weights
    ]
    original.set_weights(moved)
    file = folder / "moved.weights.h5"
    original.save_weights(file)
    for model in (original, remade):  # `Normalization` works with new weights only once loaded.
        model.load_weights(file)
    file.unlink()
    shape = (1, *(size or 64 for size in original.input_shape[1:]))
    image = random.uniform(0, 1, shape).astype("float32")
    # What the last layer takes is compared too: a softmax over far scores is all zeros and ones.
    whole = [keras.Model(m.inputs[0], [m.output, m.layers[-1].input]) for m in (remade, original)]
    ours, theirs = ([keras.ops.convert_to_numpy(t) for t in model(image)] for model in whole)
    assert all(np.isfinite(array).all() for array in ours)
    assert np.unique(ours[1]).size > 100, "equal features would compare nothing"
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.usefixtures("engine")
def test_the_list_of_applications_is_complete() -> None:
    import keras

    found = inspect.getmembers(keras.applications, inspect.isfunction)
    assert sorted(NAMES) == sorted(name for name, _ in found if name[0].isupper())


@pytest.mark.slow
@pytest.mark.usefixtures("engine")
def test_mobilenet_comes_back_with_difference_0(rebuild: Rebuild, tmp_path: Path) -> None:
    from kerasgen.engines.keras3.decompile.text import import_model

    made = import_model("MobileNetV3Small", Sink())
    assert made.parameters == 2_554_968
    assert_same("MobileNetV3Small", made.text, rebuild, tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("folded", [True, False], ids=["folded", "plain"])
def test_every_application_comes_back_with_difference_0(
    name: str, folded: bool, rebuild: Rebuild, engine: str, tmp_path: Path
) -> None:
    from kerasgen.engines.keras3.decompile.text import import_model

    if name.startswith("NASNet") and engine == "torch":
        pytest.skip("Keras's NASNet refuses torch")
    made = import_model(name, Sink(), folded=folded)
    assert_same(name, made.text, rebuild, tmp_path)
    gc.collect()
