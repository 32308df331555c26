from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
import pytest

from kerasgen.foreign.hdf5 import declared_bytes, open_hdf5
from kerasgen.foreign.regular_files import TOO_MUCH, ForeignFileError


def _external_link(file: Any) -> None:
    file["a"] = h5py.ExternalLink("other.h5", "/x")


def _soft_link(file: Any) -> None:
    file["a"] = h5py.SoftLink("/a")


def _foreign_bytes(file: Any) -> None:
    file.create_dataset("x", shape=(3,), dtype="f4", external=[("/etc/passwd", 0, 12)])


def _virtual(file: Any) -> None:
    layout = h5py.VirtualLayout((3,), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "x", (3,))
    file.create_virtual_dataset("v", layout)


def _fill_values(file: Any) -> None:
    file.create_dataset("x", shape=(10**6, 10**6), chunks=(1000, 1000))


def _packed_zeros(file: Any) -> None:
    file.create_dataset("x", data=np.zeros(30_000_000, "f4"), compression="gzip")


def _many_empty(file: Any) -> None:
    for number in range(100):
        file.create_dataset(str(number), shape=(10**6,), dtype="f4")


def _deep(file: Any) -> None:
    file.create_group("/".join("g" * 300))


@pytest.mark.parametrize(
    ("make", "code", "told"),
    [
        (_external_link, None, "holds `a`, which is a link to something else"),
        (_soft_link, None, "holds `a`, which is a link to something else"),
        (_foreign_bytes, None, "keeps the data of `/x` in another file"),
        (_virtual, None, "takes the data of `/v` from other data sets"),
        (_fill_values, TOO_MUCH, "declares data of 4,000,000,000,000 bytes and holds 0 of them"),
        (_packed_zeros, TOO_MUCH, "declares data of 120,000,000 bytes"),
        (_many_empty, TOO_MUCH, "declares data of 400,000,000 bytes and holds 0 of them"),
        (_deep, TOO_MUCH, "is nested more than 200 levels deep"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_file_that_leads_elsewhere_or_asks_for_more_than_it_holds_is_refused(
    make: Callable[[Any], None], code: str | None, told: str, tmp_path
):
    with h5py.File(tmp_path / "file.h5", "w") as file:
        make(file)
    with pytest.raises(ForeignFileError, match=told) as caught, open_hdf5(tmp_path / "file.h5"):
        pass
    assert caught.value.code == code


def test_groups_that_hold_each_other_are_counted_once(tmp_path):
    with h5py.File(tmp_path / "file.h5", "w") as file:
        group = file.create_group("g")
        group["self"], group["root"] = group, file["/"]
        group.create_dataset("x", data=np.ones(3, "f4"))
    with open_hdf5(tmp_path / "file.h5") as opened:
        assert declared_bytes(opened) == 12


def test_what_writers_of_weights_make_is_read(tmp_path):
    with h5py.File(tmp_path / "file.h5", "w") as file:
        file.attrs["model_config"] = "{}"
        file.attrs["layer_names"] = ["a", "b"]
        file.create_dataset("a/kernel", data=np.arange(6.0).reshape(2, 3))
        file.create_dataset("none", data=h5py.Empty("f4"))
    with open_hdf5(tmp_path / "file.h5") as opened:
        assert opened["a/kernel"][1, 2] == 5.0


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n", b"no such file"])
def test_what_is_no_hdf5_is_told_as_that(content, tmp_path):
    (tmp_path / "file.h5").write_bytes(content)
    with (
        pytest.raises(ForeignFileError, match="is not a sound HDF5 file"),
        open_hdf5(tmp_path / "file.h5"),
    ):
        pass
