"""A sweep as it stands: its jobs and their runs, read from its folder while it goes on or later.

This room owns which sweep a name means, what its jobs have come to, and which setting was best. It
must not know who runs jobs.
"""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.foreign.printable import shown
from kerasgen.foreign.regular_files import is_there
from kerasgen.record.read import is_run
from kerasgen.record.runs import RunEntry, read_run
from kerasgen.record.status import OPEN
from kerasgen.registry import CONNECTIONS
from kerasgen.session.run_selection import best_run, metric
from kerasgen.sweep.outcomes import main_metric, text_table, varying
from kerasgen.sweep.progress import duration
from kerasgen.sweep.settings_over_seeds import is_comparable, is_seed
from kerasgen.sweep.sweep_file import (
    NAME,
    SweptJob,
    jobs_beside,
    read_search,
    read_sweep,
    sweeps_below,
    why_unread,
)

LAST = "last"
"""What the newest sweep is called."""

WAITING = "waiting"

_FLAGS_WITH_VALUE = ("--config-dir", "--config-name", "--config-path", "--trust")


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptRun:
    """A job of a sweep, and its run.

    Attributes:
        job: the job.
        run: its run, None where it did not begin.
    """

    job: SweptJob
    run: RunEntry | None

    @property
    def status(self) -> str:
        """The status of its run."""
        return WAITING if self.run is None else self.run.status


@dataclass(frozen=True, slots=True, kw_only=True)
class BestSetting:
    """The best setting of a sweep.

    Attributes:
        overrides: what makes it, and the seed of its best run.
        metric: the metric.
        mean: its mean over the seeds.
        runs: its runs.
        jobs: how many jobs the sweep has.
        open: how many of them are not completed.
    """

    overrides: tuple[str, ...]
    metric: str
    mean: float
    runs: tuple[SweptRun, ...]
    jobs: int = 0
    open: int = 0

    @property
    def command(self) -> str:
        """The command that trains it again, with what was allowed to the sweep."""
        return training_command(self.overrides, self.runs[0].run)


def training_command(overrides: Sequence[str], run: RunEntry | None) -> str:
    """The command that trains a job again.

    Args:
        overrides: its overrides.
        run: its run, which knows what was allowed to it; None where it did not begin.
    """
    flags = [] if run is None else _flags(run.fields.get("argv"))
    return shown(shlex.join(["kerasgen", "run", *flags, *overrides]))


def named_sweep(name: str, outputs: Path) -> Path:
    """The folder of a sweep.

    Args:
        name: its folder, from the current one or that of all runs, or `last`.
        outputs: the folder of all runs.

    Raises:
        CompileError: KG606, there is no such sweep.
    """
    for place in (Path(name), outputs / name):
        if read_sweep(place):
            return place
    if name == LAST:
        for folder, _ in sweeps_below(outputs, 4):
            return folder
        raise Sink().fail("KG606", f"there is no sweep below `{outputs}`")
    for place in (Path(name), outputs / name):
        if (reason := why_unread(place)) is not None:
            raise Sink().fail("KG606", f"`{place / NAME}` {reason}")
    run = " (it is that of a run)" if is_run(Path(name)) else ""
    raise Sink().fail(
        "KG606",
        f"`{name}` is no folder of a sweep{run}",
        help="name the folder that `-m` has printed, or `last` for the newest sweep",
    )


def names_sweep(name: str, outputs: Path) -> bool:
    """Whether a name is the folder of a sweep; that of a run is none, and `last` is a run.

    Args:
        name: the name.
        outputs: the folder of all runs.
    """
    for place in (Path(name), outputs / name):
        if is_run(place):
            return False
        if is_there(place / NAME):
            return True
    return False


def swept_runs(folder: Path) -> list[SweptRun]:
    """The jobs of a sweep with their runs, in the order of the jobs."""
    own = [(job, _read(folder / job.folder)) for job in read_sweep(folder)]
    elsewhere = jobs_beside(folder, [job.identity for job, run in own if run is None])
    found = []
    for job, run in own:
        if run is None and job.identity in elsewhere:
            run = _read(elsewhere[job.identity])
        found.append(SweptRun(job=job, run=run))
    return found


def _read(folder: Path) -> RunEntry | None:
    try:
        return read_run(folder, folder.parent, Sink())
    except CompileError:
        return None


def status_text(found: Sequence[SweptRun]) -> str:
    """The table of a sweep as it stands, and a line that counts."""
    labels = varying([each.job.overrides for each in found])
    rows = [("job", "overrides", "status", "epochs", "test", "seconds")]
    for each, label in zip(found, labels, strict=True):
        run = each.run
        figure = None if run is None else main_metric(run.fields)
        rows.append(
            (
                each.job.folder,
                " ".join(label),
                each.status,
                "" if run is None or run.epochs is None else str(run.epochs),
                "" if figure is None else f"{figure[0]} {figure[1]:.4g}",
                "" if run is None or run.seconds is None else f"{run.seconds:.1f}",
            )
        )
    counts = Counter(each.status for each in found)
    told = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    left = seconds_left(found)
    about = "" if left is None else f"; about {duration(left)} left"
    jobs = "1 job" if len(found) == 1 else f"{len(found)} jobs"
    return f"{text_table(rows)}\n\n{jobs}: {told}{about}"


