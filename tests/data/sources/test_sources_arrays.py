"""Arrays in NumPy's files."""

import zipfile

import numpy as np
import pytest

from kerasgen.data.sources.arrays import Arrays
from kerasgen.diagnostics import CompileError


def _refusal(source, sink):
    with pytest.raises(CompileError):
        source.read(None, sink)
    (found,) = sink.diagnostics
    return found


class Evil:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


def test_train_and_test_arrays_become_one_column_with_a_given_part(sink, tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x_train=[[1.0], [2.0]], x_test=[[3.0]], x_val=[[4.0]])
    table = Arrays(path=str(path)).read(None, sink)
    assert table.columns["x"].tolist() == [1.0, 2.0, 4.0, 3.0]
    assert table.given.tolist() == [0, 0, 1, 2]


def test_an_array_called_test_without_a_train_is_a_column_of_its_own(sink, tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x_test=[1, 2], y=[3, 4])
    assert Arrays(path=str(path)).read(None, sink).names == ("x_test", "y")


def test_gray_images_of_bytes_get_a_channel_and_other_arrays_do_not(sink, tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, image=np.zeros((2, 5, 5), "uint8"), series=np.zeros((2, 5, 5), "float32"))
    table = Arrays(path=str(path)).read(None, sink)
    assert table.columns["image"].shape == (2, 5, 5, 1)
    assert table.columns["series"].shape == (2, 5, 5)


def test_separate_files_are_the_columns_x_and_y(sink, tmp_path):
    for name, values in (("a", [[1.0]]), ("b", [1]), ("c", [[2.0]]), ("d", [0])):
        np.save(tmp_path / f"{name}.npy", np.array(values))
    paths = {name: str(tmp_path / f"{name}.npy") for name in "abcd"}
    source = Arrays(x=paths["a"], y=paths["b"], x_test=paths["c"], y_test=paths["d"])
    table = source.read(None, sink)
    assert table.columns["x"].tolist() == [1.0, 2.0]
    assert table.columns["y"].tolist() == [1, 0]
    assert table.given.tolist() == [0, 2]


def test_a_single_file_is_the_column_x(sink, tmp_path):
    np.save(tmp_path / "a.npy", np.ones((3, 2)))
    assert Arrays(path=str(tmp_path / "a.npy")).read(None, sink).names == ("x",)


def test_a_pickle_is_never_loaded(sink, tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.array([Evil()], dtype=object))
    found = _refusal(Arrays(path=str(path)), sink)
    assert found.code == "KG502"
    assert found.message == f"`{path}` holds arrays of Python objects, which are never loaded"


def test_a_bare_pickle_under_the_name_of_an_array_is_never_loaded(sink, tmp_path):
    import pickle

    path = tmp_path / "a.npy"
    path.write_bytes(pickle.dumps(Evil()))
    found = _refusal(Arrays(path=str(path)), sink)
    assert found.message == f"`{path}` cannot be read as arrays: it is none of NumPy's files"


def test_an_unwanted_array_is_not_read_at_all(sink, tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=[1, 2], junk=np.array([Evil()], dtype=object))
    table = Arrays(path=str(path)).read(frozenset({"x"}), sink)
    assert table.names == ("x", "junk")
    assert list(table.columns) == ["x"]


def test_big_endian_arrays_and_bytes_become_native_numbers_and_text(sink, tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.array([1, 2], dtype=">i4"), y=np.array([b"a", b"b"]))
    table = Arrays(path=str(path)).read(None, sink)
    assert table.columns["x"].dtype == np.dtype("int32")
    assert table.columns["y"].tolist() == ["a", "b"]


def test_arrays_of_different_lengths_are_refused(sink, tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=[1, 2, 3], y=[1, 2])
    found = _refusal(Arrays(path=str(path)), sink)
    assert found.code == "KG502"
    assert found.message == ("the arrays have different numbers of rows: `x` has 3, `y` has 2")


def test_parts_whose_rows_differ_in_shape_are_refused(sink, tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x_train=np.ones((2, 3)), x_test=np.ones((2, 4)))
    found = _refusal(Arrays(path=str(path)), sink)
    assert found.message == "the parts of `x` have rows of different shapes: (3,) and (4,)"


def test_a_single_value_is_no_column(sink, tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=3)
    assert _refusal(Arrays(path=str(path)), sink).code == "KG502"


@pytest.mark.parametrize("content", [b"PK\x03\x04 not an archive", b"\x93NUMPY\x01\x00", b"text"])
@pytest.mark.parametrize("name", ["a.npz", "a.npy"])
def test_a_damaged_file_is_refused(content, name, sink, tmp_path):
    (tmp_path / name).write_bytes(content)
    found = _refusal(Arrays(path=str(tmp_path / name)), sink)
    assert found.code == "KG502"
    assert found.location.key == "data.source.path"


def test_a_file_of_another_kind_is_refused_by_its_name(sink, tmp_path):
    (tmp_path / "a.txt").write_text("1")
    found = _refusal(Arrays(path=str(tmp_path / "a.txt")), sink)
    assert (
        found.message
        == f"`{tmp_path / 'a.txt'}` does not end in `.npz` or `.npy` or `.h5` or `.hdf5`"
    )


def test_neither_path_nor_x_is_a_missing_argument(sink):
    assert _refusal(Arrays(), sink).code == "KG203"


def test_path_and_x_exclude_each_other(sink):
    found = _refusal(Arrays(path="a.npz", x="b.npy"), sink)
    assert (found.code, found.location.key) == ("KG204", "data.source.x")


