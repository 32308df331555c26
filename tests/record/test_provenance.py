"""What a record says of process, packages, git and machine."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kerasgen.record import provenance
from kerasgen.record.files import plain
from kerasgen.record.provenance import (
    at_work,
    git_state,
    hardware,
    identity,
    is_seen_at_work,
    package_versions,
    process_identity,
)

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit, apart from the user's settings of git."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "größe")
    (folder / "a.txt").write_text("a", encoding="utf-8")
    git(folder, "add", "a.txt")
    git(folder, "commit", "-q", "-m", "one")
    return folder


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    command = ["git", *who, *arguments]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@needs_git
def test_a_clean_repository_is_named_by_revision_and_branch(repository: Path) -> None:
    assert git_state(repository) == {
        "revision": git(repository, "rev-parse", "HEAD"),
        "branch": "größe",
        "dirty": False,
        "untracked": 0,
    }


@needs_git
@pytest.mark.parametrize("staged", [False, True])
def test_a_changed_file_makes_a_repository_dirty(repository: Path, staged: bool) -> None:
    (repository / "a.txt").write_text("b", encoding="utf-8")
    if staged:
        git(repository, "add", "a.txt")
    state = git_state(repository)
    assert state is not None
    assert (state["dirty"], state["untracked"]) == (True, 0)


@needs_git
def test_an_untracked_file_is_counted_apart(repository: Path) -> None:
    (repository / "b.txt").write_text("b", encoding="utf-8")
    state = git_state(repository)
    assert state is not None
    assert (state["dirty"], state["untracked"]) == (False, 1)


@needs_git
def test_a_repository_off_every_branch_has_none(repository: Path) -> None:
    git(repository, "checkout", "-q", "--detach")
    state = git_state(repository)
    assert state is not None
    assert state["branch"] is None


@needs_git
def test_a_repository_without_a_commit_has_no_revision(repository: Path) -> None:
    (repository / "new").mkdir()
    git(repository / "new", "init", "-q")
    state = git_state(repository / "new")
    assert state is not None
    assert state["revision"] is None


def test_there_is_no_git_state_outside_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "plain").mkdir()
    assert git_state(tmp_path / "plain") is None
    assert git_state(tmp_path / "nowhere") is None


def test_there_is_no_git_state_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state() is None


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for git is a shell script")
def test_a_git_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = tmp_path / "git"
    stand_in.write_text(f"#!{sys.executable}\nimport time; time.sleep(60)\n", encoding="utf-8")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(provenance, "TIMEOUT", 0.2)
    assert git_state() is None


def test_versions_are_those_of_installed_packages_alone() -> None:
    versions = package_versions(["numpy", "no-such-package-anywhere"])
    assert list(versions) == ["numpy"]
    assert versions["numpy"][0].isdigit()


def test_asking_for_the_origin_imports_no_package_that_a_run_uses() -> None:
    code = (
        "import sys; from kerasgen.record.provenance import identity; identity(); "
        "print(*{'numpy', 'keras', 'tensorflow', 'jax', 'torch', 'hydra'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == ""


def test_the_origin_is_plain_data() -> None:
    origin = identity()
    assert plain(origin) == origin
    named = {"process", "python", "packages", "code", "environment", "git", "hardware"}
    assert set(origin) == named


def test_the_machine_has_cores_and_a_platform() -> None:
    machine = hardware()
    assert isinstance(machine["cores"], int)
    assert machine["platform"]


def test_the_same_start_of_a_job_works_on_one_machine_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = {"process": process_identity() | {"host": "elsewhere", "attempt": "one"}}
    assert at_work(there)
    assert not is_seen_at_work(there)
    assert is_seen_at_work({"process": process_identity()})
    monkeypatch.setenv("KERASGEN_ATTEMPT", "two")
    assert at_work(there)
    monkeypatch.setenv("KERASGEN_ATTEMPT", "one")
    assert not at_work(there)
    assert at_work({"process": process_identity()})


def test_this_process_is_at_work() -> None:
    assert at_work({"process": process_identity()})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"host": "elsewhere"}, True),
        ({"boot": "an earlier one"}, False),
        ({"namespace": "another container"}, True),
        ({"start": "another moment"}, False),
        ({"pid": 0}, False),
        ({"pid": -1}, False),
        ({"pid": 2**70}, False),
        ({"pid": True}, False),
        ({"pid": "1"}, False),
        ({"pid": None}, False),
    ],
)
def test_a_process_is_told_from_others(change: dict[str, Any], expected: bool) -> None:
    assert at_work({"process": process_identity() | change}) is expected


@pytest.mark.parametrize("fields", [{}, {"process": None}, {"process": "me"}, {"process": []}])
def test_a_record_without_a_process_is_not_at_work(fields: dict[str, Any]) -> None:
    assert not at_work(fields)


def test_an_ended_process_is_not_at_work() -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    process = process_identity() | {"pid": done.pid, "start": None}
    done.wait()
    assert not at_work({"process": process})


@needs_git
@pytest.mark.parametrize("place", ["repository", "submodule"])
@pytest.mark.parametrize(
    "setting",
    ["filter.x.clean", "filter.x.process", "filter.a=b.clean", "core.fsmonitor", "diff.external"],
)
def test_a_setting_of_a_repository_runs_no_program(
    repository: Path, tmp_path: Path, place: str, setting: str
) -> None:
    touched, inner = tmp_path / "touched", repository
    if place == "submodule":
        url = shutil.copytree(repository, tmp_path / "other")
        git(repository, "-c", "protocol.file.allow=always", "submodule", "add", str(url), "sub")
        git(repository, "commit", "-q", "-m", "two")
        inner = repository / "sub"
    name = setting.split(".")[1]
    (inner / ".gitattributes").write_text(f"*.txt filter={name} diff={name}\n", encoding="utf-8")
    (inner / "a.txt").write_text("b", encoding="utf-8")
    git(inner, "config", setting, f"touch '{touched}'; cat")
    git(inner, "config", f"filter.{name}.required", "true")
    state = git_state(repository)
    assert state is not None
    assert state["dirty"] is (place == "repository")
    assert not touched.exists()


@needs_git
def test_objects_that_are_not_there_are_not_fetched(repository: Path, tmp_path: Path) -> None:
    touched, other = tmp_path / "touched", tmp_path / "other"
    shutil.copytree(repository, other)
    for name, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": str(other),
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": f"touch '{touched}'; git-upload-pack",
    }.items():
        git(repository, "config", name, value)
    for folder in (repository / ".git" / "objects").glob("??"):
        shutil.rmtree(folder)
    assert git_state(repository) is None
    assert not touched.exists()
