"""A training that starts from the weights of a run, or of a file, layer by layer."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from short_runs import fields
from short_runs import run as short_run

FROZEN = ("optimizer=sgd", "optimizer.learning_rate=0.0")
"""Nothing is learned: the model that is saved has the weights that it started from."""


def run(engine: str, folder: Path, *overrides: str) -> int:
    return short_run(engine, folder, "fit.epochs=1", *overrides)


def weights_of(folder: Path) -> dict[str, list[Any]]:
    import keras

    model = keras.models.load_model(folder / "model.keras", compile=False)
    inner = next((one for one in model.layers if isinstance(one, keras.Model)), model)
    return {layer.name: layer.get_weights() for layer in inner.layers}


def same(first: list[Any], second: list[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.fixture(scope="module")
def trained(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights") / "trained"
    assert run(engine, folder, "seed=3") == 0
    return folder


def test_a_run_gives_all_its_layers(engine: str, trained: Path, tmp_path: Path) -> None:
    assert run(engine, tmp_path, f"fit.initial_weights={trained}", *FROZEN) == 0
    before, after = weights_of(trained), weights_of(tmp_path)
    assert all(same(before[name], after[name]) for name in before)
    told = fields(tmp_path)["initial_weights"]
    assert told["source"] == str(trained)
    assert (told["layers"], told["drawn"]) == (3, [])
    assert len(told["sha256"]) == 64


@pytest.mark.slow
def test_layers_of_another_name_or_shape_keep_what_was_drawn(
    engine: str, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = tmp_path / "drawn"
    changed = ("model.layers.hidden2.units=32", "+model.layers.extra={class: Dense, units: 10}")
    assert run(engine, drawn, *changed, *FROZEN) == 0
    taken = tmp_path / "taken"
    assert run(engine, taken, *changed, *FROZEN, f"fit.initial_weights={trained}") == 0
    there, plain, here = weights_of(trained), weights_of(drawn), weights_of(taken)
    assert same(here["hidden1"], there["hidden1"])
    assert not same(here["hidden1"], plain["hidden1"])
    for name in ("hidden2", "scores", "extra"):
        assert same(here[name], plain[name])
    told = capsys.readouterr()
    assert f"weights     1 of 4 layers from {trained}; drawn: extra, hidden2, scores" in told.out
    assert "`kernel` is (128, 64) there and (128, 32) here" in told.err
    assert fields(taken)["initial_weights"]["drawn"] == ["extra", "hidden2", "scores"]


def test_layers_inside_a_model_are_found_by_their_own_names(
    engine: str, trained: Path, tmp_path: Path
) -> None:
    nested = (
        "~model.layers.hidden1",
        "+model.layers.first={after: flatten, layers: {hidden1: {class: Dense, units: 128, "
        "activation: relu}}}",
    )
    assert run(engine, tmp_path, *nested, *FROZEN, f"fit.initial_weights={trained}") == 0
    assert fields(tmp_path)["initial_weights"]["layers"] == 3


@pytest.mark.parametrize("name", ["all.weights.h5", "whole.keras", "old.h5"])
def test_files_of_keras_give_their_layers(
    engine: str, trained: Path, tmp_path: Path, name: str
) -> None:
    import keras

    model = keras.models.load_model(trained / "model.keras", compile=False)
    inner = next((one for one in model.layers if isinstance(one, keras.Model)), model)
    file = tmp_path / name
    if name.endswith(".weights.h5"):
        inner.save_weights(file)
    else:
        inner.save(file)
    folder = tmp_path / "run"
    assert run(engine, folder, f"fit.initial_weights={file}", *FROZEN) == 0
    before, after = weights_of(trained), weights_of(folder)
    assert all(same(before[layer], after[layer]) for layer in before)


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("nothing-there", "KG606", "there is neither a run nor a file `nothing-there`"),
        ("text.h5", "KG608", "holds no weights of Keras"),
        ("damaged.keras", "KG6", "damaged.keras"),
        ("folds", "KG606", "none of them has completed; `kerasgen resume folds` goes on"),
        ("/dev/zero", "KG612", "command line  (fit.initial_weights)"),
    ],
)
def test_what_gives_no_weights_is_refused_before_anything_is_written(
    engine: str,
    trained: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    make_run: Any,
    name: str,
    code: str,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.h5").write_text("weights")
    make_run("folds", folds={"count": 2})
    content = (trained / "model.keras").read_bytes()
    (tmp_path / "damaged.keras").write_bytes(content[: len(content) // 2])
    assert run(engine, tmp_path / "run", f"fit.initial_weights={name}") != 0
    told = capsys.readouterr().err
    assert f"error[{code}" in told
    assert words in told
    if code != "KG6":
        assert not (tmp_path / "run").exists()


def test_weights_of_which_nothing_fits_are_refused(
    engine: str, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = ("model=convnet", "~model.layers.scores", "~model.layers.drop")
    last = "+model.layers.classes={class: Dense, units: 10, activation: softmax}"
    from_it = f"fit.initial_weights={trained}"
    assert run(engine, tmp_path / "run", *other, last, from_it) == 2
    told = capsys.readouterr().err
    assert "error[KG618]: no layer takes weights" in told
    assert "it has `hidden1`, `hidden2`, `scores`" in told


def test_an_edited_model_of_a_run_is_refused(
    engine: str, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edited = tmp_path / "edited"
    shutil.copytree(trained, edited)
    with (edited / "model.keras").open("ab") as file:
        file.write(b" ")
    assert run(engine, tmp_path / "run", f"fit.initial_weights={edited}") == 2
    assert "KG640" in capsys.readouterr().err
