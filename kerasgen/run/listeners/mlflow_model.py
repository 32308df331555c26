"""A saved Keras model in the form in which MLflow keeps models, with its signature.

This room owns the files around `model.keras`. It loads no model: MLflow's own way would import a
backend, save the model a second time, and load it a third time to find out its requirements.

Decisions:
- The signature says shape and type of each input as the model file has them; the output is that of
  the predictions beside it, where there is one.
- Requirements are the packages of this Python on which the run's results depend.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kerasgen.record.file_names import MODEL, PREDICTIONS
from kerasgen.record.provenance import package_versions


def write_model(run: Path, backend: str, folder: Path) -> None:
    """Writes the model of a run as MLflow has it.

    Args:
        run: the folder of the run.
        backend: its backend.
        folder: an empty folder, which becomes the model.
    """
    from mlflow import pyfunc
    from mlflow.models import Model
    from mlflow.utils.environment import _mlflow_conda_env, _PythonEnv

    versions = package_versions()
    (folder / "data").mkdir()
    shutil.copyfile(run / MODEL, folder / "data" / "model.keras")
    (folder / "data" / "keras_module.txt").write_text("keras", encoding="utf-8")
    model = Model(signature=signature(run))
    model.add_flavor(
        "keras",
        data="data",
        keras_version=versions.get("keras"),
        keras_backend=backend,
        save_exported_model=False,
    )
    pyfunc.add_to_model(
        model, loader_module="mlflow.keras", conda_env="conda.yaml", python_env="python_env.yaml"
    )
    model.save(str(folder / "MLmodel"))
    needed = [f"{name}=={version}" for name, version in versions.items()]
    _mlflow_conda_env(str(folder / "conda.yaml"), additional_pip_deps=needed)
    (folder / "requirements.txt").write_text("\n".join(["mlflow", *needed]), encoding="utf-8")
    _PythonEnv.current().to_yaml(str(folder / "python_env.yaml"))


def signature(run: Path) -> Any:
    """What the model of a run takes and gives, as MLflow says it."""
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    inputs = [
        TensorSpec(np.dtype(dtype), shape, name if named else None)
        for name, shape, dtype, named in _inputs(run / MODEL)
    ]
    outputs = None
    if (run / PREDICTIONS).is_file():
        with np.load(run / PREDICTIONS, allow_pickle=False) as arrays:
            if "predicted" in arrays.files:
                found = arrays["predicted"]
                spec = TensorSpec(np.dtype("float32"), (-1, *found.shape[1:]))
                outputs = Schema([spec])
    return ModelSignature(inputs=Schema(inputs), outputs=outputs)


def _inputs(path: Path) -> Iterator[tuple[str, tuple[int, ...], str, bool]]:
    """Name, shape and type of each input of a model file, and whether it goes in by its name."""
    with zipfile.ZipFile(path) as archive:
        config: Mapping[str, Any] = json.loads(archive.read("config.json"))["config"]
    wanted = config.get("input_layers")
    named = isinstance(wanted, Mapping) or (
        isinstance(wanted, list) and any(isinstance(item, list) for item in wanted)
    )
    for layer in config["layers"]:
        if layer["class_name"] == "InputLayer":
            own = layer["config"]
            shape = tuple(-1 if size is None else int(size) for size in own["batch_shape"])
            dtype = "str" if own["dtype"] == "string" else own["dtype"]
            yield own["name"], (-1, *shape[1:]), dtype, named
