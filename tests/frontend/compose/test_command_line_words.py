"""Words that are no overrides: each is told what was meant, in a form that can be typed."""

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kerasgen.diagnostics import CompileError, Diagnostic
from kerasgen.diagnostics.render import render_text
from kerasgen.frontend.compose.command_line_words import refuse_flags
from kerasgen.frontend.compose.composition import compose, resolve_groups
from kerasgen.frontend.compose.config_folders import config_folder
from kerasgen.frontend.parse.data import parse_data
from kerasgen.frontend.refusals.culprits import diagnose

Configs = Callable[[Mapping[str, str | bytes]], str]
FLAGS = ("-h", "--help", "--fast", "--config-dir", "--yes")


def only(*words: str, folder: str | None = None) -> Diagnostic:
    (found,) = diagnose(words, folder)
    return found


def flag(*words: str) -> Diagnostic:
    with pytest.raises(CompileError) as error:
        refuse_flags([word for word in words if word.startswith("-")], words, FLAGS)
    (found,) = error.value.diagnostics
    return found


@pytest.mark.parametrize(
    "words",
    [["seed", "=", "1"], ["seed=", "1"], ["seed", "=1"], ["seed = 1"], ["seed =1"], ["seed:1"]],
)
def test_spaces_and_colons_in_the_place_of_the_equal_sign(words: list[str]) -> None:
    found = only("model=convnet", *words, "fit.epochs=2")
    assert found.code == "KG102"
    assert found.help == "write `seed=1`"
    assert diagnose(["model=convnet", "seed=1", "fit.epochs=2"]) == []


def test_a_value_with_spaces_is_quoted_in_the_help() -> None:
    assert only("name = my run").help == "write `name='my run'`"


@pytest.mark.parametrize("word", ["", " "])
def test_an_empty_word_is_told(word: str) -> None:
    found = only("model=convnet", word)
    assert (found.code, found.message) == ("KG125", "an override is empty")


def test_a_phase_that_is_not_there_is_added_as_a_whole_or_by_a_key() -> None:
    word = "fit.phases.warm.epochs=2"
    assert only(word).help == f"to add a phase, write `+{word}`"
    assert diagnose([f"+{word}"]) == []
    assert only("fit.phases.warm={epochs: 2}").help == (
        "to add a phase, write `'+fit.phases.warm={epochs: 2}'`"
    )


def test_a_group_and_its_option_are_one_override() -> None:
    assert only("model", "convnet").help == "write `model=convnet`"


def test_the_bare_name_of_an_option() -> None:
    found = only("convnet")
    assert (found.code, found.help) == ("KG125", "write `model=convnet`")
    assert only("diabetes").help == "write `data=diabetes` or `experiment=diabetes`"
    assert only("book/mnist_mlp").help == "write `experiment=book/mnist_mlp`"


def test_the_bare_name_of_a_group_lists_its_options() -> None:
    found = only("backend")
    assert (
        found.help
        == "write `backend=OPTION` with one of `cntk`, `jax`, `tensorflow`, `theano`, `torch`"
    )


@pytest.mark.parametrize("word", ["outputs/first", "outputs/first/", "outputs/first/config.yaml"])
def test_the_folder_of_a_run(configs: Configs, word: str) -> None:
    folder = configs({})
    run = Path("outputs/first")
    run.mkdir(parents=True)
    for name in ("record.json", "config.yaml"):
        (run / name).write_text("{}")
    found = only(word, folder=folder)
    assert found.code == "KG125"
    assert found.help == (
        "`kerasgen show outputs/first` looks into it, "
        "`kerasgen run --config-path outputs/first` trains its config again"
    )
    assert only("outputs").help == "`kerasgen runs --outputs outputs` lists them"


def test_a_run_that_is_not_there() -> None:
    found = only("outputs/2026-01-31/12-00-00")
    assert found.message.startswith("there is nothing at `outputs/2026-01-31/12-00-00`")
    assert found.help == "`kerasgen runs` lists the runs that there are"


def test_a_file_of_a_config_folder_is_named_by_its_option(configs: Configs) -> None:
    folder = configs({"model/mine.yaml": "layers: {}\n", "experiment/a/b.yaml": "seed: 1\n"})
    assert only("mine/model/mine.yaml", folder=folder).help == "write `model=mine`"
    assert only("mine/model/mine.yaml").help == "write `--config-dir mine model=mine`"
    assert only("mine/experiment/a/b.yaml").help == "write `--config-dir mine experiment=a/b`"
    shipped = config_folder() / "experiment" / "penguins.yaml"
    assert only(str(shipped)).help == "write `experiment=penguins`"
    assert only(folder).help == "write `--config-dir mine`"


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("layers: {a: Dense}\n", "model"),
        ("source: {class: Csv}\n", "data"),
        ("class: SGD\nlearning_rate: 1.0\n", "optimizer"),
        ("# @package _global_\nseed: 1\n", "experiment"),
        ("model: {}\nfit: {}\n", "experiment"),
    ],
)
def test_any_other_config_file_is_to_be_put_into_a_folder(
    configs: Configs, text: str, group: str
) -> None:
    configs({})
    Path("loose.yaml").write_text(text)
    assert only("loose.yaml").help == (
        f"put it at `my_conf/{group}/loose.yaml`, and write `--config-dir my_conf {group}=loose`"
    )


