"""Prints the hash of each batch that Keras is given of a few epochs, on the engine in force.

    KERAS_BACKEND=jax python tests/runtime/feed_hashes.py [EPOCH BATCH]

With an epoch and a batch it begins there.
"""

import hashlib
import sys
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from kerasgen.runtime.feed import Feed

EPOCHS, SIZE, SEED = 3, 16, 7


def samples() -> Any:
    """Two inputs and a target, whose rows leave a small batch at the end."""
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(150, 4)).astype("float32"), rng.integers(0, 9, (150, 3)).astype("int32")]
    return x, rng.integers(0, 5, 150).astype("int32")


def batches(feed: Feed) -> Iterator[Any]:
    """What Keras would be given of the epoch that begins."""
    kind = keras.backend.backend()
    if kind == "tensorflow":
        yield from feed.get_tf_dataset()
    elif kind == "torch":
        yield from feed.get_torch_dataloader()
    else:
        yield from feed.get_jax_iterator()


def batch_hash(batch: Any) -> str:
    """A hash of the numbers of a batch."""
    found = hashlib.sha256()
    for values in keras.tree.flatten(batch):
        array = keras.ops.convert_to_numpy(values)
        found.update(f"{array.dtype} {array.shape}".encode() + array.tobytes())
    return found.hexdigest()[:16]


def hashes(epoch: int = 0, batch: int = 0) -> list[str]:
    """The hashes of all batches from one of them on."""
    feed = Feed(samples(), SIZE, SEED, start=(epoch, batch))
    found = []
    for number in range(epoch, EPOCHS):
        feed.begin(number)
        found += [f"{number} {batch_hash(one)}" for one in batches(feed)]
    return found


if __name__ == "__main__":
    print("\n".join(hashes(*map(int, sys.argv[1:]))))
