import io
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from kerasgen.engines.legacy.worker.messages import Channel, ChannelError


def written(header: dict[str, object], arrays: dict[str, np.ndarray]) -> bytes:
    pipe = io.BytesIO()
    Channel(io.BytesIO(), pipe).write(header, arrays)
    return pipe.getvalue()


def read(content: bytes) -> object:
    return Channel(io.BytesIO(content), io.BytesIO()).read()


def test_a_message_comes_out_as_it_went_in() -> None:
    arrays = {"weight/a/0": np.arange(6.0).reshape(2, 3), "y": np.array([], dtype="int32")}
    header, found = Channel(io.BytesIO(written({"do": "lay"}, arrays)), io.BytesIO()).read()
    assert header == {"do": "lay"}
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert np.array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_the_end_of_the_pipe_is_no_message() -> None:
    assert read(b"") is None


@pytest.mark.parametrize("left", [1, 15, 16, 20, -1])
def test_a_message_that_ends_in_its_midst_is_told(left: int) -> None:
    whole = written({"do": "train"}, {"x0": np.ones(3)})
    with pytest.raises(ChannelError, match="midst"):
        read(whole[:left])


def test_what_is_printed_is_no_message() -> None:
    with pytest.raises(ChannelError, match="no message"):
        read(b"Using Theano backend.\n" * 10)


def test_a_header_that_is_no_json_is_no_message() -> None:
    with pytest.raises(ChannelError, match="no message"):
        read(struct.pack(">QQ", 4, 0) + b"junk")


class Touching:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    packed = io.BytesIO()
    np.savez(packed, evil=np.array([Touching(tmp_path / "ran")], dtype=object))
    body = packed.getvalue()
    assert pickle.dumps(Touching(tmp_path / "ran"))
    with pytest.raises(ValueError, match="allow_pickle"):
        read(struct.pack(">QQ", 2, len(body)) + b"{}" + body)
    assert not (tmp_path / "ran").exists()
