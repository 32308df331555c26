"""Deleting runs.

This room owns that all of several runs are looked at before any goes. What may go, and how, stands
in `record.removal`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kerasgen.diagnostics import Sink
from kerasgen.foreign.regular_files import ForeignFileError, told
from kerasgen.record.removal import Contents, removable_contents, remove_run

_HINT = "nothing was deleted; a folder that is no run any more can be removed by hand"


def look_before_deleting(folders: Sequence[Path]) -> list[Contents]:
    """What would go with some runs; one that is named twice is told once.

    Args:
        folders: the folders of the runs.

    Raises:
        CompileError: KG628, one may not go: it is at work, say; KG605, it cannot be looked at.
    """
    sink, found = Sink(), list[Contents]()
    for folder in {folder.resolve(): folder for folder in folders}.values():
        try:
            found.append(removable_contents(folder))
        except ForeignFileError as error:
            sink.report("KG628", f"`{folder}` {error.reason}", help=_HINT)
        except OSError as error:
            sink.report("KG605", f"`{error.filename or folder}` cannot be read: {told(error)}")
    sink.stop_on_errors()
    return found


def delete_runs(runs: Sequence[Contents]) -> None:
    """Deletes runs, one after the other.

    Raises:
        CompileError: KG628, one is at work by now; KG605, something cannot be removed. The runs
            before it are gone.
    """
    for run in runs:
        try:
            remove_run(run.folder)
        except ForeignFileError as error:
            raise Sink().fail("KG628", f"`{run.folder}` {error.reason}") from error
        except OSError as error:
            raise Sink().fail(
                "KG605",
                f"`{error.filename or run.folder}` cannot be removed: {told(error)}",
                help="what is left of the run is listed as before, and can be deleted again",
            ) from error
