"""Callbacks that act before training: what they would raise in it is found, and nothing else."""

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.catalog.entries import Catalog, ShapeError
from kerasgen.ir.values import ObjectDef

SGD = ObjectDef(cls="SGD", arguments={}, path="optimizer")

FAILING: list[tuple[str, dict[str, Any], str | None]] = [
    ("ModelCheckpoint", {"filepath": "{nope}.keras"}, "filepath"),
    ("ModelCheckpoint", {"filepath": "{val_loss:d}.keras"}, "filepath"),
    ("ModelCheckpoint", {"filepath": "{epoch.keras"}, "filepath"),
    ("ModelCheckpoint", {"filepath": "{val_loss}.keras", "save_freq": 1}, "filepath"),
    ("ModelCheckpoint", {"filepath": "m.keras", "monitor": "nope"}, "monitor"),
    ("EarlyStopping", {"monitor": "nope", "patience": 3}, "monitor"),
    ("EarlyStopping", {"baseline": "x"}, "baseline"),
    ("ReduceLROnPlateau", {"min_lr": "x", "patience": 1}, "min_lr"),
    ("ReduceLROnPlateau", {"monitor": "val_acc"}, "monitor"),
    ("CSVLogger", {"filename": "log.csv", "separator": ";;"}, "separator"),
    ("SwapEMAWeights", {"swap_on_epoch": True}, None),
]

WORKING: list[tuple[str, dict[str, Any]]] = [
    ("ModelCheckpoint", {"filepath": "deep/{epoch:02d}-{val_loss:.2f}.keras"}),
    (
        "ModelCheckpoint",
        {"filepath": "{batch}-{loss:.2f}.weights.h5", "save_weights_only": True} | {"save_freq": 1},
    ),
    ("ModelCheckpoint", {"filepath": "m.keras", "monitor": "val_nope", "mode": "max"}),
    ("EarlyStopping", {"monitor": "val_mse", "restore_best_weights": True, "verbose": True}),
    ("EarlyStopping", {"monitor": "learning_rate", "mode": "min"}),
    ("ReduceLROnPlateau", {"min_lr": 1e-5, "patience": 2, "cooldown": 3}),
    ("CSVLogger", {"filename": "log.csv", "separator": ";"}),
    ("BackupAndRestore", {"backup_dir": "backup"}),
    ("TerminateOnNaN", {}),
]


def rehearsed(made: ObjectDef, catalog: Catalog) -> ShapeError | None:
    from kerasgen.engines.keras3.rehearsal import rehearse, set_stage

    stage = set_stage({"y": ["mse"]}, SGD, catalog, validated=True)
    try:
        rehearse(made, stage, catalog)
    except ShapeError as error:
        return error
    return None


def trained(made: ObjectDef, catalog: Catalog) -> None:
    """Trains a model of one layer with a callback of that definition."""
    import keras

    from kerasgen.engines.keras3.objects import make_object

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mse"])
    x = np.ones((4, 1), dtype="float32")
    callback = make_object(made, ("callback",), catalog)
    model.optimizer.learning_rate = 10.0  # so that figures get worse
    try:
        model.fit(x, -x, epochs=4, verbose=0, validation_data=(x, x), callbacks=[callback])
    finally:
        with contextlib.suppress(Exception):
            callback.on_train_end({})  # Keras leaves its file open where training fails.


@pytest.mark.parametrize(("cls", "arguments", "argument"), FAILING)
def test_what_fails_in_training_is_found_with_the_argument_at_fault(
    cls: str,
    arguments: dict[str, Any],
    argument: str | None,
    catalog: Catalog,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    made = ObjectDef(cls=cls, arguments=arguments, path="fit.callbacks.x")
    found = rehearsed(made, catalog)
    assert found is not None
    assert found.argument == argument
    assert "/tmp" not in str(found)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Exception):  # noqa: B017, PT011 - each fails in its own way
        trained(made, catalog)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("cls", "arguments"), WORKING)
def test_what_works_in_training_is_let_through_and_writes_nothing(
    cls: str,
    arguments: dict[str, Any],
    catalog: Catalog,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    made = ObjectDef(cls=cls, arguments=arguments, path="fit.callbacks.x")
    assert rehearsed(made, catalog) is None
    assert list(tmp_path.iterdir()) == []
    trained(made, catalog)


def test_a_path_that_leads_elsewhere_is_not_written(catalog: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "typed.csv"
    made = ObjectDef(cls="CSVLogger", arguments={"filename": str(file)}, path="fit.callbacks.x")
    assert rehearsed(made, catalog) is None
    assert not file.exists()


def test_each_output_gives_its_own_figures(catalog: Catalog) -> None:
    from kerasgen.engines.keras3.rehearsal import set_stage

    stage = set_stage({"a": ["mae"], "b": ["accuracy"]}, SGD, catalog, validated=False)
    assert stage.figures == ("loss", "a_loss", "a_mae", "b_loss", "b_accuracy")
    alone = set_stage({"a": ["mae", ObjectDef(cls="AUC")]}, SGD, catalog, validated=True)
    assert alone.figures[:2] == ("loss", "mae")
    assert alone.figures[-2] == "val_mae"


def test_averages_of_the_weights_are_seen_in_an_optimizer_inside_another(catalog: Catalog) -> None:
    from kerasgen.engines.keras3.rehearsal import set_stage

    inner = ObjectDef(cls="Adam", arguments={"use_ema": True})
    outer = ObjectDef(cls="LossScaleOptimizer", arguments={"inner_optimizer": inner})
    assert set_stage({}, outer, catalog, validated=False).averages
    assert not set_stage({}, SGD, catalog, validated=False).averages
