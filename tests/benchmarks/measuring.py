"""Measuring: processes with their CPU time, in turns, and the rows of a benchmark's table.

CPU time is user and system time of a process and of the children that it waited for, as the
kernel counts it (`wait4`). It is the main figure: other work on the machine moves it far less
than wall time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[2]
"""The checkout that is measured."""

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}
"""One thread for each pool: threads that wait for each other spin, and on a machine that does
other work too that can be ten times the CPU time of the work itself (PyTorch)."""

SCRIPTS = Path(__file__).resolve().parent / "scripts"

DATASETS = ROOT.parent / "shared" / "datasets"
"""Real data for the benchmarks that need it: the sibling of the checkout."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one process took.

    Attributes:
        wall: seconds from start to end.
        cpu: seconds of user and system time.
        peak: its largest resident size, in MB.
        output: what it printed.
    """

    wall: float
    cpu: float
    peak: float
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

    Attributes:
        benchmark: name of the benchmark.
        case: what was measured.
        figure: the figure with its unit (`CPU s`).
        kerasgen: the figure of kerasgen, a median over the rounds.
        reference: the figure of what it is compared with, None for nothing.
        goal: what the ratio of the two may be at most, None for no goal.
        pairs: both figures of each round, in the order of the rounds; empty for one run of each.
    """

    benchmark: str
    case: str
    figure: str
    kerasgen: float
    reference: float | None = None
    goal: float | None = None
    pairs: tuple[tuple[float, float], ...] = ()

    @property
    def ratio(self) -> float | None:
        """kerasgen's figure over the reference's: the median of the rounds' own ratios.

        The two sides of a round ran one right after the other, so that a machine that grows busy
        over the rounds moves both. The ratio of the medians may mix a quiet minute with a busy one.
        """
        if self.pairs:
            return median(ours / theirs for ours, theirs in self.pairs)
        return self.kerasgen / self.reference if self.reference else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a benchmark found: its rows, and remarks that are no numbers."""

    rows: list[Row] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line asks for.

    Attributes:
        rounds: how often each case is measured.
        quick: whether only the smallest cases are.
        backends: the backends to measure.
        folder: where the runs leave their files.
    """

    rounds: int
    quick: bool
    backends: tuple[str, ...]
    folder: Path


def run_process(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> Usage:
    """Runs a command to its end.

    Raises:
        RuntimeError: it failed; the message holds the end of what it printed.
    """
    variables = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", **(environment or {})}
    with tempfile.TemporaryFile() as kept:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=kept,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        kept.seek(0)
        output = kept.read().decode("utf-8", "replace")
    if process.returncode:
        words = f"{' '.join(command)} ended with {process.returncode}"
        raise RuntimeError(f"{words}:\n{output[-2000:]}")
    return Usage(
        wall=wall,
        cpu=used.ru_utime + used.ru_stime,
        peak=used.ru_maxrss / 1024,  # kilobytes, on Linux
        output=output,
    )


def python(*arguments: str) -> list[str]:
    """A command line of this interpreter."""
    return [sys.executable, *arguments]


def in_turns(jobs: Mapping[str, Callable[[int], T]], rounds: int) -> dict[str, list[T]]:
    """Runs each job once a round, A B A B, so that a busy minute falls on all of them alike.

    Every second round goes backwards, so that none always comes behind the same one.
    """
    found: dict[str, list[T]] = {name: [] for name in jobs}
    for number in range(rounds):
        names = list(jobs) if number % 2 == 0 else list(reversed(jobs))
        for name in names:
            found[name].append(jobs[name](number))
    return found


def figures(usages: Sequence[Usage], figure: str) -> list[float]:
    """The `wall`, `cpu` or `peak` of each round."""
    return [getattr(usage, figure) for usage in usages]


def pair_row(
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    benchmark: str,
    case: str,
    figure: str,
    goal: float | None = None,
) -> Row:
    """A row of two sides that were measured in turns, round by round."""
    return Row(
        benchmark=benchmark,
        case=case,
        figure=figure,
        kerasgen=median(ours),
        reference=median(theirs),
        goal=goal,
        pairs=tuple(zip(ours, theirs, strict=True)),
    )


def table(rows: Sequence[Row]) -> str:
    """The rows as text: medians, ratio, goal and whether it is met."""
    head = ("benchmark", "case", "figure", "kerasgen", "reference", "ratio", "goal", "")
    lines = [head]
    for row in rows:
        met = "" if row.goal is None or row.ratio is None else _verdict(row.ratio, row.goal)
        lines.append(
            (
                row.benchmark,
                row.case,
                row.figure,
                _shown(row.kerasgen),
                _shown(row.reference),
                _shown(row.ratio),
                "" if row.goal is None else f"<= {row.goal:g}",
                met,
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < 3 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _shown(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:.3f}" if abs(number) < 100 else f"{number:.1f}"


def _verdict(ratio: float, goal: float) -> str:
    return "met" if ratio <= goal else "missed"
