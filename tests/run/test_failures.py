"""Runs that end before their time, in the test's process, with a stand-in for training."""

import errno
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kerasgen.frontend.compose.composition import Composition, compose
from kerasgen.process.exit_codes import DONE, FAILED, REFUSED
from kerasgen.process.streams import LostOutputError
from kerasgen.record import file_names, files, run_folder
from kerasgen.run.experiment import run_experiment


@pytest.fixture
def composition(engine: str, monkeypatch: pytest.MonkeyPatch) -> Composition:
    """A composed config; what computes is replaced, and writes what a run writes."""
    from kerasgen.run import experiment, saved_model, steps
    from kerasgen.run import predictions as reporting

    def kept(module: object, name: str) -> None:
        """Lets a function be called once, and gives what it gave again."""
        function, given = getattr(module, name), []

        def again(*arguments: Any) -> Any:
            given.extend([] if given else [function(*arguments)])
            return given[0]

        monkeypatch.setattr(module, name, again)

    for module, name in (
        (experiment, "Session"),
        (steps, "preprocess"),
        (run_folder, "identity"),
    ):
        kept(module, name)

    def fit(*given: Any) -> None:
        for epoch in range(2):
            given[4].epoch_ended(epoch, {"loss": 1.0, "accuracy": 0.5})

    def save(*arguments: Any) -> tuple[dict[str, Any], str]:
        files.write_atomically(arguments[-1] / file_names.MODEL, b"a model")
        return {"bytes": 7}, "saved"

    def draw(*arguments: Any) -> list[str]:
        files.write_atomically(arguments[-1] / file_names.LEARNING_CURVES, b"a picture")
        return [file_names.LEARNING_CURVES]

    monkeypatch.setattr(steps, "fit", fit)
    model = SimpleNamespace(summary=lambda: "a summary\n", train_only=lambda layers: None)
    monkeypatch.setattr(steps, "define", lambda *_: (model, None, "defined"))
    monkeypatch.setattr(steps, "compile_", lambda *_: "compiled")
    figures = {"test": {"accuracy": 0.5}}
    results = steps.Results(figures=figures, baselines={}, rows={"test": 359})
    monkeypatch.setattr(steps, "evaluate", lambda *_: (results, "evaluated"))
    monkeypatch.setattr(steps, "predict", lambda *_: ({"scores": np.zeros((359, 10))}, "done"))
    monkeypatch.setattr(saved_model, "save", save)
    monkeypatch.setattr(reporting, "draw_plots", draw)
    return compose([f"backend={engine}"])


class Disk:
    """The module `os` as `record.files` sees it: of the calls that write, some fail.

    Attributes:
        calls: how many there were so far.
    """

    def __init__(self, first: int, number: int, *, once: bool) -> None:
        self._first, self._number, self._once = first, number, once
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(os, name)
        if name not in ("open", "fsync", "replace"):
            return found

        def call(*arguments: Any, **keywords: Any) -> Any:
            self.calls += 1
            fails = self.calls == self._first or (self.calls > self._first and not self._once)
            if fails and (self._once or name == "open"):
                raise OSError(self._number, os.strerror(self._number))
            return found(*arguments, **keywords)

        return call


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "once"),
    [(errno.ENOSPC, False), (errno.EIO, True), (errno.EACCES, False)],
    ids=["full", "once", "read-only"],
)
def test_whichever_write_fails_the_record_is_closed(
    composition: Composition,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
    once: bool,
) -> None:
    codes = []
    for first in range(1, 200):
        disk = Disk(first, number, once=once)
        monkeypatch.setattr(files, "os", disk)
        folder = tmp_path / str(first)
        codes.append(run_experiment(composition, folder))
        said = capsys.readouterr().err
        if disk.calls < first:
            break
        assert "Traceback" not in said
        if codes[-1] == DONE:  # The record alone failed to be closed, and was written over.
            assert json.loads((folder / file_names.RECORD).read_text())["status"] == "completed"
            continue
        assert len([line for line in said.splitlines() if line.startswith("error")]) == 1
        assert os.strerror(number).lower() in said
        assert not list(folder.glob(".*"))
        found = folder / file_names.RECORD
        assert not found.exists() or json.loads(found.read_text())["status"] == "failed"
    assert codes[-1] == DONE
    assert len(codes) > 40
    assert set(codes) == {DONE, FAILED, REFUSED}
    assert codes.count(REFUSED) <= 10  # the folder of the run could not be used at all


