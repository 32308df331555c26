"""The commands `tag` and `delete`: what they print, ask and refuse."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasgen.cli import main
from kerasgen.record.file_names import TAGS
from kerasgen.record.provenance import process_identity

MakeRun = Callable[..., Path]


@pytest.fixture
def root(tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    make_run("outputs/a", started="2024-05-01T12:00:00+00:00")
    make_run("outputs/b", started="2024-05-02T12:00:00+00:00")
    return tmp_path / "outputs"


def test_tags_are_given_shown_filtered_and_taken_away(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tag", "last", "paper", "draft"]) == 0
    assert capsys.readouterr().out == "outputs/b: paper draft\n"
    assert main(["runs"]) == 0
    assert capsys.readouterr().out.split("\n")[1].split()[:4] == [
        "b",
        "completed",
        "paper",
        "draft",
    ]
    assert main(["runs", "tag=paper", "tag!=best", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["id"], found["tags"]) == ("b", ["paper", "draft"])
    assert main(["runs", "tag=nobody"]) == 0
    assert capsys.readouterr().out == "no runs\n"
    assert main(["tag", "b", "best", "--remove", "draft", "paper"]) == 0
    assert main(["tag", "b"]) == 0
    assert capsys.readouterr().out == "outputs/b: best\n" * 2
    assert main(["tag", "b", "--remove", "best"]) == 0
    assert capsys.readouterr().out == "outputs/b: no tags\n"
    assert main(["runs"]) == 0
    assert "tags" not in capsys.readouterr().out


def test_a_run_at_work_is_tagged(root: Path, make_run: MakeRun) -> None:
    folder = make_run("outputs/c", status="running", process=process_identity())
    assert main(["tag", "c", "long"]) == 0
    assert json.loads((folder / TAGS).read_text()) == ["long"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["last", "my paper"], "error[KG629]: `my paper` is no tag"),
        (["last", "x", "--remove", "x"], "error[KG629]: `x` is both added and removed"),
        (["last", "--remove", "papr"], "help: did you mean `paper`?"),
        (["a", "--remove", "papr"], "help: it has none"),
        (["lst", "x"], "error[KG606]: there is no run `lst`"),
    ],
)
def test_a_tag_that_cannot_be_used_is_told(
    words: list[str], told: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tag", "b", "paper"]) == 0
    assert main(["tag", *words]) == 2
    assert told in capsys.readouterr().err
    assert json.loads((root / "b" / TAGS).read_text()) == ["paper"]
    assert not (root / "a" / TAGS).exists()


def test_a_dry_run_deletes_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "a" / "notes").write_bytes(b"x" * 2048)
    (root / "a" / "record.json").chmod(0o644)
    assert main(["delete", "a", "outputs/a", "last", "--dry-run"]) == 0
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("outputs/a: 2 files, 2.")
    assert second.startswith("outputs/b: 1 file, ")
    assert third.startswith("would delete 2 runs: 3 files, ")
    assert sorted(path.name for path in root.iterdir()) == ["a", "b"]


def test_without_a_terminal_nothing_is_deleted_unasked(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert main(["delete", "a"]) == 2
    assert "error[KG628]: nothing was deleted: there is no terminal" in capsys.readouterr().err
    assert main(["delete", "a", "--yes"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("deleted 1 run: 1 file, ")
    assert [path.name for path in root.iterdir()] == ["b"]


@pytest.mark.parametrize(("answer", "left"), [("y", ["b"]), ("", ["a", "b"]), ("no", ["a", "b"])])
def test_at_a_terminal_it_asks(
    answer: str, left: list[str], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[str]()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or answer)
    assert main(["delete", "a"]) == 0
    assert asked[0].startswith("delete 1 run, 1 file, ")
    assert sorted(path.name for path in root.iterdir()) == left


def test_of_several_none_goes_where_one_may_not(
    root: Path, make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run("outputs/c", status="running", process=process_identity())
    assert main(["delete", "a", "c", "--yes"]) == 2
    assert "error[KG628]: `outputs/c` is at work" in capsys.readouterr().err
    assert sorted(path.name for path in root.iterdir()) == ["a", "b", "c"]
