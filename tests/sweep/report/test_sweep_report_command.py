"""`kerasgen report` of a sweep as a command: what is one, in which form, what is refused."""

import json
from pathlib import Path

import pytest
from made_sweeps import Made, grid, made_sweep

from kerasgen.cli import main


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    made_sweep(Path("outputs/sweeps/one"), grid(4))
    return tmp_path


@pytest.mark.parametrize("name", ["outputs/sweeps/one", "sweeps/one", "outputs/sweeps/one/"])
def test_the_folder_of_a_sweep_is_reported_as_one(
    name: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del here
    assert main(["report", name]) == 0
    assert capsys.readouterr().out.startswith("report.html: 1,")
    assert "Leaderboard" in Path("report.html").read_text()


def test_last_is_a_run_and_with_a_flag_the_newest_sweep(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "last", "--data", "never", "-o", "run.html"]) == 0
    assert "whose own report is: kerasgen report outputs/sweeps/one\n" in capsys.readouterr().out
    assert "Leaderboard" not in Path("run.html").read_text()
    assert main(["report", "last", "--sweep", "-o", "sweep.html"]) == 0
    assert "Leaderboard" in Path("sweep.html").read_text()
    assert (here / "sweep.html").is_file()


@pytest.mark.parametrize(
    ("words", "file", "begin"),
    [
        (["-o", "a.csv"], "a.csv", "job,optimizer,"),
        (["-o", "a.JSON"], "a.JSON", "{\n"),
        (["-o", "a.tex"], "a.tex", "% needs"),
        (["--format", "csv"], "report.csv", "job,"),
        (["--format", "json", "-o", "a.html"], "a.html", "{\n"),
        (["-o", "a.htm"], "a.htm", "<!DOCTYPE html>"),
    ],
)
def test_the_form_is_that_of_the_ending_or_the_flag(
    words: list[str], file: str, begin: str, here: Path
) -> None:
    assert main(["report", "sweeps/one", *words]) == 0
    assert (here / file).read_text().startswith(begin)


def test_another_figure_judges_it(here: Path) -> None:
    assert main(["report", "sweeps/one", "--by", "test_loss", "-o", "a.json"]) == 0
    assert json.loads((here / "a.json").read_text())["metric"]["name"] == "test_loss"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["sweeps/one", "-o", "a.xlsx"], "KG605"),
        (["sweeps/one", "-o", "no/such/a.csv"], "KG605"),
        (["sweeps/one", "-o", "outputs", "--format", "csv"], "KG605"),
        (["sweeps/one", "--by", "acuracy"], "KG107"),
        (["sweeps/one", "--fold", "1"], "KG126"),
        (["sweeps/one", "--data", "auto"], "KG126"),
        (["sweeps/one", "--trust", "mine"], "KG126"),
        (["sweeps/one/0", "--format", "csv"], "KG126"),
        (["sweeps/one/0", "--by", "loss"], "KG126"),
        (["sweeps/one/0", "--sweep"], "KG606"),
        (["sweeps/on", "--sweep"], "KG606"),
        (["nowhere"], "KG606"),
    ],
)
def test_what_cannot_be_done_is_told(
    words: list[str], code: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(here.rglob("*"))
    assert main(["report", *words]) == 2
    assert f"error[{code}]" in capsys.readouterr().err
    assert sorted(here.rglob("*")) == before


def test_a_file_that_is_there_is_kept(here: Path) -> None:
    (here / "a.csv").write_text("mine")
    assert main(["report", "sweeps/one", "-o", "a.csv"]) == 2
    assert (here / "a.csv").read_text() == "mine"
    assert main(["report", "sweeps/one", "-o", "a.csv", "--force"]) == 0


def test_a_damaged_file_of_a_sweep_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "outputs/sweeps/one/sweep.json").write_text("{")
    assert main(["report", "sweeps/one"]) == 2
    assert "sweep.json` is not JSON" in capsys.readouterr().err


def test_a_sweep_without_a_completed_job_has_a_page(here: Path) -> None:
    made_sweep(here / "outputs/sweeps/two", [Made(words="a=1", status=None)])
    assert main(["report", "sweeps/two"]) == 0
    assert "judged by" in (here / "report.html").read_text()
