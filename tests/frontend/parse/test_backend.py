import json
from pathlib import Path
from typing import Any

import pytest

from kerasgen.diagnostics import Diagnostic, Severity, Sink, SourceMap
from kerasgen.frontend.parse.backend import parse_backend, places_of_settings
from kerasgen.ir.program import BackendDef, RuntimeDef


def parse(section: Any) -> tuple[BackendDef | None, list[Diagnostic]]:
    sink = Sink()
    return parse_backend(section, sink), sink.diagnostics


def test_the_keys_of_keras_json_and_the_added_ones_are_read() -> None:
    section = {"backend": "jax", "floatx": "float16", "epsilon": 1e-3, "deterministic": True}
    assert parse(section) == (
        BackendDef(backend="jax", floatx="float16", epsilon=1e-3, deterministic=True),
        [],
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mxnet", "ended with Keras 2"),
        ("numpy", "cannot train"),
        ("Jaxx", "expected one of `tensorflow`, `jax`, `torch`"),
    ],
)
def test_a_backend_that_cannot_be_used_is_reported(name: str, words: str) -> None:
    _, (found,) = parse({"backend": name})
    assert found.code == "KG602"
    assert words in found.message
    assert found.location is not None
    assert found.location.key == "backend.backend"


def test_theano_and_cntk_have_an_interpreter_of_their_own() -> None:
    section = {"backend": "cntk", "runtime": {"python": "/opt/python3.6", "probe": 1e-4}}
    found, told = parse(section)
    assert told == []
    assert found is not None
    assert found.runtime == RuntimeDef(python="/opt/python3.6", threads=1, probe=1e-4)


def test_a_misspelt_key_of_an_interpreter_is_reported() -> None:
    _, (found,) = parse({"backend": "theano", "runtime": {"pyhton": "/opt/python3.6"}})
    assert found.help == "did you mean `python`?"


def test_a_misspelt_backend_gets_the_right_one_proposed() -> None:
    assert parse({"backend": "Torch"})[1][0].help == "did you mean `torch`?"


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ({"image_data_format": "channel_last"}, "KG604"),
        ({"floatx": "float8"}, "KG604"),
        ({"epsilon": -1}, "KG204"),
        ({"epsilon": "small"}, "KG204"),
        ({"image_dim_ordering": "th"}, "KG107"),
        ("jax", "KG204"),
    ],
)
def test_a_wrong_setting_is_reported(section: Any, code: str) -> None:
    _, (found,) = parse(section)
    assert found.code == code


def test_a_keras_json_takes_the_place_of_the_groups_own_keys(tmp_path: Path) -> None:
    file = tmp_path / "keras.json"
    file.write_text(json.dumps({"backend": "jax", "image_data_format": "channels_first"}))
    backend, found = parse({"backend": "torch", "floatx": "float64", "keras_json": str(file)})
    assert not found
    assert backend == BackendDef(
        backend="jax", floatx="float64", image_data_format="channels_first"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "not JSON"),
        (b"[1]", "expected a JSON object"),
        (b"", "is empty"),
        (b"\xff\xfe", "not a text file"),
    ],
)
def test_a_keras_json_that_is_none_is_reported(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "keras.json"
    file.write_bytes(content)
    _, (found,) = parse({"keras_json": str(file)})
    assert found.code == "KG601"
    assert words in found.message


def test_a_keras_json_that_is_not_there_is_reported(tmp_path: Path) -> None:
    _, (found,) = parse({"keras_json": str(tmp_path / "nowhere.json")})
    assert found.code == "KG601"


def test_a_backend_of_keras_2_in_a_keras_json_is_reported_at_its_line(tmp_path: Path) -> None:
    file = tmp_path / "keras.json"
    file.write_text('{\n  "floatx": "float32",\n  "backend": "mxnet"\n}\n')
    _, (found,) = parse({"keras_json": str(file)})
    assert found.code == "KG602"
    assert found.location is not None
    assert (found.location.file, found.location.line) == (str(file), 3)


def test_a_key_that_keras_3_does_not_read_is_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "keras.json"
    file.write_text('{"image_dim": "th"}')
    backend, (found,) = parse({"keras_json": str(file)})
    assert backend is not None
    assert (found.code, found.severity) == ("KG601", Severity.WARNING)


@pytest.mark.parametrize("line", ['"epsilon": "small"', '"floatx": "float8"'])
def test_a_wrong_value_in_a_keras_json_is_reported_at_its_line(tmp_path: Path, line: str) -> None:
    file = tmp_path / "keras.json"
    file.write_text(f'{{\n  "backend": "jax",\n  {line}\n}}\n')
    _, (found,) = parse({"epsilon": 1e-7, "keras_json": str(file)})
    assert found.location is not None
    assert (found.location.file, found.location.line) == (str(file), 3)


@pytest.mark.parametrize(
    ("content", "setting", "value"),
    [
        ({"image_dim_ordering": "th"}, "image_data_format", "channels_first"),
        ({"image_dim_ordering": "tf"}, "image_data_format", "channels_last"),
        ({"image_data_format": "th"}, "image_data_format", "channels_first"),
        ({"backend": "tf"}, "backend", "tensorflow"),
        ({"backend": "th"}, "backend", "theano"),
    ],
)
def test_a_setting_of_an_earlier_keras_is_taken_and_told(
    tmp_path: Path, content: dict[str, str], setting: str, value: str
) -> None:
    file = tmp_path / "keras.json"
    file.write_text(json.dumps(content))
    backend, (found,) = parse({"backend": "jax", "keras_json": str(file)})
    assert getattr(backend, setting) == value
    assert (found.code, found.severity) == ("KG632", Severity.WARNING)
    assert found.location is not None
    assert (found.location.file, found.location.line) == (str(file), 1)


def test_an_ordering_beside_the_format_of_today_counts_for_nothing(tmp_path: Path) -> None:
    file = tmp_path / "keras.json"
    file.write_text('{"image_dim_ordering": "th", "image_data_format": "channels_last"}')
    backend, (found,) = parse({"keras_json": str(file)})
    assert backend == BackendDef(image_data_format="channels_last")
    assert found.code == "KG632"


def test_an_ordering_that_keras_never_had_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "keras.json"
    file.write_text('{"image_dim_ordering": "channels"}')
    _, (found,) = parse({"keras_json": str(file)})
    assert (found.code, found.severity) == ("KG632", Severity.ERROR)


def test_the_keras_json_of_the_chapter_chooses_theano(tmp_path: Path) -> None:
    file = tmp_path / "keras.json"
    content = {"backend": "theano", "image_data_format": "channels_first"}
    file.write_text(json.dumps({"floatx": "float32", "epsilon": 1e-07, **content}))
    assert parse({"backend": "tensorflow", "keras_json": str(file)}) == (
        BackendDef(backend="theano", image_data_format="channels_first"),
        [],
    )


def test_settings_of_theano_are_told_beside_an_engine_of_keras_3() -> None:
    _, (found,) = parse({"backend": "jax", "runtime": {"threads": 2}})
    assert (found.code, found.severity) == ("KG604", Severity.WARNING)
    assert parse({"backend": "jax", "runtime": {"threads": 1, "python": None}})[1] == []


def test_what_is_found_later_of_a_setting_stands_in_the_keras_json(tmp_path: Path) -> None:
    file = tmp_path / "keras.json"
    file.write_text('{\n  "backend": "theano"\n}\n')
    place = places_of_settings({"keras_json": str(file)}, SourceMap()).locate("backend.backend")
    assert (place.file, place.line) == (str(file), 2)
    assert places_of_settings({"backend": "jax"}, SourceMap()) == SourceMap()
