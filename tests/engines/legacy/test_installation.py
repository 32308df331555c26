"""The making of an engine's environment, by a Python and a pip that are played by a script."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kerasgen.engine.runtimes import CheckStep, InstallError
from kerasgen.engines.legacy import installation
from kerasgen.engines.legacy.installation import install, plan_install
from kerasgen.engines.legacy.interpreters import find_python
from kerasgen.engines.legacy.runtimes import MARKER, is_finished

PLAYED = """#!/bin/sh
case "$*" in
  *version_info*) echo "{version}" ;;
  *venv*) for folder in "$@"; do :; done
          mkdir -p "$folder/bin" "$folder/lib/python3.6/site-packages/cntk/libs"
          cp "$0" "$folder/bin/python" ;;
  *"pip install"*) {pip} ;;
esac
"""


def played(folder: Path, version: str = "3 6", pip: str = "echo Installed") -> Path:
    path = folder / "played"
    path.write_text(PLAYED.format(version=version, pip=pip))
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def runtimes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def checked(engine: str, python: Path) -> Iterator[CheckStep]:
        yield CheckStep(name="train", told=f"{engine} by {python.name}")

    monkeypatch.setenv("KERASGEN_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(installation, "check_engine", checked)
    monkeypatch.setattr(installation, "make_stub", lambda libraries: None)
    return tmp_path / "data" / "runtimes"


def made(engine: str, python: Path, *, replace: bool = False) -> tuple[list[CheckStep], list[str]]:
    told: list[str] = []
    return list(install(plan_install(engine, python), told.append, replace=replace)), told


def test_the_commands_are_told_before_they_run(tmp_path: Path, runtimes: Path) -> None:
    plan = plan_install("cntk", python := played(tmp_path))
    own = f"{runtimes}/cntk/bin/python"
    assert plan.lines() == [
        f"$ {python} -m venv {runtimes}/cntk",
        f"$ {own} -m pip install pip==21.3.1",
        f"$ {own} -m pip install keras==2.3.1 cntk==2.7 numpy==1.19.5 scipy==1.5.4 h5py==2.10.0",
        "then makes the stand-in for MPI with `nm` and `cc`, and trains a model of one layer",
    ]
    assert not runtimes.exists()


def test_what_is_made_to_its_end_is_there(tmp_path: Path, runtimes: Path) -> None:
    steps, told = made("cntk", played(tmp_path))
    assert [step.failed for step in steps] == [False]
    assert "  Installed" in told
    assert is_finished("cntk")
    with pytest.raises(InstallError, match="is there already"):
        made("cntk", played(tmp_path))
    made("cntk", played(tmp_path), replace=True)
    assert is_finished("cntk")


def test_a_check_that_fails_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = CheckStep(name="start", told="it died", failed=True)
    monkeypatch.setattr(installation, "check_engine", lambda engine, python: iter([step]))
    assert made("cntk", played(tmp_path))[0] == [step]
    assert not is_finished("cntk")


def test_a_pip_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    failing = "echo 'ERROR: No matching distribution found for keras==2.3.1'; exit 1"
    with pytest.raises(InstallError, match="No matching distribution") as caught:
        made("cntk", played(tmp_path, pip=failing))
    assert "PIP_FIND_LINKS" in str(caught.value.advice)
    assert not is_finished("cntk")
    made("cntk", played(tmp_path))  # What was begun is in nobody's way.
    assert is_finished("cntk")


def test_a_folder_of_somebody_else_stays(tmp_path: Path, runtimes: Path) -> None:
    (runtimes / "cntk").mkdir(parents=True)
    (runtimes / "cntk" / "mine").write_text("x")
    with pytest.raises(InstallError, match="was not made by"):
        made("cntk", played(tmp_path), replace=True)
    assert (runtimes / "cntk" / "mine").read_text() == "x"


def test_a_link_is_not_followed(tmp_path: Path, runtimes: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / MARKER).write_text('{"state": "begun"}')
    runtimes.mkdir(parents=True)
    (runtimes / "cntk").symlink_to(elsewhere)
    with pytest.raises(InstallError, match="was not made by"):
        made("cntk", played(tmp_path))
    assert (elsewhere / MARKER).exists()


@pytest.mark.parametrize(
    ("engine", "version", "words"),
    [
        ("cntk", "3 7", "Python 3.7, and CNTK has packages for Python 3.6 alone"),
        ("theano", "3 12", "Python 3.12, and Theano has packages for Python 3.6 to 3.11"),
        ("theano", "nothing", "no Python that can be run"),
    ],
)
def test_a_python_that_does_not_serve_is_refused(
    tmp_path: Path, runtimes: Path, engine: str, version: str, words: str
) -> None:
    with pytest.raises(InstallError, match=words):
        plan_install(engine, played(tmp_path, version))
    assert not runtimes.exists()


def test_without_a_python_that_serves_it_is_told_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(installation, "find_python", lambda oldest, newest: None)
    with pytest.raises(InstallError, match="none was found by pyenv, conda, uv") as caught:
        plan_install("cntk", None)
    assert "pyenv install 3.6" in str(caught.value.advice)


def test_a_python_of_pyenv_or_conda_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert find_python((3, 6), (3, 6)) is None
    environment = tmp_path / "home" / "miniconda3" / "envs" / "old" / "bin"
    environment.mkdir(parents=True)
    of_conda = environment / "python3.6"
    of_conda.write_text(played(tmp_path).read_text())
    of_conda.chmod(0o755)
    assert find_python((3, 6), (3, 6)) == of_conda
    version = tmp_path / "pyenv" / "versions" / "3.6.15" / "bin"
    version.mkdir(parents=True)
    (version / "python").symlink_to(of_conda)
    assert find_python((3, 6), (3, 6)) == version / "python"


def test_kerasgens_own_python_comes_first() -> None:
    own = sys.version_info[:2]
    assert find_python(own, own) == Path(sys.executable)


def test_one_that_is_killed_counts_as_none_and_is_made_anew(tmp_path: Path, runtimes: Path) -> None:
    program = (
        "import sys; from pathlib import Path; "
        "from kerasgen.engines.legacy.installation import install, plan_install; "
        "list(install(plan_install('cntk', Path(sys.argv[1])), print))"
    )
    python = played(tmp_path, pip="echo $$ >&2; exec sleep 30")
    killed = subprocess.Popen(
        [sys.executable, "-c", program, str(python)], stdout=subprocess.PIPE, text=True
    )
    assert killed.stdout is not None
    lines = iter(killed.stdout.readline, "")
    pip = next(line for line in lines if line.strip().isdecimal())
    with pytest.raises(InstallError, match="being installed by another process"):
        made("cntk", played(tmp_path))
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    os.kill(int(pip), signal.SIGKILL)  # It is an orphan now, and holds no lock.
    assert json.loads((runtimes / "cntk" / MARKER).read_text())["state"] == "begun"
    assert not is_finished("cntk")
    time.sleep(0.1)
    made("cntk", played(tmp_path))
    assert is_finished("cntk")
