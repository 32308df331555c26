"""The order of samples, and how blocks of them are read."""

import threading
from pathlib import Path

import numpy as np
import pytest

from kerasgen.runtime.sample_order import BLOCK, block_rows, epoch_order, one_ahead, row_blocks


def test_the_order_is_the_permutation_that_the_manual_gives() -> None:
    assert np.array_equal(epoch_order(9, 4, 2), np.random.default_rng([4, 2]).permutation(9))


def test_each_epoch_and_each_seed_have_an_order_of_their_own() -> None:
    orders = {tuple(epoch_order(50, seed, epoch)) for seed in (0, 1) for epoch in range(3)}

    assert len(orders) == 6


def test_a_block_holds_whole_batches_and_one_at_the_least() -> None:
    narrow, wide = np.zeros((10, 4), "float32"), np.zeros((2, BLOCK), "uint8")

    assert block_rows([narrow], 32) == BLOCK // (16 * 32) * 32
    assert block_rows([wide], 32) == 32


def test_blocks_are_the_rows_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerasgen.runtime.sample_order.BLOCK", 64)
    x, order = np.arange(40).reshape(20, 2), epoch_order(20, 1, 0)

    blocks = [block for (block,) in row_blocks([x], 3, order, first=6)]

    assert [len(block) for block in blocks] == [3, 3, 3, 3, 2]
    assert np.array_equal(np.concatenate(blocks), x[order[6:]])


def test_rows_as_they_lie_are_not_copied() -> None:
    x = np.arange(40).reshape(20, 2)

    assert all(np.shares_memory(block, x) for (block,) in row_blocks([x], 4, None))


class Counted:
    """Rows that are made when they are asked for, in rising order alone, as HDF5 gives them."""

    shape, dtype = (1000, 3), np.dtype("int64")

    def __init__(self) -> None:
        self.most = 0
        self.threads: set[str] = set()

    def __len__(self) -> int:
        return 1000

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        assert (np.diff(rows) > 0).all()
        self.most = max(self.most, len(rows))
        self.threads.add(threading.current_thread().name)
        return np.repeat(rows[:, np.newaxis], 3, axis=1)


def test_lazy_rows_come_in_the_same_order_and_never_all_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kerasgen.runtime.sample_order.BLOCK", 1200)
    rows, order = Counted(), epoch_order(1000, 3, 1)

    blocks = [block for (block,) in row_blocks([rows], 10, order)]

    assert np.array_equal(np.concatenate(blocks)[:, 0], order)
    assert rows.most == 50
    assert rows.threads == {name for name in rows.threads if name.startswith("ThreadPool")}


def test_mapped_arrays_are_read_by_a_thread_of_their_own(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(100).reshape(50, 2))
    mapped, order = np.load(tmp_path / "x.npy", mmap_mode="r"), epoch_order(50, 0, 0)

    blocks = [block for (block,) in row_blocks([mapped], 7, order)]

    assert np.array_equal(np.concatenate(blocks), np.asarray(mapped)[order])


def test_one_block_is_made_while_another_is_used() -> None:
    made, second = [], threading.Event()

    def make():
        for number in range(3):
            made.append(number)
            if number == 1:
                second.set()
            yield number

    blocks = one_ahead(make())

    assert next(blocks) == 0
    assert second.wait(5)
    assert list(blocks) == [1, 2]


def test_what_reading_raises_is_raised_where_the_block_is_taken() -> None:
    def make():
        yield 0
        raise OSError("the disk is gone")

    blocks = one_ahead(make())

    assert next(blocks) == 0
    with pytest.raises(OSError, match="gone"):
        next(blocks)


def test_the_thread_ends_with_the_one_who_reads() -> None:
    before = threading.active_count()
    blocks = one_ahead(iter(range(5)))

    next(blocks)
    blocks.close()

    assert threading.active_count() == before


@pytest.mark.parametrize("seed", range(3))
def test_an_order_is_the_permutation_of_numpy_in_half_of_its_bytes(seed) -> None:
    order = epoch_order(3_001, seed, 2)

    assert order.tolist() == np.random.default_rng([seed, 2]).permutation(3_001).tolist()
    assert order.dtype == np.int32
