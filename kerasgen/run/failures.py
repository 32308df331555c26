"""What becomes of a run that ends before its time: refused, failed, interrupted or pruned.

This room owns which error is told in which words, and that a record is closed whatever has ended
the run. It must not know the order of the steps.

Decisions:
- The record is closed before anything is printed: printing may fail as well.
- After a signal every error counts as the interruption: libraries turn one into another.
- What somebody could not write (a full disk, a folder that is gone) is no bug, and gets a line
  without a traceback. What a bug of ours has ended is closed as failed, and raised again.
"""

from __future__ import annotations

import contextlib
import errno
import re
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.engines.choice import explain
from kerasgen.process import interruption
from kerasgen.process.entry import ending, lost_in, reason_of, report, say_lost
from kerasgen.process.exit_codes import DONE, FAILED, REFUSED
from kerasgen.record.file_names import TRACEBACK
from kerasgen.record.run_folder import discard, restore
from kerasgen.record.write import TakenOverError
from kerasgen.run.active_run import ActiveRun
from kerasgen.run.event_stream import StepError
from kerasgen.run.pruning import PrunedError

_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""Errors that only writing can bring about."""

_WRITTEN: Mapping[str, str] = {
    "load": "data.source",
    "preprocess": "data.prepare",
    "define": "model",
    "compile": "compile",
    "fit": "fit",
}
"""Step to the section of the config that it carries out; the others are asked for by none."""

_HDF5_ERRNO = re.compile(r"errno = (\d+), error message = '([^']*)'")
"""Where h5py puts the system's error: into the text of its own."""


class ToldError(Exception):
    """What ends a step, and says itself what is to be told of it.

    Attributes:
        diagnostics: what is to be told; the first is the reason.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics[0].message)


def end_run(error: BaseException, run: ActiveRun, *, keep_rejected: bool) -> int:
    """Closes the record of a run that an error has ended, and tells of the error.

    Args:
        error: what has ended it.
        run: the run.
        keep_rejected: whether a refused run leaves a record.

    Returns:
        The exit code.

    Raises:
        KeyboardInterrupt: the run was interrupted.
        OSError: stdout could not take what the run said.
        BaseException: the error itself, if it is a bug of ours.
    """
    cause = error.cause if isinstance(error, StepError) else error
    if interruption.requested() or isinstance(cause, KeyboardInterrupt):
        run.end("interrupted", interruption.reason(cause))
        raise cause if isinstance(cause, KeyboardInterrupt) else interruption.Stopped() from None
    if isinstance(cause, TakenOverError):
        return _fail("KG803", f"nothing is written into `{run.folder}` any more: {cause}", run)
    if isinstance(cause, PrunedError):
        run.end("pruned", str(cause))
        return DONE
    if isinstance(error, CompileError):
        return _refuse(error.diagnostics, run, keep=keep_rejected)
    if (lost := lost_in(cause)) is not None:
        run.end("failed", say_lost(lost))
        if lost.errno == errno.EPIPE:  # No error where something is only read; a run is lost by it.
            report("KG804", say_lost(lost))
        raise lost
    if (text := _unwritten(cause, run.folder, anyhow=error is cause)) is not None:
        where = f"the step `{error.step}` failed: " if isinstance(error, StepError) else ""
        return _fail("KG803", f"{where}{text}", run)
    if isinstance(error, StepError):
        if isinstance(cause, ToldError):
            run.end("failed", f"{error.step}: {cause}", cause.diagnostics)
            return FAILED
        return _fail_step(error, run)
    if isinstance(error, SystemExit | GeneratorExit):
        text = f"code that is not kerasgen's wanted to end the process: {ending(error)}"
        return _fail("KG806", text, run)
    run.end("failed", f"{type(error).__name__}: {error}")
    raise error


def _unwritten(error: BaseException, folder: Path, *, anyhow: bool) -> str | None:
    """What could not be written, and why, if that is what the error says.

    Args:
        error: the error.
        folder: the folder of the run.
        anyhow: whether any error of the system's counts, since only files of the run are written
            where it was raised.
    """
    if not isinstance(error, OSError):
        return None
    number, reason = error.errno, reason_of(error)
    if number is None and (found := _HDF5_ERRNO.search(str(error))) is not None:
        number, reason = int(found[1]), found[2].lower()
    name = error.filename
    path = Path(name) if isinstance(name, str) else None
    own = path is not None and (folder in path.parents or folder == path)
    if number is None or not (anyhow or own or number in _UNWRITABLE):
        return None
    if own and not folder.is_dir():
        return f"the folder `{folder}` is not there any more"
    shown = path.relative_to(folder) if path is not None and folder in path.parents else path
    return f"`{shown or folder}` cannot be written: {reason}"


def _fail(code: str, message: str, run: ActiveRun) -> int:
    sink = Sink()
    sink.report(code, message)
    run.end("failed", message, sink.diagnostics)
    return FAILED


def _fail_step(error: StepError, run: ActiveRun) -> int:
    sink = Sink(run.source_map)
    told = f"{type(error.cause).__name__}: {explain(error.cause)}"
    kept = ""
    if run.record is not None:
        text = "".join(traceback.format_exception(error.cause))
        with contextlib.suppress(OSError):
            run.record.write_text(TRACEBACK, text)
            kept = f"; the traceback is kept in {run.folder / TRACEBACK}"
    sink.report(
        "KG801",
        f"the step `{error.step}` failed: {told}",
        key=_WRITTEN.get(error.step),
        at="key",
        help=f"the record keeps what was finished{kept}" if kept else None,
    )
    run.end("failed", f"{error.step}: {told}", sink.diagnostics)
    return FAILED


def end_refused(run: ActiveRun, error: str, *, keep: bool) -> None:
    """Ends a run of which it is told already why it is refused.

    Args:
        run: the run.
        error: what its record says of it.
        keep: whether it leaves one.

    Raises:
        OSError: the record cannot be closed.
    """
    if keep and run.record is not None:
        run.record.finish("rejected", error=error)
    else:
        _discard(run)


def _discard(run: ActiveRun) -> None:
    """Takes back what a refused run has written."""
    with contextlib.suppress(OSError):
        if run.earlier is not None:  # It is refused to go on: what is there stays.
            restore(run.folder, run.earlier)
            run.record = None
            return
        discard(run.folder)
        if run.fresh:
            run.folder.rmdir()
            run.folder.parent.rmdir()  # The day's folder, if the run was its first.
    run.record = None


def _refuse(diagnostics: Sequence[Diagnostic], run: ActiveRun, *, keep: bool) -> int:
    if run.record is not None and not keep:
        _discard(run)
    error = next(d.message for d in diagnostics if d.severity == "error")
    run.end("rejected", error, diagnostics)
    return REFUSED
