"""Parts of one's own in whole processes: checked, trained, swept, looked at, ejected."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

PARTS = '''\
"""Parts of one's own."""

import keras
import numpy as np
from keras import ops

import kerasgen


@kerasgen.register
class Gate(keras.layers.Layer):
    """Scales its input by a learned gate.

    Args:
        units: Size of the hidden layer of the gate.
    """

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, shape):
        self.inner = self.add_weight(shape=(shape[-1], self.units), name="inner")
        self.outer = self.add_weight(shape=(self.units, shape[-1]), name="outer")

    def call(self, inputs):
        return inputs * ops.sigmoid(ops.matmul(ops.matmul(inputs, self.inner), self.outer))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@kerasgen.register
class Centered(keras.layers.Layer):
    """Subtracts the average of the training rows."""

    def build(self, shape):
        self.average = self.add_weight(shape=(shape[-1],), trainable=False, name="average")

    def adapt(self, data):
        if not self.built:
            self.build(data.shape)
        self.average.assign(ops.mean(data, axis=0))

    def call(self, inputs):
        return inputs - self.average


@kerasgen.register(kind="activation")
def squash(x):
    return x / (1.0 + ops.abs(x))


@kerasgen.register(kind="loss")
def focal(y_true, y_pred, gamma: float = 2.0):
    """Cross-entropy that looks away from easy samples."""
    classes = ops.cast(ops.reshape(y_true, (-1,)), "int32")
    p = ops.sum(ops.one_hot(classes, y_pred.shape[-1]) * y_pred, axis=-1)
    return -ops.power(1.0 - p, gamma) * ops.log(p + 1e-7)


@kerasgen.register
class Confidence(keras.metrics.Mean):
    """The mean of the largest probability."""

    def __init__(self, name="confidence", **kwargs):
        super().__init__(name=name, **kwargs)

    def update_state(self, y_true, y_pred, sample_weight=None):
        return super().update_state(ops.max(y_pred, axis=-1))


@kerasgen.register
class Note(keras.callbacks.Callback):
    """Says a word when training ends."""

    def __init__(self, word: str = "done"):
        super().__init__()
        self.word = word

    def on_train_end(self, logs=None):
        print("noted:", self.word)


@kerasgen.register(kind="source")
def spirals(samples: int = 120, noise: float = 0.1):
    """Three spirals in the plane."""
    rng = np.random.default_rng(0)
    arm = np.arange(samples) % 3
    t = rng.uniform(0.2, 1.0, samples)
    angle = 4 * t + arm * 2 * np.pi / 3
    x = np.stack([t * np.cos(angle), t * np.sin(angle)]) + rng.normal(0, noise, (2, samples))
    return {"x": x[0], "y": x[1], "arm": arm}
