"""What a file is, is told by its content; what cannot be read says why."""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest
import yaml

from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.engines.keras3.model_files.containers import open_model_file
from kerasgen.engines.keras3.model_files.model_file import ModelFile

DENSE = {"class_name": "Dense", "config": {"name": "d", "units": 2, "batch_input_shape": [None, 3]}}
TOPOLOGY = {"class_name": "Sequential", "config": {"name": "net", "layers": [DENSE]}}
WRITTEN = TOPOLOGY | {"keras_version": "2.3.1", "backend": "theano"}


def varint(number: int) -> bytes:
    made = b""
    while number > 127:
        made += bytes([number & 127 | 128])
        number >>= 7
    return made + bytes([number])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def metadata(**told: Any) -> bytes:
    return json.dumps(told).encode()


def as_json(folder: Path) -> Path:
    (folder / "model.json").write_text(json.dumps(WRITTEN))
    return folder / "model.json"


def as_yaml(folder: Path) -> Path:
    text = yaml.dump(WRITTEN | {"config": {"name": "net", "layers": [DENSE]}})
    text = text.replace("batch_input_shape:", "batch_input_shape: !!python/tuple")
    (folder / "model.yaml").write_text(text)
    return folder / "model.yaml"


def as_hdf5(folder: Path) -> Path:
    with h5py.File(folder / "model.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(TOPOLOGY).encode()
        file.attrs["keras_version"], file.attrs["backend"] = b"2.3.1", b"theano"
        file.create_group("model_weights")
    return folder / "model.h5"


def as_archive(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(TOPOLOGY | {"backend": "theano"}))
        archive.writestr("metadata.json", json.dumps({"keras_version": "2.3.1"}))
        archive.writestr("model.weights.h5", b"")
    return folder / "model.keras"


def as_tensorflow_js(folder: Path) -> Path:
    inner = {"keras_version": "2.3.1", "backend": "theano", "model_config": TOPOLOGY}
    content = {"format": "layers-model", "modelTopology": inner, "weightsManifest": []}
    (folder / "model.json").write_text(json.dumps(content))
    return folder / "model.json"


def as_saved_model(folder: Path) -> Path:
    told = metadata(model_config=TOPOLOGY, keras_version="2.3.1", backend="theano")
    node = varint(2 << 3) + varint(0) + field(3, b"root") + field(5, told)
    (folder / "saved_model.pb").write_bytes(b"")
    (folder / "keras_metadata.pb").write_bytes(field(1, node))
    return folder


def as_older_saved_model(folder: Path) -> Path:
    told = metadata(model_config=TOPOLOGY, keras_version="2.3.1", backend="theano")
    user = field(1, b"_tf_keras_sequential") + field(3, told)
    graph = field(7, field(1, field(4, user)) + field(1, b""))
    (folder / "saved_model.pb").write_bytes(varint(1 << 3) + varint(1) + field(2, graph))
    return folder


def refusal(path: Path) -> Diagnostic:
    with pytest.raises(CompileError) as caught:
        open_model_file(path, Sink())
    (found,) = caught.value.diagnostics
    return found


@pytest.mark.parametrize(
    ("make", "form", "weights"),
    [
        (as_json, "json", None),
        (as_yaml, "yaml", None),
        (as_hdf5, "hdf5", "hdf5"),
        (as_archive, "keras-zip", "keras-zip"),
        (as_tensorflow_js, "tensorflow-js", "tensorflow-js"),
        (as_saved_model, "saved-model", "checkpoint"),
        (as_older_saved_model, "saved-model", "checkpoint"),
    ],
)
def test_every_container_tells_topology_version_and_engine(
    make: Callable[[Path], Path], form: str, weights: str | None, tmp_path: Path
) -> None:
    found = open_model_file(make(tmp_path), Sink())
    assert found.form == form
    assert (found.keras_version, found.generation, found.backend) == ("2.3.1", 2, "theano")
    assert {key: found.topology[key] for key in TOPOLOGY} == TOPOLOGY
    assert (found.weights and found.weights.form) == weights


def test_the_name_of_a_file_does_not_count(tmp_path: Path) -> None:
    os.rename(as_hdf5(tmp_path), tmp_path / "model.json")
    assert open_model_file(tmp_path / "model.json", Sink()).form == "hdf5"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"\x80\x04\x95", "a pickle, which is code"),
        (b"\x1c\0\0\0TFL3", "TensorFlow Lite"),
        (b"\0" * 257 + b"ustar", "a tar archive"),
        (json.dumps({"format": "graph-model", "modelTopology": {}}).encode(), "`graph-model`"),
        (json.dumps({"modelTopology": {"node": []}}).encode(), "`graph-model`"),
        (b"3", "of a Keras model"),
        (b"!!python/object/apply:os.system [x]", "os.system"),
        (b"a: &a [*a]", "levels"),
        (b"a: &a {b: 1}\nc:\n  <<: [*a, *a]", "merge"),
    ],
)
def test_what_is_no_model_says_what_it_is(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(content)
    found = refusal(tmp_path / "model")
    assert found.code in ("KG608", "KG614")
    assert words in found.message


@pytest.mark.parametrize(
    ("member", "words"),
    [
        ("archive/data.pkl", "PyTorch"),
        ("saved/saved_model.pb", "unpack it first"),
        ("inner/model.h5", "around `model.h5`"),
        ("readme.txt", "holds no `config.json`"),
    ],
)
def test_an_archive_around_something_else_says_so(member: str, words: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member, b"x")
    assert words in refusal(tmp_path / "a.zip").message


def test_weights_alone_are_told_as_that(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.create_group("dense")
    assert "weights alone" in refusal(tmp_path / "w.h5").message


def test_a_saved_model_without_keras_says_so(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(field(2, field(7, field(1, b""))))
    found = refusal(tmp_path)
    assert "its layers are lost in a graph" in found.message
    assert "`model.save`" in (found.help or "")


def test_a_saved_model_of_a_class_of_ones_own_names_it(tmp_path: Path) -> None:
    as_saved_model(tmp_path)
    node = field(3, b"root") + field(5, metadata(class_name="MyModel"))
    (tmp_path / "keras_metadata.pb").write_bytes(field(1, node))
    assert "`MyModel`" in refusal(tmp_path).message


def test_metadata_that_a_link_takes_from_elsewhere_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    as_saved_model(tmp_path / "other")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "saved_model.pb").write_bytes(b"")
    (tmp_path / "mine" / "keras_metadata.pb").symlink_to("../other/keras_metadata.pb")
    assert refusal(tmp_path / "mine").code == "KG612"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.json")
    assert refusal(tmp_path / "model.json").code == "KG612"


def test_numbers_and_lists_of_other_libraries_in_yaml_are_read_as_data(tmp_path: Path) -> None:
    seeds = Path(__file__).parent / "seeds"
    found = open_model_file(seeds / "k122_conv2d_tf.yaml", Sink())
    layers: Any = found.topology["config"]
    assert [c["config"]["input_dim"] for c in layers if c["config"].get("input_dim")] == [32]
    found = open_model_file(seeds / "tf115_mlp.yaml", Sink())
    norms = [c for c in found.topology["config"]["layers"] if c["class_name"].startswith("Batch")]
    assert norms[0]["config"]["axis"] == [1]


def test_a_place_is_the_line_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(json.dumps(WRITTEN, indent=2))
    found: ModelFile = open_model_file(tmp_path / "model.json", Sink())
    place = found.place(("config", "layers", 0, "config", "units"))
    assert (place.line, place.column, place.key) == (10, 20, "config.layers.0.config.units")
    found = open_model_file(as_yaml(tmp_path), Sink())
    line = found.place(("config", "layers", 0, "config", "units")).line or 0
    assert (found.text or "").splitlines()[line - 1].strip() == "units: 2"
