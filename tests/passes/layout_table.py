"""Every layer whose output depends on layout, channels first and last, beside plain Keras.

    python tests/passes/layout_table.py BACKEND        prints the table
    python tests/passes/layout_table.py BACKEND json   the same as JSON

Each layer stands alone before `Flatten` and `Dense`, so that an axis that is the wrong one shows.
Plain Keras is the same layers made under `channels_first`, with the same weights and turned rows.
"""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import yaml
from layout_probe import config

LAYERS: Mapping[str, Any] = yaml.safe_load("""
image:
  Activation: {activation: softmax}
  Add: {from: [input, input]}
  AlphaDropout: {rate: 0.3}
  AveragePooling2D: {pool_size: 2}
  AveragePooling2D strided same: {class: AveragePooling2D, pool_size: 3, strides: 2, padding: same}
  BatchNormalization: {}
  CenterCrop: {height: 4, width: 4}
  Concatenate: {from: [input, input]}
  Conv2D: {filters: 4, kernel_size: 3}
  Conv2D grouped: {class: Conv2D, filters: 6, kernel_size: 3, groups: 3}
  Conv2D dilated: {class: Conv2D, filters: 3, kernel_size: 3, dilation_rate: 2, padding: same}
  Conv2D of as many filters: {class: Conv2D, filters: 8, kernel_size: 3, padding: same}
  Conv2DTranspose: {filters: 4, kernel_size: 3, strides: 2, padding: same}
  Cropping2D: {cropping: [[1, 2], [0, 3]]}
  Dense: {units: 4}
  DepthwiseConv2D: {kernel_size: 3, depth_multiplier: 2}
  Dropout: {rate: 0.3}
  EinsumDense: {equation: "abcd,de->abce", output_shape: [6, 8, 4], bias_axes: e}
  ELU: {}
  Flatten: {}
  GaussianNoise: {stddev: 0.3}
  GlobalAveragePooling2D: {}
  GlobalAveragePooling2D kept: {class: GlobalAveragePooling2D, keepdims: true}
  GlobalMaxPooling2D: {}
  GroupNormalization: {groups: 3}
  LayerNormalization: {}
  LayerNormalization of two axes: {class: LayerNormalization, axis: [2, 3]}
  MaxPooling2D: {pool_size: [2, 3]}
  Maximum: {from: [input, input]}
  Permute: {dims: [3, 1, 2]}
  PReLU: {}
  PReLU shared: {class: PReLU, shared_axes: [1, 2]}
  RMSNormalization: {}
  Rescaling: {scale: 0.5, offset: 1.0}
  Rescaling of channels: {class: Rescaling, scale: [1.0, 2.0, 3.0], offset: [0.1, 0.2, 0.3]}
  Reshape: {target_shape: [8, 18]}
  Resizing: {height: 5, width: 7}
  Resizing nearest: {class: Resizing, height: 5, width: 7, interpolation: nearest}
  SeparableConv2D: {filters: 5, kernel_size: 3, padding: same}
  Softmax: {}
  SpatialDropout2D: {rate: 0.3}
  SpectralNormalization: {layer: {class: Conv2D, filters: 4, kernel_size: 3}}
  TimeDistributed: {layer: {class: Dense, units: 4}}
  TimeDistributed of Conv1D:
    {class: TimeDistributed, layer: {class: Conv1D, filters: 2, kernel_size: 3}}
  UnitNormalization: {}
  UpSampling2D: {size: [2, 3]}
  UpSampling2D bilinear: {class: UpSampling2D, size: 2, interpolation: bilinear}
  ZeroPadding2D: {padding: [[1, 2], [0, 3]]}
  Normalization: {mean: [0.1, 0.2, 0.3], variance: [1.0, 2.0, 3.0]}
  RandomFlip: {}
  RandomCrop: {height: 4, width: 4}
  RandomContrast: {factor: 0.1}
  RandomTranslation: {height_factor: 0.1, width_factor: 0.1}
  ops.mean: {axis: 3}
  ops.max: {axis: [1, 2]}
  ops.softmax: {axis: -1}
  ops.flip: {axis: 2}
  ops.transpose: {axes: [0, 2, 1, 3]}
  ops.roll: {shift: 1, axis: 3}
  ops.max_pool: {pool_size: 2}
  ops.average_pool: {pool_size: 2}
  ops.image.resize: {size: [5, 7]}
  ops.squeeze of a mean: {class: ops.mean, axis: 1}
  ops.argmax: {axis: 3}
  ops.cumsum: {axis: 3}
  ops.concatenate: {from: [input, input], axis: 3}
  ops.stack: {from: [input, input], axis: 1}
volume:
  AveragePooling3D: {pool_size: 2}
  BatchNormalization: {}
  Conv3D: {filters: 3, kernel_size: 2}
  Conv3DTranspose: {filters: 3, kernel_size: 2}
  Cropping3D: {cropping: 1}
  GlobalAveragePooling3D: {}
  GlobalMaxPooling3D: {}
  MaxPooling3D: {pool_size: 2}
  SpatialDropout3D: {rate: 0.3}
  UpSampling3D: {size: 2}
  ZeroPadding3D: {padding: 1}
film:
  ConvLSTM2D: {filters: 2, kernel_size: 2}
  Bidirectional of ConvLSTM2D:
    {class: Bidirectional, layer: {class: ConvLSTM2D, filters: 2, kernel_size: 2}}
  TimeDistributed: {layer: {class: Conv2D, filters: 2, kernel_size: 3}}
  TimeDistributed of pooling: {class: TimeDistributed, layer: {class: MaxPooling2D, pool_size: 2}}
rows:
  AveragePooling1D: {pool_size: 2}
  Conv1D: {filters: 4, kernel_size: 3}
  Conv1D causal: {class: Conv1D, filters: 4, kernel_size: 3, padding: causal}
  Conv1DTranspose: {filters: 4, kernel_size: 3}
  Cropping1D: {cropping: 2}
  DepthwiseConv1D: {kernel_size: 3}
  GlobalAveragePooling1D: {}
  GlobalMaxPooling1D: {}
  LSTM: {units: 4}
  MaxPooling1D: {pool_size: 2}
  SeparableConv1D: {filters: 4, kernel_size: 3}
  SpatialDropout1D: {rate: 0.3}
  UpSampling1D: {size: 2}
  ZeroPadding1D: {padding: 1}
""")

