"""How a job asks whether it goes on, and is answered."""

import threading
import time
from pathlib import Path

import pytest

from kerasgen.run import pruning
from kerasgen.run.events import EpochEnded, StateKept, TrainingResumed, TrainingStarted
from kerasgen.run.pruning import PrunedError, PruningListener, answer, asked_in


class Answering:
    """Who answers, in a thread: from an epoch on with yes."""

    def __init__(self, folder: Path, prune_from: int) -> None:
        self.folder, self.prune_from = folder, prune_from
        self.asked: list[tuple[int, float]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "Answering":
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._over.set()
        self._thread.join()

    def _serve(self) -> None:
        while not self._over.is_set():
            if (question := asked_in(self.folder)) is not None:
                self.asked.append((question.epoch, question.value))
                answer(self.folder, question, prune=question.epoch >= self.prune_from)
            time.sleep(0.001)


def ended(epoch: int, **figures: float) -> EpochEnded:
    return EpochEnded(epoch=epoch, seconds=0.1, figures=figures)


def test_a_run_ends_once_the_state_of_its_epoch_is_kept(tmp_path: Path) -> None:
    listener = PruningListener(tmp_path, "val_loss")
    with Answering(tmp_path, prune_from=2) as answering:
        listener.hear(TrainingStarted(epochs=5, epoch=0, verbose=0))
        listener.hear(ended(1, val_loss=0.5))
        listener.hear(StateKept(epoch=1, step=0))
        listener.hear(ended(2, val_loss=0.75))
        with pytest.raises(PrunedError, match=r"^pruned after epoch 2: val_loss 0\.75$"):
            listener.hear(StateKept(epoch=2, step=0))
    assert answering.asked == [(1, 0.5), (2, 0.75)]
    assert list(tmp_path.iterdir()) == []


def test_the_answer_to_the_last_epoch_does_not_count(tmp_path: Path) -> None:
    listener = PruningListener(tmp_path, "val_loss")
    with Answering(tmp_path, prune_from=1) as answering:
        listener.hear(TrainingStarted(epochs=1, epoch=0, verbose=0))
        listener.hear(ended(1, val_loss=0.5))
        listener.hear(StateKept(epoch=1, step=0))
    assert answering.asked == [(1, 0.5)]
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_goes_on_asks_again_about_its_last_epoch(tmp_path: Path) -> None:
    listener = PruningListener(tmp_path, "val_loss")
    with Answering(tmp_path, prune_from=2):
        listener.hear(TrainingResumed(epoch=2, step=0, history=({}, {"val_loss": 0.5})))
        with pytest.raises(PrunedError):
            listener.hear(TrainingStarted(epochs=5, epoch=2, verbose=0))


def test_a_figure_that_an_epoch_does_not_have_is_asked_as_nan(tmp_path: Path) -> None:
    with Answering(tmp_path, prune_from=9) as answering:
        PruningListener(tmp_path, "val_loss").hear(ended(1, loss=0.5))
    ((_, value),) = answering.asked
    assert value != value


def test_a_run_goes_on_where_nobody_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "_PATIENCE", 0.05)
    listener = PruningListener(tmp_path, "val_loss")
    listener.hear(ended(1, val_loss=0.5))
    listener.hear(StateKept(epoch=1, step=0))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "[]", "{", '{"epoch": "1"}', '{"epoch": 0}', "1" * 9999])
def test_what_is_no_question_is_not_answered(content: str, tmp_path: Path) -> None:
    (tmp_path / ".asked.json").write_text(content)
    assert asked_in(tmp_path) is None
