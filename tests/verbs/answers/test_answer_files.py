"""Answers on a disk that takes no more."""

import errno
import os

import numpy as np
import pytest

from kerasgen.diagnostics import Sink
from kerasgen.verbs.answers.writing import answer_file

resource = pytest.importorskip("resource")


@pytest.fixture
def little_room():
    """No file may become larger than ten thousand bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("little_room")
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "arrow"])
def test_an_answer_that_finds_no_room_says_so_and_leaves_nothing(ending, tmp_path):
    pytest.importorskip("polars")
    output = tmp_path / f"answer.{ending}"
    numbers = np.random.default_rng(0).normal(size=20_000)
    words = os.strerror(errno.EFBIG)
    with pytest.raises(OSError, match=words) as caught, answer_file(output, Sink()) as write:
        write({"a": numbers})
    assert caught.value.errno == errno.EFBIG
    assert [*tmp_path.iterdir()] == []
