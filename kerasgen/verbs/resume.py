"""Going on with a run that was interrupted, or longer with one that is finished.

This room owns how the config of a run becomes one to train by again. That a run goes on, and what
it must be for that, stands in `run.resumption`.

Decisions:
- The config is the run's own as it was settled; its files may have changed since. Overrides speak
  of `fit` and `tracking` alone: all else would make another training of it.
- The config of a run of folds is that before it was settled, since each fold settles its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from omegaconf import OmegaConf

from kerasgen.diagnostics import Sink
from kerasgen.diagnostics.source_map import NOWHERE
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.frontend.compose.composition import Composition
from kerasgen.frontend.compose.overridden import overridden
from kerasgen.record.checkpoints import newest_checkpoint
from kerasgen.record.file_names import CONFIG, OVERRIDES, RECORD, SOURCE_MAP
from kerasgen.record.read import read_config, read_known_record, read_overrides, read_source_map
from kerasgen.registry import NOBODY, Trust
from kerasgen.run.experiment import run_experiment
from kerasgen.run.resumption import position_of

Read = TypeVar("Read")

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
    sink = Sink()
    fields = _read(read_known_record, folder, RECORD, sink)
    config = _read(read_config, folder, CONFIG, sink)
    known = _read(read_overrides, folder, OVERRIDES, sink)
    source_map = NOWHERE
    if "folds" in fields:
        wanted = overridden(config, overrides, SECTIONS, sink)
    else:
        source_map = _read(read_source_map, folder, SOURCE_MAP, sink)
        wanted = overridden(config, ["fit.resume=auto", *overrides], SECTIONS, sink)
        _require_open(folder, fields, wanted, sink)
    composition = Composition(
        config=OmegaConf.create(wanted),
        source_map=source_map,
        overrides=(*known, *overrides),
        choices=_texts(fields.get("choices")),
        trust=trust,
    )
    return run_experiment(composition, folder)


def _read(read: Callable[[Path], Read], folder: Path, name: str, sink: Sink) -> Read:
    """What a file of the run holds."""
    try:
        return read(folder)
    except ForeignFileError as error:
        raise sink.fail_file("KG606", folder / name, error) from error


def _require_open(
    folder: Path, fields: Mapping[str, object], config: Mapping[str, object], sink: Sink
) -> None:
    """Refuses a run that has nothing to go on from, or nothing left to train."""
    checkpoint = newest_checkpoint(folder)
    if checkpoint is None:
        raise sink.fail(
            "KG626",
            f"`{folder}` has no checkpoint to go on from",
            help="a run keeps one behind each epoch, as `fit.checkpoint` says; run it again",
        )
    done, fit = position_of(checkpoint).epoch, config.get("fit")
    epochs = fit.get("epochs") if isinstance(fit, Mapping) else None
    if fields["status"] == "completed" and isinstance(epochs, int) and epochs <= done:
        raise sink.fail(
            "KG626",
            f"`{folder}` is complete: its training ended after epoch {done}",
            help=f"say how long it is to be: `kerasgen resume {folder} fit.epochs={2 * done}`",
        )


def _texts(found: object) -> dict[str, str | None]:
    pairs = found.items() if isinstance(found, Mapping) else ()
    return {str(key): value for key, value in pairs if value is None or isinstance(value, str)}
