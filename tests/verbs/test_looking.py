"""Looking into a run: what is shown of a sound one, and what a spoilt one is refused with."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasgen.cli import main
from kerasgen.record.layout import CONFIG, RECORD

MakeRun = Callable[..., Path]

MODEL = "model:\n  layers:\n    a: {class: Dense, units: 3}\n"


def test_a_runs_config_and_its_model_are_shown(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_run("a", config=MODEL)
    assert main(["show", str(folder)]) == 0
    assert main(["show", str(folder), "--expanded"]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "layers:",
        "  a: {class: Dense, units: 3}",
    ]


def test_a_newer_record_is_refused_at_the_line_of_its_version(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run("a", config=MODEL)
    (folder / RECORD).write_text('{\n  "schema": 2,\n  "status": "", "kerasgen": "9.1"\n}\n')
    monkeypatch.chdir(folder.parent)
    assert main(["show", "a"]) == 2
    assert capsys.readouterr().err == (
        "error[KG613]: `a/record.json` has schema 2, expected at most 1: kerasgen 9.1 wrote it\n"
        "  --> a/record.json:2:1\n"
        "   |\n"
        ' 2 |   "schema": 2,\n'
        "  = help: look at it with the version that wrote it, or a newer one\n"
        "\n1 error\nmore: kerasgen explain KG613\n"
    )


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("a: 1", "has no `model`, expected a mapping"),
        ("model: [1]", "has a list as `model`, expected a mapping"),
        ("model: !!int ''", "holds `` as `!!int`, which it is not"),
        ("a: &a [x]\nmodel: *a", "has aliases (`*a`), expected none"),
    ],
)
def test_a_config_without_a_sound_model_is_refused(
    config: str, told: str, make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(make_run("a", config=config)), "--expanded"]) == 2
    assert told in capsys.readouterr().err


def test_a_pipe_in_the_place_of_a_config_is_refused(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_run("a")
    os.mkfifo(folder / CONFIG)
    assert main(["show", str(folder)]) == 2
    assert "error[KG612]" in capsys.readouterr().err


def test_what_would_drive_a_terminal_is_shown_as_an_escape_that_yaml_reads_back(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    import yaml

    name = "a\u202eb\x1b[2Jc\u200bd"
    folder = make_run("a", config=yaml.safe_dump({"name": name, name: 1}))
    assert main(["show", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert all(c.isprintable() or c == "\n" for c in shown)
    assert yaml.safe_load(shown) == {"name": name, name: 1}
