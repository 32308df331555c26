"""Which callback writes TensorBoard's event files."""

from kerasgen.ir.program import TrackingDef
from kerasgen.record.file_names import TENSORBOARD
from kerasgen.run.listeners import trackers


def test_nobody_tracks_a_run_that_asks_for_nobody() -> None:
    assert list(trackers(TrackingDef(), {})) == []


def test_tensorboard_follows_by_keras_own_callback_below_the_run() -> None:
    (tracker,) = trackers(TrackingDef(tensorboard=True), {})
    ((name, callback),) = tracker.callbacks.items()
    assert (name, callback.cls) == ("tracking.tensorboard", "TensorBoard")
    assert callback.arguments == {"log_dir": TENSORBOARD}
