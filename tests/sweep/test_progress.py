"""What a sweep says while it goes on, in lines and as a table."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from kerasgen.sweep.job_source import PlannedJob
from kerasgen.sweep.live_table import SweepTable
from kerasgen.sweep.outcomes import Outcome
from kerasgen.sweep.progress import Standing, SweepLines, Tally, duration


def job(number: int, folder: Path = Path("s")) -> PlannedJob:
    return PlannedJob(
        number=number,
        title=f"[{number + 1}/4] seed={number}",
        overrides=(f"seed={number}",),
        folder=folder / str(number),
        argv=(),
        spec=lambda: pytest.fail("it is not asked for"),
    )


def outcome(number: int, figure: float | None, **more: Any) -> Outcome:
    metric = None if figure is None else (more.pop("name", "accuracy"), figure)
    status = more.pop("status", "completed")
    return Outcome(
        job=number,
        overrides=(f"seed={number}",),
        status=status,
        folder=Path("s") / str(number),
        metric=metric,
        **more,
    )


def test_the_best_follows_the_way_of_its_metric() -> None:
    for name, best in (("accuracy", 0.9), ("mae", 0.1), ("loss", 0.1)):
        tally = Tally(4, 1)
        for number, figure in enumerate((0.5, 0.9, 0.1, float("nan"))):
            tally.take(str(number), outcome(number, figure, name=name), 1.0)
        assert tally.best is not None
        assert tally.best[:2] == (name, best)
    tally = Tally(4, 1)
    tally.take("0", outcome(0, 0.5, name="oddness"), 1.0)
    assert tally.best is None


def test_the_time_that_is_left_counts_what_ran_alone() -> None:
    tally = Tally(6, 2)
    tally.take("0", outcome(0, 0.5), None)
    assert tally.left() is None
    tally.take("1", outcome(1, 0.5), 10.0)
    tally.take("2", outcome(2, None, status="failed"), 20.0)
    assert tally.left() == pytest.approx(15 * 3 / 2)
    assert tally.left([5.0, 100.0]) == pytest.approx((15 * 3 - 5 - 15) / 2)
    assert tally.text() == "3 of 6 done, 1 failed; best accuracy 0.5 0; about 22 s left"
    assert Tally(None, 2, ended=3).text() == "3 done"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "1 s"), (119, "119 s"), (130, "2 min"), (3700, "1 h 1 min"), (90_000, "1 d 1 h")],
)
def test_spans_are_told_in_their_largest_units(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_lines_tell_how_far_a_sweep_is(capsys: pytest.CaptureFixture[str]) -> None:
    with SweepLines(4, 2) as lines:
        lines.begun(job(0), Path("s/0/console.log"))
        lines.ended(job(0), outcome(0, 0.25), 2.0)
        lines.ended(job(1), outcome(1, 0.5, earlier=True), None)
        assert lines.look([]) is None
    assert capsys.readouterr().out.splitlines() == [
        "[1/4] seed=0  -> s/0/console.log",
        "[1/4] seed=0  completed after 2.0 s",
        "  1 of 4 done; best accuracy 0.25 [1/4] seed=0; about 3 s left",
    ]


def test_one_job_at_a_time_tells_it_at_its_beginning(capsys: pytest.CaptureFixture[str]) -> None:
    lines = SweepLines(4, 1)
    lines.begun(job(0), None)
    lines.ended(job(0), outcome(0, 0.25), 2.0)
    lines.begun(job(1), None)
    assert capsys.readouterr().out.splitlines() == [
        "",
        "[1/4] seed=0",
        "",
        "  1 of 4 done; best accuracy 0.25 [1/4] seed=0; about 6 s left",
        "[2/4] seed=1",
    ]


def test_a_terminal_has_a_table_of_what_runs(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "history.csv").write_text("epoch,loss,val_accuracy,val_loss\n3,1,0.75,2\n")
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, legacy_windows=False)
    with SweepTable(4, 2, console) as table:
        table.ended(job(0), outcome(0, 0.25), 2.0)
        running = [Standing(job(1, tmp_path), 61.0, 10), Standing(job(2, tmp_path), 1.0)]
        assert table.look(running) is not None
        drawn = screen.getvalue()
        # A file that is being written, or is a stranger's, changes nothing.
        (tmp_path / "2").mkdir()
        (tmp_path / "2" / "history.csv").write_text("epoch,loss\n1")
        table.look(running)
    for text in (
        "[2/4] seed=1  epoch 3/10  val_accuracy 0.75  61 s",
        "[3/4] seed=2  starts",
        "1 of 4 done; best accuracy 0.25 [1/4] seed=0; about 2 s left; 1 waiting",
    ):
        assert text in drawn
    assert screen.getvalue().endswith("\x1b[?25h") or "\x1b[?25h" in screen.getvalue()
