"""How the jobs of a sweep ended: read from their records, closed where a job could not, tabulated.

This room owns the outcome of one job, the table of all, and which exit code follows. Running jobs
is the business of the launchers.
"""

from __future__ import annotations

import signal
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.foreign.printable import shown
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.frontend.compose.origins import shown_path
from kerasgen.process.exit_codes import DONE, FAILED, REFUSED
from kerasgen.record.files import number
from kerasgen.record.read import is_completed, read_record
from kerasgen.record.run_folder import Invocation, close_abandoned, open_record, opened_in
from kerasgen.record.status import CLOSED, Closed
from kerasgen.sweep.sweep_file import jobs_beside, read_sweep

_ASKING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Signals that ask a process to end."""

_ERROR_WIDTH = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one job ended.

    Attributes:
        job: its number in the sweep, from 0.
        overrides: its task overrides.
        status: that of its closed record, None for a job that was not started.
        folder: its folder.
        metric: name and value of its main test metric, if it has one.
        error: why it did not complete.
        earlier: whether an earlier sweep into the same folder ran it.
    """

    job: int
    overrides: tuple[str, ...]
    status: Closed | None
    folder: Path
    metric: tuple[str, float] | None = None
    error: str | None = None
    earlier: bool = False

    @property
    def text(self) -> str:
        """The status, and why it did not complete; not twice where the reason begins with it."""
        status = self.status or "not started"
        if self.error is None:
            return f"{status} (earlier)" if self.earlier else status
        return self.error if self.error.startswith(status) else f"{status}: {self.error}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedProcess:
    """The process of a job, which has ended.

    Attributes:
        attempt: the word by which its record knows it.
        code: exit code; negative for the signal that killed it.
        seconds: how long it ran.
        argv: its command line.
        interrupted: whether it was ended on the user's wish.
        reason: why the sweep has ended it, None where it has not.
    """

    attempt: str
    code: int
    seconds: float
    argv: tuple[str, ...] = ()
    interrupted: bool = False
    reason: str | None = None


def settle(job: int, overrides: Sequence[str], folder: Path, ended: EndedProcess) -> Outcome:
    """The outcome of a job whose process has ended; closes a record that the process left open.

    Args:
        job: its number.
        overrides: its task overrides.
        folder: its folder.
        ended: its process.
    """
    fields = read_fields(folder)
    own = opened_in(fields, ended.attempt)
    if own and fields.get("status") in CLOSED:
        return read_outcome(job, overrides, folder, fields)
    status, error = _end_of_process(ended, own=own)
    try:
        if own:
            close_abandoned(folder, status, error, attempt=ended.attempt)
        else:
            asked = Invocation(argv=ended.argv, overrides=overrides)
            record = open_record(folder, Sink(), asked)
            record.finish(status, error=error, seconds=round(ended.seconds, 3))
    except (CompileError, OSError):
        pass  # the folder is another run's, or cannot be written: the table tells of it
    return Outcome(job=job, overrides=tuple(overrides), status=status, folder=folder, error=error)


def earlier_outcome(
    job: int, overrides: Sequence[str], folder: Path, *, known: bool = False
) -> Outcome | None:
    """The outcome of a job that is done already, None if it is still to be run.

    Done is what the folder's record calls completed or pruned, with the same overrides.

    Args:
        job: its number.
        overrides: its task overrides.
        folder: its folder.
        known: whether it is the same job, in whatever words it was written.
    """
    fields = read_fields(folder)
    same = known or fields.get("overrides") == list(overrides)
    if fields.get("status") not in ("completed", "pruned") or not same:
        return None
    return replace(read_outcome(job, overrides, folder, fields), earlier=True)


def completed_jobs(folder: Path, identities: Collection[str]) -> dict[str, Path]:
    """Those of some jobs that a sweep or one beside it has completed: hash to folder of the run.

    Args:
        folder: the folder of the sweep.
        identities: the hashes.
    """
    wanted = set(identities)
    own = {job.identity: folder / job.folder for job in read_sweep(folder)}
    done = {each: own[each] for each in wanted & own.keys() if is_completed(own[each])}
    return done | jobs_beside(folder, wanted - done.keys())


