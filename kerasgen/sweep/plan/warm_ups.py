"""Jobs that are measured: as the sweep would run them, in a folder that goes away.

This room owns which job of a class is measured, that nothing of it stays, and what is told of one
that cannot be measured. What a measured run does stands in `run.warm_up`.

Decisions:
- They run as many at a time as the jobs would, on as many cores, from the same fork servers.
- On JAX the first of a kind compiles for all later ones: where something new was compiled, the
  class is measured once more, since the jobs will find it compiled.
- Of a class whose measured job fails nothing is known. The others are measured all the same.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from kerasgen.foreign.printable import shown
from kerasgen.process.machine_memory import device_memory
from kerasgen.record.file_names import CONSOLE
from kerasgen.run.measured import NAME, MeasuredRun, read_measured
from kerasgen.run.warm_up import Bound
from kerasgen.sweep.executors.compile_cache import kept_programs
from kerasgen.sweep.executors.executor import Executor, RunningJob
from kerasgen.sweep.executors.process import MODULE
from kerasgen.sweep.job_source import ListedJobs, PlannedJob
from kerasgen.sweep.job_spec import JobSpec
from kerasgen.sweep.outcomes import Outcome
from kerasgen.sweep.schedule import JobLimits, Schedule

_PATIENCE = 600.0
"""Seconds that a warm-up may take beside its training: data may have to be read first."""


_ROOM = 0.9
"""How much of the machine's memory the warm-ups may take together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A job that stands for its class.

    Attributes:
        label: what is printed about it.
        overrides: its task overrides.
        spec: makes the job as its process gets it, for a folder.
    """

    label: str
    overrides: tuple[str, ...]
    spec: Callable[[Path], JobSpec]


@dataclass(slots=True, kw_only=True)
class WarmUps:
    """What came of measuring.

    Attributes:
        runs: number of the class to its measured run.
        failed: number of the class to why it could not be measured.
        starting: seconds that the start of engines took, before any job.
        seconds: seconds that all of it took.
    """

    runs: dict[int, MeasuredRun] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    starting: float = 0.0
    seconds: float = 0.0


class _QuietExecutor:
    """An executor whose jobs print into files, and whose preparations are timed."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.starting = 0.0

    def prepare(self, job: JobSpec) -> None:
        """Prepares, and notes how long that takes."""
        began = time.monotonic()
        self._executor.prepare(job)
        self.starting += time.monotonic() - began

    def start(self, job: JobSpec, console: Path | None, place: int = 0) -> RunningJob:
        """Starts a job, which prints beside its folder."""
        return self._executor.start(job, _console(job.folder), place)

    def close(self) -> None:
        """The executor is closed by whoever has made it."""


def measure(
    classes: Sequence[Asked], executor: Executor, limits: JobLimits, bound: Bound
) -> WarmUps:
    """Measures one job of each class.

    Args:
        classes: the job that stands for each.
        executor: starts them.
        limits: how many run at a time, and what each may take.
        bound: how long each is trained.

    Raises:
        BaseException: somebody ends it; nothing stays.
    """
    began, found = time.monotonic(), WarmUps()
    quiet = _QuietExecutor(executor)
    with tempfile.TemporaryDirectory(prefix="kerasgen-plan-") as folder:
        known = kept_programs()
        _round(range(len(classes)), classes, (quiet, limits, bound), Path(folder) / "1", found)
        if kept_programs() > known:
            again = [each for each in found.runs if _compiles_once(classes[each])]
            _round(again, classes, (quiet, limits, bound), Path(folder) / "2", found)
    found.starting, found.seconds = quiet.starting, time.monotonic() - began
    return found


def _compiles_once(asked: Asked) -> bool:
    """Whether what a job compiles is kept for others."""
    config = asked.spec(Path("unused")).frozen.config.get("backend")
    return isinstance(config, dict) and config.get("backend") == "jax"


def _round(
    numbers: Sequence[int],
    classes: Sequence[Asked],
    means: tuple[_QuietExecutor, JobLimits, Bound],
    folder: Path,
    found: WarmUps,
) -> None:
    executor, limits, bound = means
    jobs = [
        PlannedJob(
            number=number,
            title=f"measuring {place}/{len(numbers)}: {classes[number].label}".rstrip(": "),
            overrides=classes[number].overrides,
            folder=folder / str(number),
            argv=("-m", MODULE, *classes[number].overrides),
            spec=partial(_spec, classes[number], folder / str(number), bound),
        )
        for place, number in enumerate(numbers, 1)
    ]
    # The limits of jobs are what a plan compares with: here is one for what gets out of hand.
    room = device_memory(None)
    own = JobLimits(
        n_jobs=limits.n_jobs,
        timeout=_PATIENCE + 10 * bound.seconds,
        memory=None if room is None else int(room.size * _ROOM / limits.n_jobs),
    )
    outcomes: list[Outcome] = []
    with _said_beside():
        Schedule(executor=executor, limits=own, keep=outcomes.append).run(ListedJobs(jobs))
    for outcome in outcomes:
        measured = _read(outcome.folder)
        if measured is not None:
            found.runs[outcome.job] = measured
            found.failed.pop(outcome.job, None)
        elif outcome.job not in found.runs:
            found.failed[outcome.job] = _reason(outcome)


@contextlib.contextmanager
def _said_beside() -> Iterator[None]:
    """What is said of the progress is not the answer, which stdout is for."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def _spec(asked: Asked, folder: Path, bound: Bound) -> JobSpec:
    return replace(asked.spec(folder), measured=bound)


def _console(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.{CONSOLE}")


def _read(folder: Path) -> MeasuredRun | None:
    for file in (folder / NAME, *sorted(folder.glob(f"folds/*/{NAME}"))):
        try:
            return read_measured(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def _reason(outcome: Outcome) -> str:
    """Why a job could not be measured, in a line."""
    if outcome.status == "rejected" or outcome.error is None:
        with contextlib.suppress(OSError):
            text = _console(outcome.folder).read_text(encoding="utf-8", errors="replace")
            told = [line for line in text.splitlines() if line.startswith("error")]
            if told:
                return shown(told[0])
    return shown(outcome.text.strip().split("\n", 1)[0])
