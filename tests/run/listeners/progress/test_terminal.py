"""The bar in a terminal: what a pseudo-terminal gets, and what an emulator makes of it."""

import os
import sys
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from types import SimpleNamespace

import pytest

from kerasgen.run.events import (
    EpochEnded,
    RunEnded,
    RunStarted,
    StepFinished,
    TrainingProgressed,
    TrainingStarted,
)
from kerasgen.run.listeners.console import Console
from kerasgen.run.listeners.progress import terminal

pytest.importorskip("pty", reason="the system has no pseudo-terminals")

STARTED = RunStarted(
    folder="outputs/a",
    backend={"image_data_format": "channels_last", "backend": "jax", "floatx": "float32"},
    devices=("cpu:0",),
)
BEGUN = TrainingStarted(epochs=4, epoch=0, verbose="auto")
FIGURES = {"accuracy": 0.5, "loss": 1.25, "val_accuracy": 0.25, "val_loss": 2.5}
FIT = StepFinished(name="fit", text="4 epochs", seconds=1.0)

NewTerminal = Callable[..., SimpleNamespace]


def batch(done: int, number: int, *, validating: bool = False) -> TrainingProgressed:
    figures = {"accuracy": 0.5, "loss": 1.25}
    return TrainingProgressed(
        epochs=done, batch=number, batches=10, figures=figures, validating=validating
    )


def epoch(number: int) -> EpochEnded:
    return EpochEnded(epoch=number, seconds=0.5, figures=FIGURES)


@pytest.fixture
def new_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[NewTerminal]:
    """Puts stdout on a pseudo-terminal; `written()` gives what it got, `screen()` what it shows."""
    import fcntl
    import pty
    import struct
    import termios

    opened: list[int] = []
    streams: list[TextIOWrapper] = []
    monkeypatch.setattr(terminal, "INTERVAL", 0.0)
    for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "JPY_PARENT_PID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")

    def new(columns: int = 120, encoding: str = "utf-8") -> SimpleNamespace:
        outer, inner = pty.openpty()
        monkeypatch.setenv("COLUMNS", str(columns))  # Rich asks the process's own terminal else.
        opened.extend((outer, inner))
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 20, columns, 0, 0))
        os.set_blocking(outer, False)
        stream = TextIOWrapper(
            os.fdopen(os.dup(inner), "wb"), encoding=encoding, write_through=True
        )
        streams.append(stream)
        monkeypatch.setattr(sys, "stdout", stream)
        got = bytearray()

        def written() -> bytes:
            stream.flush()
            while True:
                try:
                    got.extend(os.read(outer, 65536))
                except BlockingIOError:
                    return bytes(got)

        def screen() -> list[str]:
            pyte = pytest.importorskip("pyte", reason="a terminal's emulator is not installed")
            shown = pyte.Screen(columns, 20)
            pyte.ByteStream(shown).feed(written())
            assert not shown.cursor.hidden
            return "\n".join(line.rstrip() for line in shown.display).rstrip().split("\n")

        return SimpleNamespace(written=written, screen=screen, stream=stream, inner=inner)

    yield new
    monkeypatch.undo()
    for stream in streams:
        stream.close()
    for descriptor in opened:
        os.close(descriptor)


def test_the_bar_is_drawn_in_place_and_validation_stands_apart(new_terminal: NewTerminal) -> None:
    shown = new_terminal()
    console = Console()
    for event in (STARTED, BEGUN, batch(0, 5), epoch(1), epoch(2), batch(2, 5)):
        console.hear(event)
    assert shown.screen() == [
        "run         outputs/a  jax, float32, channels_last",
        f"epoch 3/4   {'━' * 25}{'─' * 15}  batch 5/10  0:00  0:00 left",
        "training    loss 1.25  accuracy 0.5",
        "validation  loss 2.5  accuracy 0.25",
    ]
    console.hear(batch(2, 10, validating=True))
    assert "  validation  0:00" in shown.screen()[1]
    for event in (epoch(3), epoch(4), FIT):
        console.hear(event)
    assert shown.screen()[1:] == [
        f"epoch 4/4   {'━' * 40}  0:00",
        "training    loss 1.25  accuracy 0.5",
        "validation  loss 2.5  accuracy 0.25",
        f"fit         {'4 epochs':<86}     1.00 s",
    ]


