"""`describe --write`: entries are added, and nothing else in a config changes."""

from pathlib import Path

import pytest
import yaml

from kerasgen.cli import main
from kerasgen.ir.column_figures import ColumnFigures
from kerasgen.verbs.written_columns import with_columns

pytest.importorskip("polars")


def figures(*names: str) -> dict[str, ColumnFigures]:
    return {n: ColumnFigures(name=n, type="category", why="", rows=9, missing=0) for n in names}


HEAD = "# about it\nsource:   # where\n  class: Table\n  path: x.csv\n\n# what goes in\n"

CONFIGS = {
    "none": HEAD + "features: all\n",
    "empty": HEAD + "columns: {}     # nothing yet\nfeatures: all\n",
    "null": HEAD + "columns:        # nothing yet\nfeatures: all\n",
    "block": HEAD + "columns:\n    old: number   # mine\n\n# next\nfeatures: all\n",
    "nested": HEAD
    + "columns:\n  old:\n    type: number\n    missing: mean   # mine\nfeatures: all\n",
    "flow": HEAD + "columns: {old: number}   # mine\nfeatures: all\n",
    "last": "features: all\nsource: {class: Table, path: x.csv}",
    "below": "seed: 1\ndata:\n  source: {class: Table, path: x.csv}   # where\n  features: all\n",
    "crlf": HEAD.replace("\n", "\r\n") + "features: all\r\n",
}


@pytest.mark.parametrize("case", CONFIGS)
def test_entries_are_added_and_all_else_stays(case: str) -> None:
    text = CONFIGS[case]
    after = with_columns(text, figures("a", "home town", "null", "1", "größe", "a.b"))
    assert after is not None
    old, new = yaml.safe_load(text), yaml.safe_load(after)
    old, new = old.get("data", old), new.get("data", new)
    names = list(new["columns"])
    assert names[-6:] == ["a", "home town", "null", "1", "größe", "a.b"]
    assert {**new, "columns": old.get("columns")} == {**old, "columns": old.get("columns")}
    for remark in ("# about it", "# where", "# what goes in", "# nothing yet", "# mine", "# next"):
        assert (remark in after) == (remark in text)
    kept = [line for line in text.split("\n") if "columns" not in line and line.strip()]
    assert [line for line in kept if line.rstrip("\r") not in after] == []


@pytest.mark.parametrize("text", ["{source: {class: Table}}", "model: x\n", "- 1\n", "a: [\n", ""])
def test_where_entries_have_no_place_none_are_written(text: str) -> None:
    assert with_columns(text, figures("a")) is None


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text("age,town\n1,Rome\n2,Oslo\n")
    file = tmp_path / "conf/data/mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(HEAD + "features: all\ntarget: town\ntask: auto\nprepare: auto\n")
    return file


def test_a_config_of_ones_own_is_written(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = mine.read_text()
    assert main(["describe", "data=mine", "--write", "--dry-run"]) == 0
    assert "nothing was written" in capsys.readouterr().out
    assert mine.read_text() == before
    assert main(["describe", "data=mine", "--write"]) == 0
    assert "wrote " in capsys.readouterr().out
    assert yaml.safe_load(mine.read_text())["columns"] == {"age": "number", "town": "category"}
    assert main(["describe", "data=mine", "--write"]) == 0
    assert "nothing is to be written" in capsys.readouterr().out


def test_a_read_only_config_stays(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine.chmod(0o444)
    assert main(["describe", "data=mine", "--write"]) == 2
    assert "KG605" in capsys.readouterr().err


def test_of_a_file_alone_the_entries_are_shown(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["describe", "x.csv", "--write"]) == 0
    shown = capsys.readouterr().out.partition("of your own:\n")[2]
    assert yaml.safe_load(shown) == {"columns": {"age": "number", "town": "category"}}
