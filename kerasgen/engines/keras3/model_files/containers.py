"""The containers of models: a path becomes a `ModelFile`.

This room owns what tells one kind of file from another, which is its content and never its name,
and where in each kind the topology, the version and the weights stand. It reads within limits,
and runs nothing. Whether the topology is well formed stands in `topology_form`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.engines.keras3.model_files.model_file import (
    Form,
    ModelFile,
    Weights,
    plain_form,
    plain_size,
)
from kerasgen.engines.keras3.model_files.python_yaml import parse_python_yaml
from kerasgen.engines.keras3.model_files.saved_model_folder import graph_metadata, keras_metadata
from kerasgen.engines.keras3.model_files.version import generation_of, image_format, is_tf_keras
from kerasgen.foreign.archives import open_archive, read_member
from kerasgen.foreign.hdf5 import open_hdf5
from kerasgen.foreign.json_data import Bounds, parse_json
from kerasgen.foreign.regular_files import (
    ForeignFileError,
    decoded,
    is_folder,
    is_regular,
    is_there,
    open_regular,
    read_bytes,
)

_LARGEST = 64 * 1024 * 1024
"""Bytes of a model's JSON above which it is taken for something else; NASNetLarge has 2 MB."""

_BOUNDS = Bounds(size=_LARGEST, levels=200, values=2_000_000)
"""What a topology may hold."""

_WORD = re.compile(r"[\w.+-]{1,40}( [\w.+-]{1,40})?", re.ASCII)
"""A version, or the name of an engine."""

_OTHER_KINDS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x1f\x8b", "is a gzip archive"),
    (0, b"7z\xbc\xaf", "is a 7z archive"),
    (0, b"BZh", "is a bzip2 archive"),
    (0, b"\xfd7zXZ", "is an xz archive"),
    (257, b"ustar", "is a tar archive"),
    (4, b"TFL3", "is a model of TensorFlow Lite, whose layers are lost"),
    (0, b"\x80", "is a pickle, which is code"),
    (0, b"\x93NUMPY", "is an array of NumPy, without a model"),
)
"""Offset, first bytes and name of files that are taken for models and hold no topology."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A file that is being read."""

    path: Path
    sink: Sink

    def fail(self, reason: str, fix: str | None = None) -> CompileError:
        return self.sink.fail("KG608", f"`{self.path}` {reason}", help=fix)


def open_model_file(path: Path, sink: Sink) -> ModelFile:
    """Reads what a file or folder says about its model.

    Args:
        path: a file of any Keras, or the folder of a SavedModel.
        sink: gets every mistake.

    Raises:
        CompileError: KG608, it cannot be read, or is none; KG612 and KG614, it is no file that
            may be read.
    """
    source = _Source(path, sink)
    try:
        if is_folder(path):
            return _saved_model(source)
        with open_regular(path) as file:
            head = file.read(512)
        if head.startswith(b"\x89HDF\r\n\x1a\n"):
            return _hdf5(source)
        if head.startswith(b"PK"):
            return _archive(source)
        for offset, mark, told in _OTHER_KINDS:
            if head[offset : offset + len(mark)] == mark:
                raise source.fail(f"{told}, expected a model that Keras saved")
        if path.suffix.lower() == ".pb":
            raise source.fail("is a part of a SavedModel, expected its folder")
        return _text(source, read_bytes(path, most=_LARGEST))
    except ForeignFileError as error:
        if error.missing and not is_there(path):
            raise sink.fail("KG608", f"there is no file `{path}`") from error
        raise sink.fail_file("KG608", path, error) from error


def _text(source: _Source, content: bytes) -> ModelFile:
    """A file of JSON or YAML: a topology, or the `model.json` of TensorFlow.js."""
    start = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    yaml = start not in (b"{", b"[", b"") and source.path.suffix.lower() != ".json"
    form: Form = "yaml" if yaml and b"\0" not in content[:64] else "json"
    found = parse_python_yaml(content) if form == "yaml" else parse_json(content, _BOUNDS)
    text = decoded(content) if b"\0" not in content[:64] else None
    if isinstance(found, dict) and ("modelTopology" in found or "format" in found):
        return _tensorflow_js(source, found, text)
    return _file(source, form, found, text=text)


def _hdf5(source: _Source) -> ModelFile:
    known: dict[str, Any] = {}
    with open_hdf5(source.path) as file:
        for key in ("model_config", "keras_version", "backend"):
            if key in file.attrs:
                known[key] = file.attrs[key]
        inside = sorted(file)
    if "model_config" not in known:
        if not inside:
            raise source.fail("is an HDF5 file without a model")
        raise source.fail(
            "holds weights alone, without the layers that they belong to",
            "save the whole model with `model.save`, or import its `to_json()`",
        )
    config = known.pop("model_config")
    member = "model_weights" if "model_weights" in inside else ""
    return _file(
        source,
        "hdf5",
        _inner_json(config, "model_config"),
        written={key: _decoded(value) for key, value in known.items()},
        weights=Weights(form="hdf5", path=source.path, member=member),
    )


