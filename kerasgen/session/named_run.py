"""A run by what people call it: its folder, its id, the beginning of one, `last` or `best:METRIC`.

This room owns what such a name means. What a run holds it must not know, but whether it is of
several folds: each of them is a run of its own.

Decisions:
- An id is the folder of a run below the folder of all runs, with slashes. A whole id is never taken
  for the beginning of another one.
- `last` and `best:METRIC` speak of completed runs: the others have no answer to give. Who goes on
  with a run asks for the newest of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from kerasgen.diagnostics import Sink, SourceLocation, closest
from kerasgen.record.file_names import FOLDS, RECORD
from kerasgen.record.read import is_run, read_known_record, required
from kerasgen.record.runs import RunEntry, read_runs
from kerasgen.session.run_selection import best_run, metric_names

LAST = "last"
"""What the newest completed run is called."""

BEST = "best:"
"""How the name of the best completed run begins; a metric follows."""

_MOST_TOLD = 8
"""Runs that are named to somebody whose name is that of several."""


def named_run(name: str, outputs: Path, *, unfinished: bool = False) -> Path:
    """The folder of a run.

    Args:
        name: a folder, an id, the beginning of one alone, `last` or `best:METRIC`.
        outputs: the folder of all runs.
        unfinished: whether `last` is the newest run of all, and not of those that completed.

    Raises:
        CompileError: KG606, there is no such run; KG627, several ids begin so; KG107 or KG607, the
            metric is not known, or nothing says which way it gets better.
    """
    for place in (Path(name), outputs / name):
        if is_run(place):
            return place
    runs = read_runs(outputs, Sink())
    if name == LAST or name.startswith(BEST):
        done = [run for run in runs if run.status == "completed"]
        if name == LAST:
            return _required(runs if unfinished else done, outputs, unfinished)[0].folder
        return best_run(_required(done, outputs), name, name[len(BEST) :], Sink()).folder
    if (found := _begun(name, outputs, runs)) is not None:
        return found.folder
    near = _near(name, runs)
    raise Sink().fail(
        "KG606",
        f"there is no run `{name}`",
        help=f"did you mean `{near}`?" if near else "`kerasgen runs` lists them",
    )


def looks_named(word: str, outputs: Path) -> bool:
    """Whether a word, which may be an override as well, is the name of a run, or nearly one."""
    if is_run(word) or word.startswith(BEST):
        return True
    if "=" in word or word[:1] in ("", "~", "+"):
        return False
    if word == LAST or is_run(outputs / word):
        return True
    runs = read_runs(outputs, Sink())
    return bool(_beginning(word, outputs, runs)) or _near(word, runs) is not None


def _required(runs: Sequence[RunEntry], outputs: Path, unfinished: bool = False) -> list[RunEntry]:
    """The runs, if there are any."""
    if runs:
        return list(runs)
    raise Sink().fail(
        "KG606",
        f"there is no {'' if unfinished else 'completed '}run below `{outputs}`",
        help="name its folder, or say where the runs are with `--outputs DIR`",
    )


def _begun(name: str, outputs: Path, runs: Sequence[RunEntry]) -> RunEntry | None:
    """The one run whose id begins with a name, None where none does."""
    found = _beginning(name, outputs, runs)
    if len(found) < 2:
        return found[0] if found else None
    told = [f"`{run.id}`" for run in found[:_MOST_TOLD]]
    more = len(found) - len(told)
    raise Sink().fail(
        "KG627",
        f"`{name}` is the beginning of {len(found)} runs",
        help=f"write more of it: {', '.join(told)}" + (f" and {more} more" if more else ""),
    )


def _beginning(name: str, outputs: Path, runs: Sequence[RunEntry]) -> list[RunEntry]:
    begin = name.removeprefix(f"{outputs}/")
    return [run for run in runs if begin and run.id.startswith(begin)]


def _near(name: str, runs: Sequence[RunEntry]) -> str | None:
    """The name of a run that is most like a word, None where none is near."""
    known = [LAST, *(run.id for run in runs)]
    return closest(name, [*known, *(f"{BEST}{figure}" for figure in metric_names(runs))])


def named_fold(folder: Path, number: int, place: SourceLocation | None = None) -> Path:
    """The folder of one fold of a run.

    Args:
        folder: the folder of the run of all folds.
        number: the number of the fold, from 1.
        place: where it was said, None for Python.

    Raises:
        CompileError: KG606, the run has no folds, not this one, or it did not complete; KG613, its
            record is of a newer version.
    """
    sink = Sink()
    with required(folder / RECORD):
        folds = read_known_record(folder).get("folds")
    if not isinstance(folds, Mapping):
        raise sink.fail_at("KG606", f"`{folder}` is a single run, and has no folds", place)
    count, done = folds.get("count"), _completed(folds)
    told = ", ".join(map(str, done)) or "none"
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


def fold_hint(folder: Path, folds: Mapping[str, object]) -> str:
    """What to name in place of a run of folds, which has no model of its own.

    Args:
        folder: the folder of the run of all folds.
        folds: what its record says of them.
    """
    places = [folder / FOLDS / str(number) for number in _completed(folds)]
    if found := next(filter(is_run, places), None):
        return f"name the folder of one of them: `{found}`"
    return f"none of them has completed; `kerasgen resume {folder}` goes on with them"


def _completed(folds: Mapping[str, object]) -> list[int]:
    """The numbers of the folds that have completed, as a record says."""
    told = folds.get("completed")
    return [one for one in told if type(one) is int] if isinstance(told, list) else []
