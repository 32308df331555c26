import os
import signal
import sys
from pathlib import Path

import pytest

from kerasgen.engines.legacy.worker_process import Runtime, Worker, WorkerError

FOLDER = Path(__file__).parents[3] / "kerasgen" / "engines" / "legacy" / "worker"


def interpreter(folder: Path, body: str) -> Runtime:
    """A stand-in for an interpreter: a program that does something else."""
    file = folder / "python"
    file.write_text(f"#!{sys.executable} -S\n{body}\n")
    file.chmod(0o755)
    return Runtime(engine="theano", python=file)


ECHO = f"""
import os, sys
sys.path[:0] = [{str(FOLDER)!r}, *{sys.path!r}]
from messages import Channel
channel = Channel(sys.stdin.buffer, sys.stdout.buffer)
while (message := channel.read()) is not None:
    header, arrays = message
    if header["do"] == "die":
        sys.stderr.write("no memory left\\n")
        os.kill(os.getpid(), 9)
    if header["do"] == "refuse":
        channel.write({{"error": "never heard of it"}}, {{}})
    else:
        channel.write({{"environment": dict(os.environ), "argv": sys.argv}}, arrays)
"""


def test_an_interpreter_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match="cannot be run"):
        Worker(Runtime(engine="theano", python=tmp_path / "none"))


def test_a_process_that_ends_at_once_is_told_with_what_it_said(tmp_path: Path) -> None:
    worker = Worker(interpreter(tmp_path, "import sys; sys.exit('no module named keras')"))
    with pytest.raises(WorkerError, match="ended with 1: no module named keras"):
        worker.ask("hello")
    worker.end()


def test_a_process_that_prints_to_its_answers_is_told(tmp_path: Path) -> None:
    worker = Worker(interpreter(tmp_path, "print('Using Theano backend.' * 9)"))
    with pytest.raises(WorkerError, match=r"ended with 0|language"):
        worker.ask("hello")
    worker.end()


def test_a_process_that_is_killed_is_told_with_the_signal(tmp_path: Path) -> None:
    worker = Worker(interpreter(tmp_path, ECHO))
    worker.ask("hello")
    with pytest.raises(WorkerError, match="was killed by SIGKILL: no memory left"):
        worker.ask("die")
    worker.end()


def test_what_it_refuses_is_told_and_it_goes_on(tmp_path: Path) -> None:
    worker = Worker(interpreter(tmp_path, ECHO))
    with pytest.raises(WorkerError, match="never heard of it"):
        worker.ask("refuse")
    assert worker.ask("hello")[0]["argv"]
    worker.end()


def test_it_gets_an_environment_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THEANO_FLAGS", "optimizer=None")
    monkeypatch.setenv("SECRET_TOKEN", "abc")
    worker = Worker(interpreter(tmp_path, ECHO))
    environment = worker.ask("hello")[0]["environment"]
    worker.end()
    assert "SECRET_TOKEN" not in environment
    assert environment["THEANO_FLAGS"].startswith("device=cpu,floatX=float32")
    assert environment["KERAS_BACKEND"] == "theano"
    assert environment["HOME"] == environment["KERAS_HOME"] != os.environ.get("HOME")
    assert not Path(environment["HOME"]).exists()  # It went with the process.


def test_it_ends_when_its_input_does(tmp_path: Path) -> None:
    worker = Worker(interpreter(tmp_path, ECHO))
    worker.ask("hello")
    worker.end()
    with pytest.raises(ProcessLookupError):
        os.kill(worker.pid, signal.SIGCONT)
