"""Asks an exported model with its own runtime, and nothing else.

    python ask.py FORMAT PATH BATCHES.npz ANSWERS.npz

This script owns how each runtime is called. It imports neither kerasgen nor Keras: what it answers
shows that the file stands on its own.

Arrays are called `BATCH/INPUT` and `BATCH/OUTPUT`, by the numbers of batches and outputs. What was
refused is the text `BATCH/refused`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np


def saved_model(path: str) -> Callable[[dict[str, Any]], list[Any]]:
    """The function that a SavedModel serves."""
    import tensorflow

    loaded = tensorflow.saved_model.load(path)

    def ask(batch: dict[str, Any]) -> list[Any]:
        named = {name: tensorflow.constant(values) for name, values in batch.items()}
        return [np.asarray(value) for value in _flat(_called(loaded.serve, named))]

    return ask


def onnx(path: str) -> Callable[[dict[str, Any]], list[Any]]:
    """A session of ONNX Runtime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [item.name for item in session.get_inputs()]

    def ask(batch: dict[str, Any]) -> list[Any]:
        values = _in_order(names, batch)
        fed = {n: v.astype(object) if v.dtype.kind == "U" else v for n, v in values.items()}
        return list(session.run(None, fed))

    return ask


def openvino(path: str) -> Callable[[dict[str, Any]], list[Any]]:
    """A compiled model of OpenVINO, in full precision."""
    import openvino as runtime

    compiled = runtime.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    names = [next(iter(item.names), str(place)) for place, item in enumerate(compiled.inputs)]

    def ask(batch: dict[str, Any]) -> list[Any]:
        return [np.asarray(v) for v in compiled([*_in_order(names, batch).values()]).values()]

    return ask


def litert(path: str) -> Callable[[dict[str, Any]], list[Any]]:
    """An interpreter of TensorFlow Lite, by its signature where it has one."""
    import tensorflow

    interpreter = tensorflow.lite.Interpreter(path)
    details = interpreter.get_input_details()
    shown = [item["name"].removeprefix("serving_default_").rpartition(":")[0] for item in details]

    def ask(batch: dict[str, Any]) -> list[Any]:
        values = _in_order(shown, batch)
        for item, array in zip(details, values.values(), strict=True):
            interpreter.resize_tensor_input(item["index"], array.shape)
        interpreter.allocate_tensors()
        for item, array in zip(details, values.values(), strict=True):
            interpreter.set_tensor(item["index"], array)
        interpreter.invoke()
        outputs = sorted(interpreter.get_output_details(), key=lambda item: item["name"])
        return [interpreter.get_tensor(item["index"]) for item in outputs]

    return ask


def torch(path: str) -> Callable[[dict[str, Any]], list[Any]]:
    """An exported program of PyTorch."""
    import torch as runtime

    module = runtime.export.load(path).module()

    def ask(batch: dict[str, Any]) -> list[Any]:
        named = {name: runtime.from_numpy(values) for name, values in batch.items()}
        return [value.detach().numpy() for value in _flat(_called(module, named))]

    return ask


LOADERS = {
    "tf_saved_model": saved_model,
    "onnx": onnx,
    "openvino": openvino,
    "litert": litert,
    "torch": torch,
}
"""Format to what loads it."""


def _called(function: Any, named: dict[str, Any]) -> Any:
    """Calls a function with inputs in the form in which it takes them: as they were declared."""
    first: Exception | None = None
    for arguments in ((named,), tuple(named.values()), ([*named.values()],)):
        try:
            return function(*arguments)
        except (TypeError, ValueError) as error:
            first = first or error
    assert first is not None
    raise first


def _in_order(names: list[str], batch: dict[str, Any]) -> dict[str, Any]:
    """The inputs by the names of the runtime; those that it calls otherwise by their places."""
    if set(names) == set(batch):
        return {name: batch[name] for name in names}
    return dict(zip(names, batch.values(), strict=True))


def _flat(value: Any) -> list[Any]:
    """Outputs in the order in which Keras lists them: of a mapping by name."""
    if isinstance(value, dict):
        return [item for name in sorted(value) for item in _flat(value[name])]
    if isinstance(value, list | tuple):
        return [item for part in value for item in _flat(part)]
    return [value]


def main() -> None:
    """Answers for all batches."""
    form, path, questions, answers = sys.argv[1:]
    ask = LOADERS[form](path)
    batches: dict[str, dict[str, Any]] = {}
    with np.load(questions) as arrays:
        for key in arrays.files:
            number, name = key.split("/", 1)
            batches.setdefault(number, {})[name] = arrays[key]
    found: dict[str, Any] = {}
    for number, batch in batches.items():
        try:
            for place, values in enumerate(ask(batch)):
                found[f"{number}/{place}"] = values
        except Exception as error:  # runtimes raise anything; the batch is what matters
            found[f"{number}/refused"] = np.asarray(" ".join(str(error).split())[:300])
    np.savez(answers, **found)


if __name__ == "__main__":
    main()
