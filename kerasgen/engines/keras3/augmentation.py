"""Augmentation: the layers of `data.augment`, made for training and tried out before.

This room owns what a layer must be to augment: it draws at random from generators that can be
seeded, has no weights, and gives samples of the shape that it takes.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from kerasgen.catalog.entries import Catalog, ShapeError
from kerasgen.engines.keras3.custom_parts import own_place
from kerasgen.engines.keras3.error_text import shorten
from kerasgen.engines.keras3.objects import make_object
from kerasgen.engines.keras3.preprocessing import full_precision
from kerasgen.ir.training import Augmentation
from kerasgen.ir.values import ObjectDef, TensorSpec
from kerasgen.passes.shapes import shown_shape
from kerasgen.runtime.augment import Augment, seed_generators

_ROWS = 3
_SIZE = 8
"""Samples that are made up, and the size of an axis of which none is known."""


def make_augment(augmentation: Augmentation, seed: int, catalog: Catalog) -> Augment:
    """Makes what augments each batch.

    Args:
        augmentation: layers and the inputs that they change.
        seed: the seed of all that is drawn.
        catalog: where class names are found.
    """
    layers = [(_made(layer, catalog), index) for layer, index in augmentation.layers]
    return Augment(layers, seed, augmentation.masks)


def try_augmentation(
    definition: ObjectDef,
    samples: TensorSpec,
    targets: TensorSpec | None,
    masks: bool,
    catalog: Catalog,
) -> str | None:
    """Augments a few made-up samples.

    Args:
        definition: a layer.
        samples: shape and type of the samples, batch axis first.
        targets: those of the targets that change with them, or None.
        masks: whether these are masks.
        catalog: where class names are found.

    Returns:
        Why it is no augmentation, None if it is one.

    Raises:
        ShapeError: it refuses its arguments, or the samples.
    """
    layer = _made(definition, catalog)
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(_ROWS, *(size or _SIZE for size in samples.shape[1:])))
    x = x.astype("float32" if samples.dtype in ("bfloat16", "string") else samples.dtype)
    shape = () if targets is None else targets.shape[1:]
    y = np.zeros((_ROWS, *(size or _SIZE for size in shape)), "int32" if masks else "float32")
    if not seed_generators(layer):
        return (
            "it draws nothing at random, so that each epoch would see the same; what is done "
            "once stands under `data.prepare`"
        )
    augment = Augment([(layer, None)], 0, masks)
    try:
        found, again = (augment((x, y), 1, 2)[0] for _ in range(2))
    except Exception as error:  # Backends, and layers of one's own, raise what they want.
        raise ShapeError(shorten(error) + own_place(error)) from error
    if [weight for weight in layer.weights if "seed_generator" not in weight.path]:
        return "it has weights, which nothing would train"
    if found.shape != x.shape:
        shown = shown_shape((None, *found.shape[1:]))
        return f"it makes {shown} of {shown_shape((None, *x.shape[1:]))}"
    if not np.array_equal(found, again, equal_nan=True):
        return "it draws from a generator that no seed reaches: keep a `keras.random.SeedGenerator`"
    return None


def _made(definition: ObjectDef, catalog: Catalog) -> Any:
    with full_precision(), keras.device("cpu"):
        return make_object(definition, ("layer",), catalog)
