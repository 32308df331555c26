"""What is told of an interpreter that does not serve: each by a script that plays one."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from kerasgen.diagnostics import Diagnostic, Sink
from kerasgen.engines.legacy import runtimes
from kerasgen.engines.legacy.runtimes import find_runtime, interpreter_of
from kerasgen.ir.program import BackendDef, RuntimeDef

SERVES: dict[str, Any] = {
    "python": [3, 6, 15],
    "packages": {"keras": "2.3.1", "theano": "1.0.5", "cntk": "2.7"},
    "mpi": True,
    "headers": "/usr/include/python3.6/Python.h",
    "has_headers": True,
}


def script(folder: Path, *lines: str) -> Path:
    path = folder / "python"
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(0o755)
    return path


def answering(folder: Path, **other: Any) -> Path:
    told = json.dumps({**SERVES, **other})
    return script(folder, f"echo '{told}'")


def fault(python: Path, engine: str = "cntk") -> Diagnostic:
    settings = BackendDef(backend=engine, runtime=RuntimeDef(python=str(python)))
    sink = Sink()
    assert find_runtime(settings, sink) is None
    (found,) = sink.diagnostics
    assert found.code == "KG670"
    assert found.location is not None
    assert found.location.key == "backend.runtime.python"
    return found


def test_an_interpreter_with_all_of_it_serves(tmp_path: Path) -> None:
    python = answering(tmp_path)
    settings = BackendDef(backend="cntk", runtime=RuntimeDef(python=str(python), threads=2))
    found = find_runtime(settings, sink := Sink())
    assert sink.diagnostics == []
    assert found is not None
    assert (found.python, found.threads) == (python, 2)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["echo no memory >&2", "exit 3"], "no memory"),
        (["exit 3"], "it ended with 3"),
        (["kill -9 $$"], "it ended with -9"),
        (["echo hello"], "it is no Python"),
        (["echo '[1]'"], "it is no Python"),
        (["""echo '{"python": 1}'"""], "it is no Python"),
        (["printf '\\377\\376'"], "it is no Python"),
    ],
)
def test_one_that_answers_something_else_is_told(
    tmp_path: Path, lines: list[str], words: str
) -> None:
    assert words in fault(script(tmp_path, *lines)).message


def test_one_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "_TIMEOUT", 0.2)
    found = fault(script(tmp_path, "exec sleep 60"))
    assert "does not answer" in found.message


def test_a_file_that_is_no_program_is_told(tmp_path: Path) -> None:
    path = tmp_path / "python"
    path.write_text("text")
    assert "Permission denied" in fault(path).message


def test_one_that_is_not_there_is_told_with_the_commands(tmp_path: Path) -> None:
    found = fault(tmp_path / "none")
    assert "kerasgen engines install cntk" in str(found.help)
    assert "KERASGEN_CNTK" in str(found.help)


@pytest.mark.parametrize(
    ("other", "engine", "words"),
    [
        ({"python": [3, 7, 1]}, "cntk", "Python 3.7, and CNTK has packages for Python 3.6 alone"),
        ({"python": [3, 12, 1]}, "theano", "Python 3.12, and Theano has packages for Python 3.6"),
        ({"packages": {}}, "cntk", "no Keras, not 2.3.1"),
        ({"packages": {"keras": "2.2.4"}}, "cntk", "Keras 2.2.4, not 2.3.1"),
        ({"packages": {"keras": "2.3.1"}}, "theano", "no package `theano`"),
        ({"mpi": False}, "cntk", "libmpi.so.12"),
        ({"has_headers": False}, "theano", "Python.h"),
    ],
)
def test_what_it_lacks_is_told(
    tmp_path: Path, other: dict[str, Any], engine: str, words: str
) -> None:
    assert words in fault(answering(tmp_path, **other), engine).message


def test_theano_without_a_compiler_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = answering(tmp_path)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "g++" in fault(python, "theano").message


def test_a_relative_path_is_none_of_the_search_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert interpreter_of("cntk", "python") == tmp_path / "python"


def test_the_environment_names_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERASGEN_CNTK", str(answering(tmp_path)))
    sink = Sink()
    assert find_runtime(BackendDef(backend="cntk"), sink) is not None
    assert sink.diagnostics == []


def test_an_environment_that_was_not_made_to_its_end_counts_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KERASGEN_CNTK", raising=False)
    monkeypatch.setenv("KERASGEN_DATA", str(tmp_path))
    made = tmp_path / "runtimes" / "cntk"
    (made / "bin").mkdir(parents=True)
    answering(made / "bin")
    settings = BackendDef(backend="cntk")
    for state, serves in (("begun", False), ("done", True)):
        (made / runtimes.MARKER).write_text(json.dumps({"state": state}))
        assert (find_runtime(settings, Sink()) is not None) is serves


def test_a_named_pipe_is_no_interpreter(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "python")
    assert "there is no" in fault(tmp_path / "python").message