def seconds_left(found: Sequence[SweptRun]) -> float | None:
    """Seconds until a sweep that goes on is done, by what its completed jobs took; None else."""
    took = [
        each.run.seconds
        for each in found
        if each.run is not None and each.status == "completed" and each.run.seconds is not None
    ]
    running = sum(each.status in OPEN for each in found)
    if not took or not running:
        return None
    waiting = sum(each.status == WAITING for each in found)
    # A job that runs has, at some moment, half of it behind it.
    return fmean(took) * (waiting / running + 0.5)


def status_data(found: Sequence[SweptRun]) -> Mapping[str, object]:
    """The same as JSON data."""
    return {
        "schema": 1,
        "jobs": [
            {
                "folder": each.job.folder,
                "overrides": list(each.job.overrides),
                "sha256": each.job.identity,
                "status": each.status,
                "run": None if each.run is None else str(each.run.folder),
                "epochs": None if each.run is None else each.run.epochs,
                "seconds": None if each.run is None else each.run.seconds,
                "metrics": {} if each.run is None else dict(each.run.metrics),
            }
            for each in found
        ],
    }


def best_setting(found: Sequence[SweptRun], by: str | None, folder: Path) -> BestSetting:
    """The setting with the best figure; over several seeds, with the best mean.

    Args:
        found: the jobs.
        by: a metric as `best:` takes it, None for the objective of a search, or the main metric.
        folder: the folder of the sweep.

    Raises:
        CompileError: KG606, no job has completed; KG107 or KG607, the metric is not known, or
            nothing says which way it gets better.
    """
    done = {each.run.folder: each for each in found if each.run and each.status == "completed"}
    runs = [each.run for each in done.values() if each.run is not None]
    if not runs:
        raise Sink().fail("KG606", f"no job of `{folder}` has completed")
    order = by
    if order is None and (search := read_search(folder)) is not None:
        metric_name, way = search.objectives[0]
        if all(metric(run, metric_name) is None for run in runs):
            raise Sink().fail(
                "KG607",
                f"no completed job of `{folder}` has its objective `{metric_name}`",
                help="say by what else it is to be judged: `--by METRIC`",
            )
        order = f"{'-' if way == 'maximize' else '+'}{metric_name}"
    if order is None:
        named = [each for run in runs if (each := main_metric(run.fields)) is not None]
        if not named:
            raise Sink().fail("KG606", f"no job of `{folder}` has a metric")
        order = named[0][0]
    name = order.lstrip("+-")
    sound = [run for run in runs if is_comparable(metric(run, name) or 0.0)]
    best = best_run(sound or runs, f"--by={order}", order, Sink())  # It refuses what has no best.
    figures = {
        folder: figure
        for folder, each in done.items()
        if each.run and (figure := metric(each.run, name)) is not None and is_comparable(figure)
    }
    groups: dict[tuple[str, ...], list[Path]] = defaultdict(list)
    for place in figures:
        overrides = done[place].job.overrides
        groups[tuple(text for text in overrides if not is_seed(text))].append(place)
    if best.folder not in figures:
        raise Sink().fail("KG607", f"`{name}` can be compared in no job of `{folder}`")
    rising = figures[best.folder] == max(figures.values())
    choose = max if rising else min
    members = choose(groups.values(), key=lambda places: fmean(figures[at] for at in places))
    members.sort(key=figures.__getitem__, reverse=rising)
    return BestSetting(
        overrides=done[members[0]].job.overrides,
        metric=name,
        mean=fmean(figures[place] for place in members),
        runs=tuple(done[place] for place in members),
        jobs=len(found),
        open=sum(each.status != "completed" for each in found),
    )


def _flags(argv: object) -> list[str]:
    """The flags of a job's command line that say where configs are, and whose code may run."""
    found: list[str] = []
    words = [word for word in argv if isinstance(word, str)] if isinstance(argv, list) else []
    for number, word in enumerate(words):
        if word in _FLAGS_WITH_VALUE:
            found += words[number : number + 2]
        elif word == CONNECTIONS or word.partition("=")[0] in _FLAGS_WITH_VALUE:
            found.append(word)
    return found


def best_text(best: BestSetting) -> str:
    """What is said of the best setting beside its command."""
    count = len(best.runs)
    over = f", the mean of {count} seeds" if count > 1 else ""
    places = ", ".join(str(each.run.folder) for each in best.runs if each.run is not None)
    left = f"; {best.open} of {best.jobs} jobs are not completed" if best.open else ""
    return shown(f"{best.metric} {best.mean:.4g}{over}: {places}{left}")
