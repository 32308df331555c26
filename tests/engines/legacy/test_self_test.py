"""The check of an engine for real: what is told of a process that dies, hangs or prints junk."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from test_runtime_faults import SERVES

from kerasgen.engine.runtimes import CheckStep
from kerasgen.engines.legacy import self_test
from kerasgen.engines.legacy.runtimes import interpreter_of, is_there
from kerasgen.engines.legacy.self_test import check_engine


def checked(folder: Path, worker: str, other: Mapping[str, object] | None = None) -> CheckStep:
    told = json.dumps({**SERVES, **(other or {})})
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n[ \"$2\" = -c ] && exec echo '{told}'\n{worker}\n")
    path.chmod(0o755)
    *before, last = check_engine("cntk", path)
    assert all(not step.failed for step in before)
    assert last.failed
    return last


@pytest.mark.parametrize(
    ("worker", "words"),
    [
        ("echo 'libmpi.so.12: cannot open' >&2; exit 1", "libmpi.so.12"),
        ("kill -9 $$", "SIGKILL"),
        ("echo Using CNTK backend, which is no message at all", "its process"),
        ("exit 0", "ended with 0"),
    ],
)
def test_a_process_that_does_not_answer_is_told(tmp_path: Path, worker: str, words: str) -> None:
    found = checked(tmp_path, worker)
    assert found.name == "start"
    assert words in found.told


def test_a_process_that_hangs_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_test, "_PATIENCE", {"start": 0.3, "train": 0.3})
    assert "does not answer within" in checked(tmp_path, "exec sleep 60").told


def test_an_interpreter_of_the_wrong_python_is_not_started(tmp_path: Path) -> None:
    found = checked(tmp_path, "exit 1", {"python": [3, 9, 1]})
    assert (found.name, "Python 3.9" in found.told) == ("packages", True)


def test_the_real_one_trains() -> None:
    if not is_there("cntk", None):
        pytest.skip("no interpreter with cntk: `kerasgen engines install cntk`")
    steps = list(check_engine("cntk", interpreter_of("cntk", None)))
    assert [(step.name, step.failed) for step in steps] == [
        ("interpreter", False),
        ("packages", False),
        ("start", False),
        ("train", False),
    ]