def test_an_archive_of_nothing_does_not_fill_the_memory(sink, tmp_path, monkeypatch):
    monkeypatch.setattr("kerasgen.data.sources.files.FREE_BYTES", 2**20)
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros((10, 2**20), "u1"), y=np.zeros(10))
    found = _refusal(Arrays(path=str(tmp_path / "bomb.npz")), sink)
    assert found.code == "KG614"
    assert "becomes 10.0 MiB in memory from" in found.message


def test_numbers_longer_than_float64_become_that(sink, tmp_path):
    np.savez(tmp_path / "d.npz", x=np.arange(3, dtype="longdouble"))
    table = Arrays(path=str(tmp_path / "d.npz")).read(None, sink)
    assert table.columns["x"].dtype == "float64"
    assert table.columns["x"].tolist() == [0, 1, 2]


def test_a_member_that_is_no_array_is_told(sink, tmp_path):
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        archive.writestr("x.npy", b"hello")
    found = _refusal(Arrays(path=str(tmp_path / "d.npz")), sink)
    assert found.code == "KG502"
    assert "its member `x` is no array" in found.message


@pytest.fixture
def stored(tmp_path):
    """Writes an HDF5 file."""
    h5py = pytest.importorskip("h5py")

    def write(fill):
        path = tmp_path / "a.h5"
        with h5py.File(path, "w") as file:
            fill(file)
        return str(path)

    return write


def test_data_sets_of_hdf5_are_columns(sink, stored):
    def fill(file):
        file["x"] = np.arange(6.0).reshape(3, 2)
        file["y"] = ["a", "b", "c"]
        file["z"] = np.array([b"p", b"q", b"r"])
        file["deep/er/n"] = [1, 2, 3]

    table = Arrays(path=stored(fill)).read(None, sink)
    assert table.names == ("deep.er.n", "x", "y", "z")
    assert table.columns["x"].shape == (3, 2)
    assert table.columns["y"].tolist() == ["a", "b", "c"]
    assert table.columns["z"].tolist() == ["p", "q", "r"]
    assert table.given is None


@pytest.mark.parametrize("form", ["{part}/{name}", "{name}_{part}"])
def test_parts_of_hdf5_are_groups_or_ends_of_names(form, sink, stored):
    def fill(file):
        for part, rows in (("train", [1, 2]), ("test", [3])):
            for name in ("x", "y"):
                file[form.format(part=part, name=name)] = rows

    table = Arrays(path=stored(fill)).read(None, sink)
    assert {n: v.tolist() for n, v in table.columns.items()} == {"x": [1, 2, 3], "y": [1, 2, 3]}
    assert table.given.tolist() == [0, 0, 2]


def test_a_group_of_hdf5_is_read_alone_and_no_more_than_is_wanted(sink, stored):
    def fill(file):
        file["one/x"], file["one/y"], file["two/x"] = [1, 2], [3, 4], [5]

    path = stored(fill)
    table = Arrays(path=path, group="one").read(frozenset({"y"}), sink)
    assert (table.names, list(table.columns)) == (("x", "y"), ["y"])
    found = _refusal(Arrays(path=path, group="three"), sink)
    assert (found.code, found.message) == ("KG204", "there is no group `three`")


def test_a_script_reads_the_same_of_hdf5(sink, stored):
    def fill(file):
        file["x"], file["y"] = [1.5, 2.5], ["a", "b"]

    source = Arrays(path=stored(fill))
    call = source.plain_call()
    columns, _ = call.function(**call.arguments)
    read = source.read(None, sink).columns
    assert {n: v.tolist() for n, v in columns.items()} == {n: v.tolist() for n, v in read.items()}


@pytest.mark.parametrize(
    ("fill", "code", "words"),
    [
        (lambda h5py, file: file.create_group("a"), "KG503", "holds no data sets"),
        (
            lambda h5py, file: file.__setitem__("x", h5py.ExternalLink("/x.h5", "x")),
            "KG502",
            "link",
        ),
        (lambda h5py, file: file.__setitem__("x", h5py.SoftLink("/x")), "KG502", "link"),
        (lambda h5py, file: file.__setitem__("x", 3.0), "KG502", "single value"),
        (lambda h5py, file: file.__setitem__("x", [1j]), "KG502", "neither numbers nor text"),
        (
            lambda h5py, file: file.create_dataset("x", (2,), dtype=h5py.vlen_dtype("f4")),
            "KG502",
            "neither numbers nor text",
        ),
        (
            lambda h5py, file: file.create_dataset("x", (2**40,), dtype="f4", chunks=(2**20,)),
            "KG614",
            "declares data",
        ),
        (
            lambda h5py, file: file.create_dataset("x", (2,), "f4", external=[("/etc/motd", 0, 8)]),
            "KG502",
            "in another file",
        ),
    ],
)
def test_hdf5_that_is_no_table_or_leads_elsewhere_is_refused(fill, code, words, sink, stored):
    h5py = pytest.importorskip("h5py")
    found = _refusal(Arrays(path=stored(lambda file: fill(h5py, file))), sink)
    assert found.code == code
    assert words in found.message


def test_a_file_that_is_called_hdf5_and_is_none_is_told(sink, tmp_path):
    (tmp_path / "a.h5").write_bytes(b"not at all" * 100)
    assert "not a sound HDF5 file" in _refusal(Arrays(path=str(tmp_path / "a.h5")), sink).message


def test_a_group_of_another_file_is_refused(sink, tmp_path):
    np.save(tmp_path / "a.npy", [1])
    found = _refusal(Arrays(path=str(tmp_path / "a.npy"), group="g"), sink)
    assert "is no HDF5 file" in found.message
