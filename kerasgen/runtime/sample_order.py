"""The order of samples, and how they are read: batch by batch, of arrays of any size.

Decisions:
- The order of an epoch depends on the seed and on the number of the epoch alone: not on
  the engine, the process, or on what was drawn before.
- Rows are taken a block of batches at a time, so that no array is copied whole; a batch
  is a view of its block. Arrays that lie in a file are read by a thread of their own,
  one block ahead, in the order of their rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from kerasgen.runtime.values import Array

BLOCK = 4 * 2**20
"""Bytes of a block, which is never less than a batch."""


def epoch_order(count: int, seed: int, epoch: int) -> Array:
    """Gives the row numbers of an epoch in the order in which they are taken."""
    order = np.arange(count, dtype="int32" if count < 2**31 else "int64")
    np.random.default_rng([seed, epoch]).shuffle(order)
    return order


def lies_in_file(values: Any) -> bool:
    """Tells whether rows are read when they are asked for."""
    return isinstance(values, np.memmap) or not isinstance(values, np.ndarray)


def take_rows(values: Any, rows: Any) -> Array:
    """Takes some rows; those of a file in the order in which they lie there."""
    if isinstance(rows, slice) or not lies_in_file(values):
        return np.asarray(values[rows])
    order = np.argsort(rows)
    found = np.asarray(values[rows[order]])
    taken = np.empty_like(found)
    taken[order] = found
    return taken


def block_rows(arrays: Sequence[Any], batch_size: int) -> int:
    """Gives the number of rows of a block: whole batches, one at the least."""
    row = sum(
        int(np.prod(values.shape[1:], dtype="int64")) * np.dtype(values.dtype).itemsize
        for values in arrays
    )
    return int(max(1, BLOCK // max(1, row * batch_size)) * batch_size)


def row_blocks(
    arrays: Sequence[Any], batch_size: int, order: Array | None, first: int = 0
) -> Iterator[list[Array]]:
    """Gives the rows of all arrays block by block, from row `first` of the order on."""
    count, size = len(arrays[0]), block_rows(arrays, batch_size)

    def read() -> Iterator[list[Array]]:
        for start in range(first, count, size):
            rows = slice(start, start + size)
            wanted = rows if order is None else order[rows]
            yield [take_rows(values, wanted) for values in arrays]

    blocks = read()
    return one_ahead(blocks) if any(map(lies_in_file, arrays)) else blocks


def one_ahead(blocks: Iterator[Any]) -> Iterator[Any]:
    """Lets a thread make the next block while one is used."""
    with ThreadPoolExecutor(max_workers=1) as reader:
        coming = reader.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = reader.submit(next, blocks, None)
            yield block
