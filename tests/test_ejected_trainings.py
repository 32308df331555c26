"""The script of a config trains as its run does, to the same bits."""

# ruff: noqa: E501 - one variant a line

import ast
import importlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from ejected_scripts import QUICK, Same, assert_same_history, ejected
from test_shipped import EXPERIMENTS, small

from kerasgen.data.sources.source_list import SOURCES
from kerasgen.diagnostics import CompileError

QUICK_ONES = (
    "adult",
    "airline_passengers",
    "autoencoder",
    "book/mnist_mlp",
    "sms",
)
"""One of each kind: a table, a series, images as targets, images, texts."""


@pytest.mark.parametrize(
    "experiment",
    [
        name if name in QUICK_ONES else pytest.param(name, marks=pytest.mark.slow)
        for name in EXPERIMENTS
    ],
)
def test_the_script_of_an_experiment_trains_to_the_same_history(
    engine: str, tmp_path: Path, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    overrides = [f"experiment={experiment}", *QUICK, "tracking.plots=true"]
    overrides += small(experiment, tmp_path)

    assert_same_history(overrides, tmp_path / "both", monkeypatch)

    record = json.loads((tmp_path / "both/run/record.json").read_text(encoding="utf-8"))
    assert record["model"]["reload_difference"] <= 1e-6
    assert np.isfinite(record["metrics"]["test"]["loss"])


ONE_HOT = "+data.prepare.label={class: CategoryEncoding, num_tokens: 10, output_mode: one_hot, from: label}"

VARIANTS: Mapping[str, Sequence[str]] = {
    "balanced class weights": ["fit.class_weight=balanced"],
    "class weights": ["fit.class_weight={0: 2.0, 3: 0.5}"],
    "rows as they lie": ["fit.shuffle=false"],
    "frozen layers": ["fit.trainable=[hidden2, scores]"],
    "phases": [
        "+model.layers.hidden1.trainable=false",
        "fit.phases={warm-up: {epochs: 2, trainable: [scores]}, fine: {batch_size: 64, optimizer: SGD}}",
        "+fit.callbacks.log={class: CSVLogger, filename: log.csv}",
    ],
    "augmented samples": [
        "+data.augment={flip: RandomFlip, mix: MixUp, noise: {class: GaussianNoise, stddev: 0.1}}",
        "data.split.test=1500",
    ],
    "a schedule": [
        "optimizer/learning_rate=cosine_decay",
        "optimizer.learning_rate={initial_learning_rate: 1, decay_steps: 9}",
    ],
    "rows from the end": [
        "data.split.test=100",
        "data.split.validation=0.2",
        "data.split.stratify=false",
        "+data.split.shuffle=false",
    ],
    "rows at random": [
        "data.split.test=0.1",
        "data.split.validation=50",
        "data.split.stratify=false",
    ],
    "no parts but training": ["data.split.test=null", "data.split.validation=null"],
    "another seed": ["seed=7"],
    "logits": ["model.layers.scores.activation=null", "tracking.model=false"],
    "all columns of a table": ["data=wine", "model=table_classes"],
    "some columns of a table": [
        "data=iris",
        "model=table_classes",
        "data.features=[petal_width, sepal_length]",
        "data.facts.shape=[2]",
    ],
    "three targets": [
        "data=diabetes_progression",
        "data.source.name=linnerud",
        "data.target=pulse",
        "model=table_number",
        "~data.facts",
    ],
    "a regression": ["data=diabetes_progression", "model=table_number", "optimizer=rmsprop"],
    "one-hot labels": [ONE_HOT],
    "portable weights": ["backend.initial_weights=portable", "model=convnet"],
    "an optimizer with all extras": [
        "+optimizer.gradient_accumulation_steps=2",
        "+optimizer.global_clipnorm=0.1",
        "+optimizer.use_ema=true",
        "compile.steps_per_execution=auto",
    ],
}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_script_of_a_variant_trains_as_its_run_does(
    engine: str, tmp_path: Path, name: str, assert_trains_alike: Same
) -> None:
    assert_trains_alike([*QUICK, *VARIANTS[name]], tmp_path)


ENDINGS: Mapping[str, Sequence[str]] = {
    "the last epoch": [],
    "the worst epoch": [
        "+fit.callbacks.stop={class: EarlyStopping, patience: 1, mode: max, restore_best_weights: true}",
        "+lint.ignore=[KG741]",
    ],
    "averages": ["+optimizer.use_ema=true"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ENDINGS)
def test_the_script_prints_the_figures_that_a_record_holds(
    engine: str, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = assert_same_history([*QUICK, *ENDINGS[name]], tmp_path, monkeypatch)

    record = json.loads((tmp_path / "run" / "record.json").read_text(encoding="utf-8"))
    for part in ("training", "validation", "test"):
        line = next(line for line in lines if line.startswith(f"{part}: "))
        assert ast.literal_eval(line.removeprefix(f"{part}: ")) == record["metrics"][part]


INSIDE: Mapping[str, Sequence[str]] = {
    "callbacks": [
        "+fit.callbacks.best={class: ModelCheckpoint, filepath: best.keras}",
        "+fit.callbacks.log={class: CSVLogger, filename: log.csv}",
        "compile.metrics=[F1Score, {class: Recall, average: macro}, accuracy]",
        ONE_HOT,
    ],
    "some steps": ["fit.steps_per_epoch=3", "fit.validation_steps=1", "fit.validation_freq=2"],
}
"""Settings whose work is done by Keras, while it fits."""


@pytest.mark.parametrize("name", INSIDE)
def test_the_script_of_a_setting_of_fit_trains_to_the_same_history(
    engine: str, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_same_history([*QUICK, *INSIDE[name]], tmp_path, monkeypatch)


def write_files(folder: Path) -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(size=(90, 3)).astype("float32"), random.integers(1, 4, 90)
    np.savez(
        folder / "parts.npz",
        x_train=x[:60],
        y_train=y[:60],
        x_val=x[60:75],
        y_val=y[60:75],
        x_test=x[75:],
        y_test=y[75:],
    )
    np.savez(folder / "one_hot.npz", x=x, y=np.eye(3, dtype="float32")[y - 1])
    for name, array in (("x", x), ("y", y), ("x_test", x[:9]), ("y_test", y[:9])):
        np.save(folder / f"{name}.npy", array)
    lines = [
        f"{row[0]:.4f}; {row[1]:.4f} ;{'?' if n == 5 else n};kind {label}"
        for n, (row, label) in enumerate(zip(x, y, strict=True))
    ]
    (folder / "all.csv").write_text("\n".join(["one;two;number;kind", *lines[:70]]) + "\n")
    (folder / "test.csv").write_text("\n".join(["one;two;number;kind", *lines[70:]]) + "\n")


FILES: Mapping[str, str] = {
    "arrays with parts": "source: {class: Arrays, path: '%s/parts.npz'}, features: x, target: y, "
    "split: {test: given, validation: given}",
    "one-hot rows": "source: {class: Arrays, path: '%s/one_hot.npz'}, features: x, target: y, "
    "split: {test: 0.2, validation: 0.1, stratify: true}",
    "separate arrays": "source: {class: Arrays, x: '%s/x.npy', y: '%s/y.npy', x_test: '%s/x_test.npy', "
    "y_test: '%s/y_test.npy'}, features: x, target: y, split: {test: given, validation: 0.2, stratify: true}",
    "a table": "source: {class: Csv, path: '%s/all.csv', delimiter: ';', missing: drop}, "
    "features: [one, two, number], target: kind, split: {test: 0.2, validation: 0.2, stratify: true}, "
    "prepare: {number: {class: Normalization, from: number}, one: {class: ops.square, from: one}}",
    "a table with a test file": "source: {class: Csv, path: '%s/all.csv', test_path: '%s/test.csv', "
    "delimiter: ';', missing: drop}, features: all, target: kind, split: {test: given, validation: 0.2}, "
    "prepare: {standardize: Normalization}",
}


@pytest.mark.parametrize("name", FILES)
def test_the_script_reads_files_as_the_run_does(
    engine: str, tmp_path: Path, name: str, assert_trains_alike: Same
) -> None:
    (tmp_path / "conf" / "data").mkdir(parents=True)
    write_files(tmp_path)
    text = FILES[name].replace("%s", str(tmp_path))
    config = tmp_path / "conf" / "data" / "own.yaml"
    config.write_text(f"{{{text}, task: classification, facts: {{}}}}\n", encoding="utf-8")
    overrides = [f"hydra.searchpath=[file://{tmp_path}/conf]", "data=own", "model=table_classes"]

    assert_trains_alike([*overrides, *QUICK], tmp_path / "both")


BLANKS = '''\
"""Tables of text whose cells are told apart by blanks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from kerasgen.data.sources.plain_functions import call_with_fields, read_plainly
from kerasgen.data.table import Table
from kerasgen.diagnostics import Sink
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.source_call import SourceCall
from kerasgen.runtime.tables import parse_cells
from kerasgen.runtime.values import Columns


def read_blanks(path: str, comment: str = "#") -> Columns:
    """Reads a table whose cells are told apart by blanks."""
    text = Path(path).expanduser().read_text(encoding="utf-8")
    rows = [line.split() for line in text.splitlines()]
    rows = [row for row in rows if row and not row[0].startswith(comment)]
    if len({len(row) for row in rows}) != 1:
        raise DataError("the rows have different numbers of cells", about="path")
    cells = zip(*rows[1:], strict=True)
    return {name: parse_cells(column) for name, column in zip(rows[0], cells)}, None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blanks:
    """A table of text.

    Attributes:
        path: the file.
        comment: what lines begin with that are none of the table's.
    """

    path: str
    comment: str = "#"

    PATHS: ClassVar[tuple[str, ...]] = ("path",)

    def plain_call(self) -> SourceCall:
        return call_with_fields(read_blanks, self)

    def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
        return read_plainly(self, wanted, sink)
'''
"""A kind of source that kerasgen does not have: one file, and one line in the list."""


@pytest.fixture
def blanks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sequence[str]:
    """The overrides of a config that names the new kind of source."""
    # The catalog in the cache is that of the files that are there.
    monkeypatch.setenv("KERASGEN_CACHE", str(tmp_path / "cache"))
    (tmp_path / "blanks_table.py").write_text(BLANKS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(SOURCES, "Blanks", importlib.import_module("blanks_table").Blanks)
    random = np.random.default_rng(1)
    rows = [
        f"{a:.3f} {b:.3f}  {'xy'[n % 2]}" for n, (a, b) in enumerate(random.normal(size=(80, 2)))
    ]
    (tmp_path / "rows.txt").write_text("\n".join(["one two kind", "% nothing", *rows]) + "\n")
    text = (
        f"{{source: {{class: Blanks, path: '{tmp_path}/rows.txt', comment: '%'}}, features: all, "
        "target: kind, task: classification, split: {test: 0.2, validation: 0.1}, facts: {}}"
    )
    (tmp_path / "conf" / "data").mkdir(parents=True)
    (tmp_path / "conf" / "data" / "own.yaml").write_text(text, encoding="utf-8")
    search = f"hydra.searchpath=[file://{tmp_path}/conf]"
    return [search, "data=own", "model=table_classes", *QUICK]


def test_a_new_source_is_one_file_and_one_line_and_ejects(
    engine: str, tmp_path: Path, blanks: Sequence[str], assert_trains_alike: Same
) -> None:
    assert_trains_alike(blanks, tmp_path / "both")

    script = (tmp_path / "both" / "train.py").read_text(encoding="utf-8")
    assert 'def read_blanks(path, comment="#"):' in script
    assert 'columns, _ = read_blanks(path, comment="%")' in script
    assert "blanks_table" not in script


def test_what_a_new_source_refuses_has_its_place(blanks: Sequence[str], tmp_path: Path) -> None:
    (tmp_path / "rows.txt").write_text("one two kind\n1 2\n", encoding="utf-8")

    with pytest.raises(CompileError) as caught:
        ejected(blanks)

    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("KG502", "the rows have different numbers of cells")
    assert found.location is not None
    assert found.location.key == "data.source.path"


@pytest.mark.slow
def test_the_script_of_any_table_trains_to_the_same_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    pytest.importorskip("polars")
    random = np.random.default_rng(0)
    lines = ["age;score;city;tags;load;joined;note;member"]
    for number in range(150):
        age, city = random.integers(20, 60), random.choice(["Rome", "Oslo"])
        shown = "" if number % 17 == 3 else age
        score = "" if number % 13 == 5 else number % 7
        joined = f"20{random.integers(10, 24)}-0{random.integers(1, 10)}-01"
        member = "yes" if age > 40 and city == "Rome" else "no"
        tags = ",".join(random.permutation(["tall", "red"])[: number % 3])
        load = " ".join(map(str, range(number % 4)))
        lines.append(
            f"{shown};{score};{city};{tags};{load};{joined};a note of {number} words and {age};{member}"
        )
    data = tmp_path / "members.csv"
    data.write_text("\n".join(lines) + "\n")
    table = ["data=table", "model=table", f"data.source.path={data}", "data.target=member"]
    said = [
        "data.columns.age={missing: drop}",
        "data.columns.city={type: category, strip: R, encode: target}",
        "data.columns.tags=labels",
        "data.columns.load=sequence",
    ]
    assert_same_history([*table, *said, *QUICK], tmp_path / "ejected", monkeypatch)


def test_the_script_of_a_forecast_trains_to_the_same_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    pytest.importorskip("polars")
    random = np.random.default_rng(0)
    lines = ["day,shop,sold,returned,price,sale"]
    for number in random.permutation(120):
        day = np.datetime64("2020-01-01") + number // 2
        sold = 50 + 10 * np.sin(number / 5) + random.normal()
        known = f"{random.uniform():.3f},{random.choice(['yes', 'no', 'half'])}"
        shop, returned = ("north", "south")[number % 2], random.integers(0, 5)
        lines.append(f"{day},{shop},{sold:.2f},{returned},{known}")
    data = tmp_path / "sales.csv"
    data.write_text("\n".join(lines) + "\n")
    series = [
        *("data=series", "model=series", "model.parameters.reader=conv"),
        "model.parameters.change=true",
        f"data.source.path={data}",
        *("data.time=day", "data.series=shop", "data.target=[sold,returned]"),
        *("data.windows.length=8", "data.windows.horizon=3", "data.windows.stride=2"),
        *("data.windows.known=[price,sale]", "data.columns.sale={encode: embedding}"),
        "data.columns.day={type: date, parts: [weekday]}",
    ]
    assert_same_history([*series, *QUICK], tmp_path / "ejected", monkeypatch)


@pytest.mark.parametrize(
    "target", ["data.target=tags", "data.target={tags: tags, size: size, both: [age, height]}"]
)
def test_the_script_of_several_labels_in_a_cell_trains_as_its_run_does(
    tmp_path: Path, assert_trains_alike: Same, engine: str, target: str
) -> None:
    pytest.importorskip("polars")
    lines = ["size,age,height,weight,tags"]
    for n in range(120):
        tags = "red|big" if n % 3 else "big" if n % 2 else ""
        lines.append(f"{n},{n % 17},{n * 7 % 23},{n * 5 % 19},{tags}")
    data = tmp_path / "things.csv"
    data.write_text("\n".join(lines) + "\n")
    table = ["data=table", "model=table", f"data.source.path={data}", target]
    said = "data.columns.tags={type: labels, separator: '|'}"
    assert_trains_alike([*table, said, *QUICK], tmp_path / "ejected")
