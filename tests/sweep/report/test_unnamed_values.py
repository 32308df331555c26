"""Settings that a job does not name: the config of its run has them, or that of one like it."""

import csv
import io
from pathlib import Path

import pytest
from made_sweeps import Made, made_sweep

from kerasgen.sweep.report.swept_table import read_table
from kerasgen.sweep.report.written_report import written
from kerasgen.sweep.sweep_comparison import compare_sweeps

JOBS = [
    Made(words="optimizer=adam seed=0", test={"accuracy": 0.5}),
    Made(words="optimizer=adam seed=1", status=None),
    Made(words="optimizer=sgd seed=0", test={"accuracy": 0.6}),
    Made(words="optimizer=sgd optimizer.momentum=0.9 seed=0", test={"accuracy": 0.7}),
    Made(
        words="fit.epochs=9 seed=0",
        test={"accuracy": 0.4},
        fields={"choices": {"optimizer": "lion"}},
    ),
]

CONFIGS = {
    "0": "fit: {epochs: 3}\noptimizer: {class: Adam}\n",
    "2": "fit: {epochs: 3}\noptimizer: {class: SGD, momentum: 0.0}\n",
    "3": "fit: {epochs: '${epochs}'}\noptimizer: {class: SGD, momentum: 0.9}\n",
    "4": "fit: {epochs: 9}\noptimizer: {class: Lion}\n",
}


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    folder = made_sweep(tmp_path / "one", JOBS)
    for name, text in CONFIGS.items():
        (folder / name / "config.yaml").write_text(text)
    return folder


def test_a_config_tells_what_a_job_does_not_name(sweep: Path) -> None:
    settings = [dict(row.settings) for row in read_table(sweep).rows]
    assert settings == [
        {"optimizer": "adam", "fit.epochs": 3, "seed": 0},
        {"optimizer": "adam", "fit.epochs": 3, "seed": 1},  # as its neighbor, which has run
        {"optimizer": "sgd", "optimizer.momentum": 0.0, "fit.epochs": 3, "seed": 0},
        {"optimizer": "sgd", "optimizer.momentum": 0.9, "seed": 0},  # another key has its epochs
        {"optimizer": "lion", "fit.epochs": 9, "seed": 0},
    ]


def test_tables_have_the_value_and_an_axis_says_what_is_not_known(sweep: Path) -> None:
    table = read_table(sweep)
    rows = list(csv.DictReader(io.StringIO(written(table, "csv"))))
    assert [row["fit.epochs"] for row in rows] == ["3", "3", "3", "", "9"]
    assert [row["optimizer.momentum"] for row in rows] == ["", "", "0.0", "0.9", ""]
    assert table.settings[1].brief == "optimizer=sgd epochs=3 momentum=0"
    assert list(table.axes["optimizer"].places) == ["adam", "lion", "sgd"]


def test_sweeps_are_compared_by_the_values_that_their_jobs_have(
    sweep: Path, tmp_path: Path
) -> None:
    words = "optimizer.momentum=0.5 optimizer.class=SGD"
    made_sweep(tmp_path / "two", [Made(words=words, test={"accuracy": 1})])
    found = compare_sweeps([str(sweep), str(tmp_path / "two")], tmp_path)
    values = {each.name: each.values for each in found.settings}
    assert values["fit.epochs"][0] == ("3", "9")
    assert values["optimizer.momentum"] == (("0", "0.9"), ("0.5",))
    assert values["optimizer.class"] == (("Adam", "Lion", "SGD"), ("SGD",))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1, 2",
        "fit: 3\n",
        "fit: {epochs: [3]}\n",
        f"fit: {{epochs: {'9' * 400}}}\n",
        "fit: {epochs: .inf}\n",
    ],
)
def test_a_config_that_tells_nothing_leaves_it_open(text: str, sweep: Path) -> None:
    (sweep / "2/config.yaml").write_text(text)
    assert "fit.epochs" not in read_table(sweep).rows[2].settings
