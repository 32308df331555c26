"""A run by what people call it: its folder, its folder below `outputs`, or `last`; and its folds.

This room owns what such a name means. What a run holds it must not know, but whether it is of
several folds: each of them is a run of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kerasgen.diagnostics import Sink, SourceLocation, closest
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.record.file_names import FOLDS, RECORD
from kerasgen.record.read import is_run, read_record
from kerasgen.record.runs import read_runs

LAST = "last"
"""What the newest completed run is called."""


def named_run(name: str, outputs: Path) -> Path:
    """The folder of a run.

    Args:
        name: a folder, one below `outputs`, or `last`.
        outputs: the folder of all runs.

    Raises:
        CompileError: KG606, there is no such run.
    """
    for place in (Path(name), outputs / name):
        if is_run(place):
            return place
    sink, unread = Sink(), Sink()
    runs = read_runs(outputs, unread)
    if name == LAST:
        done = [run for run in runs if run.status == "completed"]
        if done:
            return done[0].folder
        raise sink.fail(
            "KG606",
            f"there is no completed run below `{outputs}`",
            help="name its folder, or say where the runs are with `--outputs DIR`",
        )
    near = closest(name, [LAST, *(run.id for run in runs)])
    raise sink.fail(
        "KG606",
        f"there is no run `{name}`",
        help=f"did you mean `{near}`?" if near else "`kerasgen runs` lists them",
    )


def named_fold(folder: Path, number: int, place: SourceLocation | None = None) -> Path:
    """The folder of one fold of a run.

    Args:
        folder: the folder of the run of all folds.
        number: the number of the fold, from 1.
        place: where it was said, None for Python.

    Raises:
        CompileError: KG606, the run has no folds, not this one, or it did not complete.
    """
    sink = Sink()
    try:
        folds = read_record(folder).fields.get("folds")
    except ForeignFileError as error:
        raise sink.fail_file("KG606", folder / RECORD, error) from error
    if not isinstance(folds, Mapping):
        raise sink.fail_at("KG606", f"`{folder}` is a single run, and has no folds", place)
    count, completed = folds.get("count"), folds.get("completed")
    done = completed if isinstance(completed, list) else []
    told = ", ".join(str(one) for one in done if type(one) is int) or "none"
    one = folder / FOLDS / str(number)
    if number in done and is_run(one):
        return one
    there = isinstance(count, int) and 1 <= number <= count
    reason = f"fold {number} of {count} did not complete" if there else f"it has {count} folds"
    raise sink.fail_at(
        "KG606",
        f"`{folder}` has no fold {number} to ask: {reason}",
        place,
        help=f"completed: {told}",
    )
