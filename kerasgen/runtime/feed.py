"""How Keras is given the samples that it trains on.

It is a data adapter of Keras's own kind, and the one module of this room that imports
Keras at its top; engines alone import it.

Decisions:
- What arrays would give, this gives too: the same number of batches, the last of which
  may be smaller, floats of Keras's own precision.
- TensorFlow is given blocks of batches, and takes them apart itself: less is done in
  Python. A batch that is augmented is made alone.
- An epoch begins by its number, which Keras tells callbacks: `begin` is one. Batches
  that Keras reads before, to learn their shapes, do not count.
- Epochs of a given number of steps follow one another through the data: one pass after
  the other, whose orders depend on their own numbers.
- A training that goes on within an epoch counts its batches from the epoch's first one:
  something must stand in the places of those that were trained on.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras.src.trainers.data_adapters.data_adapter import DataAdapter
from keras.src.trainers.data_adapters.data_adapter_utils import get_torch_dataloader

from kerasgen.runtime.sample_order import epoch_order, row_blocks, take_rows
from kerasgen.runtime.values import Array


class Feed(DataAdapter):  # type: ignore[misc]
    """Gives Keras the batches of an epoch, in an order that its number and a seed tell.

    Args:
        data: inputs and targets, perhaps with weights of samples: arrays, or lists or
            dictionaries of arrays; they may lie in files.
        batch_size: samples in a batch.
        seed: seed of the order; None for the rows as they lie.
        augment: makes another batch of a batch, given the epoch and its number there.
        start: the epoch that begins, and the batch of it that comes first.
        steps: steps of an epoch, None where each is one pass over the data.

    Attributes:
        passed: batches that stand in the places of those before the first one, to be
            passed over.
    """

    def __init__(
        self,
        data: Any,
        batch_size: int,
        seed: int | None = None,
        augment: Callable[[Any, int, int], Any] | None = None,
        start: tuple[int, int] = (0, 0),
        steps: int | None = None,
    ) -> None:
        self.data = data
        self.arrays = keras.tree.flatten(data)
        self.size = batch_size
        self.seed = seed
        self.augment = augment
        self.epoch, self.first = start
        self.steps = steps
        self.passed = 0

    def begin(self, epoch: int, logs: Any = None) -> None:
        """Hears which epoch begins, as a callback does."""
        if epoch != self.epoch:
            self.first = self.passed = 0
        self.epoch = epoch

    def passes(self) -> Iterator[tuple[int, int]]:
        """Gives the passes to come: the number of each, and its first batch."""
        if self.steps is None:
            yield self.epoch, self.first
            return
        done = self.epoch * self.steps + self.first
        number, first = divmod(done, self.pass_batches)
        while True:
            yield number, first
            number, first = number + 1, 0

    def stand_in(self) -> list[Array]:
        """Gives a batch of the first rows, as they lie."""
        return [own_floats(take_rows(a, slice(self.size))) for a in self.arrays]

    def stand_ins(self) -> Iterator[list[Array]]:
        """Gives a batch in each place that is to be passed over."""
        if self.passed:
            yield from itertools.repeat(self.stand_in(), self.passed)

    def blocks(self, epoch: int, first: int = 0) -> Iterator[list[Array]]:
        """Gives an epoch in blocks of batches, from one of its batches on."""
        order = None
        if self.seed is not None:
            order = epoch_order(len(self.arrays[0]), self.seed, epoch)
        for block in row_blocks(self.arrays, self.size, order, first * self.size):
            yield [own_floats(values) for values in block]

    def batches(self, epoch: int, first: int = 0) -> Iterator[Any]:
        """Gives the batches of an epoch in the form of the data, from one on."""
        number = first
        for block in self.blocks(epoch, first):
            for start in range(0, len(block[0]), self.size):
                batch = [values[start : start + self.size] for values in block]
                made = keras.tree.pack_sequence_as(self.data, batch)
                if self.augment is not None:
                    made = self.augment(made, epoch, number)
                yield made
                number += 1

    def coming(self) -> Iterator[Any]:
        """Gives the batches that are to come."""
        for batch in self.stand_ins():
            yield keras.tree.pack_sequence_as(self.data, batch)
        for number, first in self.passes():
            yield from self.batches(number, first)

    def get_numpy_iterator(self) -> Iterator[Any]:
        """Gives what is to come."""
        return self.coming()

    def get_jax_iterator(self) -> Iterator[Any]:
        """Gives what is to come."""
        return self.coming()

    def get_torch_dataloader(self) -> Any:
        """Gives what is to come, as PyTorch takes it."""
        return get_torch_dataloader(self.coming())

    def get_tf_dataset(self) -> Any:
        """Gives what is to come of each epoch that begins, as TensorFlow takes it."""
        from keras.src.utils.module_utils import tensorflow as tf

        size = self.size if len(self.arrays[0]) % self.size == 0 else None
        signature = tuple(
            tf.TensorSpec((None, size, *values.shape[1:]), own_dtype(values))
            for values in self.arrays
        )
        form = keras.tree.lists_to_tuples(self.data)

        def apart(*block: Any) -> Any:
            batches = keras.tree.pack_sequence_as(form, list(block))
            return tf.data.Dataset.from_tensor_slices(batches)

        dataset = tf.data.Dataset.from_generator(
            self.owned_blocks, output_signature=signature
        )
        options = tf.data.Options()
        options.experimental_optimization.apply_default_optimizations = False
        # AutoGraph would write what it makes of the function to a file.
        apart = tf.autograph.experimental.do_not_convert(apart)
        return dataset.flat_map(apart).with_options(options).prefetch(tf.data.AUTOTUNE)

    def owned_blocks(self) -> Iterator[tuple[Array, ...]]:
        """Gives what is to come in memory of its own.

        TensorFlow takes the memory of an array that it is given, where that begins at
        a multiple of 64 bytes, and may compute into it.
        """
        for block in self.shaped_blocks():
            yield tuple(
                values.copy() if np.may_share_memory(values, source) else values
                for values, source in zip(block, self.arrays, strict=True)
            )

    def shaped_blocks(self) -> Iterator[tuple[Array, ...]]:
        """Gives what is to come with an axis of batches before the rows."""
        for batch in self.stand_ins():
            yield tuple(values[np.newaxis] for values in batch)
        for number, first in self.passes():
            yield from self.shaped_pass(number, first)

    def shaped_pass(self, number: int, first: int) -> Iterator[tuple[Array, ...]]:
        """Gives one pass from a batch on, with an axis of batches before the rows."""
        if self.augment is not None:
            for batch in self.batches(number, first):
                yield tuple(values[np.newaxis] for values in keras.tree.flatten(batch))
            return
        for block in self.blocks(number, first):
            whole = len(block[0]) // self.size * self.size
            if whole:
                yield tuple(
                    values[:whole].reshape(-1, self.size, *values.shape[1:])
                    for values in block
                )
            if whole < len(block[0]):
                yield tuple(values[np.newaxis, whole:] for values in block)

    @property
    def pass_batches(self) -> int:
        """The batches of one pass over the data."""
        return -(-len(self.arrays[0]) // self.size)

    @property
    def num_batches(self) -> int | None:
        """The batches of the epoch that begins; None where its steps are given."""
        if self.steps is not None:
            return None
        return self.pass_batches - self.first + self.passed

    @property
    def batch_size(self) -> int:
        """The samples in a batch."""
        return self.size

    @property
    def has_partial_batch(self) -> bool:
        """Whether the last batch is smaller."""
        return len(self.arrays[0]) % self.size > 0

    @property
    def partial_batch_size(self) -> int | None:
        """The samples in the last batch, if it is smaller."""
        return len(self.arrays[0]) % self.size or None


def own_dtype(values: Array) -> str:
    """The element type that Keras gives an array: floats have its own precision."""
    if values.dtype.kind == "f":
        return str(keras.config.floatx())
    return "string" if values.dtype.kind in "OSU" else str(values.dtype)


def own_floats(values: Array) -> Array:
    """Gives floats the precision of Keras."""
    if values.dtype.kind != "f":
        return values
    return values.astype(own_dtype(values), copy=False)
