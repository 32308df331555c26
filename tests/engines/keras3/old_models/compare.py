"""Imports old model files with their weights, and compares predictions with those of their writers.

Usage: `KERAS_BACKEND=jax python compare.py [FOLDER] [NAME ...]`. A folder holds, for each model
`NAME`, one or more files (`NAME.h5`, `.json` or `.yaml` with `NAME.weights.h5`, `.keras`, a folder
`NAME.saved` or `NAME.tfjs`) and `NAME.npz` with inputs, outputs and the number of weights. Without
a folder it is what `models.zip` holds. It prints a line for each file that is not read or not
equal, and how many there are.
"""

from __future__ import annotations

import re
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.diagnostics.render import render_text
from kerasgen.session.catalog import lightest_engine
from kerasgen.session.custom_parts import Trust
from kerasgen.session.engine_start import start
from kerasgen.verbs.import_weights import Saving, save_imported

LARGEST = 1e-5
"""Difference of predictions up to which they count as equal."""

HERE = Path(__file__).resolve().parent


def files_of(folder: Path, names: list[str]) -> Iterator[tuple[Path, Path | None, Path]]:
    """Every model file, its file of weights if that is another one, and its predictions."""
    for known in sorted(folder.glob("*.npz")):
        stem = known.name.removesuffix(".npz")
        if names and stem not in names:
            continue
        for ending in (".h5", ".keras", ".json", ".yaml", ".saved", ".tfjs/model.json"):
            path = folder / f"{stem}{ending}"
            apart = ending in (".json", ".yaml")
            if path.exists():
                yield path, folder / f"{stem}.weights.h5" if apart else None, known


def difference(model: object, known: Path) -> float:
    """The largest difference between what a model predicts and what was recorded."""
    import keras

    with np.load(known) as recorded:
        inputs = [recorded[key] for key in sorted(recorded.files) if key[0] == "x"]
        outputs = [recorded[key] for key in sorted(recorded.files) if key[0] == "y"]
        weights = int(recorded["params"])
    found = model(inputs[0] if len(inputs) == 1 else inputs, training=False)  # type: ignore[operator]
    if isinstance(found, dict):
        found = [found[key] for key in sorted(found)]
    found = [keras.ops.convert_to_numpy(item) for item in keras.tree.flatten(found)]
    assert [item.shape for item in found] == [item.shape for item in outputs]
    # Of two biases, cuDNN's LSTM has one too many.
    assert "cudnn" in known.name or model.count_params() == weights  # type: ignore[attr-defined]
    return max(float(np.abs(a - b).max()) for a, b in zip(found, outputs, strict=True))


def compare(folder: Path, names: list[str]) -> int:
    """Compares all models of a folder; gives how many were not read or not equal."""
    sink = Sink()
    catalog = start(lightest_engine(), sink, Trust()).catalog
    from keras.saving import load_model

    from kerasgen.engines.keras3.decompile.text import import_model
    from kerasgen.engines.keras3.importer import KerasReadModel

    read, equal, count, largest = 0, 0, 0, 0.0
    with tempfile.TemporaryDirectory() as place:
        for path, weights, known in files_of(folder, names):
            count += 1
            sink, saved = Sink(), Path(place) / f"{count}.keras"
            # Keras 1 does not say that it was Theano which wrote these.
            engine = "theano" if re.match(r"k1\d\d_", path.name) else None
            try:
                made = import_model(str(path), sink, catalog=catalog, engine=engine)
                saving = Saving(path=saved, weights=weights, engine=engine)
                save_imported(KerasReadModel(made), saving, sink)
                read += 1
                found = difference(load_model(saved), known)
            except CompileError as error:
                print(f"{path.name}: not read\n{render_text(error.diagnostics)[:500]}", flush=True)
                continue
            except Exception as error:  # Everything else that stands in the way of a comparison.
                print(f"{path.name}: {type(error).__name__}: {str(error)[:300]}", flush=True)
                continue
            if found <= LARGEST:
                equal, largest = equal + 1, max(largest, found)
            else:
                print(f"{path.name}: differs by {found:.1e}", flush=True)
    print(f"{count} files, {read} read, {equal} with equal predictions (largest {largest:.1e})")
    return count - equal


def main() -> int:
    """Compares a folder, or the shipped models."""
    warnings.simplefilter("ignore")
    words = sys.argv[1:]
    if words and Path(words[0]).is_dir():
        return int(compare(Path(words[0]), words[1:]) > 0)
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(HERE / "models.zip") as archive:
            archive.extractall(folder)
        return int(compare(Path(folder), words) > 0)


if __name__ == "__main__":
    sys.exit(main())
