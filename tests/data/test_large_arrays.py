"""Arrays that lie in files are the arrays that memory would hold, and leave no file behind."""

import errno

import numpy as np
import pytest

from kerasgen.data import large_arrays
from kerasgen.data.large_arrays import ArraySpace, ArrayWriter, room_told
from kerasgen.diagnostics import CompileError, Sink


@pytest.fixture
def space(tmp_path):
    return ArraySpace(limit=64, folder=tmp_path)


@pytest.mark.parametrize(
    "batches",
    [
        [np.arange(40.0).reshape(20, 2), np.ones((3, 2))],
        [np.arange(30), np.arange(5) / 2],
        [np.array(["a", "bc"] * 20), np.array(["longer words", ""])],
    ],
    ids=["numbers", "whole numbers, then fractions", "words that grow longer"],
)
def test_batches_in_a_file_are_joined_as_numpy_joins_them(batches, space):
    joined = space.gather(iter(batches))
    expected = np.concatenate(batches)
    assert isinstance(joined, np.memmap)
    assert joined.dtype == expected.dtype
    assert np.array_equal(joined, expected)


@pytest.mark.parametrize("rows", [[5], [0, 3, 1], [400] * 9, [1, 1000, 2, 3000]])
def test_batches_in_memory_are_joined_as_numpy_joins_them(rows):
    batches = [np.random.default_rng(n).normal(size=(n, 2)).astype("float32") for n in rows]
    batches[-1] = batches[-1].astype("float64")
    joined = ArraySpace().gather(iter(batches))
    expected = np.concatenate(batches)
    assert joined.dtype == expected.dtype
    assert np.array_equal(joined, expected)
    assert joined.flags.owndata
    assert not any(np.shares_memory(joined, batch) for batch in batches)


def test_a_file_has_no_name_once_it_is_mapped(space, tmp_path):
    joined = space.gather(iter([np.arange(1000), np.arange(1000)]))
    assert list(tmp_path.iterdir()) == []
    assert joined.sum() == 999_000


def test_small_arrays_stay_in_memory(space):
    assert not isinstance(space.gather(iter([np.arange(4), np.arange(4)])), np.memmap)


def test_rows_are_taken_in_the_order_that_is_asked_for(space, monkeypatch):
    monkeypatch.setattr(large_arrays, "PIECE", 7)
    column = np.arange(100) * 3
    rows = np.random.default_rng(0).permutation(100)
    assert np.array_equal(space.take(column, rows), column[rows])


def test_a_step_that_fails_counts_rows_from_the_first(space, monkeypatch):
    monkeypatch.setattr(large_arrays, "PIECE", 8)

    def step(values):
        if (odd := np.flatnonzero(values > 20)).size:
            raise ValueError(f"row {odd[0]}")
        return values

    with pytest.raises(ValueError, match="row 21"):
        space.applied(step, [np.arange(100)])


def test_a_full_disk_is_told_with_the_folder(space, tmp_path, monkeypatch):
    class Full:
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self):
            pass

    monkeypatch.setattr(large_arrays.tempfile, "TemporaryFile", lambda **_: Full())
    writer = ArrayWriter(space)
    with pytest.raises(CompileError) as caught, room_told(Sink()):
        writer.append(np.arange(1000))
    (found,) = caught.value.diagnostics
    assert found.code == "KG605"
    assert str(tmp_path) in found.message
    assert "No space left" in found.message