def test_what_is_printed_meanwhile_scrolls_above_the_bar(new_terminal: NewTerminal) -> None:
    shown = new_terminal()
    console = Console()
    console.hear(BEGUN)
    console.hear(epoch(1))
    print("Epoch 1: early stopping")
    console.hear(FIT)
    print("behind it")
    lines = shown.screen()
    assert lines[0] == "Epoch 1: early stopping"
    assert lines[1].startswith("epoch 1/4  ")
    assert lines[-1] == "behind it"
    assert sys.stdout is shown.stream


@pytest.mark.parametrize("columns", [60, 44, 30, 12, 3])
def test_no_line_is_wider_than_the_terminal(new_terminal: NewTerminal, columns: int) -> None:
    shown = new_terminal(columns)
    console = Console()
    for event in (BEGUN, *[batch(0, number) for number in range(1, 10)], epoch(1)):
        console.hear(event)
    lines = shown.screen()
    assert len(lines) == 3
    assert lines[0].startswith("epoch 2/4"[:columns])
    assert ("━" in lines[0]) == (columns >= 44)
    assert lines[1].startswith("training"[:columns])
    assert ("accuracy" in lines[1]) == (columns >= 44)


def test_without_colors_none_are_sent(
    new_terminal: NewTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    shown = new_terminal()
    console = Console()
    for event in (BEGUN, epoch(1), batch(1, 1)):
        console.hear(event)
    assert b"\x1b[3" not in shown.written()
    assert b"\x1b[9" not in shown.written()


def test_a_terminal_of_few_characters_gets_those(new_terminal: NewTerminal) -> None:
    shown = new_terminal(encoding="ascii")
    console = Console()
    for event in (BEGUN, epoch(1), batch(1, 1)):
        console.hear(event)
    assert "epoch 2/4   ###########-----------" in shown.screen()[0]


@pytest.mark.parametrize(
    ("variable", "value"), [("TERM", "dumb"), ("TERM", "unknown"), ("JPY_PARENT_PID", "12")]
)
def test_a_terminal_that_cannot_draw_in_place_gets_a_line_an_epoch(
    new_terminal: NewTerminal, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    shown = new_terminal()
    console = Console()
    for event in (BEGUN, batch(0, 5), epoch(1), batch(1, 5), epoch(2)):
        console.hear(event)
    lines = shown.written().decode().split("\r\n")
    assert [line[:30] for line in lines if line] == [
        "epoch 1/4   loss 1.25, accurac",
        "epoch 2/4   loss 1.25, accurac",
    ]
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_nothing_is_drawn_where_a_number_is_asked_for(
    new_terminal: NewTerminal, verbose: int
) -> None:
    shown = new_terminal()
    console = Console()
    begun = TrainingStarted(epochs=4, epoch=0, verbose=verbose)
    for event in (begun, batch(0, 5), epoch(1)):
        console.hear(event)
    assert shown.written() == b""


def test_a_job_of_a_sweep_draws_nothing(new_terminal: NewTerminal) -> None:
    shown = new_terminal()
    console = Console(quiet=True)
    for event in (BEGUN, batch(0, 5), epoch(1)):
        console.hear(event)
    assert shown.written() == b""


def test_the_bar_is_ended_before_it_is_said_that_the_run_was_interrupted(
    new_terminal: NewTerminal,
) -> None:
    shown = new_terminal()
    console = Console()
    for event in (BEGUN, epoch(1), batch(1, 3)):
        console.hear(event)
    console.hear(RunEnded(status="interrupted", error="interrupted"))
    print("behind it")
    lines = shown.screen()
    assert lines[0].startswith("epoch 2/4  ")
    assert "batch 3/10" in lines[0]
    assert lines[-1] == "behind it"


def test_a_terminal_that_is_gone_gives_the_streams_back(
    new_terminal: NewTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = new_terminal()
    console = Console()
    console.hear(BEGUN)

    def refuse(text: str) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(shown.stream, "write", refuse, raising=False)
    with pytest.raises(OSError, match="Input/output"):
        console.hear(epoch(1))
    console.hear(RunEnded(status="failed", error="stdout cannot be written"))
    assert sys.stdout is shown.stream
