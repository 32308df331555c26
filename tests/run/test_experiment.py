"""Runs of whole experiments in the test's process, on small data."""

import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml

from kerasgen.frontend.compose.composition import Composition, compose
from kerasgen.process.exit_codes import DONE, FAILED, REFUSED
from kerasgen.record import file_names, files
from kerasgen.record.read import read_history
from kerasgen.run.experiment import run_experiment
from kerasgen.run.listeners.tensorboard import EventFiles
from kerasgen.session.recorded import open_run

SHORT = ["fit.epochs=2", "fit.batch_size=128", "fit.verbose=0"]
QUICK = [*SHORT, "tracking.plots=false"]
BARE = [*QUICK, "tracking.model=false"]


def on_engine(overrides: Sequence[str]) -> Composition:
    """Composes a config on the backend of this process."""
    return compose([f"backend={os.environ['KERAS_BACKEND']}", *overrides])


@pytest.fixture(scope="module")
def trained(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a default run of two epochs."""
    folder = tmp_path_factory.mktemp("runs") / "default"
    assert run_experiment(on_engine(SHORT), folder, argv=["run.py"]) == DONE
    return folder


def read_record(folder: Path) -> dict:
    return json.loads((folder / file_names.RECORD).read_text())


def test_a_run_leaves_every_file_of_its_record(trained: Path) -> None:
    wanted = {
        file_names.RECORD,
        file_names.CONFIG,
        file_names.OVERRIDES,
        file_names.KERAS,
        file_names.DIAGNOSTICS,
        file_names.DATA,
        file_names.SOURCE_MAP,
        file_names.HISTORY,
        file_names.METRICS,
        file_names.SUMMARY,
        file_names.MODEL,
        file_names.PREPARE,
        file_names.PREDICTIONS,
        file_names.LEARNING_CURVES,
        file_names.CONFUSION_MATRIX,
        file_names.CHECKPOINTS,
    }
    assert {path.name for path in trained.iterdir()} == wanted


def test_a_record_says_what_was_in_force_and_where_it_came_from(trained: Path) -> None:
    fields = read_record(trained)
    assert fields["status"] == "completed"
    assert fields["backend"]["backend"] == os.environ["KERAS_BACKEND"]
    assert fields["backend"]["image_data_format"] == "channels_last"
    assert fields["devices"] == ["cpu:0"]
    assert fields["seed"] == 0
    assert fields["choices"]["model"] == "mlp"
    assert fields["packages"]["keras"].startswith("3.")
    assert fields["data"]["fingerprint"].startswith("sha256:")
    assert fields["data"]["samples"] == {"training": 1294, "validation": 144, "test": 359}
    assert fields["epochs"] == 2
    assert fields["objective"]["loss"] == "sparse_categorical_crossentropy"
    assert set(fields["metrics"]) == {"training", "validation", "test"}


def test_the_manual_says_what_stands_in_a_record(trained: Path) -> None:
    page = Path(__file__).resolve().parents[2] / "kerasgen" / "manual" / "topics" / "record.md"
    manual = page.read_text(encoding="utf-8")
    table = manual[manual.index("| key of `record.json` |") :].split("\n\n", 1)[0]
    told = {key for row in table.splitlines() for key in re.findall("`(.+?)`", row.split("|")[1])}
    assert set(read_record(trained)) <= told
    assert all(
        f"| `{path.name}`" in manual or f", `{path.name}`" in manual for path in trained.iterdir()
    )


def test_a_run_is_opened_again_with_the_lines_of_its_config(trained: Path) -> None:
    locate = open_run(trained).resolved.findings.source_map.locate
    units = locate("model.layers.hidden1.units")
    assert str(units.file).endswith("model/mlp.yaml")
    assert (units.line, units.column) == (5, 34)
    assert locate("fit.epochs").override == "fit.epochs=2"


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A run and what was seen of it: each state of its record with its keys, and each device."""

    folder: Path
    written: list[tuple[str, set[str]]]
    devices: list[str]


@pytest.fixture(scope="module")
def watched(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """A run of everything that the default one leaves out, and of nothing that it leaves behind."""
    import keras

    from kerasgen.record import write

    seen = Watched(folder=tmp_path_factory.mktemp("runs") / "watched", written=[], devices=[])
    scope = keras.device

    def write_json(path: Path, value: dict) -> None:
        files.write_json(path, value)
        if path.name == file_names.RECORD:
            seen.written.append((value["status"], set(value)))

    overrides = [
        *(f"backend={engine}", *BARE, "tracking.predictions=false", "tracking.tensorboard=true"),
        *("seed=1", "backend.device=cpu:0"),
        "+fit.callbacks.log={class: CSVLogger, filename: log.csv}",
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras, "device", lambda name: seen.devices.append(name) or scope(name))
        patch.setattr(write, "write_json", write_json)
        assert run_experiment(compose(overrides), seen.folder) == DONE
    return seen


def test_a_record_is_written_when_something_has_come_to_be(watched: Watched) -> None:
    statuses, keys = zip(*watched.written, strict=True)
    assert statuses == ("created", "running", "running", "running", "running", "completed")
    for number, new in enumerate(("backend", "objective", "weights", "metrics", "files"), 1):
        assert new not in keys[number - 1]
        assert new in keys[number]


def test_each_step_has_its_time(trained: Path) -> None:
    steps = [
        "load",
        "preprocess",
        "define",
        "compile",
        "fit",
        "evaluate",
        "predict",
        "save",
        "plot",
    ]
    assert list(read_record(trained)["timings"]) == steps


def test_the_history_has_a_row_an_epoch(trained: Path) -> None:
    rows = read_history(trained)
    assert [row["epoch"] for row in rows] == [1, 2]
    assert {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"} <= set(rows[0])
    assert rows[1]["loss"] < rows[0]["loss"]


def test_a_record_says_what_one_answer_for_all_rows_scores(trained: Path) -> None:
    record = read_record(trained)
    metrics, baselines = record["metrics"], record["baselines"]

    assert baselines.keys() == metrics.keys()
    assert all(
        found["class shares"].keys() == metrics[part].keys() for part, found in baselines.items()
    )
    shares = baselines["test"]["class shares"]
    assert shares["loss"] == pytest.approx(np.log(10), rel=1e-3)
    assert metrics["test"]["accuracy"] > shares["accuracy"]


def test_the_predictions_give_the_recorded_accuracy(trained: Path) -> None:
    with np.load(trained / file_names.PREDICTIONS, allow_pickle=False) as arrays:
        right = arrays["predicted"].argmax(axis=1) == arrays["true"]
        assert len(np.unique(arrays["rows"])) == len(right)
    recorded = read_record(trained)["metrics"]["test"]["accuracy"]
    assert right.mean() == pytest.approx(recorded, abs=1e-6)


def test_the_saved_model_predicts_what_the_record_holds(trained: Path) -> None:
    import keras
    from sklearn.datasets import load_digits

    with np.load(trained / file_names.PREDICTIONS, allow_pickle=False) as arrays:
        rows, predicted = arrays["rows"], arrays["predicted"]
    images = load_digits().images[rows][..., np.newaxis].astype("float32")
    model = keras.models.load_model(trained / file_names.MODEL)
    np.testing.assert_allclose(model.predict({"image": images}, verbose=0), predicted, atol=1e-5)


def test_the_model_before_its_preparation_is_a_layer_of_the_saved_one(trained: Path) -> None:
    import keras

    held = read_record(trained)["model"]["preparation"]
    assert held["inside"] == ["scale"]
    assert held["inputs"] == {"image": {"column": "image", "shape": [8, 8, 1], "dtype": "uint8"}}
    inner = keras.models.load_model(trained / file_names.MODEL).get_layer(held["trained"])
    assert inner.compiled
    assert inner.input_shape == (None, 8, 8, 1)


def test_the_recorded_config_trains_to_the_same_history(trained: Path, tmp_path: Path) -> None:
    overrides = yaml.safe_load((trained / file_names.OVERRIDES).read_text())
    again = tmp_path / "again"
    assert run_experiment(compose(overrides), again) == DONE
    drop = ("seconds",)
    first, second = (
        [{k: v for k, v in row.items() if k not in drop} for row in read_history(f)]
        for f in (trained, again)
    )
    assert first == second


STOP = (
    "+fit.callbacks.stop={class: EarlyStopping, monitor: val_loss, patience: 1, mode: max, "
    "restore_best_weights: true}"
)
"""Keeps the worst epoch, which is the first one for certain."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overrides", "weights"),
    [
        ([], {"epoch": 2, "epochs": 2, "set_by": None}),
        ([STOP, "+lint.ignore=[KG741]"], {"epoch": 1, "epochs": 2, "set_by": "stop"}),
        (["+optimizer.use_ema=true"], {"epoch": None, "epochs": 2, "set_by": "optimizer"}),
        pytest.param(
            ["fit.validation_freq=2", "+fit.steps_per_epoch=2"],
            {"epoch": 2},
            marks=pytest.mark.slow,
        ),
    ],
    ids=["last epoch", "best epoch", "averages", "validated every second epoch"],
)
def test_every_recorded_figure_is_that_of_the_saved_weights(
    trained: Path, engine: str, tmp_path: Path, overrides: list[str], weights: dict
) -> None:
    import keras
    from programs import read_program

    from kerasgen.data.opened import open_data
    from kerasgen.diagnostics import Sink
    from kerasgen.frontend.compose.composition import resolve

    composed = compose([f"backend={engine}", *QUICK, *overrides])
    folder = tmp_path / "run" if overrides else trained
    assert not overrides or run_experiment(composed, folder) == DONE

    fields = read_record(folder)
    assert weights.items() <= fields["weights"].items()
    written = json.loads((folder / file_names.METRICS).read_text())
    assert written == {**fields["metrics"], "weights": fields["weights"]}
    config, sink = resolve(composed)
    program, _ = read_program(config, sink)
    opened = open_data(program.data, Sink())
    rows = opened.parts
    model = keras.models.load_model(folder / file_names.MODEL)
    model = model.get_layer(fields["model"]["preparation"]["trained"])
    for part, figures in fields["metrics"].items():
        index = getattr(rows, part)
        x, y = opened.columns["image"][index].astype("float32") / 16, opened.columns["label"][index]
        found = model.evaluate(x, y, batch_size=128, verbose=0, return_dict=True)
        assert figures == pytest.approx(found, rel=1e-5), part


def test_another_seed_gives_another_history(trained: Path, watched: Watched) -> None:
    first, second = (read_history(f) for f in (trained, watched.folder))
    assert first[0]["loss"] != second[0]["loss"]


def test_a_refused_config_leaves_nothing(engine: str, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "day" / "time"
    code = run_experiment(compose(["model.layers.hidden1.activation=rleu"]), folder)
    assert code == REFUSED
    assert not (tmp_path / "day").exists()
    assert "did you mean `relu`?" in capsys.readouterr().err


def test_refused_data_leaves_nothing(engine: str, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "day" / "time"
    overrides = ["data=penguins", "model=table_classes", f"data.source.path={tmp_path}/no.csv"]
    assert run_experiment(compose(overrides), folder) == REFUSED
    assert not (tmp_path / "day").exists()
    assert "error[KG501]" in capsys.readouterr().err


def test_a_target_of_another_shape_than_the_compiled_one_is_refused(
    engine: str, tmp_path: Path, capsys
) -> None:
    np.savez(tmp_path / "pairs.npz", x=np.zeros((20, 4)), y=np.zeros((20, 2)))
    for group, text in (
        ("model", "layers:\n  score: {class: Dense, units: 1}\n"),
        (
            "data",
            f"source: {{class: Arrays, path: {tmp_path / 'pairs.npz'}}}\nfeatures: x\ntarget: y\n"
            "task: regression\nfacts: {shape: [4]}\n",
        ),
    ):
        (tmp_path / group).mkdir()
        (tmp_path / group / "pairs.yaml").write_text(text)
    composed = compose([f"backend={engine}", "model=pairs", "data=pairs", *QUICK], str(tmp_path))
    assert run_experiment(composed, tmp_path / "run") == REFUSED
    assert "the target of `score` has the shape [2] a row" in capsys.readouterr().err


def test_refused_data_leaves_a_users_folder_as_it_was(engine: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    overrides = ["data=penguins", "model=table_classes", f"data.source.path={tmp_path}/no.csv"]
    assert run_experiment(compose(overrides), tmp_path) == REFUSED
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_refused_run_of_a_sweep_keeps_its_record(engine: str, tmp_path: Path) -> None:
    folder = tmp_path / "0"
    composition = compose(["model.layers.hidden1.activation=rleu"])
    assert run_experiment(composition, folder, keep_rejected=True) == REFUSED
    fields = read_record(folder)
    assert fields["status"] == "rejected"
    assert "rleu" in fields["error"]
    assert json.loads((folder / file_names.DIAGNOSTICS).read_text())[0]["code"] == "KG205"


def test_a_step_that_fails_leaves_what_was_finished(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    from kerasgen.run import steps

    def fail(*given) -> None:
        given[4].epoch_ended(0, {"loss": 1.0})
        raise RuntimeError("the device has gone")

    monkeypatch.setattr(steps, "fit", fail)
    assert run_experiment(on_engine(QUICK), tmp_path / "run") == FAILED
    fields = read_record(tmp_path / "run")
    assert fields["status"] == "failed"
    assert fields["error"] == "fit: RuntimeError: the device has gone"
    assert [row["loss"] for row in read_history(tmp_path / "run")] == [1.0]
    assert "the device has gone" in (tmp_path / "run" / file_names.TRACEBACK).read_text()
    told = json.loads((tmp_path / "run" / file_names.DIAGNOSTICS).read_text())[-1]
    assert (told["code"], told["location"]["key"]) == ("KG801", "fit")
    assert told["location"]["file"] or told["location"]["override"]
    assert "Traceback" not in capsys.readouterr().err


def test_a_loss_that_is_lost_is_told(engine: str, tmp_path: Path, capsys) -> None:
    overrides = ["optimizer=sgd", "optimizer.learning_rate=1e30", "data=diabetes_progression"]
    overrides += ["fit.terminate_on_nan=false"]
    assert run_experiment(on_engine([*overrides, "model=table_number", *BARE]), tmp_path / "r") == 0
    assert "warning[KG802]" in capsys.readouterr().err
    told = json.loads((tmp_path / "r" / file_names.DIAGNOSTICS).read_text())[-1]
    assert told["code"] == "KG802"
    assert told["location"]["override"] == "optimizer.learning_rate=1e30"


def test_an_interrupted_run_says_so(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerasgen.run import steps

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(steps, "fit", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(on_engine(QUICK), tmp_path / "run")
    fields = read_record(tmp_path / "run")
    assert (fields["status"], fields["error"]) == ("interrupted", "interrupted")


def test_a_folder_that_holds_a_run_is_not_overwritten(trained: Path, capsys) -> None:
    before = (trained / file_names.RECORD).read_bytes()
    assert run_experiment(on_engine(QUICK), trained) == REFUSED
    assert (trained / file_names.RECORD).read_bytes() == before
    assert "error[KG605]" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_a_diagnostic(engine: str, tmp_path: Path, capsys) -> None:
    (tmp_path / "file").write_text("")
    assert run_experiment(on_engine(QUICK), tmp_path / "file" / "run") == REFUSED
    assert "error[KG605]" in capsys.readouterr().err


@pytest.mark.slow
def test_without_a_test_part_nothing_is_evaluated(engine: str, tmp_path: Path) -> None:
    assert run_experiment(on_engine([*QUICK, "data.split.test=null"]), tmp_path / "run") == DONE
    fields = read_record(tmp_path / "run")
    assert "test" not in fields["metrics"]
    assert not (tmp_path / "run" / file_names.PREDICTIONS).exists()
    assert (tmp_path / "run" / file_names.MODEL).exists()


def test_what_is_not_wanted_is_not_left(watched: Watched) -> None:
    names = {path.name for path in watched.folder.iterdir()}
    assert not names & {file_names.MODEL, file_names.PREDICTIONS, file_names.LEARNING_CURVES}


def test_relative_paths_of_callbacks_are_below_the_run(watched: Watched) -> None:
    assert (watched.folder / "log.csv").read_text().count("\n") == 3


def test_a_device_that_is_named_is_worked_on(engine: str, watched: Watched) -> None:
    assert watched.devices == ["cpu:0" if engine != "torch" else "cpu"]


def test_tensorboard_events_are_written_on_request(watched: Watched) -> None:
    events = list((watched.folder / file_names.TENSORBOARD).rglob("events.out.tfevents.*"))
    assert events
    assert all(path.stat().st_size > 0 for path in events)


def test_a_run_goes_on_without_a_tracker_that_fails(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(EventFiles, "scalars", full)
    folder = tmp_path / "run"
    assert run_experiment(on_engine([*BARE, "tracking.tensorboard=true"]), folder) == DONE
    assert capsys.readouterr().err.count("warning[KG807]: `tracking.tensorboard` failed") == 1
    assert "KG807" in (folder / "diagnostics.json").read_text()


@pytest.mark.slow
def test_a_run_goes_on_without_a_callback_of_a_tracker_that_fails(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import keras

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keras.callbacks.TensorBoard, "on_epoch_end", full)
    folder = tmp_path / "run"
    wanted = on_engine([*BARE, "tracking.tensorboard.histograms=true"])
    assert run_experiment(wanted, folder) == DONE
    assert capsys.readouterr().err.count("warning[KG807]: `tracking.tensorboard` failed") == 1


def test_tensorboard_without_its_package_names_the_extra(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr("kerasgen.compiler.is_installed", lambda package: False)
    assert run_experiment(on_engine(["tracking.tensorboard=true"]), tmp_path / "run") == REFUSED
    shown = capsys.readouterr().err
    assert "error[KG603]" in shown
    assert "pip install 'kerasgen[tensorboard]'" in shown


ONE_HOT = (
    "+data.prepare.label="
    "{class: CategoryEncoding, num_tokens: 10, output_mode: one_hot, from: label}"
)


@pytest.mark.parametrize(
    ("overrides", "metrics"),
    [
        (["compile.loss=categorical_crossentropy", ONE_HOT], ["accuracy", "recall", "f1_score"]),
        pytest.param(
            ["compile.loss=mean_squared_logarithmic_error", ONE_HOT],
            ["accuracy"],
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ["compile.loss=categorical_hinge", ONE_HOT], ["accuracy"], marks=pytest.mark.slow
        ),
    ],
)
def test_the_losses_and_metrics_of_the_chapter_train(
    engine: str, tmp_path: Path, overrides: list[str], metrics: list[str]
) -> None:
    words = [*overrides, f"compile.metrics=[{','.join(metrics)}]", *BARE]
    assert run_experiment(on_engine(words), tmp_path / "run") == DONE
    rows = read_history(tmp_path / "run")
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert any(name.startswith(metrics[-1]) for name in rows[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    "loss",
    [
        "hinge",
        pytest.param("binary_crossentropy", marks=pytest.mark.slow),
        pytest.param("mean_squared_logarithmic_error", marks=pytest.mark.slow),
    ],
)
def test_the_binary_losses_of_the_chapter_train(engine: str, tmp_path: Path, loss: str) -> None:
    words = ["data=breast_cancer", "model=table_binary", f"compile.loss={loss}", "seed=3"]
    metrics = "compile.metrics=[accuracy,recall,{class: F1Score, threshold: 0.5}]"
    assert run_experiment(on_engine([*words, metrics, *BARE]), tmp_path / "run") == DONE
    rows = read_history(tmp_path / "run")
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert 0 <= rows[-1]["f1_score"] <= 1


@pytest.mark.slow
def test_balanced_class_weights_change_the_training(engine: str, tmp_path: Path) -> None:
    base = ["data=breast_cancer", "model=table_binary", *BARE]
    losses = []
    for weight in ("null", "balanced"):
        folder = tmp_path / weight
        assert run_experiment(on_engine([*base, f"fit.class_weight={weight}"]), folder) == DONE
        losses.append(read_history(folder)[0]["loss"])
    assert losses[0] != losses[1]


STATEFUL = """
inputs:
  input: {shape: [8, 8, 1], batch_size: 32}
layers:
  rows: {class: Reshape, target_shape: [8, 8]}
  lstm: {class: LSTM, units: 4, stateful: true}
  scores: {class: Dense, units: 10, activation: softmax}
"""


@pytest.fixture
def stateful(config_files: Callable[..., str], engine: str, tmp_path: Path) -> Callable[..., int]:
    """Runs a stateful network, whose batches all have 32 samples, with given sizes of the parts."""
    folder = config_files({"model/stateful.yaml": STATEFUL})

    def run(validation: int) -> int:
        parts = ["data.split.test=320", f"data.split.validation={validation}"]
        overrides = [f"backend={engine}", "model=stateful", "fit.epochs=1", "fit.verbose=0", *parts]
        return run_experiment(compose(overrides, folder), tmp_path / "out", argv=["run.py"])

    return run


@pytest.mark.slow
def test_a_stateful_network_trains_on_whole_batches(
    stateful: Callable[..., int], engine: str, tmp_path: Path
) -> None:
    if engine == "torch":
        pytest.skip("Keras changes a state in place, which PyTorch refuses in training")
    assert stateful(160) == DONE
    sizes = read_record(tmp_path / "out")["data"]["samples"]
    assert sizes == {"training": 1312, "validation": 160, "test": 320}


def test_a_part_that_leaves_a_rest_behind_is_refused(
    stateful: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stateful(165) == REFUSED
    assert "the validation part has 165, which leaves a rest of 5" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
