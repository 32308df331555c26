"""Models of strangers as files: the sound ones are loaded, and no bomb is."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.foreign.regular_files import TOO_MUCH, ForeignFileError


@pytest.fixture
def saved(engine: str, tmp_path: Path) -> Path:
    """A small model with its optimizer, saved in a folder of its own."""
    import keras

    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, activation="relu"), keras.layers.Dense(2)]
    )
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    (tmp_path / "run").mkdir()
    model.save(tmp_path / "run" / "model.keras")
    return tmp_path / "run" / "model.keras"


def _load(path: Path) -> Any:
    from kerasgen.engines.keras3.saved_models import load_foreign_model

    return load_foreign_model(path, path.parent)


def _fault(path: Path) -> ForeignFileError:
    with pytest.raises(ForeignFileError) as caught:
        _load(path)
    return caught.value


def _rewrite(path: Path, how: int = zipfile.ZIP_STORED, **members: bytes | None) -> None:
    """Writes an archive anew, with other members or without them (None)."""
    with zipfile.ZipFile(path) as archive:
        content: dict[str, bytes | None] = {n: archive.read(n) for n in archive.namelist()}
    named = {"config": "config.json", "weights": "model.weights.h5", "more": "assets/more"}
    content |= {named[key]: value for key, value in members.items()}
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, data in content.items():
            if data is not None:
                archive.writestr(name, data)


def _config(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_sound_model_is_loaded_as_keras_loads_it(saved: Path, how: int) -> None:
    import keras

    _rewrite(saved, how)
    ours, theirs = _load(saved), keras.models.load_model(saved)
    for mine, other in zip(ours.weights, theirs.weights, strict=True):
        assert np.array_equal(mine.numpy(), other.numpy())
    assert len(ours.optimizer.variables) == len(theirs.optimizer.variables)


def test_a_config_that_asks_for_more_weights_than_the_file_holds_is_refused(saved: Path) -> None:
    import keras

    initialize = keras.src.backend.Variable._initialize_with_initializer
    config = _config(saved)
    config["config"]["layers"][1]["config"]["units"] = 30_000
    config["config"]["layers"][2]["config"]["units"] = 30_000
    config["config"]["layers"][2]["build_config"]["input_shape"] = [None, 30_000]
    _rewrite(saved, config=json.dumps(config).encode())
    error = _fault(saved)
    assert error.code == TOO_MUCH
    assert error.reason.startswith("asks for weights of 3.35 GiB or more, and holds")
    assert keras.src.backend.Variable._initialize_with_initializer is initialize


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"config": b"{"}, "is not JSON"),
        ({"config": b"[" * 10_000}, "nested too deeply"),
        ({"config": None}, "holds no `config.json`"),
        ({"weights": None}, "holds no `model.weights.h5`"),
        ({"weights": b"no weights"}, "is not a sound HDF5 file"),
        ({"more": b"\0" * 200_000_000, "how": zipfile.ZIP_DEFLATED}, "unpacks from"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_sound_model_is_refused(
    saved: Path, members: dict[str, Any], told: str
) -> None:
    _rewrite(saved, **members)
    assert told in _fault(saved).reason


def test_a_model_that_lies_elsewhere_is_refused(saved: Path, tmp_path: Path) -> None:
    shutil.move(saved, tmp_path / "other.keras")
    saved.symlink_to(tmp_path / "other.keras")
    assert _fault(saved).reason == "is a link out of its folder"


def test_what_keras_refuses_it_says_in_its_own_words(saved: Path) -> None:
    config = _config(saved)
    config["config"]["layers"][1]["class_name"] = "Dence"
    _rewrite(saved, config=json.dumps(config).encode())
    with pytest.raises(ValueError, match="Dence"):
        _load(saved)
