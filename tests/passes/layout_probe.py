"""Compiles models channels first and channels last on one backend; run as a process by a test.

Prints a JSON object: model name to the shapes and the differences that were seen.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

MODELS = """
conv:
  layers:
    conv: {class: Conv2D, filters: 4, kernel_size: 3, padding: same, activation: relu}
    pool: MaxPooling2D
    deep: {class: SeparableConv2D, filters: 5, kernel_size: 3}
    flatten: Flatten
    scores: {class: Dense, units: 2}
norm:
  layers:
    conv: {class: Conv2D, filters: 4, kernel_size: 3, strides: 2}
    norm: BatchNormalization
    group: {class: GroupNormalization, groups: 2}
    act: {class: PReLU, shared_axes: [1, 2]}
    pool: GlobalAveragePooling2D
    scores: {class: Dense, units: 2}
branches:
  layers:
    one: {class: Conv2D, filters: 2, kernel_size: 3, padding: same}
    two: {class: DepthwiseConv2D, kernel_size: 3, padding: same, from: input}
    both: {class: Concatenate, from: [one, two]}
    skip: {class: Concatenate, from: [both, input]}
    scale: {class: Rescaling, scale: [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]}
    flatten: Flatten
    scores: {class: Dense, units: 2}
image:
  layers:
    down: {class: Conv2D, filters: 4, kernel_size: 3, strides: 2, padding: same}
    up: UpSampling2D
    paint: {class: Conv2DTranspose, filters: 3, kernel_size: 3, padding: same}
    soft: {class: Softmax}
reshape:
  layers:
    flatten: Flatten
    small: {class: Dense, units: 4}
    wide: {class: Dense, units: 144}
    image: {class: Reshape, target_shape: [6, 8, 3]}
pixels:
  layers:
    dense: {class: Dense, units: 3, activation: tanh}
    turn: {class: Permute, dims: [2, 1, 3]}
    back: {class: Permute, dims: [2, 1, 3]}
nested:
  inputs: {left: {shape: [6, 8, 3]}, right: {shape: [6, 8, 3]}}
  layers:
    tower:
      from: left
      layers:
        conv: {class: Conv2D, filters: 4, kernel_size: 3}
        norm: BatchNormalization
        pool: GlobalMaxPooling2D
    again: {is: tower, from: right}
    gap: {class: ops.subtract, from: [tower, again]}
    scores: {class: Dense, units: 2}
rows:
  inputs: {input: {shape: [16, 3]}}
  layers:
    conv: {class: Conv1D, filters: 4, kernel_size: 3}
    pool: MaxPooling1D
    flatten: Flatten
    scores: {class: Dense, units: 2}
volume:
  inputs: {input: {shape: [4, 5, 6, 2]}}
  layers:
    conv: {class: Conv3D, filters: 3, kernel_size: 2}
    pool: GlobalAveragePooling3D
    scores: {class: Dense, units: 2}
application:
  inputs: {input: {shape: [32, 32, 3]}}
  layers:
    base:
      class: applications.MobileNet
      weights: null
      alpha: 0.25
      include_top: false
      input_shape: [32, 32, 3]
    pool: GlobalMaxPooling2D
    scores: {class: Dense, units: 2}
film:
  inputs: {input: {shape: [3, 6, 8, 3]}}
  layers:
    each: {class: TimeDistributed, layer: {class: Conv2D, filters: 2, kernel_size: 3}}
    lstm: {class: ConvLSTM2D, filters: 2, kernel_size: 2}
    flatten: Flatten
    scores: {class: Dense, units: 2}
"""
IMAGES = ("image", "reshape", "pixels")
"""The models that give back an image, as autoencoders."""

SAVED = ("branches", "image", "nested")
"""The models that are saved and read again."""


def config(model: dict[str, Any], backend: str, layout: str, images: bool) -> dict[str, Any]:
    shapes = {name: item["shape"] for name, item in model.get("inputs", {}).items()}
    shapes = shapes or {"input": [6, 8, 3]}
    data = {
        "source": {"class": "Any"},
        "features": {name: name for name in shapes},
        "task": "autoencoding" if images else "classification",
        "facts": {"shape": shapes, "classes": 2},
    }
    return {
        "backend": {"backend": backend, "image_data_format": layout},
        "data": data if images else data | {"target": "label"},
        "model": model,
        "optimizer": "adam",
        "compile": {},
        "fit": {},
        "tracking": {},
        "seed": 5,
    }


def main(backend: str) -> None:
    from programs import read_program

    from kerasgen.catalog.entries import ClassEntry
    from kerasgen.diagnostics import Sink
    from kerasgen.engines.keras3.engine import Keras3Engine

    models = yaml.safe_load(MODELS)

    def program(name: str, layout: str) -> Any:
        written = config(models[name], backend, layout, name in IMAGES)
        return read_program(written, Sink())[0]

    Keras3Engine().start(program("conv", "channels_first").backend, Sink())
    import keras
    import numpy as np

    from kerasgen.compiler import compile_program
    from kerasgen.passes.outline import outline

    engine = Keras3Engine()
    catalog = engine.catalog().extended([ClassEntry(name="Any", kind="source", parameters={})])

    def compiled(name: str, layout: str) -> Any:
        keras.config.set_image_data_format(layout)
        outlined = outline(program(name, layout), catalog, Sink())
        made = engine.realize(compile_program(outlined, engine, catalog, Sink()), catalog)
        made.initialize()
        return made.model

    def numbers(outcome: Any) -> Any:
        return keras.ops.convert_to_numpy(outcome)

    def first(array: Any) -> Any:
        return np.moveaxis(array, -1, 1) if array.ndim >= 4 else array

    found = {}
    for name in models:
        last, moved = compiled(name, "channels_last"), compiled(name, "channels_first")
        random = np.random.default_rng(1)
        given = [
            random.normal(size=(2, *tensor.shape[1:])).astype("float32") for tensor in last.inputs
        ]
        keras.config.set_image_data_format("channels_last")
        expected = first(numbers(last(given[0] if len(given) == 1 else given)))
        keras.config.set_image_data_format("channels_first")
        turned = [first(array) for array in given]
        outcome = numbers(moved(turned[0] if len(turned) == 1 else turned))
        reloaded = outcome
        if name in SAVED:
            with tempfile.TemporaryDirectory() as folder:
                moved.save(Path(folder) / "model.keras")
                again = keras.models.load_model(Path(folder) / "model.keras")
            reloaded = numbers(again(turned[0] if len(turned) == 1 else turned))
        pairs = zip(last.get_weights(), moved.get_weights(), strict=True)
        found[name] = {
            "inputs": [list(tensor.shape[1:]) for tensor in moved.inputs],
            "output": list(outcome.shape[1:]),
            "same_weights": all(np.array_equal(one, other) for one, other in pairs),
            "difference": float(np.abs(outcome - expected).max()),
            "spread": float(expected.std()),
            "reloaded": float(np.abs(outcome - reloaded).max()),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
