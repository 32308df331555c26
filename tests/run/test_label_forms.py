"""Targets with more than one number a row, trained by a config, by its script, and by hand."""

import json
import os
import runpy
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from kerasgen.data.opened import open_data
from kerasgen.diagnostics import Sink
from kerasgen.frontend.compose.composition import compose
from kerasgen.frontend.parse.data import parse_data
from kerasgen.process.exit_codes import DONE, REFUSED
from kerasgen.record.read import read_history
from kerasgen.run.experiment import run_experiment
from kerasgen.verbs.eject import eject_config

RANDOM = np.random.default_rng(0)
PICTURES = RANDOM.random((24, 4, 4, 1)).astype("float32")
SERIES = RANDOM.normal(size=(24, 5, 2)).astype("float32")
VOLUMES = RANDOM.random((24, 3, 4, 2, 1)).astype("float32")
ROWS = RANDOM.normal(size=(24, 3)).astype("float32")
MASKS = (PICTURES[..., 0] * 3).astype("int64")
STEPS = (SERIES.sum(axis=-1) > 0).astype("int64") + (SERIES[..., 0] > 1)
PAIRS = np.stack([ROWS[:, 0] > 0, ROWS[:, 1] > 0, ROWS.sum(axis=1) > 0], axis=1).astype("uint8")

CONV = "{class: Conv2D, filters: %d, kernel_size: 1, activation: %s}"
DENSE = "{class: Dense, units: %d, activation: %s}"


@dataclass(frozen=True, kw_only=True)
class Form:
    """One form of target: data, the model's only layer, and what plain Keras needs for it."""

    x: Any
    y: Any
    layer: str
    loss: str
    metrics: tuple[str, ...] = ("accuracy",)
    task: str = "classification"
    config: str = ""
    by_hand: Callable[[Any], Any] = lambda y: y


def hot(classes: int) -> Callable[[Any], Any]:
    return lambda y: np.eye(classes, dtype="float32")[y]


THREE_MASKS = Form(
    x=PICTURES,
    y=MASKS,
    layer=CONV % (3, "softmax"),
    loss="sparse_categorical_crossentropy",
)
THREE_STEPS = replace(THREE_MASKS, x=SERIES, y=STEPS, layer=DENSE % (3, "softmax"))
SPAM = replace(
    THREE_MASKS,
    x=ROWS,
    y=np.array(["ham", "spam"])[(ROWS[:, 0] > 0).astype(int)],
    layer=DENSE % (2, "softmax"),
)

FORMS: Mapping[str, Form] = {
    "masks": THREE_MASKS,
    "masks with an axis of their own": replace(THREE_MASKS, y=MASKS[..., np.newaxis]),
    "masks for a metric of one-hot rows": replace(
        THREE_MASKS,
        loss="categorical_crossentropy",
        metrics=("accuracy", "Recall"),
        config="metrics: [accuracy, {class: Recall, thresholds: 0.5, name: Recall}]",
        by_hand=hot(3),
    ),
    "masks of two values": replace(
        THREE_MASKS, y=PICTURES > 0.5, layer=CONV % (1, "sigmoid"), loss="binary_crossentropy"
    ),
    "one-hot masks": replace(
        THREE_MASKS, y=np.eye(3, dtype="uint8")[MASKS], loss="categorical_crossentropy"
    ),
    "a label for each step": THREE_STEPS,
    "words for each step": replace(
        THREE_STEPS,
        y=np.array(["no", "place", "thing"])[STEPS],
        by_hand=lambda y: np.searchsorted(["no", "place", "thing"], y),
    ),
    "volumes": replace(
        THREE_STEPS,
        x=VOLUMES,
        y=(VOLUMES[..., 0] > 0.5).astype("int16"),
        layer=DENSE % (2, "softmax"),
    ),
    "several labels a row": Form(
        x=ROWS,
        y=PAIRS,
        layer=DENSE % (3, "sigmoid"),
        loss="binary_crossentropy",
        metrics=("binary_accuracy",),
        task="multilabel",
    ),
}


