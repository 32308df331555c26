"""Removing runs: what goes, what stays, and what may not go."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasgen.diagnostics import Sink
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.record.file_names import FOLDS, RECORD
from kerasgen.record.provenance import process_identity
from kerasgen.record.removal import removable_contents, remove_run
from kerasgen.record.run_folder import open_record

MakeRun = Callable[..., Path]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links of POSIX")


def refused(folder: Path) -> str:
    before = sorted(folder.rglob("*"))
    with pytest.raises(ForeignFileError) as caught:
        removable_contents(folder)
    assert sorted(folder.rglob("*")) == before
    return caught.value.reason


def test_all_that_lies_in_the_folder_goes(make_run: MakeRun) -> None:
    folder = make_run("2024/a")
    (folder / "notes.txt").write_bytes(b"x" * 100)
    make_run(f"2024/a/{FOLDS}/1")
    found = removable_contents(folder)
    records = [folder / RECORD, folder / FOLDS / "1" / RECORD]
    assert found.files == 3
    assert found.size == 100 + sum(path.stat().st_size for path in records)
    remove_run(folder)
    assert not folder.exists()
    assert folder.parent.exists()


def test_a_link_goes_and_what_it_leads_to_stays(make_run: MakeRun, tmp_path: Path) -> None:
    outside = tmp_path / "precious"
    outside.mkdir()
    (outside / "file").write_text("all of it")
    folder = make_run("a")
    (folder / "deep").mkdir()
    (folder / "file").symlink_to(outside / "file")
    (folder / "folder").symlink_to(outside)
    (folder / "deep" / "folder").symlink_to(outside, target_is_directory=True)
    (folder / "nowhere").symlink_to("nothing")
    assert removable_contents(folder).files == 5
    remove_run(folder)
    assert not folder.exists()
    assert (outside / "file").read_text() == "all of it"


def test_a_folder_that_is_a_link_is_refused(make_run: MakeRun, tmp_path: Path) -> None:
    folder = make_run("a")
    (tmp_path / "link").symlink_to(folder)
    assert refused(tmp_path / "link").startswith("is a link")


def test_a_run_at_work_is_refused(tmp_path: Path) -> None:
    open_record(tmp_path / "run", Sink())
    assert refused(tmp_path / "run").startswith(f"is at work (process {os.getpid()}")


def test_a_run_on_a_machine_that_cannot_be_asked_is_refused(make_run: MakeRun) -> None:
    far = process_identity() | {"host": "far"}
    assert refused(make_run("a", status="running", process=far)).endswith("on far)")


def test_a_killed_run_goes(make_run: MakeRun) -> None:
    dead = process_identity() | {"start": "long ago"}
    folder = make_run("a", status="running", process=dead)
    remove_run(folder)
    assert not folder.exists()


def test_a_run_that_was_begun_again_meanwhile_stays(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    open_record(folder, Sink()).finish("failed")
    removable_contents(folder)
    open_record(folder, Sink())
    with pytest.raises(ForeignFileError, match="is at work"):
        remove_run(folder)
    assert (folder / RECORD).exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{}", "is not the record of a run"),
        ("[", "is not JSON"),
        ('{"schema": 999, "status": "completed"}', "has schema 999"),
    ],
)
def test_a_folder_without_a_sound_record_is_refused(
    content: str, told: str, tmp_path: Path
) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / RECORD).write_text(content)
    assert told in refused(folder)


def test_a_folder_with_other_runs_is_refused(make_run: MakeRun) -> None:
    folder = make_run("a")
    make_run("a/b/c")
    assert "holds another run" in refused(folder)


def test_a_fold_goes_only_with_its_run(make_run: MakeRun) -> None:
    make_run("a")
    assert "is a fold of the run" in refused(make_run(f"a/{FOLDS}/1"))


@pytest.mark.parametrize("place", [".", "below"])
def test_the_current_folder_is_refused(
    place: str, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run("a")
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / place)
    assert "current folder" in refused(folder)


def test_the_record_goes_last(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_run("a")
    (folder / "prepare").mkdir()
    (folder / "x").touch()

    def fail(path: str) -> None:
        raise PermissionError(13, "no", path)

    monkeypatch.setattr("shutil.rmtree", fail)
    with pytest.raises(PermissionError):
        remove_run(folder)
    assert (folder / RECORD).exists()