'''

FILES = {
    "my_package/__init__.py": "",
    "my_package/parts.py": PARTS,
    "conf/data/spirals.yaml": """\
source: {class: spirals, samples: 120}
features: [x, y]
target: arm
task: classification
prepare: {centered: Centered}
split: {test: 0.2}
facts: {classes: 3, shape: [2]}
""",
    "conf/model/gated.yaml": """\
layers:
  hidden: {class: Dense, units: 8, activation: squash}
  gate: {class: Gate, units: 4}
  scores: {class: Dense, units: 3, activation: softmax}
""",
    "conf/experiment/spirals.yaml": """\
# @package _global_
defaults:
  - override /data: spirals
  - override /model: gated
compile:
  loss: {class: focal, gamma: 1.5}
  metrics: [accuracy, Confidence]
fit:
  epochs: 2
  batch_size: 24
  verbose: 0
  callbacks:
    note: {class: Note, word: ready}
""",
}

RECIPE = ("--config-dir=conf", "experiment=spirals", "backend=jax", "tracking.plots=false")
TRUST = ("--trust", "my_package.parts")


def call(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "KERASGEN_CACHE": str(folder / "cache"),
        "PYTHONWARNINGS": "",
    }
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with parts of its own."""
    folder = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run(work: Path) -> Path:
    """The folder of a run of it."""
    done = call(work, str(ROOT / "run.py"), *TRUST, *RECIPE, "hydra.run.dir=outputs/one")
    assert done.returncode == 0, done.stderr
    assert "noted: ready" in done.stdout
    return work / "outputs" / "one"


def record_of(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.slow
def test_a_run_trains_saves_and_reloads_parts_of_one_s_own(run: Path) -> None:
    record = record_of(run)
    assert record["status"] == "completed"
    assert record["model"]["reload_difference"] == 0  # type: ignore[index]
    assert {"loss", "accuracy", "confidence"} <= set(record["metrics"]["test"])  # type: ignore[index]


@pytest.mark.slow
def test_the_record_says_who_was_trusted_and_which_files(run: Path) -> None:
    import hashlib

    record = record_of(run)
    digest = hashlib.sha256(PARTS.encode()).hexdigest()
    assert record["trust"] == {
        "modules": ["my_package.parts"],
        "files": [{"module": "my_package.parts", "file": "my_package/parts.py", "sha256": digest}],
    }
    assert record["argv"][1:3] == list(TRUST)  # type: ignore[index]


@pytest.mark.slow
def test_a_sweep_hands_the_trust_on_to_its_jobs(work: Path) -> None:
    words = ["-m", *TRUST, *RECIPE, "model.layers.gate.units=2,3", "hydra.sweep.dir=sweep"]
    done = call(work, str(ROOT / "run.py"), *words)
    assert done.returncode == 0, done.stderr
    records = [record_of(work / "sweep" / str(job)) for job in (0, 1)]
    assert [record["status"] for record in records] == ["completed", "completed"]
    assert records[0]["parameters"] != records[1]["parameters"]
    assert all("--trust=my_package.parts" in record["argv"] for record in records)  # type: ignore[operator]


def test_a_check_finds_mistakes_in_the_use_of_parts(work: Path) -> None:
    wrong = ["model.layers.gate.units=many", "compile.loss.gamma=x", "data.source.samples=1.5"]
    done = call(work, "-m", "kerasgen", "check", *TRUST, *RECIPE, *wrong)
    assert done.returncode == 2
    assert done.stderr.count("error[KG204]") == 3
    assert '`units` is the string "many", expected an integer' in done.stderr


def test_a_fast_check_imports_what_is_trusted(work: Path) -> None:
    done = call(work, "-m", "kerasgen", "check", "--fast", *TRUST, *RECIPE, "~model.layers.scores")
    assert done.returncode == 0, done.stderr
    assert "no errors" in done.stdout


def test_without_trust_nothing_of_one_s_own_is_imported(work: Path) -> None:
    (work / "my_package" / "trap.py").write_text("raise SystemExit('run')\n", encoding="utf-8")
    wrong = ["model.layers.gate.class=my_package.trap.Gate"]
    done = call(work, "-m", "kerasgen", "check", "--fast", *RECIPE, *wrong)
    assert done.returncode == 2
    assert "there is no source `spirals`" in done.stderr
    assert "run with `--trust my_package.trap`" in done.stderr


@pytest.mark.parametrize(
    ("override", "code"),
    [
        ("+trust=[my_package.parts]", "KG107"),
        ("+_target_=my_package.parts.Gate", "KG107"),
        ("+model.layers.gate._target_=my_package.parts.Gate", "KG202"),
        ("+model.layers.more={_target_: my_package.parts.Gate}", "KG203"),
    ],
)
def test_a_config_cannot_name_a_module(override: str, code: str) -> None:
    from kerasgen.verbs.fast_check import check_fast

    over = [override.replace(".gate.", ".hidden1.")]
    found = [d for d in check_fast(over).diagnostics if d.code == code]
    assert len(found) == 1
    assert "--trust" in (found[0].help or "")


def test_a_trained_model_is_loaded_only_if_its_parts_are_trusted(run: Path, work: Path) -> None:
    refused = call(work, "-m", "kerasgen", "show", str(run), "--weights")
    assert refused.returncode == 2
    assert "KG606" in refused.stderr
    assert "if you trust them, add `--trust my_package.parts`" in refused.stderr
    shown = call(work, "-m", "kerasgen", "show", str(run), "--weights", *TRUST)
    assert shown.returncode == 0, shown.stderr
    assert "gate/inner" in shown.stdout


@pytest.mark.slow
def test_a_saved_model_with_parts_becomes_a_config(run: Path, work: Path) -> None:
    done = call(work, "-m", "kerasgen", "import", str(run / "model.keras"), *TRUST)
    assert done.returncode == 0, done.stderr
    assert "{class: Gate, units: 4}" in done.stdout
    assert "activation: squash" in done.stdout


@pytest.mark.slow
def test_a_script_imports_the_parts_and_trains_to_the_same_numbers(run: Path, work: Path) -> None:
    made = call(work, "-m", "kerasgen", "eject", *TRUST, *RECIPE, "-o", "train.py")
    assert made.returncode == 0, made.stderr
    assert "centered.adapt(" in (work / "train.py").read_text(encoding="utf-8")
    done = call(work, "train.py", "--history", "history.json")
    assert done.returncode == 0, done.stderr
    history = json.loads((work / "history.json").read_text(encoding="utf-8"))
    rows = (run / "history.csv").read_text(encoding="utf-8").splitlines()
    column = rows[0].split(",").index("loss")
    assert history["loss"] == pytest.approx([float(row.split(",")[column]) for row in rows[1:]])
