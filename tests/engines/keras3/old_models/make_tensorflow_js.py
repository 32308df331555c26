"""Turns `.h5` files into TensorFlow.js models with the package `tensorflowjs`, and back to predict.

Usage: `python make_tensorflow_js.py FOLDER STEM [TYPE]`, in an environment of its own. The model
`STEM.h5` becomes `tfjs_STEM.tfjs/model.json` with its shards, quantized to TYPE (`uint8`, `uint16`,
`float16`), and an `.npz` with what the package's own reader predicts for the inputs of `STEM.npz`.
"""

from __future__ import annotations

import os
import sys
import types

os.environ["TF_USE_LEGACY_KERAS"] = "1"
# A package that only forests need, whose own needs are hard to meet.
sys.modules["tensorflow_decision_forests"] = types.ModuleType("tensorflow_decision_forests")

import numpy as np  # noqa: E402
import tensorflowjs as tfjs  # noqa: E402
from tensorflowjs.converters import converter  # noqa: E402


def main():
    folder, stem = sys.argv[1:3]
    kind = sys.argv[3] if len(sys.argv) > 3 else None
    name = f"tfjs_{stem}" + (f"_{kind}" if kind else "")
    made = os.path.join(folder, name + ".tfjs")
    converter.dispatch_keras_h5_to_tfjs_layers_model_conversion(
        os.path.join(folder, stem + ".h5"), made, quantization_dtype_map={kind: "*"} if kind else {}
    )
    model = tfjs.converters.load_keras_model(os.path.join(made, "model.json"))
    known = np.load(os.path.join(folder, stem + ".npz"))
    inputs = [known[key] for key in sorted(known.files) if key.startswith("x")]
    outputs = model.predict(inputs[0] if len(inputs) == 1 else inputs, verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    arrays = {f"x{i}": x for i, x in enumerate(inputs)}
    arrays.update({f"y{i}": y for i, y in enumerate(outputs)})
    np.savez_compressed(os.path.join(folder, name + ".npz"), params=model.count_params(), **arrays)


if __name__ == "__main__":
    main()
