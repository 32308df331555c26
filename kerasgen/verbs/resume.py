"""Going on with a run that was interrupted, or longer with one that is finished.

This room owns what is refused before anything starts. That a run goes on, and what it must be for
that, stands in `run.resumption`; how its config becomes one to train by, in `recorded_composition`.

Decisions:
- Overrides speak of `fit` and `tracking` alone: all else would make another training of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from kerasgen.diagnostics import Sink
from kerasgen.frontend.compose.composition import Composition
from kerasgen.record.checkpoints import Checkpoint, newest_checkpoint
from kerasgen.registry import NOBODY, Trust
from kerasgen.run.experiment import run_experiment
from kerasgen.run.resumption import is_longer, length_of, position_of, was_ended
from kerasgen.verbs.recorded_composition import read_recorded_run

SECTIONS = ("fit", "tracking")
"""The groups of which overrides may speak."""


def resume_run(folder: Path, overrides: Sequence[str] = (), trust: Trust = NOBODY) -> int:
    """Goes on with a run in its own folder.

    Args:
        folder: the folder of the run.
        overrides: what is said otherwise, as `fit.epochs=30`.
        trust: modules whose parts the run may name, and whether it may open connections.

    Returns:
        The exit code, as of the run itself.

    Raises:
        CompileError: the run cannot be read, has no checkpoint or is complete (KG626), or the
            overrides speak of something else (KG625).
    """
    recorded = read_recorded_run(folder)
    if recorded.of_folds:
        composition = recorded.composed(overrides, trust, sections=SECTIONS)
    else:
        again = ("fit.resume=auto",)
        composition = recorded.composed(overrides, trust, sections=SECTIONS, silent=again)
        checkpoint = _open_checkpoint(folder, recorded.fields, composition, Sink())
        return run_experiment(composition, folder, checkpoint=checkpoint)
    return run_experiment(composition, folder)


def _open_checkpoint(
    folder: Path, fields: Mapping[str, object], composition: Composition, sink: Sink
) -> Checkpoint:
    """The state from which a run goes on.

    Raises:
        CompileError: KG626, there is none, or nothing is left to train.
    """
    checkpoint = newest_checkpoint(folder)
    if checkpoint is None:
        raise sink.fail(
            "KG626",
            f"`{folder}` has no checkpoint to go on from",
            help="a run keeps one behind each epoch, as `fit.checkpoint` says; "
            f"`kerasgen rerun {folder}` begins anew",
        )
    if fields["status"] == "completed" and not is_longer(composition, checkpoint):
        place, (key, _) = position_of(checkpoint), length_of(composition)
        ended = was_ended(checkpoint)
        longer = f"kerasgen resume {folder} {key}={2 * (place.epoch - place.began)}"
        raise sink.fail(
            "KG626",
            f"`{folder}` is complete: {'a callback ended ' if ended else ''}its training"
            f"{'' if ended else ' ended'} after epoch {place.epoch}",
            help=f"`kerasgen rerun {folder}` with other callbacks begins anew"
            if ended
            else f"say how long it is to be: `{longer}`",
        )
    return checkpoint
