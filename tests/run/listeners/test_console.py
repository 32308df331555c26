"""What a run prints, to the letter."""

import dataclasses
import sys
from pathlib import Path

import pytest

from kerasgen.diagnostics import Diagnostic, Severity
from kerasgen.run.events import (
    EpochEnded,
    RunEnded,
    RunStarted,
    StepFinished,
    StepStarted,
    TrainingProgressed,
    TrainingStarted,
    WarningsRaised,
)
from kerasgen.run.listeners.console import Console

STARTED = RunStarted(
    folder="outputs/a",
    backend={"image_data_format": "channels_last", "backend": "jax", "floatx": "float32"},
    devices=("cpu:0",),
)


def diagnostic(severity: Severity) -> Diagnostic:
    return Diagnostic(code="KG802", severity=severity, message="the loss is `nan`", help="mend it")


def test_a_completed_run_is_a_line_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    for event in (
        STARTED,
        StepStarted(name="load"),
        StepFinished(name="load", text="Digits: 1,797 samples", seconds=0.051),
        TrainingStarted(epochs=2, epoch=0, verbose=0),
        EpochEnded(epoch=1, seconds=1.0, figures={"loss": 1.0}),
        StepFinished(name="preprocess", text="x" * 90, seconds=12.345),
        RunEnded(status="completed", seconds=4.729),
    ):
        console.hear(event)
    said = capsys.readouterr()
    assert said.out.split("\n") == [
        "run         outputs/a  jax, float32, channels_last",
        f"load        {'Digits: 1,797 samples':<86}     0.05 s",
        f"preprocess  {'x' * 85}…    12.35 s",
        "record      outputs/a  (4.729 s)",
        "",
    ]
    assert said.err == ""


def test_warnings_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    Console().hear(WarningsRaised(diagnostics=(diagnostic(Severity.WARNING),)))
    said = capsys.readouterr()
    assert said.err == "warning[KG802]: the loss is `nan`\n  = help: mend it\n"
    assert said.out == ""


def test_a_failed_run_says_why_and_that_its_record_stayed_open(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Console().hear(
        RunEnded(
            status="failed",
            error="no",
            diagnostics=(diagnostic(Severity.ERROR),),
            unrecorded="the record cannot be closed: no space left on device",
        )
    )
    assert capsys.readouterr().err.split("\n") == [
        "error[KG802]: the loss is `nan`",
        "  = help: mend it",
        "  = note: the record cannot be closed: no space left on device",
        "",
    ]


def test_a_refused_run_counts_its_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    Console().hear(RunEnded(status="rejected", diagnostics=(diagnostic(Severity.ERROR),)))
    said = capsys.readouterr().err
    assert said.endswith("mend it\n\n1 error\nmore: kerasgen explain KG802\n")


def test_an_interruption_is_said_by_the_process(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.hear(STARTED)
    capsys.readouterr()
    console.hear(RunEnded(status="interrupted", seconds=1.0, error="interrupted by SIGTERM"))
    assert capsys.readouterr() == ("", "")


def hear_two_epochs(console: Console) -> None:
    figures = {"accuracy": 0.5, "loss": 1.25, "learning_rate": 0.01}
    console.hear(TrainingStarted(epochs=10, epoch=7, verbose="auto"))
    console.hear(
        TrainingProgressed(epochs=7, batch=3, batches=9, figures={"loss": 1.0}, validating=False)
    )
    console.hear(EpochEnded(epoch=8, seconds=1.5, figures=figures))
    validated = {**figures, "val_loss": 2.0, "learning_rate": 0.001}
    console.hear(EpochEnded(epoch=9, seconds=0.25, figures=validated))


def test_a_training_that_is_no_terminals_is_a_line_an_epoch(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(range(100, 200))
    monkeypatch.setattr("time.monotonic", lambda: next(now))
    hear_two_epochs(Console())
    first, second = "loss 1.25, accuracy 0.5", "loss 1.25, accuracy 0.5, learning rate 0.001"
    lines = capsys.readouterr().out.split("\n")
    assert lines[0].startswith(f"epoch  8/10  {first:<85}     1.50 s  ")
    assert lines[1].startswith(f"epoch  9/10  {second}; validation: loss 2  ")
    assert lines[1].endswith(" left")
    assert lines[2:] == [""]


def test_a_job_that_shares_its_output_with_a_sweep_prints_no_epochs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    hear_two_epochs(Console(quiet=True))
    assert capsys.readouterr().out == ""


def test_a_job_that_has_a_file_of_its_own_prints_its_epochs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "console.log").open("w") as own:
        monkeypatch.setattr(sys, "stdout", own)
        console = Console(quiet=True)
        console.hear(dataclasses.replace(STARTED, folder=str(tmp_path)))
        hear_two_epochs(console)
    lines = (tmp_path / "console.log").read_text().split("\n")
    assert [line[:11] for line in lines] == ["run        ", "epoch  8/10", "epoch  9/10", ""]
