"""The formats that Keras writes for other runtimes, and on which backend it can.

This room owns a table that cannot be asked: Keras tells what it cannot by failing, in the words of
whatever failed. Each entry was tried, with Keras 3.15.
"""

from __future__ import annotations

from collections.abc import Mapping

from kerasgen.engine.exporter import ExportFormat

_EVERYWHERE: Mapping[str, tuple[str, ...]] = {"tensorflow": (), "jax": (), "torch": ()}

_ALL = (
    ExportFormat(
        name="tf_saved_model",
        told="a folder that TensorFlow loads: `tf.saved_model.load(PATH).serve(…)`",
        ending="",
        packages={"tensorflow": (), "jax": ("tensorflow",)},
    ),
    ExportFormat(
        name="onnx",
        told="a file that ONNX Runtime loads",
        ending=".onnx",
        packages={
            "tensorflow": ("onnx", "tf2onnx", "onnxruntime"),
            "torch": ("onnx", "onnxscript", "onnxruntime"),
        },
        extra="onnx",
    ),
    ExportFormat(
        name="openvino",
        told="a file `.xml` that OpenVINO loads, with its weights in a `.bin` beside it",
        ending=".xml",
        packages={"tensorflow": ("openvino",), "torch": ("openvino",)},
        extra="openvino",
        beside=(".bin",),
        remark="where the processor has bfloat16, OpenVINO computes in it unless it is told "
        "`INFERENCE_PRECISION_HINT: f32`, with which it was compared",
    ),
    ExportFormat(
        name="litert",
        told="a file that LiteRT (TensorFlow Lite) loads",
        ending=".tflite",
        packages={"tensorflow": ()},
    ),
    ExportFormat(
        name="torch",
        told="a program that PyTorch loads: `torch.export.load(PATH).module()`",
        ending=".pt2",
        packages={"torch": ()},
    ),
    ExportFormat(
        name="keras",
        told="a file that Keras loads on any backend",
        ending=".keras",
        own=True,
        packages=_EVERYWHERE,
    ),
    ExportFormat(
        name="weights",
        told="the weights of the trained model, for `model.load_weights`",
        ending=".weights.h5",
        own=True,
        packages=_EVERYWHERE,
    ),
)

FORMATS: Mapping[str, ExportFormat] = {one.name: one for one in _ALL}
"""The formats by name."""