SHAPES = {"image": [6, 8, 3], "volume": [4, 5, 6, 2], "film": [3, 6, 8, 3], "rows": [16, 3]}


def models() -> dict[str, dict[str, Any]]:
    """Row of the table to its model."""
    found = {}
    for kind, rows in LAYERS.items():
        for name, said in rows.items():
            entry = {"class": name, **said}
            layers = {"it": entry, "flatten": "Flatten", "scores": {"class": "Dense", "units": 2}}
            found[f"{name} ({kind})"] = {
                "inputs": {"input": {"shape": SHAPES[kind]}},
                "layers": layers,
            }
    return found


def main(backend: str) -> dict[str, dict[str, Any]]:
    """Measures all rows on one backend."""
    from programs import read_program

    from kerasgen.catalog.entries import ClassEntry
    from kerasgen.compiler import compile_program
    from kerasgen.diagnostics import CompileError, Sink
    from kerasgen.engines.keras3.engine import Keras3Engine
    from kerasgen.passes.outline import outline

    written = models()

    def program(name: str, layout: str) -> Any:
        return read_program(config(written[name], backend, layout, False), Sink())[0]

    Keras3Engine().start(program("Dense (image)", "channels_first").backend, Sink())
    import keras
    import numpy as np

    engine = Keras3Engine()
    catalog = engine.catalog().extended([ClassEntry(name="Any", kind="source", parameters={})])

    def compiled(name: str, layout: str) -> Any:
        keras.config.set_image_data_format(layout)
        outlined = outline(program(name, layout), catalog, Sink())
        made = engine.realize(compile_program(outlined, engine, catalog, Sink()), catalog)
        made.initialize()
        return made.model

    def first(array: Any) -> Any:
        return np.moveaxis(array, -1, 1) if array.ndim >= 4 else array

    def numbers(outcome: Any) -> Any:
        return np.asarray(keras.ops.convert_to_numpy(outcome))

    found: dict[str, dict[str, Any]] = {}
    for name, model in written.items():
        rows = np.random.default_rng(1).normal(size=(2, *model["inputs"]["input"]["shape"]))
        rows = rows.astype("float32")
        turned = first(rows)
        try:
            last, moved = compiled(name, "channels_last"), compiled(name, "channels_first")
        except CompileError as error:
            found[name] = {"refused": error.diagnostics[0].message}
            continue
        for weight, other in zip(last.weights, moved.weights, strict=True):
            drawn = np.random.default_rng(2).uniform(0.2, 1.2, size=weight.shape)
            if weight.dtype.startswith("float"):
                weight.assign(drawn)
                other.assign(drawn)
        keras.config.set_image_data_format("channels_last")
        try:
            expected = numbers(last(rows))
        except TypeError as error:  # `ops.max_pool` of Keras 3.15 on JAX, when it is called again.
            found[name] = {"keras": str(error)}
            continue
        keras.config.set_image_data_format("channels_first")
        outcome = numbers(moved(turned))
        found[name] = {
            "difference": _far(outcome, expected),
            "spread": float(expected.std()),
            "plain": _plain(last, turned, expected, numbers),
        }
    return found


