"""Arrays of HDF5 files, checkpoints and TensorFlow.js shards, read as data."""

import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from kerasgen.engines.keras3.model_files.array_records import Grouped, Paths
from kerasgen.engines.keras3.model_files.checkpoint import read_checkpoint
from kerasgen.engines.keras3.model_files.model_file import Weights
from kerasgen.engines.keras3.model_files.shards import read_shards
from kerasgen.engines.keras3.model_files.stored_arrays import open_weights
from kerasgen.foreign.regular_files import ForeignFileError

MODELS = Path(__file__).parent.parent / "old_models" / "models.zip"


def hdf5(path: Path, attributes: dict[str, object], arrays: dict[str, object]) -> Weights:
    with h5py.File(path, "w") as file:
        for name, value in arrays.items():
            file[name] = value
        for name, value in attributes.items():
            group, _, attribute = name.rpartition("/")
            file.require_group(group or "/").attrs[attribute] = value
    return Weights(form="hdf5", path=path)


def test_groups_stand_in_the_order_of_their_names_in_an_attribute(tmp_path: Path) -> None:
    attributes = {
        "layer_names": [b"b", b"a"], "b/weight_names": [b"b/kernel:0"], "backend": b"theano",
        "a/weight_names": [b"a/bias:0"],
    }  # fmt: skip
    arrays = {"b/b/kernel:0": np.ones((2, 3)), "a/a/bias:0": np.zeros(3)}
    with open_weights(hdf5(tmp_path / "a.h5", attributes, arrays)) as stored:
        assert isinstance(stored, Grouped)
        assert [group.name for group in stored.groups] == ["b", "a"]
        assert stored.backend == "theano"
        assert stored.groups[0].arrays[0].shape == (2, 3)
        assert stored.groups[0].arrays[0].read().sum() == 6


def test_names_that_were_cut_into_several_attributes_are_joined(tmp_path: Path) -> None:
    attributes = {
        "layer_names0": [b"a"], "layer_names1": [b"b"],
        "a/weight_names0": [b"x"], "a/weight_names1": [b"y"], "b/weight_names": [b"z"],
    }  # fmt: skip
    arrays = {"a/x": np.ones(1), "a/y": np.ones(2), "b/z": np.ones(3)}
    with open_weights(hdf5(tmp_path / "a.h5", attributes, arrays)) as stored:
        assert isinstance(stored, Grouped)
        shapes = [[array.shape for array in group.arrays] for group in stored.groups]
        assert shapes == [[(1,), (2,)], [(3,)]]


def test_before_keras_1_groups_were_numbered(tmp_path: Path) -> None:
    attributes = {"nb_layers": 2, "layer_0/nb_params": 1, "layer_1/nb_params": 0}
    weights = hdf5(tmp_path / "a.h5", attributes, {"layer_0/param_0": np.ones(4)})
    with open_weights(weights) as stored:
        assert isinstance(stored, Grouped)
        assert [len(group.arrays) for group in stored.groups] == [1, 0]


@pytest.mark.parametrize(
    ("attributes", "arrays", "told"),
    [
        ({}, {"a": np.ones(1)}, "names no layers"),
        ({"layer_names": [b"gone"]}, {}, "names `gone`, which it does not hold"),
        ({"layer_names": [1, 2]}, {}, "by something else than text"),
        ({"nb_layers": -1}, {}, "by something else than a number"),
        (
            {"layer_names": [b"a"], "a/weight_names": [b"x"]},
            {"a/x": "text"},
            "`x`, which is no array of numbers",
        ),
    ],
    ids=["no names", "a name of nothing", "numbers for names", "a negative count", "text"],
)
def test_what_holds_no_weights_is_told(
    tmp_path: Path, attributes: dict[str, object], arrays: dict[str, object], told: str
) -> None:
    weights = hdf5(tmp_path / "a.h5", attributes, arrays)
    with pytest.raises(ForeignFileError, match=told), open_weights(weights):
        pass


