import io
import os
import zipfile

import numpy as np
import pytest

from kerasgen.foreign.numpy_data import read_npz
from kerasgen.foreign.regular_files import NOT_ORDINARY, TOO_MUCH, ForeignFileError


def _fault(path, names=("a",), within=None) -> ForeignFileError:
    with pytest.raises(ForeignFileError) as caught:
        read_npz(path, names, within=within)
    return caught.value


def _declaring(path, shape, descr):
    head = io.BytesIO()
    fields = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(head, fields)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", head.getvalue())
    return path


def test_the_named_arrays_come_back_as_they_were_written(tmp_path):
    kept = {"a": np.float32([[1, 2], [3, 4]]), "b": np.array(["red", "éclair"]), "c": np.zeros(2)}
    np.savez(tmp_path / "k.npz", **kept)
    read = read_npz(tmp_path / "k.npz", ["b", "a", "a"])
    assert [*read] == ["b", "a"]
    for name, array in read.items():
        assert array.dtype == kept[name].dtype
        np.testing.assert_array_equal(array, kept[name])


def test_an_array_that_is_not_there_is_told(tmp_path):
    np.savez(tmp_path / "k.npz", b=np.zeros(2))
    assert _fault(tmp_path / "k.npz").reason == "holds no `a.npy`"


def test_an_archive_that_unpacks_to_far_more_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "k.npz", a=np.zeros(20_000_000))
    assert _fault(tmp_path / "k.npz").code == TOO_MUCH


@pytest.mark.parametrize(
    ("shape", "descr"), [((10**7, 10**5), "<f4"), ((10**15,), "<U0"), ((2**62, 2**62), "|u1")]
)
def test_a_header_that_declares_more_than_follows_is_refused(tmp_path, shape, descr):
    assert _fault(_declaring(tmp_path / "k.npz", shape, descr)).code == TOO_MUCH


def test_objects_of_python_are_never_loaded(tmp_path):
    np.savez(tmp_path / "k.npz", a=np.array([{}], dtype=object))
    assert _fault(tmp_path / "k.npz").reason.startswith("holds objects of Python as `a`")


def test_a_member_that_is_no_array_is_told(tmp_path):
    with zipfile.ZipFile(tmp_path / "k.npz", "w") as archive:
        archive.writestr("a.npy", b"no array at all")
    assert "`a` that is no array" in _fault(tmp_path / "k.npz").reason


def test_a_damaged_archive_is_told(tmp_path):
    np.savez(tmp_path / "k.npz", a=np.arange(100))
    content = bytearray((tmp_path / "k.npz").read_bytes())
    content[200] ^= 0xFF
    (tmp_path / "k.npz").write_bytes(content)
    assert _fault(tmp_path / "k.npz").reason == "is not a sound zip archive"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "k.npz")
    assert _fault(tmp_path / "k.npz").code == NOT_ORDINARY


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    np.savez(tmp_path / "k.npz", a=np.zeros(2))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "k.npz").symlink_to(tmp_path / "k.npz")
    assert _fault(tmp_path / "run" / "k.npz", within=tmp_path / "run").code == NOT_ORDINARY