def _plain(last: Any, turned: Any, expected: Any, numbers: Callable[[Any], Any]) -> str:
    """What Keras itself does with the same layers under `channels_first`."""
    import keras

    try:
        given = keras.Input(turned.shape[1:])
        tensor = given
        for layer in last.layers:
            if isinstance(layer, keras.layers.InputLayer):
                continue
            if not isinstance(layer, keras.Layer):
                return "not made"
            said = layer.get_config()
            _leave_layout(said)
            again = type(layer).from_config(said)
            taken = len(layer._inbound_nodes[0].input_tensors)
            tensor = again([tensor] * taken if taken > 1 else tensor)
        model = keras.Model(given, tensor)
        weights = last.get_weights()
        shapes = [weight.shape for weight in model.get_weights()]
        if shapes != [weight.shape for weight in weights]:
            return "other weights"
        model.set_weights(weights)
        outcome = numbers(model(turned))
    except Exception as error:
        return f"raises {type(error).__name__}"
    if outcome.shape != expected.shape:
        return "another shape"
    return "right" if _far(outcome, expected) < 1e-4 else "wrong in silence"


def _far(outcome: Any, expected: Any) -> float:
    """The largest difference, relative to the larger of 1 and the values."""
    return float(abs(outcome - expected).max() / max(1.0, abs(expected).max()))


def _leave_layout(said: Any) -> None:
    """Takes the layout out of a config, so that Keras's own setting counts."""
    if isinstance(said, dict):
        said.pop("data_format", None)
        said.pop("build_config", None)
        for value in said.values():
            _leave_layout(value)


if __name__ == "__main__":
    table = main(sys.argv[1])
    if sys.argv[2:] == ["json"]:
        print(json.dumps(table))
    else:
        for name, row in table.items():
            told = row.get("refused") or row.get("keras") or f"{row['difference']:.0e}"
            print(f"{name:40} {told:10} plain Keras: {row.get('plain', '')}")
        right = sum(row.get("difference", 1) < 1e-5 for row in table.values())
        print(f"{right} of {len(table)} right")
