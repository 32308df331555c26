"""What the writers of old model files share: their numbers, and a file of arrays for each model.

It runs wherever one of them does, from Python 3.7 on, and imports no Keras.
"""

from __future__ import annotations

import os
import sys

import numpy as np

RNG = np.random.RandomState(7)


def uniform(*shape):
    return RNG.uniform(-1, 1, size=shape).astype("float32")


def words(*shape, dtype="float32"):
    return RNG.randint(1, 20, size=shape).astype(dtype)


def save_arrays(stem, inputs, outputs, params):
    """Writes what a model was given and gave, and the number of its weights."""
    if isinstance(outputs, dict):
        outputs = [outputs[key] for key in sorted(outputs)]
    if isinstance(outputs, np.ndarray):
        outputs = [outputs]
    arrays = {f"x{i}": x for i, x in enumerate(inputs)}
    arrays.update({f"y{i}": y for i, y in enumerate(outputs)})
    np.savez_compressed(stem + ".npz", params=params, **arrays)


def save_text(path, text):
    with open(path, "w") as file:
        file.write(text)


def write_all(kinds, write):
    """Writes the kinds that the command line asks for; `write` gets the stem of their files."""
    folder, prefix, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
    for kind in kinds:
        if wanted and kind.__name__ not in wanted:
            continue
        try:
            write(os.path.join(folder, prefix + "_" + kind.__name__), kind)
            print(f"{prefix}_{kind.__name__}: written")
        except Exception as error:  # an old version lacks a layer, or an engine the operation
            print(f"{prefix}_{kind.__name__}: {type(error).__name__}: {error}")
        sys.stdout.flush()
