"""Training in phases: each as a script would train it, and gone on with wherever it was killed."""

import json
from pathlib import Path

import numpy as np
import pytest
from short_runs import SHORT, cut, fields, left, run, run_keeping_all, weights_of

from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.composition import compose
from kerasgen.verbs.resume import resume_run

PHASES = (
    "fit.phases={warm: {epochs: 2, trainable: [scores]}, "
    "fine: {epochs: 3, batch_size: 64, optimizer: {learning_rate: 1e-4}}}"
)

CALLBACKS = (
    "fit.callbacks={log: {class: CSVLogger, filename: log.csv}, "
    "stop: {class: EarlyStopping, patience: 1, min_delta: 0.01, restore_best_weights: true}, "
    "best: {class: ModelCheckpoint, filepath: best.keras, save_best_only: true}}"
)


def test_phases_are_what_a_script_trains(engine: str, tmp_path: Path) -> None:
    import keras

    from kerasgen.run.steps import preprocess
    from kerasgen.runtime.feed import Feed
    from kerasgen.runtime.training import own_memory
    from kerasgen.session.session import Session

    without = "model.layers.drop1.if=false"
    composition = compose([f"backend={engine}", *SHORT, PHASES, without])
    session = Session(composition)
    opened = session.opened.data
    sink = session.findings.sink()
    compiled = session.compiled.program
    parts, _ = preprocess(opened, compiled, session.engine, sink)
    model = session.engine.engine.realize(compiled, session.catalog)
    model.initialize()
    theirs = model.model

    loss = "sparse_categorical_crossentropy"
    x, y = parts.training.x, parts.training.y
    theirs.trainable = True
    for layer in theirs.layers:
        layer.trainable = layer.name == "scores"
    theirs.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    feed = Feed((x, y), 32, 0)
    begin = keras.callbacks.LambdaCallback(on_epoch_begin=feed.begin)
    keras.utils.set_random_seed(0)
    first = theirs.fit(feed, epochs=2, verbose=0, callbacks=[begin]).history
    for layer in theirs.layers:
        layer.trainable = True
    theirs.compile(keras.optimizers.Adam(1e-4), loss, metrics=["accuracy"])
    feed = Feed((x, y), 64, 0, None, (2, 0))
    begin = keras.callbacks.LambdaCallback(on_epoch_begin=feed.begin)
    second = theirs.fit(feed, epochs=5, initial_epoch=2, verbose=0, callbacks=[begin]).history
    own_memory(theirs)

    assert run(engine, tmp_path, PHASES, without) == 0
    assert weights_of(tmp_path / "model.keras") == [
        np.asarray(w).tobytes() for w in theirs.get_weights()
    ]
    rows = np.genfromtxt(tmp_path / "history.csv", delimiter=",", names=True)
    np.testing.assert_array_equal(rows["loss"], [*first["loss"], *second["loss"]])
    np.testing.assert_allclose(rows["learning_rate"], [1e-3] * 2 + [1e-4] * 3, rtol=1e-6)
    told = fields(tmp_path)["phases"]
    assert told["warm"] == {"epoch": 1, "epochs": 2, "weights": 650}
    assert told["fine"] == {"epoch": 3, "epochs": 3, "weights": 17_226}


@pytest.fixture(scope="module")
def whole(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phases") / "whole"
    run_keeping_all(engine, folder, PHASES, CALLBACKS, "fit.checkpoint.every=10 steps")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "place",
    [
        (0, 1, 9),
        (0, 2, 0),
        pytest.param((1, 2, 8), marks=pytest.mark.slow),
        pytest.param((1, 5, 0), marks=pytest.mark.slow),
    ],
)
def test_a_training_goes_on_in_any_phase(
    engine: str, whole: Path, tmp_path: Path, place: tuple[int, int, int]
) -> None:
    states = [
        json.loads(path.read_text())["position"]
        for path in sorted((whole / "checkpoints").glob("*.json"))
    ]
    known = [(one["phase"], one["epoch"], one["batch"]) for one in states]
    assert place in known
    folder = tmp_path / "again"
    cut(whole, folder, place)
    assert resume_run(folder, []) == 0
    assert left(folder) == left(whole)
    assert fields(folder)["phases"] == fields(whole)["phases"]
    assert weights_of(folder / "best.keras") == weights_of(whole / "best.keras")


def test_a_finished_training_is_refused_unless_its_last_phase_gets_longer(whole: Path) -> None:
    before = (whole / "record.json").read_bytes()
    with pytest.raises(CompileError, match="is complete") as refused:
        resume_run(whole, ["fit.epochs=99"])
    (told,) = refused.value.diagnostics
    assert (
        told.help == f"say how long it is to be: `kerasgen resume {whole} fit.phases.fine.epochs=6`"
    )
    assert (whole / "record.json").read_bytes() == before


@pytest.mark.slow
def test_the_last_phase_may_be_longer(
    engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    phases = "fit.phases={warm: {epochs: 1, trainable: [scores]}, fine: {epochs: %d}}"
    assert run(engine, tmp_path / "whole", phases % 3) == 0
    assert run(engine, tmp_path / "parts", phases % 1) == 0
    assert resume_run(tmp_path / "parts", [phases % 3]) == 0
    assert left(tmp_path / "parts") == left(tmp_path / "whole")
    longer = "fit.phases={warm: {epochs: 2, trainable: [scores]}, fine: {epochs: 5}}"
    before = fields(tmp_path / "parts")
    assert resume_run(tmp_path / "parts", [longer]) == 2
    assert "other settings: `fit.phases.warm.epochs`" in capsys.readouterr().err
    assert fields(tmp_path / "parts") == before