@pytest.mark.parametrize(
    ("name", "help_text"),
    [
        ("old.keras", "`kerasgen import old.keras -o conf/model/old.yaml` makes a config of it"),
        ("rows.csv", "data is named by its config"),
        ("keras.json", "write `backend.keras_json=keras.json`"),
        ("parts.py", "write `--trust parts` to let configs name what is in it"),
    ],
)
def test_a_model_data_and_a_module(configs: Configs, name: str, help_text: str) -> None:
    configs({})
    Path(name).touch()
    assert only(name).help == help_text


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        (
            "multi.csv",
            "a,b,kind\n1,2,x\n",
            "data=none 'data.source={class: Csv, path: multi.csv}' data.features=all "
            "data.target=kind data.task=classification",
        ),
        (
            "my prices.csv",
            "a,the price\n1,2.5\n",
            "data=none 'data.source={class: Csv, path: \"my prices.csv\"}' data.features=all "
            "'data.target=\"the price\"' data.task=regression",
        ),
        (
            "numbers.csv",
            "1,2.5,0\n3,4,1\n",
            "data=none 'data.source={class: Csv, path: numbers.csv, header: false}' "
            "data.features=all data.target=c2 data.task=classification",
        ),
        (
            "a.npz",
            "",
            "data=none 'data.source={class: Arrays, path: a.npz}' data.features=x data.target=y "
            "data.task=classification",
        ),
        (
            "faces.tar.gz",
            "",
            "data=none 'data.source={class: ImageFolder, path: faces.tar.gz}' "
            "data.features=image data.target=label data.task=classification",
        ),
    ],
)
def test_a_file_of_data_is_told_with_a_line_that_is_accepted(
    configs: Configs, name: str, text: str, line: str
) -> None:
    configs({})
    Path(name).write_text(text)
    assert only(name).help == f"data is named by its config: write `{line}`"
    if " " not in name:
        assert f"`{line}`" in (only(f"data={name}").help or "")
    groups, sink = resolve_groups(compose(shlex.split(line)), ("data",))
    assert parse_data(groups["data"], sink) is not None
    assert sink.diagnostics == []


def test_a_file_in_the_place_of_an_option(configs: Configs) -> None:
    configs({})
    assert only("model=conf/model/convnet.yaml").help == "write `model=convnet`"
    assert only("conf/model/convnet.yaml").help == "write `model=convnet`"
    Path("loose.yaml").write_text("layers: {}\n")
    found = only("model=loose.yaml")
    assert found.message == "`loose.yaml` lies in no folder of configs for the group `model`"
    assert found.help is not None
    assert "`--config-dir my_conf model=loose`" in found.help


def test_a_word_that_could_be_anything_is_told_how_to_get_a_value() -> None:
    assert only("fit.epochs").help == "write `fit.epochs=VALUE`"


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (["--model", "convnet"], "model=convnet"),
        (["--model=convnet"], "model=convnet"),
        (["--epochs", "5"], "fit.epochs=5"),
        (["--batch-size", "5"], "fit.batch_size=5"),
        (["--lr=0.1", "seed=2"], "optimizer.learning_rate=0.1"),
        (["-epochs", "seed=2"], "fit.epochs=VALUE"),
    ],
)
def test_an_override_that_is_written_as_a_flag(words: list[str], written: str) -> None:
    found = flag(*words)
    assert found.code == "KG126"
    assert found.help == f"what a config says has no dashes: write `{written}`"


def test_a_misspelt_flag() -> None:
    assert flag("--fats", "model=convnet").help == "did you mean `--fast`?"


def test_a_refused_flag_reads_as_it_should() -> None:
    assert render_text([flag("--model", "convnet")]) == (
        "error[KG126]: there is no flag `--model`\n"
        "  --> command line\n"
        "   |\n"
        "   | --model convnet\n"
        "   | ^^^^^^^\n"
        "  = help: what a config says has no dashes: write `model=convnet`"
    )


@pytest.mark.parametrize(
    ("word", "told", "help_part"),
    [
        (
            "model=made.keras",
            "is a model, expected an option of `model`",
            "kerasgen import made.keras",
        ),
        (
            "data=rows.csv",
            "is a file, expected an option of `data`",
            "{class: Csv, path: rows.csv}",
        ),
        ("experiment=outputs/day/time", "is the folder of a run", "kerasgen show outputs/day/time"),
        ("experiment=day/time", "is a run below `outputs`", "kerasgen show outputs/day/time"),
        ("day/time", "is a run below `outputs`, expected an override", "show outputs/day/time"),
    ],
)
def test_a_run_a_model_and_data_in_the_place_of_an_option(
    configs: Configs, word: str, told: str, help_part: str
) -> None:
    configs({})
    run = Path("outputs/day/time")
    run.mkdir(parents=True)
    for file in (Path("made.keras"), Path("rows.csv"), run / "record.json"):
        file.touch()
    found = only(word)
    assert told in found.message
    assert help_part in (found.help or "")


def test_a_group_and_its_option_in_one_word() -> None:
    assert only("model convnet").help == "write `model=convnet`"


def test_a_flag_that_means_nothing_lists_those_that_there_are() -> None:
    assert flag("-e").help == "known: `--config-dir`, `--fast`, `--help`, `--yes`"


def test_a_part_of_the_name_of_a_run_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("2026-11-28/03-49-30-713814", "2026-11-28/04-10-00-000001"):
        (Path("outputs") / name).mkdir(parents=True)
        (Path("outputs") / name / "record.json").write_text("{}")
    day = only("2026-11-28")
    assert day.message == "`2026-11-28` is a folder of runs below `outputs`, expected an override"
    assert day.help == "`kerasgen runs --outputs outputs/2026-11-28` lists them"
    for word in ("03-49-30-713814", "2026-11-28/03-49", "03-49-30"):
        found = only(word)
        assert found.message.startswith(f"`{word}` is a part of the name of a run")
        assert str(found.help).startswith("`kerasgen show outputs/2026-11-28/03-49-30-713814`")
    assert only("2026-11-").message.startswith("several runs have `2026-11-` in the name")
    assert only("2025-01-01").message.startswith("no run has `2025-01-01` in the name")
