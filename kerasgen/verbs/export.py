"""Exporting a run: its model in a format of another runtime, held against the run itself.

This room owns what is written, how the file takes its place, and what is told of it. What is
refused before stands in `exports.refusals`; how a format is written and asked says the engine.

Decisions:
- That a file was written says little. It is loaded by its own runtime, in a process of its own, and
  asked for rows of the run's test part, one and five at a time; what differs leaves nothing behind.
- The steps of the data go into the file where the run's own model file holds them, and the format
  can; else the trained model alone is written, and it is said.
- A format that the run's backend cannot write is written with another one, if that is asked for:
  weights are the same on each.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kerasgen.diagnostics import Sink
from kerasgen.emit.text.alignment import aligned
from kerasgen.engine.exporter import ExportError, ExportFormat
from kerasgen.engines.choice import export_formats
from kerasgen.foreign.regular_files import told
from kerasgen.passes.cost import human_bytes
from kerasgen.process.interruption import at_once
from kerasgen.record.file_names import MODEL
from kerasgen.registry import NOBODY, Trust
from kerasgen.session.recorded import open_run
from kerasgen.verbs.exports.compared_rows import (
    SIZES,
    open_data,
    prepared_rows,
    raw_rows,
)
from kerasgen.verbs.exports.exported_part import (
    Compared,
    ExportedPart,
    compare_answers,
    held_steps,
    trained_inputs,
)
from kerasgen.verbs.exports.refusals import (
    check_backend,
    check_path,
    files_of,
    known_format,
    refuse_export,
)
from kerasgen.verbs.exports.writing_process import WritingTask, write_model
from kerasgen.verbs.finished_run import load_run_file
from kerasgen.verbs.load import load_run
from kerasgen.verbs.trained_run import TrainedRun

TOLERANCE = 1e-4
"""Largest difference of predictions, relative to the larger of 1 and the values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportWish:
    """What is to be written.

    Attributes:
        form: the name of the format.
        path: the file or folder.
        backend: the backend that writes it; None for the run's own.
        tolerance: how much predictions may differ.
        replaces: whether what is there is replaced.
        alone: whether the trained model is written without the steps of the data.
    """

    form: str
    path: Path
    backend: str | None = None
    tolerance: float = TOLERANCE
    replaces: bool = False
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A file that was written, and says what its run does.

    Attributes:
        form: its format.
        files: all that belongs to it.
        part: what of the run it holds, with the rows on which it was compared.
        compared: how far its predictions are from those of the run.
        left_out: why it is not the fuller part that could have been; empty where it is.
    """

    form: ExportFormat
    files: tuple[Path, ...]
    part: ExportedPart
    compared: Compared
    left_out: str = ""


class DifferingExportError(Exception):
    """A file that predicts something else than its run; nothing of it is left."""


def export_run(folder: Path, wish: ExportWish, trust: Trust = NOBODY) -> Exported:
    """Writes the model of a run in another format, and compares both.

    Args:
        folder: the folder of the run.
        wish: what is to be written.
        trust: modules whose parts the run may hold.

    Returns:
        What was written.

    Raises:
        CompileError: KG651, the format cannot be written; KG603, a package is missing; KG605, the
            file cannot be; KG606 or another code, the run cannot be read.
        DifferingExportError: the file predicts something else.
    """
    form = known_format(wish.form)
    check_path(wish.path, form, replaces=wish.replaces)
    own = str(open_run(folder, trust).resolved.config.get("backend", {}).get("backend"))
    backend = wish.backend or own
    check_backend(form, backend)
    run = load_run(folder, trust)
    reasons: list[str] = []
    for part in _parts(run, wish):
        compared = _written(run, part, wish, backend)
        if isinstance(compared, Compared):
            return Exported(
                form=form,
                files=tuple(files_of(wish.path, form)),
                part=part,
                compared=compared,
                left_out="".join(reasons),
            )
        reasons.append(f"{part.called}: {compared}")
    raise refuse_export(form, backend, reasons[-1])


def _parts(run: TrainedRun, wish: ExportWish) -> Iterator[ExportedPart]:
    """What may be written, the fuller first."""
    data = open_data(run.folder, run.trust)
    held = held_steps(run.folder)
    if held is not None and not wish.alone and wish.form != "weights":
        yield ExportedPart(
            model=load_run_file(run.folder, open_run(run.folder, run.trust), run.trust),
            rows=raw_rows(run, held.inputs, data),
            held=held,
            inputs=held.inputs,
        )
    yield ExportedPart(
        model=run.model, rows=prepared_rows(run, data), inputs=trained_inputs(run.compiled)
    )


def _written(run: TrainedRun, part: ExportedPart, wish: ExportWish, backend: str) -> Compared | str:
    """Writes a file, compares it, and puts it in its place; or says why that does not work.

    Raises:
        CompileError: KG605, the file cannot be written.
        DifferingExportError: it predicts something else.
    """
    form = export_formats()[wish.form]
    batches = [(size, batch) for size in SIZES for batch in part.rows.batches(size)]
    target = wish.path.absolute()
    with _draft_beside(target) as draft:
        task = WritingTask(
            folder=str(run.folder.absolute()),
            modules=run.trust.modules,
            modules_folder=run.trust.folder,
            backend=backend,
            form=form.name,
            whole=part.held is not None,
            path=str(draft),
        )
        try:
            asked = write_model(task, [batch for _, batch in batches])
        except ExportError as error:
            if shutil.disk_usage(draft.parent).free < (run.folder / MODEL).stat().st_size:
                # Some writers end their process where there is no room, and do not say so.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
            return str(error).replace(str(draft), str(wish.path))
        compared = compare_answers(part, batches, asked)
        if not compared.differences:
            refused = next(iter(compared.refused.values()), "it says nothing")
            return f"its own runtime refuses it: {refused}"
        if not compared.largest <= wish.tolerance:
            raise DifferingExportError(
                f"`{form.name}` of {part.called} predicts something else than the run: differs "
                f"by {compared.largest:.3g}, expected {wish.tolerance:g} at the most"
            )
        _place(draft, target, form)
    return compared


@contextmanager
def _draft_beside(target: Path) -> Iterator[Path]:
    """A path for what is written, in a folder beside the target that is gone in the end.

    Raises:
        CompileError: KG605, something cannot be written.
    """
    try:
        with (
            tempfile.TemporaryDirectory(prefix=f".{target.name[:60]}.", dir=target.parent) as name,
            at_once(lambda: shutil.rmtree(name, ignore_errors=True)),
        ):
            draft = Path(name) / target.name
            draft.touch()  # A name that cannot be one is told before any work is done.
            draft.unlink()
            yield draft
    except OSError as error:
        raise Sink().fail("KG605", f"`{target}` cannot be written: {told(error)}") from error


def _place(draft: Path, target: Path, form: ExportFormat) -> None:
    """Puts a file, with what belongs to it, where it was asked for; what was there goes last."""
    for ending in form.beside:
        draft.with_suffix(ending).replace(target.with_suffix(ending))
    if target.is_dir():
        before = draft.with_name(f"{draft.name}.before")
        target.replace(before)
        draft.replace(target)
    else:
        draft.replace(target)


def export_text(found: Exported) -> str:
    """What is told of an exported file.

    Args:
        found: the file.
    """
    size = sum(file.stat().st_size for path in found.files for file in _all_files(path))
    rows, compared = found.part.rows, found.compared
    lines = [f"{found.files[0]}  {human_bytes(size)}: {found.form.told}"]
    batches = [
        f"{compared.differences[size]:.3g} with {size} {'row' if size == 1 else 'rows'} at a time"
        for size in SIZES
        if size in compared.differences
    ]
    of = "rows that are made up" if rows.made_up else "rows of the run's data"
    lines.append(f"largest difference to the run, on {of}: {', '.join(batches)}")
    if not compared.finite:
        lines.append(
            "some predictions of the run are no finite numbers, and those of the file neither"
        )
    if rows.made_up:
        lines.append(f"the data of the run was not opened: {rows.made_up}")
    for count, words in compared.refused.items():
        lines.append(f"it takes no {count} rows at a time: {words}")
    if found.form.remark:
        lines.append(found.form.remark)
    if found.left_out:
        lines.append(f"it is the trained model alone; not {found.left_out}")
    return "\n".join([*lines, *_inputs(found), *_steps(found)])


def _all_files(path: Path) -> list[Path]:
    return [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]


def _inputs(found: Exported) -> list[str]:
    """What the file takes, as a table."""
    rows = [("takes", "shape of a row", "type", "which is")]
    for one in found.part.inputs:
        shape = ", ".join("any" if size is None else str(size) for size in one.shape)
        source = f"what the step `{one.source}` makes" if one.is_step else f"column {one.source}"
        rows.append((one.name, f"({shape})", one.dtype, source if one.source else "prepared"))
    return aligned(rows)


def _steps(found: Exported) -> list[str]:
    """Which steps of the data it holds, and which it does not."""
    held = found.part.held
    if held is None:
        return ["it holds no step of `data.prepare`: who asks the file does them"]
    lines = [f"holds the steps {', '.join(held.inside)}"] if held.inside else []
    if held.beside:
        lines.append(
            f"does not hold the steps {', '.join(held.beside)}: who asks the file does them"
        )
    return lines
