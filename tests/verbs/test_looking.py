"""Looking into a run: what is shown of a sound one, and what a spoilt one is refused with."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasgen.cli import main
from kerasgen.diagnostics import CompileError, SourceLocation, SourceMap
from kerasgen.diagnostics.source_map import Mark
from kerasgen.diagnostics.source_map_data import to_plain
from kerasgen.record.file_names import CONFIG, RECORD, SOURCE_MAP
from kerasgen.verbs.show import Target

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
    (folder / RECORD).write_text('{\n  "schema": 3,\n  "status": "", "kerasgen": "9.1"\n}\n')
    monkeypatch.chdir(folder.parent)
    assert main(["show", "a"]) == 2
    assert capsys.readouterr().err == (
        "error[KG613]: `a/record.json` has schema 3, expected at most 2: kerasgen 9.1 wrote it\n"
        "  --> a/record.json:2:1\n"
        "   |\n"
        ' 2 |   "schema": 3,\n'
        "  = help: look at it with the version that wrote it, or a newer one\n"
        "\n1 error\nmore: kerasgen explain KG613\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        "compare other",
        "resume",
        "verify",
        "rerun",
        "export --format keras -o a.keras",
        "report -o a.html",
        "evaluate",
        "evaluate --fold 1",
        "predict rows.csv",
        "serve",
    ],
)
def test_a_newer_record_is_refused_by_whatever_must_understand_it(
    words: str,
    make_run: MakeRun,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if words == "serve":
        pytest.importorskip("uvicorn")
        pytest.importorskip("fastapi")
    folder = make_run("a", config=MODEL, schema=99, folds={"count": 2, "completed": [1]})
    make_run("other", config=MODEL)
    monkeypatch.chdir(folder.parent)
    Path("rows.csv").write_text("x\n1\n")
    verb, *rest = words.split()
    assert main([verb, "a", *rest]) == 2
    told = capsys.readouterr().err
    assert "error[KG613]: `a/record.json` has schema 99" in told
    assert "= help: look at it with the version that wrote it, or a newer one" in told
    assert sorted(path.name for path in Path().iterdir()) == ["a", "other", "rows.csv"]


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


BROKEN = """\
backend: {backend: jax}
data: {source: null}
model:
  inputs: {x: {shape: [4]}}
  layers:
    a: {class: Dens, units: 3}
optimizer: {class: SGD}
compile: {}
fit: {}
tracking: {}
"""
"""The config of a run that names a class which is not there."""


def test_a_run_that_no_longer_compiles_is_told_at_the_line_that_was_written(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run("a", config=BROKEN)
    monkeypatch.chdir(folder.parent)
    Path("mine.yaml").write_text("layers:\n  a: {class: Dens, units: 3}\n", encoding="utf-8")
    place = SourceLocation(file="mine.yaml", line=2, column=14, length=4)
    marks = {"model.layers.a.class": Mark(key=place, value=place)}
    (folder / SOURCE_MAP).write_text(json.dumps(to_plain(SourceMap(marks=marks))))
    assert main(["show", "a", "--shapes"]) == 2
    assert capsys.readouterr().err.splitlines()[:4] == [
        "error[KG201]: there is no layer `Dens`",
        "  --> mine.yaml:2:14  (model.layers.a.class)",
        "   |",
        " 2 |   a: {class: Dens, units: 3}",
    ]


def test_a_source_map_that_is_none_is_refused(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_run("a", config=BROKEN)
    (folder / SOURCE_MAP).write_text('{"version": 1, "marks": []}')
    assert main(["show", str(folder)]) == 2
    assert "source_map.json` is no source map" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("beside", "told"),
    [
        (["fit.epochs=3"], "is looked at without overrides"),
        (["other"], "is looked at alone"),
    ],
)
def test_what_stands_beside_a_run_is_told_where_it_stands(
    beside: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("run", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "record.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CompileError) as caught:
        Target.named(["run", *beside], None)
    (found,) = caught.value.diagnostics
    assert found.message == f"the run `run` {told}"
    assert found.location is not None
    assert found.location.override == beside[0]
