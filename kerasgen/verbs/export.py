"""Exporting a run: its model in a format of another runtime, held against the run itself.

This room owns what is written, and what is told of it. What is refused before stands in
`exports.refusals`, how a file takes its place in `exports.unfinished`; how a format is written and
asked says the engine.

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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack

from kerasgen.emit.text.alignment import aligned
from kerasgen.engine.exporter import ExportError, ExportFormat
from kerasgen.engines.choice import export_formats
from kerasgen.passes.cost import human_bytes
from kerasgen.record.file_names import MODEL
from kerasgen.registry import NOBODY, Trust, trusted
from kerasgen.session.recorded import open_run
from kerasgen.verbs.exports.compared_rows import (
    SIZES,
    prepared_rows,
    raw_rows,
    rows_of_run,
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
from kerasgen.verbs.exports.unfinished import draft_beside, place, remove_dead_drafts
from kerasgen.verbs.exports.wish import ExportWish
from kerasgen.verbs.exports.writing_process import WritingTask, write_model
from kerasgen.verbs.load import LoadedRun, load_opened, run_place
from kerasgen.verbs.trained_run import TrainedRun


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


class ExportOptions(TypedDict, total=False):
    """What may be said of an export from Python, as on the command line.

    Attributes:
        backend: the backend that writes it; else that of the run.
        tolerance: how much predictions may differ, relative to the larger of 1 and the value.
        force: whether what is there is replaced.
        without_preparation: whether the trained model alone is written.
    """

    backend: str | None
    tolerance: float
    force: bool
    without_preparation: bool


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
    remove_dead_drafts(wish.path.absolute())
    check_path(wish.path, form, replaces=wish.force)
    session = open_run(folder, trust)
    own = str(session.resolved.config.get("backend", {}).get("backend"))
    backend = wish.backend or own
    check_backend(form, backend)
    loaded = load_opened(folder, session, trust)
    reasons: list[str] = []
    for part in _parts(loaded, wish):
        compared = _written(loaded.run, part, wish, backend)
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


def export(
    run: Path | str,
    format: str,  # noqa: A002 - the word of the command line
    path: Path | str,
    *,
    fold: int | None = None,
    trust: Sequence[str] = (),
    **how: Unpack[ExportOptions],
) -> Exported:
    """Writes the model of a run for another runtime, and holds it against the run.

        kerasgen.export("last", "onnx", "model.onnx")

    Args:
        run: the folder of the run; or what the command line calls one below `outputs`: its id, the
            beginning of one, `last` or `best:METRIC`.
        format: `tf_saved_model`, `onnx`, `openvino`, `litert`, `torch`, `keras` or `weights`.
        path: the file, with the ending of the format, or the folder.
        fold: which of its folds is written, from 1; None for a single run.
        trust: names of modules whose parts its model may hold.
        how: what may be said besides, as `ExportOptions` names it.

    Returns:
        What was written: `files`, and `compared.largest`, the largest difference of predictions.

    Raises:
        CompileError: KG651, the format cannot be written; KG603, a package is missing; KG605, the
            file cannot be; KG606 or another code, the run cannot be read.
        DifferingExportError: the file predicts something else, and was not left.
    """
    wish = ExportWish(form=format, path=Path(path), **how)
    return export_run(run_place(run, fold), wish, trusted(trust, str(Path.cwd())))


def _parts(loaded: LoadedRun, wish: ExportWish) -> Iterator[ExportedPart]:
    """What may be written, the fuller first."""
    run = loaded.run
    rows = rows_of_run(run, loaded.session)
    held = held_steps(run.folder)
    if held is not None and not wish.without_preparation and wish.form != "weights":
        yield ExportedPart(
            model=loaded.file,
            rows=raw_rows(run, held.inputs, rows),
            held=held,
            inputs=held.inputs,
        )
    yield ExportedPart(
        model=run.model, rows=prepared_rows(run, rows), inputs=trained_inputs(run.compiled)
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
    with draft_beside(target) as draft:
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
        place(draft, target, form)
    return compared


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
