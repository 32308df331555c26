"""Where configs are looked for besides the shipped folder."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kerasgen.diagnostics import CompileError, Diagnostic, SourceLocation
from kerasgen.diagnostics.render import render_text
from kerasgen.frontend.compose.composition import compose
from kerasgen.frontend.compose.config_folders import (
    MOST_ENTRIES,
    config_files,
    config_folder,
    fault_of,
    with_project,
)
from kerasgen.frontend.refusals.culprits import diagnose

Configs = Callable[[Mapping[str, str | bytes]], str]


def found(*given: str) -> tuple[str, ...]:
    return with_project(list(given), config_folder())


def refused(table: str) -> Diagnostic:
    Path("pyproject.toml").write_text(f'[project]\nname = "x"\n\n[tool.kerasgen]\n{table}\n')
    with pytest.raises(CompileError) as error:
        found()
    (diagnostic,) = error.value.diagnostics
    return diagnostic


def folder(name: str, seed: int) -> str:
    for file, text in {"model/mine.yaml": f"parameters: {{n: {seed}}}\n"}.items():
        (Path(name) / file).parent.mkdir(parents=True)
        (Path(name) / file).write_text(text)
    (Path(name) / "model" / f"only_{seed}.yaml").write_text("layers: {}\n")
    return name


def test_of_two_folders_the_first_wins_and_both_count(configs: Configs) -> None:
    configs({})
    one, two = folder("one", 1), folder("two", 2)
    composed = compose(["model=mine"], (one, two))
    assert composed.config.model.parameters.n == 1
    assert composed.folders == ("one", "two")
    assert compose(["model=mine"], (two, one)).config.model.parameters.n == 2
    assert compose(["model=only_2"], (one, two)).choices["model"] == "only_2"


def test_the_folders_of_the_working_directory_come_last(configs: Configs) -> None:
    configs({})
    folder("conf", 3), folder("one", 1), folder("two", 2)
    Path("pyproject.toml").write_text('[tool.kerasgen]\nconfig_dir = "two"\n')
    assert found() == ("two", "conf")
    assert found("one") == ("one", "two", "conf")
    assert found("conf", "./two") == ("conf", "./two")


def test_a_folder_conf_without_a_group_is_not_looked_into(configs: Configs) -> None:
    configs({})
    assert found() == ()
    Path("conf/other").mkdir(parents=True)
    Path("conf/other/x.yaml").touch()
    assert found() == ()
    Path("conf/experiment/a").mkdir(parents=True)
    Path("conf/experiment/a/b.yaml").touch()
    assert found() == ("conf",)


def test_the_shipped_folder_does_not_count_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(config_folder().parent)
    assert found() == ()
    assert found("conf") == ()


def test_another_pyproject_says_nothing(configs: Configs) -> None:
    configs({})
    for text in ("[project]\nname = 'x'\n", "no toml at all ][", "[tool.other]\ntrust = 1\n"):
        Path("pyproject.toml").write_text(text)
        assert found() == ()


@pytest.mark.parametrize(
    ("table", "code", "line", "message"),
    [
        ('config_dir = "nope"', "KG104", 5, "the config folder `nope` is not there"),
        ('config_dir = [\n  "nope",\n]', "KG104", 6, "the config folder `nope` is not there"),
        ("config_dir = 3", "KG128", 5, "`config_dir` is the number `3`, expected a folder"),
        ("config_dirs = 'x'", "KG128", 5, "`tool.kerasgen` has no key `config_dirs`"),
        ("trust = ['x']", "KG129", 5, "`tool.kerasgen` cannot say whose code is trusted"),
        ("config_dir = 'x", "KG127", 5, "`pyproject.toml` cannot be read"),
    ],
)
def test_what_is_wrong_with_the_table_has_its_line(
    configs: Configs, table: str, code: str, line: int, message: str
) -> None:
    configs({})
    diagnostic = refused(table)
    assert diagnostic.code == code
    assert diagnostic.message.startswith(message)
    assert diagnostic.location is not None
    assert (diagnostic.location.file, diagnostic.location.line) == ("pyproject.toml", line)


def test_trust_in_the_table_reads_as_it_should(configs: Configs) -> None:
    configs({})
    assert render_text([refused('trust = "my_parts"')]) == (
        "error[KG129]: `tool.kerasgen` cannot say whose code is trusted: the file may be a "
        "stranger's\n"
        "  --> pyproject.toml:5:1\n"
        "   |\n"
        ' 5 | trust = "my_parts"\n'
        "   | ^^^^^\n"
        "  = help: name the module on the command line, `--trust MODULE`, or once a shell: "
        "`export KERASGEN_TRUST=MODULE`"
    )


def test_a_file_in_the_place_of_a_folder_is_told_as_that(configs: Configs) -> None:
    configs({})
    folder("one", 1)
    found_in_table = refused('config_dir = "one/model/mine.yaml"')
    assert found_in_table.message == "`one/model/mine.yaml` is a file, expected a folder of configs"
    assert found_in_table.help == "its folder of configs is `one`"
    assert fault_of("one/model/mine.yaml") == (found_in_table.message, found_in_table.help)


def test_several_folders_in_one_word_are_taken_apart(configs: Configs) -> None:
    configs({})
    folder("one", 1), folder("two", 2)
    for word in ("one,two", "one:two", "one, two"):
        assert fault_of(word) == (
            f"the config folder `{word}` is not there",
            "write `--config-dir one --config-dir two`",
        )
    assert refused('config_dir = "one,two"').help == 'write `config_dir = ["one", "two"]`'


def test_an_item_that_is_no_folder_is_named_and_a_table_that_is_none_is_told(
    configs: Configs,
) -> None:
    configs({})
    folder("one", 1)
    assert refused('config_dir = ["one", 3]').message == (
        "item 2 of `config_dir` is the number `3`, expected a folder"
    )
    Path("pyproject.toml").write_text('[tool]\nkerasgen = "one"\n')
    with pytest.raises(CompileError) as error:
        found()
    assert error.value.diagnostics[0].message == (
        '`tool.kerasgen` is the string "one", expected a table'
    )
    assert error.value.diagnostics[0].location == SourceLocation(
        file="pyproject.toml", line=2, column=1, length=8
    )
    Path("pyproject.toml").write_text('[tool]\nkerasgen.config_dir = "one"\n')
    assert found() == ("one",)


@pytest.mark.parametrize(
    ("words", "folders", "help_text"),
    [
        (["model=mine"], ["one/model"], "name the folder that holds the groups: write `--config-d"),
        (["model=one/model/mine.yaml"], [], "write `--config-dir one model=mine`"),
        (["model=one/model/mine"], ["two"], None),
    ],
)
def test_a_file_of_a_folder_that_is_not_named_leads_to_it(
    configs: Configs, words: list[str], folders: list[str], help_text: str | None
) -> None:
    configs({})
    folder("one", 1), folder("two", 2)
    (diagnostic,) = diagnose(words, folders)
    assert diagnostic.code == "KG104"
    assert help_text is None or str(diagnostic.help).startswith(help_text)


@pytest.mark.parametrize(
    ("line", "column", "message", "help_text"),
    [
        ("overide /model: mine", 5, "`overide` is no word of a defaults list", "did you mean"),
        ("/model: mine", None, "an option of the group `model` is chosen twice", "to choose in p"),
    ],
)
def test_a_choice_made_anew_without_its_word_has_its_line(
    configs: Configs, line: str, column: int | None, message: str, help_text: str
) -> None:
    where = configs(
        {
            "experiment/one.yaml": f"# @package _global_\ndefaults:\n  - {line}\n",
            "model/mine.yaml": "layers: {}\n",
        }
    )
    (diagnostic,) = diagnose(["experiment=one"], where)
    assert diagnostic.message == message
    assert str(diagnostic.help).startswith(help_text)
    assert diagnostic.location is not None
    assert diagnostic.location.line == 3
    assert column is None or diagnostic.location.column == column


@pytest.mark.parametrize(
    "table",
    ["tool . kerasgen", 'tool."kerasgen"', "tool.'kerasgen'"],
)
def test_the_table_counts_however_its_name_is_written(configs: Configs, table: str) -> None:
    configs({})
    folder("one", 1)
    Path("pyproject.toml").write_text(f'[ {table} ]\nconfig_dir = "one"\n')
    assert found() == ("one",)
    Path("pyproject.toml").write_text('[tool]\nkerasgen = {config_dir = "one"}\n')
    assert found() == ("one",)


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("config_dir = " + "9" * 5_000, "KG127"),
        ("config_dir = 0x" + "f" * 5_000, "KG128"),
        ("config_dir = " + "[" * 5_000, "KG127"),
        ("\n".join(".".join("a" * 300) + f".b{n} = 1" for n in range(3_000)), "KG127"),
        ("[tool.kerasgen." + ".".join("a" * 100_000) + "]", "KG127"),
        (f'config_dir = "{"x" * 5_000_000}"', "KG127"),
    ],
)
def test_a_table_that_would_take_for_ever_is_refused(
    configs: Configs, table: str, code: str
) -> None:
    configs({})
    diagnostic = refused(table)
    assert diagnostic.code == code
    assert len(render_text([diagnostic])) < 1_000


@pytest.mark.parametrize(
    "table",
    [
        "\n".join(f"k{number} = 1" for number in range(9_000)),
        "config_dir = [" + ",".join(f"'x{number}'" for number in range(9_000)) + "]",
    ],
)
def test_of_many_faults_the_first_are_told(configs: Configs, table: str) -> None:
    configs({})
    Path("pyproject.toml").write_text(f"[tool.kerasgen]\n{table}\n")
    with pytest.raises(CompileError) as error:
        found()
    assert len(error.value.diagnostics) == 20


def test_a_walk_through_configs_ends(tmp_path: Path) -> None:
    for number in range(MOST_ENTRIES // 100 + 10):
        (tmp_path / str(number)).mkdir()
        for inner in range(100):
            (tmp_path / str(number) / f"{inner}.yaml").touch()
    assert MOST_ENTRIES - 200 < sum(1 for _ in config_files(tmp_path)) < MOST_ENTRIES + 200
