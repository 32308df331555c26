"""Keras as an exporter: writes a model in a format, and asks the file with the format's runtime.

This room owns what Keras needs beside `model.export`. Which formats there are stands in `formats`,
how a runtime is called in `ask`.

Decisions:
- A program of PyTorch is written by `torch.export` itself, from samples of two rows: Keras takes
  one row, for which the number of rows becomes a constant of the program.
- ONNX of TensorFlow is written from a frozen graph. Keras leaves what the steps of the data have
  learned as inputs of the file, which nobody could give.
- Each model is called once before: Keras writes none that was not.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasgen.engine import Model
from kerasgen.engine.exporter import AskedFile, Exporter, ExportError, ExportFormat
from kerasgen.engines.keras3.environment import quiet_stderr
from kerasgen.engines.keras3.error_text import shorten
from kerasgen.engines.keras3.exports.formats import FORMATS
from kerasgen.engines.keras3.trainable import KerasModel
from kerasgen.engines.keras3.training import load_model, save_model
from kerasgen.ir.training import Array

_ASK = Path(__file__).with_name("ask.py")

_ANY_SIZE = 8
"""The size of an axis that may have any, of made-up samples."""


class Keras3Exporter(Exporter):
    """Writes models of Keras."""

    @property
    def formats(self) -> Mapping[str, ExportFormat]:
        """The formats by name."""
        return FORMATS

    def write(self, model: Model, path: Path, name: str) -> None:
        """Writes a model.

        Raises:
            ExportError: Keras, or the converter that it asks, cannot.
            OSError: the file cannot be written.
        """
        assert isinstance(model, KerasModel)
        whole = model.model
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Converters warn of their own ways.
                _WRITERS.get(name, _exported)(whole, path, name)
        except OSError:
            raise
        except Exception as error:  # Keras and converters raise anything.
            raise ExportError(shorten(error)) from error

    def read_back(self, path: Path, name: str, model: Model) -> Model:
        """Loads a file of Keras's own."""
        if name == "keras":
            return KerasModel(load_model(path))
        assert isinstance(model, KerasModel)
        whole = model.model
        whole.set_weights([np.zeros_like(values) for values in whole.get_weights()])
        whole.load_weights(path)
        return model

    def ask(self, path: Path, name: str, batches: Sequence[Mapping[str, Array]]) -> AskedFile:
        """Asks a file with its own runtime, in a process that has nothing of kerasgen's.

        Raises:
            ExportError: the runtime does not load it.
        """
        with tempfile.TemporaryDirectory(prefix="kerasgen-") as place:
            questions, answers = Path(place) / "batches.npz", Path(place) / "answers.npz"
            named = {f"{n}/{key}": v for n, batch in enumerate(batches) for key, v in batch.items()}
            np.savez(questions, **named)  # type: ignore[arg-type]
            done = subprocess.run(
                [sys.executable, "-P", str(_ASK), name, str(path), str(questions), str(answers)],
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
                raise ExportError(lines[-1][:300])
            with np.load(answers) as arrays:
                return _read(dict(arrays), len(batches))


def _read(arrays: Mapping[str, Array], count: int) -> AskedFile:
    answers: list[list[Array] | None] = []
    refused: list[str] = []
    for number in range(count):
        if (words := arrays.get(f"{number}/refused")) is not None:
            answers.append(None)
            refused.append(str(words))
            continue
        places = [key for key in arrays if key.startswith(f"{number}/")]
        answers.append([arrays[f"{number}/{place}"] for place in range(len(places))])
    return AskedFile(answers=answers, refused=refused)


def _exported(model: Any, path: Path, name: str) -> None:
    with quiet_stderr():
        if all(item.dtype != "string" for item in model.inputs):
            model(keras.tree.map_structure(_sample, _form(model)), training=False)
        model.export(str(path), format=name, verbose=False)


def _onnx(model: Any, path: Path, name: str) -> None:
    if keras.config.backend() == "tensorflow":
        with quiet_stderr():
            _frozen_onnx(model, path)
    else:
        _exported(model, path, name)


def _frozen_onnx(model: Any, path: Path) -> None:
    """Writes ONNX of a graph of TensorFlow without anything that is not an input."""
    import tensorflow
    import tf2onnx
    from keras.src.export.tf2onnx_lib import patch_tf2onnx
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    patch_tf2onnx()
    form = _form(model)
    inputs = keras.tree.flatten(form)

    def forward(*flat: Any) -> Any:
        return keras.tree.flatten(
            model(keras.tree.pack_sequence_as(form, list(flat)), training=False)
        )

    specs = [tensorflow.TensorSpec(item.shape, item.dtype, name=item.name) for item in inputs]
    traced = tensorflow.function(forward).get_concrete_function(*specs)
    # As tf2onnx freezes, which reads loops alone where they were not taken apart.
    frozen = convert_variables_to_constants_v2(
        traced, lower_control_flow=False, aggressive_inlining=True
    )
    takes = [item.name for item in frozen.inputs if item.dtype != tensorflow.resource]
    gives = [item.name for item in frozen.outputs]
    names = dict(zip(takes, (item.name for item in inputs), strict=True))
    names |= dict(zip(gives, model.output_names, strict=True))
    tf2onnx.convert.from_graph_def(
        frozen.graph.as_graph_def(),
        input_names=takes,
        output_names=gives,
        tensors_to_rename=names,
        output_path=str(path),
    )


def _saved(model: Any, path: Path, name: str) -> None:
    del name
    save_model(model, path)


def _weights(model: Any, path: Path, name: str) -> None:
    del name
    model.save_weights(path)


def _torch_program(model: Any, path: Path, name: str) -> None:
    import torch

    del name
    samples = keras.tree.map_structure(_sample, _form(model))
    rows = torch.export.Dim.DYNAMIC
    free = keras.tree.map_structure(lambda sample: {0: rows}, samples)
    fixed = any(item.shape[0] is not None for item in model.inputs)
    model.eval()
    with torch.no_grad(), quiet_stderr():
        program = torch.export.export(
            model, (samples,), strict=False, dynamic_shapes=None if fixed else [(free,)]
        )
    torch.export.save(program, path)


def _form(model: Any) -> Any:
    """The inputs of a model in the form in which it takes them."""
    return model.inputs[0] if isinstance(model, keras.Sequential) else model._inputs_struct


def _sample(tensor: Any) -> Any:
    rows = tensor.shape[0] or 2
    shape = (rows, *(size or _ANY_SIZE for size in tensor.shape[1:]))
    return keras.ops.zeros(shape, dtype=tensor.dtype)


_WRITERS = {"onnx": _onnx, "torch": _torch_program, "keras": _saved, "weights": _weights}
"""Format to what writes it, where that is not `model.export`."""
