"""What is known of a training that goes on, in words."""

import time

import pytest

from kerasgen.run.events import EpochEnded, TrainingProgressed
from kerasgen.run.listeners.progress.state import Progress, clock


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time by the monotonic clock, which stands still but for this."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def batches(done: int, batch: int, *, validating: bool = False, **figures: float):
    return TrainingProgressed(
        epochs=done, batch=batch, batches=10, figures=figures, validating=validating
    )


def epoch(number: int, **figures: float) -> EpochEnded:
    return EpochEnded(epoch=number, seconds=1.0, figures=figures)


def test_it_tells_the_epoch_of_all_and_the_batch_of_the_epoch(moment: list[float]) -> None:
    known = Progress(epochs=30, done=4)
    assert (known.title, known.place) == ("epoch  5/30", "")
    known.hear(batches(4, 3, loss=1.0))
    assert (known.title, known.place) == ("epoch  5/30", "batch 3/10")
    known.hear(batches(4, 10, validating=True, loss=2.0))
    assert known.place == "validation"
    known.hear(epoch(5, loss=1.0, val_loss=2.0))
    assert (known.title, known.place) == ("epoch  6/30", "")


def test_a_training_that_ends_early_ends_at_its_last_epoch(moment: list[float]) -> None:
    known = Progress(epochs=30, done=0)
    known.hear(epoch(7, loss=1.0))
    known.ended = True
    assert (known.title, known.left) == ("epoch  7/30", "")


def test_a_training_that_is_interrupted_ends_at_its_batch(moment: list[float]) -> None:
    known = Progress(epochs=30, done=0)
    known.hear(batches(7, 3, loss=1.0))
    known.ended = True
    assert (known.title, known.place) == ("epoch  8/30", "batch 3/10")


def test_what_is_left_is_reckoned_from_the_first_report(moment: list[float]) -> None:
    known = Progress(epochs=2, done=0, began=moment[0])
    assert known.left == ""
    moment[0] += 60  # The first step is compiled.
    known.hear(batches(0, 1, loss=1.0))
    assert (known.elapsed, known.left) == ("1:00", "")
    moment[0] += 4
    known.hear(batches(0, 5, loss=1.0))
    assert known.left == "0:15 left"


def test_after_the_first_epoch_its_own_time_does_not_count_any_more(moment: list[float]) -> None:
    known = Progress(epochs=4, done=0)
    known.hear(batches(0, 1, loss=1.0))
    moment[0] += 9
    known.hear(epoch(1, loss=1.0))
    assert known.left == "0:30 left"
    moment[0] += 1
    known.hear(epoch(2, loss=1.0))
    assert known.left == "0:02 left"
    known.hear(epoch(4, loss=1.0))
    assert known.left == ""


def test_a_training_that_goes_on_reckons_with_what_this_process_has_done(
    moment: list[float],
) -> None:
    known = Progress(epochs=100, done=90)
    known.hear(epoch(91, loss=1.0))
    moment[0] += 2
    known.hear(epoch(92, loss=1.0))
    assert known.left == "0:16 left"


def test_the_figures_of_validation_stand_apart_and_the_loss_comes_first() -> None:
    known = Progress(epochs=2, done=0)
    known.hear(epoch(1, accuracy=0.51234, loss=1.5, val_accuracy=0.5, val_loss=2, learning_rate=1))
    assert known.figures == {
        "training": ["loss 1.5", "accuracy 0.5123"],
        "validation": ["loss 2", "accuracy 0.5"],
    }


def test_the_learning_rate_is_shown_once_it_has_changed() -> None:
    known = Progress(epochs=3, done=0)
    known.hear(epoch(1, loss=1.0, learning_rate=0.01))
    assert known.figures == {"training": ["loss 1"]}
    known.hear(epoch(2, loss=1.0, learning_rate=0.001))
    assert known.figures == {"training": ["loss 1", "learning rate 0.001"]}


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (3599, "59:59"), (3661, "1:01:01")]
)
def test_times_are_written_with_as_many_hours_as_there_are(seconds: float, text: str) -> None:
    assert clock(seconds) == text
