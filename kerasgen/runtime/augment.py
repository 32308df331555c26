"""How batches of the training part are augmented.

Decisions:
- What a layer draws depends on the seed, the epoch, the number of the batch there and
  the layer's place alone, so that a training that goes on in mid-epoch draws the same.
- Keras's `MixUp` and `CutMix` change labels with the images. Of masks each image layer
  makes what it makes of its image. Nothing else is done to targets or weights.
- A batch is augmented on the CPU, in the thread that reads it.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from kerasgen.runtime.mixers import MIXERS
from kerasgen.runtime.values import Array


class Augment:
    """Makes another batch of a batch; new ones in each epoch.

    Args:
        layers: each layer, and the number of the input that it changes; None for the
            only one.
        seed: the seed of all that is drawn.
        masks: whether the targets are masks, which change with their images.
    """

    def __init__(
        self,
        layers: Sequence[tuple[Any, int | None]],
        seed: int,
        masks: bool = False,
    ) -> None:
        self.layers = layers
        self.seed = seed
        self.masks = masks

    def __call__(self, batch: Any, epoch: int, number: int) -> Any:
        """Gives another batch."""
        import keras

        inputs, targets, *weights = batch
        with keras.device("cpu"):
            for place, (layer, index) in enumerate(self.layers):
                values = inputs if index is None else inputs[index]
                with drawing_anew(layer, [self.seed, epoch, number, place]):
                    values, targets = augmented(layer, values, targets, self.masks)
                inputs = values if index is None else put(inputs, index, values)
        return (inputs, targets, *weights)


def with_soft_labels(samples: Any) -> Any:
    """Gives samples whose labels are floats, so that they can be mixed."""
    inputs, targets, *weights = samples
    return (inputs, targets.astype("float32"), *weights)


def put(inputs: Sequence[Array], index: int, values: Array) -> list[Array]:
    """Gives the inputs with others in the place of one."""
    return [*inputs[:index], values, *inputs[index + 1 :]]


def augmented(layer: Any, values: Array, targets: Any, masks: bool) -> Any:
    """Applies a layer to the samples of a batch, and to its targets where it has to."""
    if type(layer).__name__ in MIXERS:
        with warnings.catch_warnings():
            # Keras asks JAX for numbers of 64 bits, and takes 32.
            warnings.filterwarnings("ignore", message="Explicitly requested dtype")
            found = layer({"images": values, "labels": targets}, training=True)
        return as_array(found["images"], values), as_array(found["labels"], targets)
    if masks and hasattr(layer, "transform_segmentation_masks"):
        whole = targets if targets.ndim == values.ndim else targets[..., np.newaxis]
        found = layer({"images": values, "segmentation_masks": whole}, training=True)
        changed = as_array(found["segmentation_masks"], targets)
        return as_array(found["images"], values), changed.reshape(targets.shape)
    return as_array(layer(values, training=True), values), targets


def as_array(found: Any, like: Array) -> Array:
    """Gives a tensor as an array with the element type of another."""
    from keras import ops

    values: Array = ops.convert_to_numpy(found)
    return values.astype(like.dtype, copy=False)


@contextmanager
def drawing_anew(layer: Any, seeds: Sequence[int]) -> Iterator[None]:
    """Lets a layer draw what these seeds tell, and leaves other generators alone."""
    rng = np.random.default_rng(seeds)
    for generator in seed_generators(layer):
        generator.state.assign(rng.integers(2**31, size=2).astype("int32"))
    before = random.getstate()
    random.seed(int(rng.integers(2**31)))  # Keras's `AugMix` draws from it.
    try:
        yield
    finally:
        random.setstate(before)


def seed_generators(layer: Any) -> list[Any]:
    """Gives the generators of a layer and of the layers in it."""
    found = {
        id(generator): generator
        for one in layer._flatten_layers()
        for generator in one._seed_generators
    }
    return list(found.values())
