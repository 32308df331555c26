"""A trained run as one HTML file: what it shows of its data, when it shows none, and its bytes."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from damaged_records import spoil
from page_reader import ReadPage, read_page

from kerasgen.cli import main
from kerasgen.frontend.compose.composition import compose
from kerasgen.record.file_names import MODEL, PREDICTIONS, RECORD
from kerasgen.run.experiment import run_experiment

SOURCE = "class: ScikitLearn\n    name: digits"


@pytest.fixture(scope="module")
def trained(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of digits below `outputs`."""
    folder = tmp_path_factory.mktemp("report") / "outputs" / "first"
    words = [f"backend={engine}", "fit.epochs=2", "fit.verbose=0", "tracking.plots=false"]
    assert run_experiment(compose(words), folder) == 0
    return folder


@pytest.fixture
def here(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a copy of the run."""
    shutil.copytree(trained.parent, tmp_path / "outputs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(*words: str) -> int:
    return main(["report", *words])


def page(path: str = "report.html") -> ReadPage:
    return read_page(Path(path).read_text(encoding="utf-8"))


def images(read: ReadPage) -> list[str]:
    return [attributes["src"] or "" for tag, attributes in read.tags if tag == "img"]


def test_a_trained_run_has_every_section(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report("last") == 0
    assert capsys.readouterr().out.startswith("report.html: ")
    read = page()
    assert list(read.sections) == [
        "summary",
        "curves",
        "predictions",
        "worst",
        "model",
        "data",
        "config",
        "environment",
        "repeat",
    ]
    assert read.title == "mlp"
    assert "Dense 128, relu" in read.sections["model"]
    assert "17,226 parameters" in read.sections["model"]
    assert "fingerprint" in read.sections["data"]
    assert "kerasgen:data/digits.yaml" in read.sections["config"] or (
        "data/digits.yaml" in read.sections["config"]
    )
    assert "kerasgen rerun first" in read.sections["repeat"]


def test_the_worst_predictions_are_shown_with_their_images(here: Path) -> None:
    assert report("first") == 0
    found = images(page())
    assert len(found) == 12
    assert all(source.startswith("data:image/png;base64,") for source in found)


def test_the_same_record_makes_the_same_bytes(here: Path) -> None:
    assert report("first", "-o", "a.html") == 0
    assert report("outputs/first", "-o", "b.html") == 0
    assert Path("a.html").read_bytes() == Path("b.html").read_bytes()


@pytest.mark.parametrize("gone", [MODEL, PREDICTIONS, "prepare", "summary.txt", "source_map.json"])
def test_a_report_is_made_of_what_is_left(gone: str, here: Path) -> None:
    place = here / "outputs" / "first" / gone
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    assert report("first") == 0
    assert ("worst" in page().sections) == (gone != PREDICTIONS)


def test_rows_of_data_that_has_changed_are_not_shown(here: Path) -> None:
    record = here / "outputs" / "first" / "data.json"
    told = json.loads(record.read_text())
    record.write_text(json.dumps({**told, "fingerprint": "sha256:0"}))
    _forget_checksums(here / "outputs" / "first")
    assert report("first") == 0
    read = page()
    assert images(read) == []
    assert "its fingerprint is another one" in read.sections["worst"]


def test_data_that_is_gone_is_told_of(here: Path) -> None:
    config = here / "outputs" / "first" / "config.yaml"
    config.write_text(config.read_text().replace(SOURCE, "class: Csv\n    path: gone.csv"))
    _forget_checksums(here / "outputs" / "first")
    assert report("first") == 0
    read = page()
    assert "Without the rows themselves: the data cannot be opened" in read.sections["worst"]
    assert "Confusion matrix" in read.sections["predictions"]


@pytest.mark.parametrize(
    "source",
    [
        "class: Csv\n    path: https://example.org/x.csv",
        "class: OpenML\n    name: adult\n    download: true",
        "class: os.system\n    command: touch boom",
    ],
    ids=["address", "download", "code"],
)
def test_a_source_of_a_stranger_opens_no_connection_and_runs_nothing(
    source: str, here: Path
) -> None:
    config = here / "outputs" / "first" / "config.yaml"
    text = config.read_text().replace(SOURCE, source)
    config.write_text(text)
    _forget_checksums(here / "outputs" / "first")
    assert report("first", "--data", "always") == 0
    assert "Without the rows themselves" in page().sections["worst"]
    assert not Path("boom").exists()


def test_data_is_left_closed_where_that_is_wanted(here: Path) -> None:
    assert report("first", "--data", "never") == 0
    assert images(page()) == []
    assert "the data was left closed" in page().sections["worst"]


def test_large_data_is_left_closed_unasked(here: Path) -> None:
    record = here / "outputs" / "first" / "data.json"
    told = json.loads(record.read_text())
    record.write_text(json.dumps({**told, "samples": 10_000_000}))
    _forget_checksums(here / "outputs" / "first")
    assert report("first") == 0
    assert "`--data always` opens it all the same" in page().sections["worst"]


def test_an_edited_file_is_told_of(here: Path) -> None:
    history = here / "outputs" / "first" / "history.csv"
    history.write_text(history.read_text().replace("0.", "1."))
    assert report("first") == 0
    read = page()
    assert "curves" not in read.sections
    assert "is not the file that the run has written" in read.sections["summary"]


def test_a_file_that_is_there_is_kept(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("report.html").write_text("mine")
    assert report("first") == 2
    assert "error[KG605]: `report.html` is there already" in capsys.readouterr().err
    assert Path("report.html").read_text() == "mine"
    assert report("first", "--force") == 0
    assert Path("report.html").read_text() != "mine"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["frist"], "KG606"),
        (["first", "-o", "no/such/folder/x.html"], "KG605"),
        (["first", "-o", "outputs"], "KG605"),
        (["first", "--fold", "2"], "KG606"),
    ],
    ids=["typo", "folder", "taken", "fold"],
)
def test_what_cannot_be_done_is_told(
    words: Sequence[str], code: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(*words) == 2
    assert f"error[{code}]" in capsys.readouterr().err


SPOILT = ("record.json", "config.yaml", "source_map.json", "history.csv", "data.json", PREDICTIONS)


@pytest.mark.parametrize("number", range(12))
def test_a_damaged_record_is_a_page_or_a_diagnostic(number: int, here: Path) -> None:
    run, random = here / "outputs" / "first", Random(f"report {number}")
    _forget_checksums(run)
    spoil(random, run / SPOILT[number % len(SPOILT)])
    code = report("outputs/first", "--data", "never")
    assert code in (0, 2)
    if code == 0:
        read = page()
        assert (read.unclosed, read.acting, len(read.scripts)) == ([], [], 1)


def _forget_checksums(folder: Path) -> None:
    """As somebody who edits a record would."""
    fields = json.loads((folder / RECORD).read_text())
    fields.pop("checksums", None)
    (folder / RECORD).write_text(json.dumps(fields))