def read_outcome(
    job: int, overrides: Sequence[str], folder: Path, fields: Mapping[str, Any]
) -> Outcome:
    """The outcome that a record tells; `failed` where it tells none."""
    status = fields.get("status")
    error = fields.get("error")
    return Outcome(
        job=job,
        overrides=tuple(overrides),
        status=status if status in CLOSED else "failed",
        folder=folder,
        metric=main_metric(fields) if status == "completed" else None,
        error=None if error is None else str(error),
    )


def read_fields(folder: Path) -> Mapping[str, Any]:
    """What the record in a folder says; empty if there is none or none that can be read."""
    try:
        return read_record(folder).fields
    except ForeignFileError:
        return {}


def main_metric(fields: Mapping[str, Any]) -> tuple[str, float] | None:
    """The metric by which runs are compared: the first of the test part that is not a loss."""
    metrics = fields.get("metrics")
    part = metrics.get("test") if isinstance(metrics, Mapping) else None
    if not isinstance(part, Mapping):
        return None
    found = {str(name): value for name, text in part.items() if (value := number(text)) is not None}
    chosen = next((name for name in found if not name.endswith("loss")), next(iter(found), None))
    return None if chosen is None else (chosen, found[chosen])


def _end_of_process(ended: EndedProcess, *, own: bool) -> tuple[Closed, str]:
    """How a job ended that has not said so itself, and in which words."""
    code = ended.code
    if ended.reason is not None:
        return "failed", ended.reason
    if ended.interrupted:
        return "interrupted", "interrupted"
    if code - 128 in _ASKING:  # before it had a record to close
        return "interrupted", f"interrupted by {signal.Signals(code - 128).name}"
    if code == REFUSED:
        return "failed" if own else "rejected", "refused: its output says why"
    if code >= 0:
        told = f"exit code {code}" if code else "ended before it was done, with exit code 0"
        return "failed", told
    try:
        name = f" ({signal.Signals(-code).name})"
    except ValueError:
        name = ""
    return "failed", f"killed by signal {-code}{name}"


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """0 if all completed, 1 if one failed or was interrupted, 2 if all the others were refused."""
    statuses = {outcome.status for outcome in outcomes}
    if statuses & {"failed", "interrupted"}:
        return FAILED
    return REFUSED if "rejected" in statuses else DONE


def varying(jobs: Sequence[Sequence[str]]) -> list[list[str]]:
    """The overrides by which the jobs of a sweep differ; all of them where they do not."""
    shared = set(jobs[0]).intersection(*jobs) if len(jobs) > 1 else set()
    kept = [[text for text in overrides if text not in shared] for overrides in jobs]
    return [own or list(overrides) for own, overrides in zip(kept, jobs, strict=True)]


def outcome_table(outcomes: Sequence[Outcome]) -> str:
    """The table at a sweep's end: job, overrides, status, main test metric, folder."""
    ordered = sorted(outcomes, key=lambda outcome: outcome.job)
    labels = varying([outcome.overrides for outcome in ordered])
    rows = [("job", "overrides", "status", "test", "folder")]
    for outcome, label in zip(ordered, labels, strict=True):
        metric = "" if outcome.metric is None else f"{outcome.metric[0]} {outcome.metric[1]:.4g}"
        rows.append(
            (
                str(outcome.job),
                " ".join(label),
                _status_text(outcome),
                metric,
                shown_path(outcome.folder),
            )
        )
    return text_table(rows)


def text_table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of equally many cells as text in columns; a cell is one line, whatever is in it."""
    lines = [[shown(cell) for cell in row] for row in rows]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in lines
    )


def _status_text(outcome: Outcome) -> str:
    line = shown(outcome.text.strip().split("\n", 1)[0])
    most = len(outcome.status or "") + 2 + _ERROR_WIDTH
    return line if len(line) <= most else line[: most - 1] + "…"
