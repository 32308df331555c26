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


FORMER = {
    "model/mine.yaml": (
        "layers:\n"
        "  flatten: Flatten\n"
        "  hidden: {class: Dense, output_dim: 16, W_regularizer: l2, init: uniform}\n"
        "  scores: {class: Dense, units: 10, activation: softmax}\n"
    ),
    "optimizer/pasted.yaml": "_target_: tensorflow.keras.optimizers.SGD\nlr: 0.1  # kept\n",
}


def test_former_names_of_one_meaning_are_mended(
    config_files: Callable[[Files], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config_files(FORMER)
    assert main([*CHECK, "optimizer=pasted", "--yes"]) == 0
    model = (tmp_path / "conf/model/mine.yaml").read_text()
    assert "{class: Dense, units: 16, kernel_regularizer: l2, kernel_initializer: uniform}" in model
    optimizer = (tmp_path / "conf/optimizer/pasted.yaml").read_text()
    assert optimizer == "class: SGD\nlearning_rate: 0.1  # kept\n"
    assert "no errors, no warnings" in capsys.readouterr().out


HABITS = {
    "experiment/habits.yaml": (
        "# @package _global_\nfit:\n  validation_split: 5\noptimizer:\n  decay: 1.0e-6\n"
    )
}


def test_what_changes_its_place_or_its_value_is_left_to_the_person(
    config_files: Callable[[Files], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config_files(HABITS)
    check = ["check", "--fast", "--fix", "--yes", "--config-dir", "conf", "experiment=habits"]
    assert main(check) == 2
    assert main([*check, "~fit.validation_split"]) == 2
    assert (tmp_path / "conf/experiment/habits.yaml").read_text() == HABITS[
        "experiment/habits.yaml"
    ]
    shown = capsys.readouterr().err
    assert "write `validation: 0.1` under `data.split`" in shown
    assert "{class: InverseTimeDecay, initial_learning_rate: 0.001, decay_steps: 1" in shown


@pytest.mark.parametrize("word", ["Conv", "DenseNet", "Rescale", "Norm"])
def test_a_word_that_is_only_near_is_not_written(
    config_files: Callable[[Files], str], tmp_path: Path, word: str
) -> None:
    text = f"layers:\n  a: {{class: {word}, filters: 3, kernel_size: 3}}\n"
    config_files({"model/mine.yaml": text})
    assert main([*CHECK, "--yes"]) == 2
    assert (tmp_path / "conf/model/mine.yaml").read_text() == text


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--dry-run", "nothing was written: this is a dry run; what is mended may bring more"),
        ("--fast", "nothing was written: there is no terminal to ask at; `--yes` writes unasked"),
    ],
)
def test_nothing_is_written_unasked(
    file: Path, capsys: pytest.CaptureFixture[str], option: str, words: str
) -> None:
    assert main([*CHECK, option]) == 2
    assert file.read_text() == MISSPELT
    shown = capsys.readouterr().out
    assert words in shown
    assert "+++ conf/model/mine.yaml (mended)" in shown


@pytest.mark.parametrize(
    ("override", "meant"),
    [
        ("optimizer.lr=0.1", "optimizer.learning_rate=0.1"),
        ("fit.nb_epoch=3", "fit.epochs=3"),
    ],
)
def test_a_former_key_on_the_command_line_is_shown_as_it_is_written_today(
    config_files: Callable[[Files], str],
    capsys: pytest.CaptureFixture[str],
    override: str,
    meant: str,
) -> None:
    config_files({"model/mine.yaml": MENDED})
    assert main([*CHECK, override, "--yes"]) == 2
    shown = capsys.readouterr().out
    assert f"on the command line, in place of `{override}`: {meant}" in shown
