"""Models that a stranger may have saved: looked at as files before Keras makes anything of them.

This room owns loading such a `.keras` file. What makes an archive or an HDF5 file fit to be read
stands in `kerasgen.foreign`; code in the file is for Keras's safe mode to refuse.

Decisions:
- A config of a few bytes can ask for any number of weights, and Keras gives them memory and values
  before it looks for them in the file. While a model is loaded its weights are counted, and may
  take no more than the file holds of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import keras

from kerasgen.engines.keras3.training import load_model
from kerasgen.foreign.archives import member_file, open_archive, read_member
from kerasgen.foreign.hdf5 import checked_hdf5, declared_bytes
from kerasgen.foreign.json_data import Bounds, parse_json
from kerasgen.foreign.regular_files import TOO_MUCH, ForeignFileError
from kerasgen.passes.cost import human_bytes

CONFIG, WEIGHTS = "config.json", "model.weights.h5"

CONFIG_BOUNDS = Bounds(size=64 * 2**20, levels=200, values=2_000_000)
"""How much the config of a model may hold; that of NASNetLarge has 2 MB."""

FREE_BYTES = 64 * 2**20
"""Bytes of weights that a model may have beside those in its file: metrics, seeds, counters."""


@dataclass(slots=True)
class _Spending:
    """The memory of weights: how much there may be, and how much there is."""

    most: int
    spent: int = 0

    @property
    def over(self) -> bool:
        return self.spent > self.most


def load_foreign_model(path: Path, within: Path | None = None) -> Any:
    """Loads a `.keras` file that anybody may have written.

    Args:
        path: the file.
        within: a folder that a link must not lead out of, or None.

    Raises:
        ForeignFileError: it is no sound file of its kind, or asks for more than it holds.
        Exception: Keras cannot make a model of it, in its own words.
    """
    held = _weights_held(path, within)
    # Twice: where TensorFlow is missing at first, the file is loaded a second time.
    spending = _Spending(most=2 * held + FREE_BYTES)
    try:
        with _counted_weights(spending):
            return load_model(path)
    except Exception:
        if not spending.over:
            raise
        told = f"asks for weights of {human_bytes(spending.spent)} or more"
        raise ForeignFileError(
            f"{told}, and holds {human_bytes(held)} of them", code=TOO_MUCH
        ) from None


def _weights_held(path: Path, within: Path | None) -> int:
    """The bytes of weights in a `.keras` file that is sound as a file.

    Raises:
        ForeignFileError: it is not.
    """
    with open_archive(path, within=within) as archive:
        parse_json(read_member(archive, CONFIG, most=CONFIG_BOUNDS.size), CONFIG_BOUNDS)
        with member_file(archive, WEIGHTS) as member, checked_hdf5(member) as weights:
            return declared_bytes(weights)


@contextlib.contextmanager
def _counted_weights(spending: _Spending) -> Iterator[None]:
    """Counts the bytes of each weight before it gets memory, and ends what asks for too much."""
    variables: Any = keras.src.backend.Variable
    initialize = variables._initialize_with_initializer

    def counted(variable: Any, initializer: Any) -> None:
        spending.spent += prod(variable._shape) * _width(variable._dtype)
        if spending.over:
            raise MemoryError("the weights take more memory than their file holds of them")
        initialize(variable, initializer)

    own = "_initialize_with_initializer" in vars(variables)
    variables._initialize_with_initializer = counted
    try:
        yield
    finally:
        if own:
            variables._initialize_with_initializer = initialize
        else:
            del variables._initialize_with_initializer


def _width(dtype: str) -> int:
    """Bytes of one value of a type as Keras names it."""
    if dtype == "bool":
        return 1
    digits = "".join(filter(str.isdigit, dtype.partition("_")[0]))
    return max(1, int(digits) // 8) if digits else 8
