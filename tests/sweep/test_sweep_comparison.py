"""Sweeps beside one another: which jobs are pairs, what their test says, and what is refused."""

import json
from pathlib import Path

import pytest
from made_sweeps import HOSTILE, Made, made_sweep
from scipy import stats

from kerasgen.cli import main
from kerasgen.sweep.sweep_comparison import compare_sweeps

FIRST = {("0.1", 0): 0.80, ("0.1", 1): 0.82, ("0.2", 0): 0.70, ("0.2", 1): 0.73}
SECOND = {("0.1", 0): 0.85, ("0.1", 1): 0.88, ("0.2", 0): 0.74, ("0.2", 1): 0.79, ("0.3", 0): 0.1}


def jobs(model: str, figures: dict[tuple[str, int], float]) -> list[Made]:
    return [
        Made(
            words=f"model={model} lr={lr} seed={seed}",
            test={"loss": 1 - figure, "accuracy": figure},
            history={"loss": [2.0, 1.0]},
            fields={"choices": {"optimizer": "adam"}},
        )
        for (lr, seed), figure in figures.items()
    ]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    made_sweep(tmp_path / "outputs/one", jobs("mlp", FIRST))
    made_sweep(tmp_path / "outputs/two", jobs("cnn", SECOND))
    return tmp_path


def test_jobs_of_the_same_settings_and_seed_are_pairs(here: Path) -> None:
    found = compare_sweeps(["one", "two"], here / "outputs")
    (_, pairs), (_, best) = found.pairs, found.best
    expected = stats.ttest_rel([SECOND[key] for key in FIRST], list(FIRST.values()))
    assert pairs is not None
    assert pairs.count == 4
    assert pairs.probability == pytest.approx(expected.pvalue)
    assert pairs.difference == pytest.approx(0.0525)
    assert best is not None
    assert best.count == 2
    assert best.difference == pytest.approx(0.055)


def test_what_both_tried_is_told_apart_from_what_one_did(here: Path) -> None:
    found = compare_sweeps(["one", "two"], here / "outputs")
    assert {each.name: each.values for each in found.settings} == {
        "model": (("mlp",), ("cnn",)),
        "lr": (("0.1", "0.2"), ("0.1", "0.2", "0.3")),
    }


def test_a_test_is_told_in_words(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del here
    assert main(["compare", "one", "two"]) == 0
    told = capsys.readouterr().out
    assert "best by test_accuracy" in told
    assert "better (+0.053, 4 pairs, p " in told
    assert "not shown to differ (+0.055, 2 pairs, p " in told
    assert main(["compare", "two", "one"]) == 0
    assert "worse (-0.053, 4 pairs, p " in capsys.readouterr().out


def test_a_run_is_a_sweep_of_one_job(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made_sweep(here / "outputs/three", [Made(words="optimizer=sgd seed=0", test={"accuracy": 1})])
    assert main(["compare", "one", "three/0"]) == 0
    told = capsys.readouterr().out
    assert "too few pairs" in told
    assert any(line.split() == ["optimizer", "adam", "sgd"] for line in told.splitlines())


def test_a_key_that_no_job_names_is_read_from_a_config(here: Path) -> None:
    (here / "outputs/two/0/config.yaml").write_text("fit: {epochs: 7, shuffle: true}\n")
    words = "fit.epochs=3 fit.shuffle=false nothing=1 seed=0"
    made_sweep(here / "outputs/three", [Made(words=words, test={"accuracy": 1})])
    found = compare_sweeps(["two", "three"], here / "outputs")
    values = {each.name: each.values for each in found.settings}
    assert values["fit.epochs"] == (("7",), ("3",))
    assert values["fit.shuffle"] == (("true",), ("false",))
    assert values["nothing"] == ((), ("1",))


def test_one_run_in_two_sweeps_is_no_pair(here: Path) -> None:
    waiting = [Made(words=job.words, status=None) for job in jobs("mlp", FIRST)]
    made_sweep(here / "outputs/copy", waiting)
    found = compare_sweeps(["one", "copy"], here / "outputs")
    assert found.common == (0, 4)
    assert found.pairs[1] is not None
    assert found.pairs[1].count == 0


def test_settings_that_several_jobs_have_are_no_pairs(here: Path) -> None:
    twice = [Made(words=f"lr=0.1 b={n} seed=0", test={"accuracy": 0.5}) for n in range(3)]
    made_sweep(here / "outputs/wide", [*twice, *jobs("mlp", {("0.2", 0): 0.5, ("0.2", 1): 0.6})])
    found = compare_sweeps(["one", "wide"], here / "outputs")
    assert found.pairs[1] is not None
    assert found.pairs[1].count == 2


def test_all_of_it_is_data_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "one", "two", "--json", "--by", "test_loss", "--plot", "a.svg"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["metric"] == {"name": "test_loss", "better": "min"}
    assert told["sweeps"][1]["pairs_beside_first"]["pairs"] == 4
    assert told["sweeps"][1]["best"]["command"] == "kerasgen run model=cnn lr=0.1 seed=1"
    assert told["settings"][0] == {"name": "model", "values": [["mlp"], ["cnn"]]}
    assert (here / "a.svg").read_text().lstrip().startswith("<?xml")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["one"], "KG630"),
        (["one", "outputs/one"], "KG630"),
        (["one", "nowhere"], "KG606"),
        (["one", "two", "--by", "acuracy"], "KG107"),
        (["one/0", "two/0", "--by", "loss"], "KG126"),
        (["--config", "model=mlp", "model=cnn", "--by", "loss"], "KG126"),
    ],
)
def test_what_cannot_be_compared_is_told(
    words: list[str], code: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del here
    assert main(["compare", *words]) == 2
    assert f"error[{code}]" in capsys.readouterr().err


def test_texts_of_a_stranger_are_escaped(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = [Made(words=[f"{HOSTILE}={HOSTILE}", f"seed={n}"], test={"accuracy": n}) for n in (0, 1)]
    made_sweep(here / "outputs/odd", own)
    made_sweep(here / "outputs/empty", [Made(words="a=1", status=None)])
    assert main(["compare", "odd", "one", "empty"]) == 0
    assert not {"\x1b", "\u202e"} & set(capsys.readouterr().out)


def test_sweeps_without_a_figure_are_compared_by_what_they_tried(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("three", "four"):
        made_sweep(here / "outputs" / name, [Made(words=f"a={name}", status=None)])
    assert main(["compare", "three", "four"]) == 0
    assert "no job has a metric" in capsys.readouterr().out
