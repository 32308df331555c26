"""`kerasgen check --fix`: misspelt words are mended in the files, and the difference is shown."""

import json
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


def test_a_prompt_that_is_left_writes_nothing(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(question: str) -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", leave)
    assert main(CHECK) == 2
    assert file.read_text() == MISSPELT
    assert "nothing was written" in capsys.readouterr().out


def test_a_read_only_file_stays_and_the_others_are_mended(
    file: Path,
    config_files: Callable[[Files], str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config_files({"optimizer/mine.yaml": "class: SGD\nlr: 0.1\n"})
    file.chmod(0o444)
    assert main([*CHECK, "optimizer=mine", "--yes"]) == 2
    shown = capsys.readouterr()
    assert file.read_text() == MISSPELT
    assert (tmp_path / "conf/optimizer/mine.yaml").read_text() == "class: SGD\nlr: 0.1\n"
    assert shown.out.count("`conf/model/mine.yaml` stays as it is: it is read-only") == 1
    assert "nothing that can be mended" not in shown.out
    file.chmod(0o644)
    file.write_text(MENDED.replace("relu", "rleu"))
    file.chmod(0o444)
    assert main([*CHECK, "optimizer=mine", "--yes"]) == 2
    assert (tmp_path / "conf/optimizer/mine.yaml").read_text() == (
        "class: SGD\nlearning_rate: 0.1\n"
    )
    assert "rleu" in file.read_text()
    assert "error[KG205]: `rleu` is not an activation" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_named_and_the_check_goes_on(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: object) -> None:
        raise OSError(28, "No space left on device", "somewhere")

    monkeypatch.setattr("pathlib.Path.replace", refuse)
    assert main([*CHECK, "--yes"]) == 2
    shown = capsys.readouterr()
    assert "`conf/model/mine.yaml` stays as it is: no space left on device" in shown.out
    assert "error[KG" in shown.err
    assert [found.name for found in file.parent.iterdir()] == ["mine.yaml"]
    assert file.read_text() == MISSPELT


def test_with_json_stdout_is_one_document(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*CHECK, "--yes", "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["valid"] is True
    assert "mended: 5 places" in shown.err
    assert file.read_text() == MENDED


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--yes"], "`--yes` does nothing without `--fix`"),
        (["--dry-run"], "`--dry-run` does nothing without `--fix`"),
        (["--all", "-m", "seed=1,2"], "`--all` checks each experiment once, and takes no `-m`"),
        (["--fix", "--all"], "`--fix` mends the files of one config, and takes no `--all`"),
        (["--fix", "-m", "seed=1,2"], "`--fix` mends the files of one config, and takes no `-m`"),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert main(["check", "--fast", *options]) == 2
    assert f"error[KG126]: {message}" in capsys.readouterr().err


def test_a_misspelt_fact_that_is_not_declared_is_mended_and_not_taken_for_a_fact(
    config_files: Callable[[Files], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config_files({"model/mine.yaml": MENDED.replace("data.classes", "data.clases")})
    (tmp_path / "conf/data").mkdir()
    (tmp_path / "conf/data/bare.yaml").write_text(
        "source: {class: ScikitLearn, name: digits}\n"
        "features: image\ntarget: label\ntask: classification\nsplit: {test: 0.2}\n"
    )
    assert main([*CHECK, "data=bare", "--yes"]) == 0
    assert (tmp_path / "conf/model/mine.yaml").read_text() == MENDED


def test_names_are_told_although_facts_are_missing(
    config_files: Callable[[Files], str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # An engine may be there already, with handlers on pytest's stderr: Hydra closes them.
    for module in ("hydra._internal.hydra", "hydra.core.utils"):
        monkeypatch.setattr(f"{module}.configure_log", lambda *_, **__: None)
    config_files(
        {
            "model/mine.yaml": MENDED,
            "fit/habit.yaml": "nb_epoch: 2\nbatch_size: 32\n",
            "data/bare.yaml": "source: {class: ScikitLearn, name: digits}\n"
            "features: image\ntarget: label\ntask: classification\nsplit: {test: 0.2}\n",
        }
    )
    words = ["--config-dir", "conf", "model=mine", "data=bare", "fit=habit"]
    assert main(["check", "--fast", *words]) == 2
    shown = capsys.readouterr()
    assert "error[KG107]: `fit` has no key `nb_epoch`" in shown.err
    assert "KG105" not in shown.err
