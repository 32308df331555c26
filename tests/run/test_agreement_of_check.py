"""`check` and a run come to the same verdict on odd configs, for the same reasons."""

import contextlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kerasgen.cli import main
from kerasgen.run import steps

ROWS = "a,b,label\n" + "".join(f"{i},{i * 2 % 7},{'xyz'[i % 3]}\n" for i in range(60))
DATA = (
    "source: {{class: Csv, path: '{path}'}}\nfeatures: [a, b]\ntarget: label\n"
    "task: classification\nsplit: {{test: 0.2, validation: 0.1}}\n{facts}"
)
SWEEP = "# @package _global_\nhydra: {{mode: MULTIRUN, sweeper: {{params: {{{0}}}}}}}\n"

REFUSED = 2
TRAINS = 0

QUICK_ONES = [
    "+fit.callbacks.x={class: ModelCheckpoint, filepath: best.keras, monitor: val_nope}",
    "+fit.callbacks.x={class: CSVLogger, filename: no/log.csv}",
    "+fit.callbacks.x=RemoteMonitor",
    "+fit.callbacks.x={class: ModelCheckpoint, filepath: '{nope}.keras'}",
    "+fit.callbacks.x={class: EarlyStopping, monitor: nope}",
    "fit.epochs=0",
    "+fit.class_weight={17: 2.0}",
    "data.split.validation=0",
    "data.source.name=nope",
    "name='${hydra:runtime.cwd}'",
    "compile.metrics=[nope]",
    "hydra.run.dir=taken/below",
    "hydra.nope=1",
    "fit.epochs=1,2",
    "~optimizer",
    "data.features=imge",
    "data=iris data.features=[sepal_length,sepal_lenth]",
    "data=cifar10_images data.source.path=. data.features=picture",
]
"""One of each kind of fault that needs no rows; both checks know them."""

MORE = [
    "+fit.callbacks.x={class: ModelCheckpoint, filepath: best.h6}",
    "+fit.callbacks.x={class: ModelCheckpoint, filepath: /best.keras}",
    "+fit.callbacks.x={class: EarlyStopping, mode: up}",
    "+fit.callbacks.x={class: ReduceLROnPlateau, factor: 2}",
    "+fit.callbacks.x=SwapEMAWeights",
    "+fit.callbacks.x={class: ReduceLROnPlateau, min_lr: x}",
    "+fit.callbacks.x={class: TensorBoard, update_freq: epcoh}",
    "+fit.validation_freq=[1,2]",
    "name=${now:%H}",
    "seed=-1",
    "tracking.plots=x",
    "compile.loss=mse",
    "hydra.run.dir=taken",
    "hydra.run.dir='outputs/${nope}'",
    "hydra/launcher=joblib",
    "~fit",
    "data.target=lable",
    "data=wine data.target=targt",
    "data=mnist data.features=images",
    "data=digits ++data.prepare.x={class: Rescaling, scale: 2, from: imge}",
    "data.source.name=iris data.features=all",
]
"""Others of the same kinds."""

OPENED = [
    ("gone.csv", ""),
    ("conf", ""),
    ("d.csv", ""),
    ("d.csv", "facts: {classes: 5, shape: [2]}\n"),
    ("gone.csv", "facts: {classes: 3, shape: [2]}\n"),
    ("${hydra:runtime.cwd}/d.csv", ""),
    ("${hydra:job.name}.csv", ""),
    ("${now:%Y}.csv", ""),
    ("${oc.env:HOME}/d.csv", ""),
    ("???", ""),
]
"""Paths and facts of a table; only a check that opens the data knows them all."""