def test_a_folder_that_somebody_deletes_is_a_line(
    composition: Composition,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from kerasgen.run import steps

    def delete(*_: Any, **__: Any) -> None:
        os.rename(tmp_path / "run", tmp_path / "elsewhere")

    monkeypatch.setattr(steps, "fit", delete)
    assert run_experiment(composition, tmp_path / "run") == FAILED
    said = capsys.readouterr().err
    assert f"error[KG803]: the folder `{tmp_path / 'run'}` is not there any more" in said
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (SystemExit(0), "`SystemExit(0)`"),
        (GeneratorExit(), "`GeneratorExit()`"),
        (MemoryError(), "MemoryError"),
        (RecursionError("too deep"), "RecursionError: too deep"),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "/x"), "`/x` cannot be written: disk"),
        (
            OSError("(errno = 28, error message = 'No space left on device', flags)"),
            "no space left",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_a_step_raises_closes_the_record(
    composition: Composition,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    raised: BaseException,
    told: str,
) -> None:
    from kerasgen.run import steps

    def fail(*_: Any, **__: Any) -> None:
        raise raised

    monkeypatch.setattr(steps, "evaluate", fail)
    assert run_experiment(composition, tmp_path / "run") == FAILED
    fields = json.loads((tmp_path / "run" / file_names.RECORD).read_text())
    assert fields["status"] == "failed"
    assert told in fields["error"]


def test_output_that_is_lost_closes_the_record(
    composition: Composition,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from kerasgen.run import steps

    def fail(*_: Any, **__: Any) -> None:
        raise LostOutputError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(steps, "fit", fail)
    with pytest.raises(LostOutputError):
        run_experiment(composition, tmp_path / "run")
    fields = json.loads((tmp_path / "run" / file_names.RECORD).read_text())
    assert (fields["status"], fields["error"]) == (
        "failed",
        "stdout cannot be written: broken pipe",
    )


def test_a_bug_closes_the_record_and_shows(
    composition: Composition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerasgen.run import experiment

    def fail(*_: Any) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(experiment, "_settled", fail)
    with pytest.raises(KeyError):
        run_experiment(composition, tmp_path / "run")
    fields = json.loads((tmp_path / "run" / file_names.RECORD).read_text())
    assert (fields["status"], fields["error"]) == ("failed", "KeyError: 'a bug'")


def test_a_run_that_fails_keeps_its_warnings_beside_the_failure(
    composition: Composition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerasgen.run import steps

    def fit(*given: Any) -> None:
        given[4].epoch_ended(0, {"loss": float("nan")})

    def fail(*_: Any) -> None:
        raise RuntimeError("the device has gone")

    monkeypatch.setattr(steps, "fit", fit)
    monkeypatch.setattr(steps, "evaluate", fail)
    assert run_experiment(composition, tmp_path / "run") == FAILED
    found = json.loads((tmp_path / "run" / file_names.DIAGNOSTICS).read_text())
    assert [diagnostic["code"] for diagnostic in found] == ["KG802", "KG801"]


def test_an_interrupted_run_says_so_and_keeps_its_epochs(
    composition: Composition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerasgen.run import steps

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(steps, "evaluate", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(composition, tmp_path / "run")
    fields = json.loads((tmp_path / "run" / file_names.RECORD).read_text())
    assert (fields["status"], fields["error"]) == ("interrupted", "interrupted")
    assert (fields["epochs"], set(fields["timings"])) == (
        2,
        {"load", "preprocess", "define", "compile", "fit"},
    )
