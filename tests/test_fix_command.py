"""`kerasgen check --fix`: misspelt words are mended in the files, and the difference is shown."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kerasgen.cli import main

MISSPELT = """\
# A model with five misspelt words.
layers:
  flatten: Flaten                     # this comment stays
  hidden:  {class: Dense, unts: 32, activation: rleu}
  scores:  {class: Dense, units: "${data.clases}", activation: softmax, from: hiden}
"""

MENDED = """\
# A model with five misspelt words.
layers:
  flatten: Flatten                     # this comment stays
  hidden:  {class: Dense, units: 32, activation: relu}
  scores:  {class: Dense, units: "${data.classes}", activation: softmax, from: hidden}
"""

Files = Mapping[str, str]
CHECK = ["check", "--fast", "--config-dir", "conf", "model=mine", "--fix"]


@pytest.fixture
def file(config_files: Callable[[Files], str], tmp_path: Path) -> Path:
    config_files({"model/mine.yaml": MISSPELT})
    return tmp_path / "conf" / "model" / "mine.yaml"


def test_all_misspelt_words_are_mended_and_the_rest_stays(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*CHECK, "--yes"]) == 0
    assert file.read_text() == MENDED
    shown = capsys.readouterr().out
    assert "-  flatten: Flaten                     # this comment stays" in shown
    assert "+  flatten: Flatten                     # this comment stays" in shown
    assert "mended: 5 places" in shown
    assert "no errors, no warnings" in shown


def test_nothing_is_written_where_the_person_says_no(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "n")
    assert main(CHECK) == 2
    assert file.read_text() == MISSPELT
    assert "nothing was written" in capsys.readouterr().out


def test_what_cannot_be_mended_is_reported_as_ever(
    config_files: Callable[[Files], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config_files({"model/mine.yaml": "layers: {a: {class: Dense}}\n"})
    assert main([*CHECK, "--yes"]) == 2
    shown = capsys.readouterr()
    assert "there is nothing that can be mended here" in shown.out
    assert "error[KG203]: `Dense` has no `units`" in shown.err


def test_a_misspelt_override_is_shown_mended(
    config_files: Callable[[Files], str], capsys: pytest.CaptureFixture[str]
) -> None:
    config_files({"model/mine.yaml": MENDED})
    assert main([*CHECK, "optimizer.learning_rat=0.1", "--yes"]) == 2
    assert capsys.readouterr().out == (
        "on the command line, in place of `optimizer.learning_rat=0.1`: "
        "optimizer.learning_rate=0.1\n\n"
    )


def test_files_are_mended_as_if_a_misspelt_override_had_been_right(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*CHECK, "optimizer.learning_rat=0.1", "optimzer=sgd", "--yes"]) == 2
    assert file.read_text() == MENDED
    shown = capsys.readouterr()
    assert "in place of `optimizer.learning_rat=0.1`: optimizer.learning_rate=0.1" in shown.out
    assert "in place of `optimzer=sgd`: optimizer=sgd" in shown.out
    assert "mended: 5 places" in shown.out
    assert "error[KG103]: the config has no key `optimzer`" in shown.err