def _decoded(value: object) -> object:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _inner_json(content: object, member: str) -> object:
    """The data of a JSON text inside another file."""
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    if not isinstance(content, bytes):
        raise ForeignFileError(f"holds a `{member}` that is no text")
    try:
        return parse_json(content, _BOUNDS)
    except ForeignFileError as error:
        raise ForeignFileError(f"has a `{member}` that {error.reason}", code=error.code) from None


def _archive(source: _Source) -> ModelFile:
    with open_archive(source.path) as archive:
        names = archive.namelist()
        if "config.json" not in names:
            raise source.fail(_without_config(names))
        content = read_member(archive, "config.json", most=_LARGEST)
        metadata = b"{}"
        if "metadata.json" in names:
            metadata = read_member(archive, "metadata.json", most=_LARGEST)
    written = _inner_json(metadata, "metadata.json")
    weights = None
    if "model.weights.h5" in names:
        weights = Weights(form="keras-zip", path=source.path, member="model.weights.h5")
    return _file(
        source,
        "keras-zip",
        _inner_json(content, "config.json"),
        written=written if isinstance(written, Mapping) else {},
        weights=weights,
    )


def _without_config(names: list[str]) -> str:
    ends = {name.rpartition("/")[2] for name in names}
    if "data.pkl" in ends:
        return "is a model of PyTorch, expected one of Keras"
    if "saved_model.pb" in ends:
        return "is a SavedModel in an archive, expected its folder: unpack it first"
    inside = [name for name in sorted(ends) if name.endswith((".h5", ".hdf5", ".keras", ".json"))]
    if inside:
        return f"is an archive around `{inside[0]}`, expected a model: unpack it first"
    return "holds no `config.json`, expected a model that Keras saved"


def _tensorflow_js(source: _Source, found: Mapping[str, Any], text: str | None) -> ModelFile:
    topology = found.get("modelTopology")
    graph = isinstance(topology, Mapping) and "node" in topology
    if found.get("format") == "graph-model" or graph:
        raise source.fail(
            "is a graph of TensorFlow.js (`graph-model`), whose layers are lost",
            "convert the Keras model itself, as a `layers-model`",
        )
    if not isinstance(topology, Mapping):
        raise source.fail("is a `model.json` of TensorFlow.js without a `modelTopology`")
    inner = topology.get("model_config", topology)
    return _file(
        source,
        "tensorflow-js",
        inner,
        written=topology,
        weights=Weights(form="tensorflow-js", path=source.path),
        text=text,
    )


def _saved_model(source: _Source) -> ModelFile:
    folder = source.path
    if not is_there(folder / "saved_model.pb"):
        if is_regular(folder / "model.json"):  # Of TensorFlow.js.
            return open_model_file(folder / "model.json", source.sink)
        raise source.fail(
            "is a folder without a `saved_model.pb` or a `model.json`, expected a model"
        )
    name, read = "saved_model.pb", graph_metadata
    if is_there(folder / "keras_metadata.pb"):
        name, read = "keras_metadata.pb", keras_metadata
    try:
        found = read(read_bytes(folder / name, most=_LARGEST, within=folder), _BOUNDS)
    except ForeignFileError as error:
        raise source.sink.fail_file("KG608", folder / name, error) from error
    if found is None:
        raise source.fail(
            "is a SavedModel without Keras's metadata: its layers are lost in a graph",
            "save the model with `model.save`, not with `tf.saved_model.save` or `model.export`",
        )
    if not isinstance(found.get("model_config"), Mapping):
        named = _word(found.get("class_name")) or "unknown"
        raise source.fail(f"holds a model of the class `{named}`, whose code is not in the file")
    return _file(
        source,
        "saved-model",
        plain_form(found["model_config"]),
        written={"keras_version": "2.4.0", "backend": "tensorflow"} | found,
        weights=Weights(form="checkpoint", path=folder, member="variables/variables"),
    )


def _file(
    source: _Source,
    form: Form,
    found: object,
    *,
    written: Mapping[str, Any] | None = None,
    weights: Weights | None = None,
    text: str | None = None,
) -> ModelFile:
    """The record of a file, where what it holds can be a topology at all."""
    if isinstance(found, str) and form != "yaml":  # Some writers put JSON into JSON.
        found, text = _inner_json(found, "model_config"), None
    if plain_size(found, _BOUNDS.values, _BOUNDS.levels) is None:
        raise source.fail(
            f"holds more than {_BOUNDS.values:,} values, or more than {_BOUNDS.levels} levels"
        )
    if not isinstance(found, Mapping) or not ({"layers", "class_name"} & set(found)):
        what = "YAML" if form == "yaml" else "JSON"
        raise source.fail(
            f"is not the {what} of a Keras model", "write what `model.to_json()` gives"
        )
    written = {**found, **(written or {})}
    version = _word(written.get("keras_version"))
    backend = _word(written.get("backend"))
    if backend is None and generation_of(version, found) == 1 and image_format(found) == "th":
        backend = "theano"  # Keras 1 names none; this order of axes was Theano's.
    return ModelFile(
        path=source.path,
        form=form,
        keras_version=version,
        generation=generation_of(version, found),
        tf_keras=form == "saved-model" or is_tf_keras(version, found),
        backend=backend,
        topology=found,
        weights=weights,
        text=text,
    )


def _word(value: object) -> str | None:
    """A version or a name of the file that can stand in a sentence, None for anything else."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None
