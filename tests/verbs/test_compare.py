"""Comparing runs: configs by what they mean, figures, surroundings, curves."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kerasgen.cli import main
from kerasgen.diagnostics import CompileError
from kerasgen.ir.canonical import ABSENT
from kerasgen.record.file_names import HISTORY
from kerasgen.record.files import write_history
from kerasgen.verbs.compare import RunComparison, compare_runs, draw_histories
from kerasgen.verbs.comparison_text import runs_text

MakeRun = Callable[..., Path]

SOURCE = "source: {class: ScikitLearn, name: digits}"
DATA = f"data: {{{SOURCE}, features: image, target: label, task: classification}}\n"
OTHER = "backend: {backend: jax}\ncompile: {}\ntracking: {}\n"
REST = OTHER + "optimizer: {class: Adam, learning_rate: 0.01}\nfit: {epochs: 3}\n"
FIRST = f"""\
{DATA}model:
  layers:
    flatten: Flatten
    hidden: {{class: Dense, units: 64, activation: relu}}
    scores: {{class: Dense, units: 10}}
{REST}"""


def compared(
    make_run: MakeRun, first: str | None, second: str | None, **both: Any
) -> RunComparison:
    folders = [make_run("a", config=first, **both), make_run("b", config=second, **both)]
    return compare_runs(folders, folders[0].parent)


def config_of(found: RunComparison) -> dict[str, tuple[object, ...]]:
    return {row.key: row.values for row in found.config}


def test_configs_that_mean_the_same_are_the_same(make_run: MakeRun) -> None:
    second = (
        f"fit: {{shuffle: true, epochs: 3}}\n{OTHER}{DATA}"
        "model: {layers: {flatten: {class: Flatten}, "
        "hidden: {activation: relu, class: Dense, units: 64}, scores: {class: Dense, units: 10}}}\n"
        "optimizer: {learning_rate: 0.01, class: Adam}\nseed: 0\n"
    )
    assert compared(make_run, FIRST, second).config == ()


def test_what_differs_is_told_in_the_words_of_the_config(make_run: MakeRun) -> None:
    second = (
        FIRST.replace("units: 64", "units: 32")
        .replace("    scores", "    drop: {class: Dropout, rate: 0.5}\n    scores")
        .replace("Adam, learning_rate: 0.01", "SGD, learning_rate: 0.01")
        .replace("epochs: 3", "epochs: 3, callbacks: {stop: EarlyStopping}")
        .replace("name: digits", "name: wine")
    )
    assert config_of(compared(make_run, FIRST, second)) == {
        "data.source.name": ("digits", "wine"),
        "fit.callbacks": (ABSENT, {"stop": {"class": "EarlyStopping"}}),
        "model.layers.drop": (ABSENT, {"class": "Dropout", "rate": 0.5}),
        "model.layers.hidden.units": (64, 32),
        "optimizer.class": ("Adam", "SGD"),
    }


def test_a_default_that_is_changed_stands_beside_it(make_run: MakeRun) -> None:
    second = FIRST.replace("epochs: 3", "epochs: 3, batch_size: 16")
    assert config_of(compared(make_run, FIRST, second)) == {"fit.batch_size": (32, 16)}


def test_the_order_of_layers_counts(make_run: MakeRun) -> None:
    lines = FIRST.splitlines()
    lines[3], lines[4] = lines[4], lines[3]
    assert config_of(compared(make_run, FIRST, "\n".join(lines))) == {
        "model.layers (order)": (
            ["flatten", "hidden", "scores"],
            ["hidden", "flatten", "scores"],
        )
    }


def test_numbers_truths_and_words_are_told_apart(make_run: MakeRun) -> None:
    first = FIRST.replace("learning_rate: 0.01", "learning_rate: 1")
    second = FIRST.replace("learning_rate: 0.01", "learning_rate: 1.0")
    assert config_of(compared(make_run, first, second)) == {"optimizer.learning_rate": (1, 1.0)}


def test_a_config_that_is_no_program_is_compared_as_it_stands(make_run: MakeRun) -> None:
    found = compared(make_run, FIRST, "model: {layers: 3}\nfit: {epochs: 3}\n")
    assert config_of(found)["data"][1] is ABSENT
    assert config_of(found)["model.layers"][1] == 3
    assert config_of(found)["optimizer"][1] is ABSENT
    assert "fit.epochs" not in config_of(found)


def test_a_run_without_a_config_is_compared_all_the_same(make_run: MakeRun) -> None:
    assert compared(make_run, None, None).config == ()


def test_several_runs_are_compared_with_the_first(make_run: MakeRun) -> None:
    extra = FIRST.replace("    scores", "    drop: {class: Dropout, rate: 0.5}\n    scores")
    configs = [extra, FIRST, extra.replace("rate: 0.5", "rate: 0.1"), extra]
    folders = [make_run(f"r{n}", config=text) for n, text in enumerate(configs)]
    found = config_of(compare_runs(folders, folders[0].parent))
    drop = {"class": "Dropout", "rate": 0.5}
    assert found == {
        "model.layers.drop": (drop, ABSENT, drop, drop),
        "model.layers.drop.rate": (0.5, ABSENT, 0.1, 0.5),
    }


def test_the_best_figure_is_marked(make_run: MakeRun) -> None:
    tests: list[dict[str, object]] = [
        {"loss": 0.5, "accuracy": 0.9, "odd": 1, "auc": 0.7},
        {"loss": "NaN", "accuracy": 0.95, "odd": 2, "auc": 0.7},
        {"loss": 0.25, "accuracy": 0.95, "odd": 3},
    ]
    folders = [make_run(f"r{n}", metrics={"test": test}) for n, test in enumerate(tests)]
    found = compare_runs(folders, folders[0].parent)
    assert {row.name: (row.better, set(row.best)) for row in found.metrics} == {
        "test_loss": ("min", {2}),
        "test_accuracy": ("max", {1, 2}),
        "test_odd": (None, set()),
        "test_auc": ("max", set()),
    }
    lines = [line.split("  ") for line in runs_text(found).splitlines()]
    loss = next(line for line in lines if "test_loss" in line)
    assert [cell.strip() for cell in loss if cell] == ["test_loss", "0.5", "NaN", "0.25 *"]


def test_what_runs_were_made_with_is_compared(make_run: MakeRun) -> None:
    make_run("a", python="3.12.1", packages={"keras": "3.15", "jax": "1"}, devices=["cpu:0"])
    make_run(
        "b",
        python="3.12.1",
        packages={"keras": "3.14"},
        devices=["cpu:0", "gpu:0"],
        git={"revision": "f00", "dirty": True},
        data={"fingerprint": "12", "samples": {"test": 3}},
        seconds=3,
    )
    root = make_run("c").parent
    found = compare_runs([root / "a", root / "b"], root)
    assert {row.key: row.values for row in found.surroundings} == {
        "data": (ABSENT, {"fingerprint": "12"}),
        "devices.1": (ABSENT, "gpu:0"),
        "git": (ABSENT, {"revision": "f00", "dirty": True}),
        "packages.jax": ("1", ABSENT),
        "packages.keras": ("3.15", "3.14"),
    }


def test_the_command_prints_text_and_json(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_run("outputs/2024/a", config=FIRST, metrics={"test": {"loss": "NaN"}}).parents[2]
    make_run("outputs/2024/b", config=FIRST.replace("units: 64", "units: 8"))
    monkeypatch.chdir(root)
    assert main(["compare", "2024/a", "2024/b"]) == 0
    text = capsys.readouterr().out
    assert re.search(r"^ +2024/a +2024/b$", text, re.MULTILINE)
    assert re.search(r"^  model.layers.hidden.units +64 +8$", text, re.MULTILINE)
    assert "environment: the same" in text
    assert main(["compare", "2024/a", "2024/b", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [run["id"] for run in found["runs"]] == ["2024/a", "2024/b"]
    (row,) = found["config"]
    assert (row["change"], row["values"]) == ("changed", {"2024/a": 64, "2024/b": 8})
    assert found["metrics"][0]["values"] == {"2024/a": "NaN", "2024/b": None}


def test_a_strangers_record_cannot_steer_the_terminal(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    a = make_run("a\x1b[2J", config="x: 1\n", python="\x1b]0;t\x07", metrics={"t\x1b": {"\x9b": 1}})
    b = make_run("b", config='x: "\\e[31m"\n"y\\e": {"class": {"class": [1]}}\n')
    assert main(["compare", str(a), str(b)]) == 0
    text = capsys.readouterr().out
    assert all(sign.isprintable() or sign == "\n" for sign in text)


@pytest.mark.parametrize(
    ("words", "code"),
    [(["a"], "KG630"), (["a", "a"], "KG630"), (["a", "./a"], "KG630"), (["a", "x"], "KG606")],
)
def test_two_different_runs_are_needed(
    words: list[str],
    code: str,
    make_run: MakeRun,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(make_run("a").parent)
    assert main(["compare", *words]) == 2
    assert f"error[{code}]" in capsys.readouterr().err


@pytest.mark.parametrize("record", ["{", '{"schema": 99, "status": "completed"}'])
def test_a_record_that_is_not_understood_is_refused(record: str, make_run: MakeRun) -> None:
    a, b = make_run("a"), make_run("b")
    (b / "record.json").write_text(record)
    with pytest.raises(CompileError) as caught:
        compare_runs([a, b], a.parent)
    assert caught.value.diagnostics[0].code in ("KG606", "KG613")


@pytest.mark.parametrize("name", ["curves.png", "curves.svg"])
def test_curves_are_drawn_over_one_another_the_same_each_time(
    name: str, make_run: MakeRun, tmp_path: Path
) -> None:
    a, b, c = (make_run(place) for place in ("a", "b", "c$x"))
    rows = [{"epoch": n, "loss": 1.0 / n, "val_loss": float("nan")} for n in range(1, 4)]
    write_history(a / HISTORY, rows)
    write_history(b / HISTORY, [{"epoch": 1, "loss": 2.0, "accuracy": 0.5}])
    found = compare_runs([a, b, c], a.parent)
    draw_histories(tmp_path / name, found.runs)
    content = (tmp_path / name).read_bytes()
    assert content.startswith(b"\x89PNG" if name.endswith("png") else b"<?xml")
    draw_histories(tmp_path / name, found.runs)
    assert (tmp_path / name).read_bytes() == content


def test_curves_go_into_a_picture_that_can_be_written(make_run: MakeRun, tmp_path: Path) -> None:
    found = compare_runs([make_run("a"), make_run("b")], tmp_path)
    for place in ("curves.pdf", "nowhere/curves.png"):
        with pytest.raises(CompileError) as caught:
            draw_histories(tmp_path / place, found.runs)
        assert caught.value.diagnostics[0].code == "KG605"
