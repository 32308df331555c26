"""The weights that a training starts from: the file of a run, or one that is named.

This room owns what `fit.initial_weights` means, and that the file is there and is one of weights
before anything is trained. What of it fits is known when the model is made.

Decisions:
- Every session asks, and few configs name any: what reads runs is imported for those alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.foreign.regular_files import ForeignFileError, is_there, open_regular
from kerasgen.ir.program import FIT, FitDef
from kerasgen.record.file_names import CHECKPOINTS, MODEL

if TYPE_CHECKING:
    from kerasgen.record.checkpoints import Checkpoint

KEY = f"{FIT}.initial_weights"

OUTPUTS = Path("outputs")
"""Where runs are looked for by their names."""

_BEGINNINGS = (b"PK", b"\x89HDF\r\n\x1a\n")
"""How a `.keras` file begins, and one of weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsSource:
    """Where the weights are that a training starts from.

    Attributes:
        file: the file.
        inside: the name of the model in it that is meant, None for all of it.
        run: the folder of the run whose weights they are, None for a file that was named.
        checkpoint: the state of that run's training, where it has left no model.
    """

    file: Path
    inside: str | None = None
    run: Path | None = None
    checkpoint: Checkpoint | None = None


def weights_source(fit: FitDef, sink: Sink) -> WeightsSource | None:
    """Finds the weights that a training is to start from: a file, or a run by any of its names.

    Args:
        fit: how the model is trained.
        sink: knows where it was written.

    Returns:
        Where they are, None for weights that are drawn.

    Raises:
        CompileError: there is neither (KG606), the run has no model, or the file holds no weights
            (KG608).
    """
    name = fit.initial_weights
    if name is None:
        return None
    path = Path(name).expanduser()
    if is_there(path) and not path.is_dir():
        _require_weights(path, sink)
        return WeightsSource(file=path)
    from kerasgen.session.named_run import named_run

    try:
        folder = named_run(name, OUTPUTS)
    except CompileError as error:
        (found,) = error.diagnostics
        told = f"there is neither a run nor a file `{name}`" if found.code == "KG606" else ""
        raise sink.fail(found.code, told or found.message, key=KEY, help=found.help) from None
    return _of_run(folder, sink)


def _of_run(folder: Path, sink: Sink) -> WeightsSource:
    from kerasgen.record.checkpoints import newest_checkpoint
    from kerasgen.record.checksums import known_checksums, require_as_written
    from kerasgen.record.read import read_record
    from kerasgen.session.named_run import fold_hint

    path = folder / MODEL
    fields: Mapping[str, object] = {}
    try:
        fields = read_record(folder).fields
        if (known := known_checksums(fields).get(MODEL)) is not None:
            require_as_written(folder, MODEL, known)
    except ForeignFileError as error:
        if is_there(path):
            raise sink.fail_file("KG606", path, error, key=KEY) from error
    if isinstance(folds := fields.get("folds"), Mapping):
        raise sink.fail(
            "KG606",
            f"`{folder}` is a run of {folds.get('count')} folds, each of which has weights",
            key=KEY,
            help=fold_hint(folder, folds),
        )
    if not is_there(path) and (found := newest_checkpoint(folder)) is not None:
        return WeightsSource(file=folder / CHECKPOINTS, run=folder, checkpoint=found)
    if not is_there(path):
        raise sink.fail(
            "KG606",
            f"the run `{folder}` has no `{MODEL}`",
            key=KEY,
            help="it has kept no checkpoint, and did not complete or ran with tracking.model=false",
        )
    _require_weights(path, sink)
    told = fields.get("model")
    held = told.get("preparation") if isinstance(told, Mapping) else None
    inside = held.get("trained") if isinstance(held, Mapping) else None
    return WeightsSource(file=path, inside=inside if isinstance(inside, str) else None, run=folder)


def _require_weights(path: Path, sink: Sink) -> None:
    """Refuses a file that cannot be one of weights."""
    try:
        with open_regular(path) as file:
            begin = file.read(8)
    except ForeignFileError as error:
        raise sink.fail_file("KG608", path, error, key=KEY) from error
    if not begin.startswith(_BEGINNINGS):
        raise sink.fail(
            "KG608",
            f"`{path}` holds no weights of Keras",
            key=KEY,
            help="name a `.keras` or `.weights.h5` file, or a run",
        )
