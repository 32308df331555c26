"""A run that goes on: its folder, its record once it is opened, and who listens.

This room owns the opening and the closing of the record. Which steps there are stands in
`experiment`, and what becomes of an error in `failures`.

Decisions:
- Opening and closing are calls and no events: who makes them must know whether they came off.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from kerasgen.diagnostics import Diagnostic, Sink
from kerasgen.diagnostics.render import render_json
from kerasgen.diagnostics.source_map import NOWHERE, SourceMap
from kerasgen.foreign.passwords import masked_tree, without_passwords
from kerasgen.process.entry import reason_of
from kerasgen.process.usage import own_usage
from kerasgen.record.checkpoints import Checkpoint
from kerasgen.record.file_names import DIAGNOSTICS, OVERRIDES
from kerasgen.record.run_folder import (
    Invocation,
    open_record,
    opening_files,
    own_record,
    reported,
)
from kerasgen.record.status import Closed
from kerasgen.record.write import Record
from kerasgen.run.event_stream import EventStream
from kerasgen.run.events import RunEnded
from kerasgen.run.listeners.record import RecordKeeper

if TYPE_CHECKING:
    from kerasgen.run.warm_up import Stopwatch


@dataclass(slots=True)
class ActiveRun:
    """A run that goes on.

    Attributes:
        folder: the folder of the run.
        events: its events.
        record: the open record, or None before it is opened.
        fresh: whether the run made its folder.
        checkpoint: the state from which its training goes on, None where it begins.
        goes_on: whether its folds are those of a run that is there.
        earlier: name to content of the files that were written over when a run that goes on was
            opened.
        source_map: where its config was written, once that is known.
        stopwatch: measures the run, and ends its training early; None where it is run in earnest.
    """

    folder: Path
    events: EventStream
    record: Record | None = None
    fresh: bool = False
    checkpoint: Checkpoint | None = None
    goes_on: bool = False
    earlier: Mapping[str, bytes] | None = None
    source_map: SourceMap = NOWHERE
    stopwatch: Stopwatch | None = None

    @property
    def history(self) -> Sequence[Mapping[str, float]]:
        """The figures of the finished epochs."""
        return [] if self.record is None else self.record.epochs

    @property
    def origin(self) -> Mapping[str, object]:
        """What the record says so far, of where the run comes from."""
        return {} if self.record is None else self.record.fields

    def masked(self, text: str) -> str:
        """A text without passwords, and without the secrets of the run."""
        return without_passwords(text) if self.record is None else self.record.masked(text)

    def open(self, invocation: Invocation, sink: Sink) -> Record:
        """Opens the record.

        Args:
            invocation: how the run was asked for.
            sink: where a folder that cannot be used is reported.

        Raises:
            CompileError: KG605, the folder cannot be used.
        """
        self.fresh = not self.folder.exists()
        resumed = self.goes_on or self.checkpoint is not None
        earlier = opening_files(self.folder) if resumed else None
        self.record = record = open_record(self.folder, sink, invocation, resumed=resumed)
        self.earlier = earlier
        self.events.put_first(RecordKeeper(record))
        with reported(sink, self.folder):
            written = masked_tree(list(invocation.overrides), record.masked)
            text = yaml.safe_dump(written, allow_unicode=True)
            record.write_text(OVERRIDES, text)
        return record

    def complete(self) -> None:
        """Closes the record of a run whose steps are all done, and says so.

        Raises:
            OSError: the record cannot be closed.
        """
        assert self.record is not None, "the record is opened before the first step"
        self.record.finish("completed", usage=asdict(own_usage()))
        seconds = self.record.fields["seconds"]
        self.events.emit(RunEnded(status="completed", seconds=seconds))

    def end(self, status: Closed, error: str, diagnostics: Sequence[Diagnostic] = ()) -> None:
        """Closes the record of a run that ends before its time, if there is one, and says so.

        Args:
            status: how it ends.
            error: why.
            diagnostics: what is to be said of it; they go into the record with the warnings.
        """
        error = self.masked(error)
        diagnostics = [_masked(one, self.masked) for one in diagnostics]
        # Between writing the first record and returning it a signal may have come.
        record = self.record or own_record(self.folder)
        unrecorded = seconds = None
        if record is not None:
            if diagnostics:
                known = [d for d in self.events.warnings() if d not in diagnostics]
                with contextlib.suppress(OSError):
                    record.write_json(DIAGNOSTICS, render_json([*known, *diagnostics]))
            if status != "rejected":
                record.note(epochs=len(self.history))
            try:
                record.finish(status, error=error)
            except OSError as refused:
                unrecorded = f"the record cannot be closed: {reason_of(refused)}"
            seconds = record.fields["seconds"]
        self.events.emit(
            RunEnded(
                status=status,
                seconds=seconds,
                error=error,
                diagnostics=tuple(diagnostics),
                unrecorded=unrecorded,
            )
        )


def _masked(told: Diagnostic, masked: Callable[[str], str]) -> Diagnostic:
    """A diagnostic without secrets in what it says; where it points, it shows what was written."""
    return replace(
        told,
        message=masked(told.message),
        help=None if told.help is None else masked(told.help),
        notes=tuple(replace(note, message=masked(note.message)) for note in told.notes),
    )