def test_keras_files_hold_arrays_by_path(tmp_path: Path) -> None:
    hdf5(tmp_path / "w.h5", {}, {"layers/dense/vars/0": np.ones((2, 2))})
    with zipfile.ZipFile(tmp_path / "a.keras", "w") as archive:
        archive.write(tmp_path / "w.h5", "model.weights.h5")
    weights = Weights(form="keras-zip", path=tmp_path / "a.keras", member="model.weights.h5")
    with open_weights(weights) as stored:
        assert isinstance(stored, Paths)
        assert stored.arrays["layers/dense/vars/0"].read().shape == (2, 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The models of a SavedModel and of TensorFlow.js."""
    with zipfile.ZipFile(MODELS) as archive:
        for name in archive.namelist():
            if name.startswith(("tfk_mapping.saved", "tfjs_tfj_nested")):
                archive.extract(name, tmp_path)
    return tmp_path


def test_a_checkpoint_is_read_without_tensorflow(folder: Path) -> None:
    stored = read_checkpoint(folder / "tfk_mapping.saved", "variables/variables")
    named = [array.name for group in stored.groups for array in group.arrays]
    assert named == ["p/kernel", "p/bias", "u/kernel", "u/bias", "v/kernel", "v/bias"]
    kernel = stored.groups[1].arrays[0]
    assert kernel.shape == (4, 3)
    assert 0 < np.abs(kernel.read()).max() <= 0.6


def test_every_byte_of_a_checkpoints_index_may_be_wrong(folder: Path) -> None:
    index = folder / "tfk_mapping.saved" / "variables" / "variables.index"
    content, told = index.read_bytes(), 0
    for at in range(0, len(content), 7):
        spoiled = bytearray(content)
        spoiled[at] ^= 0xFF
        index.write_bytes(spoiled)
        try:
            for group in read_checkpoint(index.parent.parent, "variables/variables").groups:
                for array in group.arrays:
                    array.read()
        except ForeignFileError:
            told += 1
    assert told > 20


def shards(folder: Path, weight: dict[str, object], content: bytes, path: str = "a.bin") -> Path:
    (folder / "a.bin").write_bytes(content)
    manifest = [{"paths": [path], "weights": [{"name": "a/kernel", **weight}]}]
    (folder / "model.json").write_text(json.dumps({"weightsManifest": manifest}))
    return folder / "model.json"


def test_quantized_weights_are_what_they_stand_for(tmp_path: Path) -> None:
    quantization = {"dtype": "uint8", "scale": 0.5, "min": -1.0}
    weight = {"shape": [3], "dtype": "float32", "quantization": quantization}
    (array,) = read_shards(shards(tmp_path, weight, bytes([0, 2, 4]))).groups[0].arrays
    assert array.read().tolist() == [-1, 0, 1]
    halves = np.array([0.5, 2], "<f2").tobytes()
    weight = {"shape": [2], "dtype": "float32", "quantization": {"dtype": "float16"}}
    (array,) = read_shards(shards(tmp_path, weight, halves)).groups[0].arrays
    assert array.read().tolist() == [0.5, 2]


def test_an_array_may_go_on_in_the_next_shard(tmp_path: Path) -> None:
    content = np.arange(4, dtype="<f4").tobytes()
    (tmp_path / "b.bin").write_bytes(content[:6])
    (tmp_path / "c.bin").write_bytes(content[6:])
    weights = [{"name": "a", "shape": [4], "dtype": "float32"}]
    manifest = [{"paths": ["b.bin", "c.bin"], "weights": weights}]
    (tmp_path / "model.json").write_text(json.dumps({"weightsManifest": manifest}))
    (array,) = read_shards(tmp_path / "model.json").groups[0].arrays
    assert array.read().tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("weight", "path", "told"),
    [
        ({"shape": [3], "dtype": "float32"}, "a.bin", "lists weights of 12 bytes"),
        ({"shape": [1 << 50], "dtype": "float32"}, "a.bin", "without a name and a shape"),
        ({"shape": [2], "dtype": "string"}, "a.bin", "the type `string`"),
        ({"shape": [2], "dtype": "float32"}, "../a.bin", "which is no file beside it"),
        ({"shape": [2], "dtype": "float32"}, "/etc/passwd", "which is no file beside it"),
        ({"shape": [2], "dtype": "float32"}, "gone.bin", "`gone.bin`, which is not there"),
    ],
)
def test_a_manifest_that_lies_is_told(
    tmp_path: Path, weight: dict[str, object], path: str, told: str
) -> None:
    model = shards(tmp_path, weight, bytes(8), path)
    with pytest.raises(ForeignFileError, match=told):
        read_shards(model)


def test_a_shard_counts_once_in_all_groups(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(4))
    group = {"paths": ["a.bin"], "weights": [{"name": "a", "shape": [1], "dtype": "float32"}]}
    again = {**group, "paths": ["./a.bin"]}
    (tmp_path / "model.json").write_text(json.dumps({"weightsManifest": [group, again]}))
    with pytest.raises(ForeignFileError, match=r"lists its file `\./a\.bin` twice"):
        read_shards(tmp_path / "model.json")


def test_a_weight_of_hundreds_of_axes_is_told(tmp_path: Path) -> None:
    model = shards(tmp_path, {"shape": [2] * 900, "dtype": "float32"}, bytes(8))
    with pytest.raises(ForeignFileError, match="without a name and a shape"):
        read_shards(model)


@pytest.mark.parametrize("place", ["layers/circle", "layers/dense/vars/up"])
def test_groups_in_a_circle_come_to_an_end(tmp_path: Path, place: str) -> None:
    weights = hdf5(tmp_path / "a.h5", {}, {"layers/dense/vars/0": np.ones(3)})
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file[place] = file["layers"]
    with pytest.raises(ForeignFileError, match="at another place too"), open_weights(weights):
        pass