@pytest.fixture
def verdict(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, list[str]]]:
    """Calls a command in a folder of its own, up to the training; gives exit code and errors."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").touch()
    (tmp_path / "d.csv").write_text(ROWS)
    (tmp_path / "conf" / "data").mkdir(parents=True)
    reached: list[bool] = []

    def fit(*_: Any, **__: Any) -> None:
        reached.append(True)
        raise RuntimeError("far enough")

    monkeypatch.setattr(steps, "fit", fit)
    # The engine is there already, with handlers of its own on pytest's stderr: Hydra closes them.
    for module in ("hydra._internal.hydra", "hydra.core.utils"):
        monkeypatch.setattr(f"{module}.configure_log", lambda *_, **__: None)

    def call(*words: str) -> tuple[int, list[str]]:
        reached.clear()
        code = REFUSED
        with contextlib.suppress(SystemExit):
            code = main([*words, f"backend={engine}"])
        told = sorted(re.findall(r"^error\[(KG\d+)\]", capsys.readouterr().err, re.MULTILINE))
        return (TRAINS, []) if reached else (code, told)

    return call


@pytest.mark.parametrize(
    "override", [*QUICK_ONES, *(pytest.param(one, marks=pytest.mark.slow) for one in MORE)]
)
def test_a_check_says_what_a_run_would(
    override: str, verdict: Callable[..., tuple[int, list[str]]]
) -> None:
    words = re.split(r" (?=\S+=)", override)
    run = verdict("run", *words)
    assert verdict("check", "--own-engine", *words) == run
    assert verdict("check", "--own-engine", "--open-data", *words) == run


@pytest.mark.parametrize(("path", "facts"), OPENED)
def test_a_check_of_the_data_says_what_a_run_would(
    path: str, facts: str, verdict: Callable[..., tuple[int, list[str]]]
) -> None:
    Path("conf/data/mine.yaml").write_text(DATA.format(path=path, facts=facts))
    run = verdict("run", "data=mine")
    assert verdict("check", "--own-engine", "--open-data", "data=mine") == run


@pytest.mark.parametrize(
    ("change", "overrides", "codes"),
    [
        (("class: Csv", "class: Csvv"), [], ["KG201"]),
        (("class: Csv", "class: Csv, sep: ';'"), [], ["KG202"]),
        (("features: [a, b]", "features: [a, bb]"), [], ["KG504"]),
        (("target: label", "target: labl"), [], ["KG504"]),
        (("", ""), ["model.layers.hidden1.class=Dens"], ["KG201"]),
        (("", ""), ["fit.epochs=-1"], ["KG204"]),
        (("", ""), ["fit.epochs=-1", "compile.metrics=[nope]"], ["KG204"]),
        (("", ""), ["+model.layers.scores.from=hiden1"], ["KG301"]),
        (("", ""), ["name=${nope}"], ["KG105"]),
        (("", ""), ["fit.epochs=???"], ["KG106"]),
        (("features: [a, b]", "features: [a, bb]"), ["fit.epochs=-1"], ["KG204", "KG504"]),
    ],
)
def test_a_check_tells_the_true_fault_where_facts_are_missing(
    change: tuple[str, str],
    overrides: list[str],
    codes: list[str],
    verdict: Callable[..., tuple[int, list[str]]],
) -> None:
    text = DATA.format(path="d.csv", facts="").replace(*change, 1)
    Path("conf/data/mine.yaml").write_text(text)
    words = ["data=mine", "model=table_classes", *overrides]
    assert verdict("check", *words) == (REFUSED, codes)
    assert verdict("run", *words) == (REFUSED, codes)


def test_a_fact_that_is_missing_is_told_where_nothing_else_is_amiss(
    verdict: Callable[..., tuple[int, list[str]]],
) -> None:
    Path("conf/data/mine.yaml").write_text(DATA.format(path="d.csv", facts=""))
    words = ["data=mine", "model=table_classes"]
    assert verdict("check", *words) == (REFUSED, ["KG105"])
    assert verdict("check", "--fast", *words) == (TRAINS, [])
    assert verdict("run", *words) == (TRAINS, [])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("parameters", "code"),
    [("sed: '1,2'", "KG103"), ("fit.epochs: 'interval(1,3)'", "KG102")],
)
def test_a_sweep_of_a_file_is_refused_where_it_stands(
    parameters: str,
    code: str,
    verdict: Callable[..., tuple[int, list[str]]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("conf/experiment").mkdir()
    Path("conf/experiment/many.yaml").write_text(SWEEP.format(parameters))
    words = ["experiment=many"]
    assert verdict("run", *words) == (REFUSED, [code])
    assert verdict("check", "--fast", *words) == (REFUSED, [code])
    assert verdict("check", "--fast", "-m", *words) == (REFUSED, [code])
    main(["check", "--fast", *words])
    assert "--> conf/experiment/many.yaml:2:" in capsys.readouterr().err


@pytest.mark.slow
def test_a_check_looks_at_each_job_of_a_sweep_that_a_file_asks_for(
    verdict: Callable[..., tuple[int, list[str]]],
) -> None:
    Path("conf/experiment").mkdir()
    Path("conf/experiment/many.yaml").write_text(SWEEP.format("fit.epochs: '1,-2'"))
    assert verdict("check", "--fast", "experiment=many") == (REFUSED, ["KG204"])
    assert verdict("check", "--fast", "--all", "many") == (REFUSED, ["KG204"])
    Path("conf/experiment/many.yaml").write_text(SWEEP.format("fit.epochs: '1,2'"))
    assert verdict("check", "--fast", "experiment=many") == (TRAINS, [])


def test_a_check_takes_a_root_config_of_ones_own(
    verdict: Callable[..., tuple[int, list[str]]],
) -> None:
    Path("conf/mine.yaml").write_text("defaults: [config, _self_]\nfit: {epochs: -1}\n")
    words = ["--fast", "--config-dir=conf", "--config-name=mine"]
    assert verdict("check", *words) == (REFUSED, ["KG204"])
    assert verdict("check", "-m", *words, "seed=1,2") == (REFUSED, ["KG204"])
    assert verdict("check", "--fast", "-m", "--config-path=gone") == (REFUSED, ["KG104"])


def test_a_printed_config_resolves_what_a_run_resolves(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "--cfg", "job", "--resolve", "name=${hydra:job.name}"]) == 0
    assert "name: kerasgen\n" in capsys.readouterr().out