class Place:
    """Configs and runs of one test, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.conf = str(folder / "conf")

    def train(self, overrides: Sequence[str], name: str = "run") -> tuple[Path, int]:
        """Runs the configs; gives the folder of the run and the exit code."""
        return self.folder / name, run_experiment(compose(overrides, self.conf), self.folder / name)

    def write(self, form: Form) -> list[str]:
        """Writes data and configs; gives the overrides that choose them."""
        np.savez(self.folder / "data.npz", x=form.x, y=form.y)
        texts = {
            "data": f"source: {{class: Arrays, path: '{self.folder}/data.npz'}}\n"
            "features: x\ntarget: y\n"
            f"task: {form.task}\nsplit: {{test: 4, validation: 4}}\n",
            "model": f"layers: {{kinds: {form.layer}}}\n",
            "compile": f"{{{form.config}}}\n",
        }
        for group, text in texts.items():
            (self.folder / "conf" / group).mkdir(parents=True)
            (self.folder / "conf" / group / "own.yaml").write_text(text, encoding="utf-8")
        chosen = [f"{group}=own" for group in texts]
        quick = ["fit.epochs=2", "fit.batch_size=8", "fit.verbose=0", "tracking.plots=true"]
        return [f"backend={os.environ['KERAS_BACKEND']}", *chosen, *quick]


@pytest.fixture
def place(engine: str, tmp_path: Path) -> Place:
    return Place(tmp_path)


def plainly(form: Form, rows: Any) -> dict[str, list[float]]:
    """What a few lines of plain Keras make of the same rows."""
    import keras

    definition = dict(yaml.safe_load(form.layer))
    layer = getattr(keras.layers, definition.pop("class"))
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(form.x.shape[1:]), layer(**definition)])
    y = form.by_hand(form.y)
    y = y.astype("uint8") if y.dtype == bool else y
    loss = form.loss
    if keras.config.backend() == "torch" and loss.startswith("sparse") and len(form.x.shape) == 4:
        # Keras finds no gradient of these there.
        loss, y = "categorical_crossentropy", hot(3)(y.reshape(form.x.shape[:3]))
    model.compile(optimizer="adam", loss=loss, metrics=list(form.metrics))
    keras.utils.set_random_seed(0)
    figures: dict[str, list[float]] = {}
    for epoch in range(2):
        order = np.random.default_rng([0, epoch]).permutation(len(rows.training))
        history = model.fit(
            form.x[rows.training][order],
            y[rows.training][order],
            validation_data=(form.x[rows.validation], y[rows.validation]),
            batch_size=8,
            shuffle=False,
            verbose=0,
        ).history
        figures = {key: [*figures.get(key, []), *values] for key, values in history.items()}
    return figures


def recorded(folder: Path) -> dict[str, list[float]]:
    rows = read_history(folder)
    passed = ("epoch", "seconds", "learning_rate")
    return {key: [row[key] for row in rows] for key in rows[0] if key not in passed}


def told_by(folder: Path) -> list[str]:
    """The codes of a run's warnings."""
    return [d["code"] for d in json.loads((folder / "diagnostics.json").read_text())]


@pytest.mark.parametrize("name", FORMS)
def test_a_config_trains_what_its_script_and_plain_keras_train(
    place: Place, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_three_train_alike(place, FORMS[name], monkeypatch)


def assert_three_train_alike(place: Place, form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trains a config, its script and plain Keras, and compares all figures."""
    overrides = place.write(form)
    run, code = place.train(overrides)
    assert code == DONE

    ours = recorded(run)
    assert told_by(run) == []
    written = Path(place.conf, "data", "own.yaml").read_text(encoding="utf-8")
    data = parse_data(yaml.safe_load(written), Sink())
    assert data is not None
    plain = plainly(form, open_data(data, Sink()).parts)
    assert set(ours) == set(plain)
    for key, values in plain.items():
        assert ours[key] == pytest.approx(values, rel=1e-5), key
    assert "accuracy" in " ".join(ours)

    script, history = place.folder / "train.py", place.folder / "h.json"
    script.write_text(eject_config(overrides, place.conf)[0], encoding="utf-8")
    given = [str(script), "--history", str(history), "--out", str(place.folder / "out")]
    monkeypatch.setattr(sys, "argv", given)
    monkeypatch.setenv("KERAS_BACKEND", os.environ["KERAS_BACKEND"])
    runpy.run_path(str(script), run_name="__main__")
    assert json.loads(history.read_text()) == ours


def test_a_confusion_matrix_counts_every_place(place: Place) -> None:
    run, code = place.train(place.write(FORMS["masks"]))
    assert code == DONE
    assert (run / "confusion_matrix.png").exists()
    described = json.loads((run / "data.json").read_text())
    assert list(described["classes"]["y"].values()) == np.bincount(MASKS.ravel()).tolist()


@pytest.mark.parametrize(
    ("name", "override", "code", "key"),
    [
        ("masks", "fit.class_weight=balanced", "KG513", "fit.class_weight"),
        ("several labels a row", "fit.class_weight={0: 2.0}", "KG513", "fit.class_weight"),
        ("masks", "+data.split.stratify=true", "KG511", "data.split.stratify"),
        ("several labels a row", "+data.split.stratify=true", "KG511", "data.split.stratify"),
        ("several labels a row", "data.task=classification", "KG403", "data.task: multilabel"),
        (
            "several labels a row",
            "+compile.loss=sparse_categorical_crossentropy",
            "KG403",
            "compile.loss",
        ),
        ("masks", "model.layers.kinds.filters=5", "KG403", "filters: ${data.classes}"),
    ],
)
def test_what_cannot_be_meant_is_told(
    place: Place, name: str, override: str, code: str, key: str, capsys: Any
) -> None:
    assert place.train([*place.write(FORMS[name]), override])[1] == REFUSED
    told = capsys.readouterr().err
    assert f"error[{code}]" in told
    assert key in told


def test_class_weights_by_name_are_those_by_index(place: Place) -> None:
    overrides = place.write(SPAM)
    histories = []
    for number, weights in enumerate(("{spam: 5.0, ham: 1.0}", "{0: 1.0, 1: 5.0}")):
        run, code = place.train([*overrides, f"fit.class_weight={weights}"], str(number))
        assert code == DONE
        histories.append(recorded(run))
    assert histories[0] == histories[1]


def test_a_class_that_is_not_there_has_no_weight(place: Place, capsys: Any) -> None:
    assert place.train([*place.write(SPAM), "fit.class_weight={spma: 5.0}"])[1] == REFUSED
    told = capsys.readouterr().err
    assert "error[KG514]" in told
    assert "did you mean `spam`?" in told
