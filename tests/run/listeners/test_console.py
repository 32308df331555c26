"""What a run prints, to the letter."""

import pytest

from kerasgen.diagnostics import Diagnostic, Severity
from kerasgen.run.events import (
    EpochEnded,
    RunEnded,
    RunStarted,
    StepFinished,
    StepStarted,
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
